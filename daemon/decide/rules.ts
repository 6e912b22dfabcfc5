/**
 * The rules that move the traffic by themselves, in their order of precedence (docs/decisions.md, Rules). The first that
 * applies decides. Start, operator and balancing live in start.ts, commands.ts and avoid.ts.
 */

import { LASTS_MS } from "../forecast/silence.ts";
import { mayBlink } from "./blink.ts";
import { bestByRank, bestOfAny, byPreference, isPreferred, rankOf, tierOf } from "./candidates.ts";
import {
	badFigures,
	badText,
	CAP_TEXT,
	deadFigures,
	deadText,
	goodFigures,
	linkText,
	ms,
	pct,
	shortFigures,
	stateReason,
} from "./explain.ts";
import {
	COSTS,
	confidenceMin,
	isForeseen,
	lastingShare,
	notePrediction,
	pauseAfter,
	returnWaits,
	worthLeaving,
	worthLeavingSilent,
} from "./foresight.ts";
import { badForLong, goodForLong, hasProof, hasWay, isDead } from "./member.ts";
import { askFor, moveTo, mustCool, nobody, sentence } from "./outcome.ts";
import type { UplinkData } from "./state.ts";
import { fail, recover } from "./trouble.ts";
import type { Figure, ForecastInput, RiskInput } from "./types.ts";
import type { Work } from "./work.ts";
import { find, tell, wake } from "./work.ts";

const RISK_MIN = 0.7;

export function applyRules(w: Work): void {
	const p = find(w, w.s.primary);
	if (p === null || !hasWay(p) || isDead(p)) {
		if (p === null || !mayBlink(w, p)) hardFailure(w, p);
		return;
	}
	followBetter(w, p);
	const { saidNoCandidate: said } = w.s;
	if (said?.over === false && isOver(w, p, said.key)) w.s.saidNoCandidate = { ...said, over: true };
	if (w.s.pin !== null || w.s.hold !== null) return;
	if (leaveHeld(w, p)) return;
	if (leaveBad(w, p)) return;
	if (leaveCapped(w, p)) return;
	if (predictive(w, p)) return;
	if (failback(w, p)) return;
	betterCandidate(w, p);
}

/** The trouble that was spoken of is over. One that is held, or at risk, may be as good as can be. */
function isOver(w: Work, p: UplinkData, key: string): boolean {
	if (key === `${p.facts.id}:held`) return p.held === null;
	if (key === `${p.facts.id}:cap`) return !p.facts.capReached;
	if (key === `${p.facts.id}:risk`) return !isRisky(w, p) && !isForeseen(w, p);
	return goodForLong(w, p);
}

function hardFailure(w: Work, p: UplinkData | null): void {
	const best = bestOfAny(w, p?.facts.id ?? null);
	const [rule, why] = hardCause(p);
	const figures = p === null || !hasWay(p) ? [] : deadFigures(p);
	if (best === null) {
		if (p !== null) nobody(w, p, "dead", why, figures);
		return;
	}
	if (p !== null && w.s.pin?.uplink === p.facts.id) {
		tell(w, "command", p.facts.id, `the manual failover to ${p.facts.id} ended: ${why}`);
		w.s.pin = null;
	}
	const left = p === null ? "No uplink was in use" : `Left ${p.facts.id}: ${why}`;
	const caution = tierOf(w, best) === 0 ? "" : ` It was all that is left: ${stateReason(w, best)}.`;
	const text = `${left}. ${best.facts.id} took over: ${shortFigures(best)}.${caution}`;
	moveTo(w, best, { kind: "failover", rule, text, figures: [...figures, ...goodFigures(w, best)] });
}

function hardCause(p: UplinkData | null): readonly [rule: string, why: string] {
	if (p === null || !p.facts.present) return ["link_gone", p === null ? "it is gone" : linkText(p)];
	if (p.facts.disabled) return ["disabled", linkText(p)];
	if (hasWay(p)) return ["hard_failure", deadText(p)];
	const carrier = p.linkDown === "carrier_lost" || p.facts.carrier === false;
	return [carrier ? "carrier_lost" : "link_down", linkText(p)];
}

function leaveHeld(w: Work, p: UplinkData): boolean {
	if (p.held === null) return false;
	const to = bestByRank(
		w,
		others(w, p).filter((c) => tierOf(w, c) === 0),
	);
	if (to === null) {
		nobody(w, p, "held", `held by the operator: ${p.held.reason}`, []);
		return true;
	}
	const text = `Left ${p.facts.id} for maintenance (${p.held.reason}). ${to.facts.id} took over: ${shortFigures(to)}.`;
	moveTo(w, to, { kind: "manual", rule: "maintenance_hold", text, figures: goodFigures(w, to) });
	return true;
}

/** Only for a good one: a plan that is used up may be slow or dear, but it works. */
function leaveCapped(w: Work, p: UplinkData): boolean {
	if (!p.facts.capReached) return false;
	const to = bestByRank(
		w,
		others(w, p).filter((c) => tierOf(w, c) === 0 && !isRisky(w, c)),
	);
	if (to === null) {
		nobody(w, p, "cap", CAP_TEXT, []);
		return true;
	}
	const text = `Left ${p.facts.id}: ${CAP_TEXT}. ${to.facts.id} took over: ${shortFigures(to)}.`;
	moveTo(w, to, { kind: "failover", rule: "data_cap", text, figures: goodFigures(w, to) });
	return true;
}

/** severe_loss and the three degraded_ rules. */
function leaveBad(w: Work, p: UplinkData): boolean {
	const long = badForLong(w, p);
	const severe = p.severePct !== null;
	if (!severe && !long) return false;
	const { settings } = w.s;
	const rule = severe ? "severe_loss" : `degraded_${p.badCause ?? "loss"}`;
	const why = severe
		? `loss ${pct(p.severePct)} within seconds (severe from ${pct(settings.severeLossPct)})`
		: badText(w, p);
	const lasted: Figure = severe
		? { name: "severe_loss", value: p.severePct, threshold: settings.severeLossPct, unit: "%" }
		: { name: "margin", value: settings.switchMargin, threshold: null, unit: "points" };
	const figures = [...badFigures(w, p), lasted];
	const to = refuge(w, p, long) ?? (severe ? lastResort(w, p) : null);
	if (to === null) {
		for (const c of others(w, p)) if (tierOf(w, c) === 0 && c.assessment.figures.loss.pct === null) askFor(w, c);
		nobody(w, p, "bad", why, figures);
		return true;
	}
	if (mustCool(w, to, rule)) return true;
	if (severe) w.release.push(p.facts.id);
	const since = severe || p.badSinceMs === null ? "" : ` for ${ms(w.s.nowMs - p.badSinceMs)}`;
	const text = `Left ${p.facts.id}: ${why}${since}. ${to.facts.id} took over: ${shortFigures(to)}.`;
	moveTo(w, to, { kind: "failover", rule, text, figures: [...figures, ...goodFigures(w, to)] });
	return true;
}

/** Where to go from a bad primary: a good one, else a clearly healthier one, else the lesser evil. */
function refuge(w: Work, p: UplinkData, long: boolean): UplinkData | null {
	const margin = w.s.settings.switchMargin;
	const mine = p.assessment.score.value ?? 0;
	const scoreOf = (c: UplinkData) => c.assessment.score.value ?? -1;
	// The last minute too: a few lucky probes on a standby link are no refuge.
	const usable = others(w, p).filter((c) => {
		const loss = c.assessment.figures.loss60.pct;
		return tierOf(w, c) === 0 && !isRisky(w, c) && (loss === null || loss <= w.s.settings.failover.lossPct);
	});
	const good = usable.filter((c) => c.goodSinceMs !== null);
	if (good.length > 0) return bestByRank(w, good);
	const healthier = usable.filter((c) => scoreOf(c) >= mine + margin);
	if (healthier.length > 0 || !long) return bestByRank(w, healthier);
	const limit = p.assessment.figures.loss60.lowPct;
	const lesser = others(w, p).filter((c) => {
		const surely = c.assessment.figures.loss60.highPct < limit;
		return tierOf(w, c) === 2 && c.severePct === null && surely && scoreOf(c) >= mine + margin;
	});
	return bestByRank(w, lesser);
}

/** Hardly anything passes here: then one whose data allowance is used up is better, if it works. */
function lastResort(w: Work, p: UplinkData): UplinkData | null {
	const able = others(w, p).filter((c) => tierOf(w, c) === 3 && c.goodSinceMs !== null);
	return p.facts.capReached ? null : bestByRank(w, able);
}

function predictive(w: Work, p: UplinkData): boolean {
	const { settings, nowMs, lastPredictiveMs } = w.s;
	const told = isRisky(w, p) ? p.risk : null;
	const silent = told === null ? silence(w, p) : null;
	const risk = told ?? silent ?? (isForeseen(w, p) && p.forecast ? asRisk(p.forecast) : null);
	if (!settings.predictive || risk === null) return false;
	const pauseMs = pauseAfter(w, p);
	if (lastPredictiveMs !== null && nowMs - lastPredictiveMs < pauseMs) {
		wake(w, lastPredictiveMs + pauseMs);
		const key = `predictive:${p.facts.id}`;
		if (silent === null && w.s.saidThrottle !== key) {
			w.s.saidThrottle = key;
			tell(
				w,
				"throttle",
				p.facts.id,
				`a prediction (${risk.cause}) waits: the last one was less than ${ms(pauseMs)} ago`,
			);
		}
		return false;
	}
	const figures: Figure[] = [
		{ name: "risk", value: risk.risk, threshold: told === null ? null : RISK_MIN, unit: "" },
		{ name: "confidence", value: risk.confidence, threshold: confidenceMin(w), unit: "" },
		{ name: "horizon", value: risk.horizonMs, threshold: null, unit: "ms" },
	];
	const to = bestByRank(
		w,
		others(w, p).filter((c) => {
			if (silent !== null) return isRefuge(w, p, c, silent.risk);
			if (!isSafe(w, c) || c.goodSinceMs === null) return false;
			return told !== null || (worthLeaving(w, p, c) > 0 && knownAsWell(w, c));
		}),
	);
	if (to === null) {
		// The verdict on a silence is near, and tells who is left.
		if (silent === null) nobody(w, p, "risk", `${risk.cause} expected`, figures);
		return false;
	}
	if (mustCool(w, to, "predictive")) return true;
	w.s.lastPredictiveMs = nowMs;
	const text = `Left ${p.facts.id} before trouble: ${sentence(risk.text === "" ? risk.cause : risk.text)} ${to.facts.id} took over: ${shortFigures(to)}.`;
	moveTo(w, to, { kind: "predictive", rule: "predictive", text, figures: [...figures, ...goodFigures(w, to)] });
	notePrediction(w, p, risk.cause, risk.horizonMs);
	return true;
}

/** From silence even one that has not proven itself since it failed is a way out, if it answers. */
function isRefuge(w: Work, p: UplinkData, c: UplinkData, share: number): boolean {
	const safe = isSafe(w, c);
	if (!safe && (c.state !== "hold_down" || tierOf(w, c) !== 1 || isRisky(w, c))) return false;
	if (c.goodSinceMs === null || c.quietSinceMs !== null || !knownAsWell(w, c)) return false;
	return worthLeavingSilent(share, p, c, safe);
}

/** A silence that is likely to last (forecast/silence.ts). */
function silence(
	w: Work,
	p: UplinkData,
): Pick<RiskInput, "risk" | "confidence" | "horizonMs" | "cause" | "text"> | null {
	const share = lastingShare(w, p);
	if (share === null || p.quietSinceMs === null || share * COSTS.outage <= COSTS.change + COSTS.quiet) return null;
	const { lasted, ended } = p.silences;
	const own = lasted + ended < 1 ? "" : `; of its own last ${Math.round(lasted + ended)} ${Math.round(lasted)} did`;
	const text = `${ms(w.s.nowMs - p.quietSinceMs)} without any reply, burst included: ${Math.round(100 * share)} % of such silences last two seconds or more${own}`;
	return { risk: share, confidence: 1, horizonMs: LASTS_MS, cause: "silence", text };
}

/** The forecast speaks of the next ten seconds. */
const SOON_MS = 10_000;

function asRisk({
	soon,
	confidence,
	cause,
	text,
}: ForecastInput): Pick<RiskInput, "risk" | "confidence" | "horizonMs" | "cause" | "text"> {
	const words = `${Math.round(100 * soon)} % that it fails within 10 s: ${text}`;
	return { risk: soon, confidence, horizonMs: SOON_MS, cause, text: words };
}

/** Nothing is left for a link of which less is known: its last probe is as fresh as its pace allows. */
function knownAsWell(w: Work, c: UplinkData): boolean {
	const { lastProbeMs, confidence, stale } = c.assessment.figures;
	return !stale && confidence >= 0.5 && lastProbeMs !== null && w.s.nowMs - lastProbeMs <= KNOWN_MS;
}

/** A metered standby is asked every eight seconds. */
const KNOWN_MS = 20_000;

function failback(w: Work, p: UplinkData): boolean {
	const mine = rankOf(w, p);
	const allowance = w.s.settings.switchMargin / 2;
	for (const c of byPreference(w)) {
		if (!isPreferred(w, c, p)) break;
		const rank = rankOf(w, c);
		const { holdUntilMs } = c.trouble;
		if (c.state === "hold_down" && holdUntilMs !== null && w.s.nowMs >= holdUntilMs && !hasProof(w, c)) askFor(w, c);
		if (!isSafe(w, c) || !goodForLong(w, c) || rank === null) continue;
		if (mine !== null && rank < mine - allowance) continue;
		if (!hasProof(w, c)) {
			askFor(w, c);
			continue;
		}
		if (returnWaits(w, p, c)) continue;
		if (mustCool(w, c, "failback")) return true;
		const goodMs = c.goodSinceMs === null ? 0 : w.s.nowMs - c.goodSinceMs;
		const text = `Back to ${c.facts.id}: good for ${ms(goodMs)} (${shortFigures(c)}) and preferred over ${p.facts.id}.`;
		const figures: Figure[] = [
			...goodFigures(w, c),
			{ name: "rank", value: rank, threshold: mine === null ? null : mine - allowance, unit: "points" },
		];
		moveTo(w, c, { kind: "failback", rule: "failback", text, figures });
		return true;
	}
	return false;
}

function followBetter(w: Work, p: UplinkData): void {
	const mine = rankOf(w, p);
	const margin = Math.max(1, w.s.settings.switchMargin);
	for (let i = 0; i < w.list.length; i++) {
		const c = w.list[i] as UplinkData;
		const rank = rankOf(w, c);
		if (c === p || mine === null || rank === null || rank < mine + margin || tierOf(w, c) !== 0) c.betterSinceMs = null;
		else c.betterSinceMs ??= w.s.nowMs;
	}
}

function betterCandidate(w: Work, p: UplinkData): void {
	const { nowMs, settings } = w.s;
	const lastMs = settings.restore.minDurationMs;
	const able = w.list.filter((c) => {
		if (c === p || c.betterSinceMs === null || !isSafe(w, c) || !goodForLong(w, c)) return false;
		wake(w, c.betterSinceMs + lastMs);
		if (nowMs - c.betterSinceMs < lastMs || returnWaits(w, p, c)) return false;
		if (hasProof(w, c)) return true;
		askFor(w, c);
		return false;
	});
	const to = bestByRank(w, able);
	if (to === null || mustCool(w, to, "better_candidate")) return;
	const gap = (rankOf(w, to) ?? 0) - (rankOf(w, p) ?? 0);
	const forMs = to.betterSinceMs === null ? 0 : nowMs - to.betterSinceMs;
	const text = `${to.facts.id} ranks ${Math.round(gap)} points above ${p.facts.id} for ${ms(forMs)}: ${shortFigures(to)} against ${shortFigures(p)}.`;
	const figures: Figure[] = [
		{ name: "margin", value: gap, threshold: settings.switchMargin, unit: "points" },
		{ name: "better_for", value: forMs, threshold: lastMs, unit: "ms" },
		...goodFigures(w, to),
	];
	p.preference = recover(fail(p.preference, nowMs, settings, "better"), nowMs, settings);
	moveTo(w, to, { kind: "better", rule: "better_candidate", text, figures });
}

function others(w: Work, p: UplinkData): UplinkData[] {
	return w.list.filter((c) => c !== p);
}

function isRisky(w: Work, u: UplinkData): boolean {
	return u.risk !== null && u.risk.risk >= RISK_MIN && u.risk.confidence >= confidenceMin(w);
}

/** May be moved to without need: good, no risk announced, not just left, no preference hold. */
function isSafe(w: Work, c: UplinkData): boolean {
	if (tierOf(w, c) !== 0 || isRisky(w, c)) return false;
	const { nowMs } = w.s;
	const coolMs = c.leftAtMs === null ? null : c.leftAtMs + c.facts.cooldownMs;
	const holdMs = c.preference.holdUntilMs;
	wake(w, coolMs);
	wake(w, holdMs);
	return (coolMs === null || nowMs >= coolMs) && (holdMs === null || nowMs >= holdMs);
}
