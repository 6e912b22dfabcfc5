/**
 * The first decision after start (docs/decisions.md, Start). The router has just booted: whoever has evidence first is
 * not the best, so nothing is sent until waiting longer could not change the answer, or min_uptime has passed.
 */
import { byPreference } from "./candidates.ts";
import { shortFigures } from "./explain.ts";
import { badForLong, hasWay, isAlive, isDead } from "./member.ts";
import { moveTo, stay } from "./outcome.ts";
import type { UplinkData } from "./state.ts";
import type { Work } from "./work.ts";
import { wake } from "./work.ts";

/** The router's own choice: the first in the user's order that is up; without any the first that exists. */
export function routerChoice(list: readonly UplinkData[]): UplinkData | null {
	return list.find((u) => hasWay(u)) ?? null;
}

export function tryStart(w: Work): void {
	const { startedAtMs, settings, nowMs } = w.s;
	if (startedAtMs === null) return;
	const own = routerChoice(w.list);
	w.s.primary = own?.facts.id ?? null;
	if (own === null) return;
	const up = byPreference(w).filter((u) => hasWay(u) && u.held === null);
	const alive = up.filter((u) => isAlive(u));
	const deadlineMs = startedAtMs + settings.minUptimeMs;
	const due = nowMs >= deadlineMs;
	const known = alive.length > 0 && up.every((u) => isAlive(u) || isDead(u));
	const first = up.find((u) => !u.facts.capReached) ?? up[0];
	const firstKnown = first !== undefined && isAlive(first);
	const flee = isDead(own) && alive.length > 0;
	if (!due && !flee && (isAwaited(w, first) || (!known && !firstKnown))) {
		wake(w, deadlineMs);
		return;
	}
	w.s.started = true;
	const good = alive.filter((u) => !badForLong(w, u));
	const to = good.find((u) => !u.facts.capReached) ?? good[0] ?? alive[0] ?? up.find((u) => !isDead(u)) ?? null;
	if (to === null) {
		stay(w, "start", `No uplink answers yet. Stays with ${own.facts.id}, the router's own first choice.`);
		w.s.saidNoCandidate = { key: `${own.facts.id}:dead`, atMs: nowMs, over: false };
		return;
	}
	const how = isAlive(to) ? `It answers: ${shortFigures(to)}.` : "No uplink has shown yet that it works.";
	const text =
		to === own
			? `Start on ${to.facts.id}, the router's own first choice. ${how}`
			: `Start on ${to.facts.id} instead of ${own.facts.id}: ${whyNotOwn(w, own, to)}. ${how}`;
	moveTo(w, to, { kind: "start", rule: "start", text, figures: [] });
}

/**
 * One that is preferred over the first of those up has its link and no address yet (DHCP takes seconds after boot): until it
 * has one the router uses the other by itself, and goes to it by itself. mwan3 holds it down for another second, until its
 * script has run: that looks like `mwan3 ifdown`.
 */
function isAwaited(w: Work, first: UplinkData | undefined): boolean {
	for (const u of byPreference(w)) {
		if (u === first) return false;
		const { present, up, carrier, families, disabled, capReached } = u.facts;
		const coming = present && carrier === true && (!up || families.length === 0) && u.linkDown === null;
		if (coming && !disabled && !capReached && u.held === null) return true;
	}
	return false;
}

function whyNotOwn(w: Work, own: UplinkData, to: UplinkData): string {
	if (isDead(own)) return `${own.facts.id} does not answer`;
	if (!isAlive(own)) return `${own.facts.id} has not shown yet that it works`;
	if (badForLong(w, own)) return `${own.facts.id} answers badly`;
	if (own.facts.capReached) return `${own.facts.id} has used up its data allowance`;
	if (own.held !== null) return `${own.facts.id} is held`;
	return `${to.facts.id} has the larger weight`;
}
