/**
 * The outages of the last ten minutes, from polls (what is going on) and from the dish's list (what was too short to be
 * seen, or was before our start). Both are kept on our monotonic clock; the same outage from both sources is one.
 */
import type { DishOutage } from "./outage.ts";

export interface SeenOutage {
	readonly startMs: number;
	readonly durationMs: number;
	readonly cause: string;
}

export interface OutageLog {
	/** What a status said at `atMs`; null: connected. */
	poll(atMs: number, outage: DishOutage | null): void;
	/** The dish's own list; `dishUnixMs`: its clock at `atMs`. */
	list(atMs: number, dishUnixMs: number, outages: readonly DishOutage[]): void;
	/** Those of at least `leastMs` that ended less than `withinMs` ago, or go on. */
	recent(atMs: number, withinMs: number, leastMs: number): readonly SeenOutage[];
	forget(): void;
}

const KEEP_MS = 600_000;
const SAME_MS = 2000;
const MOST = 200;

export function createOutageLog(): OutageLog {
	let kept: SeenOutage[] = [];

	function put(next: SeenOutage): void {
		const at = kept.findIndex((one) => Math.abs(one.startMs - next.startMs) < SAME_MS);
		const old = kept[at];
		if (old === undefined) kept.push(next);
		else kept[at] = { ...next, durationMs: Math.max(old.durationMs, next.durationMs) };
	}

	function expire(atMs: number): void {
		kept = kept.filter((one) => atMs - one.startMs - one.durationMs < KEEP_MS).slice(-MOST);
	}

	return {
		poll(atMs, outage) {
			if (outage !== null) {
				put({ startMs: atMs - outage.durationMs, durationMs: outage.durationMs, cause: outage.cause });
			}
			expire(atMs);
		},
		list(atMs, dishUnixMs, outages) {
			for (const { startUnixMs, durationMs, cause } of outages) {
				if (startUnixMs === null) continue;
				const ageMs = dishUnixMs - startUnixMs;
				if (ageMs >= 0 && ageMs - durationMs < KEEP_MS) put({ startMs: atMs - ageMs, durationMs, cause });
			}
			expire(atMs);
		},
		recent: (atMs, withinMs, leastMs) =>
			kept.filter((one) => one.durationMs >= leastMs && atMs - one.startMs - one.durationMs <= withinMs),
		forget() {
			kept = [];
		},
	};
}
