/**
 * The rpcd object `iwinfo` (rpcd iwinfo.c; older ones have neither survey nor counters): of a client, assoclist has one
 * entry, its access point. That one call tells signal, rates, retries and BSSID; info (name, channel) and survey are asked
 * less often. Rates are kbit/s; signals are signed, only the survey's noise is an unsigned byte. Unknown is 0.
 */
import type { Bus } from "../../bus/bus.ts";
import { AutonomyError } from "../../platform/error.ts";
import { at, numberIn, tablesOf, wholeIn } from "../values.ts";
import { type Airtime, NOTHING, type TxCounters, type WifiReading } from "./reading.ts";

const LIMIT = { timeoutMs: 3_000 };
const COUNTER_MAX = 2 ** 53;

/** dBm that a radio can measure; -127 and 0 stand for nothing. */
export function dbmOf(value: unknown): number | null {
	return wholeIn(value, -126, -1);
}

/** Of the survey: -95 comes as 161. */
function unsignedDbm(value: unknown): number | null {
	const byte = wholeIn(value, 128, 255);
	return byte === null ? dbmOf(value) : dbmOf(byte - 256);
}

function mbps(value: unknown): number | null {
	const kbit = numberIn(value, 1, 50_000_000);
	return kbit === null ? null : kbit / 1000;
}

function bssidOf(value: unknown): string | null {
	if (typeof value !== "string" || !/^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i.test(value)) return null;
	return value === "00:00:00:00:00:00" ? null : value.toUpperCase();
}

/** A network's name has at most 32 bytes; what is longer is none. */
function ssidOf(value: unknown): string | null {
	return typeof value === "string" && value !== "" && value.length <= 32 ? value : null;
}

/** `info`: null when the device is no client of anything (an access point of ours, a monitor). */
export function parseInfo(info: unknown): WifiReading | null {
	const mode = at(info, "mode");
	if (typeof mode === "string" && mode !== "Client" && mode !== "Unknown") return null;
	const bssid = bssidOf(at(info, "bssid"));
	return {
		...NOTHING,
		source: "iwinfo",
		associated: bssid !== null,
		ssid: ssidOf(at(info, "ssid")),
		bssid,
		channel: wholeIn(at(info, "channel"), 1, 253),
		frequencyMhz: wholeIn(at(info, "frequency"), 800, 71_000),
		signalDbm: bssid === null ? null : dbmOf(at(info, "signal")),
		noiseDbm: dbmOf(at(info, "noise")),
		txMbps: bssid === null ? null : mbps(at(info, "bitrate")),
	};
}

function countersOf(tx: unknown): TxCounters | null {
	const [packets, retries, failed] = ["packets", "retries", "failed"].map((name) =>
		wholeIn(at(tx, name), 0, COUNTER_MAX),
	);
	return packets == null || retries == null ? null : { packets, retries, failed: failed ?? 0 };
}

/** `assoclist` on top of what info told: the entry of the access point, or the only one. */
export function parseAssoclist(base: WifiReading, list: unknown): WifiReading {
	const all = tablesOf(at(list, "results"));
	const entry = all.find((one) => bssidOf(one.mac) === base.bssid) ?? all[0];
	if (entry === undefined || bssidOf(entry.mac) === null) {
		const gone = { associated: false, bssid: null, signalDbm: null, txMbps: null, rxMbps: null, tx: null };
		return { ...base, ...gone, connectedS: null };
	}
	return {
		...base,
		associated: true,
		bssid: bssidOf(entry.mac),
		signalDbm: dbmOf(entry.signal) ?? dbmOf(entry.signal_avg),
		noiseDbm: dbmOf(entry.noise) ?? base.noiseDbm,
		txMbps: mbps(at(entry, "tx", "rate")),
		rxMbps: mbps(at(entry, "rx", "rate")),
		tx: countersOf(entry.tx),
		connectedS: wholeIn(entry.connected_time, 0, 4_294_967_295),
	};
}

export interface Survey {
	readonly airtime: Airtime | null;
	readonly noiseDbm: number | null;
}

/** `survey`: the row of the channel in use. */
export function parseSurvey(survey: unknown, frequencyMhz: number | null): Survey {
	const row = tablesOf(at(survey, "results")).find((one) => frequencyMhz !== null && one.mhz === frequencyMhz);
	const activeMs = wholeIn(row?.active_time, 1, COUNTER_MAX);
	const busyMs = wholeIn(row?.busy_time, 0, COUNTER_MAX);
	const airtime = activeMs === null || busyMs === null || busyMs > activeMs ? null : { activeMs, busyMs };
	return { airtime, noiseDbm: unsignedDbm(row?.noise) };
}

export interface Iwinfo {
	/** `full`: also name, channel and survey. */
	ask(device: string, full: boolean): Promise<WifiReading>;
}

export function createIwinfo(bus: Bus): Iwinfo {
	let known: { readonly device: string; readonly info: WifiReading; readonly noiseDbm: number | null } | null = null;
	let hasSurvey = true;

	const call = (method: string, device: string): Promise<unknown> => bus.call("iwinfo", method, { device }, LIMIT);

	async function surveyOf(device: string, info: WifiReading): Promise<Survey> {
		if (!hasSurvey) return { airtime: null, noiseDbm: null };
		try {
			return parseSurvey(await call("survey", device), info.frequencyMhz);
		} catch {
			hasSurvey = false; // rpcd before 2021 has no such method
			return { airtime: null, noiseDbm: null };
		}
	}

	async function infoOf(device: string): Promise<WifiReading> {
		const info = parseInfo(await call("info", device));
		if (info === null) throw new AutonomyError("not_found", `${device} is no Wi-Fi client`);
		return info;
	}

	return {
		async ask(device, full) {
			const list = await call("assoclist", device);
			let airtime: Airtime | null = null;
			let basis = full || known?.device !== device ? null : known;
			// Another access point: its channel and name are asked for at once.
			if (basis !== null && parseAssoclist(basis.info, list).bssid !== basis.info.bssid) basis = null;
			if (basis === null) {
				const info = await infoOf(device);
				const survey = await surveyOf(device, info);
				airtime = survey.airtime;
				basis = { device, info, noiseDbm: info.noiseDbm ?? survey.noiseDbm };
				known = basis;
			}
			return parseAssoclist({ ...basis.info, noiseDbm: basis.noiseDbm, airtime }, list);
		},
	};
}
