/** The end of the process, whatever asked for it: once, and in any case, even when what has to be closed fails or stands still. */
import { errorText } from "../platform/error.ts";
import type { Logger } from "../platform/log.ts";
import type { Platform } from "../platform/platform.ts";

/** Longer than the router takes to be given back (give-back.ts). */
export const LEAVE_MS = 10_000;

export function createLeave(options: {
	readonly timers: Platform["timers"];
	readonly log: Logger;
	readonly stop: () => Promise<void>;
	/** All is closed, nothing went wrong: nobody needs to look after what is left. */
	readonly inOrder: () => void;
	readonly exit: (code: number) => void;
}): (reason: string, code: number) => void {
	const { timers, log, exit } = options;
	let leaving = false;

	function failed(reason: string): void {
		log.error("shutdown", { reason });
		exit(1);
	}

	return (reason, code) => {
		if (leaving) return;
		leaving = true;
		log.info("shutdown", { reason });
		timers.after(LEAVE_MS, () => failed(`not done within ${LEAVE_MS} ms`));
		options.stop().then(
			() => {
				if (code === 0) options.inOrder();
				exit(code);
			},
			(error) => failed(errorText(error)),
		);
	};
}
