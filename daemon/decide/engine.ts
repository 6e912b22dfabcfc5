/**
 * The engine: step(state, input) -> state, actions, decisions, events, and when to be stepped again at the latest. No
 * clock, no randomness, no I/O; the state passed in is left as it was. docs/decisions.md says what it does.
 */
import { followMembers } from "./avoid.ts";
import { takeCalmly } from "./calm.ts";
import { expire } from "./commands.ts";
import { judgePredictions } from "./foresight.ts";
import { ingest, obey } from "./ingest.ts";
import { clearTimers, refresh } from "./member.ts";
import { applyRules } from "./rules.ts";
import type { Settings } from "./settings.ts";
import { tryStart } from "./start.ts";
import type { EngineState, UplinkData } from "./state.ts";
import { initialState } from "./state.ts";
import { followPlan } from "./steering.ts";
import type { Action, Decision, EngineEvent, Input } from "./types.ts";
import { begin, type Work, wake } from "./work.ts";

/** Nothing at all for this long: every "for so long" starts again. */
const GAP_MS = 60_000;

export interface StepResult {
	readonly state: EngineState;
	readonly actions: readonly Action[];
	readonly decisions: readonly Decision[];
	readonly events: readonly EngineEvent[];
	/** Send a tick at this time at the latest; null when nothing waits for time to pass. Always in the future. */
	readonly wakeAtMs: number | null;
}

const NOTHING: readonly never[] = [];

export function step(state: EngineState, input: Input): StepResult {
	const calm = takeCalmly(state, input);
	if (calm !== null) {
		return { state: calm, actions: NOTHING, decisions: NOTHING, events: NOTHING, wakeAtMs: calm.wakeAtMs ?? null };
	}
	const w = begin(state, input.atMs);
	if (state.startedAtMs !== null && w.s.nowMs - state.nowMs > GAP_MS) for (const u of w.list) clearTimers(u);
	const touched = ingest(w, input);
	refreshAll(w, touched);
	obey(w, input);
	expire(w);
	judgePredictions(w);
	if (w.s.started) applyRules(w);
	else tryStart(w);
	if (w.s.started) followMembers(w);
	// States follow from decisions too (draining).
	if (w.decisions.length > 0) refreshAll(w, null);
	followPlan(w);
	if (w.wakeAtMs !== null) wake(w, w.s.nowMs + GAP_MS / 2);
	const { actions, decisions, wakeAtMs } = w;
	w.s.wakeAtMs = wakeAtMs;
	return { state: w.s, actions, decisions, events: withDecisions(w.events, decisions), wakeAtMs };
}

function refreshAll(w: Work, touched: string | null): void {
	const { list } = w;
	for (let i = 0; i < list.length; i++) {
		const u = list[i] as UplinkData;
		refresh(w, u, u.facts.id === touched);
	}
}

/** A change of state and the decision it led to, or came from, belong together: from the one to the explanation. */
function withDecisions(events: readonly EngineEvent[], decisions: readonly Decision[]): readonly EngineEvent[] {
	if (decisions.length === 0) return events;
	return events.map((event) => {
		if (event.type !== "member_state") return event;
		const decision = decisions.findLast((one) => one.from === event.uplink || one.to === event.uplink);
		return decision === undefined ? event : { ...event, decisionId: decision.id };
	});
}

/** All decisions a recording leads to with the given settings; settings inputs in the recording are left out. */
export function replay(settings: Settings, inputs: Iterable<Input>): Decision[] {
	const decisions: Decision[] = [];
	let state = initialState(settings);
	for (const input of inputs) {
		if (input.kind === "settings") continue;
		const result = step(state, input);
		state = result.state;
		for (const decision of result.decisions) decisions.push(decision);
	}
	return decisions;
}
