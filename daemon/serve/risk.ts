/** One figure of the forecast for the replies that show every uplink. */
import type { ServeDeps } from "./deps.ts";

/** 0-1, that an uplink is unusable for 2 s or more, beginning within 10 s; null: not known. */
export function riskOf(deps: Pick<ServeDeps, "forecast">): (uplink: string) => number | null {
	const { uplinks } = deps.forecast();
	return (id) => uplinks.find((each) => each.uplink === id)?.risks?.any_2s_in_10s ?? null;
}
