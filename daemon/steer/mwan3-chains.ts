/**
 * mwan3's policy chains as text: what iptables-save shows, what iptables-restore is given. Pure. The rules are the ones
 * mwan3 writes itself (lib/mwan3/mwan3.sh, mwan3_set_policy; the same from 2.10.13 to 2.12.2), so that `mwan3 status`,
 * LuCI and mwan3's own rebuilds find nothing strange. A chain goes from old to new in one transaction and is never
 * seen empty or with `unreachable` in between.
 */
import { deviceName, hex, policyChain, sectionName } from "./names.ts";
import type { PolicyFamily, PolicyMember } from "./plan.ts";

/** One rule of a policy chain. */
export type ChainRule =
	| {
			readonly kind: "member";
			readonly interface: string;
			readonly weight: number;
			/** Sum of the weights so far, as mwan3 counts while it builds the chain. */
			readonly total: number;
			/** Null: takes all that reaches it. */
			readonly probability: number | null;
			readonly mark: number;
	  }
	| { readonly kind: "last_resort"; readonly name: "unreachable" | "blackhole" | "default"; readonly mark: number }
	/** For packets of the router itself that are bound to the device of an offline member. */
	| { readonly kind: "out"; readonly interface: string; readonly device: string; readonly mark: number };

export interface SavedChain {
	/** Null when a rule is none that mwan3 writes. */
	readonly rules: readonly ChainRule[] | null;
	/** The interfaces its comments name, in the user's order; read also from chains of an unknown shape. */
	readonly members: readonly string[];
}

export interface SavedChains {
	/** The chain mwan3 hooks into PREROUTING and OUTPUT is there: mwan3 is set up in this backend. */
	readonly hooked: boolean;
	readonly policies: ReadonlyMap<string, SavedChain>;
}

/** weight/total in thousandths, cut off, as mwan3 prints it; "1" and more means certain. */
export function probabilityText(weight: number, total: number): string {
	const thousandths = Math.floor((weight * 1000) / total);
	return thousandths >= 1000 ? "1" : `0.${String(thousandths).padStart(3, "0")}`;
}

/**
 * The rules for a set of members. mwan3 adds the first one and inserts each further one on top, with the probability
 * weight / sum so far: read from the top, the last member takes its share, the next of the rest, the first what is left.
 */
export function memberRules(members: readonly PolicyMember[]): ChainRule[] {
	const rules: ChainRule[] = [];
	let total = 0;
	for (const member of members) {
		total += member.weight;
		rules.unshift({
			kind: "member",
			interface: member.interface,
			weight: member.weight,
			total,
			probability: rules.length === 0 ? null : Number(probabilityText(member.weight, total)),
			mark: member.mark,
		});
	}
	return rules;
}

/** The marks mwan3 keeps for itself: all bits, and one and two less (lib/mwan3/common.sh, mwan3_init). */
export function specialMarks(mask: number): { default: number; unreachable: number; blackhole: number } {
	const withoutLowest = (mask & (mask - 1)) >>> 0;
	const lowest = (mask ^ withoutLowest) >>> 0;
	const withoutTwo = (withoutLowest & (withoutLowest - 1)) >>> 0;
	return { default: mask, unreachable: withoutLowest, blackhole: (withoutTwo | lowest) >>> 0 };
}

/** The chain as mwan3 would build it when nobody is online. */
export function lastResortRules(target: PolicyFamily, mask: number): ChainRule[] {
	const marks = specialMarks(mask);
	const rules: ChainRule[] = [{ kind: "last_resort", name: target.lastResort, mark: marks[target.lastResort] }];
	for (const member of target.members) {
		if (member.device === null) continue;
		rules.unshift({ kind: "out", interface: member.interface, device: member.device, mark: marks.default });
	}
	return rules;
}

function encodeRule(chain: string, rule: ChainRule, mask: number): string {
	const unmarked = `-m mark --mark 0x0/${hex(mask)}`;
	const target = `-j MARK --set-xmark ${hex(rule.mark)}/${hex(mask)}`;
	switch (rule.kind) {
		case "member": {
			const chance =
				rule.probability === null ? "" : ` -m statistic --mode random --probability ${rule.probability.toFixed(3)}`;
			const comment = `"${sectionName(rule.interface)} ${rule.weight} ${rule.total}"`;
			return `-A ${chain} ${unmarked}${chance} -m comment --comment ${comment} ${target}`;
		}
		case "last_resort":
			return `-A ${chain} ${unmarked} -m comment --comment ${rule.name} ${target}`;
		case "out": {
			const device = deviceName(rule.device);
			const comment = `"out ${sectionName(rule.interface)} ${device}"`;
			return `-A ${chain} -o ${device} ${unmarked} -m comment --comment ${comment} ${target}`;
		}
	}
}

/** Input for `iptables-restore -T mangle -n`: replaces the named chains as one transaction, touches nothing else. */
export function restoreText(chains: ReadonlyMap<string, readonly ChainRule[]>, mask: number): string {
	const lines = ["*mangle"];
	for (const policy of chains.keys()) lines.push(`-F ${policyChain(policy)}`);
	for (const [policy, rules] of chains) {
		for (const rule of rules) lines.push(encodeRule(policyChain(policy), rule, mask));
	}
	return `${[...lines, "COMMIT"].join("\n")}\n`;
}

const MEMBER_COMMENT = /^([A-Za-z0-9_]+) (\d+) (\d+)$/;
const OUT_COMMENT = /^out (\S+) (\S+)$/;

/** Splits a line of iptables-save into words; a quoted word loses its quotes. */
function words(line: string): string[] {
	return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? "");
}

function parseRule(line: string, mask: number): ChainRule | null {
	const seen = new Map<string, string>();
	const list = words(line);
	for (let i = 2; i < list.length; i += 2) {
		const key = list[i] ?? "";
		// Only what mwan3 writes; a second -m is told apart by its module name.
		const name = key === "-m" ? `-m ${list[i + 1]}` : key;
		if (seen.has(name)) return null;
		seen.set(name, list[i + 1] ?? "");
	}
	const take = (key: string): string | null => {
		const value = seen.get(key) ?? null;
		seen.delete(key);
		return value;
	};
	const [mark, markMask] = (take("--set-xmark") ?? "").split("/");
	const unmarked = take("--mark");
	const comment = take("--comment");
	if (take("-j") !== "MARK" || Number(markMask) !== mask || comment === null) return null;
	if (unmarked !== `0x0/${hex(mask)}` && unmarked !== `0/${hex(mask)}`) return null;
	const value = Number(mark);
	if (!Number.isInteger(value)) return null;
	const probability = take("--probability");
	const mode = take("--mode");
	const device = take("-o");
	take("-m mark");
	take("-m comment");
	take("-m statistic");
	if (seen.size > 0 || (probability !== null && mode !== "random")) return null;
	const member = MEMBER_COMMENT.exec(comment);
	const out = OUT_COMMENT.exec(comment);
	if (out && device !== null && probability === null) {
		return { kind: "out", interface: out[1] ?? "", device, mark: value };
	}
	if (device !== null) return null;
	if (member) {
		return {
			kind: "member",
			interface: member[1] ?? "",
			weight: Number(member[2]),
			total: Number(member[3]),
			probability: probability === null ? null : Number(probability),
			mark: value,
		};
	}
	if (probability !== null) return null;
	if (comment === "unreachable" || comment === "blackhole" || comment === "default") {
		return { kind: "last_resort", name: comment, mark: value };
	}
	return null;
}

/** Reads the policy chains out of `iptables-save -t mangle`. */
export function parseSave(text: string, mask: number): SavedChains {
	const policies = new Map<string, { rules: ChainRule[] | null; members: string[] }>();
	let hooked = false;
	for (const line of text.split("\n")) {
		const declared = /^:mwan3_policy_(\S+) /.exec(line);
		if (declared?.[1] !== undefined) policies.set(declared[1], { rules: [], members: [] });
		if (line === "-A PREROUTING -j mwan3_hook") hooked = true;
		const rule = /^-A mwan3_policy_(\S+) /.exec(line);
		if (rule?.[1] === undefined) continue;
		const chain = policies.get(rule[1]) ?? { rules: null, members: [] };
		const parsed = parseRule(line, mask);
		if (parsed) chain.rules?.push(parsed);
		else chain.rules = null;
		const named = /--comment "([A-Za-z0-9_]+) \d+ \d+"/.exec(line);
		if (named?.[1] !== undefined) chain.members.unshift(named[1]);
		policies.set(rule[1], chain);
	}
	return { hooked, policies };
}

/** The kernel keeps probabilities as 31-bit fractions: 0.600 comes back as 0.59999999963. */
const PROBABILITY_SLACK = 1e-6;

function sameRule(a: ChainRule, b: ChainRule): boolean {
	if (a.kind !== b.kind || a.mark !== b.mark) return false;
	if (a.kind === "member" && b.kind === "member") {
		const certain = (p: number | null): number => (p === null ? 1 : p);
		return (
			a.interface === b.interface &&
			a.weight === b.weight &&
			a.total === b.total &&
			Math.abs(certain(a.probability) - certain(b.probability)) < PROBABILITY_SLACK
		);
	}
	if (a.kind === "out" && b.kind === "out") return a.interface === b.interface && a.device === b.device;
	return a.kind === "last_resort" && b.kind === "last_resort" && a.name === b.name;
}

export function sameChain(a: readonly ChainRule[], b: readonly ChainRule[]): boolean {
	return a.length === b.length && a.every((rule, i) => sameRule(rule, b[i] as ChainRule));
}

/** Who is in a chain, in the user's order: interfaces, or the last resort's name. */
export function describeChain(rules: readonly ChainRule[]): string[] {
	const members = rules.filter((rule) => rule.kind === "member").map((rule) => rule.interface);
	if (members.length > 0) return members.reverse();
	return rules.filter((rule) => rule.kind === "last_resort").map((rule) => rule.name);
}
