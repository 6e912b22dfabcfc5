/** From what discovery found to what the engine needs, and who carries traffic under a plan. Pure. */
import type { Plan, UplinkFacts } from "../decide/types.ts";
import { FAMILIES } from "../health/types.ts";
import type { Discovered, Uplink } from "../uplink/types.ts";

export function factsOf(uplink: Uplink): UplinkFacts {
	const linked = FAMILIES.filter((family) => uplink[family]?.up === true && uplink[family].hasDefaultRoute);
	const families = linked.filter((family) => uplink.mwan3[family]?.takenDown !== true);
	return {
		id: uplink.id,
		class: uplink.class,
		present: uplink.present,
		up: uplink.up,
		carrier: uplink.carrier,
		families,
		...(families.length === 0 && linked.length > 0 ? { takenDown: true as const } : {}),
		metered: uplink.metered,
		...(uplink.allowance === "used_up" ? { capReached: true as const } : {}),
		weight: uplink.weight,
		order: uplink.order,
		disabled: uplink.disabled,
		minUptimeMs: uplink.minUptimeMs,
		cooldownMs: uplink.cooldownMs,
		preferRoaming: uplink.preferRoaming,
	};
}

/**
 * The uplinks that carry traffic now: the primary, who carries a family that the primary cannot, and every healthy member that
 * a balanced mwan3 policy shares the load with (several members at its best metric). They are probed at the active rate.
 */
export function activeUplinks(discovered: Discovered, plan: Plan): string[] {
	const active = new Set<string>();
	if (plan.primary !== null) active.add(plan.primary);
	for (const family of FAMILIES) {
		const [first] = plan.families[family].rank;
		const uplink = discovered.uplinks.find((one) => one.id === first);
		if (uplink?.[family]?.up) active.add(uplink.id);
	}
	const layout = discovered.mwan3;
	if (layout !== null && plan.pinned === null) {
		for (const policy of layout.policies) {
			const members = layout.members.filter((member) => policy.members.includes(member.name));
			const best = Math.min(...members.map((member) => member.metric));
			const balanced = members.filter((member) => member.metric === best);
			if (balanced.length < 2) continue;
			for (const member of balanced) {
				const owner = discovered.uplinks.find((uplink) =>
					[uplink.mwan3.ipv4?.interface, uplink.mwan3.ipv6?.interface].includes(member.interface),
				);
				if (owner?.up && !plan.families.ipv4.avoid.includes(owner.id)) active.add(owner.id);
			}
		}
	}
	return [...active].sort();
}
