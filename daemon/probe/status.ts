/** How probing is told to people: method, pace, cost, verdicts, and every fallback in words. Pure. */
import type { Pace, Role } from "./budget.ts";
import type { WatchStatus } from "./watch-types.ts";

export interface UplinkProbeStatus {
	readonly uplink: string;
	readonly role: Role;
	/** "fping", "ping", "tcp", "dns", "carrier" or "none", of the first family that is watched. */
	readonly method: string;
	/** Between two probes of one family at rest. */
	readonly intervalMs: number | null;
	/** Of the last 24 hours. */
	readonly bytesToday: number;
	readonly budgetBytes: number;
	readonly steadyBytesPerDay: number;
	readonly families: readonly WatchStatus[];
	/** Anything out of the ordinary, in words; null when all is well. */
	readonly text: string | null;
}

export interface Described {
	readonly uplink: string;
	readonly role: Role;
	readonly families: readonly WatchStatus[];
	readonly usedBytes: number;
	readonly pace: Pace;
	readonly overBudget: boolean;
	readonly countersProblem: string | null;
}

export function describe(member: Described): UplinkProbeStatus {
	const { families, pace } = member;
	const first = families[0];
	const problems = new Set(families.flatMap((one) => one.problems));
	if (member.overBudget) problems.add("the day's probe budget is used up: probed once a minute");
	if (member.countersProblem !== null) problems.add(member.countersProblem);
	for (const { target, standing } of families.flatMap((one) => one.targets)) {
		if (standing === "silent") problems.add(`${target} does not answer here, its peers do: it does not count`);
		if (standing === "lossy") problems.add(`${target} loses pings that its peers answer: it does not count`);
	}
	return {
		uplink: member.uplink,
		role: member.role,
		method: first === undefined ? "none" : first.method === "icmp" ? (first.program ?? "none") : first.method,
		intervalMs: first?.spacingMs ?? null,
		bytesToday: Math.round(member.usedBytes),
		budgetBytes: pace.budgetBytesPerDay,
		steadyBytesPerDay: pace.steadyBytesPerDay,
		families,
		text: problems.size === 0 ? null : [...problems].join("; "),
	};
}
