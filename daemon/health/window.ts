/**
 * Probe results gathered in slices of time, per address family. Lists in a Health are immutable: results go into a
 * copy, so the engine's old state stays what it was. A list holds numbers alone, SLICE of them for each slice, oldest first: a copy
 * touches no object, and on QuickJS it takes a third of the memory. Two widths: slots of 250 ms for the short window and buckets
 * of 5 s for the last minute. A slot counts for at most SLOT_WEIGHT probes, otherwise a burst of quick probes during a 300 ms hiccup would
 * outvote the quiet seconds around it.
 */

export const SLOT_MS = 250;
export const SLOT_WEIGHT = 3;
export const SLOTS_MAX = 60;
export const BUCKET_MS = 5_000;
export const BUCKETS_MAX = 13;

/**
 * Results of the probes that ended within one slice of time: its start (monotonic ms, a multiple of the width), how many, how many
 * of them lost, the sum of the round trips of the others (ms).
 */
export const SLICE = 4;
const SENT = 1;
const LOST = 2;
const RTT_SUM = 3;

/**
 * Puts one result into a list that is the caller's own: into the newest slice or a new one; the oldest fall off beyond `max`.
 * Late results join the newest.
 */
export function putResult(slices: number[], atMs: number, rttMs: number | null, widthMs: number, max: number): void {
	const start = Math.floor(atMs / widthMs) * widthMs;
	const last = slices.length - SLICE;
	const lost = rttMs === null ? 1 : 0;
	const rtt = rttMs ?? 0;
	if (last >= 0 && (slices[last] as number) >= start) {
		slices[last + SENT] = (slices[last + SENT] as number) + 1;
		slices[last + LOST] = (slices[last + LOST] as number) + lost;
		slices[last + RTT_SUM] = (slices[last + RTT_SUM] as number) + rtt;
		return;
	}
	const most = max * SLICE;
	if (slices.length >= most) slices.splice(0, slices.length - most + SLICE);
	slices.push(start, 1, lost, rtt);
}

/** Sums from now back to some start: effective number of probes (weighted), and of which lost. */
export interface Sum {
	probes: number;
	lost: number;
}

/** Adds the slots from place `at` backwards that began after `fromMs`; the place where the next, earlier start goes on. */
export function addSlots(sum: Sum, slots: readonly number[], at: number, fromMs: number): number {
	let { probes, lost } = sum;
	let back = at;
	for (; back >= 0; back -= SLICE) {
		if ((slots[back] as number) <= fromMs) break;
		const sent = slots[back + SENT] as number;
		if (sent > SLOT_WEIGHT) {
			const weight = SLOT_WEIGHT / sent;
			probes += sent * weight;
			lost += (slots[back + LOST] as number) * weight;
		} else {
			probes += sent;
			lost += slots[back + LOST] as number;
		}
	}
	sum.probes = probes;
	sum.lost = lost;
	return back;
}

/** Sums over slices, each counting for all its probes, and the mean rtt of each that had a reply. */
export interface Means {
	sent: number;
	lost: number;
	/** How many means there are. */
	n: number;
	/** For one caller at a time, and never kept. */
	readonly all: Float64Array;
}

let means = new Float64Array(2 * SLOTS_MAX);

/** Place for the means of all these slices. */
export function roomFor(lists: readonly (readonly number[])[]): Means {
	let most = 0;
	for (let i = 0; i < lists.length; i++) most += (lists[i] as readonly number[]).length / SLICE;
	if (most > means.length) means = new Float64Array(most);
	return { sent: 0, lost: 0, n: 0, all: means };
}

/** Adds the slices that began after `fromMs`. */
export function addMeans(into: Means, slices: readonly number[], fromMs: number): void {
	const { all } = into;
	let { sent, lost, n } = into;
	for (let back = slices.length - SLICE; back >= 0; back -= SLICE) {
		if ((slices[back] as number) <= fromMs) break;
		const asked = slices[back + SENT] as number;
		const gone = slices[back + LOST] as number;
		sent += asked;
		lost += gone;
		if (asked > gone) all[n++] = (slices[back + RTT_SUM] as number) / (asked - gone);
	}
	into.sent = sent;
	into.lost = lost;
	into.n = n;
}

/** What severe loss is told by, slots weighted. */
export interface Tally {
	probes: number;
	lost: number;
	/** One bit for each second of the span (up to 31) that saw loss; time of the first and the last slot with loss. */
	lossSeconds: number;
	firstLossMs: number | null;
	lastLossMs: number | null;
}

export function emptyTally(): Tally {
	return { probes: 0, lost: 0, lossSeconds: 0, firstLossMs: null, lastLossMs: null };
}

/** Adds the slots that began after `fromMs` to `tally`. */
export function addTally(tally: Tally, slots: readonly number[], fromMs: number): void {
	for (let back = slots.length - SLICE; back >= 0; back -= SLICE) {
		const atMs = slots[back] as number;
		if (atMs <= fromMs) break;
		const sent = slots[back + SENT] as number;
		const lost = slots[back + LOST] as number;
		const weight = sent > SLOT_WEIGHT ? SLOT_WEIGHT / sent : 1;
		tally.probes += sent * weight;
		if (lost === 0) continue;
		tally.lost += lost * weight;
		tally.firstLossMs = Math.min(tally.firstLossMs ?? atMs, atMs);
		tally.lastLossMs = Math.max(tally.lastLossMs ?? atMs, atMs);
		tally.lossSeconds |= 1 << Math.min(30, Math.floor((atMs - fromMs) / 1000));
	}
}

export function countBits(mask: number): number {
	let n = 0;
	for (let rest = mask; rest !== 0; rest &= rest - 1) n++;
	return n;
}
