/** The same router without mwan3: routes are steered instead. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { nowMs } from "../../lab/net/lab.ts";
import { networkConfig } from "../../lab/router/config.ts";
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

	/** The router's own default routes, IPv4. */
	const waysOfItsOwn = async (): Promise<number> =>
		(await bench.router.run(["ip", "-4", "route", "show", "default"])).stdout.trim().split("\n").length;

	async function configure(text: string, ways: number): Promise<void> {
		await bench.router.put("/etc/config/network", text);
		await bench.router.networkReload();
		const deadline = nowMs() + 60_000;
		while ((await waysOfItsOwn()) !== ways) {
			assert.ok(nowMs() < deadline, `the router does not come to ${ways} default routes`);
			await new Promise((resolve) => setTimeout(resolve, 200));
		}
	}

	test("no route metrics, as a fresh OpenWrt has it: the router knows one way out, traffic moves to the others all the same", async (t) => {
		const whole = networkConfig(bench.router.lab.plan);
		t.after(async () => {
			await bench.world.healAll();
			await configure(whole, bench.router.lab.plan.isps.length);
		});
		await configure(whole.replaceAll(/\toption metric .*\n/g, ""), 1);
		const found = await fingerprint(bench.router);
		const daemon = await bench.daemon(t);
		await ready(bench, daemon);
		const traffic = await bench.traffic(t);
		await flowsVia(traffic, 1, 3000, daemon);
		for (const [dead, next] of [
			[1, 2],
			[2, 3],
		] as const) {
			await bench.world.do({ do: "blackhole", isp: dead });
			await flowsVia(traffic, next, 6000, daemon);
		}
		assert.match((await daemon.status()).problems.join("\n"), /same route metric/);
		assert.equal(await daemon.stop(), 0);
		await assertGivenBack(bench.router, found);
	});
});
