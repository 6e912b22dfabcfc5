/** Clock, timers and random numbers on QuickJS. Its timers count whole milliseconds from a clock cut to them. */
import type { Clock, Closable, Random, Timers } from "../platform.ts";
import { guarded, os } from "./engine.ts";

export const qjsClock: Clock = {
	monotonicMs: () => Math.round(os.now() * 1000) / 1000,
	wallMs: () => Date.now(),
};

/** Never early: the engine adds to its clock cut to whole milliseconds. */
function at(dueMs: number, callback: () => void): unknown {
	return os.setTimeout(callback, Math.max(0, Math.ceil(dueMs) - Math.floor(os.now())));
}

export const qjsTimers: Timers = {
	after(ms, callback): Closable {
		let timer: unknown = at(
			os.now() + Math.max(0, ms),
			guarded(() => {
				timer = null;
				callback();
			}),
		);
		return {
			close() {
				if (timer !== null) os.clearTimeout(timer);
				timer = null;
			},
		};
	},
	every(ms, callback): Closable {
		const period = Math.max(1, ms);
		// On whole multiples of the period: what happens every second happens in one wake-up of the processor.
		const next = (): number => (Math.floor(os.now() / period) + 1) * period;
		let due = next();
		let timer: unknown = null;
		const fire = guarded(() => {
			due += period;
			// After a stall (suspend, stopped process) go on from now instead of firing the missed ones in a row.
			if (due < os.now()) due = next();
			timer = at(due, fire);
			callback();
		});
		timer = at(due, fire);
		return {
			close() {
				if (timer !== null) os.clearTimeout(timer);
				timer = null;
			},
		};
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
