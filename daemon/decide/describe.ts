/**
 * A snapshot of the engine for status and members: what is, since when, why, and what it waits for. Shapes are for serve/ to
 * rename into ubus fields; nothing here is computed that the engine did not decide by.
 */
import { figuresOf } from "../health/figures.ts";
import type { ScorePart } from "../health/score.ts";
import type { Family, ReachEvidence, ReachVerdict } from "../health/types.ts";
import { FAMILIES } from "../health/types.ts";
import { rankOf } from "./candidates.ts";
import { stateReason, whyNot } from "./explain.ts";
import { hasWay, isEligible } from "./member.ts";
import type { EngineState, Hold, Pin, Uplink } from "./state.ts";
import type { Plan, UplinkState } from "./types.ts";
import { begin } from "./work.ts";

export interface FamilyView {
	readonly family: Family;
	readonly verdict: ReachVerdict;
	readonly sinceMs: number | null;
	readonly evidence: ReachEvidence | null;
	readonly avoided: boolean;
}

export interface UplinkView {
	readonly id: string;
	readonly class: Uplink["facts"]["class"];
	readonly state: UplinkState;
	readonly sinceMs: number;
	readonly reason: string;
	readonly primary: boolean;
	readonly eligible: boolean;
	/** Null for the primary. */
	readonly whyNot: string | null;
	readonly avoided: boolean;
	readonly held: Hold | null;
	readonly score: {
		readonly value: number | null;
		readonly instant: number | null;
		readonly ewma: number | null;
		readonly window: number | null;
		/** Score times relative weight. */
		readonly rank: number | null;
		readonly parts: readonly ScorePart[];
	};
	/** Null when unknown or stale. Short window, and the last minute. */
	readonly lossPct: number | null;
	readonly latencyMs: number | null;
	readonly jitterMs: number | null;
	readonly loss60Pct: number | null;
	readonly latency60Ms: number | null;
	readonly confidence: number;
	readonly lastProbeMs: number | null;
	readonly dns: "ok" | "failing" | "unknown";
	readonly families: readonly FamilyView[];
	readonly flaps: number;
	readonly holdDownUntilMs: number | null;
	readonly badSinceMs: number | null;
	readonly goodSinceMs: number | null;
	readonly risk: { readonly risk: number; readonly confidence: number; readonly cause: string } | null;
}

export interface EngineView {
	readonly atMs: number;
	readonly observed: boolean;
	readonly started: boolean;
	readonly primary: string | null;
	/** First in the user's order that is up: where a router without us sends its traffic. */
	readonly routerChoice: string | null;
	/** The next best eligible uplink by rank. */
	readonly backup: string | null;
	/** The primary is not what one would wish: bad, down, or there is none. */
	readonly degraded: boolean;
	readonly pin: Pin | null;
	readonly promoted: string | null;
	readonly hold: Hold | null;
	readonly cooldownLeftMs: number;
	readonly lastSwitchMs: number | null;
	readonly wanted: Plan | null;
	readonly inForce: Plan | null;
	readonly method: string | null;
	readonly steerError: string | null;
	readonly uplinks: readonly UplinkView[];
}

/** Of the uplink in use alone, as in EngineView: what alerts look at every few seconds. */
export type InUseView = Pick<EngineView, "started" | "primary" | "degraded" | "steerError"> & {
	/** None when nothing is in use. */
	readonly uplinks: readonly Pick<UplinkView, "id" | "state" | "reason" | "primary">[];
};

export function describeInUse(state: EngineState, nowMs: number = state.nowMs): InUseView {
	const w = begin(state, nowMs);
	const primary = w.list.find((u) => u.facts.id === w.s.primary) ?? null;
	return {
		started: w.s.started,
		primary: w.s.primary,
		degraded: isDegraded(primary),
		steerError: w.s.steering.lastError,
		uplinks:
			primary === null
				? []
				: [{ id: primary.facts.id, state: primary.state, reason: stateReason(w, primary), primary: true }],
	};
}

function isDegraded(primary: Uplink | null): boolean {
	return primary === null || primary.state === "failing" || primary.state === "down" || !hasWay(primary);
}

export function describe(state: EngineState, nowMs: number = state.nowMs): EngineView {
	const w = begin(state, nowMs);
	const { s } = w;
	const primary = w.list.find((u) => u.facts.id === s.primary) ?? null;
	const best = primary === null ? null : rankOf(w, primary);
	const ranked = w.list
		.filter((u) => u !== primary && isEligible(u))
		.sort((a, b) => (rankOf(w, b) ?? -1) - (rankOf(w, a) ?? -1));
	const cooldownEnd = s.lastSwitchMs === null ? s.nowMs : s.lastSwitchMs + s.settings.cooldownMs;
	return {
		atMs: s.nowMs,
		observed: s.settings.observe,
		started: s.started,
		primary: s.primary,
		routerChoice: w.list.find((u) => hasWay(u))?.facts.id ?? null,
		backup: ranked[0]?.facts.id ?? null,
		degraded: isDegraded(primary),
		pin: s.pin,
		promoted: s.promoted,
		hold: s.hold,
		cooldownLeftMs: Math.max(0, cooldownEnd - s.nowMs),
		lastSwitchMs: s.lastSwitchMs,
		wanted: s.plan,
		inForce: s.steering.inForce,
		method: s.steering.method,
		steerError: s.steering.lastError,
		uplinks: w.list.map((u): UplinkView => {
			const f = figuresOf(u.assessment.health, s.nowMs);
			const { score } = u.assessment;
			const eligible = isEligible(u);
			const rank = rankOf(w, u);
			return {
				id: u.facts.id,
				class: u.facts.class,
				state: u.state,
				sinceMs: u.stateSinceMs,
				reason: stateReason(w, u),
				primary: u === primary,
				eligible,
				whyNot: u === primary ? null : whyNot(w, u, eligible, rank, best),
				avoided: u.avoided,
				held: u.held,
				score: { ...score, value: f.stale && !f.unreachable ? null : score.value, rank },
				lossPct: f.stale ? null : f.loss.pct,
				latencyMs: f.stale ? null : f.latencyMs,
				jitterMs: f.stale ? null : f.jitterMs,
				loss60Pct: f.loss60.pct,
				latency60Ms: f.latency60Ms,
				confidence: f.confidence,
				lastProbeMs: f.lastProbeMs,
				dns: f.dns,
				families: FAMILIES.filter((family) => u.facts.families.includes(family)).map((family) => {
					const { verdict, sinceMs, evidence } = u.assessment.health[family];
					return { family, verdict, sinceMs, evidence, avoided: u.familyAvoided[family] };
				}),
				flaps: u.trouble.flaps,
				holdDownUntilMs: u.trouble.holdUntilMs,
				badSinceMs: u.badSinceMs,
				goodSinceMs: u.goodSinceMs,
				risk: u.risk === null ? null : { risk: u.risk.risk, confidence: u.risk.confidence, cause: u.risk.cause },
			};
		}),
	};
}
