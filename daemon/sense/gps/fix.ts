/** A position as some source gives it, and what can be said of two of them. Pure. */
import { at, numberIn } from "../values.ts";

export type GpsSource = "rutos" | "gpsd" | "dish" | "opencellid";

export interface Fix {
	readonly source: GpsSource;
	/** When it was true, monotonic ms. */
	readonly atMs: number;
	/** WGS 84, degrees. */
	readonly latitude: number;
	readonly longitude: number;
	readonly altitudeM: number | null;
	/** Radius in which the router is, about two thirds of the time. */
	readonly accuracyM: number;
	readonly speedMps: number | null;
	readonly headingDeg: number | null;
	readonly satellites: number | null;
}

const EARTH_M = 6_371_000;
/** What a good receiver is off by for each unit of HDOP. */
const M_PER_HDOP = 5;

export interface GivenFix {
	readonly latitude: unknown;
	readonly longitude: unknown;
	readonly altitude?: unknown;
	readonly accuracy?: unknown;
	readonly hdop?: unknown;
	readonly speedMps?: unknown;
	readonly heading?: unknown;
	readonly satellites?: unknown;
}

/** Null when there is no position in it; 0/0 is what receivers say that have none. */
export function fixOf(source: GpsSource, atMs: number, given: GivenFix, fallbackAccuracyM: number): Fix | null {
	const latitude = numberIn(given.latitude, -90, 90);
	const longitude = numberIn(given.longitude, -180, 180);
	if (latitude === null || longitude === null || (latitude === 0 && longitude === 0)) return null;
	const hdop = numberIn(given.hdop, 0.1, 50);
	const told = numberIn(given.accuracy, 0.1, 50_000);
	const satellites = numberIn(given.satellites, 0, 100);
	return {
		source,
		atMs,
		latitude,
		longitude,
		altitudeM: numberIn(given.altitude, -500, 20_000),
		accuracyM: told ?? (hdop === null ? fallbackAccuracyM : hdop * M_PER_HDOP),
		speedMps: numberIn(given.speedMps, 0, 350),
		headingDeg: numberIn(given.heading, 0, 360),
		satellites: satellites === null ? null : Math.round(satellites),
	};
}

export interface Place {
	readonly latitude: number;
	readonly longitude: number;
}

/** Metres along the sphere (haversine). */
export function distanceM(a: Place, b: Place): number {
	const rad = Math.PI / 180;
	const dLat = (b.latitude - a.latitude) * rad;
	const dLon = (b.longitude - a.longitude) * rad;
	const h = Math.sin(dLat / 2) ** 2 + Math.cos(a.latitude * rad) * Math.cos(b.latitude * rad) * Math.sin(dLon / 2) ** 2;
	return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** How far off a position may be now: it gets worse while it ages, as fast as the router may have moved. */
export function effectiveAccuracyM(fix: Fix, nowMs: number): number {
	const ageS = Math.max(0, nowMs - fix.atMs) / 1000;
	return fix.accuracyM + ageS * Math.max(1, fix.speedMps ?? 1);
}

/** Of equals the earlier in this order. */
const ORDER: readonly GpsSource[] = ["rutos", "gpsd", "dish", "opencellid"];
const CLEARLY_BETTER = 0.8;

/** The one that is nearest to the truth now; null without any. */
export function bestFix(fixes: readonly Fix[], nowMs: number): Fix | null {
	const sorted = [...fixes].sort((a, b) => ORDER.indexOf(a.source) - ORDER.indexOf(b.source));
	let best: Fix | null = null;
	for (const fix of sorted) {
		if (best === null || effectiveAccuracyM(fix, nowMs) < CLEARLY_BETTER * effectiveAccuracyM(best, nowMs)) best = fix;
	}
	return best;
}

/** `gpsd position` of RutOS: speed in km/h, fix_status 0 without a fix (libgps.so of 7.20). */
export function parseRutos(reply: unknown, atMs: number): Fix | null {
	if (numberIn(at(reply, "fix_status"), 1, 9) === null) return null;
	const kmh = numberIn(at(reply, "speed"), 0, 1_260);
	const given = {
		latitude: at(reply, "latitude"),
		longitude: at(reply, "longitude"),
		altitude: at(reply, "altitude"),
		accuracy: at(reply, "accuracy"),
		hdop: at(reply, "hdop"),
		speedMps: kmh === null ? null : kmh / 3.6,
		heading: at(reply, "angle"),
		satellites: at(reply, "satellites"),
	};
	return fixOf("rutos", atMs, given, 15);
}

/** What the dish sensor shows as `location` in its details. */
export function parseDish(location: unknown, atMs: number): Fix | null {
	const given = {
		latitude: at(location, "latitude"),
		longitude: at(location, "longitude"),
		altitude: at(location, "altitude_m"),
		accuracy: at(location, "accuracy_m"),
		speedMps: at(location, "speed_mps"),
	};
	return fixOf("dish", atMs, given, 15);
}
