/** What an uplink is: one way out of the router, whatever number of netifd interfaces it is made of. */
import type { Family, UplinkClass } from "../health/types.ts";

/** One address family of an uplink, as netifd reports it. */
export interface FamilyLink {
	/** The netifd interface that carries it: wan, wan6, mob1s1a1_4. */
	readonly interface: string;
	readonly up: boolean;
	readonly device: string | null;
	readonly address: string | null;
	readonly prefixLength: number | null;
	/** Next hop of the default route; null on point-to-point links or when there is none. */
	readonly gateway: string | null;
	/** There is a default route (also one without a next hop). */
	readonly hasDefaultRoute: boolean;
	readonly dnsServers: readonly string[];
	/** netifd's route metric. */
	readonly metric: number;
	/** Its default route is none of the main table's for all: in a table of its own, or for sources of one prefix. */
	readonly apart?: true;
}

/** Where mwan3 put this uplink (one per `config interface` of /etc/config/mwan3). */
export interface Mwan3Link {
	readonly interface: string;
	readonly family: Family;
	/** Position in /etc/config/mwan3 from 1: also the routing table. */
	readonly id: number;
	/** id spread over the bits of mmx_mask. */
	readonly mark: number;
	readonly enabled: boolean;
	/** mwan3 itself holds it down (`mwan3 ifdown`, or netifd's ifup has not reached it yet): it has no rules and no table. */
	readonly takenDown?: true;
	/** track_ip of the interface, in order. */
	readonly trackIps: readonly string[];
}

export interface Peer {
	readonly host: string;
	/** By the device alone, without its gateway: a dish in bypass mode may answer only so. */
	readonly direct: boolean;
}

export interface Uplink {
	/** The name people know: the mwan3 interface, else the netifd one (RutOS: the parent, mob1s1a1). */
	readonly id: string;
	readonly class: UplinkClass;
	/** Why it was put in this class, for `members`. */
	readonly classReason: string;
	/** What its device is by itself, where a sensor knows better (a dish behind Wi-Fi: wifi). */
	readonly medium?: UplinkClass;
	readonly proto: string;
	/** Layer 3 device; null while there is none. */
	readonly device: string | null;
	/** The device below it (pppoe-wan rides on eth1); the same as `device` on plain links. Link events name this one. */
	readonly lowerDevice: string | null;
	readonly present: boolean;
	readonly up: boolean;
	readonly carrier: boolean | null;
	readonly ipv4: FamilyLink | null;
	readonly ipv6: FamilyLink | null;
	readonly mwan3: { readonly ipv4: Mwan3Link | null; readonly ipv6: Mwan3Link | null };
	/** An address behind this uplink that must be asked through it and no other (a dish); IPv4. */
	readonly peer?: Peer;
	readonly metered: boolean;
	/** Its data plan is nearly or wholly used up (the usage sensor says so): watch it as cheaply as can be. */
	readonly allowance?: "near" | "used_up";
	readonly weight: number;
	readonly order: number;
	readonly disabled: boolean;
	readonly minUptimeMs: number;
	readonly cooldownMs: number;
	readonly preferRoaming: boolean;
	/** True for tunnels (wireguard, openvpn, gre ...): they ride on another uplink. */
	readonly tunnel: boolean;
}

/** /etc/config/mwan3 as far as steering needs it. */
export interface Mwan3Layout {
	/** Mark mask, 0x3F00 unless changed. */
	readonly mask: number;
	readonly links: readonly Mwan3Link[];
	readonly members: readonly Mwan3Member[];
	readonly policies: readonly Mwan3Policy[];
}

export interface Mwan3Member {
	readonly name: string;
	readonly interface: string;
	/** The user's own values, not ours. */
	readonly metric: number;
	readonly weight: number;
}

export interface Mwan3Policy {
	readonly name: string;
	readonly members: readonly string[];
	readonly lastResort: "unreachable" | "blackhole" | "default";
}

/** All that discovery found at one moment. */
export interface Discovered {
	readonly uplinks: readonly Uplink[];
	/** Null when mwan3 is not installed, not running or not configured. */
	readonly mwan3: Mwan3Layout | null;
	/** What could not be understood, for status and log: text per problem. */
	readonly problems: readonly string[];
}
