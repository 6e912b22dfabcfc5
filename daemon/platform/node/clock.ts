/** Clock, timers and random numbers on Node. */
import { randomBytes } from "node:crypto";
import type { Clock, Closable, Random, Timers } from "../platform.ts";

export const nodeClock: Clock = {
	// Whole microseconds: more digits only make recordings longer.
	monotonicMs: () => Math.round(performance.now() * 1000) / 1000,
	wallMs: () => Date.now(),
};

export const nodeTimers: Timers = {
	after(ms, callback): Closable {
		const timer = setTimeout(callback, Math.max(0, ms));
		return { close: () => clearTimeout(timer) };
	},
	every(ms, callback): Closable {
		const period = Math.max(1, ms);
		let due = performance.now() + period;
		let timer: NodeJS.Timeout | null = null;
		const arm = (): void => {
			timer = setTimeout(fire, Math.max(0, due - performance.now()));
		};
		const fire = (): void => {
			due += period;
			// After a stall (suspend, stopped process) go on from now instead of firing the missed ones in a row.
			if (due < performance.now()) due = performance.now() + period;
			arm();
			callback();
		};
		arm();
		return {
			close() {
				if (timer) clearTimeout(timer);
				timer = null;
			},
		};
	},
};

export const nodeRandom: Random = {
	uint32: () => randomBytes(4).readUInt32BE(0),
};
