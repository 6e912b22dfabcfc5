/**
 * What the prober needs from the configuration, and the default targets. Targets are numeric addresses only: a name
 * would have to be resolved through the very link that is being judged.
 */
import type { Family } from "../health/types.ts";

export type DataCapMode = "conservative" | "balanced" | "aggressive";

export interface ProbeSettings {
	readonly dataCapMode: DataCapMode;
	/** Internet targets per family, most trusted first; at most MAX_TARGETS are used. */
	readonly targets: Readonly<Record<Family, readonly string[]>>;
	/** Also ask the track_ip addresses of the mwan3 interface when there is room among MAX_TARGETS. */
	readonly useTrackIps: boolean;
	/** Name asked at the uplink's own DNS servers; "" turns DNS probes off. */
	readonly dnsName: string;
	/** Ports tried, in order, by TCP probes when ICMP is filtered. */
	readonly tcpPorts: readonly number[];
}

/** More targets make a link no safer, only dearer: three independent operators already outvote one that fails. */
export const MAX_TARGETS = 4;

/** Three independent anycast resolvers (Cloudflare, Google, Quad9) that answer ping, TCP 53 and TCP 443. */
export const DEFAULT_PROBE_SETTINGS: ProbeSettings = {
	dataCapMode: "balanced",
	targets: {
		ipv4: ["1.1.1.1", "8.8.8.8", "9.9.9.9"],
		ipv6: ["2606:4700:4700::1111", "2001:4860:4860::8888", "2620:fe::fe"],
	},
	useTrackIps: true,
	dnsName: "example.com",
	tcpPorts: [443, 53],
};
