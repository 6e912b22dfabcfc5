/**
 * Does the router move? Receivers wander by their accuracy even when they stand still, so it has moved when it is further
 * from where it stood than both readings can be off, or says so by its speed twice in a row. It stands when it stayed
 * together for two minutes. Another place is one further than the owner's threshold from where it last stood. Positions of
 * cells are too coarse for any of this. Pure.
 */
import { distanceM, type Fix, type Place } from "./fix.ts";

const STAND_MS = 120_000;
const LEAST_M = 30;
const SPEED_MPS = 2;
/** Faster than anything that carries a router on the road: a fault of the receiver. */
const MOST_MPS = 100;

export type MovementEvent =
	| { readonly kind: "started" }
	| { readonly kind: "stopped"; readonly travelledM: number; readonly forMs: number }
	/** Another place: `distanceM` from the one before. */
	| { readonly kind: "moved"; readonly distanceM: number };

export interface Movement {
	/** Null: not known yet. */
	moving(): boolean | null;
	/** Since it last stood, or since it is known. */
	travelledM(): number;
	take(fix: Fix, thresholdM: number): readonly MovementEvent[];
}

export function createMovement(): Movement {
	/** Where it stands, or last stood. */
	let stood: (Place & { readonly accuracyM: number }) | null = null;
	/** The place that "another place" is measured from. */
	let home: Place | null = null;
	let last: Fix | null = null;
	let restFrom: Fix | null = null;
	let startedMs = 0;
	let fast = 0;
	let moving: boolean | null = null;
	let travelled = 0;

	return {
		moving: () => moving,
		travelledM: () => travelled,
		take(fix, thresholdM) {
			if (fix.source === "opencellid" || (last !== null && fix.atMs <= last.atMs)) return [];
			if (last !== null) {
				const seconds = (fix.atMs - last.atMs) / 1000;
				const leap = distanceM(last, fix) - fix.accuracyM - last.accuracyM;
				if (leap > seconds * MOST_MPS) return []; // a reading that cannot be
			}
			const before = last;
			last = fix;
			if (stood === null || home === null) {
				stood = fix;
				home = fix;
				restFrom = fix;
				moving = false;
				return [];
			}
			const events: MovementEvent[] = [];
			fast = (fix.speedMps ?? 0) >= SPEED_MPS ? fast + 1 : 0;
			const sure = (from: { readonly accuracyM: number }): number =>
				Math.max(LEAST_M, 2 * (from.accuracyM + fix.accuracyM));
			if (moving !== true && (fast >= 2 || distanceM(stood, fix) > sure(stood))) {
				moving = true;
				startedMs = fix.atMs;
				travelled = distanceM(stood, fix);
				restFrom = fix;
				events.push({ kind: "started" });
			} else if (moving === true) {
				if (before !== null) travelled += distanceM(before, fix);
				if (restFrom === null || fast > 0 || distanceM(restFrom, fix) > sure(restFrom)) restFrom = fix;
				else if (fix.atMs - restFrom.atMs >= STAND_MS) {
					moving = false;
					stood = fix;
					events.push({ kind: "stopped", travelledM: travelled, forMs: restFrom.atMs - startedMs });
				}
			}
			const away = distanceM(home, fix);
			if (away - fix.accuracyM >= thresholdM) {
				events.push({ kind: "moved", distanceM: away });
				home = fix;
			}
			return events;
		},
	};
}
