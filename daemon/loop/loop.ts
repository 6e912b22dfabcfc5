/**
 * The loop: every input goes through the pure engine, one at a time and in order; what comes out is recorded, told to
 * whoever listens, and handed to steer/ and probe/. It decides nothing itself. An input that arrives while another is
 * being worked on waits in a bounded queue. What the engine would only remember (decide/calm.ts) waits for company: a dozen
 * replies at once cost a fraction of what each costs in a wake-up of its own. It is taken before anything else is, and
 * before anybody looks. When ticks come: ticks.ts, which it owns; `close()` ends it.
 */
import { isCalmInput, takeTogether } from "../decide/calm.ts";
import { type StepResult, step } from "../decide/engine.ts";
import type { Settings } from "../decide/settings.ts";
import { type EngineState, initialState, type Waiting } from "../decide/state.ts";
import type { Action, Decision, EngineEvent, Input, SteerAction } from "../decide/types.ts";
import { errorText } from "../platform/error.ts";
import type { Logger } from "../platform/log.ts";
import type { Closable, Platform } from "../platform/platform.ts";
import { createTicks } from "./ticks.ts";

/** More than this waiting means that something feeds without end; the oldest plain observations are given up first. */
const MAX_QUEUE = 4096;

/** So many wait for company at most: two seconds of sixteen uplinks in use at the quickest pace, both families. More end the calm. */
const MAX_COMPANY = 512;

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
	readonly onInput: (input: Input) => void;
	readonly onOutput: (output: LoopOutput, state: EngineState) => void;
	/** Begins at once and answers later, by an input. */
	readonly steer: (action: SteerAction) => void;
	readonly recheck: (uplinks: readonly string[]) => void;
	/** After every tick, with the state it left behind. */
	readonly onTick: (state: EngineState, atMs: number) => void;
	/** What has been seen and not been told yet is told now. */
	readonly beforeTick?: () => void;
}

export interface Loop extends Closable {
	feed(input: Input): void;
	state(): EngineState;
	/** Feeds one input and returns what the engine made of it (commands from serve/ need the answer at once). */
	ask(input: Input): LoopOutput;
	start(): void;
}

export function createLoop(options: LoopOptions): Loop {
	const { clock } = options.platform;
	const { log } = options;
	const queue: Input[] = [];
	const told = new Set<string>();
	let state = initialState(options.settings);
	let busy = false;
	let dropped = 0;
	let closed = false;
	/** Of all inputs. */
	let latestMs = Number.NEGATIVE_INFINITY;
	/** What waits for company; nothing is in the queue meanwhile. */
	let company: Waiting[] = [];
	/** Of it what onInput has heard, but not yet the engine. */
	let heard: Waiting[] = [];

	function one(input: Input): LoopOutput {
		options.onInput(input);
		// What is foretold is no news by itself, only what follows from it.
		if (input.kind !== "tick" && input.kind !== "forecast") ticks.stir(input.atMs);
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
			ticks.stir(input.atMs);
			options.onOutput(result, state);
		}
		for (const action of result.actions) if (action.kind !== "steer") options.recheck(action.uplinks);
		ticks.wakeAt(result.wakeAtMs);
		return result;
	}

	/** The engine gets in one go what came together. */
	function remember(): void {
		if (heard.length === 0) return;
		state = takeTogether(state, heard);
		heard = [];
	}

	function drain(): void {
		for (let input = company.shift(); input !== undefined; input = company.shift()) {
			options.onInput(input);
			heard.push(input);
		}
		remember();
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

	function tick(atMs: number, nextMs: number): void {
		const later = company.filter((one) => one.atMs > atMs);
		if (later.length > 0) {
			company = company.filter((one) => one.atMs <= atMs);
			latestMs = atMs;
		}
		feed({ kind: "tick", atMs });
		options.onTick(state, atMs);
		// Perhaps not calm any more, now that the tick has been worked on.
		for (const one of later) {
			if (one.atMs <= nextMs) feed(one);
			else company.push(one);
		}
	}

	const ticks = createTicks({
		platform: options.platform,
		everyMs: options.tickMs,
		before: () => options.beforeTick?.(),
		tick,
		wake: (atMs) => feed({ kind: "tick", atMs }),
	});

	/** Ticks that wait come before what is fed or asked now. */
	function catchUp(nowMs: number): void {
		if (!busy) ticks.catchUp(nowMs);
	}

	function feed(next: Input): void {
		if (closed) return;
		if (busy) {
			enqueue(inOrder(next));
			return;
		}
		if (!mayWait(next)) catchUp(next.atMs);
		const input = inOrder(next);
		if (mayWait(input)) company.push(input);
		else {
			enqueue(input);
			work();
		}
	}

	/** What was read late is told with the time at which it came; time does not go back for the engine. */
	function inOrder(next: Input): Input {
		const input = next.atMs < latestMs ? { ...next, atMs: latestMs } : next;
		latestMs = input.atMs;
		return input;
	}

	/** With others like it: they change nothing of what is asked of the state here but its time. */
	function mayWait(input: Input): input is Waiting {
		return company.length < MAX_COMPANY && isCalmInput(state, input);
	}

	function work(): void {
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
			catchUp(clock.monotonicMs());
			if (!busy && company.length > 0) work();
			// Asked for in the middle of that, by the record: as it was before the input it has just heard of.
			remember();
			return state;
		},
		ask(input) {
			const output = { decisions: [] as Decision[], events: [] as EngineEvent[], actions: [] as Action[] };
			if (closed) return output;
			// Whatever waited came first.
			catchUp(input.atMs);
			const outer = busy;
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
		start: () => ticks.start(),
		close() {
			closed = true;
			ticks.close();
			queue.length = 0;
			company = [];
		},
	};
}
