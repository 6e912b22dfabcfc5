/**
 * From plan to action: sends one when the plan differs from the last one sent, listens for its report, repeats a failed one
 * with growing pauses. In observe mode nothing is ever sent.
 */
import { tellFamilies } from "./avoid.ts";
import { addDecision } from "./outcome.ts";
import { buildPlan, releaseOf, samePlan } from "./plan.ts";
import type { Steering } from "./state.ts";
import { NO_STEERING } from "./state.ts";
import type { Applied, Plan, SteerAction } from "./types.ts";
import type { Work } from "./work.ts";
import { tell, wake } from "./work.ts";

const REPORT_LIMIT_MS = 10_000;
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 60_000;

export function followPlan(w: Work): void {
	if (!w.s.started) return;
	const previous = w.s.plan;
	const plan = buildPlan(w, previous);
	if (!samePlan(plan, previous)) {
		// A word for changes no rule decided: uplinks appeared, went for good, or changed their order.
		if (w.decisions.length === 0) tellFamilies(w, plan, previous);
		if (w.decisions.length === 0) {
			const text = "The set of uplinks or their order changed; the plan follows.";
			addDecision(w, w.s.primary, w.s.primary, { kind: "avoid", rule: "members_changed", text, figures: [] });
		}
		w.s.plan = plan;
	}
	if (w.s.settings.observe) {
		w.s.steering = NO_STEERING;
		return;
	}
	if (samePlan(plan, w.s.steering.wanted)) repeat(w);
	else send(w, plan, releaseOf(w, plan, previous));
}

function send(w: Work, plan: Plan, release: SteerAction["release"]): void {
	w.s.actions++;
	const action: SteerAction = {
		kind: "steer",
		id: `a${w.s.actions}`,
		decisionId: w.s.lastDecisionId ?? "",
		mode: release.length > 0 ? "dead" : "planned",
		plan,
		release,
	};
	w.actions.push(action);
	w.s.steering = {
		...w.s.steering,
		wanted: plan,
		action,
		pending: true,
		sentAtMs: w.s.nowMs,
		attempts: 1,
		retryAtMs: null,
	};
	wake(w, w.s.nowMs + REPORT_LIMIT_MS);
}

function repeat(w: Work): void {
	const st = w.s.steering;
	const { nowMs } = w.s;
	if (st.pending) {
		if (nowMs - st.sentAtMs < REPORT_LIMIT_MS) wake(w, st.sentAtMs + REPORT_LIMIT_MS);
		else failed(w, st, "no report within 10 s");
		return;
	}
	if (st.retryAtMs === null || st.action === null) return;
	if (nowMs < st.retryAtMs) {
		wake(w, st.retryAtMs);
		return;
	}
	w.s.actions++;
	const action: SteerAction = { ...st.action, id: `a${w.s.actions}` };
	w.actions.push(action);
	w.s.steering = { ...st, action, pending: true, sentAtMs: nowMs, attempts: st.attempts + 1, retryAtMs: null };
	wake(w, nowMs + REPORT_LIMIT_MS);
}

/** A report of steer/; one about an action that was overtaken says nothing about the plan wanted now. */
export function takeReport(w: Work, report: Applied): void {
	const st = w.s.steering;
	if (!st.pending || st.action === null || st.action.id !== report.actionId) return;
	if (!report.ok) {
		failed(w, st, report.text === "" ? `${report.method} failed` : report.text);
		return;
	}
	w.s.steering = { ...st, inForce: st.wanted, method: report.method, pending: false, attempts: 0, lastError: null };
}

function failed(w: Work, st: Steering, why: string): void {
	const pause = Math.min(RETRY_FIRST_MS * 2 ** Math.min(Math.max(0, st.attempts - 1), 10), RETRY_MAX_MS);
	w.s.steering = { ...st, pending: false, retryAtMs: w.s.nowMs + pause, lastError: why };
	tell(w, "steer_failed", w.s.primary, `${why}; next attempt in ${pause / 1_000} s`);
	wake(w, w.s.nowMs + pause);
}
