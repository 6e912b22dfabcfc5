/** The last values of one kind with their times, at most `size`; oldest first. */
export interface Ring {
	push(atMs: number, value: number): void;
	readonly length: number;
	/** From the newest: 0 is the last one. NaN where there is none. */
	at(back: number): number;
	value(back: number): number;
	clear(): void;
}

export function createRing(size: number): Ring {
	const times = new Float64Array(size);
	const values = new Float64Array(size);
	let next = 0;
	let length = 0;
	const place = (back: number): number => (next - 1 - back + 2 * size) % size;
	return {
		push(atMs, value) {
			times[next] = atMs;
			values[next] = value;
			next = (next + 1) % size;
			if (length < size) length++;
		},
		get length() {
			return length;
		},
		at: (back) => (back < length ? (times[place(back)] ?? Number.NaN) : Number.NaN),
		value: (back) => (back < length ? (values[place(back)] ?? Number.NaN) : Number.NaN),
		clear() {
			length = 0;
		},
	};
}

export interface Line {
	/** Last value seen. */
	readonly last: number;
	/** Per second, least squares; NaN with fewer than three readings or two seconds. */
	readonly slope: number;
	/** Highest value of the window minus the last one. */
	readonly drop: number;
	readonly low: number;
}

const NO_LINE: Line = { last: Number.NaN, slope: Number.NaN, drop: Number.NaN, low: Number.NaN };

/** A straight line through the values of the window; what is older than `validMs` is not known any more. */
export function lineOf(ring: Ring, nowMs: number, windowMs: number, validMs: number): Line {
	if (ring.length === 0 || !(nowMs - ring.at(0) <= validMs)) return NO_LINE;
	const last = ring.value(0);
	const origin = ring.at(0);
	let n = 0;
	let x1 = 0;
	let y1 = 0;
	let xx = 0;
	let xy = 0;
	let high = last;
	let low = last;
	for (let back = 0; back < ring.length && ring.at(back) > nowMs - windowMs; back++) {
		const x = (ring.at(back) - origin) / 1000;
		const y = ring.value(back) - last;
		n++;
		x1 += x;
		y1 += y;
		xx += x * x;
		xy += x * y;
		high = Math.max(high, y + last);
		low = Math.min(low, y + last);
	}
	const spanS = n === 0 ? 0 : (origin - ring.at(n - 1)) / 1000;
	const spread = n * xx - x1 * x1;
	const slope = n < 3 || spanS < 2 || spread <= 0 ? Number.NaN : (n * xy - x1 * y1) / spread;
	return { last, slope, drop: high - last, low };
}
