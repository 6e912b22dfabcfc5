/**
 * Is a text a numeric IP address, and is a text fit to be a device name? Targets, gateways and devices come from
 * configuration files and DHCP servers: nothing else is ever put on a command line.
 */
import type { Family } from "../health/types.ts";

const OCTET = /^(0|[1-9][0-9]{0,2})$/;
const GROUP = /^[0-9a-f]{1,4}$/;

export function isIpv4(text: string): boolean {
	const parts = text.split(".");
	return parts.length === 4 && parts.every((part) => OCTET.test(part) && Number(part) <= 255);
}

/** RFC 4291 2.2 text forms without a zone; an embedded IPv4 tail counts as two groups. */
export function isIpv6(text: string): boolean {
	if (text.length > 45 || text.length < 2) return false;
	const halves = text.toLowerCase().split("::");
	if (halves.length > 2) return false;
	let count = 0;
	for (const [index, half] of halves.entries()) {
		const groups = half === "" ? [] : half.split(":");
		for (const [position, group] of groups.entries()) {
			const isLast = index === halves.length - 1 && position === groups.length - 1;
			if (isLast && group.includes(".")) {
				if (!isIpv4(group)) return false;
				count += 2;
			} else if (GROUP.test(group)) count++;
			else return false;
		}
	}
	return halves.length === 2 ? count <= 7 : count === 8;
}

export function isAddress(text: string, family: Family): boolean {
	return family === "ipv4" ? isIpv4(text) : isIpv6(text);
}

/** Kernel rules (dev_valid_name): 1-15 bytes, no slash, no colon, no space; and it must not look like an option. */
export function isDevice(text: string): boolean {
	return /^[^\s/:-][^\s/:]{0,14}$/.test(text) && text !== "." && text !== "..";
}
