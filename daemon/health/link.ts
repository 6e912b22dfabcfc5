/**
 * What is remembered of one uplink: probe results per family, the prober's verdicts, DNS, what the link says of itself,
 * and the rolling score. A plain immutable value (JSON-serialisable); observe() returns a new one.
 */
import type { Rolling } from "./rolling.ts";
import { emptyRolling } from "./rolling.ts";
import { possible, type SenseName } from "./senses.ts";
import { copyOf, isDuration } from "./stats.ts";
import type {
	DnsObservation,
	Family,
	Observation,
	ReachEvidence,
	ReachObservation,
	ReachVerdict,
	SenseObservation,
} from "./types.ts";
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
	/** As window.ts lays them out. */
	readonly slots: readonly number[];
	readonly minute: readonly number[];
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
			return o.excused ? health : withFamily(health, o.family, addProbes(health[o.family], [o], o.family));
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

/** As observe() for each of them in turn, with one copy for all probes; each of those counts. */
export function observeAll(health: Health, all: readonly Observation[]): Health {
	let next = health;
	const ipv4 = addProbes(next.ipv4, all, "ipv4");
	if (ipv4 !== next.ipv4) next = withFamily(next, "ipv4", ipv4);
	const ipv6 = addProbes(next.ipv6, all, "ipv6");
	if (ipv6 !== next.ipv6) next = withFamily(next, "ipv6", ipv6);
	// No probe touches what the others bring.
	for (let i = 0; i < all.length; i++) {
		const one = all[i];
		if (one !== undefined && one.kind !== "probe") next = observe(next, one);
	}
	return next;
}

function withFamily(health: Health, family: Family, next: FamilyHealth): Health {
	const { dns, sense, rolling } = health;
	return family === "ipv4"
		? { ipv4: next, ipv6: health.ipv6, dns, sense, rolling }
		: { ipv4: health.ipv4, ipv6: next, dns, sense, rolling };
}

/** Those of this family; without any it is `f` itself. */
function addProbes(f: FamilyHealth, all: readonly Observation[], family: Family): FamilyHealth {
	let { jitterMs, lastProbeMs, gapMs } = f;
	let slots: number[] | null = null;
	let minute: number[] = [];
	let targets: TargetRtt[] = [];
	for (let i = 0; i < all.length; i++) {
		const o = all[i];
		if (o === undefined || o.kind !== "probe" || o.family !== family) continue;
		if (slots === null) {
			slots = copyOf(f.slots);
			minute = copyOf(f.minute);
			targets = copyOf(f.targets);
		}
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
		const previousMs = takeTarget(targets, o.target);
		if (previousMs !== null) {
			const change = Math.abs(rttMs - previousMs);
			jitterMs = jitterMs === null ? change : jitterMs + (change - jitterMs) * JITTER_GAIN;
		}
		targets.push({ target: o.target, rttMs });
	}
	if (slots === null) return f;
	const { verdict, sinceMs, evidence } = f;
	return { verdict, sinceMs, evidence, slots, minute, targets, jitterMs, lastProbeMs, gapMs };
}

/** Takes the target out, or the oldest of too many; its last round trip, null when it was not there. */
function takeTarget(targets: TargetRtt[], target: string): number | null {
	for (let i = 0; i < targets.length; i++) {
		const one = targets[i];
		if (one?.target !== target) continue;
		targets.splice(i, 1);
		return one.rttMs;
	}
	if (targets.length >= TARGETS_MAX) targets.shift();
	return null;
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
	const values = possible(o.values);
	for (const name in values) {
		const value = values[name as SenseName];
		if (value === undefined) continue;
		if (value === null) delete next[name];
		else next[name] = { atMs: o.atMs, value };
	}
	return next;
}
