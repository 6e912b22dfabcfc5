/**
 * Weighing a forecast, and judging afterwards whether it was right (docs/forecast.md). The cost of an outage times what
 * the switch takes off its probability must outweigh the cost of the switch: flows that break or drain, bytes that cost
 * money, and what is known of the standby. An uplink without a forecast counts as one without that risk for staying, and
 * as no reason to move for going.
 */
import { lastsShare, NO_SILENCES } from "../forecast/silence.ts";
import { FORECAST_VALID_MS } from "./foresight-types.ts";
import { hasWay, isDead, isRadio } from "./member.ts";
import type { Uplink, UplinkData } from "./state.ts";
import type { Work } from "./work.ts";
import { find, tell, wake } from "./work.ts";

const CONFIDENCE_MIN = 0.6;
/** While a link is silent this is looked at so often, for so long at most: then the verdict is there. */
const QUIET_STEP_MS = 50;
const QUIET_MAX_MS = 3000;
/** Points, of which only the proportions matter, and a probability; chosen on recordings (docs/forecast.md). */
export const COSTS = {
	/** An outage of two seconds or more. */
	outage: 10,
	/** A switch: flows that break when the old uplink does fail, or drain. */
	change: 5,
	/** More for one that is silent for a moment: the reply that ends it may be on its way. */
	quiet: 0.75,
	/** More for a standby that answers but has not proven itself since it failed. */
	unproven: 1,
	/** More for one where bytes cost money. */
	metered: 1,
	/** Going back brings nothing but the owner's order: so much less risk is enough to wait. */
	comeBack: 0.3,
	/** Of two standbys alike the one with such a risk within 30 s comes second. */
	riskyLater: 0.2,
};
/**
 * A return is not put off for longer than that. The forecast was learnt on radio links: of a wire that failed once it says more
 * than it knows, so there the wait grows with the failures of the wire itself.
 */
const RETURN_WAIT_MS = 600_000;
const WIRE_WAIT_MS = 60_000;

function returnWaitMs(c: Uplink): number {
	if (isRadio(c) || c.facts.class === "starlink") return RETURN_WAIT_MS;
	return Math.min(RETURN_WAIT_MS, WIRE_WAIT_MS * 2 ** Math.min(10, Math.max(0, c.trouble.flaps - 1)));
}
const JUDGE_MS = 30_000;
const JUDGE_LATE_MS = 120_000;
const PENDING_MAX = 8;
/** The pause after a predictive switch doubles with each false alarm of the uplink, up to so many times. */
const PAUSE_DOUBLINGS = 5;

const soonOf = (u: Uplink): number => u.forecast?.soon ?? 0;
const laterOf = (u: Uplink): number => u.forecast?.later ?? 0;

export const confidenceMin = (w: Work): number => w.s.settings.confidenceMin ?? CONFIDENCE_MIN;

/** What leaving `p` for `c` is worth, points; above 0 it pays. */
export function worthLeaving(w: Work, p: Uplink, c: Uplink): number {
	if (p.forecast === null || p.forecast.confidence < confidenceMin(w)) return -COSTS.change;
	const metered = c.facts.metered && !p.facts.metered ? COSTS.metered : 0;
	return (soonOf(p) - soonOf(c)) * COSTS.outage - COSTS.change - metered;
}

/**
 * Probability that the silence of `p` is the outage it looks like; null while it answers, for wires (their verdict comes
 * within half a second), for dishes (silent for moments by nature: probe/patience.ts) and with forecasts switched off. Asks to be woken while it goes on.
 */
export function lastingShare(w: Work, p: Uplink): number | null {
	const since = p.quietSinceMs ?? null;
	const { nowMs, settings } = w.s;
	if (since === null || !settings.predictive || !isRadio(p)) return null;
	if (nowMs - since <= QUIET_MAX_MS) wake(w, nowMs + QUIET_STEP_MS);
	return lastsShare(nowMs - since, p.silences ?? NO_SILENCES);
}

/** Is a silence that goes on with this probability worth leaving for `c`? */
export function worthLeavingSilent(share: number, p: Uplink, c: Uplink, proven: boolean): boolean {
	const metered = c.facts.metered && !p.facts.metered ? COSTS.metered : 0;
	const unproven = proven ? 0 : COSTS.unproven;
	return (share - soonOf(c)) * COSTS.outage > COSTS.change + COSTS.quiet + metered + unproven;
}

/** Could any switch away from `p` pay? */
export function isForeseen(w: Work, p: Uplink): boolean {
	const { forecast } = p;
	return forecast !== null && forecast.confidence >= confidenceMin(w) && forecast.soon * COSTS.outage > COSTS.change;
}

/** Not yet: `c` is likely to fail again soon, likelier than `p` that carries the traffic well. */
export function returnWaits(w: Work, p: Uplink, c: UplinkData): boolean {
	if (!w.s.settings.predictive || c.forecast === null || c.goodSinceMs === null) return false;
	if (w.s.nowMs - c.goodSinceMs >= returnWaitMs(c)) return false;
	if ((laterOf(c) - laterOf(p)) * COSTS.outage < COSTS.comeBack) return false;
	wake(w, c.forecast.atMs + FORECAST_VALID_MS);
	return true;
}

export function comesSecond(w: Work, c: Uplink): boolean {
	return w.s.settings.predictive && laterOf(c) >= COSTS.riskyLater;
}

/** How long after a predictive switch the next one from this uplink has to wait. */
export function pauseAfter(w: Work, p: Uplink): number {
	return 5 * w.s.settings.failover.minDurationMs * 2 ** Math.min(p.falseAlarms, PAUSE_DOUBLINGS);
}

export function notePrediction(w: Work, p: UplinkData, cause: string, horizonMs: number): void {
	const { nowMs, foresight, lastDecisionId } = w.s;
	const untilMs = nowMs + Math.max(JUDGE_MS, Math.min(horizonMs, JUDGE_LATE_MS));
	const one = { uplink: p.facts.id, decisionId: lastDecisionId ?? "", atMs: nowMs, untilMs, cause };
	const pending = [...foresight.pending, { ...one, lateUntilMs: nowMs + JUDGE_LATE_MS }].slice(-PENDING_MAX);
	w.s.foresight = { ...foresight, pending };
}

/** The uplink that was left is still watched: did the trouble come? */
export function judgePredictions(w: Work): void {
	const { foresight, nowMs } = w.s;
	if (foresight.pending.length === 0) return;
	let { right, early, wrong } = foresight;
	const pending = foresight.pending.filter((one) => {
		const u = find(w, one.uplink);
		if (u === null) return false;
		const afterS = Math.round((nowMs - one.atMs) / 1000);
		if (!hasWay(u) || isDead(u) || u.severePct !== null) {
			const inTime = nowMs <= one.untilMs;
			if (inTime) right++;
			else early++;
			u.falseAlarms = 0;
			say(w, one.uplink, one.decisionId, `the prediction (${one.cause}) came true after ${afterS} s`);
			return false;
		}
		if (nowMs < one.lateUntilMs) {
			wake(w, one.lateUntilMs);
			return true;
		}
		wrong++;
		u.falseAlarms++;
		say(w, one.uplink, one.decisionId, `the prediction (${one.cause}) did not come true within ${afterS} s`);
		return false;
	});
	if (pending.length !== foresight.pending.length) w.s.foresight = { pending, right, early, wrong };
}

function say(w: Work, uplink: string, decisionId: string, reason: string): void {
	tell(w, "prediction", uplink, `${reason} (decision ${decisionId})`);
}
