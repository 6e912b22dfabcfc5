/**
 * Steering without mwan3: one default route of ours in the main table, a little better than the best one netifd set, to
 * the uplink the plan ranks best. netifd's routes stay, so a renewed lease changes nothing and giving back means
 * deleting one route. Only where netifd uses metric 0 there is no better number: then its route is replaced, kept as a
 * copy with a worse metric, and put back when we go. Default routes of others (VPNs) are never outbid. Pure.
 *
 * The main table holds one route per metric: of uplinks that share one (mostly none is set at all) it has the route of the
 * one that came up last. The others' routes are `lost`: known to netifd, not to the kernel. They are as good to go to.
 */
import type { Plan } from "../decide/types.ts";
import type { Family } from "../health/types.ts";
import { ipLine } from "./names.ts";

/** Marks our routes in `ip route` (protocol 212: free in iproute2's and FRR's lists). */
export const ROUTE_PROTO = "212";

export interface DefaultRoute {
	/** As `ip route` words after add/replace/del, flags of the kernel left out. */
	readonly words: readonly string[];
	/** Null for routes with several next hops and the like. */
	readonly device: string | null;
	readonly metric: number;
	/** IPv6 route for sources of one prefix only. */
	readonly sourceBound: boolean;
	readonly ours: boolean;
}

/** What we did to one family's main table; kept in the state file. */
export interface RouteChange {
	readonly family: Family;
	readonly uplink: string;
	/** Our route. */
	readonly words: readonly string[];
	/** netifd's route that ours stands in for, when it had metric 0. */
	readonly found: readonly string[] | null;
	/** The copy of it with a worse metric. */
	readonly demoted: readonly string[] | null;
}

/** An uplink's default route as netifd has it, or would have. */
export interface NetifdDefault {
	readonly up: boolean;
	readonly device: string | null;
	readonly gateway: string | null;
	readonly onlink: boolean;
	/** netifd's: 0 for none. */
	readonly metric: number;
}

export interface RoutePlan {
	/** What should be there of ours; null: nothing. */
	readonly change: RouteChange | null;
	/** Input for `ip -batch`, in order: at no moment there is no default route. */
	readonly steps: readonly string[];
	/** Who carries new connections after the steps, as far as uplinks go; null when unknown. */
	readonly uplink: string | null;
	readonly reason: string;
}

/** State of the moment, not part of a route that could be given back to `ip route`. */
const FLAGS = new Set(["linkdown", "dead", "offload", "rt_offload", "trap", "rt_trap", "notify"]);
const VALUES_TO_DROP = new Set(["expires", "error", "hoplimit", "ref", "users", "used", "age", "cache"]);

export function parseDefaultRoutes(text: string): DefaultRoute[] {
	const routes: DefaultRoute[] = [];
	for (const line of text.split("\n")) {
		const last = routes.at(-1);
		if (/^\s+nexthop /.test(line) && last) {
			routes[routes.length - 1] = { ...last, device: null };
			continue;
		}
		if (!line.startsWith("default ") && line.trim() !== "default") continue;
		const raw = line.trim().split(/\s+/);
		const words: string[] = [];
		for (let i = 0; i < raw.length; i++) {
			const word = raw[i] ?? "";
			if (VALUES_TO_DROP.has(word)) i++;
			else if (!FLAGS.has(word)) words.push(word);
		}
		const after = (key: string): string | null => words[words.indexOf(key) + 1] ?? null;
		const metric = words.includes("metric") ? Number(after("metric")) : 0;
		routes.push({
			words,
			device: words.includes("dev") ? after("dev") : null,
			metric: Number.isInteger(metric) ? metric : 0,
			sourceBound: words.includes("from"),
			ours: words.includes("proto") && after("proto") === ROUTE_PROTO,
		});
	}
	return routes;
}

/** The same route with our protocol and another metric. */
function withMetric(words: readonly string[], metric: number): string[] {
	const kept: string[] = [];
	for (let i = 0; i < words.length; i++) {
		const word = words[i] ?? "";
		if (word === "metric" || word === "proto") i++;
		else kept.push(word);
	}
	return [...kept, "proto", ROUTE_PROTO, "metric", String(metric)];
}

/** Where a route goes and how it is ranked: words that do not depend on the order `ip` prints them in. */
function key(words: readonly string[]): string {
	const value = (name: string): string => (words.includes(name) ? (words[words.indexOf(name) + 1] ?? "") : "");
	return [value("via"), value("dev"), value("metric") || "0", value("proto")].join(" ");
}

function deviceOf(words: readonly string[] | null): string | null {
	return words?.includes("dev") ? (words[words.indexOf("dev") + 1] ?? null) : null;
}

function present(routes: readonly DefaultRoute[], words: readonly string[] | null): boolean {
	return words !== null && routes.some((route) => key(route.words) === key(words));
}

/**
 * Steps that take away every route of ours but those in `keep`; where one stands in for netifd's, netifd's comes back.
 * Also finds routes of a predecessor whose state file is lost, by their protocol number.
 */
function clear(old: RouteChange | null, routes: readonly DefaultRoute[], keep: RouteChange | null): string[] {
	const steps: string[] = [];
	const kept = [keep?.words, keep?.demoted].map((words) => (words ? key(words) : null));
	const standIn = old?.found && present(routes, old.words) ? old : null;
	if (standIn?.found && keep?.found == null) steps.push(ipLine(["route", "replace", ...standIn.found]));
	for (const route of routes) {
		if (!route.ours || kept.includes(key(route.words))) continue;
		// Replaced above, or by our new route: the kernel holds one IPv4 route per metric.
		const replaced = standIn !== null && key(route.words) === key(standIn.words);
		if (!replaced) steps.push(ipLine(["route", "del", ...route.words]));
	}
	return steps;
}

/** The router's own default routes: what is there, less what is ours, plus what ours stands in for. */
export function naturalRoutes(routes: readonly DefaultRoute[], old: RouteChange | null): DefaultRoute[] {
	const natural = routes.filter((route) => !route.ours);
	if (old?.found && present(routes, old.words)) {
		natural.push(...parseDefaultRoutes(old.found.join(" ")));
	}
	return natural.sort((a, b) => a.metric - b.metric);
}

/** What IPv6 makes of no metric. */
const IPV6_METRIC = 1024;

function asRoute(family: Family, device: string, one: NetifdDefault): DefaultRoute {
	const via = one.gateway === null ? [] : ["via", one.gateway];
	const metric = one.metric > 0 || family === "ipv4" ? one.metric : IPV6_METRIC;
	return {
		words: ["default", ...via, "dev", device, ...(one.onlink ? ["onlink"] : []), "metric", String(metric)],
		device,
		metric,
		sourceBound: false,
		ours: false,
	};
}

/**
 * Of what netifd has, in the owner's order, what the kernel has not because it has another one of the same metric, or because
 * we have replaced it. Not what somebody took out.
 */
export function lostRoutes(
	family: Family,
	routes: readonly DefaultRoute[],
	old: RouteChange | null,
	netifd: readonly NetifdDefault[],
): DefaultRoute[] {
	const natural = naturalRoutes(routes, old);
	return netifd.flatMap((one) => {
		const { up, device, metric } = one;
		if (!up || device === null || natural.some((route) => route.device === device)) return [];
		const shared = netifd.some((other) => other !== one && other.metric === metric);
		return shared || deviceOf(old?.found ?? null) === device ? [asRoute(family, device, one)] : [];
	});
}

/** What ours stood in for, when ours is gone with its link: it has to come back. */
function orphan(
	routes: readonly DefaultRoute[],
	old: RouteChange | null,
	lost: readonly DefaultRoute[],
): DefaultRoute | null {
	if (!old?.found || present(routes, old.words)) return null;
	const [found] = parseDefaultRoutes(old.found.join(" "));
	if (!found || !lost.some((route) => route.device === found.device)) return null;
	return routes.some((route) => !route.ours && route.metric === found.metric) ? null : found;
}

/** For a router that we would leave without any default route: the first of those it should have. */
export function lastRouteSteps(routes: readonly DefaultRoute[], lost: readonly DefaultRoute[]): string[] {
	const [first] = lost;
	if (first === undefined || routes.some((route) => !route.ours)) return [];
	return [ipLine(["route", "replace", ...first.words, "proto", "static"])];
}

export function giveBackSteps(old: RouteChange | null, routes: readonly DefaultRoute[]): string[] {
	return clear(old, routes, null);
}

/**
 * What to do for one family. `owner` tells which uplink a device belongs to, null for none. `plan` null: nothing is
 * wanted yet, the router's own order holds. `lost`: of lostRoutes.
 */
export function planRoute(
	family: Family,
	routes: readonly DefaultRoute[],
	owner: (device: string) => string | null,
	plan: Plan | null,
	old: RouteChange | null,
	lost: readonly DefaultRoute[] = [],
): RoutePlan {
	const back = orphan(routes, old, lost);
	if (back === null) return planFound(family, routes, owner, plan, old, lost);
	const others = lost.filter((route) => route.device !== back.device);
	const next = planFound(family, [...routes, back], owner, plan, old, others);
	return { ...next, steps: [ipLine(["route", "replace", ...back.words]), ...next.steps] };
}

function planFound(
	family: Family,
	routes: readonly DefaultRoute[],
	owner: (device: string) => string | null,
	plan: Plan | null,
	old: RouteChange | null,
	lost: readonly DefaultRoute[],
): RoutePlan {
	const natural = naturalRoutes(routes, old);
	const uplinkOf = (route: DefaultRoute): string | null => (route.device === null ? null : owner(route.device));
	const mine = natural.filter((route) => uplinkOf(route) !== null && !route.sourceBound);
	const top = mine[0];
	const none = (reason: string): RoutePlan => ({
		change: null,
		steps: clear(old, routes, null),
		uplink: top ? uplinkOf(top) : null,
		reason,
	});
	const ways = [...mine, ...lost];
	if (ways.length === 0 || plan === null) {
		const bound = natural.some((route) => uplinkOf(route) !== null);
		return none(
			bound && plan !== null
				? "its default routes are bound to source prefixes: the address a host uses decides, not the route"
				: "no default route of an uplink",
		);
	}
	const familyPlan = plan.families[family];
	const order = [...(plan.pinned === null ? [] : [plan.pinned]), ...familyPlan.rank];
	const target =
		order.map((id) => ways.find((route) => uplinkOf(route) === id)).find((route) => route !== undefined) ??
		ways.find((route) => !familyPlan.avoid.includes(uplinkOf(route) ?? ""));
	// Nothing better than what is there: what we have done stays, too.
	if (!target)
		return { change: old, steps: [], uplink: old?.uplink ?? null, reason: "no uplink is better than what is there" };
	const uplink = uplinkOf(target) ?? "";
	const replaceBy = (words: readonly string[]): RoutePlan => {
		if (old && key(old.words) === key(words) && present(routes, words))
			return { change: old, steps: [], uplink, reason: uplink };
		const change: RouteChange = { family, uplink, words, found: null, demoted: null };
		const steps = [ipLine(["route", "replace", ...words]), ...clear(old, routes, change)];
		return { change, steps, uplink, reason: `${uplink} ranks best` };
	};
	if (!top) {
		if (natural.some((route) => uplinkOf(route) === null))
			return none("the only default route is another program's and is respected");
		return replaceBy(withMetric(target.words, target.metric));
	}
	if (uplink === uplinkOf(top)) return none(`${uplink} is first by the router's own metrics`);

	const others = natural.filter((route) => uplinkOf(route) === null && route.metric <= top.metric);
	const floor = Math.max(family === "ipv6" ? 0 : -1, ...others.map((route) => route.metric));
	const metric = top.metric - 1;
	if (metric > floor) return replaceBy(withMetric(target.words, metric));
	if (others.length > 0 || family === "ipv6") {
		return none(`a default route of another program (metric ${floor}) stands before the uplinks' and is respected`);
	}
	const words = withMetric(target.words, 0);
	const demoted = withMetric(top.words, Math.max(...natural.map((route) => route.metric)) + 1);
	if (old && key(old.words) === key(words) && present(routes, words))
		return { change: old, steps: [], uplink, reason: uplink };
	const change: RouteChange = { family, uplink, words, found: top.words, demoted };
	const steps = [
		...(present(routes, demoted) ? [] : [ipLine(["route", "replace", ...demoted])]),
		ipLine(["route", "replace", ...words]),
		...clear(old, routes, change),
	];
	return { change, steps, uplink, reason: `${uplink} ranks best` };
}
