/** The lab itself: it is built quickly, its parts do what they say, and it leaves nothing behind however it ends. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { after, before, describe, test } from "node:test";
import { REPO } from "../../lab/net/bundle.ts";
import { missing } from "../../lab/net/possible.ts";
import { startStandIn } from "../../lab/router/stand-in.ts";
import type { RouterUnderTest } from "../../lab/under-test.ts";

const skip = missing()[0] ?? false;
const NOBODY = "0".repeat(32);
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe("the lab", { skip }, () => {
	let router: RouterUnderTest;
	before(async () => {
		router = await startStandIn();
	});
	after(() => router.close());

	function post(body: string): Promise<Record<string, unknown> & { result?: unknown[]; error?: { code: number } }> {
		return new Promise((resolve, reject) => {
			const socketPath = `${router.lab.shared}/lab/http.sock`;
			const sent = request({ socketPath, path: "/ubus", method: "POST" }, (answer) => {
				let text = "";
				answer.on("data", (chunk) => {
					text += chunk;
				});
				answer.on("end", () => resolve(JSON.parse(text)));
			});
			sent.on("error", reject);
			sent.end(body);
		});
	}
	const call = (sid: string, object: string, method: string, args: object) =>
		post(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "call", params: [sid, object, method, args] }));

	test("a client reaches the internet by the first ISP, both families, and the gateway can be pinged", async () => {
		for (const family of ["ipv4", "ipv6"] as const) {
			const traffic = await router.lab.traffic({ family });
			await sleep(600);
			const { fresh, open } = await traffic.report();
			await traffic.stop();
			assert.deepEqual([fresh.lost, open.lost, fresh.ways.map((way) => way.isp)], [0, 0, [1]], family);
		}
		assert.equal((await router.run(["ping", "-c1", "-W10", "100.64.1.1"])).code, 0);
	});

	test("latency is added beyond the gateway, or the reason is told", async (t) => {
		try {
			await router.lab.latency(1, 80);
		} catch (error) {
			return t.skip(String(error));
		}
		t.after(() => router.lab.latency(1, 0));
		const traffic = await router.lab.traffic();
		await sleep(800);
		const { fresh } = await traffic.report();
		await traffic.stop();
		// A busy machine adds to it, and to some pings more than to others.
		assert.ok(fresh.rttMs !== null && fresh.rttMs > 75 && fresh.rttMs < 400, `${fresh.rttMs} ms`);
		const { stdout } = await router.run(["ping", "-c5", "-i0.2", "-W10", "100.64.1.1"]);
		const least = Math.min(...[...stdout.matchAll(/time=([\d.]+)/g)].map((match) => Number(match[1])));
		assert.ok(least < 60, stdout);
	});

	test("30 % loss loses about 51 % of echoes", async (t) => {
		t.after(() => router.lab.faults(1, {}));
		await router.lab.faults(1, { lossDownPct: 30, lossUpPct: 30 });
		const traffic = await router.lab.traffic({ openFlow: false });
		// 400 of them, however long that takes here.
		let { fresh } = await traffic.report();
		for (; fresh.sent < 400; { fresh } = await traffic.report()) await sleep(500);
		await traffic.stop();
		const lostPct = (fresh.lost * 100) / fresh.sent;
		assert.ok(lostPct > 38 && lostPct < 64, `${lostPct} %`);
	});

	test("an event of mwan3 moves new flows and leaves open ones; UCI state overrides count, /etc/config does not change", async (t) => {
		const chain = async (): Promise<string> =>
			/--comment "(\w+) /.exec(
				(await router.run(["iptables", "-t", "mangle", "-S", "mwan3_policy_failover"])).stdout,
			)?.[1] ?? "none";
		assert.equal(await chain(), "wan");
		await router.mwan3Event("disconnected", "wan");
		t.after(() => router.mwan3Event("connected", "wan"));
		assert.equal(await chain(), "wanb");
		await router.mwan3Event("connected", "wan");
		const file = await router.read("/etc/config/mwan3");
		assert.equal((await router.run(["uci", "-P", "/var/state", "set", "mwan3.wan_m1_w1.metric=20"])).code, 0);
		await router.mwan3Event("connected", "wan");
		assert.equal(await chain(), "wanb");
		assert.equal(await router.read("/etc/config/mwan3"), file);
		assert.equal((await router.run(["uci", "get", "mwan3.wan_m1_w1.metric"])).stdout, "1\n");
		await router.run(["uci", "-P", "/var/state", "revert", "mwan3.wan_m1_w1.metric"]);
		await router.mwan3Event("connected", "wan");
		assert.equal(await chain(), "wan");
	});

	test("/ubus answers as measured: denied, unknown, a method's own failure, wrong password, too long", async () => {
		assert.equal((await call(NOBODY, "network.interface", "dump", {})).error?.code, -32002);
		assert.deepEqual((await call(NOBODY, "session", "login", { username: "root", password: "no" })).result, [6]);
		const login = await call(NOBODY, "session", "login", { username: "root", password: "openwrt" });
		const { ubus_rpc_session: sid } = (login.result ?? [])[1] as { ubus_rpc_session: string };
		assert.match(sid, /^[0-9a-f]{32}$/);
		assert.equal((await call(sid, "nope", "dump", {})).error?.code, -32000);
		assert.deepEqual((await call(sid, "network.interface", "status", { interface: "nope" })).result, [4]);
		assert.equal((await call("f".repeat(32), "network.interface", "dump", {})).error?.code, -32002);
		assert.equal((await call(sid, "uci", "get", { config: "mwan3", ubus_rpc_session: sid })).error?.code, -32602);
		assert.equal((await post("x".repeat(70_000))).error?.code, -32700);
		const dump = (await call(sid, "network.interface", "dump", {})).result as [
			number,
			{ interface: { interface: string }[] },
		];
		assert.equal(dump[0], 0);
		assert.ok(dump[1].interface.some((one) => one.interface === "wan"));
	});

	test("changes by /ubus are staged per session and told when they are committed", async () => {
		const login = await call(NOBODY, "session", "login", { username: "root", password: "openwrt" });
		const { ubus_rpc_session: sid } = (login.result ?? [])[1] as { ubus_rpc_session: string };
		assert.deepEqual(
			(await call(sid, "uci", "set", { config: "system", section: "nope", values: { a: "b" } })).result,
			[4],
		);
		assert.deepEqual(
			(await call(sid, "uci", "add", { config: "system", type: "led", name: "one", values: { on: "1" } })).result,
			[0, { section: "one" }],
		);
		assert.equal((await router.run(["uci", "-q", "get", "system.one.on"])).code, 1, "seen before the commit");
		assert.deepEqual((await call(sid, "uci", "commit", { config: "system" })).result, [0]);
		assert.equal((await router.run(["uci", "get", "system.one.on"])).stdout, "1\n");
	});

	test("sixteen ISPs", async (t) => {
		const big = await startStandIn({ isps: 16 });
		t.after(() => big.close());
		const { stdout } = await big.run(["ip", "-4", "route", "show", "default"]);
		assert.equal(stdout.trim().split("\n").length, 16);
	});

	test("killed without warning, it leaves no process, no namespace and no file", async () => {
		const code = `import { startStandIn } from ${JSON.stringify(`${REPO}/lab/router/stand-in.ts`)};
const r = await startStandIn(); console.log("up " + r.lab.shared); setInterval(() => {}, 1000);`;
		const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", code], {
			cwd: REPO,
			stdio: ["ignore", "pipe", "inherit"],
		});
		const shared = await new Promise<string>((resolve) => {
			let text = "";
			child.stdout.on("data", (chunk) => {
				text += chunk;
				const found = /up (\S+)\n/.exec(text)?.[1];
				if (found !== undefined) resolve(found);
			});
		});
		const mine = (): string[] =>
			readdirSync("/proc").filter((pid) => {
				try {
					return (
						/^\d+$/.test(pid) &&
						readdirSync(`/proc/${pid}/task`).length > 0 &&
						ancestors(pid).includes(String(child.pid))
					);
				} catch {
					return false;
				}
			});
		const family = mine().filter((pid) => pid !== String(child.pid));
		assert.ok(family.length >= 3, `only ${family.length} processes`);
		child.kill("SIGKILL");
		const deadline = Date.now() + 120_000;
		const left = (): string[] => family.filter((pid) => existsSync(`/proc/${pid}`));
		while ((left().length > 0 || existsSync(shared)) && Date.now() < deadline) await sleep(30);
		assert.deepEqual(left(), []);
		assert.ok(shared.startsWith(tmpdir()) && !existsSync(shared), `${shared} is still there`);
	});
});

function ancestors(pid: string): string[] {
	const found: string[] = [];
	for (let now = pid; now !== "0" && now !== "1" && found.length < 20; ) {
		now = parentOf(now);
		found.push(now);
	}
	return found;
}

function parentOf(pid: string): string {
	const text = readFileSync(`/proc/${pid}/stat`, "utf8");
	return text.slice(text.lastIndexOf(")") + 2).split(" ")[1] ?? "0";
}
