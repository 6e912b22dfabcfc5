/** gRPC status codes (google.rpc.Code) as our errors: what is refused or unknown stays so until something is changed. */
import { AutonomyError } from "./error.ts";

const DEADLINE_EXCEEDED = 4;
const PERMISSION_DENIED = 7;
const UNIMPLEMENTED = 12;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;
const TEXT_MAX = 200;

/** `text`: what the other side wrote, hostile; cut here, escaped where it is shown. */
export function rpcError(code: number, text: string): AutonomyError {
	const words = text.slice(0, TEXT_MAX);
	switch (code) {
		case DEADLINE_EXCEEDED:
			return new AutonomyError("timeout", "no answer in time");
		case UNAVAILABLE:
			return new AutonomyError("connection_failed", words === "" ? "not reachable" : words);
		case PERMISSION_DENIED:
		case UNAUTHENTICATED:
			return new AutonomyError("rpc_denied", words === "" ? "not allowed" : `not allowed: ${words}`);
		case UNIMPLEMENTED:
			return new AutonomyError("rpc_unsupported", "not known to the other side");
		default:
			return new AutonomyError("rpc_failed", `gRPC status ${code}${words === "" ? "" : `: ${words}`}`);
	}
}
