/**
 * Cells a modem hears, the serving one and its neighbours, for who locates the router by them. An LTE or NR modem knows of
 * a neighbour its channel and physical id only (identity stands in SIB1, which it does not read); GSM neighbours and the
 * serving cell have their full identity. uqmi tells no neighbour's identity and no timing advance: it is not asked.
 */
import type { Details } from "../sensor.ts";
import { at, numberIn, tablesOf, wholeIn, wordOf } from "../values.ts";
import { plmnOf, RSRP } from "./values.ts";

export type Radio = "GSM" | "UMTS" | "LTE" | "NR";

/** What is not told is null; at least channel and physical id, or area and cell id, are there. */
export interface HeardCell {
	readonly serving: boolean;
	readonly radio: Radio;
	readonly plmn: string | null;
	/** LAC or TAC. */
	readonly area: number | null;
	/** The global one, 36 bits at most. */
	readonly cellId: number | null;
	/** Physical cell id, LTE and NR. */
	readonly pci: number | null;
	readonly channel: number | null;
	readonly rsrpDbm: number | null;
	/** In steps of the radio: 78 m for LTE, 554 m for GSM. Of the serving cell only. */
	readonly timingAdvance: number | null;
}

export const MOST_HEARD = 16;
/** TS 38.413: 36 bits are the longest. */
export const MOST_CELL_ID = 2 ** 36 - 1;
export const MOST_AREA = 0xff_fffe;
/** TS 36.133 9.1 and TS 45.010 5.6.2 (extended range). */
const MOST_ADVANCE: Readonly<Record<Radio, number>> = { LTE: 1_282, NR: 1_282, GSM: 219, UMTS: -1 };

const MM_RADIO: Readonly<Record<string, Radio>> = { gsm: "GSM", umts: "UMTS", lte: "LTE", "5gnr": "NR" };

function useful(cell: HeardCell): boolean {
	return (cell.area !== null && cell.cellId !== null) || (cell.pci !== null && cell.channel !== null);
}

/** ModemManager writes identities in hex (TS 27.007) without a prefix. */
function hexIn(text: string | undefined, low: number, high: number): number | null {
	return text !== undefined && /^[0-9A-Fa-f]{1,9}$/.test(text) ? wholeIn(Number.parseInt(text, 16), low, high) : null;
}

/** One line of `cell-info`: "cell type: lte, serving: yes, operator id: 24601, tac: 728, ci: 1C91318, ...". */
function mmCell(line: unknown): HeardCell | null {
	if (typeof line !== "string" || line.length > 500) return null;
	const pairs = line.split(", ").map((pair) => pair.split(": ", 2));
	const told = new Map(pairs.map(([name = "", value = ""]) => [name.trim(), value.trim()] as const));
	const type = told.get("cell type") ?? "";
	const radio = Object.hasOwn(MM_RADIO, type) ? MM_RADIO[type] : undefined;
	if (radio === undefined) return null;
	const serving = told.get("serving") === "yes";
	const cell: HeardCell = {
		serving,
		radio,
		plmn: plmnOf(told.get("operator id")),
		area: hexIn(told.get("tac") ?? told.get("lac"), 1, MOST_AREA),
		cellId: hexIn(told.get("ci"), 1, MOST_CELL_ID),
		pci: hexIn(told.get("physical ci"), 0, 1007),
		channel: wholeIn(told.get("earfcn") ?? told.get("nrarfcn"), 0, 3_279_165),
		rsrpDbm: numberIn(told.get("rsrp"), RSRP.low, RSRP.high),
		timingAdvance: serving ? wholeIn(told.get("timing advance"), 0, MOST_ADVANCE[radio]) : null,
	};
	return useful(cell) ? cell : null;
}

/** `mmcli -m N --get-cell-info -J` (since 1.20). */
export function parseMmCells(reply: unknown): readonly HeardCell[] {
	const list = at(reply, "modem", "generic", "cell-info");
	return Array.isArray(list) ? list.slice(0, MOST_HEARD).flatMap((line) => mmCell(line) ?? []) : [];
}

const RUTOS_RADIO: readonly (readonly [RegExp, Radio])[] = [
	[/nr|5g/i, "NR"],
	[/lte|4g/i, "LTE"],
	[/wcdma|umts|3g/i, "UMTS"],
	[/gsm|2g/i, "GSM"],
];

/** RutOS `get_neighbour_cells`, with the names gsmd has for the serving cell. */
export function parseRutosNeighbours(reply: unknown): readonly HeardCell[] {
	return tablesOf(at(reply, "list"))
		.slice(0, MOST_HEARD)
		.flatMap((one) => {
			const type = wordOf(one.access_technology) ?? wordOf(one.net_mode) ?? "LTE";
			const radio = RUTOS_RADIO.find(([words]) => words.test(type))?.[1];
			if (radio === undefined) return [];
			const cell: HeardCell = {
				serving: false,
				radio,
				plmn: one.mcc === undefined || one.mnc === undefined ? null : plmnOf(one.mcc, one.mnc),
				area: wholeIn(one.tac ?? one.lac, 1, MOST_AREA),
				cellId: wholeIn(one.cellid ?? one.ci, 1, MOST_CELL_ID),
				pci: wholeIn(one.pcid, 0, 1007),
				channel: wholeIn(one.earfcn ?? one.arfcn ?? one.frequency, 0, 3_279_165),
				rsrpDbm: numberIn(one.rsrp, RSRP.low, RSRP.high),
				timingAdvance: null,
			};
			return useful(cell) ? [cell] : [];
		});
}

/** For the sensor's details; the API shows none of it. */
export function heardDetails(cells: readonly HeardCell[]): readonly Details[] {
	return cells.map(({ serving, radio, plmn, area, cellId, pci, channel, rsrpDbm, timingAdvance }) => ({
		serving,
		radio,
		plmn,
		area,
		cell_id: cellId,
		pci,
		channel,
		rsrp: rsrpDbm,
		timing_advance: timingAdvance,
	}));
}
