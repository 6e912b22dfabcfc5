/**
 * What is worth telling OpenCellID: a cell that was not told yet, or one that was, from 250 m away or with a signal 6 dB
 * different. Not twice within 15 minutes for one cell, when standing still once in 3 hours; only where a receiver knows the
 * place well. At most 100 wait; the oldest go first. Pure.
 */
import { type Cell, cellKey } from "./cells.ts";
import { distanceM, type Fix } from "./fix.ts";

const PER_CELL_MS = 15 * 60_000;
const STANDING_MS = 3 * 3_600_000;
const MOST_WAITING = 100;
const MOST_REMEMBERED = 1_000;

/** As opencellid.org takes it. */
export interface Measurement {
	readonly lat: number;
	readonly lon: number;
	readonly mcc: number;
	readonly mnc: number;
	readonly lac: number;
	readonly cellid: number;
	readonly act: string;
	readonly measured_at: string;
	readonly signal?: number;
	/** Accuracy of the position, m. */
	readonly rating?: number;
	/** m/s, degrees. */
	readonly speed?: number;
	readonly direction?: number;
}

export interface ContributionLimits {
	readonly minAccuracyM: number;
	readonly movementM: number;
	readonly changeDb: number;
}

export interface Contributions {
	consider(cell: Cell, fix: Fix, wallMs: number, moving: boolean, limits: ContributionLimits): boolean;
	waiting(): readonly Measurement[];
	/** They were taken. */
	sent(count: number): void;
	clear(): void;
}

export function createContributions(): Contributions {
	let queue: Measurement[] = [];
	const told = new Map<string, { readonly fix: Fix; readonly rsrpDbm: number | null }>();
	return {
		consider(cell, fix, wallMs, moving, limits) {
			if (fix.source === "opencellid" || fix.accuracyM > limits.minAccuracyM) return false;
			const key = cellKey(cell);
			const before = told.get(key);
			if (before !== undefined) {
				const agoMs = fix.atMs - before.fix.atMs;
				if (agoMs < (moving ? PER_CELL_MS : STANDING_MS)) return false;
				const change = cell.rsrpDbm === null || before.rsrpDbm === null ? 0 : Math.abs(cell.rsrpDbm - before.rsrpDbm);
				if (distanceM(fix, before.fix) < limits.movementM && change < limits.changeDb) return false;
			}
			told.delete(key);
			told.set(key, { fix, rsrpDbm: cell.rsrpDbm });
			while (told.size > MOST_REMEMBERED) told.delete(told.keys().next().value ?? "");
			queue.push({
				lat: round6(fix.latitude),
				lon: round6(fix.longitude),
				mcc: cell.mcc,
				mnc: cell.mnc,
				lac: cell.area,
				cellid: cell.cellId,
				act: cell.radio,
				measured_at: new Date(wallMs).toISOString(),
				...(cell.rsrpDbm === null ? {} : { signal: Math.round(cell.rsrpDbm) }),
				rating: Math.round(fix.accuracyM),
				...(fix.speedMps === null ? {} : { speed: Math.round(fix.speedMps * 10) / 10 }),
				...(fix.headingDeg === null ? {} : { direction: Math.round(fix.headingDeg) }),
			});
			if (queue.length > MOST_WAITING) queue = queue.slice(-MOST_WAITING);
			return true;
		},
		waiting: () => queue,
		sent: (count) => void queue.splice(0, count),
		clear() {
			queue = [];
			told.clear();
		},
	};
}

/** 0.1 m. */
function round6(degrees: number): number {
	return Math.round(degrees * 1e6) / 1e6;
}
