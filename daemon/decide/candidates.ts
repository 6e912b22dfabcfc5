/** Who could carry the traffic, in which order, and why not. */
import type { Family } from "../health/types.ts";
import { whyNot } from "./explain.ts";
import { comesSecond } from "./foresight.ts";
import { hasWay, isAlive, isDead, isEligible, verdictOf } from "./member.ts";
import type { Uplink, UplinkData } from "./state.ts";
import type { Candidate } from "./types.ts";
import { type Work, wake } from "./work.ts";

/** Operator's promotion, then weight, then the user's own order, then the name: total and stable. */
export function isPreferred(w: Work, a: Uplink, b: Uplink): boolean {
	if (a.facts.id === b.facts.id) return false;
	if (w.s.promoted === a.facts.id) return true;
	if (w.s.promoted === b.facts.id) return false;
	if (a.facts.weight !== b.facts.weight) return a.facts.weight > b.facts.weight;
	if (a.facts.order !== b.facts.order) return a.facts.order < b.facts.order;
	return a.facts.id < b.facts.id;
}

export function byPreference(w: Work): UplinkData[] {
	const list = w.list.slice();
	// Mostly the user's order is the order already.
	for (let i = 1; i < list.length; i++) {
		if (isPreferred(w, list[i - 1] as UplinkData, list[i] as UplinkData)) continue;
		return list.sort((a, b) => (isPreferred(w, a, b) ? -1 : 1));
	}
	return list;
}

/** Score times weight, relative to the largest weight: only proportions matter. Null without a score. */
export function rankOf(w: Work, u: Uplink): number | null {
	const score = u.assessment.score.value;
	if (score === null) return null;
	const largest = w.largestWeight;
	// What the operator promoted counts as the first choice, whatever its weight.
	if (largest <= 0 || w.s.promoted === u.facts.id) return score;
	return (score * Math.min(u.facts.weight, largest)) / largest;
}

/**
 * How good an uplink is when anything alive is welcome: 0 good, 1 answers but not proven, 2 failing, 3 alive with its data
 * allowance used up, 4 without evidence, 5 held by the operator, null not at all. Docs: "Never leave for nothing better".
 */
export function tierOf(w: Work, u: Uplink): number | null {
	if (!hasWay(u) || isDead(u)) return null;
	if (u.held !== null) return 5;
	if (!isAlive(u)) return 4;
	if (u.facts.capReached) return 3;
	if (u.state === "failing") return 2;
	if (u.state === "suspect" || !isEligible(u)) return 1;
	return u.facts.families.every((family) => verdictOf(u, family) !== "dead" || isMissed(w, u, family)) ? 0 : 1;
}

/**
 * IPv6 that has been dead for as long as it takes to be good: it goes elsewhere already, and moving IPv4 takes nothing more from it.
 * When it died a moment ago the rest may follow.
 */
function isMissed(w: Work, u: Uplink, family: Family): boolean {
	const { sinceMs } = u.assessment.health[family];
	if (family !== "ipv6" || sinceMs === null) return false;
	const atMs = sinceMs + w.s.settings.restore.minDurationMs;
	wake(w, atMs);
	return w.s.nowMs >= atMs;
}

/** The best of those that are not known to be dead; null when there is none. */
export function bestOfAny(w: Work, except: string | null): UplinkData | null {
	let best: UplinkData | null = null;
	let bestKey: readonly [number, number, number, number] | null = null;
	for (const u of byPreference(w)) {
		if (u.facts.id === except) continue;
		const tier = tierOf(w, u);
		if (tier === null) continue;
		const key = [
			tier,
			comesSecond(w, u) ? 1 : 0,
			u.facts.families.includes("ipv4") ? 0 : 1,
			-(rankOf(w, u) ?? -1),
		] as const;
		if (bestKey === null || compare(key, bestKey) < 0) {
			best = u;
			bestKey = key;
		}
	}
	return best;
}

function compare(a: readonly number[], b: readonly number[]): number {
	for (let i = 0; i < a.length; i++) {
		const d = (a[i] ?? 0) - (b[i] ?? 0);
		if (d !== 0) return d;
	}
	return 0;
}

/** The highest rank first; ties by preference. Used where only good ones compete. */
export function bestByRank(w: Work, list: readonly UplinkData[]): UplinkData | null {
	let best: UplinkData | null = null;
	for (const u of list) {
		if (best === null) {
			best = u;
			continue;
		}
		const d = (rankOf(w, u) ?? -1) - (rankOf(w, best) ?? -1);
		if (d > 0 || (d === 0 && isPreferred(w, u, best))) best = u;
	}
	return best;
}

/** Every uplink with state and score, as a decision shows them; `chosen` needs no reason. */
export function candidatesOf(w: Work, chosen: string | null): Candidate[] {
	const top = w.list.find((u) => u.facts.id === chosen);
	const topRank = top === undefined ? null : rankOf(w, top);
	return w.list.map((u) => {
		const eligible = isEligible(u);
		return {
			uplink: u.facts.id,
			state: u.state,
			score: u.assessment.score.value,
			eligible,
			whyNot: u.facts.id === chosen ? null : whyNot(w, u, eligible, rankOf(w, u), topRank),
		};
	});
}
