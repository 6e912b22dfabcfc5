/**
 * How well the uplink in use did where: once a minute its score is booked for the place the router is at, on a grid of a
 * hundredth of a degree (some 1 km). Only while the owner has positions on (section gps); in RAM, bounded, gone with the
 * daemon. Owns its timer.
 */
import type { Closable, Platform } from "../platform/platform.ts";
import type { GpsPicture } from "../sense/gps/gps.ts";
import type { Place } from "../serve/deps.ts";

const EVERY_MS = 60_000;
/** A wider position may be another place. */
const ACCURACY_M = 1_000;
const MOST = 500;
const LEAST_MINUTES = 3;

interface Sums {
	minutes: number;
	offline: number;
	score: number;
}

export interface Places extends Closable {
	/** Those where it did worst, worst first; places of a few minutes are left out. */
	worst(count: number): readonly Place[];
}

export function createPlaces(options: {
	readonly platform: Pick<Platform, "timers">;
	gps(): GpsPicture;
	/** Score of the uplink in use, 0-100; null: none works. */
	score(): number | null;
}): Places {
	const places = new Map<string, Sums>();

	const timer = options.platform.timers.every(EVERY_MS, () => {
		const { enabled, fix, stale, accuracyNowM } = options.gps();
		if (!enabled) places.clear();
		if (!enabled || fix === null || stale || (accuracyNowM ?? fix.accuracyM) > ACCURACY_M) return;
		const key = `${fix.latitude.toFixed(2)} ${fix.longitude.toFixed(2)}`;
		const sums = places.get(key) ?? { minutes: 0, offline: 0, score: 0 };
		const score = options.score();
		sums.minutes++;
		sums.score += score ?? 0;
		if (score === null) sums.offline++;
		// Back to the end: the place that was not visited for longest is forgotten first.
		places.delete(key);
		places.set(key, sums);
		if (places.size > MOST) places.delete(places.keys().next().value ?? "");
	});

	return {
		worst(count) {
			const known = [...places].filter(([, { minutes }]) => minutes >= LEAST_MINUTES);
			const all = known.map(([key, { minutes, offline, score }]): Place => {
				const [latitude = 0, longitude = 0] = key.split(" ").map(Number);
				return { latitude, longitude, minutes, offlineMinutes: offline, score: score / minutes };
			});
			return all.sort((a, b) => a.score - b.score).slice(0, count);
		},
		close: () => timer.close(),
	};
}
