/**
 * When a detector is asked again although nothing came. A timer of ours that fires late means that we stood still: the
 * detector is told to forgive. Even on time, the event loop first reads what waits in the pipes, so that no reply is overlooked
 * for being unread.
 *
 * Of two silent families the one whose time is over first waits a moment for the other: two verdicts in one turn make one
 * switch, else the second waits until the first is carried out (80 to 130 ms, measured). Owns its timers until close().
 */
import type { Closable, Platform } from "../platform/platform.ts";
import { STALL_MS } from "./lookout.ts";

/** So far apart the two may be. */
const COMPANY_MS = 60;
/** A timer of the other may be late. */
const COMPANY_LATE_MS = 5;
const NEVER = Number.POSITIVE_INFINITY;

export interface Deadline extends Closable {
	/** Monotonic ms; null: none. */
	set(atMs: number | null): void;
	/** Null: none, or it is over. */
	atMs(): number | null;
	/** The other family has its verdict: whoever waits for that does so no longer. */
	join(): void;
}

export interface DeadlineOptions {
	/** When the other family's silence is judged; null: there is nothing to wait for. */
	readonly otherMs: () => number | null;
	/** `late`: we stood still. */
	readonly onOver: (late: boolean) => void;
}

export function createDeadline(
	{ clock, timers }: Pick<Platform, "clock" | "timers">,
	options: DeadlineOptions,
): Deadline {
	let timer: Closable | null = null;
	let timerAtMs = 0;
	let settle: Closable | null = null;
	let inCompany = false;

	function onTimer(): void {
		timer = null;
		const nowMs = clock.monotonicMs();
		const late = nowMs - timerAtMs > STALL_MS;
		const otherInMs = Math.max(0, (options.otherMs() ?? NEVER) - nowMs);
		inCompany = !late && otherInMs <= COMPANY_MS;
		settle?.close();
		settle = timers.after(inCompany ? otherInMs + COMPANY_LATE_MS : 1, () => over(late));
	}

	function over(late: boolean): void {
		inCompany = false;
		settle?.close();
		options.onOver(late);
	}

	return {
		set(atMs) {
			if (timer !== null && atMs === timerAtMs) return;
			// Overdue: we stood still, and something was heard before the timer could say so. It still is to.
			if (timer !== null && clock.monotonicMs() - timerAtMs > STALL_MS) return;
			timer?.close();
			timer = null;
			if (atMs === null) return;
			timerAtMs = atMs;
			timer = timers.after(Math.max(0, atMs - clock.monotonicMs()), onTimer);
		},
		atMs: () => (timer === null ? null : timerAtMs),
		join() {
			if (inCompany) over(false);
		},
		close() {
			timer?.close();
			settle?.close();
		},
	};
}
