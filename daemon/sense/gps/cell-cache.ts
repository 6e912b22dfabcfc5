/**
 * What OpenCellID said about cells, so that no cell is asked for twice: known ones for 30 days, unknown ones for the
 * owner's time, give or take a sixth so that not all are asked again in the same hour. In RAM, 2000 cells, the one not used
 * for longest goes first. Cells far from here are dropped when there is no room. Pure.
 */
import type { KnownCell } from "./cells.ts";
import { distanceM, type Place } from "./fix.ts";

const MOST = 2_000;
const KEEP_MS = 30 * 86_400_000;
const FAR_M = 300_000;

export interface CellCache {
	/** undefined: not asked yet, or too long ago; null: OpenCellID does not know it. */
	get(key: string, nowMs: number): KnownCell | null | undefined;
	/** `dice` is 0-1. */
	put(key: string, cell: KnownCell | null, nowMs: number, negativeMs: number, dice: number): void;
	/** Those further than 300 km from here are let go. */
	purge(here: Place): void;
	readonly size: number;
}

export function createCellCache(): CellCache {
	const entries = new Map<string, { readonly cell: KnownCell | null; readonly untilMs: number }>();
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
			while (entries.size > MOST) entries.delete(entries.keys().next().value ?? "");
		},
		purge(here) {
			for (const [key, { cell }] of entries) if (cell !== null && distanceM(here, cell) > FAR_M) entries.delete(key);
		},
	};
}
