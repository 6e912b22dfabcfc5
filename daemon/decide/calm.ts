/**
 * The short way for what comes most from a link that is good: a reply in time, the word that it is still up, an answer of a
 * name server, what it carried. It waits in the state for the next full step, which comes with the tick at the latest; nothing but a full step decides.
 * Everything else (a loss, a slow reply, any other verdict, a link in any kind of trouble) takes the full way at once. Most
 * of the daemon's work at rest, the more so the more uplinks there are: a full step looks at all of them (measured).
 */
import { observe, observeProbes } from "../health/link.ts";
import { isDuration } from "../health/stats.ts";
import type { ProbeObservation } from "../health/types.ts";
import type { EngineState, Uplink, UplinkData, Waiting } from "./state.ts";
import type { Input } from "./types.ts";

/** Figures older than this are looked at, whatever comes: without ticks replies alone keep them fresh. */
const UNSEEN_MAX_MS = 1_500;

/** Whether the input can take the short way. True then also after others that can. */
export function isCalmInput(state: EngineState, input: Input): input is Waiting {
	const { kind } = input;
	if (kind !== "probe" && kind !== "reach" && kind !== "dns" && kind !== "traffic") return false;
	const { wakeAtMs } = state;
	const nowMs = input.atMs;
	if (!state.started || !(nowMs >= state.nowMs) || wakeAtMs === undefined) return false;
	if (wakeAtMs !== null && wakeAtMs <= nowMs) return false;
	const u = state.uplinks.find((one) => one.facts.id === input.uplink);
	if (u === undefined || !isCalm(u, nowMs)) return false;
	if (kind === "traffic") return true;
	if (kind === "dns") return isDuration(input.rttMs);
	if (u.assessment.health[input.family].verdict !== "up") return false;
	if (kind === "reach") return input.verdict === "up";
	const { rttMs } = input;
	return rttMs !== null && !input.excused && rttMs >= 0 && rttMs <= state.settings.restore.latencyMs;
}

/** The next state; null when the input needs a full step. */
export function takeCalmly(state: EngineState, input: Input): EngineState | null {
	if (!isCalmInput(state, input)) return null;
	return { ...state, nowMs: input.atMs, waiting: [...(state.waiting ?? []), input] };
}

/** What has waited, before anything else is looked at. */
export function takeWaiting(list: readonly UplinkData[], waiting: readonly Waiting[]): void {
	if (waiting.length === 0) return;
	const byUplink = new Map<string, Waiting[]>();
	for (const one of waiting) {
		if (one.kind === "traffic") continue;
		const own = byUplink.get(one.uplink);
		if (own === undefined) byUplink.set(one.uplink, [one]);
		else own.push(one);
	}
	for (const u of list) {
		const own = byUplink.get(u.facts.id);
		if (own === undefined) continue;
		const probes = own.filter((one): one is ProbeObservation => one.kind === "probe");
		let health = observeProbes(u.assessment.health, probes);
		// A verdict that is repeated brings its evidence, a name server its answer: no probe touches them.
		for (const one of own) if (one.kind !== "probe") health = observe(health, one);
		u.assessment = { ...u.assessment, health };
		u.proofSent += probes.length;
	}
}

function isCalm(u: Uplink, nowMs: number): boolean {
	if (u.state !== "eligible" || u.goodSinceMs === null || u.badSinceMs !== null || u.severePct !== null) return false;
	return nowMs - u.assessedAtMs < UNSEEN_MAX_MS && !u.trouble.failed;
}
