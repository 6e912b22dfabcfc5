/** The language of socat (1.7.4 to 1.8): addresses with what is special in them escaped, and its notices. Pure. */
import type { StreamTarget } from "../platform.ts";

/** Callers have limits of their own; this one ends a helper whose daemon was killed. */
const CONNECT_S = 20;

/** The characters socat's own parser looks for. */
function escaped(text: string): string {
	return text.replace(/[\\,:!"'([{}\])]/g, (one) => `\\${one}`);
}

function isIpv6(host: string): boolean {
	return host.includes(":");
}

/** IPv6 addresses in brackets; anything else that is no plain address or name is escaped. */
export function hostText(host: string): string {
	return /^[0-9a-f:.]+(%[\w.-]+)?$/i.test(host) && isIpv6(host) ? `[${host}]` : escaped(host);
}

/** Where to connect to, in this order: a name that is bound to no address may have addresses of either kind. */
export function socatAddresses(target: StreamTarget): readonly string[] {
	if (target.kind === "unix") return [`UNIX-CONNECT:${escaped(target.path)}`];
	const { host, port, localAddress } = target;
	const bind = localAddress === undefined ? "" : `,bind=${hostText(localAddress)}`;
	// What ends in a number is no name.
	const known = isIpv6(host) || /\d$/.test(host) ? host : localAddress;
	const families = known === undefined ? ["TCP4", "TCP6"] : [isIpv6(known) ? "TCP6" : "TCP4"];
	return families.map((family) => `${family}:${hostText(host)}:${port},nodelay,connect-timeout=${CONNECT_S}${bind}`);
}

/** A notice like "... N opening connection to AF=2 192.0.2.1:443". */
export function isBegun(line: string): boolean {
	return /^\S+ \S+ socat\[\d+\] N opening connection to /.test(line);
}

/** A notice like "... N successfully connected from local address AF=2 192.0.2.2:42234". */
export function isConnected(line: string): boolean {
	return /^\S+ \S+ socat\[\d+\] N (successfully connected|starting data transfer)/.test(line);
}

/** The reason at the end of a line of level E or F; null for other lines. */
export function failureOf(line: string): string | null {
	const text = /^\S+ \S+ socat\[\d+\] [EF] (.*)$/.exec(line)?.[1];
	if (text === undefined) return null;
	return /^(\w+)\(.*\): (.*)$/.exec(text)?.slice(1).join(": ") ?? text;
}
