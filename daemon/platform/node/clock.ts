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
		// Never early: Node cuts fractions off, and who is woken too soon only goes to sleep again.
		const timer = setTimeout(callback, Math.ceil(Math.max(0, ms)));
		return { close: () => clearTimeout(timer) };
	},
	every(ms, callback): Closable {
		const period = Math.max(1, ms);
		// On whole multiples of the period: what happens every second happens in one wake-up of the processor.
		const next = (): number => (Math.floor(performance.now() / period) + 1) * period;
		let due = next();
		let timer: NodeJS.Timeout | null = null;
		const arm = (): void => {
			timer = setTimeout(fire, Math.ceil(Math.max(0, due - performance.now())));
		};
		const fire = (): void => {
			due += period;
			// After a stall (suspend, stopped process) go on from now instead of firing the missed ones in a row.
			if (due < performance.now()) due = next();
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
