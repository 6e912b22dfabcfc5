/**
 * Steering where mwan3 is set up: from the plan to chains that are proven to be in the kernel. First the transaction
 * (traffic moves), then the proof, then the metrics in RAM, so that mwan3's next rebuild comes to the same result. When
 * the transaction cannot be done or does not take, the other way round: metrics first, then mwan3's own rebuild.
 */
import type { Plan } from "../decide/types.ts";
import { FAMILIES, type Family } from "../health/types.ts";
import { errorText } from "../platform/error.ts";
import type { Files } from "../platform/platform.ts";
import { mwan3Signs } from "../uplink/mwan3-signs.ts";
import type { Mwan3Layout, Uplink } from "../uplink/types.ts";
import { together } from "./lane.ts";
import { type ChainRule, describeChain, lastResortRules, memberRules, sameChain } from "./mwan3-chains.ts";
import { type Mwan3Driver, wantedChains } from "./mwan3-driver.ts";
import { planMetrics } from "./mwan3-metrics.ts";
import { interfaceState, type Mwan3Paths } from "./mwan3-state.ts";
import { type Choice, choose, mwan3Choice, type PolicyFamily, policyFamilies } from "./plan.ts";
import type { StateFile } from "./state-file.ts";
import type { PolicyStatus } from "./types.ts";

export interface Moved {
	readonly method: "mwan3_chains" | "mwan3_rebuild" | "nothing_to_do";
	readonly changed: readonly string[];
	readonly verified: boolean;
	/** Fallbacks and losses, for the report. */
	readonly notes: readonly string[];
}

interface FamilyResult {
	readonly changed: readonly string[];
	readonly failures: readonly string[];
}

export interface Mwan3Steering {
	/** New facts; reads the chains when it is not known yet whether mwan3 is set up. */
	setLayout(layout: Mwan3Layout | null, uplinks: readonly Uplink[]): Promise<void>;
	/** Families mwan3 steers: it has an enabled interface there and its chains are in the kernel. */
	families(): readonly Family[];
	/**
	 * Makes new connections follow the plan, proves it and makes it last; a second attempt by the other way when it did
	 * not take. `onMoved` is called for each family as soon as its traffic goes the new way.
	 */
	move(plan: Plan, onMoved: (family: Family) => void): Promise<Moved>;
	/** True when some policy gave this uplink up for a better one. */
	leftBehind(uplink: string, family: Family): boolean;
	/** What the plan would change, for observe mode. */
	wouldChange(plan: Plan): string[];
	/** Something outside may have changed: the next check reads the kernel. */
	distrust(): void;
	/** Something of mwan3 moved since the kernel was last read; by these signs of it, else by what its files say now. */
	stale(signs?: () => string): boolean;
	/** Puts back what others undid; one text per repair. */
	check(plan: Plan): Promise<string[]>;
	/** Chains as mwan3 would have them, overrides gone. */
	giveBack(): Promise<{ changed: string[]; problems: string[] }>;
	policies(): PolicyStatus[];
	problems(): string[];
}

export function createMwan3Steering(
	driver: Mwan3Driver,
	files: Files,
	paths: Mwan3Paths,
	state: StateFile,
): Mwan3Steering {
	let layout: Mwan3Layout | null = null;
	let uplinks: readonly Uplink[] = [];
	let managed: readonly Family[] = [];
	let choices: readonly Choice[] = [];
	let signature = "";
	let trusted = false;
	let overrideProblem: string | null = null;
	let stuck: readonly string[] = [];

	const online = (name: string): boolean => interfaceState(files, paths, name) === "online";
	const targets = (): PolicyFamily[] => (layout ? policyFamilies(layout, uplinks, online) : []);
	const ofFamily = (family: Family): Choice[] => choices.filter((choice) => choice.target.family === family);
	const wantedOf = (family: Family): Map<string, ChainRule[]> => wantedChains(ofFamily(family));

	const readAll = async (): Promise<void> => {
		const candidates = FAMILIES.filter((family) =>
			layout?.links.some((link) => link.enabled && link.family === family),
		);
		signature = mwan3Signs(files, paths.runDir);
		const found = await together(candidates.map((family) => driver.read(family)));
		managed = candidates.filter((_, i) => found[i] !== null);
		trusted = true;
	};

	/** mwan3 takes the mark's rule away on ifdown: a member it holds for offline is used only if its rule stands. */
	const withRoutes = async (list: PolicyFamily[], plan: Plan): Promise<PolicyFamily[]> => {
		const doubtful = (family: Family): boolean =>
			list.some((target) => target.family === family && choose(target, plan).members?.some((member) => !member.online));
		const marks = new Map<Family, Set<number>>();
		for (const family of managed) if (doubtful(family)) marks.set(family, await driver.routedMarks(family));
		return list.map((target) => {
			const routed = marks.get(target.family);
			if (!routed) return target;
			const members = target.members.map((member) => ({ ...member, ready: member.ready && routed.has(member.mark) }));
			return { ...target, members };
		});
	};

	const decide = async (plan: Plan): Promise<void> => {
		const list = await withRoutes(
			targets().filter((target) => managed.includes(target.family)),
			plan,
		);
		choices = list.map((target) => choose(target, plan));
	};

	const override = async (): Promise<void> => {
		const metrics = planMetrics(choices);
		stuck = metrics.unexpressed;
		overrideProblem = await driver.override(metrics.overrides);
	};

	const remember = (): void => {
		if (!layout || !choices.some((choice) => choice.members)) return;
		state.set({ chains: { mask: layout.mask, families: managed, targets: targets() } });
	};

	/** `justRead`: what was not changed needs no second look. */
	const writeFamily = async (
		family: Family,
		onMoved: (family: Family) => void,
		justRead: boolean,
	): Promise<FamilyResult> => {
		const wanted = wantedOf(family);
		if (wanted.size === 0) return { changed: [], failures: [] };
		const { changed, failure } = await driver.write(family, wanted);
		if (failure !== null) return { changed, failures: [failure] };
		onMoved(family);
		if (justRead && changed.length === 0) return { changed, failures: [] };
		const wrong = await driver.verify(family, wanted);
		return { changed, failures: wrong === null ? [] : [wrong] };
	};

	const writeAll = async (onMoved: (family: Family) => void, justRead: boolean): Promise<FamilyResult> => {
		// What mwan3 did since the look that nothing is read after must still be seen.
		if (!justRead) signature = mwan3Signs(files, paths.runDir);
		const results = await together(managed.map((family) => writeFamily(family, onMoved, justRead)));
		return {
			changed: results.flatMap((result) => result.changed),
			failures: results.flatMap((result) => result.failures),
		};
	};

	const verifyAll = async (): Promise<string[]> => {
		signature = mwan3Signs(files, paths.runDir);
		const concerned = managed.filter((family) => wantedOf(family).size > 0);
		const wrong = await together(concerned.map((family) => driver.verify(family, wantedOf(family))));
		return wrong.filter((text) => text !== null);
	};

	/** The other way: our order is in RAM already, mwan3 rebuilds by it. Not atomic, and only as good as mwan3. */
	const rebuild = async (why: readonly string[], changed: readonly string[]): Promise<Moved> => {
		const failure = await driver.rebuild(choices.map((choice) => choice.target));
		const wrong = await verifyAll();
		const notes = [`${why.join("; ")}: asked mwan3 to rebuild its chains itself`, ...wrong];
		if (failure) notes.push(failure);
		return {
			method: "mwan3_rebuild",
			changed: [...changed, "mwan3 rebuilt its policies"],
			verified: wrong.length === 0,
			notes,
		};
	};

	const carryOut = async (onMoved: (family: Family) => void, justRead = false): Promise<Moved> => {
		remember();
		// Side by side: the transaction needs no metrics, and mwan3's next rebuild needs them soon, not first.
		const [{ changed, failures }] = await together([writeAll(onMoved, justRead), override()]);
		const method = changed.length > 0 ? "mwan3_chains" : "nothing_to_do";
		let moved: Moved = { method, changed, verified: true, notes: [] };
		if (failures.length > 0) {
			moved = await rebuild(failures, changed);
			for (const family of managed) onMoved(family);
		}
		return overrideProblem === null ? moved : { ...moved, notes: [...moved.notes, overrideProblem] };
	};

	return {
		async setLayout(nextLayout, nextUplinks) {
			const links = (of: Mwan3Layout | null): string => JSON.stringify(of?.links ?? null) + (of?.mask ?? "");
			const same = links(layout) === links(nextLayout);
			layout = nextLayout;
			uplinks = nextUplinks;
			if (layout) driver.setMask(layout.mask);
			if (!same || (layout !== null && managed.length === 0)) await readAll();
		},
		families: () => managed,
		async move(plan, onMoved) {
			if (!trusted || signature !== mwan3Signs(files, paths.runDir)) await readAll();
			await decide(plan);
			if (choices.some((choice) => choice.members)) return carryOut(onMoved);
			const notes = choices.length > 0 ? ["no mwan3 policy has anything better than what is there"] : [];
			return { method: "nothing_to_do", changed: [], verified: true, notes };
		},
		leftBehind: (uplink, family) =>
			ofFamily(family).some(
				(choice) =>
					choice.members !== null &&
					choice.target.members.some((member) => member.uplink === uplink) &&
					!choice.members.some((member) => member.uplink === uplink),
			),
		wouldChange(plan) {
			return targets()
				.filter((target) => managed.includes(target.family))
				.map((target) => choose(target, plan))
				.flatMap((choice) => {
					if (!choice.members) return [];
					const rules = memberRules(choice.members);
					const now = driver.last(choice.target.family)?.policies.get(choice.target.policy)?.rules;
					if (now && sameChain(rules, now)) return [];
					const was = now ? describeChain(now).join("+") : "unknown";
					return [
						`${choice.target.family} policy ${choice.target.policy}: ${describeChain(rules).join("+")} (is ${was})`,
					];
				});
		},
		distrust() {
			trusted = false;
		},
		stale: (signs = () => mwan3Signs(files, paths.runDir)) => layout !== null && (!trusted || signature !== signs()),
		async check(plan) {
			if (!layout) return [];
			await readAll();
			await decide(plan);
			if (!choices.some((choice) => choice.members)) return [];
			const moved = await carryOut(() => undefined, true);
			return moved.method === "nothing_to_do" ? [] : [...moved.changed, ...moved.notes];
		},
		async giveBack() {
			const touched = state.get().chains;
			const problems: string[] = [];
			const changed: string[] = [];
			if (state.get().overrides.length > 0) {
				const failure = await driver.override(new Map());
				if (failure) problems.push(failure);
				else changed.push("mwan3 member metrics in /var/state");
			}
			if (!touched) return { changed, problems };
			driver.setMask(touched.mask);
			const now = touched.targets.map((target) => ({
				...target,
				members: target.members.map((member) => ({ ...member, online: online(member.interface) })),
			}));
			const failures: string[] = [];
			/** Ours may still be there: a later try must know. */
			const left: Family[] = [];
			for (const family of touched.families) {
				const saved = await driver.read(family).catch((error: unknown) => errorText(error));
				const unread = typeof saved === "string" ? saved : saved === null ? driver.unread(family) : null;
				if (unread !== null) {
					left.push(family);
					problems.push(`mwan3's ${family} chains cannot be read (${unread}): run "mwan3 restart" to have them back`);
				}
				// None: mwan3 was stopped, nothing of ours is left there.
				if (saved === null || typeof saved === "string") continue;
				const wanted = new Map<string, ChainRule[]>();
				for (const target of now) {
					if (target.family !== family || !saved.policies.get(target.policy)?.rules) continue;
					const own = mwan3Choice(target);
					wanted.set(target.policy, own.length > 0 ? memberRules(own) : lastResortRules(target, touched.mask));
				}
				const outcome = await driver.write(family, wanted);
				changed.push(...outcome.changed);
				const wrong = outcome.failure ?? (outcome.changed.length > 0 ? await driver.verify(family, wanted) : null);
				if (wrong) failures.push(wrong);
			}
			if (failures.length > 0) {
				const failure = await driver.rebuild(now);
				changed.push(`asked mwan3 to rebuild its chains (${failures.join("; ")})`);
				if (failure) problems.push(`${failure}: run "mwan3 restart" to have its chains back`);
			}
			const chains = left.length > 0 ? { ...touched, families: left } : null;
			state.set({ chains, overrides: problems.length > 0 ? state.get().overrides : [] });
			return { changed, problems };
		},
		policies() {
			return choices.map((choice) => {
				const actual = driver.last(choice.target.family)?.policies.get(choice.target.policy);
				return {
					policy: choice.target.policy,
					family: choice.target.family,
					wanted: choice.members?.map((member) => member.interface) ?? null,
					actual: actual ? (actual.rules ? describeChain(actual.rules) : actual.members) : null,
					reason: choice.reason,
				};
			});
		},
		problems() {
			const list = driver.problems();
			if (overrideProblem !== null) list.push(overrideProblem);
			if (stuck.length > 0) {
				list.push(
					`mwan3 policies ${stuck.join(", ")} share members with others in a way no metric can express: after a rebuild by mwan3 their order is put back by us`,
				);
			}
			return list;
		},
	};
}
