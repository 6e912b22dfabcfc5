/**
 * Everything the engine remembers: one plain value, JSON-serialisable, replaced by each step. The *Data types are the
 * working copies a step may write to; outside a step only the read-only views are seen. Nested values (health, facts,
 * trouble, plan) are always replaced whole, never written into.
 */

import { NO_SILENCES, type OwnSilences } from "../forecast/silence.ts";
import type { Assessment } from "../health/assess.ts";
import { assess } from "../health/assess.ts";
import { emptyHealth } from "../health/link.ts";
import type { Profile } from "../health/score.ts";
import type {
	DnsObservation,
	Family,
	ProbeObservation,
	ReachObservation,
	SenseObservation,
	TrafficObservation,
} from "../health/types.ts";
import { type Foresight, NO_FORESIGHT } from "./foresight-types.ts";
import type { Settings } from "./settings.ts";
import type { Trouble } from "./trouble.ts";
import { NO_TROUBLE } from "./trouble.ts";
import type { ForecastInput, Plan, RiskInput, SteerAction, UplinkFacts, UplinkState } from "./types.ts";

export type BadCause = "loss" | "latency" | "dns";

export interface UplinkData {
	facts: UplinkFacts;
	assessment: Assessment;
	assessedAtMs: number;
	/** Told by the system itself, believed before any probe. */
	linkDown: "carrier_lost" | "ifdown" | null;
	/** Up (netifd, carrier, address) since then; null while it is not. */
	upSinceMs: number | null;
	/** Was usable once since the engine started: losing it then is a failure. */
	worked: boolean;
	/** Why it is held by the operator, and until when (null = until release). */
	held: Hold | null;
	state: UplinkState;
	stateSinceMs: number;
	stateReason: string;
	/** Last state told in an event (suspect is not). */
	announced: UplinkState;
	/** Beyond the failover thresholds since then. */
	badSinceMs: number | null;
	badCause: BadCause | null;
	/** Bad beyond doubt right now (confidence bound, not just the estimate). */
	badSure: boolean;
	/** Loss over the last seconds while it is severe by the rule of that name, else null. */
	severePct: number | null;
	/** Within the restore thresholds since then, and probes counted since. */
	goodSinceMs: number | null;
	proofSent: number;
	proofLost: number;
	/** Ranks a margin above the primary since then. */
	betterSinceMs: number | null;
	trouble: Trouble;
	familyTrouble: Readonly<Record<Family, Trouble>>;
	/** Waiting time before preference may bring the traffic back after better_candidate took it away. */
	preference: Trouble;
	/** Taken out of the usable members, as a whole or for one family. */
	avoided: boolean;
	familyAvoided: Readonly<Record<Family, boolean>>;
	/** New flows avoid it, its open ones wait for the verdict to last (blink.ts); absent in recordings of earlier versions. */
	flowsKept?: boolean;
	leftAtMs: number | null;
	drainUntilMs: number | null;
	risk: RiskInput | null;
	forecast: ForecastInput | null;
	/** Predictions that made us leave it and did not come true, since the last that did. */
	falseAlarms: number;
	/** Every family has been silent (suspect or dead) since; null while one answers. */
	quietSinceMs: number | null;
	/** Its silences so far, while it was watched closely enough to tell. */
	silences: OwnSilences;
	lastRecheckMs: number | null;
}

export type Uplink = Readonly<UplinkData>;

export interface Hold {
	readonly untilMs: number | null;
	readonly reason: string;
}

/** A word that shall not be repeated; over: its cause went away since. */
export interface Said {
	readonly key: string;
	readonly atMs: number;
	readonly over: boolean;
}

export interface Pin {
	readonly uplink: string;
	readonly untilMs: number | null;
	readonly reason: string;
}

/** What steer/ was told last, and what it reported. */
export interface Steering {
	/** The plan the network shall follow; null until the first. */
	readonly wanted: Plan | null;
	/** The last plan reported as applied, and how. */
	readonly inForce: Plan | null;
	readonly method: string | null;
	/** The action that carries `wanted`; repeated when it fails. */
	readonly action: SteerAction | null;
	/** True until its report arrives. */
	readonly pending: boolean;
	readonly sentAtMs: number;
	readonly attempts: number;
	readonly retryAtMs: number | null;
	readonly lastError: string | null;
}

export type Waiting = ProbeObservation | ReachObservation | DnsObservation | TrafficObservation | SenseObservation;

export interface EngineData {
	nowMs: number;
	/** What the last full step asked for (engine.ts); absent before the first, and in recordings of earlier versions. */
	wakeAtMs?: number | null;
	/** What came since the last full step (calm.ts); absent in recordings of earlier versions. */
	waiting?: readonly Waiting[];
	settings: Settings;
	/** Sorted by the user's order, then id. */
	uplinks: readonly Uplink[];
	/** Time of the first discovery; null before. */
	startedAtMs: number | null;
	/** The first decision was made. */
	started: boolean;
	primary: string | null;
	pin: Pin | null;
	promoted: string | null;
	/** Hold on everything. */
	hold: Hold | null;
	lastSwitchMs: number | null;
	lastDecisionId: string | null;
	lastPredictiveMs: number | null;
	/** Predictive switches whose end is not known yet, and how those before ended. */
	foresight: Foresight;
	lastRecheckMs: number | null;
	/** A command delivered twice is obeyed once. */
	lastCommandId: string | null;
	/** Said already: trouble without a way out, a wish that waits for the cooldown, a throttled prediction. */
	saidNoCandidate: Said | null;
	saidCooldown: string | null;
	saidThrottle: string | null;
	/** What the engine wants; in observe mode nobody is told. */
	plan: Plan | null;
	steering: Steering;
	decisions: number;
	actions: number;
	events: number;
}

export type EngineState = Readonly<EngineData>;

export const NO_STEERING: Steering = {
	wanted: null,
	inForce: null,
	method: null,
	action: null,
	pending: false,
	sentAtMs: 0,
	attempts: 0,
	retryAtMs: null,
	lastError: null,
};

export function initialState(settings: Settings): EngineState {
	return {
		nowMs: 0,
		waiting: [],
		settings,
		uplinks: [],
		startedAtMs: null,
		started: false,
		primary: null,
		pin: null,
		promoted: null,
		hold: null,
		lastSwitchMs: null,
		lastDecisionId: null,
		lastPredictiveMs: null,
		foresight: NO_FORESIGHT,
		lastRecheckMs: null,
		lastCommandId: null,
		saidNoCandidate: null,
		saidCooldown: null,
		saidThrottle: null,
		plan: null,
		steering: NO_STEERING,
		decisions: 0,
		actions: 0,
		events: 0,
	};
}

export function profileOf(facts: UplinkFacts): Profile {
	return { class: facts.class, preferRoaming: facts.preferRoaming };
}

export function newUplink(facts: UplinkFacts, nowMs: number, settings: Settings): UplinkData {
	const up = hasLink(facts);
	return {
		facts,
		assessment: assess(emptyHealth(), nowMs, profileOf(facts), settings.historyWindowMs),
		assessedAtMs: nowMs,
		linkDown: null,
		upSinceMs: up ? nowMs : null,
		worked: false,
		held: null,
		state: "absent",
		stateSinceMs: nowMs,
		stateReason: "just discovered",
		announced: "absent",
		badSinceMs: null,
		badCause: null,
		badSure: false,
		severePct: null,
		goodSinceMs: null,
		proofSent: 0,
		proofLost: 0,
		betterSinceMs: null,
		trouble: NO_TROUBLE,
		familyTrouble: { ipv4: NO_TROUBLE, ipv6: NO_TROUBLE },
		preference: NO_TROUBLE,
		avoided: !up,
		familyAvoided: { ipv4: false, ipv6: false },
		leftAtMs: null,
		drainUntilMs: null,
		risk: null,
		forecast: null,
		falseAlarms: 0,
		quietSinceMs: null,
		silences: NO_SILENCES,
		lastRecheckMs: null,
	};
}

/** netifd and the device agree that packets could leave here. */
export function hasLink(facts: UplinkFacts): boolean {
	return facts.present && facts.up && facts.carrier !== false && facts.families.length > 0;
}
