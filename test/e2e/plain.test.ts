/** The same router without mwan3: routes are steered instead. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { nowMs } from "../../lab/net/lab.ts";
import {
	assertGivenBack,
	type Bench,
	fingerprint,
	flowsVia,
	impossible,
	openBench,
	openFlowVia,
	ready,
	undisturbed,
	uplink,
} from "./harness.ts";

const skip = impossible() ?? false;

describe("failover without mwan3", { skip }, () => {
	let bench: Bench;
	before(async () => {
		bench = await openBench({ layout: "plain" });
	});
	after(() => bench.close());

	test("a blackhole: new flows and the open flow move, and everything is given back", async (t) => {
		t.after(() => bench.world.healAll());
		const found = await fingerprint(bench.router);
		const daemon = await bench.daemon(t);
		await ready(bench, daemon);
		assert.equal((await daemon.status()).mwan3.enabled, false);
		const traffic = await bench.traffic(t);
		const v6 = await bench.traffic(t, { family: "ipv6" });
		await flowsVia(traffic, 1, 3000, daemon);
		await bench.world.do({ do: "blackhole", isp: 1 });
		await flowsVia(traffic, 2, 6000, daemon);
		await flowsVia(v6, 2, 6000, daemon);
		await openFlowVia(traffic, 2, 6000, daemon);
		assert.equal(await daemon.stop(), 0);
		await assertGivenBack(bench.router, found);
	});

	test("carrier lost and back: netifd and the daemon do not fight", (t) =>
		undisturbed(bench, t, async (scope) => {
			scope.after(() => bench.world.healAll());
			const daemon = await bench.daemon(scope);
			await ready(bench, daemon);
			const traffic = await bench.traffic(scope);
			await bench.world.do({ do: "carrier", isp: 1, up: false });
			await flowsVia(traffic, 2, 3000, daemon);
			await bench.world.do({ do: "carrier", isp: 1, up: true });
			await daemon.until(
				"wan is up again",
				async () => (await daemon.members()).find((m) => m.name === uplink(bench, 1))?.up === true,
				5000,
			);
			const since = nowMs();
			await new Promise((resolve) => setTimeout(resolve, 1000));
			const { fresh } = await traffic.report({ sinceMs: since });
			assert.equal(fresh.lost, 0, daemon.describe());
		}));

	test("a switch that is asked for loses nothing", (t) =>
		undisturbed(bench, t, async (scope) => {
			const daemon = await bench.daemon(scope);
			await ready(bench, daemon);
			const traffic = await bench.traffic(scope);
			await flowsVia(traffic, 1, 3000, daemon);
			const since = nowMs();
			await daemon.order("failover", { member: uplink(bench, 3), reason: "test" });
			await flowsVia(traffic, 3, 3000, daemon);
			await new Promise((resolve) => setTimeout(resolve, 500));
			const { fresh, open, rejected } = await traffic.report({ sinceMs: since });
			assert.deepEqual([fresh.lost, open.lost, rejected], [0, 0, 0]);
		}));
});
