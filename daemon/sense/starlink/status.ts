/**
 * One get_status as facts with units. Left out on purpose: snr (dishes stopped sending it in 2021) and
 * seconds_to_first_nonempty_slot (a duration once, a Unix time now). is_snr_above_noise_floor = false alone is no fault: it
 * is so in 0.4 % of the seconds of a healthy link.
 */

import { type DishOutage, readOutage } from "./outage.ts";
import { figure, flag, part, type Raw, text } from "./raw.ts";
import { nameOf } from "./wire.ts";

export interface DishStatus {
	readonly id: string | null;
	readonly hardware: string | null;
	readonly firmware: string | null;
	readonly country: string | null;
	readonly bootcount: number | null;
	readonly uptimeS: number | null;
	/** Share of the dish's own pings to its point of presence that were lost; late: `outage` comes 1 to 4 s earlier. */
	readonly dropPct: number | null;
	readonly latencyMs: number | null;
	readonly downMbps: number | null;
	readonly upMbps: number | null;
	/** Null: connected. */
	readonly outage: DishOutage | null;
	readonly obstruction: Obstruction | null;
	/** Names of the alerts that are on, as the dish calls them. */
	readonly alerts: readonly string[];
	readonly signalAboveNoise: boolean;
	readonly signalPersistentlyLow: boolean;
	/** Parts that are ready; null when the dish does not say. */
	readonly ready: Readonly<Record<string, boolean>> | null;
	readonly ethernetMbps: number | null;
	readonly mobility: string;
	readonly movingFast: boolean;
	readonly service: string;
	readonly disablement: string;
	readonly downLimit: string;
	readonly upLimit: string;
	readonly stowRequested: boolean;
	readonly update: Update;
	readonly gps: { readonly valid: boolean; readonly satellites: number | null; readonly inhibited: boolean } | null;
	readonly pointing: Pointing;
	readonly dishW: number | null;
	readonly routerW: number | null;
	readonly battery: { readonly chargePct: number; readonly charging: boolean; readonly source: string } | null;
	readonly rebootReason: string;
}

export interface Obstruction {
	/** Share of the surveyed sky. */
	readonly skyPct: number | null;
	/** Share of the time. */
	readonly timePct: number | null;
	readonly now: boolean;
	/** Seconds of survey behind the figures. */
	readonly validS: number | null;
	readonly patches: number | null;
	/** Mean length of, and pause between, obstructions of a second or more; null when there were none. */
	readonly prolongedS: number | null;
	readonly prolongedEveryS: number | null;
}

export interface Update {
	readonly state: string;
	readonly progressPct: number | null;
	readonly requiresReboot: boolean;
	readonly rebootAtUnixMs: number | null;
	readonly rebootReady: boolean;
	/** Null when none is pending. */
	readonly rebootPossibleInS: number | null;
	/** Hour of the day, local time of the dish, in which it restarts for an update. */
	readonly rebootHour: number | null;
}

export interface Pointing {
	readonly azimuthDeg: number | null;
	readonly elevationDeg: number | null;
	readonly tiltDeg: number | null;
	readonly wantedAzimuthDeg: number | null;
	readonly wantedElevationDeg: number | null;
	readonly uncertaintyDeg: number | null;
}

const ALERTS = [
	"motors_stuck",
	"thermal_shutdown",
	"thermal_throttle",
	"unexpected_location",
	"mast_not_near_vertical",
	"slow_ethernet_speeds",
	"roaming",
	"install_pending",
	"is_heating",
	"power_supply_thermal_throttle",
	"is_power_save_idle",
	"dbf_telem_stale",
	"low_motor_current",
	"lower_signal_than_predicted",
	"slow_ethernet_speeds_100",
	"obstruction_map_reset",
	"dish_water_detected",
	"router_water_detected",
	"upsu_router_port_slow",
	"no_ethernet_link",
] as const;
const READY = ["cady", "scp", "l1l2", "xphy", "aap", "rf"] as const;
const LATENCY_MAX_MS = 60_000;
const RATE_MAX = 1e11;

/** Seconds since 1970; earlier than 2020 or later than 2100 is none. */
function unixMs(raw: Raw | null, name: string): number | null {
	const seconds = figure(raw, name, 1_577_836_800, 4_102_444_800);
	return seconds === null ? null : seconds * 1000;
}

function scaled(value: number | null, factor: number): number | null {
	return value === null ? null : value * factor;
}

/** Zero is what the dish sends when it does not know. */
function positive(value: number | null): number | null {
	return value === null || value <= 0 ? null : value;
}

function readObstruction(raw: Raw | null): Obstruction | null {
	if (raw === null) return null;
	const prolonged = flag(raw, "avg_prolonged_obstruction_valid");
	const seconds = (name: string): number | null => (prolonged ? positive(figure(raw, name, 0, 1e7)) : null);
	return {
		skyPct: scaled(figure(raw, "fraction_obstructed", 0, 1), 100),
		timePct: scaled(figure(raw, "time_obstructed", 0, 1), 100),
		now: flag(raw, "currently_obstructed"),
		validS: figure(raw, "valid_s", 0, 1e9),
		patches: figure(raw, "patches_valid", 0, 1e6),
		prolongedS: seconds("avg_prolonged_obstruction_duration_s"),
		prolongedEveryS: seconds("avg_prolonged_obstruction_interval_s"),
	};
}

function readUpdate(raw: Raw): Update {
	const stats = part(raw, "software_update_stats");
	const state = stats === null ? raw.software_update_state : stats.software_update_state;
	return {
		state: nameOf("SoftwareUpdateState", state),
		progressPct: scaled(positive(figure(stats, "software_update_progress", 0, 1)), 100),
		requiresReboot: flag(stats, "update_requires_reboot"),
		rebootAtUnixMs: unixMs(stats, "reboot_scheduled_utc_time"),
		rebootReady: flag(raw, "swupdate_reboot_ready"),
		rebootPossibleInS: positive(figure(raw, "seconds_until_swupdate_reboot_possible", 0, 1e7)),
		rebootHour: figure(part(raw, "config"), "swupdate_reboot_hour", 0, 23),
	};
}

function readPointing(raw: Raw): Pointing {
	const stats = part(raw, "alignment_stats");
	return {
		azimuthDeg: figure(stats ?? raw, "boresight_azimuth_deg", -360, 360),
		elevationDeg: figure(stats ?? raw, "boresight_elevation_deg", -90, 90),
		tiltDeg: figure(stats, "tilt_angle_deg", -180, 180),
		wantedAzimuthDeg: figure(stats, "desired_boresight_azimuth_deg", -360, 360),
		wantedElevationDeg: figure(stats, "desired_boresight_elevation_deg", -90, 90),
		uncertaintyDeg: positive(figure(stats, "attitude_uncertainty_deg", 0, 360)),
	};
}

function readBattery(raw: Raw | null): DishStatus["battery"] {
	const chargePct = positive(figure(raw, "state_of_charge", 0, 100));
	if (chargePct === null) return null;
	return { chargePct, charging: flag(raw, "is_charging"), source: nameOf("PowerSource", raw?.power_source) };
}

export function readStatus(raw: Raw): DishStatus {
	const info = part(raw, "device_info");
	const alerts = part(raw, "alerts");
	const ready = part(raw, "ready_states");
	const gps = part(raw, "gps_stats");
	const power = part(raw, "upsu_stats");
	const drop = figure(raw, "pop_ping_drop_rate", 0, 1);
	return {
		id: text(info, "id"),
		hardware: text(info, "hardware_version"),
		firmware: text(info, "software_version"),
		country: text(info, "country_code"),
		bootcount: positive(figure(info, "bootcount", 0, 2 ** 31)),
		uptimeS: positive(figure(part(raw, "device_state"), "uptime_s", 0, 1e9)),
		dropPct: scaled(drop, 100),
		// While everything is lost the last latency is repeated.
		latencyMs: drop === 1 ? null : positive(figure(raw, "pop_ping_latency_ms", 0, LATENCY_MAX_MS)),
		downMbps: scaled(figure(raw, "downlink_throughput_bps", 0, RATE_MAX), 1e-6),
		upMbps: scaled(figure(raw, "uplink_throughput_bps", 0, RATE_MAX), 1e-6),
		outage: readOutage(part(raw, "outage")),
		obstruction: readObstruction(part(raw, "obstruction_stats")),
		alerts: ALERTS.filter((name) => flag(alerts, name)),
		signalAboveNoise: flag(raw, "is_snr_above_noise_floor"),
		signalPersistentlyLow: flag(raw, "is_snr_persistently_low"),
		ready: ready === null ? null : Object.fromEntries(READY.map((name) => [name, flag(ready, name)])),
		ethernetMbps: positive(figure(raw, "eth_speed_mbps", 0, 400_000)),
		mobility: nameOf("UserMobilityClass", raw.mobility_class),
		movingFast: flag(raw, "is_moving_fast_persisted"),
		service: nameOf("UserClassOfService", raw.class_of_service),
		disablement: nameOf("DisablementCode", raw.disablement_code),
		downLimit: nameOf("RateLimitReason", raw.dl_bandwidth_restricted_reason),
		upLimit: nameOf("RateLimitReason", raw.ul_bandwidth_restricted_reason),
		stowRequested: flag(raw, "stow_requested"),
		update: readUpdate(raw),
		gps: gps && {
			valid: flag(gps, "gps_valid"),
			satellites: figure(gps, "gps_sats", 0, 200),
			inhibited: flag(gps, "inhibit_gps"),
		},
		pointing: readPointing(raw),
		dishW: positive(figure(power, "dish_power", 0, 1000)),
		routerW: positive(figure(power, "router_power", 0, 1000)),
		battery: readBattery(part(raw, "battery_stats")),
		rebootReason: nameOf("RebootReason", raw.reboot_reason),
	};
}
