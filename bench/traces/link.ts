/**
 * A recorded track as a link in virtual time. A probe sent at t meets the fate of the last recorded one before it; when
 * that one waited in a blackout, both come out together at its end. Nobody can ask what comes after: an answer is an
 * event at its time of arrival (bench/replay/world.ts), so at t only probes with sent + rtt <= t are known.
 *
 * Also the truth about a track, for the referee only: when it was unusable and when slow.
 */
import type { Link } from "../detectors/link.ts";
import { SLOW_MS, type Track, UNUSABLE_MS } from "./types.ts";

/** A packet that waits so long stood in a silence of that length. */
const STALLED_MS = 1000;

export interface TraceLink extends Link {
	/** Round trip of a packet sent then; null when it is lost. */
	rttAt(atMs: number): number | null;
}

export type Span = readonly [fromMs: number, toMs: number];

/** Index of the last entry <= atMs, -1 before the first. Starts at `from`, for callers that move forward. */
export function indexAt(times: Float64Array, atMs: number, from = 0): number {
	let index = from;
	if (index < 0 || index >= times.length || (times[index] ?? 0) > atMs) index = 0;
	if ((times[index] ?? 0) > atMs) return -1;
	// Mostly the next one or the one after.
	for (let steps = 0; steps < 8; steps++) {
		if ((times[index + 1] ?? Number.POSITIVE_INFINITY) > atMs) return index;
		index++;
	}
	let low = index;
	let high = times.length - 1;
	while (low < high) {
		const middle = (low + high + 1) >> 1;
		if ((times[middle] ?? 0) <= atMs) low = middle;
		else high = middle - 1;
	}
	return low;
}

export function usualRttMs(track: Track): number {
	const heard = Array.from(track.rttMs)
		.filter((rtt) => rtt < UNUSABLE_MS)
		.sort((a, b) => a - b);
	return heard[heard.length >> 1] ?? 50;
}

export function createTraceLink(track: Track): TraceLink {
	const { sentMs, rttMs, holdMs } = track;
	const usual = usualRttMs(track);
	let index = 0;
	const rttAt = (atMs: number): number | null => {
		index = Math.max(0, indexAt(sentMs, atMs, index));
		const sent = sentMs[index] ?? 0;
		const rtt = rttMs[index] ?? Number.NaN;
		const measured = atMs < sent + holdMs;
		if (Number.isNaN(rtt)) return measured ? null : usual;
		if (rtt < UNUSABLE_MS) return measured ? rtt : usual;
		return Math.max(usual, sent + rtt - atMs);
	};
	return {
		rttAt,
		answerAt(_target, atMs) {
			const rtt = rttAt(atMs);
			return rtt === null ? null : atMs + rtt;
		},
	};
}

/** Times in which a packet would not have been answered within UNUSABLE_MS, of at least `leastMs`. */
export function blackouts(track: Track, leastMs: number): Span[] {
	return spans(track, (rtt) => Number.isNaN(rtt) || rtt > UNUSABLE_MS).filter(([from, to]) => to - from >= leastMs);
}

/** Times in which answers took longer than SLOW_MS but came. */
export function slowTimes(track: Track): Span[] {
	return spans(track, (rtt) => rtt > SLOW_MS && rtt <= UNUSABLE_MS);
}

function spans(track: Track, is: (rttMs: number) => boolean): Span[] {
	const { sentMs, rttMs, holdMs } = track;
	const found: [number, number][] = [];
	for (let i = 0; i < sentMs.length; i++) {
		if (!is(rttMs[i] ?? Number.NaN)) continue;
		const from = sentMs[i] ?? 0;
		const to = Math.min(sentMs[i + 1] ?? from + holdMs, from + holdMs);
		const last = found[found.length - 1];
		if (last && from <= last[1] + 1) last[1] = to;
		else found.push([from, to]);
	}
	return found;
}

/**
 * Silences: from the first packet that had to wait `STALLED_MS` or was lost, to the moment at which the first one came
 * through again; those of at least `leastMs`. What the forecast is to foresee.
 */
export function stalls(track: Track, leastMs: number): Span[] {
	const { sentMs, rttMs, holdMs } = track;
	const found: [number, number][] = [];
	for (let i = 0; i < sentMs.length; i++) {
		const rtt = rttMs[i] ?? Number.NaN;
		if (rtt < STALLED_MS) continue;
		const from = sentMs[i] ?? 0;
		const to = Number.isNaN(rtt) ? Math.min(sentMs[i + 1] ?? from + holdMs, from + holdMs) : from + rtt;
		const last = found[found.length - 1];
		if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to);
		else found.push([from, to]);
	}
	return found.filter(([from, to]) => to - from >= leastMs);
}
