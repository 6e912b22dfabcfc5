/**
 * steer/ from the outside: the one who touches routing. Takes plans from the engine and carries them out one at a time,
 * keeps them true against everybody who rebuilds things, and gives the router back as it was found. The hands are
 * mwan3-steering.ts (families mwan3 manages), route-steering.ts (others) and source-rule-keeper.ts (probe paths).
 */
import type { Plan, SteerAction } from "../decide/types.ts";
import { FAMILIES, type Family } from "../health/types.ts";
import { errorText } from "../platform/error.ts";
import type { Logger } from "../platform/log.ts";
import type { Closable, Platform } from "../platform/platform.ts";
import { mwan3SignsLately } from "../uplink/mwan3-signs.ts";
import type { Discovered } from "../uplink/types.ts";
import { emptyReport, type Freed, mergeActions, reportOf } from "./actions.ts";
import { createDrainKeeper } from "./drain-keeper.ts";
import { createLane, together } from "./lane.ts";
import { createMwan3Driver } from "./mwan3-driver.ts";
import { MWAN3_PATHS, type Mwan3Paths } from "./mwan3-state.ts";
import { createMwan3Steering } from "./mwan3-steering.ts";
import { createOwnTraffic } from "./own-traffic.ts";
import { createReleaser } from "./release.ts";
import { createRouteSteering } from "./route-steering.ts";
import { createSourceRuleKeeper } from "./source-rule-keeper.ts";
import { createStateFile } from "./state-file.ts";
import { methodsOf, missingChains } from "./status.ts";
import { createTools } from "./tools.ts";
import type { GiveBackReport, Steerer, SteerReport, SteerStatus } from "./types.ts";

/** The kernel itself is read this often even without any sign of a change. */
const SLOW_CHECK_MS = 60_000;
/** While a probe path could not be prepared. */
const TROUBLE_CHECK_MS = 5000;
/** A rebuild by mwan3 takes up to seconds: after a sign of one the kernel is read again until it stays as wanted. */
const FOLLOW_UP_MS = 1000;
const FOLLOW_UPS = 4;

export interface SteererOptions {
	readonly platform: Platform;
	readonly log: Logger;
	/** On tmpfs. */
	readonly stateFile?: string;
	readonly paths?: Partial<Mwan3Paths>;
}

interface Waiting {
	action: SteerAction;
	done: ((report: SteerReport) => void)[];
}

/** Without what sensors find and ask: the search for a dish is no reason to look at all that steers. */
function waysText({ uplinks, mwan3 }: Discovered): string {
	const found: ReadonlySet<string> = new Set(["peer", "class", "classReason", "medium"]);
	return JSON.stringify([uplinks, mwan3], (name, value: unknown) => (found.has(name) ? undefined : value));
}

export function createSteerer(options: SteererOptions): Steerer {
	const { platform } = options;
	const log = options.log.child("steer");
	const paths: Mwan3Paths = { ...MWAN3_PATHS, ...options.paths };
	const state = createStateFile(platform.files, options.stateFile ?? "/tmp/autonomy/steer.json", log);
	const tools = createTools(platform.processes, (program) =>
		log.error("provider", {
			reason: `${program} hangs: killed, tried again; until it works traffic stays where it is`,
		}),
	);
	const mwan3 = createMwan3Steering(
		createMwan3Driver(tools, platform.files, paths, state),
		platform.files,
		paths,
		state,
	);
	const routes = createRouteSteering(tools, state);
	const sourceRules = createSourceRuleKeeper(tools, state);
	const drains = createDrainKeeper(tools, state);
	const ownTraffic = createOwnTraffic(tools, state);
	const releaser = createReleaser(tools, drains.of);
	const lane = createLane();
	const now = (): number => platform.clock.monotonicMs();

	let discovered: Discovered | null = null;
	/** The same as text: facts that did not change are not followed again. */
	let known = "";
	/** Those of them that the ways of the traffic depend on. */
	let knownWays = "";
	let plan: Plan | null = null;
	let observe = false;
	let over = false;
	let waiting: Waiting | null = null;
	let facts: { value: Discovered; promise: Promise<void> } | null = null;
	let lastApply: SteerStatus["lastApply"] = null;
	let repairs = 0;
	let lastRepair: SteerStatus["lastRepair"] = null;
	let lastReadMs = Number.NEGATIVE_INFINITY;
	let applyProblem: string | null = null;
	let followUp: Closable | null = null;
	let checking: Promise<void> | null = null;

	const routeFamilies = (): Family[] => FAMILIES.filter((family) => !mwan3.families().includes(family));

	const carryOut = async (action: SteerAction): Promise<SteerReport> => {
		const startMs = now();
		const before = tools.started();
		if (!discovered) return emptyReport("nothing_to_do", false, "no uplinks are known yet: nothing was changed");
		if (observe) {
			const would = [...mwan3.wouldChange(action.plan), ...(await routes.wouldChange(action.plan, routeFamilies()))];
			const text =
				would.length > 0 ? `observing only; would change ${would.join(", ")}` : "observing only; nothing to change";
			return {
				...emptyReport("observe", true, text),
				durationMs: now() - startMs,
				processes: tools.started() - before,
			};
		}
		plan = action.plan;
		const moving = plan;
		// mwan3 has just acted: its rebuild may still be writing chains, and would write the last word after us.
		if (mwan3.stale()) keepLooking("mwan3 was at work during a switch", FOLLOW_UPS);
		let movedMs: number | null = null;
		const better = (uplink: string, family: Family): boolean => {
			if (mwan3.families().includes(family)) return mwan3.leftBehind(uplink, family);
			const carrier = routes.carrier(family);
			return carrier !== null && carrier !== uplink;
		};
		const keep = action.mode === "planned" ? { onLeave: drains.hold } : {};
		const freeing: Promise<Freed>[] = [];
		const free = (family: Family): void => {
			movedMs = now() - startMs;
			if (action.mode !== "dead") return;
			freeing.push(releaser.release(action.release, family, mwan3.families().includes(family), better));
		};
		const [chains, main] = await together([
			mwan3.move(moving, free),
			routes.follow(moving, routeFamilies(), { onMoved: free, ...keep }),
		]).catch(async (error: unknown) => {
			await Promise.allSettled(freeing);
			throw error;
		});
		const [freed] = await together([together(freeing), ownTraffic.follow(moving, mwan3.families())]);
		lastReadMs = now();
		const report = reportOf(chains, main, freed, now() - startMs, tools.started() - before, movedMs);
		applyProblem = report.verified ? null : `the last change did not take: ${report.text}`;
		return report;
	};

	const runWaiting = async (): Promise<void> => {
		const job = waiting;
		waiting = null;
		if (!job) return;
		let report: SteerReport;
		try {
			report = over
				? emptyReport("nothing_to_do", false, "the router has been given back")
				: await carryOut(job.action);
		} catch (error) {
			report = emptyReport("nothing_to_do", false, errorText(error));
			applyProblem = report.text;
		}
		lastApply = { ...report, actionId: job.action.id, atMs: now() };
		const fields = {
			action: job.action.id,
			method: report.method,
			changed: report.changed,
			ms: Math.round(report.durationMs),
		};
		if (report.ok) log.info("steered", fields);
		else log.error("steering failed", { ...fields, reason: report.text });
		for (const done of job.done) done(report);
	};

	/** Not in the way of a switch that waits, which comes to it itself. */
	const ownWay = async (current: Plan, seen?: (family: Family) => string | null): Promise<string[]> =>
		waiting === null ? ownTraffic.follow(current, mwan3.families(), seen) : [];

	const check = async (reason: string): Promise<void> => {
		if (over || !discovered) return;
		lastReadMs = now();
		const what: string[] = [];
		const lines = await sourceRules.follow(discovered.uplinks, true);
		if (lines > 0) what.push(`source rules (${lines} lines)`);
		if (plan && !observe) {
			what.push(...(await mwan3.check(plan)));
			const main = await routes.follow(plan, routeFamilies());
			what.push(...main.changed, ...main.notes, ...(await ownWay(plan, sourceRules.takeSeen)));
		}
		if (what.length === 0) return;
		repairs++;
		lastRepair = { atMs: now(), reason, what };
		log.warn("put back what was changed by others", { reason, what });
	};

	/** Checks on for a few seconds: mwan3 may be in the middle of its rebuild. */
	const keepLooking = (reason: string, times: number): void => {
		followUp?.close();
		followUp = null;
		if (times <= 0 || over) return;
		followUp = platform.timers.after(FOLLOW_UP_MS, () => {
			followUp = null;
			void lane.run(() => check(reason)).catch((error) => log.error("check failed", { reason: errorText(error) }));
			keepLooking(reason, times - 1);
		});
	};

	const learn = async (value: Discovered): Promise<void> => {
		const text = JSON.stringify([value.uplinks, value.mwan3]);
		if (over || text === known) return;
		known = text;
		discovered = value;
		routes.setUplinks(value.uplinks);
		releaser.remember(value);
		drains.setUplinks(value.uplinks);
		await mwan3.setLayout(value.mwan3, value.uplinks);
		await sourceRules.follow(value.uplinks, false);
		const ways = waysText(value);
		const same = ways === knownWays;
		knownWays = ways;
		// Not counted as repairs: the world changed, nobody undid anything.
		if (same || !plan || observe) return;
		const main = await routes.follow(plan, routeFamilies());
		const chains = mwan3.families().length > 0 ? await mwan3.check(plan) : [];
		const what = [...main.changed, ...chains, ...(await ownWay(plan))];
		if (what.length > 0) log.info("followed a change", { what });
	};

	/** Traffic goes where the router itself would send it; source rules stay. */
	const letGo = async (): Promise<{ changed: string[]; problems: string[] }> => {
		const parts = [];
		for (const part of [mwan3, routes, drains, ownTraffic]) {
			// One that cannot does not keep the others from it; its state file stays for a later try.
			parts.push(await part.giveBack().catch((error: unknown) => ({ changed: [], problems: [errorText(error)] })));
		}
		return { changed: parts.flatMap((part) => part.changed), problems: parts.flatMap((part) => part.problems) };
	};

	return {
		recover() {
			const { found, problem } = state.load();
			if (problem) log.warn("steering state not taken over", { reason: problem });
			const { rules, routes: lines, overrides, chains } = state.get();
			const text = found
				? `taken over from a predecessor: ${rules.length} source rules, ${lines.length} routes, ${overrides.length} metrics, ${chains ? "mwan3 chains" : "no chains"}`
				: (problem ?? "nothing left by a predecessor");
			return { found, text };
		},
		setDiscovered(value) {
			if (facts) {
				facts.value = value; // not started yet: it takes the newest
				return facts.promise;
			}
			const entry: { value: Discovered; promise: Promise<void> } = { value, promise: Promise.resolve() };
			facts = entry;
			entry.promise = lane.run(async () => {
				facts = null;
				await learn(entry.value);
			});
			return entry.promise;
		},
		setObserve(value) {
			const entering = value && !observe;
			observe = value;
			if (!entering || over) return;
			// Whatever an earlier run or mode moved goes back; a change of mind meanwhile wins, its plan comes after us.
			void lane
				.run(async () => {
					if (!observe || over) return;
					plan = null;
					const { changed, problems } = await letGo();
					if (changed.length > 0) log.info("observing from now on, given back", { changed });
					for (const problem of problems) log.error("observing from now on, not given back", { reason: problem });
				})
				.catch((error) => log.error("not given back", { reason: errorText(error) }));
		},
		apply(action) {
			return new Promise((resolve) => {
				if (waiting) {
					const text = `overtaken by ${action.id} before it was begun`;
					for (const done of waiting.done) done(emptyReport("nothing_to_do", false, text));
					waiting = { action: mergeActions(waiting.action, action), done: [resolve] };
					return;
				}
				waiting = { action, done: [resolve] };
				void lane.run(runWaiting);
			});
		},
		reassert(reason) {
			if (over) return Promise.resolve(false);
			// The loop's timer looks at files only; an event is a reason to read the kernel.
			const event = reason !== "timer";
			if (event) mwan3.distrust();
			const moved = event || mwan3.stale(() => mwan3SignsLately(platform, paths.runDir));
			if (moved) keepLooking(reason, FOLLOW_UPS);
			else {
				const everyMs = sourceRules.problems().length > 0 ? TROUBLE_CHECK_MS : SLOW_CHECK_MS;
				if (now() - lastReadMs < everyMs) return Promise.resolve(false);
			}
			checking ??= lane
				.run(() => {
					checking = null;
					return check(reason);
				})
				.catch((error) => log.error("check failed", { reason: errorText(error) }));
			return checking.then(() => true);
		},
		status() {
			const managed = mwan3.families();
			const single = [applyProblem, state.problem()].filter((problem) => problem !== null);
			const parts = [
				mwan3.problems(),
				sourceRules.problems(),
				routes.problems(),
				ownTraffic.problems(),
				releaser.problems(),
				missingChains(discovered, managed),
			];
			return {
				observe,
				methods: methodsOf(discovered, managed),
				policies: mwan3.policies(),
				routes: routes.routes(),
				sourceRules: sourceRules.rules(),
				lastApply,
				repairs,
				lastRepair,
				problems: [...parts.flat(), ...single],
			};
		},
		ways: () => sourceRules.inForce(),
		giveBack() {
			over = true;
			followUp?.close();
			return lane.run(async (): Promise<GiveBackReport> => {
				const parts = [await letGo(), await sourceRules.giveBack()];
				const changed = parts.flatMap((part) => part.changed);
				const problems = parts.flatMap((part) => part.problems);
				if (problems.length > 0) log.error("router not given back completely", { problems });
				else log.info("router given back", { changed });
				return { ok: problems.length === 0, changed, problems };
			});
		},
		close() {
			over = true;
			followUp?.close();
		},
	};
}
