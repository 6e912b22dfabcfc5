/**
 * What is remembered of one uplink: probe results per family, the prober's verdicts, DNS, what the link says of itself,
 * and the rolling score. A plain immutable value (JSON-serialisable); observe() returns a new one.
 */
import type { Rolling } from "./rolling.ts";
import { emptyRolling } from "./rolling.ts";
import { possible, type SenseName } from "./senses.ts";
import { isDuration } from "./stats.ts";
import {
	type DnsObservation,
	FAMILIES,
	type Family,
	type Observation,
	type ProbeObservation,
	type ReachEvidence,
	type ReachObservation,
	type ReachVerdict,
	type SenseObservation,
} from "./types.ts";
import type { Slice } from "./window.ts";
import { BUCKET_MS, BUCKETS_MAX, putResult, SLOT_MS, SLOTS_MAX } from "./window.ts";

const TARGETS_MAX = 8;
const DNS_MAX = 6;
/** Gain of the jitter filter, the one RTP receivers use (RFC 3550, 6.4.1). */
const JITTER_GAIN = 1 / 16;
/** Gain of the probe interval filter. */
const GAP_GAIN = 1 / 8;

export interface TargetRtt {
	readonly target: string;
	readonly rttMs: number;
}

export interface FamilyHealth {
	readonly verdict: ReachVerdict;
	readonly sinceMs: number | null;
	readonly evidence: ReachEvidence | null;
	readonly slots: readonly Slice[];
	readonly minute: readonly Slice[];
	/** Last reply of each target: jitter compares a target only with itself. */
	readonly targets: readonly TargetRtt[];
	readonly jitterMs: number | null;
	readonly lastProbeMs: number | null;
	/** Smoothed time between probes. */
	readonly gapMs: number | null;
}

export interface DnsSample {
	readonly atMs: number;
	readonly rttMs: number | null;
}

/** Several sensors may serve one uplink, each value has its own age. */
export type SenseMemory = { readonly [Name in SenseName]?: { readonly atMs: number; readonly value: number } };

export interface Health {
	readonly ipv4: FamilyHealth;
	readonly ipv6: FamilyHealth;
	readonly dns: readonly DnsSample[];
	readonly sense: SenseMemory;
	readonly rolling: Rolling;
}

const EMPTY_FAMILY: FamilyHealth = {
	verdict: "unknown",
	sinceMs: null,
	evidence: null,
	slots: [],
	minute: [],
	targets: [],
	jitterMs: null,
	lastProbeMs: null,
	gapMs: null,
};

export function emptyHealth(): Health {
	return { ipv4: EMPTY_FAMILY, ipv6: EMPTY_FAMILY, dns: [], sense: {}, rolling: emptyRolling() };
}

/** The link went away: what was measured is void, only the long history of its score stays. */
export function forgetLink(health: Health): Health {
	const rolling = { ...health.rolling, ewma: null, ewmaAtMs: null, instant: null };
	return { ...emptyHealth(), rolling };
}

/** Takes in one observation. Does not touch the rolling score: see assess() in assess.ts. */
export function observe(health: Health, o: Observation): Health {
	switch (o.kind) {
		case "probe":
			return o.excused ? health : withFamily(health, o.family, addProbes(health[o.family], [o]));
		case "reach": {
			const next = withFamily(health, o.family, addReach(health[o.family], o));
			// Questions asked while it was dead say nothing about DNS.
			return health[o.family].verdict === "dead" && o.verdict !== "dead" ? { ...next, dns: [] } : next;
		}
		case "dns":
			return { ...health, dns: addDns(health.dns, o) };
		case "sense":
			return { ...health, sense: addSense(health.sense, o) };
		case "traffic":
			return health;
	}
}

/** As observe() for each of them in turn, with one copy. All of them probes that count. */
export function observeProbes(health: Health, probes: readonly ProbeObservation[]): Health {
	let next = health;
	for (const family of FAMILIES) {
		const own = probes.filter((one) => one.family === family);
		if (own.length > 0) next = withFamily(next, family, addProbes(next[family], own));
	}
	return next;
}

function withFamily(health: Health, family: Family, next: FamilyHealth): Health {
	return family === "ipv4" ? { ...health, ipv4: next } : { ...health, ipv6: next };
}

function addProbes(f: FamilyHealth, probes: readonly ProbeObservation[]): FamilyHealth {
	let { targets, jitterMs, lastProbeMs, gapMs } = f;
	const slots = f.slots.slice();
	const minute = f.minute.slice();
	for (const o of probes) {
		const rttMs = isDuration(o.rttMs) ? o.rttMs : null;
		const before = lastProbeMs;
		lastProbeMs = Math.max(before ?? o.atMs, o.atMs);
		if (before !== null) {
			const gap = lastProbeMs - before;
			gapMs = gapMs === null ? gap : gapMs + (gap - gapMs) * GAP_GAIN;
		}
		putResult(slots, o.atMs, rttMs, SLOT_MS, SLOTS_MAX);
		putResult(minute, o.atMs, rttMs, BUCKET_MS, BUCKETS_MAX);
		if (rttMs === null) continue;
		const previous = targets.find((t) => t.target === o.target);
		if (previous !== undefined) {
			const change = Math.abs(rttMs - previous.rttMs);
			jitterMs = jitterMs === null ? change : jitterMs + (change - jitterMs) * JITTER_GAIN;
		}
		const others = targets.filter((t) => t !== previous);
		targets = [...others.slice(-(TARGETS_MAX - 1)), { target: o.target, rttMs }];
	}
	const { verdict, sinceMs, evidence } = f;
	return { verdict, sinceMs, evidence, slots, minute, targets, jitterMs, lastProbeMs, gapMs };
}

function addReach(f: FamilyHealth, o: ReachObservation): FamilyHealth {
	const base = { ...f, evidence: o.evidence, verdict: o.verdict };
	if (o.verdict === f.verdict) return base;
	// Back from the dead: what was lost meanwhile says nothing about the link as it is now.
	if (f.verdict === "dead") return { ...base, sinceMs: o.atMs, slots: [], targets: [], jitterMs: null };
	return { ...base, sinceMs: o.atMs };
}

function addDns(samples: readonly DnsSample[], o: DnsObservation): readonly DnsSample[] {
	return [...samples.slice(-(DNS_MAX - 1)), { atMs: o.atMs, rttMs: isDuration(o.rttMs) ? o.rttMs : null }];
}

function addSense(memory: SenseMemory, o: SenseObservation): SenseMemory {
	const next: Record<string, { atMs: number; value: number } | undefined> = { ...memory };
	for (const [name, value] of Object.entries(possible(o.values))) {
		if (value === null) delete next[name];
		else next[name] = { atMs: o.atMs, value };
	}
	return next;
}
