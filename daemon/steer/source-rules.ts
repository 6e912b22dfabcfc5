/**
 * One rule per uplink and family that sends what comes from the uplink's own address (probes, sockets of ours, answers)
 * out by that uplink. It stands before mwan3's rules (1001 and up) and after `local` (0): mwan3 marks every packet of
 * the router for the preferred uplink, but the route is looked up again after that and our rule is found first. Pure:
 * which rules should be there, which are, and the `ip` lines that lead from one to the other.
 *
 * A table of ours holds the uplink's default route, and a second rule in front lets the main table answer for everything
 * but the default, so that LAN hosts stay reachable. mwan3 has tables like it, but empties them while it restarts and on
 * `mwan3 ifdown`: probes would then leave elsewhere, or not at all, and a good uplink would look dead (measured).
 */
import type { Family } from "../health/types.ts";
import type { FamilyLink, Peer, Uplink } from "../uplink/types.ts";
import { addressOf, deviceName, hex, ipLine, isAddress } from "./names.ts";

/** Preferences 900-949, two per slot; mwan3 clears 1000-3999 when it stops, netifd's own begin at 10000. */
const PREF_FIRST = 900;
/** Preferences 875-899, one per slot: what only this uplink may answer for. */
const PREF_PEER = 875;
/** Tables 9000-9024: beyond mwan3's (1-60), pbr's (from 256) and the reserved 253-255. */
export const TABLE_FIRST = 9000;
export const SLOTS = 25;
/** Rules of drain.ts: packet marks under this mask. */
export const DRAIN_MASK = 0x3e000000;
const DRAIN_RULE = `/${hex(DRAIN_MASK)}`;
/** The rule of own-traffic.ts that asks an uplink's table. */
export const PREF_LEADER = 31_991;
export const OWN_TRAFFIC = "from all iif lo";

export type Selector =
	| { readonly kind: "from"; readonly address: string }
	/** Two uplinks with the same address: told apart by the device a socket is bound to. */
	| { readonly kind: "oif"; readonly device: string };

/** A table of ours: where the default route of an uplink points. */
export interface OwnTable {
	readonly device: string;
	readonly gateway: string | null;
	/** The gateway is outside of the uplink's own network. */
	readonly onlink: boolean;
}

export interface SourceRule {
	readonly uplink: string;
	readonly family: Family;
	readonly slot: number;
	readonly selector: Selector;
	readonly table: number;
	readonly own: OwnTable;
	/** An address that only this uplink's table may answer for; absent in state files of older versions. */
	readonly peer?: Peer;
}

/** A line of `ip rule show`. */
export interface KernelRule {
	readonly pref: number;
	/** "from 100.64.1.53", "oif eth1", or other words for rules that are none of ours. */
	readonly selector: string;
	/** Number, or a name from rt_tables. */
	readonly table: string;
}

export function selectorText(selector: Selector): string {
	return selector.kind === "from" ? `from ${selector.address}` : `oif ${selector.device}`;
}

export function prefOf(rule: SourceRule): number {
	return PREF_FIRST + 2 * rule.slot + 1;
}

export function parseRules(text: string): KernelRule[] {
	const rules: KernelRule[] = [];
	for (const line of text.split("\n")) {
		const match = /^(\d+):\s+(.*?)\s+lookup\s+(\S+)/.exec(line);
		if (!match) {
			const other = /^(\d+):\s+(.*)$/.exec(line);
			if (other) rules.push({ pref: Number(other[1]), selector: other[2] ?? "", table: "" });
			continue;
		}
		const selector = (match[2] ?? "").replace(/^from all (?=oif )/, "").replace(/ +/g, " ");
		rules.push({ pref: Number(match[1]), selector, table: match[3] ?? "" });
	}
	return rules;
}

interface RulePart {
	readonly pref: number;
	/** As `ip rule show` prints it. */
	readonly selector: string;
	readonly table: string;
	/** For `ip rule` after add or del. */
	readonly words: readonly string[];
}

/** The kernel rules one source rule consists of. */
function parts(rule: SourceRule): RulePart[] {
	const { selector, peer } = rule;
	const text = selectorText(selector);
	const select =
		selector.kind === "from"
			? ["from", addressOf(rule.family, selector.address)]
			: ["oif", deviceName(selector.device)];
	const pref = prefOf(rule);
	const main = {
		pref,
		selector: text,
		table: String(rule.table),
		words: ["pref", String(pref), ...select, "lookup", String(rule.table)],
	};
	if (selector.kind === "oif") return [main];
	const before = String(pref - 1);
	const connected = ["pref", before, ...select, "lookup", "main", "suppress_prefixlength", "0"];
	const specific = { pref: pref - 1, selector: text, table: "main", words: connected };
	if (peer === undefined) return [specific, main];
	// In front: neither a LAN of the same network nor a static route may answer for it.
	const host = addressOf("ipv4", peer.host);
	const first = PREF_PEER + rule.slot;
	const words = ["pref", String(first), ...select, "to", host, "lookup", String(rule.table)];
	return [{ pref: first, selector: `${text} to ${host}`, table: String(rule.table), words }, specific, main];
}

function isThere(actual: readonly KernelRule[], part: RulePart): boolean {
	return actual.some(
		(found) =>
			found.pref === part.pref &&
			found.selector === part.selector &&
			// A name instead of our number: somebody named the table in rt_tables.
			(found.table === part.table || /\D/.test(found.table)),
	);
}

export function inPlace(actual: readonly KernelRule[], rule: SourceRule): boolean {
	return parts(rule).every((part) => isThere(actual, part));
}

/** Slots some other program's rules stand in. */
function takenSlots(actual: readonly KernelRule[], ours: readonly SourceRule[]): Set<number> {
	const taken = new Set<number>();
	const mine = ours.flatMap(parts);
	for (const rule of actual) {
		// Ours, too: they share the tables.
		if (rule.selector.includes(DRAIN_RULE) || (rule.pref === PREF_LEADER && rule.selector === OWN_TRAFFIC)) continue;
		if (mine.some((part) => part.pref === rule.pref && part.selector === rule.selector)) continue;
		const slot = Math.floor((rule.pref - PREF_FIRST) / 2);
		if (slot < 0 || slot >= SLOTS) {
			const table = Number(rule.table) - TABLE_FIRST;
			if (table >= 0 && table < SLOTS) taken.add(table);
			continue;
		}
		taken.add(slot);
	}
	return taken;
}

/** True when both addresses are in the same network of `prefix` bits (IPv4). */
function sameNetwork(a: string, b: string, prefix: number): boolean {
	const number = (text: string): number => text.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
	const size = 2 ** (32 - prefix);
	return Math.floor(number(a) / size) === Math.floor(number(b) / size);
}

export function ownTable(family: Family, link: FamilyLink, device: string): OwnTable {
	const gateway = link.gateway !== null && isAddress(family, link.gateway) ? link.gateway : null;
	const prefix = link.prefixLength ?? 32;
	const onlink =
		family === "ipv4" && gateway !== null && link.address !== null && !sameNetwork(gateway, link.address, prefix);
	return { device, gateway, onlink };
}

/**
 * The rules that should be there for one family. Slots of `ours` are kept, so that a rule stays where it is when others
 * come and go; uplinks that find no free slot are named in `problems`.
 */
export function wantedRules(
	family: Family,
	uplinks: readonly Uplink[],
	ours: readonly SourceRule[],
	actual: readonly KernelRule[],
	problems: string[],
): SourceRule[] {
	const taken = takenSlots(actual, ours);
	const live = uplinks.flatMap((uplink) => {
		const link = uplink[family];
		const device = link?.device ?? uplink.device;
		if (!link?.up || device === null || link.address === null || !isAddress(family, link.address)) return [];
		if (uplink.tunnel || !link.hasDefaultRoute) return [];
		return [{ uplink, link, device, address: link.address }];
	});
	const used = new Set<number>();
	const slotOf = new Map<string, number>();
	for (const { uplink } of live) {
		const old = ours.find((rule) => rule.uplink === uplink.id && !taken.has(rule.slot));
		if (!old || used.has(old.slot)) continue;
		slotOf.set(uplink.id, old.slot);
		used.add(old.slot);
	}
	const wanted: SourceRule[] = [];
	for (const { uplink, link, device, address } of live) {
		let slot = slotOf.get(uplink.id) ?? 0;
		if (!slotOf.has(uplink.id)) {
			// Slots of rules that are about to go are left to the next round: adding comes before removing.
			while (slot < SLOTS && (taken.has(slot) || used.has(slot) || ours.some((rule) => rule.slot === slot))) slot++;
			if (slot >= SLOTS) {
				problems.push(
					`no free ip rule preference from ${PREF_FIRST} for ${uplink.id}: its ${family} probes may leave elsewhere`,
				);
				continue;
			}
			used.add(slot);
		}
		const shared = live.some((other) => other.uplink !== uplink && other.address === address);
		const selector: Selector = shared ? { kind: "oif", device } : { kind: "from", address };
		wanted.push({
			uplink: uplink.id,
			family,
			slot,
			selector,
			table: TABLE_FIRST + slot,
			own: ownTable(family, link, device),
			...(uplink.peer === undefined || family !== "ipv4" ? {} : { peer: uplink.peer }),
		});
	}
	return wanted;
}

function routeLines(rule: SourceRule): string[] {
	const { own, peer } = rule;
	const via = own.gateway === null ? [] : ["via", own.gateway];
	const onlink = own.onlink ? ["onlink"] : [];
	const by = ["dev", deviceName(own.device), "table", String(rule.table)];
	const lines = [ipLine(["route", "replace", "default", ...via, ...by, ...onlink])];
	if (peer?.direct) lines.push(ipLine(["route", "replace", addressOf("ipv4", peer.host), ...by]));
	return lines;
}

/** Not `del`: the kernel may have dropped it together with the link. */
function peerGone(rule: SourceRule, next: SourceRule | undefined): string[] {
	if (!rule.peer?.direct || (next?.peer?.direct && next.peer.host === rule.peer.host)) return [];
	return [ipLine(["route", "flush", addressOf("ipv4", rule.peer.host), "table", String(rule.table)])];
}

function sameRoutes(a: SourceRule, b: SourceRule): boolean {
	return routeLines(a).join() === routeLines(b).join();
}

/** Lines that put the routes of our own tables in again; harmless when they are there. */
export function tableSteps(rules: readonly SourceRule[]): string[] {
	return rules.flatMap(routeLines);
}

/** Lines for `ip -batch`: first all that is new, then what has to go, so that no probe is ever without its rule. */
export function ruleSteps(
	ours: readonly SourceRule[],
	wanted: readonly SourceRule[],
	actual: readonly KernelRule[],
): string[] {
	const add: string[] = [];
	const remove: string[] = [];
	const standing = new Set<string>();
	for (const rule of wanted) {
		const before = ours.find((old) => old.family === rule.family && old.table === rule.table);
		if (!(before && sameRoutes(before, rule) && inPlace(actual, before))) add.push(...routeLines(rule));
		for (const part of parts(rule)) {
			standing.add(part.words.join(" "));
			if (!isThere(actual, part)) add.push(ipLine(["rule", "add", ...part.words]));
		}
	}
	for (const rule of ours) {
		for (const part of parts(rule)) {
			if (standing.has(part.words.join(" ")) || !isThere(actual, part)) continue;
			remove.push(ipLine(["rule", "del", ...part.words]));
		}
		const next = wanted.find((other) => other.table === rule.table);
		remove.push(...peerGone(rule, next));
		if (rule.table >= TABLE_FIRST && next === undefined) {
			remove.push(ipLine(["route", "flush", "table", String(rule.table)]));
		}
	}
	return [...add, ...remove];
}
