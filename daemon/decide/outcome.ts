/** Writing decisions: a move of the traffic, or the word that it stays. The plan follows at the end of the step. */
import { candidatesOf } from "./candidates.ts";
import { nobodyText } from "./explain.ts";
import { hasWay, isDead } from "./member.ts";
import type { UplinkData } from "./state.ts";
import { fail } from "./trouble.ts";
import type { DecisionKind, Figure, RecheckAction } from "./types.ts";
import type { Work } from "./work.ts";
import { find, tell, wake } from "./work.ts";

/** The same uplink is asked for fresh probes at most this often. */
const RECHECK_EVERY_MS = 30_000;

export interface Reason {
	readonly kind: DecisionKind;
	readonly rule: string;
	readonly text: string;
	readonly figures: readonly Figure[];
}

export function addDecision(
	w: Work,
	from: string | null,
	to: string | null,
	reason: Reason,
	chosen: string | null = to,
): void {
	w.s.decisions++;
	const id = `d${w.s.decisions}`;
	w.decisions.push({
		id,
		atMs: w.s.nowMs,
		kind: reason.kind,
		rule: reason.rule,
		from,
		to,
		text: reason.text,
		figures: reason.figures,
		candidates: candidatesOf(w, chosen),
		observed: w.s.settings.observe,
	});
	w.s.lastDecisionId = id;
}

/** Stays where it is, and says why. */
export function stay(w: Work, rule: string, text: string, figures: readonly Figure[] = []): void {
	addDecision(w, w.s.primary, w.s.primary, { kind: "none", rule, text, figures });
}

/** Moves the traffic. How flows are treated (planned or dead) follows from the plan and w.release. */
export function moveTo(w: Work, to: UplinkData, reason: Reason): void {
	const from = find(w, w.s.primary);
	const { nowMs, settings } = w.s;
	addDecision(w, w.s.primary, to.facts.id, reason);
	if (from !== null && from !== to) {
		from.leftAtMs = nowMs;
		const bad = reason.rule === "severe_loss" || reason.rule.startsWith("degraded_");
		if (bad) from.trouble = fail(from.trouble, nowMs, settings, from.badCause ?? "loss");
		// Known with this decision already: leaving the set of usable members needs no word of its own.
		const out = from.held !== null || from.facts.capReached === true || !hasWay(from) || isDead(from);
		from.avoided = bad || out;
		from.drainUntilMs = from.avoided ? null : nowMs + settings.drainMs;
	}
	to.avoided = false;
	to.drainUntilMs = null;
	w.s.primary = to.facts.id;
	if (reason.kind !== "start" && from !== to) w.s.lastSwitchMs = nowMs;
	w.s.saidCooldown = null;
	w.s.saidNoCandidate = null;
	w.s.saidThrottle = null;
	for (const u of w.list) u.betterSinceMs = null;
}

/** Loss around the threshold, and risks, come and go all day: then "no candidate" is said at most this often. */
const REPEAT_BAD_MS = 600_000;

/** "No candidate", once per trouble of this uplink. */
export function nobody(w: Work, primary: UplinkData, trouble: string, why: string, figures: readonly Figure[]): void {
	const key = `${primary.facts.id}:${trouble}`;
	const { saidNoCandidate: said, nowMs } = w.s;
	const often = trouble === "bad" || trouble === "risk";
	const again = said?.over === true && (!often || nowMs - said.atMs >= REPEAT_BAD_MS);
	if (said?.key === key && !again) return;
	w.s.saidNoCandidate = { key, atMs: nowMs, over: false };
	const others = nobodyText(candidatesOf(w, primary.facts.id), primary.facts.id);
	stay(w, "no_candidate", `Stayed on ${primary.facts.id} (${why}): nothing better. ${sentence(others)}`, figures);
}

/** True while a switch less urgent than a hard failure has to wait; says so once per wish. */
export function mustCool(w: Work, to: UplinkData, rule: string): boolean {
	const { lastSwitchMs, settings, nowMs } = w.s;
	if (lastSwitchMs === null || nowMs - lastSwitchMs >= settings.cooldownMs) return false;
	wake(w, lastSwitchMs + settings.cooldownMs);
	const key = `${rule}:${to.facts.id}`;
	if (w.s.saidCooldown !== key) {
		w.s.saidCooldown = key;
		tell(w, "cooldown", to.facts.id, `${rule} wants ${to.facts.id}, but the last switch was less than cooldown_s ago`);
	}
	return true;
}

export function addRecheck(w: Work, uplinks: readonly string[]): void {
	if (uplinks.length === 0) return;
	w.s.actions++;
	const action: RecheckAction = { kind: "recheck", id: `a${w.s.actions}`, uplinks };
	w.actions.push(action);
}

/** Asks the prober for a better look at `u` before the traffic goes there; bounded. */
export function askFor(w: Work, u: UplinkData): void {
	const { nowMs } = w.s;
	if (u.lastRecheckMs !== null && nowMs - u.lastRecheckMs < RECHECK_EVERY_MS) {
		wake(w, u.lastRecheckMs + RECHECK_EVERY_MS);
		return;
	}
	u.lastRecheckMs = nowMs;
	addRecheck(w, [u.facts.id]);
}

export function sentence(clause: string): string {
	const text = clause.slice(0, 1).toUpperCase() + clause.slice(1);
	return text.endsWith(".") ? text : `${text}.`;
}
