/**
 * One failover: a daemon that has been up long enough for all uplinks to count, a client that sends every 10 ms, a fault,
 * and how long the client was cut off.
 */
import type { Bus } from "../../daemon/bus/bus.ts";
import { type Autonomyd, type DaemonOptions, startAutonomyd } from "../../lab/autonomyd.ts";
import { nowMs, type Traffic } from "../../lab/net/lab.ts";
import type { Step } from "../../lab/scenario/format.ts";
import type { World } from "../../lab/scenario/world.ts";
import type { RouterUnderTest } from "../../lab/under-test.ts";

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
/** And up to so much more: else the fault comes at a set time after the daemon's start, and so at a set time between two probes. */
const ANY_TIME_MS = 1000;

export interface Run {
	readonly gapMs: number;
	readonly openGapMs: number;
	readonly lost: number;
	readonly switches: number;
	/** The traffic never left the failed uplink. */
	readonly stuck: boolean;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Nearest-rank percentile, one decimal. */
export function percentile(values: readonly number[], pct: number): number {
	const sorted = [...values].sort((a, b) => a - b);
	const at = Math.max(0, Math.ceil((pct / 100) * sorted.length) - 1);
	return Math.round((sorted[at] ?? 0) * 10) / 10;
}

/** A daemon that knows every uplink and carries the traffic by the first. */
export async function freshDaemon(router: RouterUnderTest, bus: Bus, options: DaemonOptions = {}): Promise<Autonomyd> {
	await router.run(["rm", "-rf", "/tmp/autonomy"]);
	const daemon = await startAutonomyd(router, bus, options);
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

export async function oneRun(router: RouterUnderTest, bus: Bus, world: World, one: Case, turn: Turn): Promise<Run> {
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
		await sleep(SETTLE_MS + Math.random() * ANY_TIME_MS);
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
