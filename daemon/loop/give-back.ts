/** Gives the router back at the end, but does not wait for ever: procd would kill us in the middle of it. */
import { errorText } from "../platform/error.ts";
import type { Logger } from "../platform/log.ts";
import type { Platform } from "../platform/platform.ts";
import type { Steerer } from "../steer/types.ts";

const LIMIT_MS = 8000;

export function giveBack(steerer: Steerer, timers: Platform["timers"], log: Logger): Promise<void> {
	return new Promise((resolve) => {
		const timer = timers.after(LIMIT_MS, () => {
			log.error("shutdown", {
				reason: `the router could not be given back within ${LIMIT_MS} ms; --give-back does it later`,
			});
			resolve();
		});
		const done = (problems: readonly string[]): void => {
			timer.close();
			for (const reason of problems) log.error("shutdown", { reason });
			resolve();
		};
		steerer.giveBack().then(
			(report) => done(report.problems),
			(error) => done([errorText(error)]),
		);
	});
}
