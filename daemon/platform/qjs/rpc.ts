/** No HTTP/2 here: a dish is asked at its other door, gRPC-Web. */
import { AutonomyError } from "../error.ts";
import type { Rpc } from "../platform.ts";

export const qjsRpc: Rpc = {
	open: () => Promise.reject(new AutonomyError("rpc_unsupported", "QuickJS has no HTTP/2")),
};
