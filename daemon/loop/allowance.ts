/**
 * Which uplinks are near the end of their data plan or beyond it, from what the usage sensor observes: discovery does not
 * know, but prober and engine see it as a fact of the uplink. Told only when it changes.
 */

import type { RiskInput } from "../decide/types.ts";
import type { Observation } from "../health/types.ts";
import type { Discovered, Uplink } from "../uplink/types.ts";

type Allowance = NonNullable<Uplink["allowance"]>;

export interface Allowances {
	/** True when something changed. */
	take(input: Observation | RiskInput): boolean;
	apply(discovered: Discovered): Discovered;
}

export function createAllowances(): Allowances {
	const known = new Map<string, Allowance>();
	return {
		take(input) {
			if (input.kind !== "sense" || input.values.usage_pct === undefined) return false;
			const { usage_pct, cap_pressure_pct } = input.values;
			const now = (usage_pct ?? 0) >= 100 ? "used_up" : (cap_pressure_pct ?? 0) > 0 ? "near" : null;
			if ((known.get(input.uplink) ?? null) === now) return false;
			if (now === null) known.delete(input.uplink);
			else known.set(input.uplink, now);
			return true;
		},
		apply(discovered) {
			if (known.size === 0) return discovered;
			const uplinks = discovered.uplinks.map((uplink) => {
				const allowance = known.get(uplink.id);
				return allowance === undefined ? uplink : { ...uplink, allowance };
			});
			return { ...discovered, uplinks };
		},
	};
}
