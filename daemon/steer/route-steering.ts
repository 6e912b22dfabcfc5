/** Steering of a family that mwan3 does not manage: keeps one default route of ours as routes.ts plans it. */
import type { Plan } from "../decide/types.ts";
import { FAMILIES, type Family } from "../health/types.ts";
import { errorText } from "../platform/error.ts";
import type { Uplink } from "../uplink/types.ts";
import { together } from "./lane.ts";
import {
	type DefaultRoute,
	giveBackSteps,
	lastRouteSteps,
	lostRoutes,
	type NetifdDefault,
	parseDefaultRoutes,
	planRoute,
	type RouteChange,
} from "./routes.ts";
import { ownTable } from "./source-rules.ts";
import type { StateFile } from "./state-file.ts";
import type { Tools } from "./tools.ts";
import type { RouteStatus } from "./types.ts";

export interface RouteOutcome {
	readonly changed: readonly string[];
	readonly verified: boolean;
	readonly notes: readonly string[];
}

export interface FollowOptions {
	/** Called for each family as soon as its traffic goes the new way. */
	readonly onMoved?: (family: Family) => void;
	/** Before a family leaves an uplink: what is to happen to open connections; null or a note for the report. */
	readonly onLeave?: (family: Family, uplink: string) => Promise<string | null>;
}

export interface RouteSteering {
	setUplinks(uplinks: readonly Uplink[]): void;
	/** Reads, changes and reads back the main table of these families; elsewhere takes away what is ours. */
	follow(plan: Plan | null, families: readonly Family[], options?: FollowOptions): Promise<RouteOutcome>;
	wouldChange(plan: Plan, families: readonly Family[]): Promise<string[]>;
	/** Uplink new connections of this family use by the main table, as last read. */
	carrier(family: Family): string | null;
	giveBack(): Promise<{ changed: string[]; problems: string[] }>;
	routes(): RouteStatus[];
	problems(): string[];
}

export function createRouteSteering(tools: Tools, state: StateFile): RouteSteering {
	let uplinks: readonly Uplink[] = [];
	const carriers = new Map<Family, string | null>();
	const reasons = new Map<Family, string>();

	/** Of two over one device the one that is up: the other one may be a leftover of the configuration. */
	const owner = (family: Family) => (device: string) => {
		const all = uplinks.filter((uplink) => !uplink.tunnel && (uplink[family]?.device ?? uplink.device) === device);
		return (all.find((uplink) => uplink[family]?.up) ?? all[0])?.id ?? null;
	};
	/** What netifd should have put into the main table, whether or not the kernel still has it. */
	const netifdDefaults = (family: Family): NetifdDefault[] =>
		uplinks.flatMap((uplink) => {
			const link = uplink[family];
			if (uplink.tunnel || link === null || link.apart) return [];
			const { gateway, onlink } = ownTable(family, link, link.device ?? "");
			return [{ up: link.up && link.hasDefaultRoute, device: link.device, gateway, onlink, metric: link.metric }];
		});
	const missing = (family: Family, routes: readonly DefaultRoute[], old: RouteChange | null): DefaultRoute[] =>
		lostRoutes(family, routes, old, netifdDefaults(family));
	/** Uplinks that the router by itself could not fail over between. */
	const sameMetric = (family: Family): string[] => {
		const groups = new Map<number, string[]>();
		for (const uplink of uplinks) {
			const link = uplink[family];
			if (uplink.tunnel || !link?.up || !link.hasDefaultRoute || link.apart) continue;
			groups.set(link.metric, [...(groups.get(link.metric) ?? []), uplink.id]);
		}
		return [...groups].flatMap(([metric, ids]) =>
			ids.length < 2
				? []
				: [
						`${ids.join(", ")} have the same route metric (${metric}): without autonomy the router knows the way over one of them alone; give each its own 'option metric' in /etc/config/network`,
					],
		);
	};
	const recorded = (family: Family): RouteChange | null =>
		state.get().routes.find((route) => route.family === family) ?? null;
	const record = (family: Family, change: RouteChange | null): void => {
		const others = state.get().routes.filter((route) => route.family !== family);
		state.set({ routes: change ? [...others, change] : others });
	};
	const read = async (family: Family): Promise<DefaultRoute[]> =>
		parseDefaultRoutes(await tools.ipShow(family, ["route", "show", "default"]));

	/** The uplink of the best default route, unless a route of another program is better. */
	const carrierOf = (family: Family, routes: readonly DefaultRoute[]): string | null => {
		const best = [...routes].sort((a, b) => a.metric - b.metric).find((route) => !route.sourceBound);
		return best?.device ? owner(family)(best.device) : null;
	};

	const followFamily = async (family: Family, plan: Plan | null, options: FollowOptions): Promise<RouteOutcome> => {
		const routes = await read(family);
		const old = recorded(family);
		const next = planRoute(family, routes, owner(family), plan, old, missing(family, routes, old));
		reasons.set(family, next.reason);
		carriers.set(family, carrierOf(family, routes));
		if (next.steps.length === 0) {
			record(family, next.change);
			return { changed: [], verified: true, notes: [] };
		}
		const leaving = carriers.get(family) ?? null;
		const lost = leaving !== null && next.uplink !== leaving ? await options.onLeave?.(family, leaving) : null;
		if (next.change) record(family, next.change); // before it is done: a crash must not forget it
		const failed = await tools.ipChange(family, next.steps);
		const after = await read(family);
		record(family, next.change);
		carriers.set(family, carrierOf(family, after));
		const still = missing(family, after, next.change);
		const left = planRoute(family, after, owner(family), plan, next.change, still).steps;
		const changed = [`${family} default route: ${carriers.get(family) ?? "none of an uplink"}`];
		return {
			changed,
			verified: left.length === 0,
			notes: [
				...(lost ? [lost] : []),
				...(left.length === 0 ? [] : [...failed, `the ${family} main table is not as wanted`]),
			],
		};
	};

	const anythingOfOurs = (family: Family): boolean => recorded(family) !== null;

	return {
		setUplinks(next) {
			uplinks = next;
		},
		async follow(plan, families, options = {}) {
			const involved = FAMILIES.filter((family) => families.includes(family) || anythingOfOurs(family));
			const outcomes = await together(
				involved.map(async (family): Promise<RouteOutcome> => {
					try {
						const outcome = await followFamily(family, families.includes(family) ? plan : null, options);
						if (families.includes(family)) options.onMoved?.(family);
						return outcome;
					} catch (error) {
						return { changed: [], verified: false, notes: [errorText(error)] };
					}
				}),
			);
			return {
				changed: outcomes.flatMap((outcome) => outcome.changed),
				verified: outcomes.every((outcome) => outcome.verified),
				notes: outcomes.flatMap((outcome) => outcome.notes),
			};
		},
		async wouldChange(plan, families) {
			const lists = await together(
				families.map(async (family) => {
					const routes = await read(family);
					const old = recorded(family);
					const next = planRoute(family, routes, owner(family), plan, old, missing(family, routes, old));
					return next.steps.length > 0 ? [`${family} default route: ${next.reason}`] : [];
				}),
			);
			return lists.flat();
		},
		carrier: (family) => carriers.get(family) ?? null,
		async giveBack() {
			const changed: string[] = [];
			const problems: string[] = [];
			for (const family of FAMILIES) {
				const old = recorded(family);
				if (!old) continue;
				try {
					const failed = await tools.ipChange(family, giveBackSteps(old, await read(family)));
					const after = await read(family);
					failed.push(...(await tools.ipChange(family, lastRouteSteps(after, missing(family, after, old)))));
					const left = giveBackSteps(old, after);
					if (left.length === 0) changed.push(`${family} default route of ours`);
					else problems.push(...failed, `run "ip ${family === "ipv6" ? "-6 " : ""}route del ${old.words.join(" ")}"`);
					if (left.length === 0) record(family, null);
				} catch (error) {
					problems.push(errorText(error));
				}
			}
			return { changed, problems };
		},
		problems: () => [...new Set([...reasons.keys()].flatMap(sameMetric))],
		routes: () =>
			FAMILIES.filter((family) => reasons.has(family)).map((family) => ({
				family,
				ours: recorded(family)?.words.join(" ") ?? null,
				uplink: carriers.get(family) ?? null,
				reason: reasons.get(family) ?? "",
			})),
	};
}
