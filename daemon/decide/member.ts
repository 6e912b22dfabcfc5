/**
 * One uplink's state, from its facts, its health and its timers (docs/decisions.md, States). refresh() is called for each
 * uplink in each step; it is cheap unless the uplink has new evidence.
 */

import { addSilence, COUNTED_MS, LASTS_MS, NO_SILENCES } from "../forecast/silence.ts";
import { assess, NO_SCORE } from "../health/assess.ts";
import type { LossFigure } from "../health/figures.ts";
import { figuresOf, mayBeSevere, severeLoss } from "../health/figures.ts";
import { forgetLink } from "../health/link.ts";
import { wilsonPct } from "../health/stats.ts";
import type { Family, ReachVerdict } from "../health/types.ts";
import { ms, stateReason } from "./explain.ts";
import { FORECAST_VALID_MS } from "./foresight-types.ts";
import type { Settings } from "./settings.ts";
import type { Uplink, UplinkData } from "./state.ts";
import { hasLink, profileOf } from "./state.ts";
import { fail, NO_TROUBLE, proven, recover } from "./trouble.ts";
import type { UplinkState } from "./types.ts";
import type { Work } from "./work.ts";
import { tellChange, wake } from "./work.ts";

/** Without new evidence figures are looked at again this often: with every tick, also with one that comes early. */
const REASSESS_MS = 900;
/** Probes it takes to leave hold-down, and to be trusted with a return. */
export const PROOF_PROBES = 5;
const PROOF_Z = 2.326;
/** Fewer say nothing about loss. */
const LOSS_PROBES = 5;

export function verdictOf(u: Uplink, family: Family): ReachVerdict {
	return u.assessment.health[family].verdict;
}

/** Every family it carries is dead or without any verdict, at least one is dead. */
export function isDead(u: Uplink): boolean {
	const { families } = u.facts;
	const { health } = u.assessment;
	let dead = false;
	for (let i = 0; i < families.length; i++) {
		const family = families[i];
		const verdict = family === undefined ? "unknown" : health[family].verdict;
		if (verdict === "dead") dead = true;
		else if (verdict !== "unknown") return false;
	}
	return dead;
}

/** Answers, by verdict or by recent replies. */
export function isAlive(u: Uplink): boolean {
	return u.assessment.figures.alive && !isDead(u);
}

/** Packets could leave here: present, not disabled, link up as far as the system knows. */
export function hasWay(u: Uplink): boolean {
	return u.linkDown === null && !u.facts.disabled && hasLink(u.facts);
}

export function isEligible(u: Uplink): boolean {
	if (u.held !== null || u.facts.capReached) return false;
	return u.state === "eligible" || u.state === "suspect" || u.state === "draining";
}

export function refresh(w: Work, u: UplinkData, fresh: boolean): void {
	const { nowMs, settings } = w.s;
	followLink(w, u);
	if (fresh || nowMs - u.assessedAtMs >= REASSESS_MS) {
		u.assessment = assess(u.assessment.health, nowMs, profileOf(u.facts), settings.historyWindowMs);
		u.assessedAtMs = nowMs;
		followThresholds(w, u);
	}
	if (u.drainUntilMs !== null && nowMs >= u.drainUntilMs) u.drainUntilMs = null;
	if (u.risk !== null && nowMs >= u.risk.atMs + u.risk.horizonMs) u.risk = null;
	expireForecast(w, u);
	followQuiet(w, u);
	followTrouble(w, u);
	changeState(w, u, deriveState(w, u));
	const { failover, restore } = settings;
	wake(w, u.badSinceMs === null ? null : u.badSinceMs + failover.minDurationMs);
	wake(w, u.goodSinceMs === null ? null : u.goodSinceMs + restore.minDurationMs);
	wake(w, u.upSinceMs === null ? null : u.upSinceMs + u.facts.minUptimeMs);
	wake(w, u.trouble.holdUntilMs);
	wake(w, u.drainUntilMs);
	wake(w, u.risk === null ? null : u.risk.atMs + u.risk.horizonMs);
	wake(w, u.assessment.figures.staleAtMs);
}

function followLink(w: Work, u: UplinkData): void {
	if (hasWay(u)) {
		u.upSinceMs ??= w.s.nowMs;
		return;
	}
	if (u.upSinceMs === null) return;
	u.upSinceMs = null;
	u.forecast = null;
	const health = forgetLink(u.assessment.health);
	u.assessment = { health, figures: figuresOf(health, w.s.nowMs), score: NO_SCORE };
	clearTimers(u);
}

function expireForecast(w: Work, u: UplinkData): void {
	if (u.forecast === null) return;
	const endMs = u.forecast.atMs + FORECAST_VALID_MS;
	if (w.s.nowMs >= endMs) u.forecast = null;
	else wake(w, endMs);
}

/** How long it has been silent, and what became of its silences (forecast/silence.ts). */
function followQuiet(w: Work, u: UplinkData): void {
	const { nowMs } = w.s;
	const way = hasWay(u);
	if (way && u.worked && isQuiet(u)) {
		u.quietSinceMs ??= nowMs;
		return;
	}
	const since = u.quietSinceMs ?? null;
	u.quietSinceMs = null;
	// A link that went down is no silence that ended.
	if (since === null || !way || nowMs - since < COUNTED_MS) return;
	u.silences = addSilence(u.silences ?? NO_SILENCES, nowMs - since >= LASTS_MS);
}

/** Every family is suspect or dead. */
function isQuiet(u: Uplink): boolean {
	const { families } = u.facts;
	for (let i = 0; i < families.length; i++) {
		const verdict = verdictOf(u, families[i] as Family);
		if (verdict !== "suspect" && verdict !== "dead") return false;
	}
	return families.length > 0;
}

/** Every "for so long" starts again. */
export function clearTimers(u: UplinkData): void {
	u.badSinceMs = null;
	u.badCause = null;
	u.badSure = false;
	u.severePct = null;
	u.goodSinceMs = null;
	u.betterSinceMs = null;
	u.proofSent = 0;
	u.proofLost = 0;
}

function followThresholds(w: Work, u: UplinkData): void {
	const { nowMs, settings } = w.s;
	const { figures: f, health } = u.assessment;
	if (f.stale || f.unreachable || isDead(u)) {
		clearTimers(u);
		return;
	}
	const { failover, restore } = settings;
	const lossOver = f.loss.pct !== null && f.loss.pct >= failover.lossPct;
	const lossSure = lossOver && (isSure(f.loss, failover.lossPct) || isSure(f.wideLoss, failover.lossPct));
	const latencyOver = f.latencyMs !== null && f.latencyMs >= failover.latencyMs && f.replies >= 3;
	const dnsDead = f.dns === "failing";
	u.badSure = lossSure || latencyOver || dnsDead;
	if (u.badSure || (u.badSinceMs !== null && lossOver)) {
		u.badSinceMs ??= nowMs;
		u.badCause = lossSure ? "loss" : latencyOver ? "latency" : dnsDead ? "dns" : "loss";
	} else {
		u.badSinceMs = null;
		u.badCause = null;
	}
	u.severePct = null;
	if (mayBeSevere(f, settings.severeDurationMs)) {
		const heavy = severeLoss(health, nowMs, settings.severeLossPct, settings.severeDurationMs);
		if (heavy.severe) u.severePct = heavy.pct;
	}
	const lossGood = f.loss.lost <= Math.max(1, (restore.lossPct * f.loss.probes) / 100);
	const good = f.alive && f.latencyMs !== null && f.latencyMs <= restore.latencyMs && lossGood && !dnsDead;
	if (good && u.badSinceMs === null) {
		u.goodSinceMs ??= nowMs;
	} else {
		u.goodSinceMs = null;
		u.proofSent = 0;
		u.proofLost = 0;
	}
}

function isSure(loss: LossFigure, limitPct: number): boolean {
	return loss.lowPct >= limitPct && loss.probes >= LOSS_PROBES && loss.lost >= 2;
}

function followTrouble(w: Work, u: UplinkData): void {
	const { nowMs, settings } = w.s;
	const dead = isDead(u);
	const way = hasWay(u);
	if (u.worked && !u.facts.disabled && (!way || dead)) {
		u.trouble = fail(u.trouble, nowMs, settings, way ? "down" : "offline");
	} else if (u.severePct !== null || badForLong(w, u)) {
		u.trouble = fail(u.trouble, nowMs, settings, u.badCause ?? "loss");
	} else if (u.trouble.failed && way && isAlive(u) && u.badSinceMs === null) {
		u.trouble = recover(u.trouble, nowMs, holdOf(u, settings));
	}
	const { holdUntilMs } = u.trouble;
	if (holdUntilMs !== null && nowMs >= holdUntilMs && goodForLong(w, u) && hasProof(w, u)) {
		u.trouble = proven(u.trouble);
	}
	if (way && isAlive(u) && u.badSinceMs === null) u.worked = true;
	followFamily(w, u, "ipv4", dead || !way);
	followFamily(w, u, "ipv6", dead || !way);
}

/** Trouble of one family alone; while the whole uplink is in trouble its families have none of their own. */
function followFamily(w: Work, u: UplinkData, family: Family, whole: boolean): void {
	const { nowMs, settings } = w.s;
	let trouble = u.familyTrouble[family];
	const verdict = verdictOf(u, family);
	if (whole) {
		trouble = NO_TROUBLE;
		if (u.familyAvoided[family]) u.familyAvoided = { ...u.familyAvoided, [family]: false };
	} else if (verdict === "dead") {
		if (u.worked) trouble = fail(trouble, nowMs, settings, "down");
	} else if (trouble.failed) {
		trouble = recover(trouble, nowMs, holdOf(u, settings));
	}
	if (trouble.holdUntilMs !== null && nowMs >= trouble.holdUntilMs) trouble = proven(trouble);
	wake(w, trouble.holdUntilMs);
	if (trouble !== u.familyTrouble[family]) u.familyTrouble = { ...u.familyTrouble, [family]: trouble };
}

/** A radio link that failed is likelier to fail again soon than a wire: three times the hold-down (docs/forecast.md, Choices). */
const RADIO_HOLD = 3;

export function isRadio(u: Uplink): boolean {
	return u.facts.class === "cellular" || u.facts.class === "wifi";
}

function holdOf(u: Uplink, { holdDownMs, holdDownMaxMs }: Settings): Pick<Settings, "holdDownMs" | "holdDownMaxMs"> {
	return { holdDownMs: isRadio(u) ? RADIO_HOLD * holdDownMs : holdDownMs, holdDownMaxMs };
}

export function badForLong(w: Work, u: Uplink): boolean {
	return u.badSure && u.badSinceMs !== null && w.s.nowMs - u.badSinceMs >= w.s.settings.failover.minDurationMs;
}

export function goodForLong(w: Work, u: Uplink): boolean {
	return u.goodSinceMs !== null && w.s.nowMs - u.goodSinceMs >= w.s.settings.restore.minDurationMs;
}

/** Enough probes since it became good; after a failure by loss enough to exclude the failover threshold (99 %). */
export function hasProof(w: Work, u: Uplink): boolean {
	if (u.proofSent < PROOF_PROBES) return false;
	if (u.trouble.cause !== "loss" || u.trouble.holdUntilMs === null) return true;
	return wilsonPct(u.proofLost, u.proofSent, PROOF_Z) <= w.s.settings.failover.lossPct;
}

function deriveState(w: Work, u: Uplink): UplinkState {
	const { nowMs } = w.s;
	if (!u.facts.present) return "absent";
	if (u.facts.disabled) return "disabled";
	if (!hasWay(u)) return "offline";
	if (isDead(u)) return "down";
	if (u.badSinceMs !== null || u.severePct !== null) return "failing";
	if (!isAlive(u)) return "warm_up";
	if (u.trouble.holdUntilMs !== null) return "hold_down";
	if (u.upSinceMs === null || nowMs - u.upSinceMs < u.facts.minUptimeMs) return "warm_up";
	const { families } = u.facts;
	for (let i = 0; i < families.length; i++) if (verdictOf(u, families[i] as Family) === "suspect") return "suspect";
	return u.drainUntilMs === null ? "eligible" : "draining";
}

function changeState(w: Work, u: UplinkData, state: UplinkState): void {
	if (state === u.state) return;
	u.state = state;
	u.stateSinceMs = w.s.nowMs;
	u.stateReason = stateReason(w, u);
	// suspect comes and goes many times a minute on a lossy link: shown in status, no event.
	if (state === "suspect" || state === u.announced) return;
	tellChange(w, "member_state", u.facts.id, u.announced, state, u.stateReason);
	u.announced = state;
}

/** For whyNot and status: how long an uplink still has to wait, or null. */
export function waitText(untilMs: number | null, nowMs: number): string | null {
	return untilMs === null || untilMs <= nowMs ? null : ms(untilMs - nowMs);
}
