/**
 * Where the router is, from where the cells are that its modems hear. Each cell gives a circle (OpenCellID's range); several
 * are joined on the sphere, weighted by how small and how well known they are and whether the modem is in the cell. Formulas
 * as users of earlier versions know them: weight 1/range^2 (1 + 0.2 log10(samples + 1)) confidence, the serving cell twice;
 * confidence 0.6 min(1, samples/100) + 0.4 (1 - range/10000), 0.1-0.95; timing advance limits the error to twice the distance
 * it stands for. Pure.
 */
import type { Radio } from "../cellular/heard.ts";
import { distanceM, type Place } from "./fix.ts";

export interface Cell {
	readonly radio: Radio;
	readonly mcc: number;
	readonly mnc: number;
	/** LAC or TAC. */
	readonly area: number;
	readonly cellId: number;
	readonly rsrpDbm: number | null;
	/** The modem uses it; else it is a neighbour. */
	readonly serving: boolean;
	/** The modem told its identity; else it was recognised. */
	readonly certain: boolean;
	readonly pci: number | null;
	readonly timingAdvance: number | null;
}

export interface KnownCell extends Place {
	readonly rangeM: number;
	readonly samples: number;
}

/** A cell and where it is. */
export interface LocatedCell extends KnownCell {
	readonly serving: boolean;
	/** How far away the modem is at most by its timing advance; null when that is not known. */
	readonly advanceM: number | null;
}

export function cellKey({
	radio,
	mcc,
	mnc,
	area,
	cellId,
}: Pick<Cell, "radio" | "mcc" | "mnc" | "area" | "cellId">): string {
	return `${radio}/${mcc}/${mnc}/${area}/${cellId}`;
}

/** One step of timing advance there and back: 16 Ts (TS 36.213 4.2.3), one bit of 48/13 us (TS 45.010). */
const STEP_M: Readonly<Record<Radio, number | null>> = { LTE: 78.125, NR: 78.125, GSM: 553.5, UMTS: null };

/** 0 stands for the first step, not for the mast itself. */
export function advanceM({ radio, timingAdvance }: Cell): number | null {
	const step = STEP_M[radio];
	return step === null || timingAdvance === null ? null : step * Math.max(1, timingAdvance);
}

export function cellConfidence({ samples, rangeM }: KnownCell): number {
	const raw = 0.6 * Math.min(1, samples / 100) + 0.4 * (1 - rangeM / 10_000);
	return Math.max(0.1, Math.min(0.95, raw));
}

export interface CellPosition extends Place {
	readonly accuracyM: number;
	readonly confidence: number;
	readonly cells: number;
}

const MOST_CELLS = 5;
const LEAST_ACCURACY_M = 50;
const MOST_ACCURACY_M = 10_000;

/** Null without any. */
export function joinCells(found: readonly LocatedCell[]): CellPosition | null {
	const weighed = found.map((cell) => {
		const trust = cellConfidence(cell) * (1 + 0.2 * Math.log10(cell.samples + 1));
		return { cell, weight: ((cell.serving ? 2 : 1) * trust) / Math.max(1, cell.rangeM) ** 2 };
	});
	const used = weighed.sort((a, b) => b.weight - a.weight).slice(0, MOST_CELLS);
	const [first] = used;
	if (first === undefined) return null;
	const place = centre(used.map(({ cell, weight }) => ({ ...cell, weight })));
	const n = used.length;
	const nearest = Math.min(...used.map(({ cell }) => cell.rangeM));
	const spread = Math.max(...used.map(({ cell }) => distanceM(place, cell)));
	const advances = used.flatMap(({ cell }) => cell.advanceM ?? []);
	const limit = advances.length === 0 ? Number.POSITIVE_INFINITY : 2 * Math.min(...advances);
	const accuracy = Math.min(limit, Math.max(2 * nearest, spread) / Math.sqrt(n));
	const mean = used.reduce((sum, { cell }) => sum + cellConfidence(cell), 0) / n;
	const geometry = n === 1 ? 0.7 : spread > 1_000 ? 1.2 : spread < 200 ? 0.8 : 1;
	return {
		...place,
		accuracyM: Math.max(LEAST_ACCURACY_M, Math.min(MOST_ACCURACY_M, accuracy)),
		confidence: Math.min(0.95, mean * Math.min(1.5, 1 + 0.1 * (n - 1)) * geometry * (advances.length > 0 ? 1.1 : 1)),
		cells: n,
	};
}

/** Of points on the unit sphere, so that neither poles nor the date line matter. */
function centre(points: readonly (Place & { readonly weight: number })[]): Place {
	const rad = Math.PI / 180;
	let [x, y, z] = [0, 0, 0];
	for (const { latitude, longitude, weight } of points) {
		const cos = Math.cos(latitude * rad) * weight;
		x += cos * Math.cos(longitude * rad);
		y += cos * Math.sin(longitude * rad);
		z += Math.sin(latitude * rad) * weight;
	}
	return { latitude: Math.atan2(z, Math.hypot(x, y)) / rad, longitude: Math.atan2(y, x) / rad };
}
