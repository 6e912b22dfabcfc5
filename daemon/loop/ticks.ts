/**
 * When the engine is asked: at whole multiples of the decision interval, and sooner when it wants to be. Before each the
 * world is read, so that it decides on all that has been seen.
 *
 * Ticks wait for company: a processor that wakes up costs more than most of what it then does. When for some seconds
 * nothing came that the engine had to look at, two are worked on in one wake-up, each at its own time. Whoever feeds or asks
 * something meanwhile calls `catchUp()` before and finds them done. Owns one timer; `close()` ends it.
 */
import type { Closable, Platform } from "../platform/platform.ts";

/** So many in one wake-up, when nothing has stirred for so long. */
const TOGETHER = 2;
const CALM_FOR_MS = 5000;

export interface TicksOptions {
	readonly platform: Pick<Platform, "clock" | "timers">;
	readonly everyMs: () => number;
	/** What has been seen and not been told yet is told now; not asked again before it is done. */
	readonly before: () => void;
	/** A tick; `nextMs` is when the one after it is. */
	readonly tick: (atMs: number, nextMs: number) => void;
	/** The engine wanted to be asked now. */
	readonly wake: (atMs: number) => void;
}

export interface Ticks extends Closable {
	start(): void;
	/** Works on all that are due by then. Nothing in the middle of a tick. */
	catchUp(nowMs: number): void;
	/** When the engine wants to be asked, if that is sooner than the next tick. */
	wakeAt(atMs: number | null): void;
	/** Something happened: no tick waits for a while. */
	stir(atMs: number): void;
}

export function createTicks(options: TicksOptions): Ticks {
	const { clock, timers } = options.platform;
	let timer: Closable | null = null;
	let dueMs = Number.POSITIVE_INFINITY;
	/** Before start() there is none. */
	let nextTickMs = Number.POSITIVE_INFINITY;
	let wakeAtMs: number | null = null;
	let stirredMs = Number.NEGATIVE_INFINITY;
	let reading = false;
	let ticking = false;
	let closed = false;

	/** On whole multiples, where the other timers of this length are: one wake-up for all. */
	function after(nowMs: number, everyMs: number): number {
		return (Math.floor(nowMs / everyMs) + 1) * everyMs;
	}

	/** When the next tick is worked on at the latest. */
	function latestMs(): number {
		const togetherMs = TOGETHER * options.everyMs();
		const isCalm = nextTickMs - stirredMs > CALM_FOR_MS && togetherMs <= CALM_FOR_MS;
		return isCalm ? after(nextTickMs - 1, togetherMs) : nextTickMs;
	}

	function arm(): void {
		if (closed || ticking || nextTickMs === Number.POSITIVE_INFINITY) return;
		const wanted = Math.min(latestMs(), wakeAtMs ?? Number.POSITIVE_INFINITY);
		if (timer !== null && dueMs <= wanted) return;
		timer?.close();
		dueMs = wanted;
		timer = timers.after(Math.max(1, wanted - clock.monotonicMs()), () => {
			timer = null;
			dueMs = Number.POSITIVE_INFINITY;
			wakeAtMs = null;
			read();
			const atMs = clock.monotonicMs();
			if (nextTickMs <= atMs) workUntil(atMs);
			else options.wake(atMs);
			arm();
		});
	}

	function read(): void {
		if (reading) return;
		reading = true;
		try {
			options.before();
		} finally {
			reading = false;
		}
	}

	/** If we stood still for longer than we meant to, one for all. */
	function workUntil(nowMs: number): void {
		const everyMs = options.everyMs();
		if (nowMs - nextTickMs >= TOGETHER * everyMs) nextTickMs = nowMs;
		ticking = true;
		try {
			while (nextTickMs <= nowMs && !closed) {
				const atMs = nextTickMs;
				nextTickMs = after(atMs, everyMs);
				options.tick(atMs, nextTickMs);
			}
		} finally {
			ticking = false;
			arm();
		}
	}

	return {
		start() {
			nextTickMs = after(clock.monotonicMs(), options.everyMs());
			arm();
		},
		catchUp(nowMs) {
			if (ticking || closed || nextTickMs > nowMs) return;
			read();
			if (nextTickMs <= nowMs) workUntil(nowMs);
		},
		wakeAt(atMs) {
			wakeAtMs = atMs;
			arm();
		},
		stir(atMs) {
			stirredMs = atMs;
			arm();
		},
		close() {
			closed = true;
			timer?.close();
			timer = null;
		},
	};
}
