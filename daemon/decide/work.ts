/**
 * The scratch pad of one step: a writable copy of the engine's top level and of each uplink's record, and what the step
 * puts out. Ids come from counters in the state, so a replay gives the same ids.
 */
import { takeWaiting } from "./calm.ts";
import { NO_FORESIGHT } from "./foresight-types.ts";
import type { EngineData, EngineState, UplinkData } from "./state.ts";
import type { Action, Decision, EngineEvent } from "./types.ts";

export interface Work {
	readonly s: EngineData;
	/** The same records as s.uplinks; writable until the step ends. */
	list: UplinkData[];
	readonly actions: Action[];
	readonly decisions: Decision[];
	readonly events: EngineEvent[];
	/** Alive uplinks whose flows shall be freed all the same (severe loss). */
	readonly release: string[];
	wakeAtMs: number | null;
	/** Of the uplinks not disabled; ranks are relative to it. */
	largestWeight: number;
}

const NONE: readonly never[] = [];

export function begin(state: EngineState, atMs: number): Work {
	const list = state.uplinks.map((u) => ({ ...u }));
	const nowMs = Number.isFinite(atMs) ? Math.max(state.nowMs, atMs) : state.nowMs;
	takeWaiting(list, state.waiting ?? NONE);
	return {
		// A recording of an earlier version knows nothing of predictions.
		s: { ...state, foresight: state.foresight ?? NO_FORESIGHT, nowMs, uplinks: list, waiting: NONE },
		list,
		actions: [],
		decisions: [],
		events: [],
		release: [],
		wakeAtMs: null,
		largestWeight: largestWeight(list),
	};
}

export function largestWeight(list: readonly UplinkData[]): number {
	let largest = 0;
	for (let i = 0; i < list.length; i++) {
		const facts = list[i]?.facts;
		if (facts !== undefined && !facts.disabled && facts.weight > largest) largest = facts.weight;
	}
	return largest;
}

export function find(w: Work, id: string | null): UplinkData | null {
	if (id === null) return null;
	const { list } = w;
	for (let i = 0; i < list.length; i++) {
		const u = list[i];
		if (u?.facts.id === id) return u;
	}
	return null;
}

/** Asks to be stepped again at `atMs` at the latest; the past is ignored. */
export function wake(w: Work, atMs: number | null): void {
	if (atMs === null || atMs <= w.s.nowMs) return;
	if (w.wakeAtMs === null || atMs < w.wakeAtMs) w.wakeAtMs = atMs;
}

export function tell(w: Work, type: EngineEvent["type"], uplink: string | null, reason: string): void {
	tellChange(w, type, uplink, null, null, reason);
}

export function tellChange(
	w: Work,
	type: EngineEvent["type"],
	uplink: string | null,
	from: string | null,
	to: string | null,
	reason: string,
): void {
	w.s.events++;
	w.events.push({
		id: `e${w.s.events}`,
		atMs: w.s.nowMs,
		type,
		uplink,
		from,
		to,
		reason,
		decisionId: type === "member_state" ? null : w.s.lastDecisionId,
	});
}
