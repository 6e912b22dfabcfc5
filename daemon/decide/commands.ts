/**
 * What the operator asks for. Each command yields a decision, or a `command` event that says why it was refused. Commands are
 * idempotent by id: the bus may deliver a repeated call twice.
 */
import { bestByRank, byPreference, candidatesOf, tierOf } from "./candidates.ts";
import { deadText, goodFigures, linkText, ms, shortFigures, stateReason } from "./explain.ts";
import { hasWay, isDead } from "./member.ts";
import { addDecision, addRecheck, moveTo, sentence, stay } from "./outcome.ts";
import type { UplinkData } from "./state.ts";
import type { Command } from "./types.ts";
import type { Work } from "./work.ts";
import { find, tell, wake } from "./work.ts";

const RECHECK_EVERY_MS = 2_000;

export function runCommand(w: Work, c: Command): void {
	if (w.s.lastCommandId === c.id) return;
	w.s.lastCommandId = c.id;
	const u = find(w, c.uplink);
	if (c.uplink !== null && u === null) {
		tell(w, "command", c.uplink, `${c.name} refused: there is no uplink ${c.uplink}`);
		return;
	}
	const why = c.reason === "" ? "asked by the operator" : c.reason;
	switch (c.name) {
		case "failover":
			failover(w, c, u, why);
			break;
		case "promote":
			promote(w, u, why);
			break;
		case "restore":
			restore(w, why);
			break;
		case "hold":
			hold(w, c, u, why);
			break;
		case "release":
			release(w, u);
			break;
		case "recheck":
			recheck(w, u);
			break;
	}
}

function refuse(w: Work, name: string, u: UplinkData): boolean {
	const why = !hasWay(u) ? linkText(u) : isDead(u) ? deadText(u) : null;
	if (why === null) return false;
	tell(w, "command", u.facts.id, `${name} to ${u.facts.id} refused: ${why}`);
	return true;
}

function failover(w: Work, c: Command, named: UplinkData | null, why: string): void {
	const to =
		named ??
		bestByRank(
			w,
			w.list.filter((o) => o.facts.id !== w.s.primary && tierOf(w, o) === 0),
		);
	if (to === null) {
		tell(w, "command", null, "failover refused: no other uplink is good");
		return;
	}
	if (refuse(w, "failover", to)) return;
	const untilMs = deadline(w, c);
	w.s.pin = { uplink: to.facts.id, untilMs, reason: why };
	w.s.started = true;
	const until = untilMs === null ? "until restore" : `for ${ms(untilMs - w.s.nowMs)}`;
	const same = w.s.primary === to.facts.id;
	const head = same ? `Stays on ${to.facts.id}` : `Moved to ${to.facts.id}`;
	const text = `${head} and pinned there ${until} (${why}). It is ${to.state}: ${shortFigures(to)}.`;
	moveTo(w, to, { kind: "manual", rule: "manual_failover", text, figures: goodFigures(w, to) });
}

function promote(w: Work, u: UplinkData | null, why: string): void {
	if (u === null) {
		tell(w, "command", null, "promote refused: it needs the name of an uplink");
		return;
	}
	if (u.facts.disabled || !u.facts.present) {
		tell(w, "command", u.facts.id, `promote refused: ${linkText(u)}`);
		return;
	}
	w.s.promoted = u.facts.id;
	const { id } = u.facts;
	if (w.s.primary === id) {
		stay(w, "promote", `${id} is preferred from now on (${why}) and carries the traffic already.`);
		return;
	}
	if (w.s.pin !== null) {
		stay(w, "promote", `${id} is preferred from now on (${why}), but ${w.s.pin.uplink} is pinned.`);
		return;
	}
	if (tierOf(w, u) !== 0 || u.badSinceMs !== null) {
		const state = `${u.state}, ${stateReason(w, u)}`;
		stay(
			w,
			"promote",
			`${id} is preferred from now on (${why}), but not good yet (${state}). Traffic moves when it is.`,
		);
		return;
	}
	w.s.started = true;
	const text = `Moved to ${id}: promoted (${why}). ${sentence(shortFigures(u))}`;
	moveTo(w, u, { kind: "manual", rule: "promote", text, figures: goodFigures(w, u) });
}

function restore(w: Work, why: string): void {
	w.s.pin = null;
	w.s.promoted = null;
	goHome(w, "restore", why);
}

/** To the preferred good one, now; ends a pin. Used by `restore` and when a pin expires. */
export function goHome(w: Work, rule: "restore" | "pin_expired", why: string): void {
	const to = byPreference(w).find((u) => tierOf(w, u) === 0);
	if (to === undefined || to.facts.id === w.s.primary) {
		const where = w.s.primary ?? "no uplink";
		const best = to === undefined ? "no uplink is good enough to move to" : "it is the preferred good one";
		stay(w, rule, `Automatic again (${why}). Stays on ${where}: ${best}.`);
		return;
	}
	w.s.started = true;
	const text = `Automatic again (${why}). Moved to ${to.facts.id}, the preferred good one: ${shortFigures(to)}.`;
	moveTo(w, to, { kind: "restore", rule, text, figures: goodFigures(w, to) });
}

function hold(w: Work, c: Command, u: UplinkData | null, why: string): void {
	const untilMs = deadline(w, c);
	const until = untilMs === null ? "until released" : `for ${ms(untilMs - w.s.nowMs)}`;
	if (u === null) {
		w.s.hold = { untilMs, reason: why };
		stay(w, "maintenance_hold", `Held ${until} (${why}): no automatic move except away from a dead uplink.`);
		return;
	}
	u.held = { untilMs, reason: why };
	if (w.s.pin?.uplink === u.facts.id) w.s.pin = null;
	// The decision that follows (avoid_member, or leaving the primary) tells the rest.
	const text = `${u.facts.id} is held ${until} (${why}): it gets no traffic while another can carry it.`;
	addDecision(w, w.s.primary, w.s.primary, { kind: "none", rule: "maintenance_hold", text, figures: [] });
}

function release(w: Work, u: UplinkData | null): void {
	const held = u === null ? w.list.filter((o) => o.held !== null) : u.held === null ? [] : [u];
	if (held.length === 0 && (u !== null || w.s.hold === null)) {
		tell(w, "command", u?.facts.id ?? null, "release refused: nothing is held");
		return;
	}
	for (const o of held) o.held = null;
	if (u === null) w.s.hold = null;
	const names = held.map((o) => o.facts.id).join(", ");
	stay(w, "release", names === "" ? "The hold ended: automatic again." : `The hold on ${names} ended.`);
}

function recheck(w: Work, u: UplinkData | null): void {
	const { nowMs, lastRecheckMs } = w.s;
	if (lastRecheckMs !== null && nowMs - lastRecheckMs < RECHECK_EVERY_MS) {
		tell(w, "throttle", u?.facts.id ?? null, "recheck refused: the last one was less than 2 s ago");
		return;
	}
	w.s.lastRecheckMs = nowMs;
	addRecheck(
		w,
		(u === null ? w.list : [u]).filter((o) => hasWay(o)).map((o) => o.facts.id),
	);
	const eligible = candidatesOf(w, w.s.primary).filter((c) => c.eligible).length;
	stay(
		w,
		"recheck",
		`Fresh probes are on their way. On ${w.s.primary ?? "no uplink"} now; ${eligible} of ${w.list.length} uplinks are good.`,
	);
}

function deadline(w: Work, c: Command): number | null {
	const forMs = c.forMs ?? w.s.settings.pinMs;
	return Number.isFinite(forMs) && forMs > 0 ? w.s.nowMs + forMs : null;
}

/** Pins and holds that ran out. */
export function expire(w: Work): void {
	const { nowMs, pin, hold: all } = w.s;
	for (let i = 0; i < w.list.length; i++) {
		const u = w.list[i];
		if (u === undefined || u.held === null || u.held.untilMs === null) continue;
		wake(w, u.held.untilMs);
		if (nowMs < u.held.untilMs) continue;
		u.held = null;
		tell(w, "command", u.facts.id, `the hold on ${u.facts.id} is over`);
	}
	if (all !== null && all.untilMs !== null) {
		wake(w, all.untilMs);
		if (nowMs >= all.untilMs) {
			w.s.hold = null;
			tell(w, "command", null, "the hold is over: automatic again");
		}
	}
	if (pin === null || pin.untilMs === null) return;
	wake(w, pin.untilMs);
	if (nowMs < pin.untilMs) return;
	w.s.pin = null;
	goHome(w, "pin_expired", `the time of the manual failover to ${pin.uplink} is over`);
}
