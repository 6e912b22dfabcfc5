/**
 * Decides the recorded past again with other settings. What the network did is not known for a course that was not taken,
 * so every steering order counts as carried out shortly after, and wake-ups the engine asks for are played too. The
 * evidence is the one that was seen then. Works in slices of a few ms: the loop goes on meanwhile.
 */
import { step } from "../decide/engine.ts";
import type { Settings } from "../decide/settings.ts";
import { type EngineState, initialState } from "../decide/state.ts";
import type { Decision, Input, UplinkFacts } from "../decide/types.ts";
import { AutonomyError } from "../platform/error.ts";
import type { Closable, Platform } from "../platform/platform.ts";
import type { Replay } from "../record/input-log.ts";

export interface ReplayPlan {
	readonly replay: Replay;
	readonly settings: Settings;
	/** The facts of an uplink as they would have been. */
	readonly facts: (facts: UplinkFacts) => UplinkFacts;
	/** Wake-ups are played up to here. */
	readonly untilMs: number;
}

export interface Replayed {
	/** Primary before the first input. */
	readonly startPrimary: string | null;
	readonly decisions: readonly Decision[];
	readonly inputs: number;
}

const SLICE_MS = 4;
const CHECK_EVERY = 16;
const LIMIT_MS = 20_000;
/** About what applying a switch takes. */
const APPLY_MS = 20;
/** More wake-ups than this between two inputs would be a loop without end. */
const MAX_WAKES = 10_000;

/** Rejects with timeout when it takes too long, aborted when closed. */
export function startReplay(
	platform: Pick<Platform, "clock" | "timers">,
	plan: ReplayPlan,
): { readonly result: Promise<Replayed> } & Closable {
	const { clock, timers } = platform;
	let timer: Closable | null = null;
	let abort: (error: AutonomyError) => void = () => undefined;
	const result = new Promise<Replayed>((resolve, reject) => {
		const machine = createMachine(plan);
		const iterator = plan.replay.inputs[Symbol.iterator]();
		const startedAtMs = clock.monotonicMs();
		abort = reject;
		const slice = (): void => {
			timer = null;
			const sliceAtMs = clock.monotonicMs();
			if (sliceAtMs - startedAtMs > LIMIT_MS) {
				reject(new AutonomyError("timeout", "the replay takes too long; ask for a shorter time"));
				return;
			}
			try {
				do {
					for (let i = 0; i < CHECK_EVERY; i++) {
						const next = iterator.next();
						if (next.done) {
							resolve(machine.finish());
							return;
						}
						machine.feed(next.value);
					}
				} while (clock.monotonicMs() - sliceAtMs < SLICE_MS);
			} catch (error) {
				reject(error instanceof Error ? error : new AutonomyError("internal", String(error)));
				return;
			}
			timer = timers.after(0, slice);
		};
		timer = timers.after(0, slice);
	});
	return {
		result,
		close() {
			timer?.close();
			abort(new AutonomyError("aborted", "the daemon is stopping"));
		},
	};
}

interface Machine {
	feed(input: Input): void;
	finish(): Replayed;
}

function createMachine(plan: ReplayPlan): Machine {
	// The loop wrote it from its own state (input-log.ts); null only before the engine's first input.
	const first = plan.replay.checkpoint as EngineState | null;
	let state = first ?? initialState(plan.settings);
	const decisions: Decision[] = [];
	const applied: Input[] = [];
	const startPrimary = state.primary;
	let inputs = 0;
	let wakeAtMs: number | null = null;

	function one(input: Input): void {
		const result = step(state, input);
		state = result.state;
		wakeAtMs = result.wakeAtMs;
		for (const decision of result.decisions) {
			decisions.push(decision);
		}
		for (const action of result.actions) {
			if (action.kind === "steer") {
				const atMs = input.atMs + APPLY_MS;
				applied.push({
					kind: "applied",
					atMs,
					actionId: action.id,
					ok: true,
					method: "replay",
					durationMs: APPLY_MS,
					text: "",
				});
			}
		}
	}

	/** What would have happened by itself until then: reports of steering, and wake-ups. */
	function advance(untilMs: number): void {
		for (let wakes = 0; wakes < MAX_WAKES; wakes++) {
			const report = applied[0];
			if (report !== undefined && report.atMs <= untilMs && (wakeAtMs === null || report.atMs <= wakeAtMs)) {
				applied.shift();
				one(report);
			} else if (wakeAtMs !== null && wakeAtMs < untilMs) {
				one({ kind: "tick", atMs: wakeAtMs });
			} else {
				return;
			}
		}
	}

	if (plan.replay.fromMs !== null) {
		one({ kind: "settings", atMs: plan.replay.fromMs, settings: plan.settings });
	}
	return {
		feed(input) {
			inputs++;
			// Reports of what was really done, and settings that were really in force, belong to the real course.
			if (input.kind === "applied" || input.kind === "settings") {
				return;
			}
			advance(input.atMs);
			one(input.kind === "uplinks" ? { ...input, uplinks: input.uplinks.map(plan.facts) } : input);
		},
		finish() {
			advance(plan.untilMs);
			return { startPrimary, decisions, inputs };
		},
	};
}
