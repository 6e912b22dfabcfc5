/**
 * Time, place and heading for the forecast's patterns. Where the router will be in half a minute is its last way carried on in a straight
 * line; a position that is stale, wide or jumps says nothing.
 */
import type { Moment } from "../forecast/repeat.ts";
import type { Clock } from "../platform/platform.ts";
import type { GpsPicture } from "../sense/gps/gps.ts";

const AHEAD_MS = 30_000;
/** A cell of the patterns is some 250 m wide. */
const ACCURACY_MAX_M = 150;
/** Two positions this far apart in time tell a way. */
const LEAST_MS = 2000;
const MOST_MS = 30_000;
/** Degrees per second; some 300 km/h. */
const JUMP_DEG = 0.00075;
const HEADING_FROM_MPS = 2;

interface Seen {
	readonly atMs: number;
	readonly latitude: number;
	readonly longitude: number;
}

export function createMoments(clock: Pick<Clock, "wallMs">, picture: () => GpsPicture): () => Moment {
	let before: Seen | null = null;
	let rate: { readonly latitude: number; readonly longitude: number } | null = null;
	return () => {
		const unixMs = clock.wallMs();
		const { fix, stale, accuracyNowM } = picture();
		if (fix === null || stale || (accuracyNowM ?? fix.accuracyM) > ACCURACY_MAX_M) {
			before = null;
			rate = null;
			return { unixMs, place: null, ahead: null, headingDeg: null };
		}
		const { atMs, latitude, longitude } = fix;
		const passed = before === null ? 0 : atMs - before.atMs;
		if (before === null || passed < 0 || passed > MOST_MS) {
			before = { atMs, latitude, longitude };
			rate = null;
		} else if (passed >= LEAST_MS) {
			const [north, east] = [(latitude - before.latitude) / passed, (longitude - before.longitude) / passed];
			const far = Math.max(Math.abs(north), Math.abs(east)) * 1000;
			rate = far > JUMP_DEG || (north === 0 && east === 0) ? null : { latitude: north, longitude: east };
			before = { atMs, latitude, longitude };
		}
		const ahead =
			rate === null
				? null
				: { latitude: latitude + rate.latitude * AHEAD_MS, longitude: longitude + rate.longitude * AHEAD_MS };
		const headingDeg = (fix.speedMps ?? 0) >= HEADING_FROM_MPS ? fix.headingDeg : null;
		return { unixMs, place: { latitude, longitude }, ahead, headingDeg };
	};
}
