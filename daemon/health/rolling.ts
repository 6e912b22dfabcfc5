/**
 * The score over time. `ewma` follows the instant score with a time constant, `window` is the mean over the history
 * window, final = 0.30 instant + 0.50 ewma + 0.20 window. Samples come irregularly (bursts of probes, one a minute on a
 * metered standby), so both weigh by time and never by the number of samples.
 */
import { round1 } from "./stats.ts";

/** The traditional alpha of 0.2 at a tick of 1.5 s: tau = -1.5 s / ln(1 - 0.2). */
export const EWMA_TAU_MS = 6_722;
const SLICES = 30;

export interface HistorySlice {
	readonly atMs: number;
	readonly sum: number;
	readonly n: number;
}

export interface Rolling {
	readonly instant: number | null;
	readonly ewma: number | null;
	readonly ewmaAtMs: number | null;
	readonly history: readonly HistorySlice[];
}

export function emptyRolling(): Rolling {
	return { instant: null, ewma: null, ewmaAtMs: null, history: [] };
}

/** Takes in the instant score valid at `atMs`. */
export function roll(r: Rolling, instant: number, atMs: number, windowMs: number): Rolling {
	const dt = r.ewmaAtMs === null ? 0 : Math.max(0, atMs - r.ewmaAtMs);
	const ewma = r.ewma === null ? instant : r.ewma + (1 - Math.exp(-dt / EWMA_TAU_MS)) * (instant - r.ewma);
	return {
		instant,
		ewma,
		ewmaAtMs: Math.max(r.ewmaAtMs ?? atMs, atMs),
		history: addHistory(r.history, instant, atMs, windowMs),
	};
}

function addHistory(history: readonly HistorySlice[], value: number, atMs: number, windowMs: number) {
	const width = Math.max(1_000, windowMs / SLICES);
	const start = Math.floor(atMs / width) * width;
	const last = history[history.length - 1];
	if (last !== undefined && last.atMs >= start) {
		const next = history.slice();
		next[next.length - 1] = { atMs: last.atMs, sum: last.sum + value, n: last.n + 1 };
		return next;
	}
	const oldest = atMs - windowMs;
	const next = history.filter((slice) => slice.atMs > oldest).slice(-(SLICES - 1));
	next.push({ atMs: start, sum: value, n: 1 });
	return next;
}

/** Mean of the slices younger than the window, each counting once; null when there is none. */
export function windowMean(r: Rolling, atMs: number, windowMs: number): number | null {
	let sum = 0;
	let n = 0;
	for (const slice of r.history) {
		if (slice.atMs <= atMs - windowMs - windowMs / SLICES) continue;
		sum += slice.sum / slice.n;
		n++;
	}
	return n === 0 ? null : sum / n;
}

/** final of the formula above, 0-100 with one decimal. */
export function finalScore(instant: number, ewma: number, window: number): number {
	return round1(0.3 * instant + 0.5 * ewma + 0.2 * window);
}
