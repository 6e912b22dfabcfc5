/** What the client does when the bus is absent, restarted, stuck, lying, or slower than what it is fed. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import type { Bus } from "../../daemon/bus/bus.ts";
import { createBus } from "../../daemon/bus/client.ts";
import { createFrameReader } from "../../daemon/bus/frame.ts";
import { ATTR, FrameWriter, type Message, MSG, parseMessage } from "../../daemon/bus/message.ts";
import type { AutonomyError } from "../../daemon/platform/error.ts";
import { createNodePlatform } from "../../daemon/platform/node/platform.ts";
import type { Closable, Timers } from "../../daemon/platform/platform.ts";
import { startUbusd } from "../../lab/ubusd/ubusd.ts";
import { connected, hex, LIMIT_MS, rawClient, recordingLog, standIn, until } from "./support.ts";

const node = createNodePlatform();

interface Waiting extends Closable {
	dueMs: number;
	/** 0: once. */
	readonly periodMs: number;
	readonly callback: () => void;
}

/**
 * Time limits of seconds pass in milliseconds; tells which timers are still set. Counted are turns of the event loop, and
 * client and broker have theirs in the same one: on a machine that is busy elsewhere no limit passes while its answer
 * waits to be read.
 */
function quickTimers(factor = 50): Timers & { readonly alive: ReadonlySet<Closable> } {
	const alive = new Set<Waiting>();
	let nowMs = 0;
	let turns: Closable | null = null;
	function turn(): void {
		turns = null;
		nowMs += factor;
		for (const one of [...alive].filter(({ dueMs }) => dueMs <= nowMs).sort((a, b) => a.dueMs - b.dueMs)) {
			if (!alive.has(one)) continue;
			if (one.periodMs > 0) one.dueMs = nowMs + one.periodMs;
			else alive.delete(one);
			one.callback();
		}
		wait();
	}
	function wait(): void {
		if (turns === null && alive.size > 0) turns = node.timers.after(1, turn);
	}
	function set(ms: number, periodMs: number, callback: () => void): Closable {
		const one: Waiting = { dueMs: nowMs + ms, periodMs, callback, close: () => void alive.delete(one) };
		alive.add(one);
		wait();
		return one;
	}
	return {
		alive,
		after: (ms, callback) => set(ms, 0, callback),
		every: (ms, callback) => set(ms, Math.max(1, ms), callback),
	};
}

function freshPath(t: TestContext): string {
	const folder = mkdtempSync(join(tmpdir(), "bus-"));
	t.after(() => rmSync(folder, { recursive: true, force: true }));
	return join(folder, "s");
}

function quickBus(t: TestContext, paths: string[], log = recordingLog(), timers: Timers = quickTimers()): Bus {
	const bus = createBus({ platform: { ...node, timers }, log, paths });
	t.after(() => bus.close());
	return bus;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
	return await work.then(
		() => "ok",
		(error: unknown) => (error as AutonomyError).code,
	);
}

/** Stands between a client and a broker, and can stop passing anything on. */
async function proxy(
	t: TestContext,
	upstream: string,
): Promise<{ path: string; stall(on: boolean): void; cut(): void }> {
	const path = freshPath(t);
	const sockets = new Set<net.Socket>();
	const server = net.createServer((near) => {
		const far = net.createConnection(upstream);
		for (const [from, to] of [
			[near, far],
			[far, near],
		] as const) {
			sockets.add(from);
			from.on("data", (bytes) => to.write(bytes));
			from.on("close", () => to.destroy());
			from.on("error", () => undefined);
		}
	});
	await new Promise<void>((resolve) => server.listen(path, resolve));
	const cut = (): void => {
		for (const socket of sockets) socket.destroy();
		sockets.clear();
	};
	t.after(() => {
		cut();
		server.close();
	});
	const stall = (on: boolean): void => {
		for (const socket of sockets) {
			if (on) socket.pause();
			else socket.resume();
		}
	};
	return { path, stall, cut };
}

/** A broker that says what the test says. */
async function scripted(
	t: TestContext,
	onClient: (say: (frame: Uint8Array) => void, socket: net.Socket) => (message: Message) => void,
): Promise<string> {
	const path = freshPath(t);
	const sockets = new Set<net.Socket>();
	const server = net.createServer((socket) => {
		sockets.add(socket);
		const hear = onClient((frame) => void socket.write(frame), socket);
		const reader = createFrameReader((frame) => hear(parseMessage(frame)));
		socket.on("data", (bytes) => reader.push(bytes));
		socket.on("error", () => undefined);
	});
	t.after(() => {
		for (const socket of sockets) socket.destroy();
		server.close();
	});
	await new Promise<void>((resolve) => server.listen(path, resolve));
	return path;
}

/** Answers what a client needs to be set up: ids, and OK to everything. */
function friendly(say: (frame: Uint8Array) => void): (message: Message) => void {
	const writer = new FrameWriter();
	let lastId = 5000;
	say(writer.begin(MSG.hello, 0, 4711).end());
	return ({ type, seq, peer }) => {
		if (type === MSG.status || type === MSG.data || type === MSG.notify) return;
		if (type === MSG.addObject) say(writer.begin(MSG.data, seq, peer).u32(ATTR.objId, ++lastId).end());
		say(
			writer
				.begin(MSG.status, seq, peer)
				.u32(ATTR.status, type === MSG.lookup ? 4 : 0)
				.end(),
		);
	};
}

test("no broker: said once, every path tried, connected when one appears", async (t) => {
	const log = recordingLog();
	const [first, second] = [freshPath(t), freshPath(t)];
	const bus = quickBus(t, [first, second], log);
	assert.equal(await codeOf(bus.call("x", "y")), "connection_failed");
	const tries = () => log.lines.filter((line) => line.msg === "ubus not reachable, trying again");
	await until("told", () => tries().length > 0);
	await assert.rejects(bus.whenConnected(1000), { code: "timeout" });
	assert.equal(tries().length, 1);
	assert.deepEqual(tries()[0]!.fields.paths, [first, second]);
	const broker = await startUbusd({ path: second });
	t.after(() => broker.close());
	await bus.whenConnected(LIMIT_MS * 50);
	assert.equal(bus.stats().path, second);
});

test("broker restart: pending calls fail, all is registered again exactly once, and said so", async (t) => {
	const broker = await standIn.start(t);
	const [provider, user] = [quickBus(t, [broker.path]), quickBus(t, [broker.path])];
	const states: string[] = [];
	const active: boolean[] = [];
	const heard: string[] = [];
	user.onState((state) => states.push(state));
	const served = provider.serve({
		path: "x",
		methods: { never: { args: {}, handle: () => new Promise(() => undefined) }, go: { args: {}, handle: () => null } },
	});
	user.subscribe("x", (type) => heard.push(type), { onActive: (value) => active.push(value) });
	user.listen("demo", (type) => heard.push(type));
	await until("first subscription", () => active.length === 1 && user.connected);
	for (let restarts = 1; restarts <= 3; restarts++) {
		const pending = codeOf(user.call("x", "never", {}, { timeoutMs: 600_000 }));
		await until("the call arrives", () => provider.stats().runningHandlers > 0);
		await broker.stop();
		assert.equal(await pending, "connection_failed");
		await until("the loss is seen", () => !user.connected && !provider.connected && !served.registered);
		assert.equal(served.notify("tick", {}), false);
		await broker.start();
		await until("subscribed again", () => active.length === restarts * 2 + 1 && served.hasSubscribers);
		await until("set up again", () => user.connected && provider.connected);
		await user.call("x", "go", {}, { timeoutMs: 600_000 });
		heard.length = 0;
		served.notify("tick", {});
		await provider.send("demo", {});
		await until("the event", () => heard.includes("demo"));
		assert.deepEqual(heard, ["tick", "demo"]);
	}
	const cycle = ["disconnected", "connected"];
	assert.deepEqual(states, ["connected", ...cycle, ...cycle, ...cycle]);
	assert.equal(user.stats().objects, 3, "own watch, listener, subscription");
	assert.equal(user.stats().connects, 4);
});

test("calls on the signal 'connected' find listeners already in place", async (t) => {
	const broker = await standIn.start(t);
	const sender = await connected(t, broker.path);
	const bus = quickBus(t, [broker.path]);
	const heard: string[] = [];
	bus.onState((state) => {
		if (state === "connected") void sender.send("demo", {});
	});
	bus.listen("demo", (type) => heard.push(type));
	await until("the event right after", () => heard.length === 1);
});

test("a stuck broker is noticed by the silence after a time-out, and left", async (t) => {
	const broker = await standIn.start(t);
	const between = await proxy(t, broker.path);
	const provider = await connected(t, broker.path);
	await provider.serve({ path: "x", methods: { go: { args: {}, handle: () => null } } }).whenRegistered(LIMIT_MS);
	const bus = quickBus(t, [between.path]);
	const reasons: string[] = [];
	bus.onState((state, reason) => state === "disconnected" && reasons.push(reason));
	await bus.whenConnected(LIMIT_MS * 50);
	await bus.call("x", "go", {}, { timeoutMs: 600_000 });
	between.stall(true);
	assert.equal(await codeOf(bus.call("x", "go", {}, { timeoutMs: 500 })), "timeout");
	await until("given up", () => reasons.length === 1);
	assert.deepEqual(reasons, ["the broker does not answer"]);
	assert.equal(bus.stats().pending, 0);
	// The new connection is a new pair of sockets in the proxy, not stalled.
	await bus.whenConnected(LIMIT_MS * 50);
	await bus.call("x", "go", {}, { timeoutMs: 600_000 });
});

test("a broker that does not greet, or says nonsense, is left with the reason", async (t) => {
	const table: [string, string | null][] = [
		["no greeting within 3000 ms", null],
		["message of type 1 before the broker's greeting", "0001000000000000 0000000c 01000008 00000000"],
		["ubus message of version 1; only 0 is known", "0100000000001267 00000004"],
		["ubus message of 3 bytes; 4 to 1048576 are allowed", "0000000000001267 00000003"],
		["ubus message of 1048577 bytes; 4 to 1048576 are allowed", "0000000000001267 00100001"],
		["closed by the broker", ""],
	];
	for (const [reason, said] of table) {
		const path = await scripted(t, (say, socket) => {
			if (said === "") socket.end();
			else if (said !== null) say(Uint8Array.from(Buffer.from(said.replaceAll(" ", ""), "hex")));
			return () => undefined;
		});
		const log = recordingLog();
		const bus = quickBus(t, [path], log);
		await until(reason, () => log.lines.some((line) => line.fields.reason === reason));
		assert.equal(bus.connected, false);
		bus.close();
	}
});

test("nonsense later on: unreadable messages are counted and survived, a broken stream is left", async (t) => {
	const writer = new FrameWriter();
	let speak: (frame: Uint8Array) => void = () => undefined;
	const path = await scripted(t, (say) => {
		speak = say;
		return friendly(say);
	});
	const bus = quickBus(t, [path]);
	const lost: string[] = [];
	bus.onState((state, reason) => state === "disconnected" && lost.push(reason));
	await bus.whenConnected(LIMIT_MS * 50);
	const broken = Uint8Array.of(0x03, 0, 0, 0x10);
	for (const type of [MSG.status, MSG.data, MSG.invoke, MSG.notify, MSG.unsubscribe, 77]) {
		const frame = writer.begin(type, 9, 9).u32(ATTR.objId, 5001);
		frame.out.raw(broken);
		speak(frame.end());
		speak(writer.begin(type, 9, 9).end());
		speak(writer.begin(type, 9, 9).u32(ATTR.objId, 99).end());
	}
	await until("all were taken", () => bus.stats().malformed === 6);
	assert.equal(bus.connected, true);
	speak(Uint8Array.from(Buffer.from("000300000000000000ffffff", "hex")));
	await until("left", () => lost.length === 1);
	assert.deepEqual(lost, ["ubus message of 16777215 bytes; 4 to 1048576 are allowed"]);
	await bus.whenConnected(LIMIT_MS * 50);
});

test("NO_REPLY gets none; hostile calls get a status and do no harm", async (t) => {
	const writer = new FrameWriter();
	let speak: (frame: Uint8Array) => void = () => undefined;
	let objId = 0;
	const answers: string[] = [];
	const path = await scripted(t, (say) => {
		speak = say;
		const usual = friendly((frame) => {
			if (frame[1] === MSG.data) objId = parseMessage(frame).objId!;
			say(frame);
		});
		return (message) => {
			if (message.objId === objId && message.type === MSG.status) answers.push(`${message.seq}:${message.status}`);
			else usual(message);
		};
	});
	const bus = quickBus(t, [path]);
	let calls = 0;
	const handle = () => {
		calls++;
		return null;
	};
	await bus.whenConnected(LIMIT_MS * 50);
	await bus.serve({ path: "x", methods: { go: { args: { a: "table" }, handle } } }).whenRegistered(LIMIT_MS * 50);
	const invoke = (seq: number, method = "go") =>
		writer.begin(MSG.invoke, seq, 7).u32(ATTR.objId, objId).text(ATTR.method, method);
	speak(invoke(1).bool(ATTR.noReply, true).table(ATTR.data, {}).end());
	speak(invoke(2).bool(ATTR.noReply, true).table(ATTR.data, { a: 1 }).end());
	speak(invoke(3, "__proto__").table(ATTR.data, {}).end());
	speak(invoke(4, "").table(ATTR.data, {}).end());
	speak(
		invoke(5)
			.bytes(ATTR.data, Uint8Array.of(0x85, 0, 0, 0xff))
			.end(),
	);
	speak(
		invoke(6)
			.bytes(ATTR.data, Uint8Array.of(1, 2, 3))
			.end(),
	);
	speak(writer.begin(MSG.invoke, 7, 7).u32(ATTR.objId, objId).table(ATTR.data, {}).end());
	let deep: object = {};
	for (let i = 0; i < 30; i++) deep = { a: deep };
	speak(
		invoke(8)
			.table(ATTR.data, deep as never)
			.end(),
	);
	const tooDeep = hex(
		invoke(9)
			.table(ATTR.data, { a: deep as never })
			.end(),
	);
	speak(Uint8Array.from(Buffer.from(tooDeep, "hex")));
	speak(invoke(10).table(ATTR.data, {}).end());
	await until("the last answer", () => answers.includes("10:0"));
	assert.deepEqual(answers, ["3:3", "4:3", "5:2", "6:2", "7:2", "8:0", "9:0", "10:0"]);
	assert.equal(calls, 4);
});

test("an id that went stale unnoticed is looked up once more, and the call repeated", async (t) => {
	const writer = new FrameWriter();
	const invoked: number[] = [];
	let current = 7001;
	const path = await scripted(t, (say) => {
		const usual = friendly(say);
		return (message) => {
			const { type, seq, peer, objId } = message;
			if (type === MSG.lookup) {
				say(writer.begin(MSG.data, seq, peer).text(ATTR.objPath, "x").u32(ATTR.objId, current).end());
				say(writer.begin(MSG.status, seq, peer).u32(ATTR.status, 0).end());
			} else if (type === MSG.invoke && objId !== 1) {
				invoked.push(objId!);
				say(
					writer
						.begin(MSG.status, seq, peer)
						.u32(ATTR.status, objId === current ? 0 : 4)
						.end(),
				);
			} else usual(message);
		};
	});
	const bus = quickBus(t, [path]);
	await bus.whenConnected(LIMIT_MS * 50);
	assert.equal(await codeOf(bus.call("x", "go")), "ok");
	current = 7002;
	assert.equal(await codeOf(bus.call("x", "go")), "ok");
	assert.deepEqual(invoked, [7001, 7001, 7002]);
	assert.equal(await codeOf(bus.call("x", "go")), "ok");
	assert.deepEqual(invoked.slice(3), [7002], "the new id is remembered");
});

test("handlers that never answer are bounded in time and in number", async (t) => {
	const broker = await standIn.start(t);
	const log = recordingLog();
	const timers = quickTimers(100);
	const provider = quickBus(t, [broker.path], log, timers);
	const user = await connected(t, broker.path);
	let release: (() => void) | undefined;
	const served = provider.serve({
		path: "x",
		methods: {
			never: { args: {}, handle: () => new Promise(() => undefined) },
			late: {
				args: {},
				handle: () => new Promise((resolve) => (release = () => resolve({ late: true }))),
			},
		},
	});
	await served.whenRegistered(LIMIT_MS * 100);
	const calls = Array.from({ length: 200 }, () =>
		user.call("x", "never", {}, { timeoutMs: 60_000 }).catch((error: unknown) => error),
	);
	const statuses = (await Promise.all(calls)).map((error) => (error as AutonomyError).context.status);
	assert.equal(statuses.filter((status) => status === 7).length, 128, "TIMEOUT after 30 s");
	assert.equal(statuses.filter((status) => status === 11).length, 72, "NO_MEMORY at once");
	assert.equal(provider.stats().runningHandlers, 0);
	assert.equal(await codeOf(user.call("x", "late", {}, { timeoutMs: 60_000 })), "timeout");
	release!();
	await user.list();
	assert.equal(user.stats().strays, 0, "no second answer");
	assert.ok(log.lines.some((line) => line.msg === "ubus method took too long"));
});

test("an answer that comes after a reconnect is not sent to a stranger", async (t) => {
	const broker = await standIn.start(t);
	const between = await proxy(t, broker.path);
	const provider = quickBus(t, [between.path]);
	const user = await connected(t, broker.path);
	const watcher = await rawClient(t, broker.path);
	let release: (() => void) | undefined;
	const handle = () => new Promise<{ secret: boolean }>((resolve) => (release = () => resolve({ secret: true })));
	const served = provider.serve({ path: "x", methods: { wait: { args: {}, handle } } });
	await served.whenRegistered(LIMIT_MS * 50);
	const call = codeOf(user.call("x", "wait", {}, { timeoutMs: 600_000 }));
	await until("the call arrived", () => release !== undefined);
	between.cut();
	assert.equal(await call, "connection_closed");
	await until("lost", () => !provider.connected);
	await provider.whenConnected(LIMIT_MS * 50);
	await watcher.ask(
		watcher.writer.begin(MSG.invoke, 1, 3).u32(ATTR.objId, 3).text(ATTR.method, "add").table(ATTR.data, {}).end(),
	);
	const sent = provider.stats().framesOut;
	release!();
	await provider.list();
	assert.equal(provider.stats().framesOut, sent + 1, "only the list request");
});

test("outgoing: a broker that does not read makes calls fail with queue_full and notifications be dropped", async (t) => {
	let socket: net.Socket | null = null;
	let speak: (frame: Uint8Array) => void = () => undefined;
	const path = await scripted(t, (say, own) => {
		socket = own;
		speak = say;
		return friendly(say);
	});
	const log = recordingLog();
	// Real time: the point is the queue, not the limits.
	const bus = createBus({ platform: node, log, paths: [path] });
	t.after(() => bus.close());
	const served = bus.serve({ path: "x", methods: {} });
	await bus.whenConnected(LIMIT_MS);
	for (let id = 5001; id < 5005; id++) {
		speak(new FrameWriter().begin(MSG.notify, 1, 0).u32(ATTR.objId, id).bool(ATTR.active, true).end());
	}
	await until("subscribers", () => served.hasSubscribers);
	socket!.pause();
	const text = "x".repeat(100_000);
	const outcomes: Promise<string>[] = [];
	for (let i = 0; i < 60; i++) outcomes.push(codeOf(bus.send("demo", { text }, { timeoutMs: 600_000 })));
	const refused: string[] = [];
	for (const outcome of outcomes) void outcome.then((code) => refused.push(code));
	await until("refusals", () => refused.length >= 5);
	assert.deepEqual([...new Set(refused)], ["queue_full"]);
	assert.equal(served.notify("tick", { text }), false);
	assert.equal(bus.stats().dropped, 1);
	assert.ok(log.lines.some((line) => line.msg === "ubus does not take what we send; dropped"));
	assert.equal(bus.connected, true);
	socket!.resume();
	const all = await Promise.all(outcomes);
	assert.ok(all.filter((code) => code === "ok").length >= 10, "what was queued went out");
	assert.equal(served.notify("tick", { text }), true);
});

test("incoming: a client that reads eagerly loses nothing of a long stream", async (t) => {
	const broker = await standIn.start(t);
	const [provider, hearer] = [await connected(t, broker.path), await connected(t, broker.path)];
	const heard: number[] = [];
	const served = provider.serve({ path: "x", methods: {} });
	hearer.subscribe("x", (_type, data) => heard.push(Number(data.n)));
	await until("subscribed", () => served.hasSubscribers);
	const text = "x".repeat(20_000);
	for (let n = 0; n < 1000; n++) {
		assert.equal(served.notify("tick", { n, text }), true);
		if (n % 8 === 7) await provider.list("nothing*");
	}
	await until("the last", () => heard.length === 1000);
	assert.deepEqual(
		heard,
		Array.from({ length: 1000 }, (_, n) => n),
	);
});

test("notifications that were lost harm nothing: the link stays, and a call tells the state", async (t) => {
	const broker = await standIn.start(t);
	const between = await proxy(t, broker.path);
	const provider = await connected(t, broker.path);
	let state = 0;
	const served = provider.serve({ path: "x", methods: { state: { args: {}, handle: () => ({ state }) } } });
	const hearer = await connected(t, between.path);
	const heard: number[] = [];
	hearer.subscribe("x", (_type, data) => heard.push(Number(data.state)));
	await until("subscribed", () => served.hasSubscribers);
	between.stall(true);
	const text = "x".repeat(20_000);
	for (state = 1; state < 300; state++) {
		served.notify("tick", { state, text });
		if (state % 8 === 7) await provider.list("nothing*");
	}
	between.stall(false);
	assert.deepEqual(await hearer.call("x", "state"), { state: 300 });
	assert.ok(heard.length > 0 && heard.length < 299, `${heard.length} of 299 came through`);
	assert.equal(hearer.stats().connects, 1);
	assert.equal(hearer.stats().malformed, 0);
});

test("a call is refused before anything is sent when its arguments cannot be encoded", async (t) => {
	const broker = await standIn.start(t);
	const bus = await connected(t, broker.path);
	await bus.serve({ path: "x", methods: { go: { args: {}, handle: () => null } } }).whenRegistered(LIMIT_MS);
	await bus.call("x", "go");
	const sent = bus.stats().framesOut;
	assert.equal(await codeOf(bus.call("x", "go", { v: Number.NaN })), "bus_bad_argument");
	assert.equal(bus.stats().framesOut, sent);
	assert.equal(await codeOf(bus.call("x", "go")), "ok", "the shared buffer is fine");
});

test("close() leaves no timer behind, at any moment", async (t) => {
	const broker = await standIn.start(t);
	// Half of the time somebody else has the path, so that a retry is waiting too.
	const rival = await connected(t, broker.path);
	for (let afterMs = 0; afterMs < 20; afterMs++) {
		if (afterMs === 10) await rival.serve({ path: "x", methods: {} }).whenRegistered(LIMIT_MS);
		const timers = quickTimers(1);
		const bus = createBus({ platform: { ...node, timers }, log: recordingLog(), paths: ["/nowhere", broker.path] });
		const waits = [
			codeOf(bus.whenConnected(60_000)),
			codeOf(bus.serve({ path: "x", methods: {} }).whenRegistered(60_000)),
		];
		bus.subscribe("y", () => undefined);
		bus.listen("z", () => undefined);
		await new Promise((resolve) => setTimeout(resolve, afterMs));
		const call = codeOf(bus.call("x", "y"));
		bus.close();
		await Promise.all([...waits, call]);
		assert.equal(timers.alive.size, 0, `closed after ${afterMs} ms`);
	}
});
