/**
 * What is worth telling OpenCellID: a cell that was not told yet, or one that was, from 250 m away or with a signal 6 dB
 * different; while moving at least one an hour. Not twice within 15 minutes for one cell, nor from one spot of 75 m within an
 * hour; when standing still one cell once in 3 hours, two in all an hour; only where a receiver knows the place well. At most
 * 100 wait; the oldest go first. When it was is reckoned as it leaves, so that a wall clock set meanwhile does no harm. Pure.
 */
import { numberIn } from "../values.ts";
import { type Cell, cellKey } from "./cells.ts";
import { distanceM, type Fix, type Place } from "./fix.ts";

const HOUR_MS = 3_600_000;
const PER_CELL_MS = 15 * 60_000;
const STANDING_MS = 3 * HOUR_MS;
const STANDING_PER_HOUR = 2;
const SPOT_M = 75;
const MOST_WAITING = 100;
const MOST_REMEMBERED = 1_000;
const KEY = /^[A-Z]{2,4}(?:\/\d{1,11}){4}$/;

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
	/** Timing advance, physical cell id. */
	readonly ta?: number;
	readonly pci?: number;
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
	/** True when it will be told. */
	consider(cell: Cell, fix: Fix, moving: boolean, limits: ContributionLimits): boolean;
	waiting(): number;
	/** All that wait, with their times by the wall clock as it is now. */
	batch(nowMs: number, wallMs: number): readonly Measurement[];
	/** They were taken. */
	sent(count: number): void;
	/** What was told when, for `restore`. */
	rows(nowMs: number): readonly unknown[];
	/** What `rows` gave, in whatever state it comes back, `elapsedMs` later. */
	restore(rows: unknown, nowMs: number, elapsedMs: number): void;
	clear(): void;
}

interface Told extends Place {
	readonly atMs: number;
	readonly rsrpDbm: number | null;
}

export function createContributions(): Contributions {
	let queue: { readonly atMs: number; readonly what: Omit<Measurement, "measured_at"> }[] = [];
	const told = new Map<string, Told>();
	const spots = new Map<string, number>();
	let standing: number[] = [];
	let lastMs: number | null = null;

	function remember(key: string, one: Told): void {
		told.delete(key);
		told.set(key, one);
		while (told.size > MOST_REMEMBERED) told.delete(told.keys().next().value ?? "");
	}

	/** Is there anything new in it? */
	function isNews(
		cell: Cell,
		fix: Fix,
		before: Told | undefined,
		moving: boolean,
		limits: ContributionLimits,
	): boolean {
		if (before === undefined) return true;
		if (fix.atMs - before.atMs < (moving ? PER_CELL_MS : STANDING_MS)) return false;
		if (moving && lastMs !== null && fix.atMs - lastMs >= HOUR_MS) return true;
		const change = cell.rsrpDbm === null || before.rsrpDbm === null ? 0 : Math.abs(cell.rsrpDbm - before.rsrpDbm);
		return distanceM(fix, before) >= limits.movementM || change >= limits.changeDb;
	}

	return {
		consider(cell, fix, moving, limits) {
			if (fix.source === "opencellid" || fix.accuracyM > limits.minAccuracyM) return false;
			const key = cellKey(cell);
			if (!isNews(cell, fix, told.get(key), moving, limits)) return false;
			standing = standing.filter((atMs) => fix.atMs - atMs < HOUR_MS);
			if (!moving && standing.length >= STANDING_PER_HOUR) return false;
			const spot = `${key} ${spotOf(fix)}`;
			const spotMs = spots.get(spot);
			if (spotMs !== undefined && fix.atMs - spotMs < HOUR_MS) return false;
			spots.delete(spot);
			spots.set(spot, fix.atMs);
			while (spots.size > MOST_REMEMBERED) spots.delete(spots.keys().next().value ?? "");
			if (!moving) standing.push(fix.atMs);
			lastMs = fix.atMs;
			const { latitude, longitude, atMs } = fix;
			remember(key, { latitude, longitude, atMs, rsrpDbm: cell.rsrpDbm });
			queue.push({ atMs, what: measurementOf(cell, fix) });
			if (queue.length > MOST_WAITING) queue = queue.slice(-MOST_WAITING);
			return true;
		},
		waiting: () => queue.length,
		batch: (nowMs, wallMs) =>
			queue.map(({ atMs, what }) => ({ ...what, measured_at: new Date(wallMs - (nowMs - atMs)).toISOString() })),
		sent: (count) => void queue.splice(0, count),
		rows: (nowMs) =>
			[...told].map(([key, one]) => [
				key,
				Math.round(nowMs - one.atMs),
				round6(one.latitude),
				round6(one.longitude),
				one.rsrpDbm,
			]),
		restore(rows, nowMs, elapsedMs) {
			for (const row of Array.isArray(rows) ? rows.slice(-MOST_REMEMBERED) : []) {
				if (!Array.isArray(row)) continue;
				const [key, agoMs] = [row[0], numberIn(row[1], 0, 1e10)];
				const [latitude, longitude] = [numberIn(row[2], -90, 90), numberIn(row[3], -180, 180)];
				if (typeof key !== "string" || !KEY.test(key) || agoMs === null) continue;
				if (latitude === null || longitude === null || told.has(key)) continue;
				const rsrpDbm = numberIn(row[4], -156, -31);
				remember(key, { latitude, longitude, atMs: nowMs - elapsedMs - agoMs, rsrpDbm });
			}
		},
		clear() {
			queue = [];
			told.clear();
			spots.clear();
			standing = [];
			lastMs = null;
		},
	};
}

function measurementOf(cell: Cell, fix: Fix): Omit<Measurement, "measured_at"> {
	return {
		lat: round6(fix.latitude),
		lon: round6(fix.longitude),
		mcc: cell.mcc,
		mnc: cell.mnc,
		lac: cell.area,
		cellid: cell.cellId,
		act: cell.radio,
		...(cell.rsrpDbm === null ? {} : { signal: Math.round(cell.rsrpDbm) }),
		...(cell.timingAdvance === null ? {} : { ta: cell.timingAdvance }),
		...(cell.pci === null ? {} : { pci: cell.pci }),
		rating: Math.round(fix.accuracyM),
		...(fix.speedMps === null ? {} : { speed: Math.round(fix.speedMps * 10) / 10 }),
		...(fix.headingDeg === null ? {} : { direction: Math.round(fix.headingDeg) }),
	};
}

const M_PER_DEGREE = 111_195;

/** Of a grid of 75 m. */
function spotOf({ latitude, longitude }: Place): string {
	const row = Math.round((latitude * M_PER_DEGREE) / SPOT_M);
	const perDegree = M_PER_DEGREE * Math.cos((((row * SPOT_M) / M_PER_DEGREE) * Math.PI) / 180);
	return `${row} ${Math.round((longitude * perDegree) / SPOT_M)}`;
}

/** Who drives through a town meets every cell once: of the neighbours the three strongest, and two of the others by lot. */
const STRONGEST = 3;
const BY_LOT = 2;

/** The cells worth measuring now: those the modems are in, and neighbours that told their identity themselves. */
export function toMeasure(cells: readonly Cell[], dice: () => number): readonly Cell[] {
	const around = cells.filter((cell) => !cell.serving && cell.certain);
	const rest = around.slice(STRONGEST);
	const lots: Cell[] = [];
	while (lots.length < BY_LOT && rest.length > 0) lots.push(...rest.splice(Math.floor(dice() * rest.length), 1));
	return [...cells.filter((cell) => cell.serving), ...around.slice(0, STRONGEST), ...lots];
}

/** 0.1 m. */
function round6(degrees: number): number {
	return Math.round(degrees * 1e6) / 1e6;
}
