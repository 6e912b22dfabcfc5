/**
 * mwan3's side of the kernel as text: what its `config` sections become in rules, tables, ipsets and mangle chains.
 * Pure. Shapes, order and comments follow what a running mwan3 2.12.2 leaves behind (test/samples/openwrt); the
 * exception is sticky rules, whose ipset type few kernels have: they are laid out as plain ones.
 */
import {
	findSection,
	optionList,
	optionText,
	sectionsOfType,
	type UciPackage,
	type UciSection,
} from "../../daemon/uci/package.ts";

export type Family = "ipv4" | "ipv6";
export const FAMILIES: readonly Family[] = ["ipv4", "ipv6"];

export interface Mwan3Interface {
	readonly name: string;
	/** Position in the file from 1: routing table, rule numbers and mark follow from it. */
	readonly id: number;
	readonly family: Family;
	readonly enabled: boolean;
	readonly initialState: "online" | "offline";
	readonly flushConntrack: readonly string[];
	readonly trackIps: readonly string[];
	readonly reliability: number;
	readonly intervalS: number;
	readonly timeoutS: number;
	readonly down: number;
	readonly up: number;
}

export interface Mwan3Rule {
	readonly name: string;
	readonly family: Family | "any";
	/** iptables words that select, e.g. "-p tcp -d 0.0.0.0/0". */
	readonly match: string;
	readonly policy: string;
}

export interface Mwan3Config {
	readonly mask: number;
	readonly interfaces: readonly Mwan3Interface[];
	readonly policies: readonly { name: string; members: readonly string[]; lastResort: string }[];
	readonly members: readonly { name: string; interface: string; metric: number; weight: number }[];
	readonly rules: readonly Mwan3Rule[];
}

function numberOption(section: UciSection, name: string, fallback: number): number {
	const text = optionText(section, name);
	return text !== undefined && /^\d+$/.test(text) ? Number(text) : fallback;
}

function readRule(section: UciSection): Mwan3Rule {
	const family = optionText(section, "family") ?? "any";
	const words: string[] = [];
	const proto = optionText(section, "proto") ?? "all";
	if (proto !== "all") words.push(`-p ${proto}`);
	const add = (option: string, flag: string): void => {
		const value = optionText(section, option);
		if (value !== undefined && /^[\w.:/,-]+$/.test(value)) words.push(`${flag} ${value}`);
	};
	add("src_ip", "-s");
	add("dest_ip", "-d");
	if (proto === "tcp" || proto === "udp") {
		const multi = (flag: string): string => `-m multiport --${flag}`;
		add("src_port", multi("sports"));
		add("dest_port", multi("dports"));
	}
	return {
		name: section.name,
		family: family === "ipv4" || family === "ipv6" ? family : "any",
		match: words.join(" "),
		policy: optionText(section, "use_policy") ?? "default",
	};
}

export function readMwan3(pkg: UciPackage): Mwan3Config {
	const globals = findSection(pkg, "globals");
	const maskText = globals ? optionText(globals, "mmx_mask") : undefined;
	return {
		mask: maskText !== undefined && /^0x[0-9a-f]+$/i.test(maskText) ? Number(maskText) : 0x3f00,
		interfaces: sectionsOfType(pkg, "interface").map((section, index) => ({
			name: section.name,
			id: index + 1,
			family: optionText(section, "family") === "ipv6" ? "ipv6" : "ipv4",
			enabled: /^(1|on|true|yes|enabled)$/.test(optionText(section, "enabled") ?? ""),
			initialState: optionText(section, "initial_state") === "offline" ? "offline" : "online",
			flushConntrack: optionList(section, "flush_conntrack"),
			trackIps: optionList(section, "track_ip"),
			reliability: numberOption(section, "reliability", 1),
			intervalS: numberOption(section, "interval", 10),
			timeoutS: numberOption(section, "timeout", 4),
			down: numberOption(section, "down", 5),
			up: numberOption(section, "up", 5),
		})),
		policies: sectionsOfType(pkg, "policy").map((section) => ({
			name: section.name,
			members: optionList(section, "use_member"),
			lastResort: optionText(section, "last_resort") ?? "unreachable",
		})),
		members: sectionsOfType(pkg, "member").map((section) => ({
			name: section.name,
			interface: optionText(section, "interface") ?? "",
			metric: numberOption(section, "metric", 1),
			weight: numberOption(section, "weight", 1),
		})),
		rules: sectionsOfType(pkg, "rule").map(readRule),
	};
}

function hex(n: number): string {
	return `0x${(n >>> 0).toString(16)}`;
}

/** The bits of `id`, spread over the bits of the mask from the lowest up. */
export function markOf(id: number, mask: number): number {
	let mark = 0;
	let rest = id;
	for (let bit = 0; bit < 32 && rest > 0; bit++) {
		if ((mask & (1 << bit)) === 0) continue;
		if (rest & 1) mark |= 1 << bit;
		rest >>>= 1;
	}
	return mark >>> 0;
}

export interface Marks {
	readonly mask: string;
	readonly zero: string;
	readonly default: string;
	readonly unreachable: string;
	readonly blackhole: string;
	readonly unreachableId: number;
	readonly blackholeId: number;
	of(id: number): string;
}

/** All as iptables prints them: mark/mask. */
export function marks(mask: number): Marks {
	const most = 2 ** [...mask.toString(2)].filter((bit) => bit === "1").length - 1;
	const full = (id: number): string => `${hex(markOf(id, mask))}/${hex(mask)}`;
	return {
		mask: hex(mask),
		zero: `0x0/${hex(mask)}`,
		default: full(most),
		unreachable: full(most - 1),
		blackhole: full(most - 2),
		unreachableId: most - 1,
		blackholeId: most - 2,
		of: full,
	};
}

const ND_TYPES = [133, 134, 135, 136, 137];

/** The chains every router has, whatever its interfaces. */
export function generalChains(config: Mwan3Config, family: Family): string {
	const m = marks(config.mask);
	const sets = ["custom", "connected", "dynamic"].map((name) => `mwan3_${name}_${family}`);
	const nomask = `--nfmask ${m.mask} --ctmask ${m.mask}`;
	const lines = ["*mangle", "-N mwan3_ifaces_in"];
	for (const set of sets) {
		lines.push(`-N ${set}`, `-A ${set} -m set --match-set ${set} dst -j MARK --set-xmark ${m.default}`);
	}
	lines.push("-N mwan3_rules", "-N mwan3_hook");
	if (family === "ipv6") {
		for (const type of ND_TYPES) lines.push(`-A mwan3_hook -p ipv6-icmp -m icmp6 --icmpv6-type ${type} -j RETURN`);
	}
	lines.push(`-A mwan3_hook -m mark --mark ${m.zero} -j CONNMARK --restore-mark ${nomask}`);
	for (const chain of ["mwan3_ifaces_in", ...sets, "mwan3_rules"]) {
		lines.push(`-A mwan3_hook -m mark --mark ${m.zero} -j ${chain}`);
	}
	lines.push(`-A mwan3_hook -j CONNMARK --save-mark ${nomask}`);
	for (const set of sets) lines.push(`-A mwan3_hook -m mark ! --mark ${m.default} -j ${set}`);
	lines.push("-A PREROUTING -j mwan3_hook", "-A OUTPUT -j mwan3_hook", "COMMIT");
	return `${lines.join("\n")}\n`;
}

/** Removes everything of ours from what iptables-save printed. */
export function removeChains(saved: string): string {
	const chains = [...saved.matchAll(/^:(mwan3_\S+)/gm)].map((match) => match[1] ?? "");
	if (chains.length === 0) return "";
	const hooks = [...saved.matchAll(/^-A (PREROUTING|OUTPUT) -j mwan3_hook/gm)].map((m) => `-D ${m[1]} -j mwan3_hook`);
	const lines = ["*mangle", ...hooks, ...chains.map((c) => `-F ${c}`), ...chains.map((c) => `-X ${c}`), "COMMIT"];
	return `${lines.join("\n")}\n`;
}

/** Chain of one interface; `exists` when it is left over from an earlier ifup. */
export function interfaceChain(config: Mwan3Config, link: Mwan3Interface, device: string, exists: boolean): string {
	const m = marks(config.mask);
	const chain = `mwan3_iface_in_${link.name}`;
	const lines = ["*mangle", exists ? `-F ${chain}` : `-N ${chain}`];
	for (const kind of ["custom", "connected", "dynamic"]) {
		lines.push(
			`-A ${chain} -i ${device} -m set --match-set mwan3_${kind}_${link.family} src -m mark --mark ${m.zero} ` +
				`-m comment --comment default -j MARK --set-xmark ${m.default}`,
		);
	}
	lines.push(
		`-A ${chain} -i ${device} -m mark --mark ${m.zero} -m comment --comment ${link.name} -j MARK --set-xmark ${m.of(link.id)}`,
	);
	if (!exists) lines.push(`-A mwan3_ifaces_in -m mark --mark ${m.zero} -j ${chain}`);
	lines.push("COMMIT");
	return `${lines.join("\n")}\n`;
}

/** First step of a policy's rebuild: nothing but its last resort. */
export function emptyPolicy(config: Mwan3Config, policy: string, lastResort: string, exists: boolean): string {
	const m = marks(config.mask);
	const kind = lastResort === "blackhole" || lastResort === "default" ? lastResort : "unreachable";
	const chain = `mwan3_policy_${policy}`;
	return [
		"*mangle",
		exists ? `-F ${chain}` : `-N ${chain}`,
		`-A ${chain} -m mark --mark ${m.zero} -m comment --comment ${kind} -j MARK --set-xmark ${m[kind]}`,
		"COMMIT",
		"",
	].join("\n");
}

export interface PolicyState {
	lowest: number;
	totalWeight: number;
}

/** One member's step: replaces the chain when its metric is lower, shares it when equal, does nothing when higher. */
export function memberStep(
	config: Mwan3Config,
	policy: string,
	member: { interface: string; metric: number; weight: number },
	id: number,
	state: PolicyState,
): string | null {
	const m = marks(config.mask);
	const chain = `mwan3_policy_${policy}`;
	const rule = (share: string, total: number): string =>
		`${chain} -m mark --mark ${m.zero}${share} -m comment --comment "${member.interface} ${member.weight} ${total}" ` +
		`-j MARK --set-xmark ${m.of(id)}`;
	if (member.metric < state.lowest) {
		state.lowest = member.metric;
		state.totalWeight = member.weight;
		return `*mangle\n-F ${chain}\n-A ${rule("", member.weight)}\nCOMMIT\n`;
	}
	if (member.metric > state.lowest) return null;
	state.totalWeight += member.weight;
	const perMille = Math.floor((member.weight * 1000) / state.totalWeight);
	const share = ` -m statistic --mode random --probability ${perMille >= 1000 ? "1" : `0.${String(perMille).padStart(3, "0")}`}`;
	return `*mangle\n-I ${rule(share, state.totalWeight)}\nCOMMIT\n`;
}

export function userRules(config: Mwan3Config, family: Family): string {
	const m = marks(config.mask);
	const known = new Set(config.policies.map((policy) => policy.name));
	const lines = ["*mangle", "-F mwan3_rules"];
	for (const rule of config.rules) {
		if (rule.family !== "any" && rule.family !== family) continue;
		const special = rule.policy === "default" || rule.policy === "unreachable" || rule.policy === "blackhole";
		const target = special
			? `-j MARK --set-xmark ${m[rule.policy as "default" | "unreachable" | "blackhole"]}`
			: `-j mwan3_policy_${rule.policy}`;
		if (special || known.has(rule.policy)) {
			lines.push(`-A mwan3_rules ${rule.match ? `${rule.match} ` : ""}-m mark --mark ${m.zero} ${target}`);
		}
	}
	lines.push("COMMIT");
	return `${lines.join("\n")}\n`;
}

/** Rules that send marks nobody has a table for into nothing. */
export function generalRules(config: Mwan3Config): string[] {
	const m = marks(config.mask);
	return [
		`rule add pref ${2000 + m.blackholeId} fwmark ${m.blackhole} blackhole`,
		`rule add pref ${2000 + m.unreachableId} fwmark ${m.unreachable} unreachable`,
	];
}

export function interfaceRules(config: Mwan3Config, id: number, device: string): string[] {
	const mark = marks(config.mask).of(id);
	return [
		`rule add pref ${1000 + id} iif ${device} lookup ${id}`,
		`rule add pref ${2000 + id} fwmark ${mark} lookup ${id}`,
		`rule add pref ${3000 + id} fwmark ${mark} unreachable`,
	];
}

export function generalSets(): string {
	return `${[
		...["custom", "connected"].flatMap((kind) => [
			`-! create mwan3_${kind}_ipv4 hash:net`,
			`-! create mwan3_${kind}_ipv6 hash:net family inet6`,
		]),
		"-! create mwan3_dynamic_ipv4 list:set",
		"-! create mwan3_dynamic_ipv6 hash:net family inet6",
	].join("\n")}\n`;
}
