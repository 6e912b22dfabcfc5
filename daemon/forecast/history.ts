/**
 * What the forecast remembers of one uplink: round trips, losses, silences, and what the link said of itself. Bounded rings
 * only; fed by the same observations as health/, at the time at which they were known. Not a copy of health/: that one
 * judges what is, over windows of a size fit for it; this one keeps what the features of the model need.
 */
import type { Observation, ReachObservation } from "../health/types.ts";
import { Ring } from "./ring.ts";

/** Shorter silences are blips. A silence of a second is seen as one of 0.8 s or more by probes four times a second. */
export const STALL_MS = 800;
/** Replies of the first seconds make the base; later it follows slowly. */
const BASE_FIRST = 16;
const BASE_GAIN = 1 / 64;
/** A round trip that counts for the base is below this many times it. */
const BASE_LIMIT = 4;
const GAP_GAIN = 1 / 8;
/** Probes this close tell a silence by themselves, when so many of them in a row stay unanswered. */
const CLOSE_MS = 600;
const QUIET_GAPS = 2.5;
/** A silence that goes on after so long a break in knowledge is none. */
const FORGET_MS = 600_000;

/** A radio's figure that never moves for so long is no measurement. */
const STUCK_MS = 1_800_000;

export function isStuck(h: History, name: string): boolean {
	const known = h.senses.get(name);
	return known !== undefined && known.atMs - known.sinceMs >= STUCK_MS;
}

export interface History {
	readonly replies: Ring;
	readonly losses: Ring;
	/** Silences of a second or more: time of the end, and how long, ms. */
	readonly stalls: Ring;
	readonly blips: Ring;
	readonly rsrp: Ring;
	readonly rsrq: Ring;
	readonly sinr: Ring;
	readonly signal: Ring;
	/** sinceMs: it has had this very value since. */
	readonly senses: Map<string, { readonly atMs: number; readonly value: number; readonly sinceMs: number }>;
	/** Usual round trip, ms; NaN before the first. */
	baseMs: number;
	/** Usual time between probes, ms. */
	gapMs: number;
	firstMs: number;
	lastProbeMs: number;
	lastReplyMs: number;
	verdict: ReachObservation["verdict"];
	/** Start of the silence that goes on; null while it answers. */
	silentSinceMs: number | null;
	bytesPerS: number;
	usualBytesPerS: number;
}

export function newHistory(): History {
	return {
		replies: new Ring(96),
		losses: new Ring(64),
		stalls: new Ring(32),
		blips: new Ring(32),
		rsrp: new Ring(24),
		rsrq: new Ring(24),
		sinr: new Ring(24),
		signal: new Ring(24),
		senses: new Map(),
		baseMs: Number.NaN,
		gapMs: Number.NaN,
		firstMs: Number.NaN,
		lastProbeMs: Number.NaN,
		lastReplyMs: Number.NaN,
		verdict: "unknown",
		silentSinceMs: null,
		bytesPerS: Number.NaN,
		usualBytesPerS: Number.NaN,
	};
}

export function remember(h: History, o: Observation): void {
	if (o.kind === "probe") {
		if (o.excused) return;
		takeProbe(h, o.atMs, o.rttMs);
	} else if (o.kind === "reach") takeReach(h, o);
	else if (o.kind === "traffic") {
		const rate = o.rxBytesPerS + o.txBytesPerS;
		if (!Number.isFinite(rate) || rate < 0) return;
		h.bytesPerS = rate;
		h.usualBytesPerS = Number.isNaN(h.usualBytesPerS) ? rate : h.usualBytesPerS + (rate - h.usualBytesPerS) / 64;
	} else if (o.kind === "sense") {
		for (const [name, value] of Object.entries(o.values)) takeSense(h, o.atMs, name, value ?? null);
	}
}

function takeProbe(h: History, atMs: number, rttMs: number | null): void {
	if (!Number.isFinite(atMs)) return;
	if (Number.isNaN(h.firstMs)) h.firstMs = atMs;
	const gap = atMs - h.lastProbeMs;
	if (gap > 0 && gap < 60_000) h.gapMs = Number.isNaN(h.gapMs) ? gap : h.gapMs + (gap - h.gapMs) * GAP_GAIN;
	h.lastProbeMs = atMs;
	if (rttMs === null || !Number.isFinite(rttMs) || rttMs < 0) {
		h.losses.push(atMs, 1);
		return;
	}
	// Nothing came for a while although answers were due: a silence that no verdict told of.
	const silent = atMs - h.lastReplyMs;
	if (silent >= STALL_MS && silent >= QUIET_GAPS * h.gapMs && h.gapMs <= CLOSE_MS) endSilence(h, h.lastReplyMs, atMs);
	h.replies.push(atMs, rttMs);
	h.lastReplyMs = atMs;
	if (Number.isNaN(h.baseMs)) h.baseMs = Math.max(1, rttMs);
	else if (rttMs < BASE_LIMIT * h.baseMs) {
		const gain = Math.max(BASE_GAIN, 1 / Math.min(BASE_FIRST, h.replies.length));
		h.baseMs = Math.max(1, h.baseMs + (rttMs - h.baseMs) * gain);
	}
	// It waited, and told it itself.
	if (rttMs >= STALL_MS) endSilence(h, atMs - rttMs, atMs);
}

function takeReach(h: History, o: ReachObservation): void {
	const was = h.verdict;
	h.verdict = o.verdict;
	if (o.verdict === "suspect" || o.verdict === "dead") {
		const since = o.atMs - Math.min(Math.max(0, o.evidence.silentMs), FORGET_MS);
		if (h.silentSinceMs === null && was === "up") h.silentSinceMs = since;
	} else if (o.verdict === "up" && h.silentSinceMs !== null) {
		endSilence(h, h.silentSinceMs, o.atMs);
		h.silentSinceMs = null;
	}
}

/** Overlapping silences are one. */
function endSilence(h: History, fromMs: number, toMs: number): void {
	const lasted = toMs - fromMs;
	if (lasted < STALL_MS) {
		h.blips.push(toMs, lasted);
		return;
	}
	// Told twice, by the verdict and by a late reply.
	if (h.stalls.length > 0 && h.stalls.at(0) > fromMs + STALL_MS / 4) return;
	h.stalls.push(toMs, lasted);
}

function takeSense(h: History, atMs: number, name: string, value: number | null): void {
	const ring =
		name === "rsrp_dbm"
			? h.rsrp
			: name === "sinr_db"
				? h.sinr
				: name === "rsrq_db"
					? h.rsrq
					: name === "signal_dbm"
						? h.signal
						: null;
	if (value === null || !Number.isFinite(value)) {
		h.senses.delete(name);
		ring?.clear();
		return;
	}
	const before = h.senses.get(name);
	h.senses.set(name, { atMs, value, sinceMs: before?.value === value ? before.sinceMs : atMs });
	ring?.push(atMs, value);
}
