/**
 * Loss, latency, jitter, DNS and freshness of an uplink at one moment, out of its Health. Families declared dead are left
 * out (they are handled as dead, not as loss of the whole uplink); when nothing else is left the link is unreachable.
 */
import type { FamilyHealth, Health } from "./link.ts";
import type { SenseName } from "./senses.ts";
import { clamp, median, wilsonPct } from "./stats.ts";
import { FAMILIES } from "./types.ts";
import type { Tally } from "./window.ts";
import { addTally, countBits, emptyTally, SLOT_WEIGHT } from "./window.ts";

/** One-sided 99 %: looked at after every probe, a weaker bound would be crossed by chance several times a day. */
const Z = 2.326;
/**
 * The short window grows through these until it holds ENOUGH probes. In small steps: a link asked ten times in ten seconds
 * would else look at ten and at thirty seconds in turn, and be bad and good each second while what was lost grows old.
 */
const SHORT_MS = [10_000, 12_000, 15_000, 20_000, 30_000, 45_000, 60_000, 120_000, 300_000] as const;
const ENOUGH = 10;
/** Loss for the score: so many probes, at most a minute back, in larger steps. */
const WIDE_MS = [10_000, 30_000, 60_000] as const;
const SCORE_PROBES = 40;
const MINUTE_MS = 60_000;
const STALE_MIN_MS = 30_000;
const STALE_MAX_MS = 900_000;
const SENSE_VALID_MS = 180_000;
const DNS_VALID_MS = 180_000;

export interface LossFigure {
	readonly pct: number | null;
	/** Bounds of the 99 % one-sided confidence interval. */
	readonly lowPct: number;
	readonly highPct: number;
	/** Effective probes and how many of them were lost. */
	readonly probes: number;
	readonly lost: number;
}

export type DnsVerdict = "ok" | "failing" | "unknown";

export interface LinkFigures {
	readonly loss: LossFigure;
	/** Of the last 40 probes or minute: with sparse probes slower, but surer than `loss`. */
	readonly wideLoss: LossFigure;
	/** Loss as far as it is certain (lower bound of wideLoss, z = 1): what the score counts. */
	readonly certainLossPct: number | null;
	/** Median of the short window; null without replies. */
	readonly latencyMs: number | null;
	readonly replies: number;
	readonly jitterMs: number | null;
	readonly loss60: LossFigure;
	readonly latency60Ms: number | null;
	readonly dns: DnsVerdict;
	readonly sense: Readonly<Partial<Record<SenseName, number>>>;
	/** Every family with a verdict is dead. */
	readonly unreachable: boolean;
	/** Some family answers or is only suspected. */
	readonly alive: boolean;
	/** Last probe that counted. */
	readonly lastProbeMs: number | null;
	/** When the figures become too old to mean anything. */
	readonly staleAtMs: number | null;
	readonly stale: boolean;
	/** 0-1: how much the loss figure can be trusted, 1 from ENOUGH probes on. */
	readonly confidence: number;
}

export function figuresOf(h: Health, nowMs: number): LinkFigures {
	const live = FAMILIES.map((f) => h[f]).filter((f) => f.verdict !== "dead");
	const dead = live.length < FAMILIES.length;
	const alive = live.some((f) => f.verdict === "up" || f.verdict === "suspect");
	let lastProbeMs: number | null = null;
	let gapMs = 0;
	let jitterMs: number | null = null;
	for (const f of live) {
		if (f.lastProbeMs !== null) lastProbeMs = Math.max(lastProbeMs ?? f.lastProbeMs, f.lastProbeMs);
		gapMs = Math.max(gapMs, f.gapMs ?? 0);
		if (f.jitterMs !== null) jitterMs = Math.max(jitterMs ?? 0, f.jitterMs);
	}
	const staleAtMs = lastProbeMs === null ? null : lastProbeMs + clamp(4 * gapMs, STALE_MIN_MS, STALE_MAX_MS);
	const stale = staleAtMs === null || nowMs >= staleAtMs;
	const over = (windowMs: number): Tally => {
		const tally = emptyTally();
		for (const f of live) addTally(tally, f.slots, nowMs - windowMs, SLOT_WEIGHT);
		return tally;
	};
	const first = over(SHORT_MS[0]);
	/** The first window with enough probes, else the last. Counting comes first: it is cheaper than summing up. */
	const grown = (windows: readonly number[], enough: number): Tally => {
		let tally = first;
		if (tally.probes >= enough || stale) return tally;
		const upTo = countBack(live);
		let summed = upTo(nowMs - SHORT_MS[0]);
		for (const windowMs of windows) {
			const count = upTo(nowMs - windowMs);
			if (count === summed || (count < enough && windowMs !== windows[windows.length - 1])) continue;
			tally = over(windowMs);
			summed = count;
			if (tally.probes >= enough) break;
		}
		return tally;
	};
	const short = grown(SHORT_MS, ENOUGH);
	const recent = grown(WIDE_MS, SCORE_PROBES);
	const wide = recent.probes < short.probes ? short : recent;
	const minute = emptyTally();
	for (const f of live) addTally(minute, f.minute, nowMs - MINUTE_MS, Number.POSITIVE_INFINITY);
	const answered = short.replies > 0;
	return {
		loss: lossOf(short),
		wideLoss: lossOf(wide),
		certainLossPct: wide.probes === 0 ? null : wilsonPct(wide.lost, wide.probes, -1),
		latencyMs: median(short.rttsMs),
		replies: short.replies,
		jitterMs: answered ? jitterMs : null,
		loss60: lossOf(minute),
		latency60Ms: median(minute.rttsMs),
		dns: dnsOf(h, nowMs),
		sense: senseOf(h, nowMs),
		unreachable: dead && !alive && (!answered || stale),
		alive: alive || (answered && !stale),
		lastProbeMs,
		staleAtMs,
		stale,
		confidence: stale ? 0 : clamp(short.probes / ENOUGH, 0, 1),
	};
}

/**
 * Asked for an ever earlier start: how many probes there were since, slots counted as in addTally but whole, so that the sum
 * there differs by rounding only. The same answer means the same slots.
 */
function countBack(live: readonly FamilyHealth[]): (fromMs: number) => number {
	const next = live.map((f) => f.slots.length - 1);
	let count = 0;
	return (fromMs) => {
		for (let which = 0; which < live.length; which++) {
			const slots = live[which]?.slots ?? [];
			let at = next[which] ?? -1;
			for (; at >= 0; at--) {
				const slot = slots[at];
				if (slot === undefined || slot.atMs <= fromMs) break;
				if (slot.sent > SLOT_WEIGHT) count += SLOT_WEIGHT;
				else count += slot.sent;
			}
			next[which] = at;
		}
		return count;
	};
}

function lossOf(tally: Tally): LossFigure {
	const { probes, lost } = tally;
	return {
		pct: probes === 0 ? null : (100 * lost) / probes,
		lowPct: wilsonPct(lost, probes, -Z),
		highPct: wilsonPct(lost, probes, Z),
		probes,
		lost,
	};
}

function senseOf(h: Health, nowMs: number): LinkFigures["sense"] {
	const values: Partial<Record<SenseName, number>> = {};
	for (const name in h.sense) {
		const one = h.sense[name as SenseName];
		if (one !== undefined && nowMs - one.atMs < SENSE_VALID_MS) values[name as SenseName] = one.value;
	}
	return values;
}

/** Failing: the last three questions, over at least two seconds, went unanswered. */
function dnsOf(h: Health, nowMs: number): DnsVerdict {
	if (h.dns.length === 0) return "unknown";
	const recent = h.dns.filter((s) => nowMs - s.atMs < DNS_VALID_MS);
	const last = recent.slice(-3);
	const first = last[0];
	const newest = last[last.length - 1];
	if (first === undefined || newest === undefined) return "unknown";
	if (last.some((s) => s.rttMs !== null)) return "ok";
	return last.length === 3 && newest.atMs - first.atMs >= 2_000 ? "failing" : "unknown";
}

/** `figures` of this moment can tell without counting again: what is not lost in the short window is nowhere in it. */
export function mayBeSevere(figures: LinkFigures, durationMs: number): boolean {
	return figures.loss.lost > 0 || durationMs + 1_000 > SHORT_MS[0];
}

export interface SevereLoss {
	readonly severe: boolean;
	readonly pct: number | null;
	readonly probes: number;
}

/**
 * Loss so heavy that waiting would hurt, told from noise and from a single short outage: at least `lossPct` over the last
 * `durationMs` + 1 s, lower bound (z = 2) at least 0.7 of it, lost in three different seconds that span two thirds of the
 * duration, the last one less than a second ago. (0.5 was crossed by chance four times in 32 hours of a healthy dish, which
 * now and then loses a tenth for some seconds.)
 */
export function severeLoss(h: Health, nowMs: number, lossPct: number, durationMs: number): SevereLoss {
	const tally = emptyTally();
	for (const family of FAMILIES) {
		const f = h[family];
		if (f.verdict !== "dead") addTally(tally, f.slots, nowMs - durationMs - 1_000, SLOT_WEIGHT);
	}
	const { probes, lost, firstLossMs, lastLossMs } = tally;
	const pct = probes === 0 ? null : (100 * lost) / probes;
	const severe =
		pct !== null &&
		pct >= lossPct &&
		firstLossMs !== null &&
		lastLossMs !== null &&
		countBits(tally.lossSeconds) >= 3 &&
		lastLossMs - firstLossMs >= (durationMs * 2) / 3 &&
		nowMs - lastLossMs < 1_000 &&
		wilsonPct(lost, probes, -2) >= 0.7 * lossPct;
	return { severe, pct, probes };
}
