/** The last values of one kind with their times, at most `size`; who reads all of them at each tick reads the lists. */
export class Ring {
	readonly times: Float64Array;
	readonly values: Float64Array;
	/** Where the newest is, once there is one. */
	newest = -1;
	length = 0;

	constructor(size: number) {
		this.times = new Float64Array(size);
		this.values = new Float64Array(size);
	}

	push(atMs: number, value: number): void {
		const size = this.times.length;
		const next = this.newest + 1 === size ? 0 : this.newest + 1;
		this.times[next] = atMs;
		this.values[next] = value;
		this.newest = next;
		if (this.length < size) this.length++;
	}

	/** From the newest: 0 is the last one. NaN where there is none. */
	at(back: number): number {
		return back < this.length ? (this.times[placeOf(this, back)] as number) : Number.NaN;
	}

	value(back: number): number {
		return back < this.length ? (this.values[placeOf(this, back)] as number) : Number.NaN;
	}

	clear(): void {
		this.length = 0;
	}
}

function placeOf({ newest, times }: Ring, back: number): number {
	return newest < back ? newest - back + times.length : newest - back;
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

export const NO_LINE: Line = { last: Number.NaN, slope: Number.NaN, drop: Number.NaN, low: Number.NaN };

/** A straight line through the values of the window; what is older than `validMs` is not known any more. */
export function lineOf(ring: Ring, nowMs: number, windowMs: number, validMs: number): Line {
	if (ring.length === 0 || !(nowMs - ring.at(0) <= validMs)) return NO_LINE;
	const { times, values } = ring;
	let place = ring.newest;
	const last = values[place] as number;
	const origin = times[place] as number;
	const fromMs = nowMs - windowMs;
	let oldest = origin;
	let n = 0;
	let x1 = 0;
	let y1 = 0;
	let xx = 0;
	let xy = 0;
	let high = last;
	let low = last;
	for (let left = ring.length; left > 0; left--) {
		const atMs = times[place] as number;
		if (!(atMs > fromMs)) break;
		oldest = atMs;
		const x = (atMs - origin) / 1000;
		const y = (values[place] as number) - last;
		n++;
		x1 += x;
		y1 += y;
		xx += x * x;
		xy += x * y;
		high = Math.max(high, y + last);
		low = Math.min(low, y + last);
		place = place === 0 ? times.length - 1 : place - 1;
	}
	const spanS = (origin - oldest) / 1000;
	const spread = n * xx - x1 * x1;
	const slope = n < 3 || spanS < 2 || spread <= 0 ? Number.NaN : (n * xy - x1 * y1) / spread;
	return { last, slope, drop: high - last, low };
}
