/**
 * How steady the link was over the last ten minutes: spread of the signal around its own half minute, share of weak
 * readings, trend, cell changes. Tested against recorded links (docs/cellular.md): a ship changes cells 70 times an hour
 * without losing anything, so cell changes are counted and told, but cost nothing; that a signal slowly follows a
 * journey is no unsteadiness either, so the spread is taken within half minutes. Pure; bounded.
 */
import { qualityPct } from "./quality.ts";
import type { Reading } from "./reading.ts";

const WINDOW_MS = 600_000;
const SPACING_MS = 2_000;
const MAX_ENTRIES = WINDOW_MS / SPACING_MS + 1;
const BLOCK_MS = 30_000;
/** dB: spread of a link that cannot be relied on. */
const SPREAD_BAD_DB = 6;
const LEAST_READINGS = 5;

export interface Stability {
	/** 0-100: 60 % level, 40 % steadiness. */
	readonly score: number;
	readonly status: "healthy" | "degraded" | "unhealthy";
	readonly spreadDb: number;
	/** RSRP, dB per minute over the window; falling is negative. */
	readonly slopeDbPerMin: number;
	readonly weakPct: number;
	readonly cellChanges: number;
	readonly readings: number;
}

interface Entry {
	readonly atMs: number;
	readonly dbm: number;
	readonly quality: number;
	readonly weak: boolean;
}

export interface StabilityWatch {
	/** True when the cell is another than before. */
	take(atMs: number, reading: Reading): boolean;
	/** Null until there is enough to tell. */
	now(atMs: number): Stability | null;
	cellChanges(atMs: number): number;
}

export function createStabilityWatch(): StabilityWatch {
	let entries: Entry[] = [];
	let changes: number[] = [];
	let cell: string | null = null;

	function forget(atMs: number): void {
		if ((entries[0]?.atMs ?? atMs) <= atMs - WINDOW_MS) entries = entries.filter((e) => e.atMs > atMs - WINDOW_MS);
		if ((changes[0] ?? atMs) <= atMs - WINDOW_MS) changes = changes.filter((one) => one > atMs - WINDOW_MS);
	}

	return {
		take(atMs, reading) {
			forget(atMs);
			const changed = reading.cellId !== null && cell !== null && reading.cellId !== cell;
			cell = reading.cellId ?? cell;
			if (changed && changes.length < 1000) changes.push(atMs);
			const dbm = reading.rsrpDbm ?? reading.rssiDbm;
			const quality = qualityPct(reading);
			const last = entries[entries.length - 1];
			if (dbm === null || quality === null || (last && atMs - last.atMs < SPACING_MS * 0.9)) return changed;
			const { rsrpDbm, rsrqDb, sinrDb } = reading;
			const weak = (rsrpDbm ?? 0) < -110 || (rsrqDb ?? 0) < -16 || (sinrDb ?? 0) < 0;
			entries.push({ atMs, dbm, quality, weak });
			if (entries.length > MAX_ENTRIES) entries.shift();
			return changed;
		},
		now(atMs) {
			forget(atMs);
			if (entries.length < LEAST_READINGS) return null;
			const n = entries.length;
			const level = entries.reduce((sum, e) => sum + e.quality, 0) / n;
			const weakPct = (100 * entries.filter((e) => e.weak).length) / n;
			const spreadDb = spread(entries);
			const steady = 100 * (1 - 0.6 * Math.min(1, spreadDb / SPREAD_BAD_DB) - (0.4 * weakPct) / 100);
			const score = Math.round(0.6 * level + 0.4 * steady);
			return {
				score,
				status: score >= 60 ? "healthy" : score >= 40 ? "degraded" : "unhealthy",
				spreadDb,
				slopeDbPerMin: slope(entries),
				weakPct,
				cellChanges: changes.length,
				readings: n,
			};
		},
		cellChanges(atMs) {
			forget(atMs);
			return changes.length;
		},
	};
}

/** Standard deviation within half minutes, averaged. */
function spread(entries: readonly Entry[]): number {
	const blocks = new Map<number, number[]>();
	for (const { atMs, dbm } of entries) {
		const block = Math.floor(atMs / BLOCK_MS);
		const values = blocks.get(block);
		if (values) values.push(dbm);
		else blocks.set(block, [dbm]);
	}
	let squares = 0;
	let count = 0;
	for (const values of blocks.values()) {
		const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
		for (const value of values) squares += (value - mean) ** 2;
		count += values.length;
	}
	return Math.sqrt(squares / count);
}

function slope(entries: readonly Entry[]): number {
	const n = entries.length;
	const meanMs = entries.reduce((sum, e) => sum + e.atMs, 0) / n;
	const meanDb = entries.reduce((sum, e) => sum + e.dbm, 0) / n;
	let xx = 0;
	let xy = 0;
	for (const e of entries) {
		const minutes = (e.atMs - meanMs) / 60_000;
		xx += minutes * minutes;
		xy += minutes * (e.dbm - meanDb);
	}
	return xx === 0 ? 0 : xy / xx;
}
