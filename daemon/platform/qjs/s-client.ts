/**
 * The language of `openssl s_client` (OpenSSL 3): arguments and notices. Pure. The certificate is always verified, and that
 * it is the server's; authority, certificate and key go to it as names of files.
 */
import { AutonomyError } from "../error.ts";
import type { Argv } from "../platform.ts";
import { hostText } from "./socat.ts";

export interface TlsTarget {
	readonly host: string;
	readonly port: number;
	readonly localAddress?: string;
	/** PEM. Null: the authorities the router trusts. */
	readonly caFile: string | null;
	readonly certFile: string | null;
	readonly keyFile: string | null;
	/** The connection begins plain and is upgraded; name: how this host names itself to the server. */
	readonly starttls?: { readonly protocol: "smtp"; readonly name: string };
}

const NO_STARTTLS = "the server offers no STARTTLS";

const isAddress = (host: string): boolean => host.includes(":") || /^[\d.]+$/.test(host);

/** Its arguments. Pure. Throws bad_argument when a name is none. */
export function clientArgv(target: TlsTarget): Argv {
	const { host, port, localAddress, caFile, certFile, keyFile, starttls } = target;
	if (!/^(?!-)[\w.-]+$|^[0-9a-f:.]+$/i.test(host)) {
		throw new AutonomyError("bad_argument", "a host that is neither a name nor an address");
	}
	return [
		"openssl",
		"s_client",
		// No report on standard output; a short one on standard error.
		"-quiet",
		"-brief",
		// It ends when we do, and no letter at the beginning of a line means anything to it.
		"-no_ign_eof",
		"-nocommands",
		"-verify_quiet",
		"-verify_return_error",
		isAddress(host) ? "-verify_ip" : "-verify_hostname",
		host,
		"-connect",
		`${hostText(host)}:${port}`,
		...(localAddress === undefined ? [] : ["-bind", `${hostText(localAddress)}:0`]),
		...(caFile === null ? [] : ["-CAfile", caFile]),
		...(certFile === null ? [] : ["-cert", certFile]),
		...(keyFile === null ? [] : ["-key", keyFile]),
		...(starttls === undefined ? [] : ["-starttls", starttls.protocol, "-name", starttls.name]),
	];
}

export function isEstablished(line: string): boolean {
	return line === "CONNECTION ESTABLISHED";
}

/** It tries STARTTLS also where it is not offered. */
export function isHopeless(line: string): boolean {
	return line.startsWith("Didn't find STARTTLS");
}

/** Of the lines it writes (OpenSSL 3.0 to 3.5); null for those that are no failures. */
export function tlsFailureOf(line: string): string | null {
	if (isHopeless(line)) return NO_STARTTLS;
	const refused = /^verify error:num=\d+:(.*)$/.exec(line)?.[1];
	if (refused !== undefined) return `its certificate is refused: ${refused}`;
	// "THREAD:error:CODE:library:function:reason:file:line:more"
	const [, library, reason, more] = /^[0-9A-F]+:error:[0-9A-F]+:([^:]*):[^:]*:([^:]*):[^:]*:\d*:(.*)$/.exec(line) ?? [];
	if (reason !== undefined) return /^system lib|^$/.test(reason) ? more || library || reason : reason;
	return /^(Could not|Can't open|unable to load) /.test(line) ? line.slice(0, 200) : null;
}

/** True when no encrypted connection came about although the server was there: nothing an other way would change. */
export function isRefusal(failure: string): boolean {
	return failure === NO_STARTTLS || /certificate|alert|wrong version|unsupported|handshake|Could not/.test(failure);
}
