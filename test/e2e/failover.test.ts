/** The daemon on a router with mwan3: it finds its uplinks, moves traffic when one fails, and gives the router back. */
import assert from "node:assert/strict";
import { after, before, describe, type TestContext, test } from "node:test";
import { nowMs } from "../../lab/net/lab.ts";
import type { Step } from "../../lab/scenario/format.ts";
import {
	assertGivenBack,
	type Bench,
	fingerprint,
	flowsVia,
	impossible,
	movedTo,
	openBench,
	openFlowVia,
	ready,
	undisturbed,
	uplink,
} from "./harness.ts";

const skip = impossible() ?? false;

describe("failover with mwan3", { skip }, () => {
	let bench: Bench;
	before(async () => {
		bench = await openBench();
	});
	after(() => bench.close());

	async function leaves(t: TestContext, step: Step, limitMs: number): Promise<void> {
		t.after(() => bench.world.healAll());
		const daemon = await bench.daemon(t);
		await ready(bench, daemon);
		const traffic = await bench.traffic(t);
		await flowsVia(traffic, 1, 3000, daemon);
		await bench.world.do(step);
		await flowsVia(traffic, 2, limitMs, daemon);
		// One family may leave a moment before the other, and with it the whole uplink.
		const current = async (): Promise<boolean> => (await daemon.status()).current === uplink(bench, 2);
		await daemon.until("the uplink is left", current, limitMs);
		assert.equal((await movedTo(daemon, uplink(bench, 2))).from, uplink(bench, 1));
	}

	test("finds every uplink with both families and tells why it is where it is", (t) =>
		undisturbed(bench, t, async (scope) => {
			const daemon = await bench.daemon(scope);
			await ready(bench, daemon);
			const found = bench.router.lab.plan.isps.map((isp) => [
				isp.interface,
				isp.device,
				[
					["ipv4", "up"],
					["ipv6", "up"],
				],
			]);
			// An uplink is eligible by the first of its families that works; until() tells the difference if it stays.
			await daemon.until(
				"both families of all are up, and all is well",
				async () => {
					const members = await daemon.members();
					assert.deepEqual(
						members.map((member) => [member.name, member.device, member.families.map((f) => [f.family, f.verdict])]),
						found,
					);
					const { state, mwan3, problems } = await daemon.status();
					assert.deepEqual([state, mwan3.enabled, problems], ["primary", true, []]);
					return true;
				},
				10_000,
			);
		}));

	test("a blackhole: new flows and the open flow move, nobody is asked to wait", async (t) => {
		t.after(() => bench.world.healAll());
		const daemon = await bench.daemon(t);
		await ready(bench, daemon);
		const traffic = await bench.traffic(t);
		await flowsVia(traffic, 1, 3000, daemon);
		await bench.world.do({ do: "blackhole", isp: 1 });
		await flowsVia(traffic, 2, 6000, daemon);
		await openFlowVia(traffic, 2, 6000, daemon);
		// One family may have left a moment before the other; the uplink is left with the second.
		const { id } = await movedTo(daemon, uplink(bench, 2));
		const explanation = await daemon.call<{ kind: string; from: string; to: string; text: string }>("explain", { id });
		assert.match(explanation.kind, /^(failover|predictive)$/);
		assert.equal(explanation.from, uplink(bench, 1));
		assert.match(explanation.text, new RegExp(uplink(bench, 1)));
		// The router itself, with a socket bound to nothing, as dnsmasq asks: main still prefers the dead uplink.
		await daemon.until("moved whole", async () => (await daemon.status()).steering.in_force, 5000);
		for (const [family, address] of [
			["-4", "8.8.8.8"],
			["-6", "2001:4860:4860::8888"],
		] as const) {
			if (family === "-6" && bench.router.kind === "openwrt") continue; // no IPv6 uplink there
			const ping = await bench.router.run(["ping", family, "-c", "3", "-i", "0.3", "-W", "2", address]);
			assert.match(
				ping.stdout,
				/ [1-3] (packets )?received/,
				`the router itself is cut off, ${family}: ${ping.stdout}`,
			);
		}
	});

	test("the gateway answers, the internet is dead", (t) => leaves(t, { do: "gateway_only", isp: 1 }, 6000));
	test("carrier lost", (t) => leaves(t, { do: "carrier", isp: 1, up: false }, 3000));
	test("30 % loss", (t) => leaves(t, { do: "loss", isp: 1, pct: 30 }, 15_000));
	test("70 % loss one way", (t) => leaves(t, { do: "one_way_loss", isp: 1, pct: 70, direction: "down" }, 15_000));

	test("a switch that is asked for loses nothing and leaves the open flow where it is", (t) =>
		undisturbed(bench, t, async (scope) => {
			const daemon = await bench.daemon(scope);
			await ready(bench, daemon);
			const traffic = await bench.traffic(scope);
			await flowsVia(traffic, 1, 3000, daemon);
			const since = nowMs();
			await daemon.order("failover", { member: uplink(bench, 2), reason: "test" });
			await flowsVia(traffic, 2, 3000, daemon);
			await new Promise((resolve) => setTimeout(resolve, 500));
			const { fresh, open, rejected } = await traffic.report({ sinceMs: since });
			assert.deepEqual([fresh.lost, open.lost, rejected], [0, 0, 0]);
			assert.deepEqual(
				open.ways.map((way) => way.isp),
				[1],
			);
		}));

	test("probes leave by their own uplink, also while another is preferred", async (t) => {
		const daemon = await bench.daemon(t);
		await ready(bench, daemon);
		const count = () => Promise.all(bench.router.lab.plan.isps.map((isp) => bench.router.lab.counters(isp.index)));
		const first = await count();
		let last = first;
		const more = (i: number, name: string): number => (last[i]?.[name] ?? 0) - (first[i]?.[name] ?? 0);
		await daemon.until(
			"each uplink carries probes of both families",
			async () => {
				last = await count();
				return last.every((_, i) => more(i, "icmp_own") >= 2 && more(i, "icmp6_own") >= 2);
			},
			12_000,
		);
		for (const [i, isp] of bench.router.lab.plan.isps.entries()) {
			assert.equal(more(i, "icmp_foreign"), 0, `${isp.ns} carried IPv4 probes of another uplink`);
			assert.equal(more(i, "icmp6_foreign"), 0, `${isp.ns} carried IPv6 probes of another uplink`);
		}
	});

	test("one target dead for all, and ICMP filtered on the standby: nobody moves", (t) =>
		undisturbed(bench, t, async (scope) => {
			scope.after(() => bench.world.healAll());
			const daemon = await bench.daemon(scope);
			await ready(bench, daemon);
			const traffic = await bench.traffic(scope);
			await bench.world.do({ do: "target_dead", targets: ["1.1.1.1"] });
			await bench.world.do({ do: "icmp_filtered", isp: 2 });
			await new Promise((resolve) => setTimeout(resolve, 8000));
			const { fresh } = await traffic.report();
			assert.deepEqual(
				fresh.ways.map((way) => way.isp),
				[1],
			);
			assert.equal((await daemon.status()).current, uplink(bench, 1));
		}));

	test("ICMP filtered on the uplink in use is no reason to leave it", (t) =>
		undisturbed(bench, t, async (scope) => {
			scope.after(() => bench.world.healAll());
			const daemon = await bench.daemon(scope);
			await ready(bench, daemon);
			const traffic = await bench.traffic(scope);
			await bench.world.do({ do: "icmp_filtered", isp: 1 });
			await new Promise((resolve) => setTimeout(resolve, 8000));
			assert.equal((await daemon.status()).current, uplink(bench, 1), daemon.describe());
			const { fresh } = await traffic.peek();
			assert.equal(fresh.isp, 1, daemon.describe());
		}));

	test("IPv4 dead, IPv6 alive: IPv4 moves", (t) =>
		undisturbed(bench, t, async (scope) => {
			scope.after(() => bench.world.healAll());
			const daemon = await bench.daemon(scope);
			await ready(bench, daemon);
			const v4 = await bench.traffic(scope);
			const v6 = await bench.traffic(scope, { family: "ipv6" });
			await flowsVia(v6, 1, 3000, daemon);
			await bench.world.do({ do: "ipv6_only", isp: 1 });
			await flowsVia(v4, 2, 8000, daemon);
			const { fresh } = await v6.report();
			// In packets, of which there is one per 10 ms: a client that stands still itself is not cut off.
			assert.ok(fresh.lost < 20, `IPv6 was cut for ${fresh.lost} packets`);
		}));

	test("all dead, then one back: traffic goes there", async (t) => {
		t.after(() => bench.world.healAll());
		const daemon = await bench.daemon(t);
		await ready(bench, daemon);
		const traffic = await bench.traffic(t);
		for (const isp of [1, 2, 3]) await bench.world.do({ do: "blackhole", isp });
		await daemon.until("no uplink works", async () => (await daemon.status()).state === "offline", 15_000);
		await bench.world.do({ do: "heal", isp: 3 });
		await flowsVia(traffic, 3, 15_000, daemon);
	});

	test("SIGTERM gives the router back exactly as it was, also after a switch", async (t) => {
		t.after(() => bench.world.healAll());
		const found = await fingerprint(bench.router);
		const daemon = await bench.daemon(t);
		await ready(bench, daemon);
		await bench.world.do({ do: "blackhole", isp: 1 });
		await daemon.until("moved", async () => (await daemon.status()).current === uplink(bench, 2), 6000);
		assert.notDeepEqual(await fingerprint(bench.router), found, "nothing was changed at all");
		assert.equal(await daemon.stop(), 0);
		await assertGivenBack(bench.router, found);
	});
});
