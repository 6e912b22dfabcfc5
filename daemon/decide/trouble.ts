/**
 * The memory of failures that makes a flapping uplink wait longer each time (docs/decisions.md, Hold-down). One such
 * record per uplink, per family, and for preference.
 */
import type { Settings } from "./settings.ts";

export interface Trouble {
	/** In failure right now. */
	readonly failed: boolean;
	/** Of the last failure: down, offline, loss, latency, dns, better. */
	readonly cause: string | null;
	readonly flaps: number;
	/** Answers again since; null before the first failure and during one. */
	readonly okSinceMs: number | null;
	/** Held until then at least; null when nothing (more) is to be waited for. */
	readonly holdUntilMs: number | null;
}

export const NO_TROUBLE: Trouble = { failed: false, cause: null, flaps: 0, okSinceMs: null, holdUntilMs: null };

type HoldSettings = Pick<Settings, "holdDownMs" | "holdDownMaxMs">;

/** hold_down * 2^(flaps - 1), at most the maximum; 0 for 0 flaps. */
export function holdDownMs(flaps: number, s: HoldSettings): number {
	if (flaps <= 0) return 0;
	return Math.min(s.holdDownMs * 2 ** Math.min(flaps - 1, 30), s.holdDownMaxMs);
}

/** A failure begins. Time without failure has taken flaps away, one per full maximum. */
export function fail(t: Trouble, nowMs: number, s: HoldSettings, cause: string): Trouble {
	if (t.failed) return t;
	const quietMs = t.okSinceMs === null ? 0 : nowMs - t.okSinceMs;
	const forgiven = s.holdDownMaxMs > 0 ? Math.floor(quietMs / s.holdDownMaxMs) : 0;
	const flaps = Math.max(0, t.flaps - forgiven) + 1;
	return { failed: true, cause, flaps, okSinceMs: null, holdUntilMs: null };
}

/** It answers again: the hold-down begins. */
export function recover(t: Trouble, nowMs: number, s: HoldSettings): Trouble {
	if (!t.failed) return t;
	return { ...t, failed: false, okSinceMs: nowMs, holdUntilMs: nowMs + holdDownMs(t.flaps, s) };
}

/** It proved itself: nothing to wait for; the flaps stay until time takes them. */
export function proven(t: Trouble): Trouble {
	return t.holdUntilMs === null ? t : { ...t, holdUntilMs: null };
}
