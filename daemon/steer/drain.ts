/**
 * Without mwan3 nothing holds an open connection to its uplink: when the default route changes, masquerading drops it.
 * In a planned switch the connections of the old uplink are therefore marked and keep a rule to the old uplink's table,
 * until they end. Pure: the nftables text, the `ip rule` lines and the conntrack arguments for that.
 *
 *   postrouting  new connections that leave by the old uplink's device get its mark (those of the last milliseconds too)
 *   prerouting   packets from inside with such a connection mark carry it as packet mark
 *   ip rule      packet mark -> all but the default route from main, then the old uplink's table
 */
import type { Family } from "../health/types.ts";
import type { Argv } from "../platform/platform.ts";
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
	for (const drain of drains) {
		const mark = hex(drainMark(drain));
		const family = `meta nfproto ${drain.family}`;
		const where = `oifname "${deviceName(drain.device)}" ct state new`;
		note.push(`		${family} ${where} ct mark set ct mark and ${keep} or ${mark}`);
		hold.push(`		${family} ct mark and ${hex(DRAIN_MASK)} == ${mark} meta mark set meta mark and ${keep} or ${mark}`);
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

/** Marks the connections that were masqueraded to the uplink's address. */
export function markArgv(drain: Drain, address: string): Argv {
	const mark = `${hex(drainMark(drain))}/${hex(DRAIN_MASK)}`;
	return ["conntrack", "-U", "-f", drain.family, "--reply-dst", addressOf(drain.family, address), "--mark", mark];
}
