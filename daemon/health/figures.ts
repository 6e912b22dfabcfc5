/**
 * Loss, latency, jitter, DNS and freshness of an uplink at one moment, out of its Health. Families declared dead are left
 * out (they are handled as dead, not as loss of the whole uplink); when nothing else is left the link is unreachable.
 */
import type { FamilyHealth, Health } from "./link.ts";
import type { SenseName } from "./senses.ts";
import { clamp, sortedMedian, wilsonPct } from "./stats.ts";
import { FAMILIES } from "./types.ts";
import { addMeans, addSlots, addTally, countBits, emptyTally, type Means, roomFor, SLICE, type Sum } from "./window.ts";

/** One-sided 99 %: looked at after every probe, a weaker bound would be crossed by chance several times a day. */
const Z = 2.326;
/**
 * The short window grows through these until it holds ENOUGH probes. In small steps: a link asked ten times in ten seconds
 * would else look at ten and at thirty seconds in turn, and be bad and good each second while what was lost grows old.
 */
const SHORT_MS = [10_000, 12_000, 15_000, 20_000, 30_000, 45_000, 60_000, 120_000, 300_000] as const;
const ENOUGH = 10;
/** Loss for the score: so many probes, at most a minute back, in larger steps; of the windows above. */
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
	const { ipv4, ipv6 } = h;
	const live: FamilyHealth[] = [];
	if (ipv4.verdict !== "dead") live.push(ipv4);
	if (ipv6.verdict !== "dead") live.push(ipv6);
	let alive = false;
	let lastProbeMs: number | null = null;
	let gapMs = 0;
	let jitterMs: number | null = null;
	for (let i = 0; i < live.length; i++) {
		const f = live[i] as FamilyHealth;
		if (f.verdict === "up" || f.verdict === "suspect") alive = true;
		if (f.lastProbeMs !== null) lastProbeMs = Math.max(lastProbeMs ?? f.lastProbeMs, f.lastProbeMs);
		gapMs = Math.max(gapMs, f.gapMs ?? 0);
		if (f.jitterMs !== null) jitterMs = Math.max(jitterMs ?? 0, f.jitterMs);
	}
	const staleAtMs = lastProbeMs === null ? null : lastProbeMs + clamp(4 * gapMs, STALE_MIN_MS, STALE_MAX_MS);
	const stale = staleAtMs === null || nowMs >= staleAtMs;
	const short: Found = { probes: 0, lost: 0, windowMs: 0, done: false };
	const recent: Found = { probes: 0, lost: 0, windowMs: 0, done: false };
	grow(live, nowMs, stale, short, recent);
	const wide = recent.probes < short.probes ? short : recent;
	const loss = lossOf(short.probes, short.lost);
	const slots = live.map((f) => f.slots);
	const inShort = roomFor(slots);
	for (let i = 0; i < slots.length; i++) addMeans(inShort, slots[i] as readonly number[], nowMs - short.windowMs);
	const latencyMs = sortedMedian(inShort.all, inShort.n);
	const replies = inShort.sent - inShort.lost;
	const minutes = live.map((f) => f.minute);
	const answered = replies > 0;
	return {
		loss,
		wideLoss: wide === short ? loss : lossOf(wide.probes, wide.lost),
		certainLossPct: wide.probes === 0 ? null : wilsonPct(wide.lost, wide.probes, -1),
		latencyMs,
		replies,
		jitterMs: answered ? jitterMs : null,
		// Asked for in trouble and by those who look, not at rest.
		get loss60() {
			const { sent, lost } = inMinute(minutes, nowMs);
			return lossOf(sent, lost);
		},
		get latency60Ms() {
			const { all, n } = inMinute(minutes, nowMs);
			return sortedMedian(all, n);
		},
		dns: dnsOf(h, nowMs),
		sense: senseOf(h, nowMs),
		unreachable: live.length < FAMILIES.length && !alive && (!answered || stale),
		alive: alive || (answered && !stale),
		lastProbeMs,
		staleAtMs,
		stale,
		confidence: stale ? 0 : clamp(short.probes / ENOUGH, 0, 1),
	};
}

function inMinute(minutes: readonly (readonly number[])[], nowMs: number): Means {
	const found = roomFor(minutes);
	for (let i = 0; i < minutes.length; i++) addMeans(found, minutes[i] as readonly number[], nowMs - MINUTE_MS);
	return found;
}

/** A window with what was in it; windowMs 0: none yet. */
interface Found {
	probes: number;
	lost: number;
	windowMs: number;
	done: boolean;
}

/**
 * Finds the short window and the wide one: the first that holds enough, else the last; the first of all when they are stale.
 * Whole numbers add up the same in any order, so each window goes on where the one before ended. Bursts count by weights: then the
 * second family is added on top of the first, newest slot first, so that sums are rounded alike whatever windows came before.
 */
function grow(live: readonly FamilyHealth[], nowMs: number, stale: boolean, short: Found, wide: Found): void {
	const first: Sum = { probes: 0, lost: 0 };
	const second: Sum = { probes: 0, lost: 0 };
	const [one, other] = live;
	let at = one === undefined ? -1 : one.slots.length - SLICE;
	let otherAt = other === undefined ? -1 : other.slots.length - SLICE;
	let sum = first;
	for (let i = 0; i < SHORT_MS.length && !(short.done && wide.done); i++) {
		const windowMs = SHORT_MS[i] as number;
		const isWide = !wide.done && (windowMs === WIDE_MS[0] || windowMs === WIDE_MS[1] || windowMs === WIDE_MS[2]);
		if (short.done && !isWide) continue;
		const fromMs = nowMs - windowMs;
		if (one !== undefined) at = addSlots(first, one.slots, at, fromMs);
		if (other !== undefined && other.slots.length > 0) {
			otherAt = addSlots(second, other.slots, otherAt, fromMs);
			sum = { probes: first.probes + second.probes, lost: first.lost + second.lost };
			if (!isWhole(first) || !isWhole(second)) {
				sum = { probes: first.probes, lost: first.lost };
				addSlots(sum, other.slots, other.slots.length - SLICE, fromMs);
			}
		}
		if (!short.done) consider(short, sum, windowMs, ENOUGH, stale, i === SHORT_MS.length - 1);
		if (isWide) consider(wide, sum, windowMs, SCORE_PROBES, stale, windowMs === WIDE_MS[2]);
	}
}

function isWhole({ probes, lost }: Sum): boolean {
	return Number.isInteger(probes) && Number.isInteger(lost);
}

/** Sums differ from whole numbers by rounding only: the same number means the same slots. */
function consider(found: Found, sum: Sum, windowMs: number, enough: number, stale: boolean, last: boolean): void {
	const count = Math.round(sum.probes);
	if (last) found.done = true;
	if (found.windowMs > 0 && (count === Math.round(found.probes) || (count < enough && !last))) return;
	found.probes = sum.probes;
	found.lost = sum.lost;
	found.windowMs = windowMs;
	if (stale || sum.probes >= enough) found.done = true;
}

/** Nothing lost of so many probes, nearly always: made once for each number of them. */
const NOTHING_LOST: (LossFigure | undefined)[] = [];
const REMEMBERED = 200;

function lossOf(probes: number, lost: number): LossFigure {
	if (lost > 0 || probes > REMEMBERED) return makeLoss(probes, lost);
	const known = NOTHING_LOST[probes];
	if (known !== undefined) return known;
	const made = makeLoss(probes, 0);
	if (Number.isInteger(probes)) NOTHING_LOST[probes] = made;
	return made;
}

function makeLoss(probes: number, lost: number): LossFigure {
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
function dnsOf({ dns }: Health, nowMs: number): DnsVerdict {
	let [asked, newestMs] = [0, 0];
	for (let at = dns.length - 1; at >= 0; at--) {
		const one = dns[at];
		if (one === undefined || nowMs - one.atMs >= DNS_VALID_MS) continue;
		if (one.rttMs !== null) return "ok";
		if (asked++ === 0) newestMs = one.atMs;
		if (asked === 3) return newestMs - one.atMs >= 2_000 ? "failing" : "unknown";
	}
	return "unknown";
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
		if (f.verdict !== "dead") addTally(tally, f.slots, nowMs - durationMs - 1_000);
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
