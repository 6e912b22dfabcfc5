/**
 * The short way for what comes most from a link that is good: a reply in time, the word that it is still up, an answer of a
 * name server, what it carried, what it says of itself while that costs or gives no points. It waits in the state for the
 * next full step, which comes with the tick at the latest; nothing but a full step decides.
 * Everything else (a loss, a slow reply, any other verdict, a link in any kind of trouble) takes the full way at once. Most
 * of the daemon's work at rest, the more so the more uplinks there are: a full step looks at all of them (measured).
 */
import { observeAll } from "../health/link.ts";
import { SCORED } from "../health/score.ts";
import { isDuration } from "../health/stats.ts";
import type { SenseObservation } from "../health/types.ts";
import type { EngineState, Uplink, UplinkData, Waiting } from "./state.ts";
import type { Input } from "./types.ts";

/**
 * Figures older than this are looked at, whatever comes: without ticks replies alone keep them fresh. Longer than from one tick to
 * the one after the next, which may be worked on together (loop/ticks.ts).
 */
const UNSEEN_MAX_MS = 2_500;

/** Whether the input can take the short way. True then also after others that can. */
export function isCalmInput(state: EngineState, input: Input): input is Waiting {
	const { kind } = input;
	if (kind !== "probe" && kind !== "reach" && kind !== "dns" && kind !== "traffic" && kind !== "sense") return false;
	const { wakeAtMs } = state;
	const nowMs = input.atMs;
	if (!state.started || !(nowMs >= state.nowMs) || wakeAtMs === undefined) return false;
	if (wakeAtMs !== null && wakeAtMs <= nowMs) return false;
	const u = find(state.uplinks, input.uplink);
	if (u === null || !isCalm(u, nowMs)) return false;
	if (kind === "traffic") return true;
	if (kind === "sense") return !isScored(u, input);
	if (kind === "dns") return isDuration(input.rttMs);
	if (u.assessment.health[input.family].verdict !== "up") return false;
	if (kind === "reach") return input.verdict === "up";
	const { rttMs } = input;
	return rttMs !== null && !input.excused && rttMs >= 0 && rttMs <= state.settings.restore.latencyMs;
}

/** The next state; null when the input needs a full step. */
export function takeCalmly(state: EngineState, input: Input): EngineState | null {
	return isCalmInput(state, input) ? takeTogether(state, [input]) : null;
}

/** As takeCalmly() for each in turn, with one copy. All of them can take the short way, none is older than the one before. */
export function takeTogether(state: EngineState, inputs: readonly Waiting[]): EngineState {
	const last = inputs[inputs.length - 1];
	if (last === undefined) return state;
	return { ...state, nowMs: Math.max(state.nowMs, last.atMs), waiting: (state.waiting ?? []).concat(inputs) };
}

/** What has waited, before anything else is looked at. */
export function takeWaiting(list: readonly UplinkData[], waiting: readonly Waiting[]): void {
	if (waiting.length === 0) return;
	const byUplink = new Map<string, Waiting[]>();
	for (let i = 0; i < waiting.length; i++) {
		const one = waiting[i];
		if (one === undefined || one.kind === "traffic") continue;
		const own = byUplink.get(one.uplink);
		if (own === undefined) byUplink.set(one.uplink, [one]);
		else own.push(one);
	}
	for (let i = 0; i < list.length; i++) {
		const u = list[i];
		const own = u && byUplink.get(u.facts.id);
		if (u === undefined || own === undefined) continue;
		const { assessment } = u;
		const { figures, score } = assessment;
		u.assessment = { health: observeAll(assessment.health, own), figures, score };
		for (let at = 0; at < own.length; at++) if (own[at]?.kind === "probe") u.proofSent++;
	}
}

function find(list: readonly Uplink[], id: string): Uplink | null {
	for (let i = 0; i < list.length; i++) {
		const u = list[i];
		if (u?.facts.id === id) return u;
	}
	return null;
}

/** Does it say anything new of what the score counts? */
function isScored(u: Uplink, { values }: SenseObservation): boolean {
	const { sense } = u.assessment.health;
	for (const name of SCORED) {
		const value = values[name];
		if (value !== undefined && value !== (sense[name]?.value ?? null)) return true;
	}
	return false;
}

function isCalm(u: Uplink, nowMs: number): boolean {
	if (u.state !== "eligible" || u.goodSinceMs === null || u.badSinceMs !== null || u.severePct !== null) return false;
	return nowMs - u.assessedAtMs < UNSEEN_MAX_MS && !u.trouble.failed;
}
