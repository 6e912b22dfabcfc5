/**
 * What of the forecasts the engine has to hear. Every input is recorded, so a quiet link is told of once, and one at risk
 * again when its risk moved or after some seconds; the engine forgets what is older than VALID_MS.
 */
import type { Forecast, Glance, Risks } from "./types.ts";

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
export const WORTH = 0.015;
const STEP = 0.03;
const AGAIN_MS = 10_000;

export function createTeller(): Teller {
	const last = new Map<string, Glance & { readonly atMs: number }>();
	return {
		tell(forecasts) {
			const told: Told[] = [];
			for (const forecast of forecasts) {
				const { uplink, atMs, confidence, cause, text } = forecast;
				const before = last.get(uplink);
				const glance = forecast.glance ?? glanceAt(forecast.risks);
				if (glance === null || (glance.later < WORTH && (before?.later ?? 0) < WORTH)) {
					if (glance === null) last.delete(uplink);
					continue;
				}
				const { soon, later } = glance;
				const moved =
					before === undefined || Math.abs(soon - before.soon) >= STEP || Math.abs(later - before.later) >= STEP;
				if (!moved && atMs - (before?.atMs ?? 0) < AGAIN_MS) continue;
				last.set(uplink, { atMs, soon, later });
				const long = forecast.risks?.any_5s_in_30s ?? 0;
				told.push({ uplink, atMs, soon, later, long, confidence, cause, text });
			}
			return told;
		},
	};
}

function glanceAt(risks: Risks | null): Glance | null {
	return risks === null ? null : { soon: risks.any_2s_in_10s, later: risks.any_2s_in_30s };
}
