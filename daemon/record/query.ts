/**
 * Questions to the sample store. A range is answered from the finest resolution that reaches back to its start, cut into
 * so many spans of equal length; spans without a sample are left out. Cost is bounded by the rows of one resolution.
 */
import { type Block, newestOf, numberAt } from "./block.ts";
import { METRICS, type Metric } from "./metrics.ts";
import { oldestRow, type Series, type TierRows } from "./store.ts";

export interface Spread {
	readonly min: number;
	/** Mean over the rows of the span. */
	readonly mean: number;
	readonly max: number;
}

export interface Point {
	/** Start of the span. */
	readonly atMs: number;
	/** Rows that went into it (raw samples, or rows of the coarser resolution). */
	readonly rows: number;
	readonly values: Readonly<Partial<Record<Metric, Spread>>>;
}

export interface QueryResult {
	readonly fromMs: number;
	readonly toMs: number;
	readonly stepMs: number;
	readonly resolution: "raw" | "10s" | "60s";
	readonly points: readonly Point[];
}

export const MAX_POINTS = 1_000;

/** `points` 1-1000 spans between `fromMs` (included) and `toMs` (excluded). */
export function querySeries(series: Series, fromMs: number, toMs: number, points: number): QueryResult {
	const wanted = Math.max(1, Math.min(MAX_POINTS, Math.floor(points)));
	const stepMs = Math.max(1, (toMs - fromMs) / wanted);
	const rows = pickTier(series, fromMs);
	const spans = new Map<number, Gather>();
	const gatherAt = (atMs: number): Gather => {
		const index = Math.min(wanted - 1, Math.floor((atMs - fromMs) / stepMs));
		const known = spans.get(index);
		const gather = known ?? newGather();
		if (known === undefined) {
			spans.set(index, gather);
		}
		return gather;
	};
	for (const block of rows.blocks) {
		if (newestOf(block) >= fromMs) {
			takeBlock(block, fromMs, toMs, gatherAt);
		}
	}
	const open = rows.rollup?.open() ?? null;
	if (open !== null && open.atMs >= fromMs && open.atMs < toMs) {
		takeRow(gatherAt(open.atMs), (metric, part) => open.row[metric * 3 + part] ?? Number.NaN, 3);
	}
	return {
		fromMs,
		toMs,
		stepMs,
		resolution: rows.tier.name,
		points: [...spans]
			.sort(([a], [b]) => a - b)
			.map(([index, gather]) => ({ atMs: fromMs + index * stepMs, rows: gather.rows, values: spreads(gather) })),
	};
}

/** The latest `limit` raw rows since `fromMs`, oldest first. */
export function latestSamples(
	series: Series,
	fromMs: number,
	limit: number,
): readonly { readonly atMs: number; readonly values: Readonly<Partial<Record<Metric, number>>> }[] {
	const rows = series.tiers[0];
	const found: { atMs: number; values: Partial<Record<Metric, number>> }[] = [];
	if (rows === undefined) {
		return found;
	}
	for (let b = rows.blocks.length - 1; b >= 0 && found.length < limit; b--) {
		const block = rows.blocks[b];
		for (let r = (block?.rows ?? 0) - 1; block !== undefined && r >= 0 && found.length < limit; r--) {
			const atMs = block.times[r] ?? 0;
			if (atMs < fromMs) {
				return found.reverse();
			}
			const values: Partial<Record<Metric, number>> = {};
			for (const [metric, name] of METRICS.entries()) {
				const value = numberAt(block, r, metric, 0);
				if (!Number.isNaN(value)) {
					values[name] = value;
				}
			}
			found.push({ atMs, values });
		}
	}
	return found.reverse();
}

interface Gather {
	rows: number;
	readonly low: Float64Array;
	readonly sum: Float64Array;
	readonly high: Float64Array;
	readonly count: Float64Array;
}

function newGather(): Gather {
	const size = METRICS.length;
	return {
		rows: 0,
		low: new Float64Array(size).fill(Number.POSITIVE_INFINITY),
		sum: new Float64Array(size),
		high: new Float64Array(size).fill(Number.NEGATIVE_INFINITY),
		count: new Float64Array(size),
	};
}

function takeBlock(block: Block, fromMs: number, toMs: number, gatherAt: (atMs: number) => Gather): void {
	for (let r = 0; r < block.rows; r++) {
		const atMs = block.times[r] ?? 0;
		if (atMs >= fromMs && atMs < toMs) {
			takeRow(gatherAt(atMs), (metric, part) => numberAt(block, r, metric, part), block.width);
		}
	}
}

function takeRow(gather: Gather, numberOf: (metric: number, part: number) => number, width: 1 | 3): void {
	gather.rows++;
	for (let metric = 0; metric < METRICS.length; metric++) {
		const low = numberOf(metric, 0);
		if (Number.isNaN(low)) {
			continue;
		}
		const mean = width === 3 ? numberOf(metric, 1) : low;
		const high = width === 3 ? numberOf(metric, 2) : low;
		gather.low[metric] = Math.min(gather.low[metric] ?? low, low);
		gather.high[metric] = Math.max(gather.high[metric] ?? high, high);
		gather.sum[metric] = (gather.sum[metric] ?? 0) + mean;
		gather.count[metric] = (gather.count[metric] ?? 0) + 1;
	}
}

function spreads(gather: Gather): Partial<Record<Metric, Spread>> {
	const values: Partial<Record<Metric, Spread>> = {};
	for (const [metric, name] of METRICS.entries()) {
		const count = gather.count[metric] ?? 0;
		if (count > 0) {
			values[name] = {
				min: gather.low[metric] ?? 0,
				mean: (gather.sum[metric] ?? 0) / count,
				max: gather.high[metric] ?? 0,
			};
		}
	}
	return values;
}

/**
 * The finest resolution that still knows `fromMs`, or as much of it as any does. A coarse row starts up to one span
 * before the first sample in it, so its start alone is no longer reach.
 */
function pickTier(series: Series, fromMs: number): TierRows {
	const starts = series.tiers.map((rows) => oldestRow(rows) ?? rows.rollup?.open()?.atMs ?? Number.POSITIVE_INFINITY);
	const earliest = Math.min(...series.tiers.map((rows, index) => (starts[index] ?? 0) + rows.tier.stepMs));
	const reach = Math.max(fromMs, earliest);
	const found = series.tiers.find((_, index) => (starts[index] ?? 0) <= reach) ?? series.tiers[0];
	if (found === undefined) {
		throw new RangeError("a series has at least one resolution");
	}
	return found;
}
