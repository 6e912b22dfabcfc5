/** The whole picture of a dish for the API: names snake_case with units, absent what is not known. */
import { known, tenths } from "../details.ts";
import type { Detail, Details } from "../sensor.ts";
import { alertGrade, alertWords, outageWords } from "./causes.ts";
import type { DishDiagnostics, DishPosition } from "./diagnostics.ts";
import type { HistorySummary } from "./history.ts";
import type { DishPicture } from "./judge.ts";
import type { Door } from "./knock.ts";
import type { ObstructionMap } from "./map.ts";
import { slotPhaseS } from "./outage.ts";
import type { DishStatus, Update } from "./status.ts";

export interface Extras {
	readonly door: Door | null;
	readonly host: string;
	readonly history: HistorySummary | null;
	readonly diagnostics: DishDiagnostics | null;
	readonly position: DishPosition | null;
	readonly map: ObstructionMap | null;
	readonly refused: readonly string[];
	readonly picture: DishPicture;
	readonly wallMs: number;
}

function hundredths(value: number | null | undefined): number | null {
	return value === null || value === undefined ? null : Math.round(value * 100) / 100;
}

function updateOf(update: Update, picture: DishPicture): Details {
	return known({
		state: update.state,
		progress_pct: tenths(update.progressPct),
		requires_reboot: update.requiresReboot,
		reboot_ready: update.rebootReady,
		reboot_possible_in_s: update.rebootPossibleInS,
		reboot_in_s: picture.rebootInMs === null ? null : Math.round(picture.rebootInMs / 1000),
		reboot_hour: update.rebootHour,
	});
}

function obstructionOf(status: DishStatus, map: ObstructionMap | null): Details | null {
	const { obstruction } = status;
	return (
		obstruction &&
		known({
			sky_pct: hundredths(obstruction.skyPct),
			time_pct: hundredths(obstruction.timePct),
			now: obstruction.now,
			valid_s: obstruction.validS === null ? null : Math.round(obstruction.validS),
			patches: obstruction.patches,
			prolonged_s: tenths(obstruction.prolongedS),
			prolonged_every_s: tenths(obstruction.prolongedEveryS),
			toward_pct: hundredths(map?.towardPct),
		})
	);
}

function historyOf(history: HistorySummary | null): Details | null {
	if (history === null) return null;
	return known({
		seconds: history.seconds,
		drop_pct: hundredths(history.dropPct),
		latency_ms: tenths(history.latencyMs),
		power_w: tenths(history.powerW),
		outages_12h: history.outages,
	});
}

export function describeDish(status: DishStatus, extra: Extras): Details {
	const { picture, history, diagnostics, position, map } = extra;
	const clockMs = picture.dishUnixMs ?? extra.wallMs;
	const alerts: Detail = status.alerts.map((name) => ({ name, grade: alertGrade(name), text: alertWords(name) }));
	return known({
		state: status.outage === null ? "CONNECTED" : status.outage.cause,
		source: extra.door,
		host: extra.host,
		id: status.id,
		hardware: status.hardware,
		firmware: status.firmware,
		country: status.country,
		bootcount: status.bootcount,
		uptime_s: status.uptimeS,
		restarts_seen: picture.boots,
		reboot_reason: status.rebootReason.replace("REBOOT_REASON_", ""),
		drop_pct: hundredths(status.dropPct),
		latency_ms: tenths(status.latencyMs),
		down_mbps: hundredths(status.downMbps),
		up_mbps: hundredths(status.upMbps),
		outage: status.outage && {
			cause: status.outage.cause,
			text: outageWords(status.outage.cause),
			duration_ms: status.outage.durationMs,
		},
		outages: picture.outages.map((one) => ({ cause: one.cause, duration_ms: Math.round(one.durationMs) })),
		obstruction: obstructionOf(status, map),
		alerts,
		signal_above_noise: status.signalAboveNoise,
		signal_persistently_low: status.signalPersistentlyLow,
		ready: status.ready,
		ethernet_mbps: status.ethernetMbps,
		mobility: status.mobility,
		moving_fast: status.movingFast,
		service: status.service,
		disablement: status.disablement,
		down_limit: status.downLimit,
		up_limit: status.upLimit,
		stow_requested: status.stowRequested,
		update: updateOf(status.update, picture),
		gps: status.gps && known({ ...status.gps }),
		azimuth_deg: tenths(status.pointing.azimuthDeg),
		elevation_deg: tenths(status.pointing.elevationDeg),
		tilt_deg: tenths(status.pointing.tiltDeg),
		wanted_azimuth_deg: tenths(status.pointing.wantedAzimuthDeg),
		wanted_elevation_deg: tenths(status.pointing.wantedElevationDeg),
		power_w: tenths(status.dishW ?? history?.lastPowerW),
		router_power_w: tenths(status.routerW),
		battery: status.battery && {
			charge_pct: status.battery.chargePct,
			charging: status.battery.charging,
			source: status.battery.source,
		},
		slot_phase_s: tenths(slotPhaseS(clockMs)),
		last_15_min: historyOf(history),
		diagnostics: diagnostics && {
			self_test: diagnostics.selfTest,
			self_test_faults: diagnostics.selfTestFaults,
			alerts: diagnostics.alerts,
			disablement: diagnostics.disablement,
			stowed: diagnostics.stowed,
			rate_limited: diagnostics.rateLimited,
		},
		location:
			position &&
			known({
				latitude: position.latitude,
				longitude: position.longitude,
				altitude_m: tenths(position.altitudeM),
				accuracy_m: tenths(position.accuracyM),
				speed_mps: tenths(position.speedMps),
			}),
		refused: extra.refused,
		danger: picture.danger && { risk: picture.danger.risk, cause: picture.danger.cause, text: picture.danger.text },
	});
}

export function factsOf(map: ObstructionMap): Details {
	return known({
		rows: map.rows,
		columns: map.columns,
		frame: map.frame,
		max_theta_deg: tenths(map.maxThetaDeg),
		measured_pct: hundredths(map.measuredPct),
		blocked_pct: hundredths(map.blockedPct),
		toward_pct: hundredths(map.towardPct),
	});
}
