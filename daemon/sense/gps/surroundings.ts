/**
 * Which cells the modems hear that OpenCellID can know: those with their full identity. An LTE modem tells of a neighbour
 * its channel and physical id only; but a cell it was in itself a while ago is recognised by them within the same network
 * and area, where they are not given twice. Those are remembered for a day, 500 of them, in RAM only.
 */

import type { Clock } from "../../platform/platform.ts";
import { MOST_AREA, MOST_CELL_ID, type Radio } from "../cellular/heard.ts";
import type { Details } from "../sensor.ts";
import { at, numberIn, tablesOf, wholeIn, wordOf } from "../values.ts";
import { type Cell, cellKey } from "./cells.ts";

const KEEP_MS = 86_400_000;
const MOST = 500;

const RADIO: Readonly<Record<string, Radio>> = {
	"2g": "GSM",
	"3g": "UMTS",
	"4g": "LTE",
	"5g_nsa": "LTE",
	"5g_sa": "NR",
};
const RADIOS: ReadonlySet<string> = new Set(Object.values(RADIO));

/** The serving cell as the cellular sensor shows it; null while its identity is not complete. ModemManager writes hex. */
export function cellOf(details: Details | null): Cell | null {
	if (details === null || details.in_use === false) return null;
	const technology = wordOf(at(details, "technology")) ?? "";
	const radio = Object.hasOwn(RADIO, technology) ? RADIO[technology] : undefined;
	const network = networkOf(at(details, "plmn"));
	const base = (wordOf(at(details, "source")) ?? "").startsWith("ModemManager") ? 16 : 10;
	const number = (name: string, most: number): number | null => {
		const text = wordOf(at(details, name));
		if (text === null || !(base === 16 ? /^[0-9A-Fa-f]{1,9}$/ : /^\d{1,11}$/).test(text)) return null;
		return wholeIn(Number.parseInt(text, base), 1, most);
	};
	const [area, cellId] = [number("tac", MOST_AREA), number("cell_id", MOST_CELL_ID)];
	if (radio === undefined || network === null || area === null || cellId === null) return null;
	const heard = heardServing(details, cellId);
	return {
		radio,
		...network,
		area,
		cellId,
		rsrpDbm: numberIn(at(details, "rsrp"), -156, -31),
		serving: true,
		certain: true,
		pci: wholeIn(at(heard ?? firstCarrier(details), "pci"), 0, 1007),
		timingAdvance: wholeIn(at(heard, "timing_advance"), 0, 1_282),
	};
}

/** The same cell as listed among those heard: that list is older than the cell when the modem has moved on. */
function heardServing(details: Details, cellId: number): unknown {
	return tablesOf(at(details, "heard_cells")).find((one) => one.serving === true && one.cell_id === cellId);
}

function firstCarrier(details: Details): unknown {
	return tablesOf(at(details, "carriers"))[0];
}

function networkOf(plmn: unknown): { readonly mcc: number; readonly mnc: number } | null {
	const text = wordOf(plmn);
	return text !== null && /^[1-9]\d{4,5}$/.test(text)
		? { mcc: Number(text.slice(0, 3)), mnc: Number(text.slice(3)) }
		: null;
}

export interface Surroundings {
	/** Of all modems: the cells they are in first, then neighbours, the strongest first; none twice. */
	cells(modems: readonly Details[]): readonly Cell[];
	clear(): void;
}

export function createSurroundings(clock: Clock): Surroundings {
	const met = new Map<string, { readonly cellId: number | null; readonly atMs: number }>();

	const isFresh = ({ atMs }: { readonly atMs: number }): boolean => clock.monotonicMs() - atMs < KEEP_MS;

	/** By which a cell is known again; null when its modem does not tell channel and physical id. */
	function signOf(cell: Pick<Cell, "radio" | "mcc" | "mnc" | "area">, pci: unknown, channel: unknown): string | null {
		const [id, place] = [wholeIn(pci, 0, 1007), wholeIn(channel, 0, 3_279_165)];
		if (id === null || place === null) return null;
		return `${cell.radio}/${cell.mcc}/${cell.mnc}/${cell.area}/${place}/${id}`;
	}

	function remember(sign: string | null, cellId: number): void {
		if (sign === null) return;
		const before = met.get(sign);
		// Two of one area alike: neither is known again.
		const alike = before !== undefined && isFresh(before) && before.cellId !== cellId;
		met.delete(sign);
		met.set(sign, { cellId: alike ? null : cellId, atMs: clock.monotonicMs() });
		if (met.size > MOST) met.delete(met.keys().next().value ?? "");
	}

	function recognised(sign: string | null): number | null {
		const found = sign === null ? undefined : met.get(sign);
		return found !== undefined && isFresh(found) ? found.cellId : null;
	}

	function neighbours(details: Details, serving: Cell): readonly Cell[] {
		return tablesOf(at(details, "heard_cells")).flatMap((one): Cell[] => {
			const radio = wordOf(one.radio) ?? "";
			if (one.serving === true || !RADIOS.has(radio)) return [];
			const network = networkOf(one.plmn) ?? { mcc: serving.mcc, mnc: serving.mnc };
			const area = wholeIn(one.area, 1, MOST_AREA) ?? serving.area;
			const told = { radio: radio as Radio, ...network, area };
			const full = one.area === null ? null : wholeIn(one.cell_id, 1, MOST_CELL_ID);
			const cellId = full ?? recognised(signOf(told, one.pci, one.channel));
			if (cellId === null) return [];
			const rsrpDbm = numberIn(one.rsrp, -156, -31);
			const pci = wholeIn(one.pci, 0, 1007);
			return [{ ...told, cellId, rsrpDbm, serving: false, certain: full !== null, pci, timingAdvance: null }];
		});
	}

	return {
		cells(modems) {
			const serving: Cell[] = [];
			const around: Cell[] = [];
			for (const details of modems) {
				const cell = cellOf(details);
				if (cell === null) continue;
				serving.push(cell);
				const where = heardServing(details, cell.cellId) ?? firstCarrier(details);
				remember(signOf(cell, at(where, "pci"), at(where, "channel")), cell.cellId);
				around.push(...neighbours(details, cell));
			}
			around.sort((a, b) => (b.rsrpDbm ?? -200) - (a.rsrpDbm ?? -200));
			const seen = new Set<string>();
			return [...serving, ...around].filter((cell) => {
				const key = cellKey(cell);
				if (seen.has(key)) return false;
				seen.add(key);
				return true;
			});
		},
		clear: () => met.clear(),
	};
}
