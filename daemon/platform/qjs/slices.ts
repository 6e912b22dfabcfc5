/**
 * Long reckoning in slices, so that nothing else waits for it long: one piece of work at a time, and after each slice a pause
 * as long as that was, so that the rest of the daemon always has half of the processor. A slice ends with the first step
 * beyond its time, however slow the processor is.
 */
import { qjsClock, qjsTimers } from "./clock.ts";
import type { Steps } from "./p256.ts";

const SLICE_MS = 4;

let last: Promise<unknown> = Promise.resolve();

function run<T>(work: Steps<T>): Promise<T> {
	return new Promise((resolve, reject) => {
		const turn = (): void => {
			const begunMs = qjsClock.monotonicMs();
			try {
				let step = work.next();
				let tookMs = 0;
				while (step.done !== true && tookMs < SLICE_MS) {
					step = work.next();
					tookMs = qjsClock.monotonicMs() - begunMs;
				}
				if (step.done === true) resolve(step.value);
				else qjsTimers.after(tookMs, turn);
			} catch (error) {
				reject(error);
			}
		};
		qjsTimers.after(0, turn);
	});
}

/** Its result or its error, when all that was begun before it is done. */
export function inSlices<T>(work: Steps<T>): Promise<T> {
	const done = last.then(() => run(work));
	last = done.catch(() => undefined);
	return done;
}
