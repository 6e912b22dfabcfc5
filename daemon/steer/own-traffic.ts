/**
 * Where the router's own connections go while mwan3's chains are steered: the questions of dnsmasq, updates, mail. A socket
 * that is bound to nothing takes its address by the main table, which still prefers an uplink that is left; mwan3's mark
 * then has the route looked up again, our source rule (source-rules.ts) is found before mwan3's, and the packet leaves by
 * the dead uplink (measured: a fetch on the router timed out, with these rules it is answered after 228 ms). So as long as
 * main prefers another uplink than the plan does, what the router itself sends asks the leader's table first:
 *
 *   31990  iif lo   main, all but the default route
 *   31991  iif lo   the table of the uplink that leads the plan
 *
 * When main prefers something that is no uplink (a VPN), or the leader, there is no rule. Pure but for the keeper below.
 */
import type { FamilyPlan, Plan } from "../decide/types.ts";
import { FAMILIES, type Family } from "../health/types.ts";
import { errorText } from "../platform/error.ts";
import { together } from "./lane.ts";
import { ipLine } from "./names.ts";
import {
	type KernelRule,
	OWN_TRAFFIC,
	PREF_LEADER,
	parseRules,
	SLOTS,
	type SourceRule,
	TABLE_FIRST,
} from "./source-rules.ts";
import type { StateFile } from "./state-file.ts";
import type { Tools } from "./tools.ts";

const PREF_SPECIFIC = 31_990;
const SPECIFIC = ["pref", String(PREF_SPECIFIC), "iif", "lo", "lookup", "main", "suppress_prefixlength", "0"];
const leader = (table: number | string): string[] => [
	"pref",
	String(PREF_LEADER),
	"iif",
	"lo",
	"lookup",
	String(table),
];

/** Device of the default route the main table prefers; null without one. Input: `ip route show default`. */
export function preferredDevice(text: string): string | null {
	let best: { device: string; metric: number } | null = null;
	for (const line of text.split("\n")) {
		const device = /^default .*?\bdev (\S+)/.exec(line)?.[1];
		// `ip -6` prints a metric always; without one it is 0, the best.
		const metric = Number(/ metric (\d+)/.exec(line)?.[1] ?? 0);
		if (device !== undefined && (best === null || metric < best.metric)) best = { device, metric };
	}
	return best?.device ?? null;
}

/** The table that should be asked first; null: main's own order will do. `rules`: of this family. */
export function leaderTable(plan: FamilyPlan, rules: readonly SourceRule[], mains: string | null): number | null {
	const first = rules.find((rule) => rule.uplink === plan.rank[0]);
	const prefers = rules.find((rule) => rule.own.device === mains);
	if (first === undefined || prefers === undefined || first.own.device === mains) return null;
	return first.table;
}

/** Lines that lead from the rules of the kernel to the wanted ones: the new leader before the old one goes. */
export function ownSteps(actual: readonly KernelRule[], table: number | null): string[] {
	const add: string[] = [];
	const remove: string[] = [];
	const specific = actual.some((rule) => rule.pref === PREF_SPECIFIC && rule.selector === OWN_TRAFFIC);
	const leaders = actual.filter(
		(rule) => rule.pref === PREF_LEADER && rule.selector === OWN_TRAFFIC && isOwn(rule.table),
	);
	if (table !== null && !specific) add.push(ipLine(["rule", "add", ...SPECIFIC]));
	if (table !== null && !leaders.some((rule) => rule.table === String(table)))
		add.push(ipLine(["rule", "add", ...leader(table)]));
	for (const rule of leaders)
		if (rule.table !== String(table)) remove.push(ipLine(["rule", "del", ...leader(rule.table)]));
	if (table === null && specific) remove.push(ipLine(["rule", "del", ...SPECIFIC]));
	return [...add, ...remove];
}

function isOwn(table: string): boolean {
	const slot = Number(table) - TABLE_FIRST;
	return slot >= 0 && slot < SLOTS;
}

export interface OwnTraffic {
	/**
	 * `families`: those mwan3 steers. `seen`: rules and main's default routes, where they were read just now. Returns what
	 * was changed, a text per family.
	 */
	follow(plan: Plan | null, families: readonly Family[], seen?: (family: Family) => string | null): Promise<string[]>;
	giveBack(): Promise<{ changed: string[]; problems: string[] }>;
	problems(): string[];
}

export function createOwnTraffic(tools: Tools, state: StateFile): OwnTraffic {
	const troubles = new Map<Family, string[]>();
	/** Families known to have no rule: looking at them again costs nothing. */
	const clean = new Set<Family>();

	const followFamily = async (family: Family, plan: Plan | null, seen: string | null): Promise<string | null> => {
		if (plan === null && clean.has(family)) return null;
		const rules = state.get().rules.filter((rule) => rule.family === family);
		const routes = plan === null ? "" : (seen ?? (await tools.ipShow(family, ["route", "show", "default"])));
		const table = plan === null ? null : leaderTable(plan.families[family], rules, preferredDevice(routes));
		if (table === null && clean.has(family)) return null;
		const steps = ownSteps(parseRules(seen ?? (await tools.ipShow(family, ["rule", "show"]))), table);
		clean.delete(family);
		const failed = await tools.ipChange(family, steps);
		troubles.set(family, failed);
		if (table === null && failed.length === 0) clean.add(family);
		if (steps.length === 0) return null;
		const to = rules.find((rule) => rule.table === table)?.uplink;
		return `${family} of the router itself: ${to ?? "as the main table says"}`;
	};

	const follow: OwnTraffic["follow"] = async (plan, families, seen = () => null) => {
		const changed = await together(
			FAMILIES.map(async (family) => {
				try {
					return await followFamily(family, families.includes(family) ? plan : null, seen(family));
				} catch (error) {
					troubles.set(family, [`${family} connections of the router itself: ${errorText(error)}`]);
					return null;
				}
			}),
		);
		return changed.filter((text) => text !== null);
	};

	return {
		follow,
		async giveBack() {
			const changed = await follow(null, []);
			return { changed, problems: [...troubles.values()].flat() };
		},
		problems: () => [...troubles.values()].flat(),
	};
}
