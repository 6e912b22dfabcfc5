/**
 * Streams with TLS on QuickJS, by `openssl s_client` (s-client.ts): OpenWrt builds socat without TLS, and this program also
 * upgrades a connection to a mail server (STARTTLS).
 */
import { AutonomyError } from "../error.ts";
import type { ByteStream, StreamHandlers } from "../platform.ts";
import { find } from "./children.ts";
import { qjsFiles } from "./files.ts";
import { clientArgv, isEstablished, isHopeless, type TlsTarget, tlsFailureOf } from "./s-client.ts";
import { carry } from "./streams.ts";

/** Throws tool_missing, file_not_found or file_denied. */
export function connectTls(target: TlsTarget, handlers: StreamHandlers): ByteStream {
	if (find("openssl") === null) {
		throw new AutonomyError(
			"tool_missing",
			"TLS on QuickJS needs the program openssl: install the package openssl-util",
		);
	}
	for (const path of [target.caFile, target.certFile, target.keyFile]) if (path !== null) qjsFiles.readBytes(path);
	return carry({ argv: clientArgv(target), isConnected: isEstablished, failureOf: tlsFailureOf, isHopeless }, handlers);
}
