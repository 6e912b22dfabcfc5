/**
 * Probe results gathered in slices of time, per address family. Lists in a Health are immutable: results go into a
 * copy, so the engine's old state stays what it was. Two widths: slots of 250 ms for the short window and buckets of 5 s for the last
 * minute. A slot counts for at most SLOT_WEIGHT probes, otherwise a burst of quick probes during a 300 ms hiccup would
 * outvote the quiet seconds around it.
 */

export const SLOT_MS = 250;
export const SLOT_WEIGHT = 3;
export const SLOTS_MAX = 60;
export const BUCKET_MS = 5_000;
export const BUCKETS_MAX = 13;

/** Results of the probes that ended within one slice of time. */
export interface Slice {
	/** Start, monotonic ms, a multiple of the width. */
	readonly atMs: number;
	readonly sent: number;
	readonly lost: number;
	readonly rttSumMs: number;
}

/**
 * Puts one result into a list that is the caller's own: into the newest slice or a new one; the oldest fall off beyond `max`.
 * Late results join the newest. The slices themselves are replaced, never written into.
 */
export function putResult(slices: Slice[], atMs: number, rttMs: number | null, widthMs: number, max: number): void {
	const start = Math.floor(atMs / widthMs) * widthMs;
	const last = slices[slices.length - 1];
	const lost = rttMs === null ? 1 : 0;
	const rtt = rttMs ?? 0;
	if (last !== undefined && last.atMs >= start) {
		slices[slices.length - 1] = {
			atMs: last.atMs,
			sent: last.sent + 1,
			lost: last.lost + lost,
			rttSumMs: last.rttSumMs + rtt,
		};
		return;
	}
	if (slices.length >= max) slices.splice(0, slices.length - max + 1);
	slices.push({ atMs: start, sent: 1, lost, rttSumMs: rtt });
}

/** Sums over a span of time, slots weighted. */
export interface Tally {
	/** Effective number of probes (weighted). */
	probes: number;
	/** Of which lost. */
	lost: number;
	/** Mean rtt of each slice that had a reply, for the median. */
	rttsMs: number[];
	replies: number;
	/** One bit for each second of the span (up to 31) that saw loss; time of the first and the last slice with loss. */
	lossSeconds: number;
	firstLossMs: number | null;
	lastLossMs: number | null;
}

export function emptyTally(): Tally {
	return { probes: 0, lost: 0, rttsMs: [], replies: 0, lossSeconds: 0, firstLossMs: null, lastLossMs: null };
}

/** Adds the slices that began after `fromMs` to `tally`. Sums are kept aside on the way: this runs thousands of times a minute. */
export function addTally(tally: Tally, slices: readonly Slice[], fromMs: number, weightMax: number): void {
	let { probes, lost, replies } = tally;
	const { rttsMs } = tally;
	for (let i = slices.length - 1; i >= 0; i--) {
		const slice = slices[i];
		if (slice === undefined || slice.atMs <= fromMs) break;
		const { sent } = slice;
		if (slice.lost === 0) {
			probes += sent > weightMax ? sent * (weightMax / sent) : sent;
			rttsMs.push(slice.rttSumMs / sent);
			replies += sent;
			continue;
		}
		const weight = sent > weightMax ? weightMax / sent : 1;
		probes += sent * weight;
		lost += slice.lost * weight;
		const answered = sent - slice.lost;
		if (answered > 0) rttsMs.push(slice.rttSumMs / answered);
		replies += answered;
		tally.firstLossMs = Math.min(tally.firstLossMs ?? slice.atMs, slice.atMs);
		tally.lastLossMs = Math.max(tally.lastLossMs ?? slice.atMs, slice.atMs);
		tally.lossSeconds |= 1 << Math.min(30, Math.floor((slice.atMs - fromMs) / 1000));
	}
	tally.probes = probes;
	tally.lost = lost;
	tally.replies = replies;
}

export function countBits(mask: number): number {
	let n = 0;
	for (let rest = mask; rest !== 0; rest &= rest - 1) n++;
	return n;
}
