/**
 * The loop: every input goes through the pure engine, one at a time and in order; what comes out is recorded, told to
 * whoever listens, and handed to steer/ and probe/. It decides nothing itself. An input that arrives while another is
 * being worked on waits in a bounded queue. What the engine would only remember (decide/calm.ts) waits for company: a dozen
 * replies at once cost a fraction of what each costs in a wake-up of its own. It is taken before anything else is, and
 * before anybody looks. Owns the tick timer; `close()` ends it.
 */
import { isCalmInput } from "../decide/calm.ts";
import { type StepResult, step } from "../decide/engine.ts";
import type { Settings } from "../decide/settings.ts";
import { type EngineState, initialState } from "../decide/state.ts";
import type { Action, Decision, EngineEvent, Input, SteerAction } from "../decide/types.ts";
import { errorText } from "../platform/error.ts";
import type { Logger } from "../platform/log.ts";
import type { Closable, Platform } from "../platform/platform.ts";

/** More than this waiting means that something feeds without end; the oldest plain observations are given up first. */
const MAX_QUEUE = 4096;

/** So many wait for company at most. */
const MAX_COMPANY = 64;

export interface LoopOutput {
	readonly decisions: readonly Decision[];
	readonly events: readonly EngineEvent[];
	readonly actions: readonly Action[];
}

export interface LoopOptions {
	readonly platform: Pick<Platform, "clock" | "timers">;
	readonly log: Logger;
	readonly settings: Settings;
	readonly tickMs: () => number;
	/** Before the engine sees it: the record keeps every input. */
	readonly onInput: (input: Input, state: EngineState) => void;
	readonly onOutput: (output: LoopOutput, state: EngineState) => void;
	/** Begins at once and answers later, by an input. */
	readonly steer: (action: SteerAction) => void;
	readonly recheck: (uplinks: readonly string[]) => void;
	/** After every tick, with the state it left behind. */
	readonly onTick: (state: EngineState, atMs: number) => void;
}

export interface Loop extends Closable {
	feed(input: Input): void;
	state(): EngineState;
	/** Feeds one input and returns what the engine made of it (commands from serve/ need the answer at once). */
	ask(input: Input): LoopOutput;
	start(): void;
}

export function createLoop(options: LoopOptions): Loop {
	const { clock, timers } = options.platform;
	const { log } = options;
	const queue: Input[] = [];
	const told = new Set<string>();
	let state = initialState(options.settings);
	let busy = false;
	let timer: Closable | null = null;
	let dueMs = Number.POSITIVE_INFINITY;
	let nextTickMs = 0;
	let dropped = 0;
	let closed = false;
	/** What is in the queue waits for company. */
	let waits = false;

	function one(input: Input): LoopOutput {
		options.onInput(input, state);
		let result: StepResult;
		try {
			result = step(state, input);
		} catch (error) {
			// The engine is pure: its state is as before this input, and the next one finds it whole.
			const text = errorText(error);
			if (!told.has(text)) log.error("decision", { reason: `input ${input.kind} was refused: ${text}` });
			if (told.size < 100) told.add(text);
			return { decisions: [], events: [], actions: [] };
		}
		state = result.state;
		// The network first: what is recorded, logged and told takes its time.
		for (const action of result.actions) if (action.kind === "steer") options.steer(action);
		if (result.decisions.length > 0 || result.events.length > 0 || result.actions.length > 0) {
			options.onOutput(result, state);
		}
		for (const action of result.actions) if (action.kind !== "steer") options.recheck(action.uplinks);
		arm(result.wakeAtMs);
		return result;
	}

	function drain(): void {
		for (let input = queue.shift(); input !== undefined; input = queue.shift()) one(input);
	}

	function enqueue(input: Input): void {
		if (queue.length >= MAX_QUEUE) {
			const victim = queue.findIndex((waiting) => waiting.kind === "probe" || waiting.kind === "traffic");
			queue.splice(Math.max(0, victim), 1);
			if (dropped++ === 0)
				log.error("decision", { reason: "inputs come faster than they are worked on; oldest dropped" });
		}
		queue.push(input);
	}

	/** On whole multiples of the interval, where the other timers of this length are: one wake-up for all. */
	function nextTick(nowMs: number): number {
		const everyMs = options.tickMs();
		return (Math.floor(nowMs / everyMs) + 1) * everyMs;
	}

	/** The tick, or sooner when the engine asks to be woken. */
	function arm(wakeAtMs: number | null): void {
		if (closed) return;
		const wanted = Math.min(nextTickMs, wakeAtMs ?? Number.POSITIVE_INFINITY);
		if (timer !== null && dueMs <= wanted) return;
		timer?.close();
		dueMs = wanted;
		timer = timers.after(Math.max(1, wanted - clock.monotonicMs()), () => {
			timer = null;
			dueMs = Number.POSITIVE_INFINITY;
			const atMs = clock.monotonicMs();
			const isTick = atMs >= nextTickMs;
			if (isTick) nextTickMs = nextTick(atMs);
			feed({ kind: "tick", atMs });
			if (isTick) options.onTick(state, atMs);
			arm(null);
		});
	}

	function feed(input: Input): void {
		if (closed) return;
		enqueue(input);
		if (busy) return;
		waits = mayWait(input);
		if (!waits) work();
	}

	/** Behind others like it only: they change nothing of what is asked of the state here but its time. */
	function mayWait(input: Input): boolean {
		const before = queue[queue.length - 2];
		if (queue.length > MAX_COMPANY || (before !== undefined && before.atMs > input.atMs)) return false;
		return isCalmInput(state, input);
	}

	function work(): void {
		waits = false;
		busy = true;
		try {
			drain();
		} finally {
			busy = false;
		}
	}

	return {
		feed,
		state() {
			if (waits) work();
			return state;
		},
		ask(input) {
			const output = { decisions: [] as Decision[], events: [] as EngineEvent[], actions: [] as Action[] };
			if (closed) return output;
			// Whatever waited came first.
			const outer = busy;
			waits = false;
			busy = true;
			try {
				drain();
				const result = one(input);
				output.decisions.push(...result.decisions);
				output.events.push(...result.events);
				output.actions.push(...result.actions);
				if (!outer) drain();
			} finally {
				busy = outer;
			}
			return output;
		},
		start() {
			nextTickMs = nextTick(clock.monotonicMs());
			arm(null);
		},
		close() {
			closed = true;
			timer?.close();
			timer = null;
			queue.length = 0;
		},
	};
}
