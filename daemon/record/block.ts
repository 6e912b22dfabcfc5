/**
 * A block: up to BLOCK_ROWS rows of one resolution of one uplink, in one allocation. It has room for the metrics seen so
 * far only, so a wired uplink pays nothing for signal levels; when a new one appears the block is copied once into a
 * wider one. Rows are only ever appended, in time order.
 */
import { BLOCK_ROWS, METRICS } from "./metrics.ts";

/** Which metrics a block has room for: place[metric] is its column, or -1. Shared by the blocks of a resolution. */
export interface Layout {
	readonly place: Int8Array;
	readonly columns: number;
}

export interface Block {
	readonly layout: Layout;
	readonly width: 1 | 3;
	readonly times: Float64Array;
	/** Row r, column c, part p is at (r * columns + c) * width + p; NaN where unknown. */
	readonly data: Float32Array;
	rows: number;
}

export const EMPTY_LAYOUT: Layout = { place: new Int8Array(METRICS.length).fill(-1), columns: 0 };

/** What the engine spends on a buffer, its two views and the block itself; measured in test/record/memory.test.ts. */
const OVERHEAD_BYTES = 420;

export function newBlock(width: 1 | 3, layout: Layout): Block {
	const buffer = new ArrayBuffer(BLOCK_ROWS * rowBytes(width, layout.columns));
	return {
		layout,
		width,
		times: new Float64Array(buffer, 0, BLOCK_ROWS),
		data: new Float32Array(buffer, BLOCK_ROWS * 8),
		rows: 0,
	};
}

export function rowBytes(width: 1 | 3, columns: number): number {
	return 8 + columns * width * 4;
}

export function blockBytes(width: 1 | 3, columns: number): number {
	return OVERHEAD_BYTES + BLOCK_ROWS * rowBytes(width, columns);
}

/** The layout itself when it has room for every known value of `row` (width numbers per metric), else a wider one. */
export function layoutFor(layout: Layout, width: 1 | 3, row: Float64Array): Layout {
	let wider: Int8Array | null = null;
	let columns = layout.columns;
	for (let metric = 0; metric < METRICS.length; metric++) {
		if ((layout.place[metric] ?? -1) < 0 && !Number.isNaN(row[metric * width])) {
			wider ??= layout.place.slice();
			wider[metric] = columns++;
		}
	}
	return wider === null ? layout : { place: wider, columns };
}

/** The same rows in a block of a wider layout. */
export function widen(block: Block, layout: Layout): Block {
	const wider = newBlock(block.width, layout);
	wider.times.set(block.times);
	wider.rows = block.rows;
	wider.data.fill(Number.NaN, 0, block.rows * layout.columns * block.width);
	const from = block.layout.columns * block.width;
	for (let r = 0; r < block.rows; r++) {
		// Columns keep their place when a layout grows.
		wider.data.set(block.data.subarray(r * from, (r + 1) * from), r * layout.columns * block.width);
	}
	return wider;
}

/** Appends a row for which the block has room and a layout that fits. */
export function appendRow(block: Block, atMs: number, row: Float64Array): void {
	const { layout, width } = block;
	const base = block.rows * layout.columns * width;
	block.times[block.rows] = atMs;
	for (let metric = 0; metric < METRICS.length; metric++) {
		const column = layout.place[metric] ?? -1;
		if (column >= 0) {
			for (let part = 0; part < width; part++) {
				block.data[base + column * width + part] = row[metric * width + part] ?? Number.NaN;
			}
		}
	}
	block.rows++;
}

/** One number of a block; NaN when unknown. `part` 0 for raw rows; 0 lowest, 1 mean, 2 highest for the others. */
export function numberAt(block: Block, rowIndex: number, metric: number, part: number): number {
	const column = block.layout.place[metric] ?? -1;
	return column < 0
		? Number.NaN
		: (block.data[(rowIndex * block.layout.columns + column) * block.width + part] ?? Number.NaN);
}

export function oldestOf(block: Block): number {
	return block.times[0] ?? 0;
}

export function newestOf(block: Block): number {
	return block.times[block.rows - 1] ?? 0;
}
