/** The called side of the bus bench, a process of its own: provider.ts SOCKET. */
import type { BlobInputTable } from "../../daemon/bus/blobmsg.ts";
import { double, int32 } from "../../daemon/bus/blobmsg.ts";
import { createBus } from "../../daemon/bus/client.ts";
import { createNodePlatform } from "../../daemon/platform/node/platform.ts";
import { quiet, usedBytes } from "./measure.ts";

/** About what a status answer with eight uplinks weighs. */
function statusLike(): BlobInputTable {
	const member = (index: number): BlobInputTable => ({
		name: `uplink_${index}`,
		state: "online",
		up: true,
		score: double(87.5),
		rtt_ms: double(23.75),
		loss_pct: double(0),
		rx_bytes: int32(123_456_789),
		reasons: ["rtt", "jitter", "loss"],
	});
	return { version: "1.0", uptime_s: 1234, members: Array.from({ length: 8 }, (_, index) => member(index)) };
}

async function main(path: string): Promise<void> {
	const bus = createBus({ platform: createNodePlatform(), log: quiet, paths: [path] });
	const status = statusLike();
	const served = bus.serve({
		path: "bench",
		methods: {
			echo: { args: { n: "int32", text: "string" }, handle: (args) => args },
			status: { args: {}, handle: () => status },
			memory: { args: {}, handle: async () => ({ bytes: int32(await usedBytes()) }) },
		},
	});
	await served.whenRegistered(10_000);
	process.stdout.write("ready\n");
	bus.onState((state) => state === "disconnected" && process.exit(0));
}

main(process.argv[2] ?? "").catch((error: unknown) => {
	process.stderr.write(`${String(error)}\n`);
	process.exit(1);
});
