/** The real steerer, as a process of its own inside a real router of namespaces, against the real kernel. */
import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { after, describe, test } from "node:test";
import { planOf, type RemoteSteerer, remoteSteerer, startEcho, startFlow, steer } from "../support/steer-drive.ts";
import { brokenProgram, fakeUci, mwan3Rebuild, sometimesBroken } from "../support/steer-fakes.ts";
import type { FlowResult } from "../support/steer-flow.ts";
import { createWorld, TARGET4, TARGET6, type World, type WorldOptions, whyNoWorld } from "../support/steer-world.ts";

const skip = whyNoWorld() ?? false;
const worlds: World[] = [];
after(() => {
	for (const world of worlds) world.close();
});

function makeWorld(options: WorldOptions): World {
	const world = createWorld(options);
	worlds.push(world);
	return world;
}

async function begin(world: World, hide: readonly string[] = []): Promise<RemoteSteerer> {
	const steerer = remoteSteerer(world, hide);
	await steerer.recover();
	await steerer.discovered(world.discovered());
	return steerer;
}

/** The ways a flow went, each change once; lost packets left out. */
function ways(flow: FlowResult): string[] {
	const seen: string[] = [];
	for (const [, way] of flow.packets) if (way !== null && seen.at(-1) !== way) seen.push(way);
	return seen;
}

function difference(a: string, b: string): string {
	const [left, right] = [a.split("\n"), b.split("\n")];
	const gone = left.filter((line) => !right.includes(line)).map((line) => `- ${line}`);
	return [...gone, ...right.filter((line) => !left.includes(line)).map((line) => `+ ${line}`)].join("\n");
}

function assertSame(found: string, now: string): void {
	assert.equal(now, found, difference(found, now));
}

/** Waits for a condition, with a time limit. */
async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
	const limit = Date.now() + 60_000;
	while (!(await holds())) {
		assert.ok(Date.now() < limit, `in 60 s not: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}

const policyOf = (world: World, ip = "iptables"): string =>
	/comment (?:"(\S+) \d+ \d+"|unreachable)/.exec(world.sh("router", `${ip} -t mangle -S mwan3_policy_failover`))?.[1] ??
	"unreachable";

for (const mwan3 of [true, false]) {
	describe(mwan3 ? "with mwan3's layout" : "without mwan3", { skip }, () => {
		test("probes leave by their own uplink, preferred or not, and the rules go when we go", async () => {
			const world = makeWorld({ mwan3 });
			const found = world.snapshot();
			const steerer = await begin(world);
			await steerer.apply(steer(planOf(["wanb", "wan", "wanc"])));
			for (const [i, address] of ["100.64.1.53", "100.64.2.59", "100.64.3.2"].entries()) {
				const device = `eth${i + 1}`;
				const seen = (ns: string): string => world.sh(ns, "grep up0: /proc/net/dev").trim().split(/\s+/).at(-7) ?? "";
				const before = ["isp1", "isp2", "isp3"].map(seen);
				const counted = "-c 10 -p 20 -t 20000";
				assert.match(world.sh("router", `fping -I ${device} ${counted} ${TARGET4} 2>&1`), /10\/10\/0%/);
				assert.match(world.sh("router", `fping -6 -I ${device} ${counted} ${TARGET6} 2>&1`), /10\/10\/0%/);
				assert.match(world.sh("router", `ping -c 10 -i 0.02 -W 20 -I ${address} ${TARGET4}`), / 0% packet loss/);
				const used = ["isp1", "isp2", "isp3"].map((ns, at) => Number(seen(ns)) - Number(before[at]));
				assert.ok(
					// Neighbours ask for each other now and then.
					used.every((packets, at) => (at === i ? packets >= 30 : packets < 15)),
					`${device}: packets at the ISPs ${used}`,
				);
			}
			// Answers from an uplink's address to a LAN host stay inside.
			assert.match(world.sh("client", "ping -c 1 -W 20 100.64.2.59"), / 0% packet loss/);
			await steerer.giveBack();
			assertSame(found, world.snapshot());
		});

		test("planned: new connections move, open ones stay, nothing is lost or rejected, either family", async () => {
			const world = makeWorld({ mwan3 });
			const found = world.snapshot();
			await Promise.all([startEcho(world), startEcho(world, true)]);
			const steerer = await begin(world);
			const flows = await Promise.all([
				startFlow(world, { everyMs: 1 }),
				startFlow(world, { everyMs: 5, ipv6: true }),
				startFlow(world, { everyMs: 5, newFlows: true }),
			]);
			for (const lead of ["wanb", "wan", "wanb"]) {
				const [report] = await steerer.apply(steer(planOf([lead, "wan", "wanb", "wanc"])));
				assert.equal(report?.ok && report.verified, true, report?.text);
				assert.equal(report?.method, mwan3 ? "mwan3_chains" : "routes");
				assert.equal(report?.changed.length, 2);
			}
			for (const flow of flows) await flow.more();
			const [open, open6, fresh] = await Promise.all(flows.map((flow) => flow.stop()));
			assert.deepEqual([open?.lost, open?.rejected, open6?.lost, open6?.rejected], [0, 0, 0, 0]);
			assert.deepEqual(ways(open!), ["100.64.1.53"]);
			assert.deepEqual(ways(open6!), ["2001:db8:a1::50"]);
			assert.equal(fresh?.rejected, 0);
			assert.equal(fresh?.lost, 0);
			assert.equal(fresh?.packets.at(-1)?.[1], "100.64.2.59");
			const [again] = await steerer.apply(steer(planOf(["wanb", "wan", "wanc"])));
			assert.deepEqual([again?.ok, again?.method, again?.changed], [true, "nothing_to_do", []]);
			const back = await steerer.giveBack();
			assert.deepEqual(back.problems, []);
			assertSame(found, world.snapshot());
			assert.throws(() => readFileSync(`${world.folder}/steer.json`), /ENOENT/);
		});

		test("dead: open connections are freed, only those of the dead uplink", async () => {
			const world = makeWorld({ mwan3 });
			await startEcho(world);
			const steerer = await begin(world);
			const dead = await startFlow(world, { everyMs: 5 });
			await dead.more();
			world.sh("client", `echo x | nc -u -w 0 ${TARGET4} 7007 || true`);
			await steerer.apply(steer(planOf(["wanb", "wan"])));
			const other = await startFlow(world, { everyMs: 5 });
			await other.more();
			const [report] = await steerer.apply(steer(planOf(["wanb"], ["wan"]), ["wan"]));
			assert.equal(report?.ok, true, report?.text);
			assert.ok((report?.released.find((one) => one.family === "ipv4")?.flows ?? 0) >= 1, report?.text);
			await Promise.all([dead.more(), other.more()]);
			assert.deepEqual(ways(await dead.stop()), ["100.64.1.53", "100.64.2.59"]);
			assert.deepEqual(ways(await other.stop()), ["100.64.2.59"]);
			await steerer.stop();
		});

		test("nothing better: nothing is moved and nothing freed", async () => {
			const world = makeWorld({ mwan3 });
			await startEcho(world);
			const steerer = await begin(world);
			const before = world.snapshot();
			const flow = await startFlow(world, { everyMs: 5 });
			const [report] = await steerer.apply(steer(planOf([], ["wan", "wanb", "wanc"]), ["wan"]));
			assert.equal(report?.ok, true, report?.text);
			assert.deepEqual([report?.method, report?.released], ["nothing_to_do", []]);
			assertSame(before, world.snapshot());
			assert.equal((await flow.stop()).lost, 0);
			await steerer.stop();
		});

		test("no conntrack program: traffic moves, the owner is told what stays behind", async () => {
			const world = makeWorld({ mwan3 });
			const steerer = await begin(world, ["conntrack"]);
			const [report] = await steerer.apply(steer(planOf(["wanb"], ["wan"]), ["wan"]));
			assert.equal(report?.ok, true, report?.text);
			assert.match(report?.text ?? "", /stay on it until they time out: the conntrack program is not installed/);
			assert.match((await steerer.status()).problems.join(), /install the conntrack program/);
			await steerer.stop();
		});

		test("kill -9 in the middle of switches: a successor takes over without a gap and can give all back", async () => {
			const world = makeWorld({ mwan3 });
			fakeUci(world);
			const found = world.snapshot();
			await startEcho(world);
			const flow = await startFlow(world, { everyMs: 2 });
			for (const afterMs of [3, 12, 25, 45]) {
				const steerer = await begin(world);
				const lead = afterMs % 2 === 0 ? "wan" : "wanb";
				await steerer.killDuring({ do: "apply", actions: [steer(planOf([lead, "wanb", "wan"]))] }, afterMs);
			}
			const successor = remoteSteerer(world);
			assert.equal((await successor.recover()).found, true);
			const report = await successor.giveBack();
			assert.deepEqual(report.problems, []);
			assertSame(found, world.snapshot());
			assert.equal(readFileSync(`${world.folder}/state/mwan3`, { encoding: "utf8", flag: "a+" }), "");
			assert.equal((await flow.stop()).lost, 0);
			await successor.stop();
		});

		test("several plans at once: one is carried out, one waits, the latest wins", async () => {
			const world = makeWorld({ mwan3 });
			const steerer = await begin(world);
			const plans = ["wanb", "wanc", "wan", "wanb", "wanc"].map((lead) => steer(planOf([lead, "wan", "wanb", "wanc"])));
			const reports = await steerer.apply(...plans);
			assert.equal(reports.filter((report) => report.ok).length, 1, reports.map((report) => report.text).join("\n"));
			assert.equal(reports.at(-1)?.ok, true);
			assert.match(reports[0]?.text ?? "", /overtaken by/);
			await steerer.stop();
		});

		test("observe mode tells and touches nothing", async () => {
			const world = makeWorld({ mwan3 });
			const steerer = await begin(world);
			const before = world.snapshot();
			await steerer.observe(true);
			const [report] = await steerer.apply(steer(planOf(["wanb"], ["wan"]), ["wan"]));
			assert.deepEqual([report?.ok, report?.method, report?.changed], [true, "observe", []]);
			assert.match(
				report?.text ?? "",
				mwan3 ? /would change ipv4 policy failover: wanb/ : /would change ipv4 default route/,
			);
			assertSame(before, world.snapshot());
			await steerer.stop();
		});

		test("observe mode entered while traffic is moved: it goes back, and moves again afterwards", async () => {
			const world = makeWorld({ mwan3 });
			const steerer = await begin(world);
			const before = world.snapshot();
			const action = steer(planOf(["wanb", "wan", "wanc"]));
			await steerer.apply(action);
			const moved = world.snapshot();
			await steerer.observe(true);
			await steerer.reassert("a look"); // runs after what observe() began
			assertSame(before, world.snapshot());
			await steerer.observe(false);
			const [report] = await steerer.apply(action);
			assert.equal(report?.ok && report.changed.length > 0, true, report?.text);
			assertSame(moved, world.snapshot());
			await steerer.giveBack();
			await steerer.stop();
		});
	});
}

describe("with mwan3's layout, only", { skip }, () => {
	test("metrics in RAM follow the choice and go when we go", async () => {
		const world = makeWorld({ mwan3: true });
		fakeUci(world);
		writeFileSync(`${world.folder}/state/mwan3`, "mwan3.globals.iface_max='60'\n");
		const state = (): string => readFileSync(`${world.folder}/state/mwan3`, "utf8");
		const steerer = await begin(world);
		await steerer.apply(steer(planOf(["wanb", "wan", "wanc"])));
		assert.match(state(), /mwan3\.wanb_m\.metric='1'/);
		assert.match(state(), /mwan3\.wan_m\.metric='2'/);
		await steerer.apply(steer(planOf(["wan", "wanb", "wanc"])));
		assert.equal(state(), "mwan3.globals.iface_max='60'\n");
		await steerer.apply(steer(planOf(["wanc", "wan", "wanb"])));
		await steerer.giveBack();
		assert.equal(state(), "mwan3.globals.iface_max='60'\n");
	});

	test("a rebuild by mwan3 keeps our order, and one that does not is put right and counted", async () => {
		const world = makeWorld({ mwan3: true, ipv6: false });
		fakeUci(world);
		mwan3Rebuild(world);
		const steerer = await begin(world);
		await steerer.hold(true);
		await steerer.apply(steer(planOf(["wanb", "wan", "wanc"])));
		world.sh("router", `ACTION=connected INTERFACE=wanc DEVICE=eth3 sh ${world.folder}/bin/15-mwan3`);
		assert.equal(policyOf(world), "wanb", "metrics in RAM");
		await steerer.reassert("timer");
		assert.equal((await steerer.status()).lastRepair, null);

		world.setIfaceState("wanb", "offline"); // mwan3's tracker thinks otherwise
		world.sh("router", `ACTION=disconnected INTERFACE=wanb sh ${world.folder}/bin/15-mwan3`);
		assert.equal(policyOf(world), "wan");
		await steerer.reassert("timer");
		assert.equal(policyOf(world), "wanb");
		const status = await steerer.status();
		assert.equal(status.repairs, 1);
		assert.deepEqual(status.lastRepair?.what, ["ipv4 policy failover: wanb (was wan)"]);

		world.sh("router", `ACTION=disconnected INTERFACE=wanb sh ${world.folder}/bin/15-mwan3; ip rule del pref 903`);
		await steerer.hold(false);
		await until("a check that follows by itself", () => policyOf(world) === "wanb");
		await until("the source rule", () => /^903:/m.test(world.sh("router", "ip rule")));
		await steerer.giveBack();
		assert.equal(policyOf(world), "wan", "mwan3's own choice: wanb is offline for it");
		await steerer.stop();
	});

	test("nothing changed: the timer's check starts no process", async () => {
		const world = makeWorld({ mwan3: true });
		brokenProgram(world, "ip", "must not be called");
		brokenProgram(world, "iptables-save", "must not be called");
		rmSync(`${world.folder}/bin/ip`);
		rmSync(`${world.folder}/bin/iptables-save`);
		const steerer = await begin(world);
		await steerer.apply(steer(planOf(["wanb", "wan", "wanc"])));
		const count = `${world.folder}/calls`;
		for (const name of ["ip", "iptables-save", "ip6tables-save"]) {
			brokenProgram(world, name, `$(echo ${name} >> ${count})`);
			writeFileSync(`${world.folder}/bin/${name}`, `#!/bin/sh\necho ${name} >> ${count}\nexit 1\n`);
		}
		for (let i = 0; i < 5; i++) await steerer.reassert("timer");
		assert.throws(() => readFileSync(count), /ENOENT/);
		await steerer.stop();
	});

	test("a look at the kernel starts four programs when all is as wanted, and puts back what is not", async () => {
		const world = makeWorld({ mwan3: true });
		const steerer = await begin(world);
		await steerer.hold(true);
		await steerer.apply(steer(planOf(["wanb", "wan", "wanc"])));
		const rules = (): string => world.sh("router", "ip -4 rule; ip -6 rule");
		const routes = (): string => world.sh("router", "for t in 9000 9001 9002; do ip -4 route show table $t; done");
		const before = [rules(), routes()];
		assert.match(before[0] ?? "", /^31991:.*lookup 9001/m, "the router's own connections follow wanb");
		assert.match(before[1] ?? "", /^(default .*\n){3}$/);

		const calls = `${world.folder}/calls`;
		for (const name of ["ip", "iptables-save", "ip6tables-save"]) {
			const path = `${world.folder}/bin/${name}`;
			writeFileSync(path, `#!/bin/sh\necho ${name} "$@" >> ${calls}\nexec /usr/sbin/${name} "$@"\n`, { mode: 0o755 });
		}
		await steerer.reassert("a look");
		const started = readFileSync(calls, "utf8").trim().split("\n");
		assert.deepEqual(started.sort(), [
			"ip -4 -force -batch -",
			"ip -6 -force -batch -",
			"ip6tables-save -t mangle",
			"iptables-save -t mangle",
		]);

		world.sh("router", "ip rule del pref 31991; ip -6 rule del pref 31990; ip route flush table 9001");
		await steerer.reassert("a look");
		assert.deepEqual([rules(), routes()], before);
		await steerer.stop();
	});

	test("a chain mwan3 did not write: mwan3 rebuilds it itself, and the report says so", async () => {
		const world = makeWorld({ mwan3: true, ipv6: false });
		fakeUci(world);
		mwan3Rebuild(world);
		world.sh(
			"router",
			"iptables -t mangle -I mwan3_policy_failover -p tcp -m comment --comment mine -j MARK --set-xmark 0x100/0x3f00",
		);
		const steerer = await begin(world);
		const [report] = await steerer.apply(steer(planOf(["wanb", "wan", "wanc"])));
		assert.deepEqual([report?.ok, report?.method], [true, "mwan3_rebuild"], report?.text);
		assert.match(report?.text ?? "", /is not as mwan3 writes it: asked mwan3 to rebuild/);
		assert.equal(policyOf(world), "wanb");
		assert.equal(readFileSync(`${world.folder}/hotplug.log`, "utf8"), "connected wan eth1\n");
		await steerer.stop();
	});

	test("iptables-restore fails: the other way; that fails, too: said, and tried again at the next check", async () => {
		const world = makeWorld({ mwan3: true, ipv6: false });
		fakeUci(world);
		sometimesBroken(world, "iptables-restore", "line 3 failed");
		writeFileSync(`${world.folder}/fail`, "");
		const steerer = await begin(world);
		const [failed] = await steerer.apply(steer(planOf(["wanb", "wan", "wanc"])));
		assert.deepEqual([failed?.ok, failed?.verified], [false, false]);
		assert.match(failed?.text ?? "", /iptables-restore: line 3 failed: asked mwan3 to rebuild.*15-mwan3/);
		assert.match((await steerer.status()).problems.join(), /did not take/);
		rmSync(`${world.folder}/fail`);
		await steerer.reassert("mwan3 event");
		assert.equal(policyOf(world), "wanb");
		await steerer.stop();
	});

	test("no iptables at all: the main table steers, and the owner is told", async () => {
		const world = makeWorld({ mwan3: true, ipv6: false });
		const hidden = ["iptables-save", "iptables-nft-save", "iptables-legacy-save", "ip6tables-save"];
		const steerer = await begin(world, hidden);
		const status = await steerer.status();
		assert.equal(status.methods.ipv4, "routes");
		assert.match(status.problems.join(), /mwan3's ipv4 chains are not in iptables/);
		await steerer.stop();
	});

	test("mwan3 lives in another iptables than the one in PATH: found, used and said", async () => {
		const world = makeWorld({ mwan3: true, ipv6: false });
		for (const name of ["iptables-save", "iptables-restore"]) {
			writeFileSync(`${world.folder}/bin/${name}`, "#!/bin/sh\ncat /dev/null\n", { mode: 0o755 });
		}
		const steerer = await begin(world);
		const [report] = await steerer.apply(steer(planOf(["wanb", "wan", "wanc"])));
		assert.equal(report?.ok, true, report?.text);
		assert.equal(policyOf(world), "wanb");
		assert.match((await steerer.status()).problems.join(), /are in iptables-nft, not in what iptables is here/);
		await steerer.stop();
	});

	test("mwan3 took an interface away (ifdown): its mark leads nowhere, so it is not chosen", async () => {
		const world = makeWorld({ mwan3: true, ipv6: false });
		world.setIfaceState("wanb", "offline");
		world.sh("router", "ip rule del pref 2002; ip rule del pref 3002; ip rule del pref 1002");
		const steerer = await begin(world);
		await steerer.apply(steer(planOf(["wanb", "wanc", "wan"])));
		assert.equal(policyOf(world), "wanc");
		await steerer.stop();
	});
});

describe("without mwan3, only", { skip }, () => {
	test("a lost and a renewed lease: our route and rules follow, netifd's stay", async () => {
		const world = makeWorld({ mwan3: false });
		const found = world.snapshot();
		const steerer = await begin(world);
		await steerer.apply(steer(planOf(["wanb", "wan", "wanc"])));
		const routes = (): string => world.sh("router", "ip -4 route show default");
		assert.match(routes(), /^default via 100\.64\.2\.1 dev eth2 proto 212 metric 9/m);
		world.sh("router", "ip addr del 100.64.2.59/24 dev eth2; ip -4 route del default dev eth2 metric 20 || true");
		await steerer.discovered(world.discovered({ down: ["wanb"] }));
		assert.doesNotMatch(routes(), /eth2/);
		assert.doesNotMatch(world.sh("router", "ip rule"), /100\.64\.2\.59/);
		world.sh(
			"router",
			"ip addr add 100.64.2.59/24 dev eth2; ip -4 route add default via 100.64.2.1 dev eth2 proto static metric 20",
		);
		await steerer.discovered(world.discovered());
		assert.match(routes(), /^default via 100\.64\.2\.1 dev eth2 proto 212 metric 9/m);
		assert.match(world.sh("router", "ip rule"), /100\.64\.2\.59/);
		assert.equal((await steerer.status()).lastRepair, null);
		await steerer.giveBack();
		assertSame(found, world.snapshot());
	});

	test("netifd's best route has metric 0: replaced, and exactly given back", async () => {
		const world = makeWorld({ mwan3: false, metrics: [0, 20, 30] });
		const found = world.snapshot();
		await startEcho(world);
		const flow = await startFlow(world, { everyMs: 1 });
		const steerer = await begin(world);
		const [report] = await steerer.apply(steer(planOf(["wanc", "wan", "wanb"])));
		assert.equal(report?.ok, true, report?.text);
		assert.match(world.sh("router", `ip route get ${TARGET4}`), /dev eth3/);
		world.sh("router", "ip route replace default via 100.64.1.1 dev eth1 proto static"); // a renewed lease
		await steerer.reassert("ifup wan");
		assert.match(world.sh("router", `ip route get ${TARGET4}`), /dev eth3/);
		assert.equal((await steerer.status()).repairs, 1);
		await steerer.apply(steer(planOf(["wanb", "wan", "wanc"])));
		assert.match(world.sh("router", `ip route get ${TARGET4}`), /dev eth2/);
		const back = await steerer.giveBack();
		assert.deepEqual(back.problems, []);
		assertSame(found, world.snapshot());
		assert.equal((await flow.stop()).lost, 0);
	});

	test("nft missing: the switch is made, and said what happens to open connections", async () => {
		const world = makeWorld({ mwan3: false });
		const steerer = await begin(world, ["nft"]);
		const [report] = await steerer.apply(steer(planOf(["wanb", "wan"])));
		assert.equal(report?.ok, true);
		assert.match(
			report?.text ?? "",
			/open ipv4 connections of wan move with the route and may break: nft is not installed/,
		);
		await steerer.stop();
	});

	test("a state file torn or of another version is told and left", async () => {
		const world = makeWorld({ mwan3: false });
		for (const text of ["", "{", '{"version":99,"memory":{}}', '{"version":1,"memory":{"rules":1}}']) {
			writeFileSync(`${world.folder}/steer.json`, text);
			const steerer = remoteSteerer(world);
			const report = await steerer.recover();
			assert.equal(report.found, false);
			assert.match(report.text, /torn or of another version/);
			await steerer.stop();
		}
	});
});
