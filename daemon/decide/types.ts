/**
 * The engine's language: what goes in (Input), what comes out (Action, Decision, EngineEvent). Plain records only: live
 * daemon, replay, lab, tests and what_if all speak it. Times are monotonic ms.
 */
import type { Family, Observation, UplinkClass } from "../health/types.ts";
import type { Settings } from "./settings.ts";

/** What discovery knows of an uplink that matters for deciding; order is the user's own preference. */
export interface UplinkFacts {
	readonly id: string;
	readonly class: UplinkClass;
	/** The device exists. An uplink that is gone stays listed with present = false. */
	readonly present: boolean;
	/** netifd calls at least one family up. */
	readonly up: boolean;
	/** Physical carrier; null when the device has no notion of it. */
	readonly carrier: boolean | null;
	/** Families that have an address and a route, and that mwan3 does not hold down. */
	readonly families: readonly Family[];
	/** mwan3 holds it down, by `mwan3 ifdown`. */
	readonly takenDown?: true;
	readonly metered: boolean;
	/** Its data allowance is used up: it carries traffic only when nothing else is usable. */
	readonly capReached?: true;
	/** 0 (last resort) to 100 (first choice); multiplies the score. */
	readonly weight: number;
	/** Position in the user's own order (mwan3 or route metric); ties are broken by it. Lower is preferred. */
	readonly order: number;
	/** Never used (config: detect 'disable', or disabled in mwan3). */
	readonly disabled: boolean;
	readonly minUptimeMs: number;
	readonly cooldownMs: number;
	/** When true roaming costs nothing in the score (config: prefer_roaming). */
	readonly preferRoaming: boolean;
}

export type CommandName = "failover" | "restore" | "recheck" | "promote" | "hold" | "release";

export interface Command {
	readonly kind: "command";
	readonly atMs: number;
	readonly id: string;
	readonly name: CommandName;
	readonly uplink: string | null;
	/** How long it holds, ms; null = the default (settings.pinMs), 0 = until restore/release. */
	readonly forMs: number | null;
	readonly reason: string;
}

/** What steer/ reports back after an action. */
export interface Applied {
	readonly kind: "applied";
	readonly atMs: number;
	readonly actionId: string;
	readonly ok: boolean;
	/** "mwan3 chains", "mwan3 rebuild", "routes", "observe". */
	readonly method: string;
	readonly durationMs: number;
	readonly text: string;
}

/** Link trouble or recovery told by the system itself: carrier, ifdown, ifup. */
export interface LinkEvent {
	readonly kind: "link";
	readonly atMs: number;
	readonly uplink: string;
	readonly event: "carrier_lost" | "carrier_back" | "ifdown" | "ifup";
}

/** What a sensor says of trouble that is coming: a restart announced, a signal that fades. */
export interface RiskInput {
	readonly kind: "risk";
	readonly atMs: number;
	readonly uplink: string;
	/** 0-1: probability of being unusable within horizonMs. */
	readonly risk: number;
	readonly confidence: number;
	readonly horizonMs: number;
	readonly cause: string;
	readonly text: string;
}

/** From forecast/: probabilities 0-1 of becoming unusable. Believed for FORECAST_VALID_MS (foresight.ts). */
export interface ForecastInput {
	readonly kind: "forecast";
	readonly atMs: number;
	readonly uplink: string;
	/** For two seconds or more, beginning within ten seconds; within thirty. */
	readonly soon: number;
	readonly later: number;
	/** For five seconds or more, within thirty. */
	readonly long: number;
	/** 0-1. */
	readonly confidence: number;
	readonly cause: string;
	readonly text: string;
}

/** What was learnt of an uplink's silences and of false alarms is void; null: of all uplinks. */
export interface ForgetInput {
	readonly kind: "forget";
	readonly atMs: number;
	readonly uplink: string | null;
}

export type Input =
	| Observation
	| { readonly kind: "tick"; readonly atMs: number }
	| { readonly kind: "uplinks"; readonly atMs: number; readonly uplinks: readonly UplinkFacts[] }
	| { readonly kind: "settings"; readonly atMs: number; readonly settings: Settings }
	| LinkEvent
	| Command
	| Applied
	| RiskInput
	| ForecastInput
	| ForgetInput;

/** Preference for one address family: best first, and those that must carry nothing. */
export interface FamilyPlan {
	readonly rank: readonly string[];
	readonly avoid: readonly string[];
}

export interface Plan {
	readonly primary: string | null;
	/** Set while the operator's failover holds: it beats balancing. */
	readonly pinned: string | null;
	readonly families: Readonly<Record<Family, FamilyPlan>>;
}

/** Make the network follow `plan`. planned: open flows stay and drain. dead: flows stuck on `release` are freed. */
export interface SteerAction {
	readonly kind: "steer";
	readonly id: string;
	readonly decisionId: string;
	readonly mode: "planned" | "dead";
	readonly plan: Plan;
	readonly release: readonly { readonly uplink: string; readonly families: readonly Family[] }[];
}

/** Ask the prober for fresh evidence now. */
export interface RecheckAction {
	readonly kind: "recheck";
	readonly id: string;
	readonly uplinks: readonly string[];
}

export type Action = SteerAction | RecheckAction;

export type UplinkState =
	| "absent"
	| "disabled"
	| "offline" // no carrier or no address
	| "warm_up" // up, but shorter than min_uptime or without evidence
	| "eligible"
	| "suspect"
	| "failing" // answers, but worse than the failover thresholds; left when that lasts
	| "down"
	| "hold_down" // answers again, but must prove itself first
	| "draining"; // lost the traffic in a planned switch, open flows still on it

export interface Candidate {
	readonly uplink: string;
	readonly state: UplinkState;
	readonly score: number | null;
	readonly eligible: boolean;
	/** Null for the chosen one. */
	readonly whyNot: string | null;
}

/** A number against its threshold, as shown to people. */
export interface Figure {
	readonly name: string;
	readonly value: number | null;
	readonly threshold: number | null;
	readonly unit: string;
}

export type DecisionKind =
	| "start"
	| "failover"
	| "failback"
	| "better"
	| "predictive"
	| "manual"
	| "restore"
	| "avoid" // a member other than the primary left or rejoined the usable set
	| "none"; // asked to, but stayed: the explanation says why

/** One decision with everything needed to understand it later. */
export interface Decision {
	readonly id: string;
	readonly atMs: number;
	readonly kind: DecisionKind;
	/** The rule that fired, as in docs/decisions.md, e.g. "hard_failure". */
	readonly rule: string;
	readonly from: string | null;
	readonly to: string | null;
	/** One or two sentences for people. */
	readonly text: string;
	readonly figures: readonly Figure[];
	readonly candidates: readonly Candidate[];
	/** True when nothing was touched (observe mode). */
	readonly observed: boolean;
}

/** Something worth telling that is no decision: an uplink's state changed, a throttle, a refused command. */
export interface EngineEvent {
	readonly id: string;
	readonly atMs: number;
	readonly type:
		| "member_state"
		| "member_discovered"
		| "member_lost"
		| "cooldown"
		| "throttle"
		| "command"
		| "steer_failed"
		| "prediction"
		| "settings";
	readonly uplink: string | null;
	readonly from: string | null;
	readonly to: string | null;
	readonly reason: string;
	readonly decisionId: string | null;
}
