/** Outages as the dish reports them, with its GPS times turned into Unix time. */
import { figure, flag, type Raw } from "./raw.ts";
import { nameOf } from "./wire.ts";

/** 1980-01-06 in Unix seconds, and the leap seconds since (none was added since 2017, none is announced). */
const GPS_EPOCH_S = 315_964_800;
const LEAP_S = 18;
/** The constellation is rearranged every 15 s; in GPS time the moments are multiples of 15 s. */
const SLOT_S = 15;
const MAX_MS = 1e10;

export interface DishOutage {
	/** NO_SCHEDULE, OBSTRUCTED ... as the dish calls it; unknown_17 for a cause newer than this version. */
	readonly cause: string;
	/** Null while the dish has no time yet (it is booting). */
	readonly startUnixMs: number | null;
	readonly durationMs: number;
	/** It changed the satellite or beam around this outage. */
	readonly switched: boolean;
}

export function gpsNsToUnixMs(gpsNs: number): number {
	return gpsNs / 1e6 + (GPS_EPOCH_S - LEAP_S) * 1000;
}

/** Seconds since the last rearrangement, 0 <= s < 15. */
export function slotPhaseS(unixMs: number): number {
	const seconds = unixMs / 1000 + LEAP_S;
	return seconds - SLOT_S * Math.floor(seconds / SLOT_S);
}

export function readOutage(raw: Raw | null): DishOutage | null {
	if (raw === null) return null;
	const startNs = figure(raw, "start_timestamp_ns", 1, 4e18);
	const durationNs = figure(raw, "duration_ns", 0, MAX_MS * 1e6);
	return {
		cause: nameOf("DishOutage.Cause", raw.cause),
		startUnixMs: startNs === null ? null : gpsNsToUnixMs(startNs),
		durationMs: Math.round((durationNs ?? 0) / 1e6),
		switched: flag(raw, "did_switch"),
	};
}
