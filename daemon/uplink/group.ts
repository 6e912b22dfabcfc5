/**
 * Which netifd interfaces make up one uplink. People say "wan" and mean the wire: wan (DHCP) and wan6 (DHCPv6) over the
 * same device, a parent without addresses and its children mob1s1a1_4 and mob1s1a1_6 (RutOS), pppoe's wan and wan_6. Two
 * IPv4 interfaces over one device have two gateways: they stay two uplinks, and an IPv6 one goes with the first of them.
 */
import type { NetifdInterface } from "./netifd.ts";

export interface InterfaceGroup {
	/** The name people know. */
	readonly id: string;
	/** The interface that was configured by a person: the parent of dynamic children. */
	readonly root: NetifdInterface;
	readonly ipv4: NetifdInterface | null;
	readonly ipv6: NetifdInterface | null;
	readonly names: readonly string[];
}

/** Protocols whose interfaces carry IPv6 only. */
const IPV6_PROTOS: ReadonlySet<string> = new Set(["dhcpv6", "6in4", "6rd", "6to4", "map", "464xlat6"]);

interface Cluster {
	root: NetifdInterface;
	parts: NetifdInterface[];
}

function parentName(one: NetifdInterface, byName: ReadonlyMap<string, NetifdInterface>): string | null {
	const alias = one.configuredDevice?.startsWith("@") ? one.configuredDevice.slice(1) : null;
	if (alias !== null && byName.has(alias)) return alias;
	const child = /^(.+)_[46]$/.exec(one.name)?.[1];
	return one.dynamic && child !== undefined && byName.has(child) ? child : null;
}

function rootOf(one: NetifdInterface, byName: ReadonlyMap<string, NetifdInterface>): NetifdInterface {
	let current = one;
	// Bounded: an alias may name itself or go in a circle.
	for (let depth = 0; depth < 8; depth++) {
		const parent = parentName(current, byName);
		const next = parent === null ? undefined : byName.get(parent);
		if (!next || next === current) return current;
		current = next;
	}
	return current;
}

/** `known`: interfaces that carried IPv6 alone. While a static one is down nothing else tells. */
function isIpv6Only(one: NetifdInterface, known: ReadonlySet<string>): boolean {
	return one.ipv4.length === 0 && (IPV6_PROTOS.has(one.proto) || one.ipv6.length > 0 || known.has(one.name));
}

/** The one that really has the family; while down the one whose protocol could bring it. */
function pick(
	parts: readonly NetifdInterface[],
	family: "ipv4" | "ipv6",
	known: ReadonlySet<string>,
): NetifdInterface | null {
	const having =
		parts.find((part) => part.up && part[family].length > 0) ?? parts.find((part) => part[family].length > 0);
	if (having) return having;
	const suffix = family === "ipv4" ? "_4" : "_6";
	const child = parts.find((part) => part.dynamic && part.name.endsWith(suffix));
	if (child) return child;
	const brings6 = (part: NetifdInterface): boolean => IPV6_PROTOS.has(part.proto) || known.has(part.name);
	return parts.find((part) => !part.dynamic && brings6(part) === (family === "ipv6")) ?? null;
}

/**
 * Groups the interfaces for which `isUplink` holds (for any of a group). `preferredIds` are names that a group should be
 * called by when it contains them (mwan3's), `ipv6Names` those that carried IPv6 alone when they were last up.
 */
export function groupInterfaces(
	interfaces: readonly NetifdInterface[],
	isUplink: (one: NetifdInterface) => boolean,
	preferredIds: ReadonlySet<string>,
	ipv6Names: ReadonlySet<string> = new Set(),
): InterfaceGroup[] {
	const byName = new Map(interfaces.map((one) => [one.name, one]));
	const clusters = new Map<string, Cluster>();
	for (const one of interfaces) {
		const root = rootOf(one, byName);
		const cluster = clusters.get(root.name) ?? { root, parts: [] };
		cluster.parts.push(one);
		clusters.set(root.name, cluster);
	}
	const wanted = [...clusters.values()].filter((cluster) => cluster.parts.some(isUplink));
	return mergeByDevice(wanted, ipv6Names).map((cluster) => toGroup(cluster, preferredIds, ipv6Names));
}

function mergeByDevice(clusters: Cluster[], ipv6Names: ReadonlySet<string>): Cluster[] {
	const isExtra = (cluster: Cluster): boolean => cluster.parts.every((part) => isIpv6Only(part, ipv6Names));
	const merged: Cluster[] = clusters.filter((cluster) => !isExtra(cluster));
	for (const cluster of clusters) {
		if (!isExtra(cluster)) continue;
		const device = cluster.root.device;
		const home = merged.find(
			(other) => device !== null && other.root.device === device && !other.parts.some((part) => part.ipv6.length > 0),
		);
		if (home) home.parts.push(...cluster.parts);
		else merged.push(cluster);
	}
	return merged;
}

function toGroup(cluster: Cluster, preferredIds: ReadonlySet<string>, ipv6Names: ReadonlySet<string>): InterfaceGroup {
	const names = cluster.parts.map((part) => part.name);
	const ipv4 = pick(cluster.parts, "ipv4", ipv6Names);
	const ipv6 = pick(cluster.parts, "ipv6", ipv6Names);
	const known = [ipv4?.name, cluster.root.name, ...names].find((name) => name !== undefined && preferredIds.has(name));
	return { id: known ?? cluster.root.name, root: cluster.root, ipv4, ipv6, names };
}
