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
 * --routers N (default 6).
 */
import { parseArgs } from "node:util";
import type { Bus } from "../daemon/bus/bus.ts";
import { type Autonomyd, hostBus, startAutonomyd } from "../lab/autonomyd.ts";
import { nowMs, type Traffic } from "../lab/net/lab.ts";
import type { Layout } from "../lab/net/plan.ts";
import { startStandIn } from "../lab/router/stand-in.ts";
import type { Step } from "../lab/scenario/format.ts";
import { createWorld, type World } from "../lab/scenario/world.ts";
import type { RouterUnderTest } from "../lab/under-test.ts";

export interface Case {
	readonly name: string;
	/** Null: the operator asks for the other uplink. */
	readonly fault: Step | null;
	/** How long the client is watched at most after the fault, ms. */
	readonly watchMs: number;
	/** Enough once the traffic has left and come through elsewhere for so long. */
	readonly stayMs: number;
	/** Measure when the traffic has left, not the hole. */
	readonly untilLeft: boolean;
}

export const CASES: readonly Case[] = [
	{ name: "blackhole", fault: { do: "blackhole", isp: 1 }, watchMs: 4000, stayMs: 800, untilLeft: false },
	{ name: "carrier", fault: { do: "carrier", isp: 1, up: false }, watchMs: 2000, stayMs: 800, untilLeft: false },
	{ name: "loss30", fault: { do: "loss", isp: 1, pct: 30 }, watchMs: 9000, stayMs: 2000, untilLeft: true },
	{ name: "gateway_only", fault: { do: "gateway_only", isp: 1 }, watchMs: 4000, stayMs: 800, untilLeft: false },
	{ name: "planned", fault: null, watchMs: 1500, stayMs: 800, untilLeft: false },
];

/** Client traffic before the fault. */
const SETTLE_MS = 700;

export interface Run {
	readonly gapMs: number;
	readonly openGapMs: number;
	readonly lost: number;
	readonly switches: number;
	/** The traffic never left the failed uplink. */
	readonly stuck: boolean;
}

export interface Summary {
	readonly runs: number;
	readonly gap_ms: { readonly median: number; readonly p95: number; readonly max: number };
	readonly open_gap_ms: { readonly median: number; readonly p95: number; readonly max: number };
	readonly lost: { readonly median: number; readonly max: number };
	readonly switches: number;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Nearest-rank percentile, one decimal. */
export function percentile(values: readonly number[], pct: number): number {
	const sorted = [...values].sort((a, b) => a - b);
	const at = Math.max(0, Math.ceil((pct / 100) * sorted.length) - 1);
	return Math.round((sorted[at] ?? 0) * 10) / 10;
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

/** A daemon that knows every uplink and carries the traffic by the first. */
export async function freshDaemon(router: RouterUnderTest, bus: Bus): Promise<Autonomyd> {
	await router.run(["rm", "-rf", "/tmp/autonomy"]);
	const daemon = await startAutonomyd(router, bus);
	await daemon.until(
		"every uplink eligible, traffic on the first",
		async () => {
			const { current, rank } = await daemon.status();
			const all = rank.length === router.lab.plan.isps.length && rank.every((one) => one.state === "eligible");
			return all && current === router.lab.plan.isps[0]?.interface;
		},
		45_000,
	);
	return daemon;
}

export type Turn = <T>(work: () => Promise<T>) => Promise<T>;

/** One after the other. */
export function makeTurn(): Turn {
	let last: Promise<unknown> = Promise.resolve();
	return (work) => {
		const result = last.then(work);
		last = result.catch(() => {});
		return result;
	};
}

async function oneRun(router: RouterUnderTest, bus: Bus, world: World, one: Case, turn: Turn): Promise<Run> {
	const daemon = await freshDaemon(router, bus);
	try {
		return await turn(() => measure(router, daemon, world, one));
	} finally {
		await daemon.stop();
		await world.healAll();
		// netifd needs a moment to configure a link whose carrier is back.
		await sleep(one.name === "carrier" ? 1000 : 100);
	}
}

/** Until everything that should leave the first uplink is away from it and stays away. */
async function watch(traffic: Traffic, one: Case, t0: number): Promise<void> {
	let awaySinceMs: number | null = null;
	while (nowMs() < t0 + one.watchMs) {
		await sleep(50);
		const { fresh, open } = await traffic.peek();
		// In a planned switch the open flow stays where it is: it drains.
		const streams = one.fault === null ? [fresh] : [fresh, open];
		const away = streams.every(({ isp, atMs, lostInRow }) => isp !== 1 && (atMs ?? 0) > t0 && lostInRow === 0);
		awaySinceMs = away ? (awaySinceMs ?? nowMs()) : null;
		if (awaySinceMs !== null && nowMs() - awaySinceMs >= one.stayMs) return;
	}
}

export async function measure(router: RouterUnderTest, daemon: Autonomyd, world: World, one: Case): Promise<Run> {
	const traffic = await router.lab.traffic();
	try {
		await sleep(SETTLE_MS);
		const t0 = nowMs();
		if (one.fault) await world.do(one.fault);
		else await daemon.order("failover", { member: router.lab.plan.isps[1]?.interface ?? "", reason: "bench" });
		await watch(traffic, one, t0);
		const report = await traffic.report({ sinceMs: t0 - 200, leaving: 1 });
		const decisions = await daemon.call<{ decisions: { kind: string; from?: string; to?: string }[] }>("decisions", {});
		const switches = decisions.decisions.filter(
			(d) => d.from !== undefined && d.to !== undefined && d.from !== d.to,
		).length;
		if (report.freshLeftMs === null) {
			const { current, text, rank } = await daemon.status();
			const seen = { current, text, rank, decisions: decisions.decisions, ways: report.fresh.ways.slice(-6) };
			console.error(`${one.name}: new flows never left the first uplink: ${JSON.stringify(seen)}`);
		}
		const left = (atMs: number | null): number => (atMs === null ? one.watchMs : Math.max(0, atMs - t0));
		return {
			gapMs: one.untilLeft ? left(report.freshLeftMs) : report.fresh.gapMs,
			openGapMs: one.untilLeft ? left(report.openLeftMs) : report.open.gapMs,
			lost: report.fresh.lost,
			switches,
			stuck: report.freshLeftMs === null,
		};
	} finally {
		await traffic.stop();
	}
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
			json: { type: "boolean" },
		},
		strict: false,
	});
	const runs = Math.max(1, Number(values.runs) || 10);
	const cases = CASES.filter((one) => values.scenario === undefined || one.name === values.scenario);
	if (cases.length === 0) throw new Error(`--scenario must be one of: ${CASES.map((one) => one.name).join(", ")}`);
	console.error(
		`${runs} runs each; ms; new flows | open flow: median, p95, max | packets of new flows lost: median, max; switches`,
	);
	const plan: Plan = { cases, runs, isps: Number(values.isps) || 3, routers: Math.max(1, Number(values.routers) || 6) };
	const wanted = (layout: Layout): boolean => values.layout === undefined || values.layout === layout;
	const scenarios = wanted("mwan3") ? await layoutRuns("mwan3", plan) : {};
	const noMwan3 = wanted("plain") ? await layoutRuns("plain", plan) : {};
	return { scenarios, no_mwan3: noMwan3 };
}
