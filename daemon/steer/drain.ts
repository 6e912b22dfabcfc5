/**
 * Without mwan3 nothing holds an open connection to its uplink: when the default route changes, masquerading drops it.
 * In a planned switch the connections of the old uplink therefore keep a rule to the old uplink's table, until they end.
 * Pure: the nftables text and the `ip rule` lines for that.
 *
 *   prerouting   packets from inside whose connection is masqueraded to the old uplink's address, or has its mark, carry
 *                that mark as packet mark
 *   postrouting  new connections that leave by the old uplink's device get its mark: those that are not masqueraded
 *   ip rule      packet mark -> all but the default route from main, then the old uplink's table
 *
 * Masqueraded ones need no mark: a switch would have to visit each of them (`conntrack -U` fails with ENOBUFS from some
 * hundred on, and loses packets meanwhile: measured).
 */
import type { Family } from "../health/types.ts";
import { addressOf, deviceName, hex, ipLine } from "./names.ts";
import { DRAIN_MASK, type KernelRule } from "./source-rules.ts";

/** Our table in nftables. */
export const NFT_TABLE = "autonomy";
/** Steps of DRAIN_MASK; bits nobody known uses: mwan3 has 0x3f00, pbr and tailscale 0xff0000. */
const DRAIN_SHIFT = 2 ** 25;
/** Preferences 950-999, two per slot, behind the source rules. */
const PREF_FIRST = 950;

export interface Drain {
	readonly family: Family;
	readonly uplink: string;
	/** The slot of the uplink's source rule. */
	readonly slot: number;
	/** The table with the uplink's default route. */
	readonly table: number;
	readonly device: string;
	/** What its connections are masqueraded to. */
	readonly address: string;
}

export function drainMark(drain: Drain): number {
	return (drain.slot + 1) * DRAIN_SHIFT;
}

/** Input for `nft -f -`: replaces our table as one transaction. `outside`: devices of all uplinks. */
export function drainTable(drains: readonly Drain[], outside: readonly string[]): string {
	const devices = outside.map((device) => `"${deviceName(device)}"`).join(", ");
	const keep = hex(0xffffffff - DRAIN_MASK);
	const note: string[] = [];
	const hold: string[] = [`		iifname { ${devices} } return`];
	// Families arrive in either order: the text must not depend on it, or a look at it finds a difference where none is.
	const sorted = [...drains].sort((a, b) => a.slot - b.slot || (a.family < b.family ? -1 : 1));
	for (const drain of sorted) {
		const mark = hex(drainMark(drain));
		const family = `meta nfproto ${drain.family}`;
		const where = `oifname "${deviceName(drain.device)}" ct state new`;
		note.push(`		${family} ${where} ct mark set ct mark and ${keep} or ${mark}`);
		const set = `meta mark set meta mark and ${keep} or ${mark}`;
		const ip = drain.family === "ipv4" ? "ip" : "ip6";
		hold.push(`		ct reply ${ip} daddr ${addressOf(drain.family, drain.address)} ${set}`);
		hold.push(`		${family} ct mark and ${hex(DRAIN_MASK)} == ${mark} ${set}`);
	}
	return [
		`table inet ${NFT_TABLE}`,
		`delete table inet ${NFT_TABLE}`,
		`table inet ${NFT_TABLE} {`,
		"	chain hold {",
		"		type filter hook prerouting priority mangle; policy accept;",
		...hold,
		"	}",
		"	chain note {",
		"		type filter hook postrouting priority mangle; policy accept;",
		...note,
		"	}",
		"}",
		"",
	].join("\n");
}

function ruleParts(drain: Drain): { pref: number; words: string[] }[] {
	const mark = `${hex(drainMark(drain))}/${hex(DRAIN_MASK)}`;
	const pref = PREF_FIRST + 2 * drain.slot;
	const specific = ["fwmark", mark, "lookup", "main", "suppress_prefixlength", "0"];
	return [
		{ pref, words: ["pref", String(pref), ...specific] },
		{ pref: pref + 1, words: ["pref", String(pref + 1), "fwmark", mark, "lookup", String(drain.table)] },
	];
}

/** Lines for `ip -batch` that are still missing, or with `remove` that are still there. */
export function drainRules(drain: Drain, actual: readonly KernelRule[], remove: boolean): string[] {
	const lines: string[] = [];
	const selector = `fwmark ${hex(drainMark(drain))}/${hex(DRAIN_MASK)}`;
	for (const { pref, words } of ruleParts(drain)) {
		const there = actual.some((rule) => rule.pref === pref && rule.selector.includes(selector));
		if (there === remove) lines.push(ipLine(["rule", remove ? "del" : "add", ...words]));
	}
	return lines;
}
