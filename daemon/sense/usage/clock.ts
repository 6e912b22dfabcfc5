/**
 * Which day it is, as far as that can be trusted. Routers boot in the past and jump decades when NTP arrives. So the wall
 * clock counts only after 2024, never goes back behind what was saved, and a jump of more than an hour while we run is
 * believed when it has lasted ten minutes; until then time goes on as before. Bytes are never lost by it, they are only
 * counted to another day.
 */
import type { Clock } from "../../platform/platform.ts";

/** 2024-01-01; this was written later. */
const LEAST_UNIX_MS = 1_704_067_200_000;
const JUMP_MS = 3_600_000;
const BELIEVED_AFTER_MS = 600_000;

export interface TrustedClock {
	/** Null: not known yet (before NTP, with nothing saved). */
	unixMs(): number | null;
}

export function createTrustedClock(clock: Clock, savedUnixMs: number | null): TrustedClock {
	/** Wall minus monotonic, as believed. */
	let offsetMs: number | null = null;
	let doubt: { readonly offsetMs: number; readonly sinceMs: number } | null = null;

	return {
		unixMs() {
			const nowMs = clock.monotonicMs();
			const wallMs = clock.wallMs();
			const offered = wallMs - nowMs;
			if (offsetMs === null) {
				if (wallMs >= Math.max(LEAST_UNIX_MS, savedUnixMs ?? 0)) offsetMs = offered;
				else if (savedUnixMs !== null) offsetMs = savedUnixMs - nowMs;
				else return null;
			}
			if (Math.abs(offered - offsetMs) <= JUMP_MS) {
				doubt = null;
				offsetMs = offered;
			} else if (wallMs >= LEAST_UNIX_MS) {
				if (doubt === null || Math.abs(doubt.offsetMs - offered) > JUMP_MS)
					doubt = { offsetMs: offered, sinceMs: nowMs };
				if (nowMs - doubt.sinceMs >= BELIEVED_AFTER_MS) {
					offsetMs = offered;
					doubt = null;
				}
			}
			return nowMs + offsetMs;
		},
	};
}
