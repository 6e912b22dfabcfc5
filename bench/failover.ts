/**
 * How long a LAN client is cut off when its uplink fails: the real daemon with its default configuration on a virtual
 * router with real packets, a client that sends every 10 ms (new flows, and one that stays open), each scenario several
 * times, with mwan3's layout and without. Every run has a daemon of its own, so none profits from the one before. By
 * default an uplink must be up for 20 s before it counts; to make use of that time several routers warm up side by side,
 * but only one is measured at a time.
 *
 * gap_ms: the longest hole in the new flows; open_gap_ms: the same for the open flow. For loss30, where packets trickle
 * through all the time, both are the time from the start of the loss until the traffic has left the bad uplink for good.
 * The client is watched until all that should leave has left and stayed away for a while, or the time of the case is up.
 *
 * Options: --runs N (default 10), --scenario NAME, --layout mwan3|plain, --isps N (default 3),
 * --routers N (default 6). --engine quickjs: that many pairs of QuickJS and Node instead, for --scenario (default
 * blackhole) with mwan3 or --layout, and what the ratio of the two proves; --runtime system: with this machine's programs.
 */
import { parseArgs } from "node:util";
import { hostBus } from "../lab/autonomyd.ts";
import type { Layout } from "../lab/net/plan.ts";
import { startStandIn } from "../lab/router/stand-in.ts";
import { createWorld } from "../lab/scenario/world.ts";
import type { RouterUnderTest } from "../lab/under-test.ts";
import { comparedEngines, enginesInWords } from "./failover/engines.ts";
import { CASES, type Case, makeTurn, oneRun, percentile, type Run } from "./failover/measure.ts";
import { chosenRuntime } from "./footprint/programs.ts";

export interface Summary {
	readonly runs: number;
	readonly gap_ms: { readonly median: number; readonly p95: number; readonly max: number };
	readonly open_gap_ms: { readonly median: number; readonly p95: number; readonly max: number };
	readonly lost: { readonly median: number; readonly max: number };
	readonly switches: number;
}

function spread(values: readonly number[]): { median: number; p95: number; max: number } {
	return { median: percentile(values, 50), p95: percentile(values, 95), max: percentile(values, 100) };
}

function summarize(runs: readonly Run[]): Summary {
	const lost = runs.map((run) => run.lost);
	return {
		runs: runs.length,
		gap_ms: spread(runs.map((run) => run.gapMs)),
		open_gap_ms: spread(runs.map((run) => run.openGapMs)),
		lost: { median: percentile(lost, 50), max: percentile(lost, 100) },
		switches: runs.reduce((sum, run) => sum + run.switches, 0),
	};
}

function row(layout: string, name: string, s: Summary, stuck: number): void {
	const three = (v: { median: number; p95: number; max: number }): string =>
		`${String(v.median).padStart(8)} ${String(v.p95).padStart(8)} ${String(v.max).padStart(8)}`;
	const end = `${String(s.lost.median).padStart(6)} ${String(s.lost.max).padStart(5)} ${String(s.switches).padStart(8)}`;
	console.error(
		`${layout.padEnd(6)} ${name.padEnd(13)} ${three(s.gap_ms)} | ${three(s.open_gap_ms)} | ${end}${stuck > 0 ? `  ${stuck} never left` : ""}`,
	);
}

export interface Plan {
	readonly cases: readonly Case[];
	readonly runs: number;
	readonly isps: number;
	readonly routers: number;
	/** The router's /etc/config/autonomy; default: none. */
	readonly autonomy?: string;
	/** Before the first daemon starts there. */
	readonly prepare?: (router: RouterUnderTest) => Promise<void>;
}

export async function layoutRuns(layout: Layout, plan: Plan): Promise<Record<string, Summary>> {
	const waiting = plan.cases.flatMap((one) => Array.from({ length: plan.runs }, () => one));
	const done = new Map<string, Run[]>(plan.cases.map((one) => [one.name, []]));
	const turn = makeTurn();
	async function worker(): Promise<void> {
		const { autonomy } = plan;
		const router = await startStandIn({
			layout,
			isps: plan.isps,
			...(autonomy === undefined ? {} : { config: { autonomy } }),
		});
		await plan.prepare?.(router);
		const bus = hostBus(router);
		const world = createWorld(router);
		try {
			for (let one = waiting.shift(); one; one = waiting.shift()) {
				const list = done.get(one.name) ?? [];
				list.push(await oneRun(router, bus, world, one, turn));
				if (list.length < plan.runs) continue;
				row(layout, one.name, summarize(list), list.filter((done) => done.stuck).length);
			}
		} finally {
			bus.close();
			await router.close();
		}
	}
	await Promise.all(Array.from({ length: Math.min(plan.routers, waiting.length) }, worker));
	return Object.fromEntries([...done].map(([name, list]) => [name, summarize(list)]));
}

export async function run(args: string[]): Promise<object> {
	const { values } = parseArgs({
		args,
		options: {
			runs: { type: "string", default: "10" },
			scenario: { type: "string" },
			layout: { type: "string" },
			isps: { type: "string", default: "3" },
			routers: { type: "string", default: "6" },
			engine: { type: "string" },
			runtime: { type: "string" },
			json: { type: "boolean" },
		},
		strict: false,
	});
	const runs = Math.max(1, Number(values.runs) || 10);
	const cases = CASES.filter((one) => values.scenario === undefined || one.name === values.scenario);
	const [first] = cases;
	if (first === undefined) throw new Error(`--scenario must be one of: ${CASES.map((one) => one.name).join(", ")}`);
	if (values.engine === "quickjs") {
		const runtime = chosenRuntime(typeof values.runtime === "string" ? values.runtime : undefined);
		const layout: Layout = values.layout === "plain" ? "plain" : "mwan3";
		const options = { pairs: runs, routers: 2, isps: Number(values.isps) || 3, layout, scenario: first, runtime };
		const compared = await comparedEngines(options);
		for (const line of enginesInWords(first.name, compared)) console.error(line);
		return { scenario: first.name, layout, runtime, quickjs_to_node: compared };
	}
	console.error(
		`${runs} runs each; ms; new flows | open flow: median, p95, max | packets of new flows lost: median, max; switches`,
	);
	const plan: Plan = { cases, runs, isps: Number(values.isps) || 3, routers: Math.max(1, Number(values.routers) || 6) };
	const wanted = (layout: Layout): boolean => values.layout === undefined || values.layout === layout;
	const scenarios = wanted("mwan3") ? await layoutRuns("mwan3", plan) : {};
	const noMwan3 = wanted("plain") ? await layoutRuns("plain", plan) : {};
	return { scenarios, no_mwan3: noMwan3 };
}
