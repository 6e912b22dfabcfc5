/**
 * Where the router is, from where the cells are that its modems use. Each cell gives a circle (OpenCellID's range); several
 * are joined on the sphere, weighted by how small and how well known they are and whether the modem is in the cell. Formulas
 * as users of earlier versions know them: weight 1/range^2 (1 + 0.2 log10(samples + 1)) confidence, the serving cell twice;
 * confidence 0.6 min(1, samples/100) + 0.4 (1 - range/10000), 0.1-0.95. Pure.
 */

import type { Details } from "../sensor.ts";
import { at, numberIn, wholeIn, wordOf } from "../values.ts";
import { distanceM, type Place } from "./fix.ts";

export type Radio = "GSM" | "UMTS" | "LTE" | "NR";

export interface Cell {
	readonly radio: Radio;
	readonly mcc: number;
	readonly mnc: number;
	/** LAC or TAC. */
	readonly area: number;
	readonly cellId: number;
	readonly rsrpDbm: number | null;
}

export interface KnownCell extends Place {
	readonly rangeM: number;
	readonly samples: number;
}

export function cellKey({ radio, mcc, mnc, area, cellId }: Cell): string {
	return `${radio}/${mcc}/${mnc}/${area}/${cellId}`;
}

const RADIO: Readonly<Record<string, Radio>> = {
	"2g": "GSM",
	"3g": "UMTS",
	"4g": "LTE",
	"5g_nsa": "LTE",
	"5g_sa": "NR",
};
/** 36 bits, the longest (TS 38.413). */
const MOST_CELL = 2 ** 36 - 1;

/** The serving cell as the cellular sensor shows it; null while its identity is not complete. ModemManager writes hex. */
export function cellOf(details: Details | null): Cell | null {
	if (details === null || details.in_use === false) return null;
	const radio = RADIO[wordOf(at(details, "technology")) ?? ""];
	const plmn = wordOf(at(details, "plmn"));
	const base = (wordOf(at(details, "source")) ?? "").startsWith("ModemManager") ? 16 : 10;
	const number = (name: string, most: number): number | null => {
		const text = wordOf(at(details, name));
		if (text === null || !(base === 16 ? /^[0-9A-Fa-f]{1,9}$/ : /^\d{1,11}$/).test(text)) return null;
		return wholeIn(Number.parseInt(text, base), 1, most);
	};
	const [area, cellId] = [number("tac", 0xff_fffe), number("cell_id", MOST_CELL)];
	if (radio === undefined || plmn === null || !/^\d{5,6}$/.test(plmn) || area === null || cellId === null) return null;
	const [mcc, mnc] = [Number(plmn.slice(0, 3)), Number(plmn.slice(3))];
	return { radio, mcc, mnc, area, cellId, rsrpDbm: numberIn(at(details, "rsrp"), -156, -31) };
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

/** The first is the serving cell. Null without any. */
export function joinCells(found: readonly KnownCell[]): CellPosition | null {
	const weighed = found.map((cell, n) => {
		const trust = cellConfidence(cell) * (1 + 0.2 * Math.log10(cell.samples + 1));
		return { cell, weight: ((n === 0 ? 2 : 1) * trust) / Math.max(1, cell.rangeM) ** 2 };
	});
	const used = weighed.sort((a, b) => b.weight - a.weight).slice(0, MOST_CELLS);
	const [first] = used;
	if (first === undefined) return null;
	const place = centre(used.map(({ cell, weight }) => ({ ...cell, weight })));
	const n = used.length;
	const nearest = Math.min(...used.map(({ cell }) => cell.rangeM));
	const spread = Math.max(...used.map(({ cell }) => distanceM(place, cell)));
	const accuracy = Math.max(2 * nearest, spread) / Math.sqrt(n);
	const mean = used.reduce((sum, { cell }) => sum + cellConfidence(cell), 0) / n;
	const geometry = n === 1 ? 0.7 : spread > 1_000 ? 1.2 : spread < 200 ? 0.8 : 1;
	return {
		...place,
		accuracyM: Math.max(LEAST_ACCURACY_M, Math.min(MOST_ACCURACY_M, accuracy)),
		confidence: Math.min(0.95, mean * Math.min(1.5, 1 + 0.1 * (n - 1)) * geometry),
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
