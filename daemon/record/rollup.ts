/**
 * Gathers samples into spans of a fixed length and gives back one row (lowest, mean, highest per metric) for each span
 * that had any. Samples come irregularly; the mean is over samples, not over time. The row carries the span's start.
 */
import { METRICS } from "./metrics.ts";

export interface Rollup {
	/** Takes one sample; returns true when the span before it has closed: then `row` and `rowAtMs` hold it. */
	add(atMs: number, values: Float64Array): boolean;
	readonly row: Float64Array;
	readonly rowAtMs: number;
	/** The span still open, as a row; null when nothing is in it. Valid until the next call. */
	open(): { readonly atMs: number; readonly row: Float64Array } | null;
}

export function createRollup(stepMs: number): Rollup {
	const size = METRICS.length;
	const low = new Float64Array(size);
	const high = new Float64Array(size);
	const sum = new Float64Array(size);
	const count = new Float64Array(size);
	const closedRow = new Float64Array(size * 3);
	const openRow = new Float64Array(size * 3);
	let startMs = Number.NaN;
	let closedAtMs = 0;

	function clear(): void {
		low.fill(Number.POSITIVE_INFINITY);
		high.fill(Number.NEGATIVE_INFINITY);
		sum.fill(0);
		count.fill(0);
	}

	function render(into: Float64Array): void {
		for (let metric = 0; metric < size; metric++) {
			const n = count[metric] ?? 0;
			into[metric * 3] = n === 0 ? Number.NaN : (low[metric] ?? Number.NaN);
			into[metric * 3 + 1] = n === 0 ? Number.NaN : (sum[metric] ?? Number.NaN) / n;
			into[metric * 3 + 2] = n === 0 ? Number.NaN : (high[metric] ?? Number.NaN);
		}
	}

	clear();
	return {
		row: closedRow,
		get rowAtMs() {
			return closedAtMs;
		},
		add(atMs, values) {
			const span = Math.floor(atMs / stepMs) * stepMs;
			const closed = !Number.isNaN(startMs) && span > startMs;
			if (closed) {
				render(closedRow);
				closedAtMs = startMs;
				clear();
			}
			startMs = span;
			for (let metric = 0; metric < size; metric++) {
				const value = values[metric] ?? Number.NaN;
				if (Number.isNaN(value)) {
					continue;
				}
				low[metric] = Math.min(low[metric] ?? value, value);
				high[metric] = Math.max(high[metric] ?? value, value);
				sum[metric] = (sum[metric] ?? 0) + value;
				count[metric] = (count[metric] ?? 0) + 1;
			}
			return closed;
		},
		open() {
			if (Number.isNaN(startMs)) {
				return null;
			}
			render(openRow);
			return { atMs: startMs, row: openRow };
		},
	};
}
