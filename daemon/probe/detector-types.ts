/** The detector's language: what it is told, what it answers. All times are monotonic ms. */
import type { ProbeMethod, ReachEvidence, ReachVerdict } from "../health/types.ts";
import type { PlanSlot } from "./plan.ts";
import type { TargetReport } from "./targets.ts";

/** steady: the slow, regular watch. burst: quick probes sent because something is wrong. */
export type Series = "steady" | "burst";

export type TrafficState = ReachEvidence["traffic"];

export type DetectorInput = { readonly atMs: number } & (
	| { readonly kind: "plan"; readonly slots: readonly PlanSlot[] }
	/** A probe that no plan announces; sentAtMs may lie a little ahead of atMs. */
	| {
			readonly kind: "sent";
			readonly series: Series;
			readonly target: string;
			readonly seq: number;
			readonly sentAtMs: number;
	  }
	/** atMs: when it came, which may be a while before it is told. */
	| {
			readonly kind: "reply";
			readonly series: Series;
			readonly target: string;
			readonly seq: number;
			readonly rttMs: number;
	  }
	/** An ICMP error or a failed send: the oldest open probe to this target will not be answered. */
	| { readonly kind: "refused"; readonly target: string }
	/** The burst could not be sent (no such program, fork failed). */
	| { readonly kind: "burst_failed" }
	| { readonly kind: "gateway"; readonly answers: boolean }
	/** hint: more than a state, reason enough to look closer. */
	| { readonly kind: "traffic"; readonly state: TrafficState; readonly hint: boolean }
	| { readonly kind: "link"; readonly up: boolean; readonly text: string }
	/** Other probes than pings were answered since the link became suspect: silence of the pings alone proves nothing. */
	| { readonly kind: "witness"; readonly method: ProbeMethod }
	/** Programs are being started to ask otherwise than by ping; while they start, no verdict for want of a witness. */
	| { readonly kind: "asking"; readonly on: boolean }
	/** From now on replies come by this method (ICMP turned out to be filtered, or works again). */
	| { readonly kind: "method"; readonly method: ProbeMethod }
	/** Silences of the link that are over within a second are known of its kind: so much longer before it is dead, ms. */
	| { readonly kind: "patience"; readonly ms: number }
	| { readonly kind: "recheck" }
	/** The other family of this link is silent. */
	| { readonly kind: "doubt" }
	/** We ourselves stood still until now. */
	| { readonly kind: "stall" }
	| { readonly kind: "tick" }
);

export interface ProbeEffect {
	readonly kind: "probe";
	readonly atMs: number;
	readonly target: string;
	readonly rttMs: number | null;
	readonly excused: boolean;
}

export type DetectorEffect =
	| ProbeEffect
	| { readonly kind: "reach"; readonly atMs: number; readonly verdict: ReachVerdict; readonly evidence: ReachEvidence }
	/** Send `rounds` quick probes to each target, now. */
	| { readonly kind: "burst"; readonly rounds: number }
	/** The burst was not answered but the witness was: ping is filtered, go on by its method. */
	| { readonly kind: "filtered"; readonly method: ProbeMethod };

export interface DetectorOptions {
	readonly targets: readonly string[];
	readonly method: ProbeMethod;
	readonly nowMs: number;
}

export interface Detector {
	step(input: DetectorInput): DetectorEffect[];
	/** When to step with a tick unless something happens before; null = nothing to wait for. */
	deadlineMs(): number | null;
	/**
	 * Nothing is wrong, and as long as replies keep coming nothing depends on when each is told: when to step with a tick
	 * unless one more steady reply has come, unless two have, and so on (rising). Null: tell each at once.
	 */
	calmDues(): readonly number[] | null;
	verdict(): ReachVerdict;
	/** Time within which the slowest target that counts owes its reply, ms. */
	rtoMs(): number;
	/** Smoothed share of probes lost while the link was alive, 0-100. */
	lossPct(): number;
	/** Smoothed round trip time of the fastest target, ms; null before the first reply. */
	srttMs(): number | null;
	targets(): TargetReport[];
}
