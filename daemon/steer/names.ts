/**
 * Checks and encoders for everything that goes into text read by another program: iptables-restore input, `ip -batch`
 * lines, `uci batch` lines. Names come from /etc/config and from the kernel and count as hostile: what does not have the
 * shape of such a name is refused (AutonomyError bad_argument), never quoted and hoped for.
 */
import type { Family } from "../health/types.ts";
import { AutonomyError } from "../platform/error.ts";

/** A UCI section name: interfaces, members and policies of mwan3. */
const SECTION = /^[A-Za-z0-9_]{1,64}$/;
/** What the kernel accepts and `ip` reads without quotes; VLANs have dots, PPP and modems dashes, aliases none. */
const DEVICE = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$/;
/** mwan3 sets up no policy with a longer name (lib/mwan3/mwan3.sh, mwan3_create_policies_iptables). */
export const POLICY_NAME_MAX = 15;
/** A word of an `ip` command: addresses, prefixes, device names, numbers, keywords. */
const IP_WORD = /^[A-Za-z0-9_.:/%-]{1,80}$/;
const IPV4 = /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/;
const IPV6 = /^(?=.*:)[0-9a-fA-F:]{2,39}(\.\d{1,3}){0,3}$/;

function refuse(what: string, value: string): never {
	const shown = value.length > 40 ? `${value.slice(0, 40)}...` : value;
	throw new AutonomyError("bad_argument", `${what} ${JSON.stringify(shown)} is refused: odd characters or too long`, {
		what,
		value: shown,
	});
}

/** The chain of a policy, e.g. mwan3_policy_failover. */
export function policyChain(policy: string): string {
	if (!SECTION.test(policy) || policy.length > POLICY_NAME_MAX) refuse("mwan3 policy name", policy);
	return `mwan3_policy_${policy}`;
}

export function sectionName(name: string): string {
	if (!SECTION.test(name)) refuse("section name", name);
	return name;
}

export function deviceName(name: string): string {
	if (!DEVICE.test(name)) refuse("device name", name);
	return name;
}

export function isAddress(family: Family, text: string): boolean {
	return (family === "ipv4" ? IPV4 : IPV6).test(text);
}

export function addressOf(family: Family, text: string): string {
	if (!isAddress(family, text)) refuse(`${family} address`, text);
	return text;
}

/** A mark or mask as iptables prints it: 0x3f00. */
export function hex(value: number): string {
	if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) refuse("mark", String(value));
	return `0x${value.toString(16)}`;
}

/** One line for `ip -batch -`; each word is checked, so no line break and no second command can get in. */
export function ipLine(words: readonly string[]): string {
	for (const word of words) if (!IP_WORD.test(word)) refuse("word of an ip command", word);
	return words.join(" ");
}
