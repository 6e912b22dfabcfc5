/**
 * From what a modem printed to a value that is possible: signal, identities, technology, carriers. Nothing outside its
 * physical range comes out, whatever goes in (3GPP TS 36.133 9.1, TS 38.133 10.1 for ranges of reports; AT+CSQ for rssi).
 */
import { numberIn, wholeIn, wordOf } from "../values.ts";
import type { Carrier, Reading, Technology } from "./reading.ts";

/** Cell identities and area codes: digits or hex digits, kept as text (NR cell ids have 36 bits and more digits). */
export function idOf(value: unknown): string | null {
	if (typeof value === "number" || typeof value === "bigint") {
		return value > 0 && (typeof value === "bigint" || Number.isSafeInteger(value)) ? String(value) : null;
	}
	const word = wordOf(value);
	return word !== null && /^[0-9A-Fa-f]{1,20}$/.test(word) && !/^(?:0+|f{6,}|4294967295)$/i.test(word) ? word : null;
}

/** MCC and MNC, together or apart; MNC has two or three digits, and as a number it has lost its zeros. */
export function plmnOf(mcc: unknown, mnc: unknown = ""): string | null {
	const digits = (value: unknown, least: number): string =>
		typeof value === "number" || typeof value === "string" ? String(value).padStart(least, "0") : "";
	const plmn = digits(mcc, 3) + (mnc === "" ? "" : digits(mnc, 2));
	return /^[1-9]\d{4,5}$/.test(plmn) ? plmn : null;
}

/** -140 is what modems say when they measure nothing (seen in traces, together with rsrq -20 and sinr 0). */
export const RSRP = { low: -139.9, high: -31 } as const;

export interface Signal {
	readonly rsrpDbm: number | null;
	readonly rsrqDb: number | null;
	readonly sinrDb: number | null;
	readonly rssiDbm: number | null;
}

/** One set of figures that belongs together: an impossible RSRP means that nothing of it was measured. */
export function signalOf(rsrp: unknown, rsrq: unknown, sinr: unknown, rssi: unknown): Signal {
	const rsrpDbm = numberIn(rsrp, RSRP.low, RSRP.high);
	const unmeasured = rsrpDbm === null && numberIn(rsrp, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY) !== null;
	// Some firmware prints RSRQ in tenths (a MikroTik trace does): no link has -100 dB.
	const tenths = numberIn(rsrq, -430, -43.1);
	return {
		rsrpDbm,
		rsrqDb: unmeasured ? null : (numberIn(rsrq, -43, 20) ?? (tenths === null ? null : tenths / 10)),
		sinrDb: unmeasured ? null : numberIn(sinr, -30, 50),
		rssiDbm: numberIn(rssi, -130, -1),
	};
}

/** By the words modems and tools use for it, several at once for EN-DC ("lte, 5gnr"). */
export function technologyOf(text: string | null): Technology | null {
	if (text === null) return null;
	const words = text.toLowerCase();
	const nr = /5g|\bnr|nr5g|nr-|\bnr\b/.test(words);
	const lte = /lte|4g|eutran|cat-?m|nb-?iot|emtc/.test(words);
	if (nr) return lte || /nsa|en-?dc/.test(words) ? "5g_nsa" : "5g_sa";
	if (/en-?dc/.test(words)) return "5g_nsa";
	if (lte) return "4g";
	if (/wcdma|umts|hs[du]?pa|evdo|scdma|3g|utran/.test(words)) return "3g";
	return /gsm|gprs|edge|2g|geran/.test(words) ? "2g" : null;
}

export interface GivenCarrier {
	readonly band?: unknown;
	readonly pci?: unknown;
	readonly channel?: unknown;
	readonly bandwidth?: unknown;
	readonly rsrp?: unknown;
}

/** Those of which anything is known. */
export function carriersOf(list: readonly GivenCarrier[]): readonly Carrier[] {
	const all = list.slice(0, 32).map((given) => ({
		band: typeof given.band === "number" ? numberBand(given.band) : wordOf(given.band),
		pci: wholeIn(given.pci, 0, 1007),
		channel: wholeIn(given.channel, 0, 3_279_165),
		bandwidthMhz: numberIn(given.bandwidth, 1.4, 400),
		rsrpDbm: numberIn(given.rsrp, RSRP.low, RSRP.high),
	}));
	return all.filter((one) => Object.values(one).some((value) => value !== null));
}

function numberBand(band: number): string | null {
	return Number.isInteger(band) && band > 0 && band < 1024 ? String(band) : null;
}

/** Later readings win where they know something. */
export function merge(base: Reading, more: Partial<Reading>): Reading {
	const known = Object.entries(more).filter(
		([, value]) => value !== null && !(Array.isArray(value) && value.length === 0),
	);
	return { ...base, ...Object.fromEntries(known) };
}
