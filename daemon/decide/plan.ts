/**
 * The plan: per family who is used, in which order, and who must carry nothing. The order follows preference, not momentary
 * scores, so that a plan changes only when something happened.
 */
import type { Family } from "../health/types.ts";
import { FAMILIES } from "../health/types.ts";
import { mayBlink } from "./blink.ts";
import { byPreference } from "./candidates.ts";
import { hasWay, isDead, verdictOf } from "./member.ts";
import type { UplinkData } from "./state.ts";
import type { FamilyPlan, Plan, SteerAction } from "./types.ts";
import type { Work } from "./work.ts";
import { find } from "./work.ts";

export function buildPlan(w: Work, previous: Plan | null): Plan {
	const ordered = byPreference(w);
	const at = ordered.findIndex((u) => u.facts.id === w.s.primary);
	ordered.unshift(...ordered.splice(Math.max(0, at), at < 0 ? 0 : 1));
	return {
		primary: w.s.primary,
		pinned: w.s.pin?.uplink ?? null,
		families: {
			ipv4: familyPlan(w, ordered, "ipv4", previous?.families.ipv4 ?? null),
			ipv6: familyPlan(w, ordered, "ipv6", previous?.families.ipv6 ?? null),
		},
	};
}

function familyPlan(w: Work, ordered: readonly UplinkData[], family: Family, previous: FamilyPlan | null): FamilyPlan {
	const members: UplinkData[] = [];
	const levels: number[] = [];
	let top = 0;
	for (let i = 0; i < ordered.length; i++) {
		const u = ordered[i] as UplinkData;
		const { id, families } = u.facts;
		// One that lost its address a moment ago stays listed as avoided: its going is no new plan.
		if (!families.includes(family) && !previous?.rank.includes(id) && !previous?.avoid.includes(id)) continue;
		const level = levelOf(w, u, family);
		members.push(u);
		levels.push(level);
		if (level > top) top = level;
	}
	if (top === 0) {
		// Nobody usable: leave things as they are.
		const listed = (id: string) => w.list.some((u) => u.facts.id === id);
		if (previous !== null) return { rank: previous.rank.filter(listed), avoid: previous.avoid.filter(listed) };
		return { rank: members.filter((u) => !u.facts.disabled).map((u) => u.facts.id), avoid: [] };
	}
	const rank: string[] = [];
	const avoid: string[] = [];
	for (let i = 0; i < members.length; i++) {
		const { id } = (members[i] as UplinkData).facts;
		if (levels[i] === top) rank.push(id);
		else avoid.push(id);
	}
	return { rank, avoid };
}

/** 2 usable, 1 only when there is nothing else, 0 cannot carry the family. */
function levelOf(w: Work, u: UplinkData, family: Family): 0 | 1 | 2 {
	if (!hasWay(u) || isDead(u) || !u.facts.families.includes(family) || verdictOf(u, family) === "dead") return 0;
	return (u.avoided && u.facts.id !== w.s.primary) || u.familyAvoided[family] ? 1 : 2;
}

/**
 * Flows to free: those on uplinks that carried a family until now and cannot (or must not) any more. One that may be back in a
 * moment keeps them until it is left for good, or answers.
 */
export function releaseOf(w: Work, plan: Plan, previous: Plan | null): SteerAction["release"] {
	const release: { uplink: string; families: Family[] }[] = [];
	for (const family of FAMILIES) {
		const { rank, avoid } = plan.families[family];
		if (rank.every((id) => !canCarry(w, id, family))) continue;
		for (const id of avoid) {
			const u = find(w, id);
			const used = previous === null || previous.families[family].rank.includes(id) || u?.flowsKept === true;
			const gone = !canCarry(w, id, family) && u?.facts.disabled === false;
			if (!used || !(gone || w.release.includes(id))) continue;
			if (u !== null && mayBlink(w, u)) {
				u.flowsKept = true;
				continue;
			}
			const entry = release.find((r) => r.uplink === id);
			if (entry === undefined) release.push({ uplink: id, families: [family] });
			else entry.families.push(family);
		}
	}
	for (const u of w.list) if (u.flowsKept && !mayBlink(w, u)) u.flowsKept = false;
	return release;
}

function canCarry(w: Work, id: string, family: Family): boolean {
	const u = find(w, id);
	return u !== null && levelOf(w, u, family) > 0;
}

export function samePlan(a: Plan | null, b: Plan | null): boolean {
	if (a === null || b === null) return a === b;
	if (a.primary !== b.primary || a.pinned !== b.pinned) return false;
	return sameOrder(a.families.ipv4, b.families.ipv4) && sameOrder(a.families.ipv6, b.families.ipv6);
}

function sameOrder(a: FamilyPlan, b: FamilyPlan): boolean {
	return sameList(a.rank, b.rank) && sameList(a.avoid, b.avoid);
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
	if (a.length !== b.length) return false;
	for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
	return true;
}
