/**
 * What readings of one radio mean for its uplink: figures for health, events (roam, lost, joined), suspicion, risk. Shares
 * (retries, channel use) are differences of counters between two readings; a counter that went backwards was reset and
 * says nothing. Another access point is an event and no fault.
 */
import type { SenseValues } from "../../health/senses.ts";
import { pacedEvents } from "../paced.ts";
import type { SensorSink } from "../sensor.ts";
import { createWifiFade, type WifiFade } from "./fade.ts";
import type { Airtime, TxCounters, WifiReading } from "./reading.ts";

/** Fewer packets say nothing about retries. */
const LEAST_PACKETS = 20;
const LEAST_AIRTIME_MS = 500;
const LOST_HORIZON_MS = 15_000;
const FADE_EXTRA_MS = 5_000;
const SUSPECT_PAUSE_MS = 10_000;

export interface WifiJudge {
	take(atMs: number, reading: WifiReading): void;
	/** Nobody tells anything any more. */
	lose(): void;
	fade(): WifiFade | null;
	worrying(): boolean;
	retryPct(): number | null;
	busyPct(): number | null;
	roams(): number;
}

/** Share of `part` in what passed between two readings. */
export function retryShare(from: TxCounters, to: TxCounters): number | null {
	const retries = to.retries - from.retries;
	const packets = to.packets - from.packets;
	if (packets < LEAST_PACKETS || retries < 0) return null;
	return Math.min(100, (100 * retries) / (packets + retries));
}

export function busyShare(from: Airtime, to: Airtime): number | null {
	const active = to.activeMs - from.activeMs;
	const busy = to.busyMs - from.busyMs;
	if (active < LEAST_AIRTIME_MS || busy < 0) return null;
	return Math.min(100, (100 * busy) / active);
}

export function createWifiJudge(sink: SensorSink): WifiJudge {
	let fades = createWifiFade();
	let fade: WifiFade | null = null;
	let before: WifiReading | null = null;
	let counted: TxCounters | null = null;
	let surveyed: { readonly airtime: Airtime; readonly frequencyMhz: number | null } | null = null;
	let retryPct: number | null = null;
	let busyPct: number | null = null;
	let roams = 0;
	let suspectedMs = Number.NEGATIVE_INFINITY;
	const tell = pacedEvents((type, reason) => sink.event(type, reason));

	function suspect(atMs: number, reason: string): void {
		if (atMs - suspectedMs < SUSPECT_PAUSE_MS) return;
		suspectedMs = atMs;
		sink.suspect(reason);
	}

	function changes(atMs: number, now: WifiReading): void {
		if (now.associated === false) {
			if (before?.associated !== false) {
				const first = before === null;
				sink.event("wifi", first ? "no access point" : `lost its access point${nameOf(before)}`);
				// Not held back by the pause: this is the one that matters.
				if (!first) sink.suspect("the radio lost its access point");
			}
			const text = "the radio has no access point";
			sink.risk({ risk: 0.95, confidence: 0.9, horizonMs: LOST_HORIZON_MS, cause: "not_associated", text });
			return;
		}
		if (before === null) return;
		if (before.associated === false && now.associated === true) {
			sink.event("wifi", `joined an access point${nameOf(now)}`);
		} else if (now.bssid !== null && before.bssid !== null && now.bssid !== before.bssid) {
			roams++;
			const channel = now.channel === null ? "" : `, channel ${now.channel}`;
			tell(atMs, "roam", `${before.bssid} -> ${now.bssid}${channel}`);
			suspect(atMs, "the radio went to another access point");
		} else if (now.connectedS !== null && before.connectedS !== null && now.connectedS < before.connectedS) {
			tell(atMs, "wifi", "thrown out by its access point and joined again");
			suspect(atMs, "the radio had to join its access point again");
		}
	}

	function shares(now: WifiReading): void {
		const same = before?.bssid === now.bssid;
		if (now.tx !== null) {
			const share = counted !== null && same ? retryShare(counted, now.tx) : null;
			const reset = counted !== null && now.tx.packets < counted.packets;
			if (share !== null) retryPct = share;
			// Few packets: the span goes on until there are enough.
			if (share !== null || counted === null || !same || reset) counted = now.tx;
		} else {
			counted = null;
			retryPct = null;
		}
		if (!same) retryPct = null;
		if (now.airtime === null) return;
		const { airtime, frequencyMhz } = now;
		const comparable = surveyed !== null && surveyed.frequencyMhz === frequencyMhz;
		busyPct = comparable && surveyed !== null ? busyShare(surveyed.airtime, airtime) : null;
		surveyed = { airtime, frequencyMhz };
	}

	function strength(atMs: number, now: WifiReading): void {
		fade = fades.take(atMs, now.signalDbm, now.bssid);
		if (fade === null) return;
		const { dbPerS, toLimitMs, risk, confidence } = fade;
		const signal = `${Math.round(now.signalDbm ?? 0)} dBm`;
		const text =
			toLimitMs === 0
				? `the signal of the access point is all but gone (${signal})`
				: `the signal is ${signal}, falls by ${dbPerS.toFixed(1)} dB/s and will be lost in ${Math.round(toLimitMs / 1000)} s`;
		sink.risk({ risk, confidence, horizonMs: toLimitMs + FADE_EXTRA_MS, cause: "wifi_fades", text });
		// Connections that were left on it to finish are stuck now: probes find out whether they are.
		if (toLimitMs === 0) suspect(atMs, `the signal of the access point is all but gone: ${signal}`);
	}

	return {
		take(atMs, now) {
			changes(atMs, now);
			shares(now);
			strength(atMs, now);
			before = now;
			sink.observe({
				signal_dbm: now.signalDbm,
				noise_dbm: now.noiseDbm,
				bitrate_mbps: now.txMbps,
				retry_pct: retryPct,
				channel_busy_pct: busyPct,
			});
		},
		lose() {
			if (before !== null) sink.observe(UNKNOWN);
			before = null;
			counted = null;
			surveyed = null;
			retryPct = null;
			busyPct = null;
			fade = null;
			fades = createWifiFade();
		},
		fade: () => fade,
		worrying: () => fades.worrying(),
		retryPct: () => retryPct,
		busyPct: () => busyPct,
		roams: () => roams,
	};
}

function nameOf(reading: WifiReading | null): string {
	return reading?.ssid == null ? "" : ` '${reading.ssid}'`;
}

const UNKNOWN: SenseValues = {
	signal_dbm: null,
	noise_dbm: null,
	bitrate_mbps: null,
	retry_pct: null,
	channel_busy_pct: null,
};
