/** Steering actions and reports as plain data: what two waiting actions come to, what an action without work reports. */
import type { SteerAction } from "../decide/types.ts";
import type { SteerMethod, SteerReport } from "./types.ts";

export function emptyReport(method: SteerMethod, ok: boolean, text: string): SteerReport {
	return { ok, method, changed: [], verified: false, durationMs: 0, movedMs: null, processes: 0, text, released: [] };
}

/** What two waiting actions come to: the later plan, and whatever either wants released that the plan does not use. */
export function mergeActions(earlier: SteerAction, later: SteerAction): SteerAction {
	if (earlier.mode !== "dead") return later;
	const release = [...later.release];
	for (const wish of earlier.release) {
		const families = wish.families.filter((family) => later.plan.families[family].avoid.includes(wish.uplink));
		if (families.length > 0 && !release.some((other) => other.uplink === wish.uplink)) {
			release.push({ uplink: wish.uplink, families });
		}
	}
	return release.length > 0 ? { ...later, mode: "dead", release } : later;
}
