/**
 * What of the forecasts the engine has to hear. Every input is recorded, so a quiet link is told of once, and one at risk
 * again when its risk moved or after some seconds; the engine forgets what is older than VALID_MS.
 */
import type { Forecast, Risks } from "./types.ts";

export interface Told {
	readonly uplink: string;
	readonly atMs: number;
	/** Unusable for two seconds or more, beginning within ten or thirty seconds; 0-1. */
	readonly soon: number;
	readonly later: number;
	/** For five seconds or more, within thirty. */
	readonly long: number;
	readonly confidence: number;
	readonly cause: string;
	readonly text: string;
}

export interface Teller {
	tell(forecasts: readonly Forecast[]): readonly Told[];
}

export const VALID_MS = 15_000;
/** Below this there is nothing to say. */
const WORTH = 0.015;
const STEP = 0.03;
const AGAIN_MS = 10_000;

export function createTeller(): Teller {
	const last = new Map<string, { readonly atMs: number; readonly risks: Risks }>();
	return {
		tell(forecasts) {
			const told: Told[] = [];
			for (const { uplink, atMs, risks, confidence, cause, text } of forecasts) {
				const before = last.get(uplink);
				if (risks === null || (risks.any_2s_in_30s < WORTH && (before?.risks.any_2s_in_30s ?? 0) < WORTH)) {
					if (risks === null) last.delete(uplink);
					continue;
				}
				const moved =
					before === undefined ||
					Math.abs(risks.any_2s_in_10s - before.risks.any_2s_in_10s) >= STEP ||
					Math.abs(risks.any_2s_in_30s - before.risks.any_2s_in_30s) >= STEP;
				if (!moved && atMs - (before?.atMs ?? 0) < AGAIN_MS) continue;
				last.set(uplink, { atMs, risks });
				const [soon, later, long] = [risks.any_2s_in_10s, risks.any_2s_in_30s, risks.any_5s_in_30s];
				told.push({ uplink, atMs, soon, later, long, confidence, cause, text });
			}
			return told;
		},
	};
}
