/**
 * When probes tell that something changed, it may be the way they leave by: netifd empties our tables without a word when an
 * interface gets another metric, and TCP then goes by any uplink. So a family that falls silent, and one that is watched in
 * another way from now on, are reasons to look at the kernel; that the same is told again is none.
 */
import type { Observation } from "../health/types.ts";

/** Answers why to look, or null. */
export function createDoubts(): (observation: Observation) => string | null {
	const known = new Map<string, { readonly dead: boolean; readonly method: string }>();
	return (observation) => {
		if (observation.kind !== "reach") return null;
		const { uplink, family, verdict, evidence } = observation;
		const key = `${uplink} ${family}`;
		const before = known.get(key);
		const asked = evidence.method !== "carrier" && evidence.method !== "none";
		const method = asked ? evidence.method : (before?.method ?? evidence.method);
		const dead = verdict === "dead";
		known.set(key, { dead, method });
		if (before === undefined || !asked) return null;
		if (dead && !before.dead) return `${key}: silent`;
		return method !== before.method ? `${key}: watched by ${method}` : null;
	};
}
