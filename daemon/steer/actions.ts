/** Steering actions and reports as plain data: what two waiting actions come to, what an action without work reports. */
import type { SteerAction } from "../decide/types.ts";
import type { Moved } from "./mwan3-steering.ts";
import type { RouteOutcome } from "./route-steering.ts";
import type { Released, SteerMethod, SteerReport } from "./types.ts";

export interface Freed {
	readonly released: readonly Released[];
	readonly notes: readonly string[];
}

export function emptyReport(method: SteerMethod, ok: boolean, text: string): SteerReport {
	return { ok, method, changed: [], verified: false, durationMs: 0, movedMs: null, processes: 0, text, released: [] };
}

/** What two waiting actions come to: the later plan, and whatever either wants released that the plan does not use. */
export function mergeActions(earlier: SteerAction, later: SteerAction): SteerAction {
	if (earlier.mode !== "dead") return later;
	const release = [...later.release];
	for (const wish of earlier.release) {
		const families = wish.families.filter((family) => later.plan.families[family].avoid.includes(wish.uplink));
		const at = release.findIndex((other) => other.uplink === wish.uplink);
		const other = release[at];
		if (other !== undefined) release[at] = { ...other, families: [...new Set([...other.families, ...families])] };
		else if (families.length > 0) release.push({ uplink: wish.uplink, families });
	}
	return release.length > 0 ? { ...later, mode: "dead", release } : later;
}

/** One report of what both hands did. */
export function reportOf(
	chains: Moved,
	main: RouteOutcome,
	freed: readonly Freed[],
	durationMs: number,
	processes: number,
	movedMs: number | null,
): SteerReport {
	const changed = [...chains.changed, ...main.changed];
	const verified = chains.verified && main.verified;
	const byRoutes = main.changed.length > 0 ? "routes" : "nothing_to_do";
	const released = freed.flatMap((part) => part.released);
	const notes = [...chains.notes, ...main.notes, ...freed.flatMap((part) => part.notes)];
	const flows = released.map((entry) => `${entry.flows} ${entry.family} connections of ${entry.uplink} freed`);
	const head = changed.length > 0 || !verified ? changed : ["the router was already as wanted"];
	return {
		ok: verified,
		method: chains.method === "nothing_to_do" ? byRoutes : chains.method,
		changed,
		verified,
		durationMs,
		movedMs: changed.length > 0 ? movedMs : null,
		processes,
		text: [...head, ...flows, ...notes].join("; "),
		released,
	};
}
