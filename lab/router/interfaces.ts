/**
 * One netifd interface on paper: what /etc/config/network and the ISP's answer make of it, as addresses and routes, and
 * how its status looks on the bus (test/samples/openwrt). Pure.
 */
import type { BlobInputTable } from "../../daemon/bus/blobmsg.ts";
import { optionList, optionText, type UciSection } from "../../daemon/uci/package.ts";

export interface Route {
	readonly target: string;
	readonly mask: number;
	readonly nexthop: string;
	readonly source: string;
}

export interface Address {
	readonly address: string;
	readonly mask: number;
}

/** What an interface has while it is up. */
export interface Lease {
	readonly addresses4: readonly Address[];
	readonly addresses6: readonly Address[];
	readonly routes: readonly Route[];
	readonly dns: readonly string[];
	readonly data: BlobInputTable;
	readonly updated: readonly string[];
}

export interface InterfaceConfig {
	readonly name: string;
	readonly proto: string;
	readonly device: string;
	readonly metric: number;
	readonly auto: boolean;
	/** Compared to see whether a reload changed it. */
	readonly text: string;
	readonly static: Lease;
}

/** What the ISP at a device gives to a DHCP client. */
export interface Offer {
	readonly address: string;
	readonly gateway: string;
	/** More for the data of the interface. */
	readonly data?: BlobInputTable;
}

function prefixLength(netmask: string | undefined): number {
	if (netmask === undefined) return 24;
	return netmask
		.split(".")
		.map((part) => Number(part).toString(2).replaceAll("0", "").length)
		.reduce((a, b) => a + b, 0);
}

export function readInterface(section: UciSection): InterfaceConfig {
	const text = (name: string): string | undefined => optionText(section, name);
	const ipaddr = text("ipaddr");
	const ip6 = optionList(section, "ip6addr");
	const gateway = text("gateway");
	const gateway6 = text("ip6gw");
	const addresses4 = ipaddr === undefined ? [] : [{ address: ipaddr, mask: prefixLength(text("netmask")) }];
	const addresses6 = ip6.map((full) => {
		const [address = "", mask = "64"] = full.split("/");
		return { address, mask: Number(mask) };
	});
	const routes: Route[] = [];
	if (gateway !== undefined) routes.push({ target: "0.0.0.0", mask: 0, nexthop: gateway, source: "0.0.0.0/0" });
	if (gateway6 !== undefined) routes.push({ target: "::", mask: 0, nexthop: gateway6, source: "::/0" });
	return {
		name: section.name,
		proto: text("proto") ?? "none",
		device: text("device") ?? text("ifname") ?? "",
		metric: Number(text("metric") ?? 0),
		auto: text("auto") !== "0",
		text: JSON.stringify([...section.options]),
		static: {
			addresses4,
			addresses6,
			routes,
			dns: optionList(section, "dns"),
			data: {},
			updated: routes.length > 0 ? ["addresses", "routes"] : ["addresses"],
		},
	};
}

export function dhcpLease(offer: Offer): Lease {
	return {
		addresses4: [{ address: offer.address, mask: 24 }],
		addresses6: [],
		routes: [{ target: "0.0.0.0", mask: 0, nexthop: offer.gateway, source: `${offer.address}/32` }],
		dns: ["8.8.8.8"],
		data: { dhcpserver: offer.gateway, leasetime: 3600, ...offer.data },
		updated: ["addresses", "routes", "data"],
	};
}

export function network4(address: Address): string {
	const bits = address.address.split(".").reduce((n, part) => n * 256 + Number(part), 0);
	const size = 2 ** (32 - address.mask);
	const base = Math.floor(bits / size) * size;
	return `${[24, 16, 8, 0].map((shift) => Math.floor(base / 2 ** shift) % 256).join(".")}/${address.mask}`;
}

/** Good for the /64 and /48 prefixes of the lab, which end in "::". */
export function network6(address: Address): string {
	return `${address.address.slice(0, address.address.lastIndexOf("::"))}::/${address.mask}`;
}

/** `ip` lines that put a lease into the kernel, the way netifd does: its own metric on every route. */
export function upLines(device: string, metric: number, lease: Lease): string[] {
	const at = metric > 0 ? ` metric ${metric}` : "";
	return [
		...lease.addresses4.flatMap((a) => [
			`addr replace ${a.address}/${a.mask} brd + dev ${device} noprefixroute`,
			`route replace ${network4(a)} dev ${device} proto static scope link${at}`,
		]),
		...lease.addresses6.flatMap((a) => [
			`addr replace ${a.address}/${a.mask} dev ${device} nodad noprefixroute`,
			`route replace ${network6(a)} dev ${device} proto static${at}`,
		]),
		...lease.routes.map((r) => `route replace ${defaultRoute(device, metric, r)}`),
	];
}

/** Without the "default" for IPv6, where `ip` could not tell the family. */
export function defaultRoute(device: string, metric: number, route: Route): string {
	const source = route.source.endsWith("/32") ? ` src ${route.source.slice(0, -3)}` : "";
	const v6 = route.nexthop.includes(":");
	return `${v6 ? "::/0" : "default"} via ${route.nexthop} dev ${device} proto static${source}${metric > 0 ? ` metric ${metric}` : ""}`;
}

export function downLines(device: string, metric: number, lease: Lease): string[] {
	const at = metric > 0 ? ` metric ${metric}` : "";
	return [
		...lease.routes.map((r) => `route del ${defaultRoute(device, metric, r)}`),
		...lease.addresses4.flatMap((a) => [
			`route del ${network4(a)} dev ${device}${at}`,
			`addr del ${a.address}/${a.mask} dev ${device}`,
		]),
		...lease.addresses6.flatMap((a) => [
			`route del ${network6(a)} dev ${device}${at}`,
			`addr del ${a.address}/${a.mask} dev ${device}`,
		]),
	];
}

export interface InterfaceState {
	readonly config: InterfaceConfig;
	readonly available: boolean;
	readonly autostart: boolean;
	readonly pending: boolean;
	readonly lease: Lease | null;
	readonly uptimeS: number;
	/** Left behind by the last lease: netifd keeps it while an interface is down. */
	readonly lastData: BlobInputTable;
}

export function statusOf(state: InterfaceState): BlobInputTable {
	const { config, lease } = state;
	const head = {
		up: lease !== null,
		pending: state.pending,
		available: state.available,
		autostart: state.autostart,
		dynamic: false,
	};
	if (!lease) return { ...head, proto: config.proto, device: config.device, data: state.lastData };
	const none = { "ipv4-address": [], "ipv6-address": [], route: [], "dns-server": [], "dns-search": [], neighbors: [] };
	return {
		...head,
		uptime: Math.floor(state.uptimeS),
		l3_device: config.device,
		proto: config.proto,
		device: config.device,
		updated: [...lease.updated],
		metric: config.metric,
		dns_metric: 0,
		delegation: true,
		"ipv4-address": lease.addresses4.map((a) => ({ address: a.address, mask: a.mask })),
		"ipv6-address": lease.addresses6.map((a) => ({ address: a.address, mask: a.mask })),
		"ipv6-prefix": [],
		"ipv6-prefix-assignment": [],
		route: lease.routes.map((r) => ({ target: r.target, mask: r.mask, nexthop: r.nexthop, source: r.source })),
		"dns-server": [...lease.dns],
		"dns-search": [],
		neighbors: [],
		inactive: none,
		data: lease.data,
	};
}

/** How netifd could lie to us: fields that are missing, or of another type. */
export type Mangle = "missing" | "wrong";

export function mangled(status: BlobInputTable, how: Mangle): BlobInputTable {
	const { up, l3_device, route, "ipv4-address": addresses, ...rest } = status;
	if (how === "missing") return rest;
	return {
		...rest,
		up: up === true ? "yes" : "no",
		l3_device: 7,
		route: [42, "x"],
		"ipv4-address": "100.64.1.1",
		metric: "ten",
	};
}
