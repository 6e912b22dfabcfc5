/**
 * The virtual world on paper: namespaces, addresses, names. Pure; every other file of the lab reads it from here.
 *
 *   client --- br-lan [router] eth1..ethN --- cust0 [ispN] up0 --- ispN [internet]
 *
 * ISPs translate nothing: the internet sees the address the router got from the ISP, and so knows which way a packet
 * came. The router masquerades both families. All addresses live in namespaces of the lab and never reach a real link.
 */
export type Layout = "mwan3" | "plain";

export interface LabOptions {
	/** How many ISPs, 1-16. Default 3. */
	readonly isps?: number;
	/** Give every ISP an IPv6 prefix too. Default true. */
	readonly ipv6?: boolean;
	/** mwan3: rules, tables and chains as mwan3 lays them out; plain: only netifd's routes. Default mwan3. */
	readonly layout?: Layout;
	/** Files for the router's /etc/config, beside or instead of the generated ones. */
	readonly config?: Readonly<Record<string, string>>;
	/** Size of the router's /tmp. Default 32 MiB. */
	readonly tmpBytes?: number;
	/** ISPs (with DHCP) that are reached by a modem: the router has RutOS's objects for them. Default none. */
	readonly modems?: readonly number[];
	/** ISPs that are reached over Wi-Fi: the router's `iwinfo` knows their devices. Default none. */
	readonly radios?: readonly number[];
	/** How the router tells its position: RutOS's object, or gpsd. Default: it knows none. */
	readonly receiver?: "rutos" | "gpsd";
	/** Run mwan3's own trackers (real pings); without them members stay online unless told. Default false. */
	readonly trackers?: boolean;
	/** Copy of the lab's own diagnostics to stderr. */
	readonly verbose?: boolean;
}

export interface IspPlan {
	/** 1, 2, 3 ... */
	readonly index: number;
	/** Namespace of the ISP. */
	readonly ns: string;
	/** The router's device towards it. */
	readonly device: string;
	/** netifd interface names. */
	readonly interface: string;
	readonly interface6: string;
	readonly proto: "dhcp" | "static";
	readonly metric: number;
	readonly prefix4: string;
	readonly gateway4: string;
	readonly address4: string;
	readonly prefix6: string;
	readonly gateway6: string;
	readonly address6: string;
}

export interface Plan {
	readonly isps: readonly IspPlan[];
	readonly ipv6: boolean;
	readonly layout: Layout;
}

/** Addresses of the internet: anycast resolvers that real routers ask. */
export const INTERNET_V4 = [
	"1.1.1.1",
	"1.0.0.1",
	"8.8.8.8",
	"8.8.4.4",
	"9.9.9.9",
	"149.112.112.112",
	"208.67.222.222",
	"208.67.220.220",
] as const;
export const INTERNET_V6 = [
	"2606:4700:4700::1111",
	"2606:4700:4700::1001",
	"2001:4860:4860::8888",
	"2001:4860:4860::8844",
	"2620:fe::fe",
	"2620:fe::9",
	"2620:119:35::35",
	"2620:119:53::53",
] as const;

/** Where the LAN client's streams go: addresses nobody probes, so that a fault of one target does not hit them. */
export const ECHO_V4 = "198.51.100.7";
export const ECHO_V6 = "2001:db8:ec40::7";
export const ECHO_PORT = 7;

export const LAN = {
	address: "192.168.1.1",
	client: "192.168.1.100",
	ula: "fd12:3456:789a::1",
	client6: "fd12:3456:789a::100",
};

export function makePlan(options: LabOptions): Plan {
	const count = options.isps ?? 3;
	if (!Number.isInteger(count) || count < 1 || count > 16) throw new Error(`isps must be 1-16, not ${count}`);
	const isps: IspPlan[] = [];
	for (let index = 1; index <= count; index++) {
		const name = index === 1 ? "wan" : `wan${String.fromCharCode(96 + index)}`;
		isps.push({
			index,
			ns: `isp${index}`,
			device: `eth${index}`,
			interface: name,
			interface6: `${name}6`,
			proto: index === 3 ? "static" : "dhcp",
			metric: index * 10,
			prefix4: `100.64.${index}`,
			gateway4: `100.64.${index}.1`,
			address4: index === 3 ? `100.64.${index}.2` : `100.64.${index}.50`,
			prefix6: `2001:db8:${index.toString(16)}:`,
			// The usual router advertisement: a link-local next hop.
			gateway6: `fe80::${index.toString(16)}:1`,
			address6: `2001:db8:${index.toString(16)}::50`,
		});
	}
	return { isps, ipv6: options.ipv6 ?? true, layout: options.layout ?? "mwan3" };
}

/** Which ISP a packet with this source address came through; null for a stranger. */
export function ispOfAddress(address: string): number | null {
	const v4 = /^(?:::ffff:)?100\.64\.(\d+)\.\d+$/.exec(address);
	if (v4) return Number(v4[1]);
	const v6 = /^2001:db8:([0-9a-f]+):/i.exec(address);
	return v6 ? Number.parseInt(v6[1] ?? "", 16) : null;
}
