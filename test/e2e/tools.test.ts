/** The router's own programs fail: each way traffic still goes where it can, and the owner is told which program. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { after, before, describe, test } from "node:test";
import type { Autonomyd } from "../../lab/autonomyd.ts";
import { assertGivenBack, type Bench, fingerprint, flowsVia, impossible, openBench, ready, uplink } from "./harness.ts";

const skip = impossible() ?? (process.env.OPENWRT_ROOT ? "programs of a real userland are not replaced" : false);

describe("programs of the router that fail", { skip }, () => {
	let bench: Bench;
	before(async () => {
		bench = await openBench();
	});
	after(() => bench.close());

	const told = async (daemon: Autonomyd): Promise<string> =>
		[
			...daemon.log.filter((line) => line.level !== "debug").map((line) => JSON.stringify(line.fields)),
			...(await daemon.status()).problems,
		].join("\n");

	async function replace(t: TestContext, program: string, script: string): Promise<void> {
		await bench.router.put(`/lab/bin/${program}`, `#!/bin/sh\n${script}\n`, 0o755);
		t.after(() => bench.router.remove(`/lab/bin/${program}`));
	}

	for (const [how, script] of [
		["fails", "echo 'Operation failed: out of luck' >&2; exit 1"],
		["hangs", "exec sleep 600"],
	] as const) {
		test(`conntrack ${how}: new flows move all the same, and it is said that open ones stay`, async (t) => {
			t.after(() => bench.world.healAll());
			await replace(t, "conntrack", script);
			const daemon = await bench.daemon(t);
			await ready(bench, daemon);
			const traffic = await bench.traffic(t);
			await bench.world.do({ do: "blackhole", isp: 1 });
			await flowsVia(traffic, 2, 6000, daemon);
			await daemon.until("conntrack is named", async () => /conntrack/.test(await told(daemon)), 15_000);
		});

		test(`iptables-restore ${how}: it is said, and when it works again traffic moves`, async (t) => {
			const found = await fingerprint(bench.router);
			t.after(() => bench.world.healAll());
			const daemon = await bench.daemon(t);
			await ready(bench, daemon);
			const traffic = await bench.traffic(t);
			for (const name of ["iptables-restore", "ip6tables-restore"]) await replace(t, name, script);
			await bench.world.do({ do: "blackhole", isp: 1 });
			await daemon.until(
				"iptables-restore is named",
				async () => /ip6?tables-restore/.test(await told(daemon)),
				20_000,
			);
			assert.equal(daemon.process.ended, false);
			for (const name of ["iptables-restore", "ip6tables-restore"]) await bench.router.remove(`/lab/bin/${name}`);
			await flowsVia(traffic, 2, 45_000, daemon); // mwan3 itself may be waiting for it, too
			assert.equal(await daemon.stop(), 0);
			await assertGivenBack(bench.router, found);
		});
	}

	test("ip hangs: the daemon answers, says so, and goes on when it works again", async (t) => {
		t.after(() => bench.world.healAll());
		await replace(t, "ip", "exec sleep 600");
		const daemon = await bench.daemon(t);
		await daemon.until("ip is named", async () => /\bip\b/.test(await told(daemon)), 30_000);
		await bench.router.remove("/lab/bin/ip");
		await daemon.until(
			"every way is proven",
			async () => (await daemon.members()).every((one) => one.families.every((family) => family.verdict === "up")),
			30_000,
		);
	});

	test("the device of the uplink in use is renamed: traffic goes on by another, and back when it is back", async (t) => {
		const device = bench.router.lab.plan.isps[0]?.device ?? "";
		const rename = async (from: string, to: string): Promise<void> => {
			await bench.router.run(["ip", "link", "set", from, "down"]);
			await bench.router.run(["ip", "link", "set", from, "name", to]);
			await bench.router.run(["ip", "link", "set", to, "up"]);
		};
		const daemon = await bench.daemon(t);
		await ready(bench, daemon);
		const traffic = await bench.traffic(t);
		t.after(() => rename("renamed0", device));
		await rename(device, "renamed0");
		await flowsVia(traffic, 2, 6000, daemon);
		await daemon.until(
			"the first is not usable",
			async () => (await daemon.members()).find((one) => one.name === uplink(bench, 1))?.eligible === false,
			6000,
		);
	});
});
