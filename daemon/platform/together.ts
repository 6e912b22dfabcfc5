/**
 * A processor that wakes up costs more than most of what it then does: its caches are cold. So pauses that need not be
 * exact end at a whole second of the monotonic clock, the nearest one, where `Timers.every` and the engine's tick are, too.
 * Not for time limits, nor for anything that detection waits for.
 */
import type { Clock } from "./platform.ts";

const GRID_MS = 1000;

/** `ms`, or up to half a second less or more when it is a second or longer. */
export function about(clock: Clock, ms: number): number {
	if (ms < GRID_MS) return ms;
	const nowMs = clock.monotonicMs();
	return Math.floor(Math.round((nowMs + ms) / GRID_MS) * GRID_MS - nowMs);
}
