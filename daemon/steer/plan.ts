/**
 * Who belongs in which mwan3 policy. Pure: from the user's own policies and the engine's plan to the members that should
 * carry new connections, per policy and family. The rules, in this order:
 *
 * 1. a policy with one member (of a family) is left alone: the user wants that link or none;
 * 2. a pinned uplink wins in every policy that contains it;
 * 3. members the plan avoids are out; when nobody is left the policy stays as it is: there is nothing better;
 * 4. a balanced policy (several members at its best metric) keeps the user's order of metrics: the first metric with a
 *    usable member, all usable members of that metric by their weights;
 * 5. any other policy goes to the usable member the plan ranks best, with those that share its metric.
 */
import type { FamilyPlan, Plan } from "../decide/types.ts";
import { FAMILIES, type Family } from "../health/types.ts";
import type { FamilyLink, Mwan3Layout, Mwan3Policy, Uplink } from "../uplink/types.ts";

/** mwan3 ignores members beyond this metric (lib/mwan3/mwan3.sh, DEFAULT_LOWEST_METRIC). */
const METRIC_MAX = 256;

export interface PolicyMember {
	/** Name of the `config member` section. */
	readonly member: string;
	/** The mwan3 interface. */
	readonly interface: string;
	readonly uplink: string;
	readonly metric: number;
	readonly weight: number;
	readonly mark: number;
	/** Routing table and number of the interface in mwan3. */
	readonly id: number;
	readonly device: string | null;
	/** The interface is enabled, up and has a route: packets with its mark have somewhere to go. */
	readonly ready: boolean;
	/** mwan3's own opinion (iface_state). */
	readonly online: boolean;
}

/** One policy as one family sees it: the members of that family, in the user's order. */
export interface PolicyFamily {
	readonly policy: string;
	readonly family: Family;
	readonly lastResort: Mwan3Policy["lastResort"];
	readonly members: readonly PolicyMember[];
}

export interface Choice {
	readonly target: PolicyFamily;
	/** Who should carry new connections; null: leave the chain as it is. */
	readonly members: readonly PolicyMember[] | null;
	/** Everybody else who could, best first; for mwan3's own rebuilds. */
	readonly reserve: readonly PolicyMember[];
	readonly reason: string;
}

function linkOf(uplink: Uplink, family: Family): FamilyLink | null {
	return family === "ipv4" ? uplink.ipv4 : uplink.ipv6;
}

/** All policies by family. `online` answers for a mwan3 interface what mwan3 itself thinks of it. */
export function policyFamilies(
	layout: Mwan3Layout,
	uplinks: readonly Uplink[],
	online: (mwan3Interface: string) => boolean,
): PolicyFamily[] {
	const members = new Map(layout.members.map((member) => [member.name, member]));
	const links = new Map(layout.links.map((link) => [link.interface, link]));
	const owners = new Map<string, Uplink>();
	for (const uplink of uplinks) {
		for (const family of FAMILIES) {
			const link = uplink.mwan3[family];
			if (link) owners.set(link.interface, uplink);
		}
	}
	const result: PolicyFamily[] = [];
	for (const policy of layout.policies) {
		for (const family of FAMILIES) {
			const own: PolicyMember[] = [];
			for (const name of policy.members) {
				const member = members.get(name);
				const link = member ? links.get(member.interface) : undefined;
				if (!member || !link || link.family !== family || member.metric > METRIC_MAX) continue;
				const uplink = owners.get(link.interface);
				const state = uplink ? linkOf(uplink, family) : null;
				own.push({
					member: name,
					interface: link.interface,
					uplink: uplink?.id ?? link.interface,
					metric: member.metric,
					weight: member.weight,
					mark: link.mark,
					id: link.id,
					device: state?.device ?? uplink?.device ?? null,
					ready: link.enabled && link.takenDown !== true && state?.up === true && state.hasDefaultRoute,
					online: link.enabled && online(link.interface),
				});
			}
			result.push({ policy: policy.name, family, lastResort: policy.lastResort, members: own });
		}
	}
	return result;
}

/** The members mwan3 itself would put into the chain: all online ones at the lowest metric, in the user's order. */
export function mwan3Choice(target: PolicyFamily): readonly PolicyMember[] {
	const online = target.members.filter((member) => member.online);
	const best = Math.min(...online.map((member) => member.metric));
	return online.filter((member) => member.metric === best);
}

/** Position in the plan's ranking; uplinks the plan does not know come after all it knows, as mwan3 sees them. */
function rankOf(member: PolicyMember, plan: FamilyPlan): number {
	const at = plan.rank.indexOf(member.uplink);
	return at >= 0 ? at : plan.rank.length + member.metric;
}

function byRank(plan: FamilyPlan): (a: PolicyMember, b: PolicyMember) => number {
	return (a, b) => rankOf(a, plan) - rankOf(b, plan) || a.metric - b.metric;
}

function isBalanced(members: readonly PolicyMember[]): boolean {
	const best = Math.min(...members.map((member) => member.metric));
	return new Set(members.filter((member) => member.metric === best).map((member) => member.interface)).size > 1;
}

function leave(target: PolicyFamily, reason: string): Choice {
	return { target, members: null, reserve: [], reason };
}

/** Who should be in this policy under this plan. */
export function choose(target: PolicyFamily, plan: Plan): Choice {
	const { members } = target;
	const familyPlan = plan.families[target.family];
	if (members.length === 0) return leave(target, `no ${target.family} member`);
	if (new Set(members.map((member) => member.interface)).size === 1) {
		return leave(target, "only one member: the user's own choice");
	}
	const usable = members.filter(
		(member) =>
			member.ready &&
			!familyPlan.avoid.includes(member.uplink) &&
			(familyPlan.rank.includes(member.uplink) || member.online),
	);
	const pinned = members.filter((member) => member.uplink === plan.pinned && member.ready);
	const order = byRank(familyPlan);
	const reserveFor = (chosen: readonly PolicyMember[]): PolicyMember[] => {
		const rest = members.filter((member) => !chosen.includes(member));
		const good = rest.filter((member) => usable.includes(member)).sort(order);
		const bad = rest.filter((member) => !usable.includes(member)).sort((a, b) => a.metric - b.metric);
		return [...good, ...bad];
	};
	const use = (chosen: readonly PolicyMember[], reason: string): Choice => ({
		target,
		members: chosen,
		reserve: reserveFor(chosen),
		reason,
	});

	const first = pinned[0];
	if (first) return use([first], `${first.uplink} is pinned by the operator`);
	if (usable.length === 0) return leave(target, "no member is better than what is there");
	if (isBalanced(members)) {
		const best = Math.min(...usable.map((member) => member.metric));
		const chosen = usable.filter((member) => member.metric === best);
		return use(chosen, chosen.length > 1 ? "balanced among its healthy members" : "its only healthy member");
	}
	const best = [...usable].sort(order)[0];
	if (!best) return leave(target, "no member is better than what is there");
	const chosen = usable.filter((member) => member.metric === best.metric);
	return use(chosen, `${best.uplink} ranks best among its usable members`);
}
