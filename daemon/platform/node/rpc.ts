/** gRPC on Node: a thin door; the library behind it is loaded by the first dish. */
import type { Rpc } from "../platform.ts";

export const nodeRpc: Rpc = {
	async open(target) {
		const { openChannel } = await import("./grpc.ts");
		return openChannel(target);
	},
};
