/** Clock, timers and random numbers on QuickJS. Its timers count whole milliseconds from a clock cut to them. */
import type { Clock, Closable, Random, Timers } from "../platform.ts";
import { inputsSoFar, os, tell } from "./engine.ts";

export const qjsClock: Clock = {
	monotonicMs: () => Math.round(os.now() * 1000) / 1000,
	wallMs: () => Date.now(),
};

/** A timer this late has been held up, and so has what came in meanwhile. */
const LATE_MS = 10;
const MAX_TURNS = 64;

/** One object each, for timers are set with every reply. */
interface Timer extends Closable {
	id: unknown;
	dueMs: number;
	/** 0: once. */
	readonly periodMs: number;
	/** Null: fired, or closed. Then nothing leads from here to what waits for it: a circle is garbage that only the collector finds. */
	callback: (() => void) | null;
	/** Let others read first so often, and what had been read by then. */
	turns: number;
	inputs: number;
}

function closeTimer(this: Timer): void {
	if (this.id !== null) os.clearTimeout(this.id);
	this.id = null;
	this.callback = null;
}

/** Never early: the engine adds to its clock cut to whole milliseconds. */
function set(timer: Timer): void {
	timer.id = os.setTimeout(() => fire(timer), Math.max(0, Math.ceil(timer.dueMs) - Math.floor(os.now())));
}

function start(dueMs: number, periodMs: number, callback: () => void): Timer {
	const timer: Timer = { id: null, dueMs, periodMs, callback, turns: 0, inputs: -1, close: closeTimer };
	set(timer);
	return timer;
}

/**
 * After a stall the engine would call all that is due before it reads anything, and a time limit would be over for an answer
 * that has long been there: so a late timer lets everything that waits be read first, a descriptor a turn, before it fires.
 */
function letRead(timer: Timer): boolean {
	const read = inputsSoFar();
	if (timer.inputs === read || timer.turns++ >= MAX_TURNS) return false;
	timer.inputs = read;
	timer.id = os.setTimeout(() => fire(timer), 1);
	return true;
}

function fire(timer: Timer): void {
	try {
		if (os.now() - timer.dueMs > LATE_MS && letRead(timer)) return;
		const { callback } = timer;
		timer.id = null;
		if (timer.periodMs > 0) again(timer);
		else timer.callback = null;
		callback?.();
	} catch (error) {
		tell(error);
	}
}

/** On whole multiples of the period: what happens every second happens in one wake-up of the processor. */
const nextMultiple = (period: number): number => (Math.floor(os.now() / period) + 1) * period;

function again(timer: Timer): void {
	timer.dueMs += timer.periodMs;
	// After a stall (suspend, stopped process) go on from now instead of firing the missed ones in a row.
	if (timer.dueMs < os.now()) timer.dueMs = nextMultiple(timer.periodMs);
	timer.turns = 0;
	timer.inputs = -1;
	set(timer);
}

export const qjsTimers: Timers = {
	after: (ms, callback) => start(os.now() + Math.max(0, ms), 0, callback),
	every(ms, callback) {
		const period = Math.max(1, ms);
		return start(nextMultiple(period), period, callback);
	},
};

const POOL_BYTES = 256;
const pool = new Uint8Array(POOL_BYTES);
let used = POOL_BYTES;
/** Open from the start: at the limit of open files it could not be had any more, and no name be asked for. */
const source = os.open("/dev/urandom", os.O_RDONLY);

function refill(): void {
	const count = source < 0 ? source : os.read(source, pool.buffer, 0, POOL_BYTES);
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
