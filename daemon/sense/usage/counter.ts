/**
 * From interface counters to bytes that passed. A counter that went backwards was reset (the device was made anew, the
 * router restarted) and counts from 0, or it has 32 bits and wrapped: only when it was near its end, the device is still the
 * same one, and the difference could have passed in the time. Pure.
 */
export interface Reading {
	readonly rxBytes: number;
	readonly txBytes: number;
	/** Tells a device from one of the same name made later; null where sysfs has none. */
	readonly ifindex: number | null;
	readonly atMs: number;
}

const WRAP = 2 ** 32;
/** Only so near the end a step back may be a wrap. */
const NEAR_END = 0.75 * WRAP;
/** 1 Gbit/s: a link that is faster has 64-bit counters. */
const MOST_BYTES_PER_MS = 125_000;

export function passed(from: Reading, to: Reading): { readonly rxBytes: number; readonly txBytes: number } {
	const anew = from.ifindex !== null && to.ifindex !== null && from.ifindex !== to.ifindex;
	const elapsedMs = Math.max(0, to.atMs - from.atMs);
	const one = (before: number, now: number): number => {
		if (anew) return now;
		if (now >= before) return now - before;
		const wrapped = WRAP - before + now;
		const may = before >= NEAR_END && before < WRAP && wrapped <= elapsedMs * MOST_BYTES_PER_MS;
		return may ? wrapped : now;
	};
	return { rxBytes: one(from.rxBytes, to.rxBytes), txBytes: one(from.txBytes, to.txBytes) };
}
