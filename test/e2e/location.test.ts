/** The router finds out where it is, says when it moves, and keeps both to itself. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Reply } from "../../contract/api.ts";
import { type Bench, impossible, openBench } from "./harness.ts";

const noReceiver = process.env.OPENWRT_ROOT ? "this userland has no receiver" : false;
const skip = impossible() ?? noReceiver;

const AUTONOMY = `config autonomy 'main'
	option log_level 'info'

config gps 'gps'
	option enabled '1'
	option collection_interval_s '10'
`;

for (const receiver of ["rutos", "gpsd"] as const) {
	describe(`location by ${receiver}`, { skip }, () => {
		let bench: Bench;
		before(async () => {
			bench = await openBench({ isps: 1, receiver, config: { autonomy: AUTONOMY } });
		});
		after(() => bench.close());

		test("the position, a drive, another place; nothing of it in the log", async (t) => {
			const daemon = await bench.daemon(t);
			const gps = () => daemon.call<Reply<"gps">>("gps");
			await daemon.until("the position", async () => (await gps()).available, 15_000);
			const { source, latitude, longitude, satellites, moving } = await gps();
			assert.deepEqual([source, latitude, longitude, satellites, moving], [receiver, 54.687157, 25.279652, 9, false]);
			await bench.router.receiver({ latitude: 54.695157, speedMps: 20 });
			const moved = async () => (await daemon.call<Reply<"events">>("events", { type: "movement" })).events;
			await daemon.until("the drive", async () => (await moved()).length >= 2, 25_000);
			assert.deepEqual(
				(await moved()).map((event) => event.reason),
				["the router is 890 m from where it was", "the router moves"],
			);
			const status = await daemon.call<Reply<"gps_status">>("gps_status");
			assert.deepEqual([status.active_source, status.moving], [receiver, true]);
			assert.doesNotMatch(daemon.process.tail.join("\n"), /54\.6[89]|25\.27/);
		});
	});
}
