/**
 * The daemon on QuickJS, in short: an uplink lost and found, its helpers killed, stopped and not to be had, too little
 * memory, everything given back. All other files of this folder run on QuickJS with AUTONOMY_ENGINE=quickjs.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { bundleMissing } from "../../lab/autonomyd.ts";
import { REPO } from "../../lab/net/bundle.ts";
import { type Bench, flowsVia, impossible, openBench, ready } from "./harness.ts";

const why = impossible() ?? bundleMissing(REPO, "quickjs");

async function gone(list: () => Promise<string[]>): Promise<void> {
	const end = Date.now() + 5000;
	for (let left = await list(); left.length > 0; left = await list()) {
		assert.ok(Date.now() < end, `still there: ${left.join("; ")}`);
	}
}

describe("QuickJS", { skip: why ?? false }, () => {
	let bench: Bench;
	before(async () => {
		bench = await openBench({ layout: "mwan3", isps: 2 });
	});
	after(() => bench.close());
	const start = (t: Parameters<Bench["daemon"]>[0]): ReturnType<Bench["daemon"]> =>
		bench.daemon(t, { engine: "quickjs" });

	test("a dead uplink is left, a healed one is taken again, all is given back", async (t) => {
		const rules = (): Promise<string> => bench.router.run(["ip", "rule"]).then((result) => result.stdout);
		const atFirst = await rules();
		const daemon = await start(t);
		await ready(bench, daemon);
		assert.match(daemon.log.find((line) => line.msg === "startup")?.fields.runtime as string, /^quickjs/);
		const traffic = await bench.traffic(t);
		await bench.world.do({ do: "blackhole", isp: 1 });
		await flowsVia(traffic, 2, 10_000, daemon);
		await bench.world.do({ do: "heal", isp: 1 });
		assert.equal(await daemon.stop(), 0);
		assert.equal(await rules(), atFirst);
		await gone(async () => {
			// The lab's first process collects nobody: dead ones of theirs stay in the list.
			const { stdout } = await bench.router.run(["sh", "-c", "cat /proc/[0-9]*/stat 2>/dev/null"]);
			return stdout.split("\n").filter((line) => /\((socat|fping)\) [^Z]/.test(line));
		});
	});

	test("the helper that carries ubus is killed, again and again: connected anew, nobody moves", async (t) => {
		const daemon = await start(t);
		await ready(bench, daemon);
		const decisions = (): number => daemon.log.filter((line) => line.msg === "switch").length;
		const before = decisions();
		for (let round = 0; round < 3; round++) {
			const connected = (): number => daemon.log.filter((line) => line.msg === "connected to ubus").length;
			const count = connected();
			await bench.router.run(["sh", "-c", "kill -9 $(pidof socat)"]);
			await daemon.until("connected again", () => Promise.resolve(connected() > count), 10_000);
			await daemon.until("it answers", async () => (await daemon.status()).current !== undefined, 10_000);
		}
		assert.equal(decisions(), before);
		let earlier: string[] | null = null;
		// Not those of this moment: those that stay.
		await gone(async () => {
			const { stdout } = await bench.router.run(["sh", "-c", "cat /proc/[0-9]*/stat 2>/dev/null"]);
			const now = stdout.split("\n").filter((line) => line.includes(`) Z ${daemon.process.pid} `));
			const stay = now.filter((line) => earlier === null || earlier.includes(line));
			earlier = now;
			return stay;
		});
	});

	const rules = (): Promise<string> => bench.router.run(["ip", "rule"]).then((result) => result.stdout);
	const sh = (script: string): ReturnType<Bench["router"]["run"]> => bench.router.run(["sh", "-c", script]);
	const pings = async (): Promise<number> =>
		(await sh("pidof fping ping")).stdout.trim().split(/\s+/).filter(Boolean).length;

	test("a helper that stands still and its full pipe: the daemon goes on, and answers when it moves again", async (t) => {
		const daemon = await start(t);
		await ready(bench, daemon);
		const traffic = await bench.traffic(t);
		await sh("kill -STOP $(pidof socat)");
		// More calls than a pipe holds answers of, each of 15 kB.
		const calls = Array.from({ length: 30 }, () => daemon.call("info", {}, 2000).catch(() => null));
		await bench.world.do({ do: "blackhole", isp: 1 });
		await flowsVia(traffic, 2, 15_000, daemon);
		await sh("kill -CONT $(pidof socat)");
		await Promise.all(calls);
		const { interface: second } = bench.router.lab.plan.isps[1] ?? { interface: "" };
		await daemon.until("it answers", async () => (await daemon.status()).current === second, 20_000);
		await bench.world.healAll();
		assert.equal(await daemon.stop(), 0);
	});

	test("no program can be started: said, nobody moves, and all is well when it can", async (t) => {
		const daemon = await start(t);
		await ready(bench, daemon);
		const pid = daemon.process.pid;
		const before = (await daemon.status()).current;
		const switches = (): number => daemon.log.filter((line) => line.msg === "switch").length;
		const moved = switches();
		await sh(`prlimit --pid ${pid} --nofile=8:`);
		await sh("kill -9 $(pidof fping)");
		const said = (): boolean => daemon.log.some((line) => /cannot start .*fping/.test(JSON.stringify(line.fields)));
		await daemon.until("a word", () => Promise.resolve(said()), 30_000);
		assert.equal((await daemon.status()).current, before);
		assert.equal(switches(), moved);
		await sh(`prlimit --pid ${pid} --nofile=1024:`);
		await daemon.until(
			"by fping or what stands in for it every uplink is watched again",
			async () => (await pings()) >= 2,
			30_000,
		);
		assert.equal(await daemon.stop(), 0);
	});

	// More than it starts with, less than it takes when people ask for what is loaded only then.
	const LIMIT = "4M";

	test("out of memory: it ends, and the next one finds and leaves the router in order", async (t) => {
		const atFirst = await rules();
		const daemon = await bench.daemon(t, { engine: "quickjs", qjsArgs: ["--memory-limit", LIMIT] });
		const ends = Date.now() + 60_000;
		while (!daemon.process.ended) {
			assert.ok(Date.now() < ends, `${LIMIT} is enough for everything: lower it`);
			for (const view of ["status", "report", "alerts"]) await daemon.call("render", { view }, 1000).catch(() => null);
			await daemon.call("what_if", { since_s: 60 }, 1000).catch(() => null);
		}
		const { code } = await daemon.process.exited;
		assert.notEqual(code, 0);
		const next = await bench.daemon(t, { engine: "quickjs", inherits: true });
		await ready(bench, next);
		assert.equal(await next.stop(), 0);
		assert.equal(await rules(), atFirst, `${daemon.describe()}\n\n${next.describe()}`);
	});
});
