/** Clock, timers and random numbers on QuickJS. Its timers count whole milliseconds from a clock cut to them. */
import type { Clock, Closable, Random, Timers } from "../platform.ts";
import { guarded, inputsSoFar, os } from "./engine.ts";

export const qjsClock: Clock = {
	monotonicMs: () => Math.round(os.now() * 1000) / 1000,
	wallMs: () => Date.now(),
};

/** A timer this late has been held up, and so has what came in meanwhile. */
const LATE_MS = 10;
const MAX_TURNS = 64;

interface Armed {
	timer: unknown;
	/** By os.now(). */
	dueMs: number;
	/** Null: fired, or closed. Then nothing leads from here to what waits for it: a circle is garbage that only the collector finds. */
	callback: (() => void) | null;
	turns: number;
	inputs: number;
}

function armedFor(callback: () => void): Armed {
	return { timer: null, dueMs: 0, callback, turns: 0, inputs: -1 };
}

/** Never early: the engine adds to its clock cut to whole milliseconds. */
function arm(armed: Armed, dueMs: number): void {
	armed.dueMs = dueMs;
	armed.turns = 0;
	armed.inputs = -1;
	wait(armed, Math.max(0, Math.ceil(dueMs) - Math.floor(os.now())));
}

function wait(armed: Armed, ms: number): void {
	armed.timer = os.setTimeout(
		guarded(() => fire(armed)),
		ms,
	);
}

/**
 * After a stall the engine would call all that is due before it reads anything, and a time limit would be over for an
 * answer that has long been there: so a late timer lets everything that waits be read first, a descriptor a turn.
 */
function fire(armed: Armed): void {
	const waits = armed.inputs !== inputsSoFar();
	armed.inputs = inputsSoFar();
	if (os.now() - armed.dueMs > LATE_MS && waits && armed.turns++ < MAX_TURNS) wait(armed, 1);
	else armed.callback?.();
}

function closing(armed: Armed): Closable {
	return {
		close() {
			if (armed.timer !== null) os.clearTimeout(armed.timer);
			armed.timer = null;
			armed.callback = null;
		},
	};
}

export const qjsTimers: Timers = {
	after(ms, callback): Closable {
		const armed = armedFor(() => {
			armed.timer = null;
			armed.callback = null;
			callback();
		});
		arm(armed, os.now() + Math.max(0, ms));
		return closing(armed);
	},
	every(ms, callback): Closable {
		const period = Math.max(1, ms);
		// On whole multiples of the period: what happens every second happens in one wake-up of the processor.
		const next = (): number => (Math.floor(os.now() / period) + 1) * period;
		let due = next();
		const armed = armedFor(() => {
			due += period;
			// After a stall (suspend, stopped process) go on from now instead of firing the missed ones in a row.
			if (due < os.now()) due = next();
			arm(armed, due);
			callback();
		});
		arm(armed, due);
		return closing(armed);
	},
};

const POOL_BYTES = 256;
const pool = new Uint8Array(POOL_BYTES);
let used = POOL_BYTES;

function refill(): void {
	const fd = os.open("/dev/urandom", os.O_RDONLY);
	const count = fd < 0 ? fd : os.read(fd, pool.buffer, 0, POOL_BYTES);
	if (fd >= 0) os.close(fd);
	if (count !== POOL_BYTES) throw new Error("/dev/urandom cannot be read");
	used = 0;
}

export const qjsRandom: Random = {
	uint32() {
		if (used + 4 > POOL_BYTES) refill();
		used += 4;
		return new DataView(pool.buffer).getUint32(used - 4);
	},
};
