/** An uplink as discovery tells of one: a cable, up, IPv4 alone, by DHCP; tests say what differs. */
import type { FamilyLink, Uplink } from "../../daemon/uplink/types.ts";

export function familyLink(change: Partial<FamilyLink> = {}): FamilyLink {
	return {
		interface: "wan",
		up: true,
		device: "eth1",
		address: "192.0.2.2",
		prefixLength: 24,
		gateway: "192.0.2.1",
		hasDefaultRoute: true,
		dnsServers: [],
		metric: 0,
		...change,
	};
}

export function uplink(change: Partial<Uplink> = {}): Uplink {
	return {
		id: "wan",
		class: "lan",
		classReason: "",
		proto: "dhcp",
		device: "eth1",
		lowerDevice: null,
		present: true,
		up: true,
		carrier: true,
		ipv4: familyLink(),
		ipv6: null,
		mwan3: { ipv4: null, ipv6: null },
		metered: false,
		weight: 50,
		order: 1,
		disabled: false,
		minUptimeMs: 0,
		cooldownMs: 0,
		preferRoaming: false,
		tunnel: false,
		...change,
	};
}

/** The n-th of a router: eth`n`, 100.64.`n`.50. */
export function nthUplink(id: string, n: number, change: Partial<Uplink> = {}, link: Partial<FamilyLink> = {}): Uplink {
	const device = `eth${n}`;
	const address = { address: `100.64.${n}.50`, gateway: `100.64.${n}.1` };
	const ipv4 = familyLink({ interface: id, device, ...address, metric: n * 10, ...link });
	return uplink({ id, device, lowerDevice: device, order: n, ipv4, ...change });
}
