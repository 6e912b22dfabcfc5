/**
 * The sensor of a Wi-Fi client: iwinfo on ubus, else /proc/net/wireless. Paces: every 2 s while the uplink carries
 * traffic, every second while the signal is weak or falls, every 10 s on standby. wpa_supplicant tells nothing on ubus
 * when a client roams or is thrown out (its object only has iface.add and iface.remove), so that is seen by asking; the
 * link going down is told by netifd, and then is asked at once.
 */

import { AutonomyError, isAutonomyError } from "../../platform/error.ts";
import { known, tenths } from "../details.ts";
import { createPoller } from "../poller.ts";
import type { Details, Sensor, SensorContext, SensorKind } from "../sensor.ts";
import { createIwinfo } from "./iwinfo.ts";
import { createWifiJudge } from "./judge.ts";
import { WIFI } from "./kind.ts";
import { parseProcWireless } from "./proc.ts";
import { snrDb, type WifiReading } from "./reading.ts";

const ASK_LIMIT_MS = 10_000;
const FULL_EVERY_MS = 10_000;
const IWINFO_REST_MS = 60_000;
const PACE = { worrying: 1_000, active: 2_000, standby: 10_000 } as const;
const PROC = "/proc/net/wireless";

export function createWifi(context: SensorContext): Sensor {
	const { platform, bus, config } = context;
	const { clock, files } = platform;
	const iwinfo = createIwinfo(bus);
	const judge = createWifiJudge(context);
	let uplink = context.uplink;
	let active = false;
	/** Connections finish on an uplink that was left: it is watched as closely as before until then. */
	let busyUntilMs = Number.NEGATIVE_INFINITY;
	let fullMs = Number.NEGATIVE_INFINITY;
	let iwinfoRestsUntilMs = Number.NEGATIVE_INFINITY;
	let iwinfoError: unknown = null;
	let last: WifiReading | null = null;

	const deviceOf = (): string => {
		const device = uplink.lowerDevice ?? uplink.device;
		if (device === null) throw new AutonomyError("not_found", `${uplink.id} has no device now`);
		return device;
	};

	async function read(): Promise<WifiReading> {
		const device = deviceOf();
		const nowMs = clock.monotonicMs();
		if (nowMs >= iwinfoRestsUntilMs) {
			const full = nowMs - fullMs >= FULL_EVERY_MS;
			if (full) fullMs = nowMs;
			try {
				return await iwinfo.ask(device, full);
			} catch (error) {
				// It answered: what the kernel says of an access point of ours would be of no use either.
				if (isAutonomyError(error, "not_found")) throw error;
				iwinfoError = error;
				fullMs = Number.NEGATIVE_INFINITY;
			}
		}
		const poor = parseProcWireless(files.readTextIfAny(PROC) ?? "", device);
		if (poor === null) throw iwinfoError;
		// It stays away for a while only when something else answers; alone, the poller paces it.
		if (nowMs >= iwinfoRestsUntilMs) iwinfoRestsUntilMs = nowMs + IWINFO_REST_MS;
		return poor;
	}

	const poller = createPoller({
		platform,
		intervalMs() {
			if (!active && clock.monotonicMs() >= busyUntilMs) return PACE.standby;
			return judge.worrying() ? PACE.worrying : PACE.active;
		},
		limitMs: ASK_LIMIT_MS,
		async work(wanted) {
			const reading = await read();
			if (!wanted()) return "";
			last = reading;
			judge.take(clock.monotonicMs(), reading);
			return sentence(reading);
		},
		onState(health) {
			if (health.state === "ok") return;
			last = null;
			judge.lose();
		},
	});

	return {
		follow(next, isActive) {
			const changed = next.device !== uplink.device || next.up !== uplink.up || next.carrier !== uplink.carrier;
			const woken = isActive && !active;
			if (active && !isActive) busyUntilMs = clock.monotonicMs() + config().main.drainS * 1000;
			uplink = next;
			active = isActive;
			if (changed) fullMs = Number.NEGATIVE_INFINITY;
			if (changed || woken) poller.soon();
		},
		health: () => poller.health(),
		details() {
			return last === null ? null : detailsOf(last);
		},
		close: () => poller.close(),
	};

	function detailsOf(reading: WifiReading): Details {
		const fade = judge.fade();
		return known({
			source: reading.source,
			device: uplink.lowerDevice ?? uplink.device,
			associated: reading.associated,
			ssid: reading.ssid,
			bssid: reading.bssid,
			channel: reading.channel,
			frequency_mhz: reading.frequencyMhz,
			signal: reading.signalDbm,
			noise: reading.noiseDbm,
			snr: snrDb(reading),
			bitrate_mbps: reading.txMbps,
			rx_bitrate_mbps: reading.rxMbps,
			retry_pct: tenths(judge.retryPct()),
			channel_busy_pct: tenths(judge.busyPct()),
			connected_s: reading.connectedS,
			roams: judge.roams(),
			quality: qualityWord(reading.signalDbm),
			predictive_risk: reading.associated === false ? 0.95 : fade?.risk,
			fade_db_per_s: fade === null ? null : tenths(fade.dbPerS),
		});
	}
}

/** Practice for data at usual rates; at -82 dBm hardly anything passed on recorded links (docs/wifi.md). */
function qualityWord(signalDbm: number | null): string | null {
	if (signalDbm === null) return null;
	if (signalDbm >= -60) return "excellent";
	if (signalDbm >= -67) return "good";
	if (signalDbm >= -75) return "fair";
	return signalDbm > -82 ? "poor" : "bad";
}

function sentence(reading: WifiReading): string {
	if (reading.associated === false) return `${reading.source}: the radio has no access point`;
	const signal = reading.signalDbm === null ? "no signal figure" : `signal ${reading.signalDbm} dBm`;
	return `${reading.source}: ${signal}${reading.channel === null ? "" : `, channel ${reading.channel}`}`;
}

export function wifiKind(): SensorKind {
	return {
		...WIFI,
		create: createWifi,
	};
}
