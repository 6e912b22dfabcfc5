/**
 * What the daemon learns about an uplink, in the form in which health/, forecast/ and decide/ read it. An observation is
 * a plain record with a monotonic time, so that every decision can be replayed from its recording. A value that is not
 * known is absent or null, never 0 or -1.
 */
import type { SenseValues } from "./senses.ts";

export type UplinkClass = "starlink" | "cellular" | "wifi" | "lan" | "other";

export type Family = "ipv4" | "ipv6";

export const FAMILIES: readonly Family[] = ["ipv4", "ipv6"];

export type ProbeMethod = "icmp" | "tcp" | "dns";

/** How one probe of an internet target ended. */
export interface ProbeObservation {
	readonly kind: "probe";
	readonly uplink: string;
	readonly atMs: number;
	readonly family: Family;
	readonly method: ProbeMethod;
	readonly target: string;
	/** Round trip time in ms; null when no reply came in time. */
	readonly rttMs: number | null;
	/** A loss that is the target's own fault (its reputation, or silent on every uplink): counts for nothing. */
	readonly excused: boolean;
}

/**
 * What the prober concludes about one family of one uplink:
 * - unknown: not enough evidence yet (just started, budget used up);
 * - up: replies come as they should;
 * - suspect: one is late beyond its own history, a burst is on its way;
 * - dead: the burst to all targets went unanswered (or the carrier is gone).
 */
export type ReachVerdict = "unknown" | "up" | "suspect" | "dead";

export interface ReachEvidence {
	/** Since the last sign of life, ms. */
	readonly silentMs: number;
	/** Within which time a reply was due, ms (mean + k sigma of the link's own history). */
	readonly expectedMs: number;
	/** Probes sent and answered since suspicion began. */
	readonly sent: number;
	readonly answered: number;
	/** Internet targets asked, and how many of them answered. */
	readonly targets: number;
	readonly targetsAnswered: number;
	readonly gateway: "answers" | "silent" | "unknown";
	/** From the interface's own counters: bytes arrive, bytes leave but none arrive, nothing moves. */
	readonly traffic: "arriving" | "one_way" | "idle" | "unknown";
	readonly method: ProbeMethod | "carrier" | "none";
	/** One sentence for people, without a full stop. */
	readonly text: string;
}

export interface ReachObservation {
	readonly kind: "reach";
	readonly uplink: string;
	readonly atMs: number;
	readonly family: Family;
	readonly verdict: ReachVerdict;
	readonly evidence: ReachEvidence;
}

/** One DNS question through the uplink. */
export interface DnsObservation {
	readonly kind: "dns";
	readonly uplink: string;
	readonly atMs: number;
	readonly family: Family;
	readonly server: string;
	readonly rttMs: number | null;
}

/** Throughput seen at the interface since the last such observation. */
export interface TrafficObservation {
	readonly kind: "traffic";
	readonly uplink: string;
	readonly atMs: number;
	readonly rxBytesPerS: number;
	readonly txBytesPerS: number;
}

/** What the link says of itself. */
export interface SenseObservation {
	readonly kind: "sense";
	readonly uplink: string;
	readonly atMs: number;
	readonly values: Readonly<SenseValues>;
}

export type Observation = ProbeObservation | ReachObservation | DnsObservation | TrafficObservation | SenseObservation;
