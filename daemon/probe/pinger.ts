/**
 * What a program that sends pings looks like to the watch (watch.ts): a steady watch of several targets and quick bursts,
 * bound to one device. Implementations: fping.ts (one process for all targets), ping.ts (busybox or iputils, one
 * process per target).
 */
import type { Family } from "../health/types.ts";
import type { Series } from "./detector-types.ts";
import type { PlanSlot } from "./plan.ts";

export interface PingPath {
	readonly family: Family;
	readonly device: string;
	/** Source address; null lets the kernel choose. */
	readonly address: string | null;
}

export interface PingerEvents {
	/** The steady schedule now in force; empty when nothing is sent. */
	onPlan(slots: readonly PlanSlot[]): void;
	/** So many steady probes are known to have left since the last call: for the budget. */
	onSent(count: number): void;
	/** `heardMs`: when it came. */
	onReply(series: Series, target: string, seq: number, rttMs: number, heardMs: number): void;
	onError(target: string, text: string): void;
	/** A reply that was waited for is missing, or no more moments are known. `late`: looked at much later than asked. */
	onDue(late: boolean): void;
	/** What hold() had refused is granted now: the other family can wait, too. */
	onHeld(): void;
	/** A burst is on its way: its probes leave at these times. */
	onBurst(probes: readonly { readonly target: string; readonly seq: number; readonly sentAtMs: number }[]): void;
	onBurstFailed(): void;
	onGateway(answers: boolean): void;
	/** What is wrong with the program, for people, and failures in a row; null and 0 when it is well again. */
	onProblem(text: string | null, failures: number): void;
}

export interface BurstOrder {
	readonly targets: readonly string[];
	readonly gateway: string | null;
	readonly rounds: number;
	/** How long replies are waited for, ms. */
	readonly waitMs: number;
}

export interface Pinger {
	readonly program: "fping" | "ping";
	/** Starts or restarts the steady watch; a probe to one of the targets every spacingMs. */
	watch(targets: readonly string[], spacingMs: number): void;
	burst(order: BurstOrder): void;
	/**
	 * Steady replies may wait: the n-th is missed when it has not come by the n-th of these moments (rising, monotonic ms),
	 * then all are told, and onDue; on whole multiples of `everyMs`, 0: at once. Null: told as they come; false: that they are
	 * all the same.
	 */
	hold(dues: readonly number[] | null, everyMs: number): boolean;
	/** Tells at once what waits. */
	read(): void;
	close(): void;
}

/** Restart pause after the n-th failure in a row: 1, 2, 4 ... 60 s. */
export function backOffMs(failures: number): number {
	return Math.min(60_000, 1000 * 2 ** Math.max(0, failures - 1));
}
