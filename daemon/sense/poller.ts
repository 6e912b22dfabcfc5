/**
 * Asks a source again and again, never twice at a time, never without a time limit. States in prose: it starts in
 * "starting" and asks at once. An answer makes it "ok" and the next question comes after the interval. A failure makes
 * it "absent", "denied" or "failing" by the kind of error, and the pause doubles from the interval (at least 5 s) up to
 * 5 minutes; absent and denied sources wait at least a minute. Pauses end at a whole second (platform/together.ts).
 * `soon()` asks now, unless an answer is awaited. Most sensors are one poller or a few.
 */
import { AutonomyError } from "../platform/error.ts";
import type { Closable, Platform } from "../platform/platform.ts";
import { about } from "../platform/together.ts";
import type { SensorHealth, SensorState } from "./sensor.ts";
import { saidOf } from "./values.ts";

const FIRST_PAUSE_MS = 5_000;
const QUIET_PAUSE_MS = 60_000;
export const MAX_PAUSE_MS = 300_000;

export interface PollerOptions {
	readonly platform: Pick<Platform, "clock" | "timers">;
	readonly intervalMs: () => number;
	/** Before the first question; default: at once. */
	readonly firstMs?: number;
	/** The longest pause after failures, now; null or absent: 5 minutes. */
	readonly maxPauseMs?: () => number | null;
	/** An answer later than this is a failure; the answer itself is ignored then. */
	readonly limitMs: number;
	/** Asks, and uses the answer when `stillWanted()`. Returns a sentence for health. */
	readonly work: (stillWanted: () => boolean) => Promise<string>;
	/** Told when the state changes. */
	readonly onState?: (health: SensorHealth) => void;
}

export interface Poller extends Closable {
	health(): SensorHealth;
	soon(): void;
	/** Like `soon`, and pauses after failures grow from the start again: something happened to the source. */
	anew(): void;
}

/** What a failed question says about the source. */
export function stateOf(error: unknown): SensorState {
	if (!(error instanceof AutonomyError)) return "failing";
	if (error.code === "bus_denied" || error.code === "rpc_denied") return "denied";
	return error.code === "bus_not_found" || error.code === "not_found" ? "absent" : "failing";
}

export function createPoller(options: PollerOptions): Poller {
	const { clock, timers } = options.platform;
	let health: SensorHealth = {
		state: "starting",
		sinceMs: clock.monotonicMs(),
		lastOkMs: null,
		nextTryMs: null,
		text: "not asked yet",
	};
	let timer: Closable | null = null;
	let round = 0;
	let awaiting = false;
	let failures = 0;
	let closed = false;

	function settle(state: SensorState, text: string, pauseMs: number): void {
		const nowMs = clock.monotonicMs();
		const changed = state !== health.state;
		const waitMs = about(clock, pauseMs);
		health = {
			state,
			sinceMs: changed ? nowMs : health.sinceMs,
			lastOkMs: state === "ok" ? nowMs : health.lastOkMs,
			nextTryMs: nowMs + waitMs,
			text,
		};
		awaiting = false;
		timer?.close();
		timer = timers.after(waitMs, ask);
		if (changed) options.onState?.(health);
	}

	function fail(error: unknown): void {
		const state = stateOf(error);
		const least = state === "failing" ? FIRST_PAUSE_MS : QUIET_PAUSE_MS;
		const pauseMs = Math.max(options.intervalMs(), least) * 2 ** Math.min(failures, 10);
		failures++;
		settle(state, saidOf(error), Math.min(options.maxPauseMs?.() ?? MAX_PAUSE_MS, pauseMs));
	}

	function ask(): void {
		if (closed || awaiting) return;
		const mine = ++round;
		const wanted = (): boolean => !closed && mine === round;
		awaiting = true;
		health = { ...health, nextTryMs: null };
		timer?.close();
		timer = timers.after(options.limitMs, () => {
			if (!wanted()) return;
			round++;
			fail(new AutonomyError("timeout", `no answer within ${options.limitMs} ms`));
		});
		// Inside a promise: also what fails before its first wait is a failure of the source, not of the caller.
		Promise.resolve()
			.then(() => options.work(wanted))
			.then(
				(text) => {
					if (!wanted()) return;
					failures = 0;
					settle("ok", text, options.intervalMs());
				},
				(error) => {
					if (wanted()) fail(error);
				},
			);
	}

	timer = timers.after(options.firstMs ?? 0, ask);
	return {
		health: () => health,
		soon: ask,
		anew() {
			failures = 0;
			ask();
		},
		close() {
			closed = true;
			timer?.close();
			timer = null;
		},
	};
}
