/**
 * What the prober needs from the configuration, and the default targets. Targets are numeric addresses only: a name
 * would have to be resolved through the very link that is being judged.
 */
import type { Family, UplinkClass } from "../health/types.ts";
import { isAddress } from "./address.ts";

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
	/** The owner's own pace; null: by dataCapMode and metered. Between two probes of one family, ms. */
	readonly activeIntervalMs: number | null;
	readonly standbyIntervalMs: number | null;
	/** The owner's own budget; null: by dataCapMode. */
	readonly bytesPerDay: number | null;
	readonly meteredBytesPerDay: number | null;
	/** What is set for one uplink alone. */
	member(id: string, uplinkClass: UplinkClass): MemberProbe;
}

export interface MemberProbe {
	/** Null: as for all. */
	readonly bytesPerDay: number | null;
	readonly targets: Readonly<Record<Family, readonly string[]>>;
	/** The targets are this uplink's own: those of mwan3 are not added. */
	readonly ownTargets: boolean;
}

/** More targets make a link no safer, only dearer: three independent operators already outvote one that fails. */
export const MAX_TARGETS = 4;

/** Three independent anycast resolvers (Cloudflare, Google, Quad9) that answer ping, TCP 53 and TCP 443. */
const DEFAULT_TARGETS: ProbeSettings["targets"] = {
	ipv4: ["1.1.1.1", "8.8.8.8", "9.9.9.9"],
	ipv6: ["2606:4700:4700::1111", "2001:4860:4860::8888", "2620:fe::fe"],
};

export const DEFAULT_PROBE_SETTINGS: ProbeSettings = {
	dataCapMode: "balanced",
	targets: DEFAULT_TARGETS,
	useTrackIps: true,
	dnsName: "example.com",
	tcpPorts: [443, 53],
	activeIntervalMs: null,
	standbyIntervalMs: null,
	bytesPerDay: null,
	meteredBytesPerDay: null,
	member: () => ({ bytesPerDay: null, targets: DEFAULT_TARGETS, ownTargets: false }),
};

/** Which targets are asked over this uplink: the configured ones, then mwan3's track_ip as far as there is room. */
export function targetsFor(
	settings: ProbeSettings,
	member: MemberProbe,
	family: Family,
	trackIps: readonly string[],
): string[] {
	const own = member.targets[family].length > 0 ? member.targets[family] : settings.targets[family];
	const more = settings.useTrackIps && !member.ownTargets ? trackIps : [];
	const all = [...own, ...more].map((one) => one.toLowerCase()).filter((one) => isAddress(one, family));
	return [...new Set(all)].slice(0, MAX_TARGETS);
}
