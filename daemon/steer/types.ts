/** What steering tells the rest of the daemon. Names with units on ubus are made from these by serve/. */
import type { SteerAction } from "../decide/types.ts";
import type { Family } from "../health/types.ts";
import type { Discovered } from "../uplink/types.ts";

/**
 * - mwan3_chains: one iptables-restore transaction per family over mwan3's policy chains;
 * - mwan3_rebuild: mwan3 was asked to rebuild its chains itself, with our order in /var/state;
 * - routes: a default route of ours in the main table;
 * - observe: nothing touched, the text says what would have been done;
 * - nothing_to_do: the router was already as wanted.
 */
export type SteerMethod = "mwan3_chains" | "mwan3_rebuild" | "routes" | "observe" | "nothing_to_do";

export interface Released {
	readonly uplink: string;
	readonly family: Family;
	/** Connections freed. */
	readonly flows: number;
}

export interface SteerReport {
	/** True when the router is as wanted after this call. */
	readonly ok: boolean;
	readonly method: SteerMethod;
	/** One line per thing changed, for people: "ipv4 policy failover: wanb". */
	readonly changed: readonly string[];
	/** The kernel was read back and is as wanted. */
	readonly verified: boolean;
	readonly durationMs: number;
	/** How long until new connections went the new way (the transaction alone); null when nothing was written. */
	readonly movedMs: number | null;
	/** Programs started. */
	readonly processes: number;
	/** One or two sentences for people: what was done, what was fallen back to, what is lost. */
	readonly text: string;
	readonly released: readonly Released[];
}

export interface PolicyStatus {
	readonly policy: string;
	readonly family: Family;
	/** mwan3 interfaces new connections should use; null: left as mwan3 has it. */
	readonly wanted: readonly string[] | null;
	/** What the kernel had when last read; null: not read yet or not understood. */
	readonly actual: readonly string[] | null;
	/** Why this choice. */
	readonly reason: string;
}

export interface SourceRuleStatus {
	readonly uplink: string;
	readonly family: Family;
	/** "from 100.64.1.53" or "oif eth1". */
	readonly selector: string;
	readonly pref: number;
	readonly table: number;
	readonly inPlace: boolean;
}

export interface RouteStatus {
	readonly family: Family;
	/** Our own default route as `ip route` words; null: the router's own order is followed. */
	readonly ours: string | null;
	readonly uplink: string | null;
	readonly reason: string;
}

export interface SteerStatus {
	readonly observe: boolean;
	/** How each family is steered; "none": nothing there to steer. */
	readonly methods: Readonly<Record<Family, "mwan3" | "routes" | "none">>;
	readonly policies: readonly PolicyStatus[];
	readonly routes: readonly RouteStatus[];
	readonly sourceRules: readonly SourceRuleStatus[];
	readonly lastApply: (SteerReport & { readonly actionId: string; readonly atMs: number }) | null;
	/** How often somebody else undid our work and it was put back. */
	readonly repairs: number;
	readonly lastRepair: { readonly atMs: number; readonly reason: string; readonly what: readonly string[] } | null;
	/** What is wrong right now, with what to do about it. */
	readonly problems: readonly string[];
}

export interface GiveBackReport {
	readonly ok: boolean;
	/** What was put back, one line each. */
	readonly changed: readonly string[];
	/** What could not be, with what to do. */
	readonly problems: readonly string[];
}

export interface RecoverReport {
	/** A state file of a predecessor was found: what it had changed is now ours to keep or give back. */
	readonly found: boolean;
	readonly text: string;
}

export interface Steerer {
	/** Takes over what a dead predecessor left in the state file. Call once, before anything else. */
	recover(): RecoverReport;
	/** New facts about uplinks: source rules and routes follow. */
	setDiscovered(discovered: Discovered): Promise<void>;
	/** Observe mode: apply() only tells what it would do. Source rules stay: without them probes would lie. */
	setObserve(observe: boolean): void;
	/** Makes the network follow the plan. One at a time; of several waiting ones only the latest is carried out. */
	apply(action: SteerAction): Promise<SteerReport>;
	/**
	 * Looks whether all is still as wanted and repairs it. Cheap: forks nothing while no file of mwan3 changed. Resolves to
	 * whether the kernel was read.
	 */
	reassert(reason: string): Promise<boolean>;
	status(): SteerStatus;
	/** Source rules that are in force, "uplink family" each. */
	ways(): string[];
	/** Puts the router back as it was found; after this the steerer does nothing any more. */
	giveBack(): Promise<GiveBackReport>;
	/** Ends timers; gives nothing back. */
	close(): void;
}
