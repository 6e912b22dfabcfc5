/** What goes wrong around the daemon: the bus, mwan3, the tools, the disk, the clock, SIGTERM at any moment. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { cannotMoveClock } from "../../lab/autonomyd.ts";
import { networkConfig } from "../../lab/router/config.ts";
import { defaultRuntime } from "../../lab/runtime.ts";
import {
	assertGivenBack,
	type Bench,
	fingerprint,
	flowsVia,
	impossible,
	logged,
	moveList,
	openBench,
	ready,
	undisturbed,
	uplink,
} from "./harness.ts";

const skip = impossible() ?? false;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const YEARS_50 = 1_577_880_000;

describe("faults around the daemon", { skip }, () => {
	let bench: Bench;
	before(async () => {
		bench = await openBench();
	});
	after(() => bench.close());

	const fpings = async (): Promise<string[]> =>
		(await bench.router.run(["pidof", "fping"])).stdout.split(/\s+/).filter((pid) => pid !== "");

	test("ubusd absent at start: waits, says so, and works when it appears", async (t) => {
		const why = bench.router.cannot("stop_broker");
		if (why !== null) return t.skip(why);
		await bench.router.broker("stop");
		t.after(() => bench.router.broker("start"));
		const daemon = await bench.daemon(t);
		await logged(daemon, "somebody is told", ({ level }) => level === "warn" || level === "error");
		await sleep(2000);
		assert.equal(daemon.process.ended, false);
		await bench.router.broker("start");
		await ready(bench, daemon);
	});

	test("ubusd restarted: the object is back, nothing is switched", (t) =>
		undisturbed(bench, t, async (scope) => {
			const daemon = await bench.daemon(scope);
			await ready(bench, daemon);
			const before_ = await moveList(daemon);
			await bench.router.broker("restart");
			await daemon.until("answers again", async () => (await daemon.status()).current === uplink(bench, 1), 8000);
			assert.deepEqual(await moveList(daemon), before_);
		}));

	test("ubusd wedged: traffic still moves when the uplink dies", async (t) => {
		const why = bench.router.cannot("wedge_broker");
		if (why !== null) return t.skip(why);
		const daemon = await bench.daemon(t);
		await ready(bench, daemon);
		const traffic = await bench.traffic(t);
		await bench.router.broker("wedge");
		t.after(async () => {
			await bench.router.broker("unwedge");
			await bench.world.healAll();
		});
		await sleep(1000);
		await bench.world.do({ do: "blackhole", isp: 1 });
		await flowsVia(traffic, 2, 8000, daemon);
		await bench.router.broker("unwedge");
		await daemon.until("answers again", async () => (await daemon.status()).current === uplink(bench, 2), 12_000);
	});

	test("netifd answers with missing or wrong fields: told, and over when it is over", async (t) => {
		const why = bench.router.cannot("mangle_netifd");
		if (why !== null) return t.skip(why);
		t.after(() => bench.router.mangleNetifd(null));
		for (const how of ["wrong", "missing"] as const) {
			await bench.router.mangleNetifd(how);
			const daemon = await bench.daemon(t);
			await daemon.until("answers", async () => (await daemon.status()).uptime_s >= 0, 8000);
			await sleep(1500);
			assert.equal(daemon.process.ended, false, how);
			await bench.router.mangleNetifd(null);
			await bench.router.renew(uplink(bench, 1));
			await ready(bench, daemon);
			assert.equal(await daemon.stop(), 0, how);
		}
	});

	test("mwan3 restarted: our choice is in force again afterwards", async (t) => {
		t.after(() => bench.world.healAll());
		const daemon = await bench.daemon(t);
		await ready(bench, daemon);
		const traffic = await bench.traffic(t);
		await bench.world.do({ do: "blackhole", isp: 1 });
		await flowsVia(traffic, 2, 6000, daemon);
		await bench.router.mwan3("restart");
		await flowsVia(traffic, 2, 10_000, daemon);
		await sleep(2000);
		await flowsVia(traffic, 2, 1000, daemon);
	});

	test("mwan3 rebuilds its chains: our choice holds", async (t) => {
		t.after(() => bench.world.healAll());
		const daemon = await bench.daemon(t);
		await ready(bench, daemon);
		const traffic = await bench.traffic(t);
		await bench.world.do({ do: "blackhole", isp: 1 });
		await flowsVia(traffic, 2, 6000, daemon);
		await bench.router.mwan3Event("connected", uplink(bench, 1));
		await sleep(1500);
		await flowsVia(traffic, 2, 2000, daemon);
	});

	test("mwan3 stopped while it runs: routes are steered, and mwan3 again when it is back", async (t) => {
		const daemon = await bench.daemon(t);
		t.after(async () => {
			await bench.world.healAll();
			await bench.router.mwan3("start");
		});
		await ready(bench, daemon);
		const traffic = await bench.traffic(t);
		await bench.router.mwan3("stop");
		await daemon.until("mwan3 is gone", async () => !(await daemon.status()).mwan3.enabled, 15_000);
		await bench.world.do({ do: "blackhole", isp: 1 });
		await flowsVia(traffic, 2, 10_000, daemon);
		await bench.router.mwan3("start");
		await daemon.until("mwan3 is used again", async () => (await daemon.status()).mwan3.enabled, 15_000);
		await flowsVia(traffic, 2, 5000, daemon);
	});

	test("fping killed: started again, the uplinks stay", async (t) => {
		const daemon = await bench.daemon(t);
		await ready(bench, daemon);
		const killed = await fpings();
		assert.ok(killed.length > 0, "no fping was there");
		await bench.router.run(["kill", "-9", ...killed]);
		await daemon.until(
			"others run",
			async () => {
				const now = await fpings();
				return now.length > 0 && !killed.some((pid) => now.includes(pid));
			},
			10_000,
		);
		await sleep(2000);
		await ready(bench, daemon);
	});

	test("fping frozen: it is replaced, nobody moves for it", (t) =>
		undisturbed(bench, t, async (scope) => {
			const daemon = await bench.daemon(scope);
			await ready(bench, daemon);
			const before_ = await moveList(daemon);
			const frozen = await fpings();
			assert.ok(frozen.length > 0, "no fping was there");
			await bench.router.run(["kill", "-STOP", ...frozen]);
			scope.after(() => bench.router.run(["kill", "-KILL", ...frozen]));
			await daemon.until(
				"none of the frozen ones is left",
				async () => {
					const now = await fpings();
					return now.length > 0 && !frozen.some((pid) => now.includes(pid));
				},
				15_000,
			);
			assert.deepEqual(await moveList(daemon), before_, daemon.describe());
			const { current, rank } = await daemon.status();
			assert.equal(current, uplink(bench, 1), daemon.describe());
			assert.ok(
				rank.some((one) => one.name === uplink(bench, 1) && one.eligible),
				daemon.describe(),
			);
		}));

	test("fping missing: another way is used, and it still notices a blackhole", async (t) => {
		if (defaultRuntime() === "static") return t.skip("the static fping is another one than the router's");
		await bench.router.hideProgram("/usr/bin/fping", true);
		t.after(async () => {
			await bench.world.healAll();
			await bench.router.hideProgram("/usr/bin/fping", false);
		});
		const daemon = await bench.daemon(t);
		await ready(bench, daemon);
		const methods = (await daemon.members()).map((member) => member.probe?.method);
		assert.ok(!methods.includes("fping"), String(methods));
		const traffic = await bench.traffic(t);
		await bench.world.do({ do: "blackhole", isp: 1 });
		await flowsVia(traffic, 2, 15_000, daemon);
	});

	test("the uplink in use is removed from the configuration: traffic goes on, it stays listed as gone", async (t) => {
		const daemon = await bench.daemon(t);
		const whole = networkConfig(bench.router.lab.plan);
		t.after(async () => {
			await bench.router.put("/etc/config/network", whole);
			await bench.router.networkReload();
			await sleep(1500);
		});
		await ready(bench, daemon);
		const traffic = await bench.traffic(t);
		const without = whole
			.split("\n\n")
			.filter((part) => !/config interface 'wan6?'/.test(part))
			.join("\n\n");
		await bench.router.put("/etc/config/network", without);
		await bench.router.networkReload();
		await flowsVia(traffic, 2, 5000, daemon);
		await daemon.until(
			"wan is listed as gone",
			async () => ["absent", "offline"].includes((await daemon.members()).find((m) => m.name === "wan")?.state ?? ""),
			5000,
		);
	});

	test("/tmp full: traffic still moves, and the owner is told", async (t) => {
		t.after(async () => {
			await bench.router.remove("/tmp/filler");
			await bench.world.healAll();
		});
		const daemon = await bench.daemon(t);
		await ready(bench, daemon);
		const traffic = await bench.traffic(t);
		await bench.router.run(["sh", "-c", "head -c 999999999 /dev/zero > /tmp/filler"]);
		await bench.world.do({ do: "blackhole", isp: 1 });
		await flowsVia(traffic, 2, 8000, daemon);
		await daemon.until(
			"status says that nothing can be saved",
			async () => (await daemon.status()).problems.length > 0,
			5000,
		);
	});

	test("the clock jumps 50 years either way: nothing is switched, and it still works", (t) =>
		undisturbed(bench, t, async (scope) => {
			const why =
				cannotMoveClock() ?? (bench.router.kind === "openwrt" ? "libfaketime is the host's, not this router's" : null);
			if (why !== null) return t.skip(why);
			scope.after(() => bench.world.healAll());
			const daemon = await bench.daemon(scope, { movableClock: true });
			await ready(bench, daemon);
			const before_ = await moveList(daemon);
			for (const seconds of [YEARS_50, -YEARS_50]) {
				assert.equal(await daemon.clockJump(seconds), null);
				await sleep(3000);
				assert.equal((await daemon.status()).current, uplink(bench, 1));
			}
			assert.deepEqual(await moveList(daemon), before_);
			const traffic = await bench.traffic(scope);
			await bench.world.do({ do: "blackhole", isp: 1 });
			await flowsVia(traffic, 2, 6000, daemon);
		}));

	test("SIGTERM in the middle of a switch: the router is as it was", async (t) => {
		const found = await fingerprint(bench.router);
		for (const delayMs of [0, 5, 15, 40]) {
			const daemon = await bench.daemon(t);
			await ready(bench, daemon);
			// Nobody answers for one that has ended.
			const switching = daemon.call("failover", { member: uplink(bench, 3), reason: "test" }, 5000).catch(() => null);
			await sleep(delayMs);
			assert.equal(await daemon.stop(), 0);
			await switching;
			await assertGivenBack(bench.router, found, `after ${delayMs} ms`);
		}
	});

	test("mwan3 half configured: policies without members and members without interfaces are told, the rest works", async (t) => {
		const half = `config globals 'globals'
	option mmx_mask '0x3F00'
config interface 'wan'
	option enabled '1'
	option family 'ipv4'
config interface 'wanb'
	option enabled '1'
	option family 'ipv4'
config member 'a'
	option interface 'wan'
	option metric '1'
config member 'b'
	option interface 'wanb'
	option metric '2'
config member 'c'
	option interface 'nowhere'
config policy 'failover'
	list use_member 'a'
	list use_member 'b'
	list use_member 'c'
	list use_member 'd'
config policy 'empty'
	option last_resort 'unreachable'
config rule 'all'
	option dest_ip '0.0.0.0/0'
	option use_policy 'failover'
	option family 'ipv4'
`;
		if (bench.router.kind === "openwrt") return t.skip("a second router of this kind takes too long");
		const other = await openBench({ config: { mwan3: half } });
		const daemon = await other.daemon(t);
		const traffic = await other.traffic(t);
		t.after(() => other.close());
		await ready(other, daemon, 1, [1, 2]);
		await other.world.do({ do: "blackhole", isp: 1 });
		await flowsVia(traffic, 2, 6000, daemon);
	});
});
