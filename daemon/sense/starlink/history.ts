/**
 * get_history: the last 15 minutes second by second (rings of 900), outages of the last 12 hours, and the dish's own
 * list of events. `current` counts seconds since its boot; the newest is at (current - 1) mod the ring's length.
 */
import { type DishOutage, readOutage } from "./outage.ts";
import { figure, figures, part, parts, type Raw } from "./raw.ts";
import { nameOf } from "./wire.ts";

const OUTAGES_MAX = 1000;
const EVENTS_MAX = 200;
const RING_MAX = 100_000;

export interface DishHistory {
	/** Seconds since the dish booted; null when it did not say. */
	readonly current: number | null;
	/** One per second, oldest first; null where the dish has no value. */
	readonly dropPct: readonly (number | null)[];
	readonly latencyMs: readonly (number | null)[];
	readonly powerW: readonly (number | null)[];
	/** Oldest first. */
	readonly outages: readonly DishOutage[];
	readonly events: readonly DishEvent[];
	/** The dish's clock when it answered. */
	readonly atUnixMs: number | null;
}

export interface DishEvent {
	readonly severity: string;
	readonly reason: string;
	readonly startUnixMs: number | null;
	readonly durationMs: number;
}

/** Oldest first, only what was written since the boot. */
export function unroll(ring: readonly number[], current: number): readonly number[] {
	const length = ring.length;
	if (length === 0 || length > RING_MAX) return [];
	if (current < length) return ring.slice(0, current);
	const oldest = current % length;
	return [...ring.slice(oldest), ...ring.slice(0, oldest)];
}

function unixMs(raw: Raw, name: string): number | null {
	const ns = figure(raw, name, 1e18, 4.2e18);
	return ns === null ? null : ns / 1e6;
}

function possible(values: readonly number[], low: number, high: number, factor = 1): (number | null)[] {
	return values.map((value) => (value >= low && value <= high ? value * factor : null));
}

export function readHistory(raw: Raw): DishHistory {
	const current = figure(raw, "current", 1, 1e10);
	const ring = (name: string): readonly number[] => unroll(figures(raw, name), current ?? 0);
	const dropPct = possible(ring("pop_ping_drop_rate"), 0, 1, 100);
	const latencyMs = possible(ring("pop_ping_latency_ms"), 0.01, 60_000);
	const log = part(raw, "event_log");
	return {
		current,
		dropPct,
		// Where everything was lost the value before is repeated.
		latencyMs: latencyMs.map((value, at) => (dropPct[at] === 100 ? null : value)),
		powerW: possible(ring("power_in"), 0.01, 1000),
		outages: parts(raw, "outages", OUTAGES_MAX).flatMap((one) => readOutage(one) ?? []),
		events: parts(log, "events", EVENTS_MAX).map((one) => ({
			severity: nameOf("EventSeverity", one.severity).replace("EVENT_SEVERITY_", ""),
			reason: nameOf("EventReason", one.reason).replace("EVENT_REASON_", ""),
			startUnixMs: unixMs(one, "start_timestamp_ns"),
			durationMs: Math.round((figure(one, "duration_ns", 0, 1e16) ?? 0) / 1e6),
		})),
		atUnixMs: log === null ? null : unixMs(log, "current_timestamp_ns"),
	};
}

/** What is kept of it: thousands of numbers would stand in the memory of a router for four means. Null: no value. */
export interface HistorySummary {
	readonly seconds: number;
	/** Means. */
	readonly dropPct: number | null;
	readonly latencyMs: number | null;
	readonly powerW: number | null;
	/** Of the newest second. */
	readonly lastPowerW: number | null;
	/** How many within 12 hours. */
	readonly outages: number;
}

export function summaryOf(history: DishHistory): HistorySummary {
	return {
		seconds: history.dropPct.length,
		dropPct: mean(history.dropPct),
		latencyMs: mean(history.latencyMs),
		powerW: mean(history.powerW),
		lastPowerW: history.powerW.at(-1) ?? null,
		outages: history.outages.length,
	};
}

function mean(values: readonly (number | null)[]): number | null {
	let sum = 0;
	let count = 0;
	for (const value of values) {
		if (value === null) continue;
		sum += value;
		count++;
	}
	return count === 0 ? null : sum / count;
}
