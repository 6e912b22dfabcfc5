/**
 * Words and figures for people: why an uplink is in its state, why it was left, why it was not chosen. One or two plain
 * sentences; numbers always with their unit and their limit. Pure text, decides nothing.
 */
import type { Family } from "../health/types.ts";
import type { Uplink } from "./state.ts";
import type { Candidate, Figure } from "./types.ts";
import type { Work } from "./work.ts";

export const CAP_TEXT = "its data allowance is used up";

export function ms(value: number): string {
	if (value < 1_000) return `${Math.round(value)} ms`;
	const s = value / 1_000;
	if (s < 10) return `${Math.round(s * 10) / 10} s`;
	if (s < 120) return `${Math.round(s)} s`;
	if (s < 7_200) return `${Math.round(s / 60)} min`;
	return `${Math.round(s / 3_600)} h`;
}

export function pct(value: number | null): string {
	return value === null ? "unknown" : `${Math.round(value * 10) / 10} %`;
}

/** "score 92, loss 0 %, 31 ms", as far as known. */
export function shortFigures(u: Uplink): string {
	const { figures: f, score } = u.assessment;
	const parts: string[] = [];
	if (score.value !== null) parts.push(`score ${Math.round(score.value)}`);
	if (!f.stale && f.loss.pct !== null) parts.push(`loss ${pct(f.loss.pct)}`);
	if (!f.stale && f.latencyMs !== null) parts.push(ms(f.latencyMs));
	return parts.length === 0 ? "no figures yet" : parts.join(", ");
}

/** The family whose death tells most: IPv4 before IPv6. */
function deadFamily(u: Uplink): Family {
	return u.assessment.health.ipv4.verdict === "dead" ? "ipv4" : "ipv6";
}

/** What the prober saw, as a clause: "no reply from 3 of 3 targets for 412 ms (expected within 95 ms)". */
export function deadText(u: Uplink, family: Family = deadFamily(u)): string {
	const e = u.assessment.health[family].evidence;
	if (e === null) return "declared dead";
	if (e.targets <= 0) return e.text === "" ? "declared dead" : e.text;
	const silent = Math.max(0, e.targets - e.targetsAnswered);
	const gateway = e.gateway === "answers" ? "; the gateway still answers" : "";
	return `no reply from ${silent} of ${e.targets} targets for ${ms(e.silentMs)} (expected within ${ms(e.expectedMs)})${gateway}`;
}

export function deadFigures(u: Uplink, family: Family = deadFamily(u)): Figure[] {
	const e = u.assessment.health[family].evidence;
	if (e === null) return [];
	return [
		{ name: "silent", value: e.silentMs, threshold: e.expectedMs, unit: "ms" },
		{ name: "targets_answered", value: e.targetsAnswered, threshold: e.targets, unit: "" },
		{ name: "probes_answered", value: e.answered, threshold: e.sent, unit: "" },
	];
}

/** Why an uplink without a usable link has none. */
export function linkText(u: Uplink): string {
	if (!u.facts.present) return "its device is gone";
	if (u.facts.disabled) return "it is disabled in the configuration";
	if (u.linkDown === "carrier_lost" || u.facts.carrier === false) return "no carrier";
	if (u.linkDown === "ifdown" || !u.facts.up) return "the interface is down";
	if (u.facts.takenDown) return `mwan3 has taken it down ('mwan3 ifup ${u.facts.id}' takes it up)`;
	return "it has no address with a route";
}

export function badText(w: Work, u: Uplink): string {
	const { failover } = w.s.settings;
	const f = u.assessment.figures;
	switch (u.badCause) {
		case "latency":
			return `latency ${f.latencyMs === null ? "unknown" : ms(f.latencyMs)} (limit ${ms(failover.latencyMs)})`;
		case "dns":
			return "DNS does not answer through it";
		case "loss":
		case null:
			return `loss ${pct(f.loss.pct)} (limit ${pct(failover.lossPct)})`;
	}
}

export function badFigures(w: Work, u: Uplink): Figure[] {
	const { failover } = w.s.settings;
	const f = u.assessment.figures;
	const since = u.badSinceMs === null ? null : w.s.nowMs - u.badSinceMs;
	return [
		{ name: "loss", value: f.loss.pct, threshold: failover.lossPct, unit: "%" },
		{
			name: "loss_at_least",
			value: f.loss.pct === null ? null : f.loss.lowPct,
			threshold: failover.lossPct,
			unit: "%",
		},
		{ name: "latency", value: f.latencyMs, threshold: failover.latencyMs, unit: "ms" },
		{ name: "bad_for", value: since, threshold: failover.minDurationMs, unit: "ms" },
	];
}

/** Figures of a candidate that is to take over, against the restore thresholds. */
export function goodFigures(w: Work, u: Uplink): Figure[] {
	const { restore } = w.s.settings;
	const f = u.assessment.figures;
	const since = u.goodSinceMs === null ? null : w.s.nowMs - u.goodSinceMs;
	return [
		{ name: "candidate_loss", value: f.loss.pct, threshold: restore.lossPct, unit: "%" },
		{ name: "candidate_latency", value: f.latencyMs, threshold: restore.latencyMs, unit: "ms" },
		{ name: "candidate_good_for", value: since, threshold: restore.minDurationMs, unit: "ms" },
	];
}

/** Why the uplink is in the state it is in; one clause without a full stop. */
export function stateReason(w: Work, u: Uplink): string {
	const { nowMs } = w.s;
	switch (u.state) {
		case "absent":
		case "disabled":
		case "offline":
			return linkText(u);
		case "down":
			return deadText(u);
		case "failing":
			return badText(w, u);
		case "hold_down": {
			const wait = u.trouble.holdUntilMs === null ? 0 : u.trouble.holdUntilMs - nowMs;
			const why = `${u.trouble.flaps === 1 ? "failed once" : `failed ${u.trouble.flaps} times`} (${u.trouble.cause ?? "unknown"})`;
			return wait > 0
				? `answers again but ${why}: held for ${ms(wait)}`
				: `answers again but ${why}: has yet to prove itself`;
		}
		case "warm_up": {
			const left = u.upSinceMs === null ? 0 : u.upSinceMs + u.facts.minUptimeMs - nowMs;
			if (!u.assessment.figures.alive) return "no evidence yet that it works";
			return left > 0 ? `works, watched for another ${ms(left)} before it counts` : "works, watched a little longer";
		}
		case "suspect":
			return "a reply is late";
		case "draining":
			return "lost the traffic in a planned switch, open flows may still use it";
		case "eligible":
			return shortFigures(u);
	}
}

/** Why an uplink that was not chosen was not. `rank` and `best` are rank scores. */
export function whyNot(w: Work, u: Uplink, eligible: boolean, rank: number | null, best: number | null): string {
	if (u.held !== null) {
		return u.held.untilMs === null
			? "held by the operator until released"
			: `held by the operator for another ${ms(Math.max(0, u.held.untilMs - w.s.nowMs))}`;
	}
	if (u.facts.capReached && u.state !== "down" && u.state !== "offline") return CAP_TEXT;
	if (!eligible) return stateReason(w, u);
	if (w.s.pin !== null && w.s.pin.uplink !== u.facts.id) return `the operator pinned the traffic to ${w.s.pin.uplink}`;
	if (rank === null) return "its score is not known yet";
	if (best !== null && rank < best) return `ranks lower: ${Math.round(rank)} against ${Math.round(best)}`;
	const goodMs = u.goodSinceMs === null ? 0 : w.s.nowMs - u.goodSinceMs;
	if (goodMs < w.s.settings.restore.minDurationMs) return "not good for long enough yet";
	return "not better by enough to move for";
}

/** The candidate list as one clause, for decisions without a way out. */
export function nobodyText(candidates: readonly Candidate[], primary: string): string {
	const others = candidates.filter((c) => c.uplink !== primary);
	if (others.length === 0) return "there is no other uplink";
	return `not usable: ${others.map((c) => `${c.uplink} (${c.whyNot ?? c.state})`).join(", ")}`;
}
