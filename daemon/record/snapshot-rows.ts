/**
 * Rows of one resolution of one uplink <-> the content of a snapshot section: a JSON head (uplink, resolution, metrics by
 * name, number of rows) padded to eight bytes, the times as doubles, then each metric's numbers as floats. Metrics are
 * named, not numbered: a version that knows more or fewer still reads the rest.
 */
import { numberAt } from "./block.ts";
import { METRICS } from "./metrics.ts";
import { jsonBytes, jsonFrom } from "./snapshot-file.ts";
import type { Series, TierRows } from "./store.ts";

interface Head {
	readonly uplink: string;
	readonly tier: string;
	readonly metrics: readonly string[];
	readonly rows: number;
}

export interface RestoredRows {
	readonly uplink: string;
	readonly tier: string;
	/** Calls with width numbers per metric, in time order. */
	each(visit: (atMs: number, row: Float64Array) => void): void;
}

/** The newest rows, at most `maxRows`, and of the span still open what it has so far. */
export function encodeRows(series: Series, rows: TierRows, maxRows: number): Uint8Array {
	const width = rows.tier.width;
	const open = rows.rollup?.open() ?? null;
	const closed = rows.blocks.reduce((sum, block) => sum + block.rows, 0);
	const kept = Math.min(closed, Math.max(0, maxRows - (open === null ? 0 : 1)));
	const count = kept + (open === null ? 0 : 1);
	const metrics = METRICS.map((_, metric) => metric).filter(
		(metric) =>
			rows.blocks.some((block) => (block.layout.place[metric] ?? -1) >= 0) ||
			!Number.isNaN(open?.row[metric * 3] ?? Number.NaN),
	);
	const head = jsonBytes({
		uplink: series.uplink,
		tier: rows.tier.name,
		metrics: metrics.map((metric) => METRICS[metric]),
		rows: count,
	});
	const start = align8(4 + head.length);
	const bytes = new Uint8Array(start + count * 8 + metrics.length * count * width * 4);
	new DataView(bytes.buffer).setUint32(0, head.length);
	bytes.set(head, 4);
	const times = new Float64Array(bytes.buffer, start, count);
	const columns = metrics.map(
		(_, index) => new Float32Array(bytes.buffer, start + count * 8 + index * count * width * 4, count * width),
	);
	let at = 0;
	let skip = closed - kept;
	for (const block of rows.blocks) {
		const from = Math.min(skip, block.rows);
		skip -= from;
		times.set(block.times.subarray(from, block.rows), at);
		for (const [index, metric] of metrics.entries()) {
			const target = columns[index];
			for (let r = from; target !== undefined && r < block.rows; r++) {
				for (let part = 0; part < width; part++) {
					target[(at + r - from) * width + part] = numberAt(block, r, metric, part);
				}
			}
		}
		at += block.rows - from;
	}
	if (open !== null) {
		times[at] = open.atMs;
		for (const [index, metric] of metrics.entries()) {
			columns[index]?.set(open.row.subarray(metric * 3, metric * 3 + 3), at * 3);
		}
	}
	return bytes;
}

/** Null when the content makes no sense; its checksum was right, so it was written by something else. */
export function decodeRows(bytes: Uint8Array, widthOf: (tier: string) => 1 | 3 | null): RestoredRows | null {
	if (bytes.length < 4) {
		return null;
	}
	const headLength = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
	if (headLength > bytes.length - 4) {
		return null;
	}
	const head = readHead(bytes.subarray(4, 4 + headLength));
	const width = head === null ? null : widthOf(head.tier);
	if (head === null || width === null) {
		return null;
	}
	const start = bytes.byteOffset + align8(4 + headLength);
	const columnStart = start + head.rows * 8;
	if (columnStart + head.metrics.length * head.rows * width * 4 > bytes.byteOffset + bytes.length) {
		return null;
	}
	const times = new Float64Array(bytes.buffer, start, head.rows);
	const size = head.rows * width;
	const columns = METRICS.map((name) => {
		const index = head.metrics.indexOf(name);
		return index < 0 ? null : new Float32Array(bytes.buffer, columnStart + index * size * 4, size);
	});
	return {
		uplink: head.uplink,
		tier: head.tier,
		each(visit) {
			const row = new Float64Array(METRICS.length * width);
			for (let r = 0; r < head.rows; r++) {
				for (const [metric, column] of columns.entries()) {
					for (let part = 0; part < width; part++) {
						row[metric * width + part] = column?.[r * width + part] ?? Number.NaN;
					}
				}
				visit(times[r] ?? Number.NaN, row);
			}
		},
	};
}

function readHead(bytes: Uint8Array): Head | null {
	const value = jsonFrom(bytes) as Partial<Record<keyof Head, unknown>> | null;
	if (value === null || typeof value !== "object") {
		return null;
	}
	const { uplink, tier, metrics, rows } = value;
	const sound =
		typeof uplink === "string" &&
		uplink.length > 0 &&
		typeof tier === "string" &&
		Array.isArray(metrics) &&
		metrics.every((name) => typeof name === "string") &&
		typeof rows === "number" &&
		Number.isInteger(rows) &&
		rows >= 0;
	return sound ? { uplink, tier, metrics, rows } : null;
}

function align8(length: number): number {
	return Math.ceil(length / 8) * 8;
}
