/**
 * Judges a router in virtual time from outside: it knows the true condition of each link and what the kernel was told,
 * and nothing of the engine's thoughts. docs/decisions.md is the law it goes by. Each complaint is one wrong state.
 *
 * - dead: the traffic of a family never stays on a link where nothing passes while a good one is at hand.
 * - poor: nor on a link with heavy loss or latency, once another was good for longer than any hold-down.
 * - needless: a good link is not left as failed.
 * - release: no flow is freed while there is nowhere else to go.
 * - home: after a long calm the traffic is on the preferred link, everybody takes part, and the kernel follows the plan.
 */
import type { Plan, SteerAction } from "../../daemon/decide/types.ts";
import { FAMILIES, type Family } from "../../daemon/health/types.ts";
import { hasLink, type Link, passes } from "./net.ts";
import type { Member } from "./router.ts";

/** Detection, decision and the switch itself; where probes are rare or TCP stands in for ping it takes longer. */
const LEAVE_DEAD_MS = { quick: 3_000, slow: 8_000 };
/** Seen to be alive again: the slowest standby watch, and the verdict. */
const SEEN_GOOD_MS = { unmetered: 30_000, metered: 130_000 };
const LEAVE_POOR_MS = { quick: 60_000, slow: 150_000 };
/** Longest hold-down, and proof after it at the slowest pace. */
const TRUSTED_MS = 1_200_000;
const CALM_BEFORE_MS = 60_000;
/**
 * Known to be dead for so long that nobody can take it for a way out. Long on a slowly probed link that was lossy before:
 * silence proves little there.
 */
const HOPELESS_MS = { quick: 60_000, slow: 240_000 };
/** Longest pause between two attempts to steer. */
const STEER_AGAIN_MS = 75_000;
const FAILURES = new Set(["hard_failure", "carrier_lost", "link_down", "link_gone", "severe_loss"]);
const MAX_TEXTS = 12;

interface History {
	cleanSinceMs: number | null;
	poorSinceMs: number | null;
	readonly deadSinceMs: Record<Family, number | null>;
	/** Its netifd state changed, so that evidence began anew. */
	linkChangedMs: number;
}

export interface Oracle {
	/** Call after each change of a link's true condition. */
	noted(link: Link): void;
	/** Steering fails, or nothing shall be steered: since when it may be trusted again. */
	steerTrouble(): void;
	operator(active: boolean): void;
	onSteer(action: SteerAction): void;
	onMove(rule: string, from: string | null, to: string | null): void;
	/** Looks at where the traffic goes; call every second. */
	look(plan: Plan | null): void;
	/** After a long calm. */
	atHome(plan: Plan | null, preferred: readonly string[]): boolean;
	complain(text: string): void;
	readonly wrong: () => number;
	readonly texts: readonly string[];
}

function isClean(link: Link, disabled: boolean): boolean {
	const { truth } = link;
	const quick = truth.extraMs <= 50 && truth.lossPct <= 0.5;
	const free = !truth.dark && !truth.gatewayOnly && truth.darkFamily === null;
	return !disabled && hasLink(truth) && free && quick && !truth.icmpFiltered && !truth.dnsDead;
}

/** `slow`: the data cap mode makes probes rare. */
export function createOracle(now: () => number, members: readonly Member[], slow: boolean): Oracle {
	const history = new Map<string, History>();
	const texts: string[] = [];
	let wrong = 0;
	let steerTroubleMs = Number.NEGATIVE_INFINITY;
	let operatorActive = false;
	/** The same trouble is one wrong state, however long it lasts. */
	const open = new Set<string>();

	for (const { link } of members) {
		const entry: History = {
			cleanSinceMs: null,
			poorSinceMs: null,
			deadSinceMs: { ipv4: null, ipv6: null },
			linkChangedMs: now(),
		};
		history.set(link.id, entry);
	}
	const linkUp = new Map<string, boolean>();

	function of(id: string): { member: Member; past: History } | null {
		const member = members.find((one) => one.link.id === id);
		const past = history.get(id);
		return member && past ? { member, past } : null;
	}

	function complain(text: string): void {
		wrong++;
		if (texts.length < MAX_TEXTS) texts.push(`${(now() / 1000).toFixed(1)} s: ${text}`);
	}

	function since(atMs: number | null): number {
		return atMs === null ? 0 : now() - atMs;
	}

	function state(id: string): string {
		const found = of(id);
		if (!found) return id;
		const odd = Object.entries(found.member.link.truth).filter(([, value]) => value === true || value);
		return `${id}{${odd.map(([name, value]) => `${name}=${String(value)}`).join(" ")}}`;
	}

	function goodFor(member: Member, family: Family): number {
		const past = history.get(member.link.id);
		return past && member.link.families.includes(family) ? since(past.cleanSinceMs) : 0;
	}

	function paceOf(id: string): "quick" | "slow" {
		const member = of(id)?.member;
		return slow || member?.metered || member?.link.truth.icmpFiltered ? "slow" : "quick";
	}

	function once(key: string, isWrong: boolean, text: () => string): void {
		if (!isWrong) open.delete(key);
		else if (!open.has(key)) {
			open.add(key);
			complain(text());
		}
	}

	return {
		noted(link) {
			const past = history.get(link.id);
			const member = members.find((one) => one.link === link);
			if (!past || !member) return;
			const clean = isClean(link, member.disabled);
			past.cleanSinceMs = clean ? (past.cleanSinceMs ?? now()) : null;
			const poor = link.truth.lossPct >= 25 || link.truth.extraMs >= 1500;
			past.poorSinceMs = poor ? (past.poorSinceMs ?? now()) : null;
			for (const family of FAMILIES) {
				const dead = !passes(link, family) || member.disabled;
				past.deadSinceMs[family] = dead ? (past.deadSinceMs[family] ?? now()) : null;
			}
			const up = hasLink(link.truth) && !member.disabled;
			if (linkUp.get(link.id) !== up) past.linkChangedMs = now();
			linkUp.set(link.id, up);
		},
		steerTrouble() {
			steerTroubleMs = now();
		},
		operator(active) {
			operatorActive = active;
		},
		onSteer(action) {
			for (const { uplink, families } of action.release) {
				for (const family of families) {
					const away = members.some(({ link }) => {
						const past = history.get(link.id);
						if (link.id === uplink || !past || !link.families.includes(family)) return false;
						const dead = past.deadSinceMs[family];
						const limitMs = HOPELESS_MS[paceOf(link.id)];
						return dead === null || since(dead) < limitMs || since(past.linkChangedMs) < limitMs;
					});
					if (!away) complain(`${family} flows of ${state(uplink)} freed, but every other link is long dead`);
				}
			}
		},
		onMove(rule, from, to) {
			if (from === null || from === to) return;
			const clean = since(of(from)?.past.cleanSinceMs ?? null);
			if ((FAILURES.has(rule) || rule.startsWith("degraded_")) && clean >= CALM_BEFORE_MS) {
				complain(`${rule} left ${state(from)}, which was good for ${Math.round(clean / 1000)} s, for ${to}`);
			}
		},
		look(plan) {
			if (plan === null || since(steerTroubleMs) < STEER_AGAIN_MS) return;
			for (const family of FAMILIES) {
				const [first] = plan.families[family].rank;
				const at = first === undefined ? null : of(first);
				if (!at || first === undefined) continue;
				const others = members.filter(({ link }) => link.id !== first);
				const seen = others.find((one) => {
					return goodFor(one, family) >= SEEN_GOOD_MS[one.metered ? "metered" : "unmetered"];
				});
				const dead = since(at.past.deadSinceMs[family]);
				const pace = paceOf(first);
				once(
					`dead ${family}`,
					dead >= LEAVE_DEAD_MS[pace] && seen !== undefined,
					() =>
						`${family} on ${state(first)}, dead for ${(dead / 1000).toFixed(1)} s; ${seen?.link.id} is good for ${Math.round(goodFor(seen ?? at.member, family) / 1000)} s`,
				);
				const trusted = others.find((one) => goodFor(one, family) >= TRUSTED_MS);
				const poor = since(at.past.poorSinceMs);
				once(
					`poor ${family}`,
					!operatorActive &&
						poor >= LEAVE_POOR_MS[pace] &&
						trusted !== undefined &&
						since(at.past.linkChangedMs) > LEAVE_POOR_MS[pace],
					() => `${family} on ${state(first)} for ${Math.round(poor / 1000)} s; ${trusted?.link.id} is good`,
				);
			}
		},
		atHome(plan, preferred) {
			if (plan === null) return false;
			return FAMILIES.every((family) => {
				const able = preferred.filter((id) => of(id)?.member.link.families.includes(family));
				const { rank, avoid } = plan.families[family];
				return avoid.length === 0 && rank.join() === able.join();
			});
		},
		complain,
		wrong: () => wrong,
		texts,
	};
}
