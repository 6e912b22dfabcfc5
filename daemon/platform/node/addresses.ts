/** Addresses that are not of the public internet (IANA special-purpose registries), for requests that must stay outside. */

import { lookup } from "node:dns";
import type { LookupFunction } from "node:net";
import { BlockList, isIP } from "node:net";

const PRIVATE = new BlockList();
for (const [net, bits] of [
	["0.0.0.0", 8],
	["10.0.0.0", 8],
	["100.64.0.0", 10],
	["127.0.0.0", 8],
	["169.254.0.0", 16],
	["172.16.0.0", 12],
	["192.0.0.0", 24],
	["192.0.2.0", 24],
	["192.168.0.0", 16],
	["198.18.0.0", 15],
	["198.51.100.0", 24],
	["203.0.113.0", 24],
	["224.0.0.0", 3],
] as const) {
	PRIVATE.addSubnet(net, bits, "ipv4");
	// The same, written as IPv4-mapped and NAT64 addresses.
	PRIVATE.addSubnet(`::ffff:${net}`, 96 + bits, "ipv6");
	PRIVATE.addSubnet(`64:ff9b::${net}`, 96 + bits, "ipv6");
}
for (const [net, bits] of [
	["::", 127],
	["64:ff9b:1::", 48],
	["100::", 64],
	["2001:db8::", 32],
	["2002::", 16],
	["fc00::", 7],
	["fe80::", 10],
	["fec0::", 10],
	["ff00::", 8],
] as const) {
	PRIVATE.addSubnet(net, bits, "ipv6");
}

export function isPrivateAddress(address: string): boolean {
	const version = isIP(address);
	return version === 0 || PRIVATE.check(address, version === 4 ? "ipv4" : "ipv6");
}

/** Resolves a name and refuses it when any of its addresses is private: what was checked is what is connected to. */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
	lookup(hostname, { ...options, all: true }, (error, addresses) => {
		const bad = error === null ? addresses.find((one) => isPrivateAddress(one.address)) : undefined;
		const [first] = addresses ?? [];
		if (error !== null) callback(error, []);
		else if (bad !== undefined || first === undefined) {
			callback(Object.assign(new Error(`${hostname} has a private address`), { code: "EPRIVATE" }), []);
		} else if (options.all === true) callback(null, addresses);
		else callback(null, first.address, first.family);
	});
};
