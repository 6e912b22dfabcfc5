/**
 * The sample store: for every uplink three resolutions of blocks, under one budget of bytes. Blocks are allocated when
 * rows come, so a young daemon is small. What is too old for its resolution goes first; when the budget is used up the
 * block goes that is oldest measured by how long its resolution should be kept. A row for which there is no room even
 * then is dropped and counted: the budget is never exceeded.
 */
import {
	appendRow,
	type Block,
	blockBytes,
	EMPTY_LAYOUT,
	layoutFor,
	newBlock,
	newestOf,
	oldestOf,
	widen,
} from "./block.ts";
import { BLOCK_ROWS, METRICS, type SampleValues, type Tier, tiersFor } from "./metrics.ts";
import { createRollup, type Rollup } from "./rollup.ts";

/** More uplinks than any router has; names come from outside, so their number is bounded. */
export const MAX_SERIES = 32;

export interface Series {
	readonly uplink: string;
	readonly tiers: readonly TierRows[];
	lastAtMs: number;
}

export interface TierRows {
	readonly tier: Tier;
	readonly blocks: Block[];
	readonly rollup: Rollup | null;
}

export interface StoreStats {
	readonly bytes: number;
	readonly budgetBytes: number;
	readonly series: number;
	readonly rows: number;
	/** Rows lost because they came out of order, too many uplinks, or no room. */
	readonly dropped: number;
}

export interface StoreSettings {
	readonly retentionHours: number;
	readonly budgetBytes: number;
}

export interface SampleStore {
	sample(uplink: string, atMs: number, values: SampleValues): void;
	series(uplink: string): Series | null;
	all(): readonly Series[];
	/** Takes back a row of a snapshot; rows must come in time order and before any new sample of that uplink. */
	restoreRow(uplink: string, tierIndex: number, atMs: number, row: Float64Array): void;
	/** New limits; what is beyond them goes at once. */
	configure(settings: StoreSettings): void;
	/** Drops what is too old, and uplinks of which nothing is left. */
	expire(nowMs: number): void;
	stats(): StoreStats;
}

export function createSampleStore(initial: StoreSettings): SampleStore {
	const byUplink = new Map<string, Series>();
	const raw = new Float64Array(METRICS.length);
	let settings = initial;
	let tiers = tiersFor(settings.retentionHours, settings.budgetBytes);
	let bytes = 0;
	let dropped = 0;

	function seriesFor(uplink: string): Series | null {
		const known = byUplink.get(uplink);
		if (known !== undefined) {
			return known;
		}
		if (byUplink.size >= MAX_SERIES) {
			return null;
		}
		const made: Series = {
			uplink,
			lastAtMs: Number.NEGATIVE_INFINITY,
			tiers: tiers.map((tier) => ({
				tier,
				blocks: [],
				rollup: tier.stepMs === 0 ? null : createRollup(tier.stepMs),
			})),
		};
		byUplink.set(uplink, made);
		return made;
	}

	function dropOldest(rows: TierRows): void {
		const gone = rows.blocks.shift();
		if (gone !== undefined) {
			bytes -= blockBytes(gone.width, gone.layout.columns);
		}
	}

	/** The block whose loss hurts least; one still being filled is never taken. */
	function leastWorth(nowMs: number): TierRows | null {
		let found: TierRows | null = null;
		let worst = Number.NEGATIVE_INFINITY;
		for (const series of byUplink.values()) {
			for (const rows of series.tiers) {
				const first = rows.blocks[0];
				if (first === undefined || rows.blocks.length < 2) {
					continue;
				}
				const age = (nowMs - newestOf(first)) / rows.tier.keepMs;
				if (age > worst) {
					worst = age;
					found = rows;
				}
			}
		}
		return found;
	}

	function makeRoom(needed: number, nowMs: number): boolean {
		while (bytes + needed > settings.budgetBytes) {
			const victim = leastWorth(nowMs);
			if (victim === null) {
				return false;
			}
			dropOldest(victim);
		}
		return true;
	}

	function append(rows: TierRows, atMs: number, row: Float64Array): void {
		const width = rows.tier.width;
		const last = rows.blocks.at(-1);
		const layout = layoutFor(last?.layout ?? EMPTY_LAYOUT, width, row);
		const isFull = last === undefined || last.rows >= BLOCK_ROWS;
		if (isFull || layout !== last.layout) {
			const needed = blockBytes(width, layout.columns) - (isFull ? 0 : blockBytes(width, last.layout.columns));
			if (!makeRoom(needed, atMs)) {
				dropped++;
				return;
			}
			bytes += needed;
			if (isFull) {
				rows.blocks.push(newBlock(width, layout));
			} else {
				rows.blocks[rows.blocks.length - 1] = widen(last, layout);
			}
		}
		const block = rows.blocks.at(-1);
		if (block !== undefined) {
			appendRow(block, atMs, row);
		}
		trim(rows, atMs);
	}

	function trim(rows: TierRows, nowMs: number): void {
		const { keepMs, maxRows } = rows.tier;
		while (rows.blocks.length > 0) {
			const first = rows.blocks[0];
			if (first === undefined) {
				return;
			}
			const tooOld = newestOf(first) < nowMs - keepMs;
			const tooMany = (rows.blocks.length - 1) * BLOCK_ROWS > maxRows;
			if (!tooOld && !tooMany) {
				return;
			}
			dropOldest(rows);
		}
	}

	return {
		sample(uplink, atMs, values) {
			const series = seriesFor(uplink);
			if (series === null || !Number.isFinite(atMs) || atMs < series.lastAtMs) {
				dropped++;
				return;
			}
			series.lastAtMs = atMs;
			for (let metric = 0; metric < METRICS.length; metric++) {
				const name = METRICS[metric];
				const value = name === undefined ? null : values[name];
				raw[metric] = typeof value === "number" && Number.isFinite(value) ? value : Number.NaN;
			}
			for (const rows of series.tiers) {
				if (rows.rollup === null) {
					append(rows, atMs, raw);
				} else if (rows.rollup.add(atMs, raw)) {
					append(rows, rows.rollup.rowAtMs, rows.rollup.row);
				}
			}
		},
		series: (uplink) => byUplink.get(uplink) ?? null,
		all: () => [...byUplink.values()],
		restoreRow(uplink, tierIndex, atMs, row) {
			const series = seriesFor(uplink);
			const rows = series?.tiers[tierIndex];
			const last = rows?.blocks.at(-1);
			if (series === null || rows === undefined || (last !== undefined && atMs < newestOf(last))) {
				dropped++;
				return;
			}
			append(rows, atMs, row);
		},
		configure(next) {
			settings = next;
			tiers = tiersFor(next.retentionHours, next.budgetBytes);
			let newest = 0;
			for (const [uplink, series] of byUplink) {
				const retiered = series.tiers.map((rows, index) => ({ ...rows, tier: tiers[index] ?? rows.tier }));
				byUplink.set(uplink, { ...series, tiers: retiered });
				newest = Math.max(newest, series.lastAtMs);
			}
			makeRoom(0, newest);
		},
		expire(nowMs) {
			for (const [uplink, series] of byUplink) {
				for (const rows of series.tiers) {
					trim(rows, nowMs);
				}
				const idle = nowMs - series.lastAtMs > (tiers[2]?.keepMs ?? 0);
				if (idle && series.tiers.every((rows) => rows.blocks.length === 0)) {
					byUplink.delete(uplink);
				}
			}
		},
		stats() {
			let rows = 0;
			for (const series of byUplink.values()) {
				for (const part of series.tiers) {
					rows += part.blocks.reduce((sum, block) => sum + block.rows, 0);
				}
			}
			return { bytes, budgetBytes: settings.budgetBytes, series: byUplink.size, rows, dropped };
		},
	};
}

/** Time of the oldest row kept, or null when there is none. */
export function oldestRow(rows: TierRows): number | null {
	const first = rows.blocks[0];
	return first === undefined || first.rows === 0 ? null : oldestOf(first);
}
