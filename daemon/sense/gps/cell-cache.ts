/**
 * What OpenCellID said about cells, so that no cell is asked for twice: known ones for 30 days, unknown ones for the
 * owner's time, give or take a sixth so that not all are asked again in the same hour. In RAM, 2000 cells, the one not used
 * for longest goes first. Cells far from here are dropped when there is no room. As rows it survives the daemon. Pure.
 */
import { numberIn } from "../values.ts";
import type { KnownCell } from "./cells.ts";
import { distanceM, type Place } from "./fix.ts";

const MOST = 2_000;
const KEEP_MS = 30 * 86_400_000;
const FAR_M = 300_000;
const KEY = /^[A-Z]{2,4}(?:\/\d{1,11}){4}$/;

/** Key, ms it is still valid, and where it is; without that OpenCellID does not know it. About 70 bytes as text. */
export type CellRow =
	| readonly [key: string, leftMs: number]
	| readonly [key: string, leftMs: number, latitude: number, longitude: number, rangeM: number, samples: number];

export interface CellCache {
	/** undefined: not asked yet, or too long ago; null: OpenCellID does not know it. */
	get(key: string, nowMs: number): KnownCell | null | undefined;
	/** `dice` is 0-1. */
	put(key: string, cell: KnownCell | null, nowMs: number, negativeMs: number, dice: number): void;
	/** Those further than 300 km from here are let go. */
	purge(here: Place): void;
	rows(nowMs: number): readonly CellRow[];
	/** What `rows` gave, in whatever state it comes back, `elapsedMs` later. */
	restore(rows: unknown, nowMs: number, elapsedMs: number): void;
	clear(): void;
	readonly size: number;
}

export function createCellCache(): CellCache {
	const entries = new Map<string, { readonly cell: KnownCell | null; readonly untilMs: number }>();

	function trim(): void {
		while (entries.size > MOST) entries.delete(entries.keys().next().value ?? "");
	}

	return {
		get size() {
			return entries.size;
		},
		get(key, nowMs) {
			const entry = entries.get(key);
			if (entry === undefined) return undefined;
			entries.delete(key);
			if (nowMs >= entry.untilMs) return undefined;
			entries.set(key, entry); // used last
			return entry.cell;
		},
		put(key, cell, nowMs, negativeMs, dice) {
			entries.delete(key);
			const keepMs = cell === null ? negativeMs * (1 + (dice - 0.5) / 3) : KEEP_MS;
			entries.set(key, { cell, untilMs: nowMs + keepMs });
			trim();
		},
		purge(here) {
			for (const [key, { cell }] of entries) if (cell !== null && distanceM(here, cell) > FAR_M) entries.delete(key);
		},
		rows(nowMs) {
			return [...entries].flatMap(([key, { cell, untilMs }]): CellRow[] => {
				const leftMs = Math.round(untilMs - nowMs);
				if (leftMs <= 0) return [];
				if (cell === null) return [[key, leftMs]];
				return [[key, leftMs, round6(cell.latitude), round6(cell.longitude), cell.rangeM, cell.samples]];
			});
		},
		restore(rows, nowMs, elapsedMs) {
			for (const row of Array.isArray(rows) ? rows.slice(-MOST) : []) {
				if (!Array.isArray(row) || typeof row[0] !== "string" || !KEY.test(row[0]) || entries.has(row[0])) continue;
				const leftMs = (numberIn(row[1], 0, KEEP_MS) ?? 0) - elapsedMs;
				const cell = row.length > 2 ? cellIn(row) : null;
				if (leftMs > 0 && cell !== undefined) entries.set(row[0], { cell, untilMs: nowMs + leftMs });
			}
			trim();
		},
		clear: () => entries.clear(),
	};
}

/** undefined: it makes no sense. */
function cellIn(row: readonly unknown[]): KnownCell | undefined {
	const [latitude, longitude] = [numberIn(row[2], -90, 90), numberIn(row[3], -180, 180)];
	const [rangeM, samples] = [numberIn(row[4], 1, 100_000), numberIn(row[5], 0, 1e9)];
	if (latitude === null || longitude === null || rangeM === null || samples === null) return undefined;
	return { latitude, longitude, rangeM, samples };
}

/** 0.1 m. */
function round6(degrees: number): number {
	return Math.round(degrees * 1e6) / 1e6;
}
