/**
 * The best anybody could have done who knew the future: least outage, where every switch costs as much as half a second of
 * it, and slow time a twentieth. Dynamic programming over steps of 200 ms. Nobody can reach it; it tells what was to be had.
 */
import type { Played } from "./peers.ts";
import { overlapMs, type Truth, type Turn } from "./score.ts";

const STEP_MS = 200;
const SWITCH_COST_MS = 500;
const SLOW_WEIGHT = 0.05;

export function oracle(truth: Truth, order: readonly number[]): Played {
	const { trace, dark, slow } = truth;
	const steps = Math.ceil(trace.lengthMs / STEP_MS);
	const count = trace.tracks.length;
	const from = Array.from({ length: count }, () => new Int8Array(steps));
	// It begins where everybody begins.
	let cost: number[] = Array.from({ length: count }, (_, u) => (u === order[0] ? 0 : SWITCH_COST_MS));
	for (let step = 0; step < steps; step++) {
		const start = step * STEP_MS;
		let best = 0;
		for (let u = 1; u < count; u++) if ((cost[u] ?? 0) < (cost[best] ?? 0)) best = u;
		cost = cost.map((stayed, u) => {
			const moved = (cost[best] ?? 0) + SWITCH_COST_MS;
			const take = moved < stayed ? best : u;
			(from[u] as Int8Array)[step] = take;
			const here = overlapMs(dark[u] ?? [], start, start + STEP_MS);
			const late = overlapMs(slow[u] ?? [], start, start + STEP_MS) * SLOW_WEIGHT;
			// Ties go to the owner's order, by a hair.
			return Math.min(moved, stayed) + here + late + order.indexOf(u) * 1e-6;
		});
	}
	let at = 0;
	for (let u = 1; u < count; u++) if ((cost[u] ?? 0) < (cost[at] ?? 0)) at = u;
	const turns: Turn[] = [];
	for (let step = steps - 1; step >= 0; step--) {
		const before = from[at]?.[step] ?? at;
		if (before !== at || step === 0) turns.push({ atMs: step * STEP_MS, uplink: at });
		at = before;
	}
	turns.reverse();
	if ((turns[0]?.atMs ?? 0) > 0) turns.unshift({ atMs: 0, uplink: at });
	return { turns, probeBytes: 0 };
}
