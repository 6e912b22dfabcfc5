/** Plays a scenario: each step at its time, a LAN client sending all the while, the expectations checked at theirs. */
import { nowMs, type Traffic, type TrafficReport } from "../net/lab.ts";
import type { RouterUnderTest } from "../under-test.ts";
import type { Scenario, TimedStep } from "./format.ts";
import { createWorld, type WorldOptions } from "./world.ts";

export interface Played {
	readonly report: TrafficReport;
	readonly steps: readonly { readonly step: TimedStep; readonly atMs: number; readonly skipped: string | null }[];
	/** Expectations that were not met, in words. */
	readonly failures: readonly string[];
}

export interface PlayOptions extends WorldOptions {
	/** How much slower this machine may be than one that does nothing else; default 1. */
	readonly patience?: number;
	onStep?(step: TimedStep, skipped: string | null): void;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));

/** A way that is not yet taken is waited for so long, per unit of patience beyond the first. */
const LATE_MS = 30_000;

async function wayOf(traffic: Traffic): Promise<number | null> {
	const { fresh } = await traffic.peek();
	return fresh.lostInRow > 20 ? null : fresh.isp;
}

async function check(
	traffic: Traffic,
	via: number | null | undefined,
	gapMsMax: number | undefined,
	patience: number,
): Promise<string[]> {
	const failures: string[] = [];
	if (via !== undefined) {
		const untilMs = nowMs() + LATE_MS * (patience - 1);
		let now = await wayOf(traffic);
		while (now !== via && nowMs() < untilMs) {
			await sleep(100);
			now = await wayOf(traffic);
		}
		if (now !== via)
			failures.push(`new flows use ${now === null ? "nobody" : `ISP ${now}`}, expected ${via ?? "nobody"}`);
	}
	if (gapMsMax !== undefined) {
		const { fresh } = await traffic.report();
		const most = gapMsMax * patience;
		if (fresh.gapMs > most) failures.push(`longest gap ${fresh.gapMs} ms, at most ${most} expected`);
	}
	return failures;
}

export async function play(router: RouterUnderTest, scenario: Scenario, options: PlayOptions = {}): Promise<Played> {
	const world = createWorld(router, options);
	const traffic = await router.lab.traffic();
	const began = nowMs();
	const steps: Played["steps"][number][] = [];
	const failures: string[] = [];
	const agenda = [
		...scenario.steps.map((step) => ({ at: step.at_s, step, expect: null })),
		...scenario.expect.map((expect) => ({ at: expect.at_s, step: null, expect })),
	].sort((a, b) => a.at - b.at);
	try {
		for (const entry of agenda) {
			await sleep(began + entry.at * 1000 - nowMs());
			if (entry.step) {
				const done = await world.do(entry.step);
				steps.push({ step: entry.step, ...done });
				options.onStep?.(entry.step, done.skipped);
			} else if (entry.expect) {
				const { via, gap_ms_max } = entry.expect;
				for (const text of await check(traffic, via, gap_ms_max, options.patience ?? 1))
					failures.push(`at ${entry.at} s: ${text}`);
			}
		}
		await sleep(began + scenario.length_s * 1000 - nowMs());
		return { report: await traffic.report(), steps, failures };
	} finally {
		await traffic.stop();
		await world.healAll();
	}
}
