/**
 * The score over time. `ewma` follows the instant score with a time constant, `window` is the mean over the history
 * window, final = 0.30 instant + 0.50 ewma + 0.20 window. Samples come irregularly (bursts of probes, one a minute on a
 * metered standby), so both weigh by time and never by the number of samples.
 */
import { copyOf, round1 } from "./stats.ts";

/** The traditional alpha of 0.2 at a tick of 1.5 s: tau = -1.5 s / ln(1 - 0.2). */
export const EWMA_TAU_MS = 6_722;
const SLICES = 30;

/** Three numbers for each slice: its start (ms), the sum of the scores in it, how many. */
const SLICE = 3;

export interface Rolling {
	readonly instant: number | null;
	readonly ewma: number | null;
	readonly ewmaAtMs: number | null;
	/** By slices, oldest first (SLICE). */
	readonly history: readonly number[];
	/** Sum of the means of all slices but the newest, which change no more. */
	readonly older: number;
}

export function emptyRolling(): Rolling {
	return { instant: null, ewma: null, ewmaAtMs: null, history: [], older: 0 };
}

/** Takes in the instant score valid at `atMs`. */
export function roll(r: Rolling, instant: number, atMs: number, windowMs: number): Rolling {
	const dt = r.ewmaAtMs === null ? 0 : Math.max(0, atMs - r.ewmaAtMs);
	const ewma = r.ewma === null ? instant : r.ewma + (1 - Math.exp(-dt / EWMA_TAU_MS)) * (instant - r.ewma);
	const history = addHistory(r.history, instant, atMs, windowMs);
	const older = history.length === r.history.length && history[0] === r.history[0] ? r.older : sumOfOlder(history);
	return { instant, ewma, ewmaAtMs: Math.max(r.ewmaAtMs ?? atMs, atMs), history, older };
}

function addHistory(history: readonly number[], value: number, atMs: number, windowMs: number): number[] {
	const width = Math.max(1_000, windowMs / SLICES);
	const start = Math.floor(atMs / width) * width;
	const last = history.length - SLICE;
	if (last >= 0 && (history[last] as number) >= start) {
		const next = copyOf(history);
		next[last + 1] = (next[last + 1] as number) + value;
		next[last + 2] = (next[last + 2] as number) + 1;
		return next;
	}
	const oldest = atMs - windowMs;
	let from = Math.max(0, history.length - (SLICES - 1) * SLICE);
	while (from < history.length && (history[from] as number) <= oldest) from += SLICE;
	const next = history.toSpliced(0, from);
	next.push(start, value, 1);
	return next;
}

function sumOfOlder(history: readonly number[]): number {
	let sum = 0;
	for (let at = 0; at < history.length - SLICE; at += SLICE) {
		sum += (history[at + 1] as number) / (history[at + 2] as number);
	}
	return sum;
}

/** Mean of the slices younger than the window, each counting once; null when there is none. */
export function windowMean({ history, older }: Rolling, atMs: number, windowMs: number): number | null {
	const fromMs = atMs - windowMs - windowMs / SLICES;
	const last = history.length - SLICE;
	if (last >= 0 && (history[0] as number) > fromMs) {
		return (older + (history[last + 1] as number) / (history[last + 2] as number)) / (history.length / SLICE);
	}
	let sum = 0;
	let n = 0;
	for (let at = 0; at < history.length; at += SLICE) {
		if ((history[at] as number) <= fromMs) continue;
		sum += (history[at + 1] as number) / (history[at + 2] as number);
		n++;
	}
	return n === 0 ? null : sum / n;
}

/** final of the formula above, 0-100 with one decimal. */
export function finalScore(instant: number, ewma: number, window: number): number {
	return round1(0.3 * instant + 0.5 * ewma + 0.2 * window);
}
