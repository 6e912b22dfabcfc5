/**
 * The hands on mwan3: reads its chains, replaces them in one transaction per family, keeps member metrics in RAM, and
 * as the other way asks mwan3 to rebuild. Which iptables (nft or legacy) mwan3 lives in is found by looking where its
 * chains are: on some routers `iptables` is not the one mwan3 was started with.
 */
import { FAMILIES, type Family } from "../health/types.ts";
import { errorText, isAutonomyError } from "../platform/error.ts";
import type { Files } from "../platform/platform.ts";
import {
	type ChainRule,
	describeChain,
	memberRules,
	parseSave,
	restoreText,
	type SavedChains,
	sameChain,
} from "./mwan3-chains.ts";
import { interfaceState, leftOver, type Mwan3Paths, overrideSteps, parseOverrides } from "./mwan3-state.ts";
import { hex } from "./names.ts";
import type { Choice, PolicyFamily } from "./plan.ts";
import { parseRules } from "./source-rules.ts";
import type { StateFile } from "./state-file.ts";
import { complaint, type Tools } from "./tools.ts";

const REBUILD_MS = 20_000;
/** iptables-restore waits so long for the lock of another iptables. */
const LOCK_WAIT_S = "3";

export interface ChainsOutcome {
	/** "ipv4 policy failover: wanb (was wan)" */
	readonly changed: readonly string[];
	/** Why the transaction could not be done or did not take; null when all is well. */
	readonly failure: string | null;
}

export interface Mwan3Driver {
	/** The mark mask all chains are read and written with. */
	setMask(mask: number): void;
	/** Reads the policy chains of a family; null when mwan3 is not set up there (or iptables is missing). */
	read(family: Family): Promise<SavedChains | null>;
	/** Why the last read of a family may have missed what is there; null: it saw all there is. */
	unread(family: Family): string | null;
	/** What the last read found. */
	last(family: Family): SavedChains | null;
	/** Makes the named chains of one family as wanted, in one transaction. */
	write(family: Family, wanted: ReadonlyMap<string, readonly ChainRule[]>): Promise<ChainsOutcome>;
	/** Reads back; null when all chains are as wanted, else what is not. */
	verify(family: Family, wanted: ReadonlyMap<string, readonly ChainRule[]>): Promise<string | null>;
	/** Has mwan3 itself rebuild all policies; null, or why it failed. */
	rebuild(targets: readonly PolicyFamily[]): Promise<string | null>;
	/** Makes the overrides in /var/state those wanted; null, or why not. */
	override(wanted: ReadonlyMap<string, number>): Promise<string | null>;
	/** Of these families' marks those that have a rule in the kernel: mwan3 removes it on ifdown. */
	routedMarks(family: Family): Promise<Set<number>>;
	/** Something odd about the tools, for status. */
	problems(): string[];
}

/** Chains wanted by choices that name members. */
export function wantedChains(choices: readonly Choice[]): Map<string, ChainRule[]> {
	const wanted = new Map<string, ChainRule[]>();
	for (const choice of choices) {
		if (choice.members) wanted.set(choice.target.policy, memberRules(choice.members));
	}
	return wanted;
}

export function createMwan3Driver(tools: Tools, files: Files, paths: Mwan3Paths, state: StateFile): Mwan3Driver {
	const backends = new Map<Family, string>();
	const lastRead = new Map<Family, SavedChains>();
	const unread = new Map<Family, string>();
	let mask = 0x3f00;

	const save = async (family: Family, program: string): Promise<SavedChains | null> => {
		try {
			const result = await tools.run([`${program}-save`, "-t", "mangle"]);
			if (result.timedOut || result.truncated)
				unread.set(family, `${program}-save: ${result.timedOut ? complaint(result) : "it prints too much"}`);
			if (result.code !== 0 || result.truncated) return null;
			return parseSave(result.stdout, mask);
		} catch (error) {
			if (isAutonomyError(error, "tool_missing")) return null;
			throw error;
		}
	};

	const read = async (family: Family): Promise<SavedChains | null> => {
		const base = family === "ipv4" ? "iptables" : "ip6tables";
		const known = backends.get(family) ?? base;
		const others = [base, `${base}-nft`, `${base}-legacy`].filter(
			(name) => name !== known && tools.has(`${name}-save`),
		);
		unread.delete(family);
		for (const program of [known, ...others]) {
			const saved = await save(family, program);
			if (!saved?.hooked) continue;
			backends.set(family, program);
			lastRead.set(family, saved);
			return saved;
		}
		backends.delete(family);
		lastRead.delete(family);
		return null;
	};

	const describe = (saved: SavedChains | null | undefined, policy: string): string => {
		const chain = saved?.policies.get(policy);
		if (!chain) return "nothing";
		return (chain.rules ? describeChain(chain.rules) : chain.members).join("+") || "nothing";
	};

	return {
		setMask(value) {
			mask = value;
		},
		read,
		unread: (family) => unread.get(family) ?? null,
		last: (family) => lastRead.get(family) ?? null,
		async write(family, wanted) {
			const saved = lastRead.get(family) ?? (await read(family));
			if (!saved) return { changed: [], failure: `mwan3 is not set up for ${family}` };
			for (const policy of wanted.keys()) {
				const chain = saved.policies.get(policy);
				if (!chain) return { changed: [], failure: `mwan3 has no ${family} chain for policy ${policy}` };
				if (!chain.rules)
					return { changed: [], failure: `the ${family} chain of policy ${policy} is not as mwan3 writes it` };
			}
			const changed = [...wanted]
				.filter(([policy, rules]) => !sameChain(rules, saved.policies.get(policy)?.rules ?? []))
				.map(
					([policy, rules]) =>
						`${family} policy ${policy}: ${describeChain(rules).join("+")} (was ${describe(saved, policy)})`,
				);
			if (changed.length === 0) return { changed, failure: null };
			const program = `${backends.get(family)}-restore`;
			try {
				const result = await tools.run([program, "-T", "mangle", "-w", LOCK_WAIT_S, "-n"], {
					stdin: restoreText(wanted, mask),
				});
				if (result.code !== 0) return { changed: [], failure: `${program}: ${complaint(result)}` };
			} catch (error) {
				return { changed: [], failure: errorText(error) };
			}
			return { changed, failure: null };
		},
		async verify(family, wanted) {
			const saved = await read(family);
			if (!saved) return `mwan3's ${family} chains are gone`;
			for (const [policy, rules] of wanted) {
				const actual = saved.policies.get(policy);
				// Of a chain written in an unknown way at least the members can be compared.
				const same = actual?.rules
					? sameChain(rules, actual.rules)
					: actual?.members.join() === describeChain(rules).join();
				if (!same) {
					return `${family} policy ${policy} has ${describe(saved, policy)} instead of ${describeChain(rules).join("+")}`;
				}
			}
			return null;
		},
		async rebuild(targets) {
			// Any event makes mwan3 rebuild all policies: send the one that tells it what it knows already.
			const members = targets.flatMap((target) => target.members);
			const online = members.find(
				(member) => member.device !== null && interfaceState(files, paths, member.interface) === "online",
			);
			const offline = members.find((member) => interfaceState(files, paths, member.interface) === "offline");
			const via = online ?? offline;
			if (!via) return "mwan3 knows no interface to rebuild with";
			const env = {
				PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
				ACTION: online ? "connected" : "disconnected",
				INTERFACE: via.interface,
				DEVICE: via.device ?? "",
			};
			try {
				const result = await tools.run(["sh", paths.hotplug], { env, timeoutMs: REBUILD_MS });
				return result.code === 0 ? null : `mwan3's own rebuild (${paths.hotplug}): ${complaint(result)}`;
			} catch (error) {
				return errorText(error);
			}
		},
		async override(wanted) {
			const deltaFile = `${paths.stateDir}/mwan3`;
			const ours = state.get().overrides;
			const before = parseOverrides(files.readTextIfAny(deltaFile) ?? "");
			const { lines, next } = overrideSteps(ours, wanted, before);
			if (lines.length === 0) return null;
			const all = [...next, ...ours.filter((old) => !next.some((override) => override.member === old.member))];
			state.set({ overrides: all });
			try {
				const result = await tools.run(["uci", "-P", paths.stateDir, "-q", "batch"], {
					stdin: `${lines.join("\n")}\n`,
				});
				const present = parseOverrides(files.readTextIfAny(deltaFile) ?? "");
				const missing = next.find((override) => present.get(override.member) !== override.metric);
				if (missing) {
					return `metric of mwan3 member ${missing.member} is not in ${deltaFile} (${complaint(result)}): mwan3's own rebuilds will be corrected afterwards`;
				}
				const left = leftOver(ours, wanted, before, present);
				if (left !== undefined) {
					return `metric of mwan3 member ${left} is still in ${deltaFile} (${complaint(result)}): "uci -P ${paths.stateDir} revert mwan3.${left}.metric" takes it out`;
				}
				state.set({ overrides: next.map(({ member, metric, found }) => ({ member, metric, found })) });
				return null;
			} catch (error) {
				return `${errorText(error)}: mwan3's own rebuilds will be corrected afterwards`;
			}
		},
		async routedMarks(family) {
			const marks = new Set<number>();
			for (const rule of parseRules(await tools.ipShow(family, ["rule", "show"]))) {
				const match = /fwmark (0x[0-9a-f]+)\/(0x[0-9a-f]+)/.exec(rule.selector);
				if (match && match[2] === hex(mask) && rule.table !== "" && !/^unspec$/.test(rule.table))
					marks.add(Number(match[1]));
			}
			return marks;
		},
		problems() {
			const odd: string[] = [];
			for (const family of FAMILIES) {
				const program = backends.get(family);
				if (program && program !== "iptables" && program !== "ip6tables") {
					odd.push(`mwan3's ${family} chains are in ${program}, not in what iptables is here: one of both should go`);
				}
			}
			return odd;
		},
	};
}
