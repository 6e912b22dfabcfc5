/**
 * Makes every decision again from the recording and compares it byte for byte with what the router did: the decisions,
 * events and actions of the live run are kept as JSON until they were found again, then let go.
 */
import { step } from "../../daemon/decide/engine.ts";
import type { Settings } from "../../daemon/decide/settings.ts";
import { type EngineState, initialState } from "../../daemon/decide/state.ts";
import type { LoopOutput } from "../../daemon/loop/loop.ts";
import type { Recorder } from "../../daemon/record/recorder.ts";

export interface Replays {
	/** What the live engine put out. */
	live(output: LoopOutput): void;
	/** Replays from the last verified moment up to now; returns how many differences were found. */
	verify(state: EngineState, nowMs: number): number;
	/** Decisions found again so far. */
	decisions(): number;
	inputs(): number;
	readonly texts: readonly string[];
}

const MAX_TEXTS = 5;

export function createReplays(recorder: Recorder, settings: Settings): Replays {
	/** "d17" or "e4" or "a9" -> JSON, of everything since the last verified moment. */
	let kept = new Map<string, string>();
	let older = new Map<string, string>();
	let verifiedMs = 0;
	let decisions = 0;
	let inputs = 0;
	const texts: string[] = [];

	function* lines(output: LoopOutput): Generator<readonly [string, string]> {
		for (const decision of output.decisions) yield [decision.id, JSON.stringify(decision)];
		for (const event of output.events) yield [event.id, JSON.stringify(event)];
		for (const action of output.actions) yield [action.id, JSON.stringify(action)];
	}

	return {
		live(output) {
			for (const [id, json] of lines(output)) kept.set(id, json);
		},
		verify(live, nowMs) {
			const replay = recorder.replay(verifiedMs);
			let differences = 0;
			const differ = (text: string): void => {
				differences++;
				if (texts.length < MAX_TEXTS) texts.push(text);
			};
			// The oldest chunk may begin later than what was verified: then some of it was lost to the memory limit.
			if ((replay.fromMs ?? 0) > verifiedMs && verifiedMs > 0) differ(`nothing recorded from ${verifiedMs} ms on`);
			let state = (replay.checkpoint as EngineState | null) ?? initialState(settings);
			const missing = new Set(kept.keys());
			for (const input of replay.inputs) {
				inputs++;
				const result = step(state, input);
				state = result.state;
				for (const [id, json] of lines(result)) {
					const was = kept.get(id) ?? older.get(id);
					// Made before the part that is kept here: found again already.
					if (was === undefined && input.atMs < verifiedMs) continue;
					if (was !== json) differ(`${id}: ${was ?? "not made"}\nreplayed: ${json}`);
					if (missing.delete(id) && id.startsWith("d")) decisions++;
				}
			}
			for (const id of missing) differ(`${id} was not made again: ${kept.get(id)}`);
			if (JSON.stringify(state) !== JSON.stringify(live)) differ("the state after the replay differs");
			older = kept;
			kept = new Map();
			verifiedMs = nowMs;
			return differences;
		},
		decisions: () => decisions,
		inputs: () => inputs,
		texts,
	};
}
