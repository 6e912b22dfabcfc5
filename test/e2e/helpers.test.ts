/**
 * The programs that work for the daemon are killed, stand still and are not to be had, and memory runs out: it says so and
 * goes on, or ends and is followed by one that finds the router in order. Meanwhile traffic goes where it should. On Node
 * there are fewer of them: sockets are its own.
 */
import assert from "node:assert/strict";
import { after, before, describe, type TestContext, test } from "node:test";
import { type Autonomyd, defaultEngine } from "../../lab/autonomyd.ts";
import { randomFrom } from "../decide/support.ts";
import {
	assertGivenBack,
	type Bench,
	fingerprint,
	flowsVia,
	impossible,
	openBench,
	ready,
	type Scope,
	undisturbed,
	uplink,
} from "./harness.ts";

const skip =
	impossible() ?? (process.env.OPENWRT_ROOT ? "its own programs are alike: they would be killed, too" : false);
const QUICKJS = defaultEngine() === "quickjs";
/** Why a test is about QuickJS alone. */
const OWN_SOCKETS = "Node has sockets of its own: no program carries a connection";

async function gone(list: () => Promise<string[]>): Promise<void> {
	const end = Date.now() + 180_000;
	for (let left = await list(); left.length > 0; left = await list()) {
		assert.ok(Date.now() < end, `still there: ${left.join("; ")}`);
	}
}

describe("the daemon's programs", { skip }, () => {
	let bench: Bench;
	before(async () => {
		bench = await openBench({ isps: 2 });
	});
	after(() => bench.close());

	const sh = (script: string): ReturnType<Bench["router"]["run"]> => bench.router.run(["sh", "-c", script]);
	/** The start is one too, and may be told late; it changes nothing. */
	const switches = (daemon: Autonomyd): number =>
		daemon.log.filter((line) => line.msg === "switch" && line.fields.method !== "nothing_to_do").length;
	/** All programs of a router; its first process collects nobody, so dead ones of others' stay in the list. */
	const stats = async (): Promise<string[]> => (await sh("cat /proc/[0-9]*/stat 2>/dev/null")).stdout.split("\n");
	const helpers = async (daemon: Autonomyd): Promise<{ pid: number; name: string }[]> =>
		(await stats()).flatMap((line) => {
			const match = /^(\d+) \((\w+)\) [^Z] (\d+) /.exec(line);
			if (match?.[3] !== String(daemon.process.pid)) return [];
			return [{ pid: Number(match[1]), name: match[2] ?? "" }];
		});

	/** The routing of the moment holds: the same uplink, by the kernel and by what traffic meets. */
	async function stays(t: Scope, daemon: Autonomyd, during: () => Promise<void>): Promise<void> {
		const { current } = await daemon.status();
		// Nothing else: routes and rules to a dish that may be there come when the daemon first looks for one.
		const { mangle4 = "", mangle6 = "" } = await fingerprint(bench.router);
		const moved = switches(daemon);
		const traffic = await bench.traffic(t);
		await flowsVia(traffic, 1, 5000, daemon);
		await during();
		const { fresh, open } = await traffic.report();
		assert.deepEqual([fresh.ways.map((way) => way.isp), fresh.lost], [[1], 0], daemon.describe());
		assert.deepEqual([open.ways.map((way) => way.isp), open.lost], [[1], 0], daemon.describe());
		assert.equal(switches(daemon), moved, daemon.describe());
		await assertGivenBack(bench.router, { mangle4, mangle6 });
		await daemon.until("it answers", async () => (await daemon.status()).current === current, 20_000);
	}

	test("which engine it is, and that nothing of it is left", async (t) => {
		t.after(() => bench.world.healAll());
		const found = await fingerprint(bench.router);
		const daemon = await bench.daemon(t);
		await ready(bench, daemon);
		const { runtime } = daemon.log.find((line) => line.msg === "startup")?.fields ?? {};
		assert.match(String(runtime), QUICKJS ? /^quickjs/ : /^node/);
		// One that was just started has the daemon's name for a moment.
		await daemon.until(
			"its programs",
			async () => {
				const names = (await helpers(daemon)).map((one) => one.name);
				assert.deepEqual([names.includes("fping"), names.includes("socat")], [true, QUICKJS], names.join());
				return true;
			},
			10_000,
		);
		const traffic = await bench.traffic(t);
		await bench.world.do({ do: "blackhole", isp: 1 });
		await flowsVia(traffic, 2, 10_000, daemon);
		assert.equal(await daemon.stop(), 0);
		await bench.world.healAll();
		await assertGivenBack(bench.router, found);
		await gone(async () => (await stats()).filter((line) => /\((socat|fping)\) [^Z]/.test(line)));
	});

	test("any of them is killed at random moments, twenty times: started anew, nobody moves, nobody is left uncollected", (t) =>
		undisturbed(bench, t, async (scope) => {
			const daemon = await bench.daemon(scope);
			await ready(bench, daemon);
			const random = randomFrom(7);
			const killed = new Map<string, number>();
			const connects = (): number => daemon.log.filter((line) => line.msg === "connected to ubus").length;
			await stays(scope, daemon, async () => {
				for (let n = 0; n < 20; n++) {
					await new Promise((resolve) => setTimeout(resolve, random() * 400));
					const all = await helpers(daemon);
					// Each kind as often as the other, whatever there is more of.
					const kinds = [...new Set(all.map((one) => one.name))]
						.filter((name) => ["fping", "socat"].includes(name))
						.sort();
					const kind = kinds[n % Math.max(1, kinds.length)];
					const one = all.filter(({ name }) => name === kind)[0];
					if (one === undefined) continue;
					await bench.router.run(["kill", "-9", String(one.pid)]);
					killed.set(one.name, (killed.get(one.name) ?? 0) + 1);
				}
				await daemon.until("it answers", async () => (await daemon.status()).current === uplink(bench, 1), 20_000);
				// Random moments may all have hit others, or the pause before it connects again.
				while (QUICKJS && connects() < 4) {
					const before = connects();
					// Brackets: it must not find itself.
					await sh("kill -9 $(grep -l 'UNIX-CONNEC[T]' /proc/[0-9]*/cmdline | cut -d/ -f3)");
					await daemon.until("it is connected again", async () => connects() > before, 30_000);
				}
				await daemon.until(
					"every uplink is watched again",
					async () => (await helpers(daemon)).filter((one) => /^f?ping$/.test(one.name)).length >= 2,
					30_000,
				);
			});
			for (const kind of QUICKJS ? ["fping", "socat"] : ["fping"])
				assert.ok((killed.get(kind) ?? 0) >= 4, `${kind}: ${killed.get(kind)} killed`);
			if (QUICKJS) assert.ok(connects() >= 4, `connected to ubus ${connects()} times`);
			await ready(bench, daemon);
			let earlier: string[] | null = null;
			// Not those of this moment: those that stay.
			await gone(async () => {
				const now = (await stats()).filter((line) => line.includes(`) Z ${daemon.process.pid} `));
				const stay = now.filter((line) => earlier === null || earlier.includes(line));
				earlier = now;
				return stay;
			});
		}));

	test("the one that carries ubus stands still and its pipe fills: traffic moves, and it answers when it goes on", async (t) => {
		if (!QUICKJS) return t.skip(OWN_SOCKETS);
		t.after(() => bench.world.healAll());
		const daemon = await bench.daemon(t);
		await ready(bench, daemon);
		const traffic = await bench.traffic(t);
		await sh("kill -STOP $(pidof socat)");
		t.after(() => sh("kill -CONT $(pidof socat)"));
		// More calls than a pipe holds answers of, each of 15 kB.
		const calls = Array.from({ length: 30 }, () => daemon.call("info", {}, 2000).catch(() => null));
		await bench.world.do({ do: "blackhole", isp: 1 });
		await flowsVia(traffic, 2, 15_000, daemon);
		await sh("kill -CONT $(pidof socat)");
		await Promise.all(calls);
		await daemon.until("it answers", async () => (await daemon.status()).current === uplink(bench, 2), 20_000);
		assert.equal(await daemon.stop(), 0);
	});

	test("whoever asks does not read, and the pipes fill: traffic moves, others are answered when it is over", async (t) => {
		t.after(() => bench.world.healAll());
		const daemon = await bench.daemon(t);
		await ready(bench, daemon);
		const traffic = await bench.traffic(t);
		// The broker: it takes nothing from the daemon, whose answers and events pile up.
		const why = bench.router.cannot("wedge_broker");
		if (why !== null) return t.skip(why);
		const calls = Array.from({ length: 30 }, () => daemon.call("info", {}, 2000).catch(() => null));
		await bench.router.broker("wedge");
		t.after(() => bench.router.broker("unwedge"));
		await bench.world.do({ do: "blackhole", isp: 1 });
		await flowsVia(traffic, 2, 15_000, daemon);
		await bench.router.broker("unwedge");
		await Promise.all(calls);
		await daemon.until("it answers", async () => (await daemon.status()).current === uplink(bench, 2), 20_000);
	});

	test("no program can be started: said, nobody moves, and all is well when it can", (t) =>
		undisturbed(bench, t, async (scope) => {
			if (!QUICKJS) return t.skip("the limit takes files from Node, too: the next test");
			const daemon = await bench.daemon(scope);
			await ready(bench, daemon);
			await stays(scope, daemon, async () => {
				await sh(`prlimit --pid ${daemon.process.pid} --nofile=8:`);
				await sh("kill -9 $(pidof fping)");
				const said = (): boolean => daemon.log.some((line) => /cannot start .*fping/.test(JSON.stringify(line.fields)));
				await daemon.until("a word", () => Promise.resolve(said()), 30_000);
				assert.equal((await daemon.status()).current, uplink(bench, 1));
				await sh(`prlimit --pid ${daemon.process.pid} --nofile=1024:`);
				await daemon.until(
					"by fping or what stands in for it every uplink is watched again",
					async () => (await helpers(daemon)).filter((one) => /^f?ping$/.test(one.name)).length >= 2,
					60_000,
				);
			});
			assert.equal(await daemon.stop(), 0);
		}));

	test("neither a program nor a file can be opened: it goes on or says so and ends, and the router is in order", async (t) => {
		const found = await fingerprint(bench.router);
		const daemon = await bench.daemon(t);
		await ready(bench, daemon);
		const traffic = await bench.traffic(t);
		await sh(`prlimit --pid ${daemon.process.pid} --nofile=3:`);
		await sh("kill -9 $(pidof fping)");
		const said = (): boolean =>
			daemon.process.ended ||
			daemon.log.some((line) =>
				/cannot (start|read|list) |EMFILE|No file descriptors/.test(JSON.stringify(line.fields)),
			);
		const end = Date.now() + 180_000;
		while (!said()) {
			assert.ok(Date.now() < end, `not a word\n${daemon.describe()}`);
			await new Promise((resolve) => setTimeout(resolve, 50));
		}
		if (daemon.process.ended) {
			assert.notEqual((await daemon.process.exited).code, 0);
			assert.ok(
				daemon.log.some((line) => line.level === "error"),
				daemon.describe(),
			);
		} else {
			await sh(`prlimit --pid ${daemon.process.pid} --nofile=1024:`);
			await daemon.stop();
		}
		const next = await bench.daemon(t, { inherits: true });
		await ready(bench, next);
		const { fresh } = await traffic.report();
		assert.deepEqual([fresh.ways.map((way) => way.isp), fresh.lost], [[1], 0], daemon.describe());
		assert.equal(await next.stop(), 0);
		await assertGivenBack(bench.router, found);
	});

	/**
	 * The first of these with which it gets ready is less than it takes when people ask for what is loaded only then. Which
	 * it is depends on how much comes at once while it starts.
	 */
	const LIMITS = ["3500k", "4M", "4500k", "5M", "5500k"];

	async function startedWithLittle(t: TestContext): Promise<Autonomyd> {
		for (const limit of LIMITS) {
			// What one that did not get ready has left behind is for the next.
			const daemon = await bench.daemon(t, { qjsArgs: ["--memory-limit", limit], inherits: limit !== LIMITS[0] });
			try {
				await ready(bench, daemon);
				t.diagnostic(`ready with ${limit}`);
				return daemon;
			} catch (error) {
				if (limit === LIMITS.at(-1)) throw error;
				// It may also go on without what it had no memory for.
				if (!daemon.process.ended) await daemon.stop();
			}
		}
		throw new Error("no limit to try");
	}

	test("out of memory after a switch: it says so and ends, and the next one finds the router in order and moves traffic again", async (t) => {
		if (!QUICKJS) return t.skip("Node is started with no limit that it could hit before the router itself");
		t.after(() => bench.world.healAll());
		const found = await fingerprint(bench.router);
		const daemon = await startedWithLittle(t);
		const traffic = await bench.traffic(t);
		await bench.world.do({ do: "blackhole", isp: 1 });
		const ends = Date.now() + 300_000;
		// A switch needs memory, too: it may be the end.
		while (!daemon.process.ended && (await traffic.peek()).fresh.isp !== 2)
			assert.ok(Date.now() < ends, `traffic stays\n${daemon.describe()}`);
		while (!daemon.process.ended) {
			assert.ok(Date.now() < ends, "it is enough for everything: lower the limits");
			for (const view of ["status", "report", "alerts"]) await daemon.call("render", { view }, 1000).catch(() => null);
			await daemon.call("what_if", { since_s: 60 }, 1000).catch(() => null);
		}
		const { code } = await daemon.process.exited;
		assert.notEqual(code, 0);
		// The engine itself can crash where there is nothing left to say it with; a part of the program that there was no
		// memory to load says of its names that they are not initialized.
		const said = daemon.process.tail.join("\n");
		assert.ok(code === null || /out of memory|is not initialized/.test(said), daemon.describe());
		t.diagnostic(`${code} ${daemon.process.tail.at(-1)}`);
		const next = await bench.daemon(t, { inherits: true });
		await flowsVia(traffic, 2, 30_000, next);
		await bench.world.healAll();
		await next.until("every uplink works", async () => (await next.status()).rank.every((one) => one.eligible), 60_000);
		assert.equal(await next.stop(), 0);
		await assertGivenBack(bench.router, found);
	});
});
