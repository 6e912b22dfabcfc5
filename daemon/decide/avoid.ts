/**
 * Members other than the primary, and single families: who leaves the set of usable ones, who rejoins it
 * (docs/decisions.md, Balancing). The same hysteresis as for the primary: failure thresholds to leave, hold-down to return.
 */
import { FAMILIES, type Family } from "../health/types.ts";
import {
	badFigures,
	badText,
	CAP_TEXT,
	deadFigures,
	deadText,
	goodFigures,
	linkText,
	shortFigures,
} from "./explain.ts";
import { badForLong, hasWay, isDead, isEligible, verdictOf } from "./member.ts";
import { addDecision } from "./outcome.ts";
import type { UplinkData } from "./state.ts";
import type { Figure, Plan } from "./types.ts";
import type { Work } from "./work.ts";
import { find } from "./work.ts";

export function followMembers(w: Work): void {
	const p = find(w, w.s.primary);
	const { list } = w;
	for (let i = 0; i < list.length; i++) {
		const u = list[i] as UplinkData;
		if (u.facts.disabled) continue;
		if (u === p) u.avoided = false;
		else followMember(w, p, u);
		followFamily(w, u, "ipv4");
		followFamily(w, u, "ipv6");
	}
}

function followMember(w: Work, p: UplinkData | null, u: UplinkData): void {
	const { id } = u.facts;
	const why = cause(w, p, u);
	if (why !== null) {
		if (u.avoided) return;
		u.avoided = true;
		const [word, figures] = why;
		const reason = { kind: "avoid", rule: "avoid_member", text: `Took ${id} out: ${word}.`, figures } as const;
		addDecision(w, id, null, reason, w.s.primary);
	} else if (u.avoided && isEligible(u)) {
		u.avoided = false;
		// A family of it that is dead now is told: it was out with all of it until here.
		for (const family of FAMILIES) if (verdictOf(u, family) === "dead") setFamilyAvoided(u, family, false);
		const text = `${id} takes part again: ${shortFigures(u)}.`;
		const reason = { kind: "avoid", rule: "rejoin_member", text, figures: goodFigures(w, u) } as const;
		addDecision(w, null, id, reason, w.s.primary);
	}
}

function cause(w: Work, p: UplinkData | null, u: UplinkData): readonly [string, readonly Figure[]] | null {
	if (!hasWay(u)) return [linkText(u), []];
	if (isDead(u)) return [deadText(u), deadFigures(u)];
	if (u.held !== null) return [`held by the operator: ${u.held.reason}`, []];
	const bad = u.severePct !== null || badForLong(w, u);
	if (!bad && !u.facts.capReached) return null;
	// Taking a bad one out makes sense only while the primary itself is better than that.
	const primaryFine = p !== null && hasWay(p) && !isDead(p) && p.badSinceMs === null && p.severePct === null;
	if (u.facts.capReached && primaryFine && !p.facts.capReached) return [CAP_TEXT, []];
	return primaryFine && bad ? [badText(w, u), badFigures(w, u)] : null;
}

function followFamily(w: Work, u: UplinkData, family: Family): void {
	const avoided = u.familyAvoided[family];
	const trouble = u.familyTrouble[family];
	if (!avoided && verdictOf(u, family) === "dead" && carries(u, family)) {
		const others = w.list.filter((o) => o !== u && !o.avoided && carries(o, family) && usable(o, family));
		if (others.length === 0) return;
		setFamilyAvoided(u, family, true);
		// Nothing of what is out already could leave: an uplink that flaps would tell it each time.
		if (u.avoided) return;
		familyDead(
			w,
			u,
			family,
			others.map((o) => o.facts.id),
		);
	} else if (avoided && !trouble.failed && trouble.holdUntilMs === null && verdictOf(u, family) !== "dead") {
		setFamilyAvoided(u, family, false);
		if (!u.avoided) familyBack(w, u, family);
	}
}

function setFamilyAvoided(u: UplinkData, family: Family, avoided: boolean): void {
	u.familyAvoided = { ...u.familyAvoided, [family]: avoided };
}

/**
 * What no rule decided: the uplink in use may blink (blink.ts), or a member that was taken out, and carried the family because nothing
 * else was left, fails or is needed. No hold-down follows.
 */
export function tellFamilies(w: Work, plan: Plan, previous: Plan | null): void {
	for (const family of FAMILIES) {
		const { rank, avoid } = plan.families[family];
		const before = previous?.families[family];
		const lost = w.list.filter(({ facts: { id } }) => avoid.includes(id) && before?.rank.includes(id));
		const gone = lost.filter((u) => !carries(u, family) || verdictOf(u, family) === "dead");
		for (const u of gone) familyDead(w, u, family, rank);
		if (gone.length > 0) continue;
		const back = w.list.filter(({ facts: { id } }) => rank.includes(id) && before?.avoid.includes(id));
		for (const u of back) familyBack(w, u, family);
	}
}

const NAMES: Readonly<Record<Family, string>> = { ipv4: "IPv4", ipv6: "IPv6" };

function familyDead(w: Work, u: UplinkData, family: Family, others: readonly string[]): void {
	const { id, families } = u.facts;
	const isUp = hasWay(u) && families.includes(family);
	const why = isUp ? deadText(u, family) : linkText(u);
	const text = `${NAMES[family]} leaves ${id}: ${why}. ${others.join(", ")} can carry it.`;
	const figures = isUp ? deadFigures(u, family) : [];
	addDecision(w, id, null, { kind: "avoid", rule: "family_dead", text, figures }, w.s.primary);
}

function familyBack(w: Work, u: UplinkData, family: Family): void {
	const text = `${NAMES[family]} may use ${u.facts.id} again.`;
	addDecision(w, null, u.facts.id, { kind: "avoid", rule: "family_back", text, figures: [] }, w.s.primary);
}

/** Carries the family at all, and is not dead or gone as a whole. */
function carries(u: UplinkData, family: Family): boolean {
	return hasWay(u) && !isDead(u) && u.facts.families.includes(family);
}

function usable(u: UplinkData, family: Family): boolean {
	return verdictOf(u, family) !== "dead" && !u.familyAvoided[family];
}
