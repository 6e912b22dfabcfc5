/** Carries out what the engine decided, and tells the engine and the log what became of it. */
import type { Input, SteerAction } from "../decide/types.ts";
import { errorText } from "../platform/error.ts";
import type { Logger } from "../platform/log.ts";
import type { Platform } from "../platform/platform.ts";
import type { Steerer } from "../steer/types.ts";

export interface Switching {
	steer(action: SteerAction): Promise<void>;
}

export function createSwitching(options: {
	steerer: Steerer;
	log: Logger;
	clock: Platform["clock"];
	releaseFlows: () => boolean;
	applied: (input: Input) => void;
}): Switching {
	const { steerer, log, clock } = options;

	function applied(actionId: string, ok: boolean, method: string, durationMs: number, text: string): void {
		// A plan overtaken by a newer one is no failure.
		log[ok || method === "nothing_to_do" ? "info" : "error"]("switch", {
			action_id: actionId,
			ok,
			method,
			duration_ms: Math.round(durationMs),
			reason: text,
		});
		options.applied({ kind: "applied", atMs: clock.monotonicMs(), actionId, ok, method, durationMs, text });
	}

	return {
		async steer(action) {
			const wanted = options.releaseFlows() ? action : { ...action, release: [] };
			try {
				const report = await steerer.apply(wanted);
				applied(action.id, report.ok, report.method, report.durationMs, report.text);
			} catch (error) {
				applied(action.id, false, "none", 0, errorText(error));
			}
		},
	};
}
