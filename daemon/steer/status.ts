/** Which way each family is steered, and what is wrong with steering right now, as told by `status`. */
import { FAMILIES, type Family } from "../health/types.ts";
import type { Discovered } from "../uplink/types.ts";
import type { SteerStatus } from "./types.ts";

export function methodsOf(discovered: Discovered | null, managed: readonly Family[]): SteerStatus["methods"] {
	const method = (family: Family): "mwan3" | "routes" | "none" => {
		if (managed.includes(family)) return "mwan3";
		return discovered?.uplinks.some((uplink) => uplink[family]?.hasDefaultRoute) ? "routes" : "none";
	};
	return { ipv4: method("ipv4"), ipv6: method("ipv6") };
}

/** mwan3 has interfaces for these families, but its chains are not in the kernel. */
export function missingChains(discovered: Discovered | null, managed: readonly Family[]): string[] {
	return FAMILIES.filter(
		(family) =>
			!managed.includes(family) &&
			discovered?.mwan3?.links.some((link) => link.enabled && link.family === family) === true,
	).map(
		(family) => `mwan3's ${family} chains are not in iptables (mwan3 stopped?): steering by the main table meanwhile`,
	);
}
