/** The client over a real socket, against the stand-in and (UBUSD=path) a real ubusd. */
import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { type BlobInputTable, double, int64 } from "../../daemon/bus/blobmsg.ts";
import { decodeTable } from "../../daemon/bus/blobmsg-read.ts";
import type { Bus, Caller } from "../../daemon/bus/bus.ts";
import { ATTR, type Message, MSG, signatureTable } from "../../daemon/bus/message.ts";
import { AutonomyError } from "../../daemon/platform/error.ts";
import { brokers, connected, LIMIT_MS, type RawClient, rawClient, recordingLog, until } from "./support.ts";

/** What a rejected promise is about: code, ubus status. */
async function failure(work: Promise<unknown>): Promise<string> {
	try {
		await work;
	} catch (error) {
		assert.ok(error instanceof AutonomyError, String(error));
		const { status } = error.context;
		return status === undefined ? error.code : `${error.code} ${status}`;
	}
	assert.fail("should have failed");
}

/** A provider that is only bytes: answers what the test says. */
async function rawProvider(raw: RawClient, path: string): Promise<number> {
	const signature = signatureTable({ hello: {} });
	const frame = raw.writer.begin(MSG.addObject, 1, 0).text(ATTR.objPath, path).table(ATTR.signature, signature);
	return (await raw.ask(frame.end())).find((message) => message.type === MSG.data)!.objId!;
}

function data(raw: RawClient, to: Message, table: BlobInputTable): void {
	raw.send(raw.writer.begin(MSG.data, to.seq, to.peer).u32(ATTR.objId, to.objId!).table(ATTR.data, table).end());
}

function end(raw: RawClient, to: Message, status: number): void {
	raw.send(raw.writer.begin(MSG.status, to.seq, to.peer).u32(ATTR.status, status).u32(ATTR.objId, to.objId!).end());
}

for (const kind of brokers) {
	const rule = (name: string, run: (t: TestContext, path: string) => Promise<void>): void => {
		test(`${kind.name}: ${name}`, async (t) => {
			if (kind.missing !== null) return t.skip(kind.missing);
			await run(t, (await kind.start(t)).path);
		});
	};

	rule("a call comes back with its answer, typed as the provider said", async (t, path) => {
		const [provider, caller] = [await connected(t, path), await connected(t, path)];
		let who: Caller | null = null;
		const served = provider.serve({
			path: "x",
			methods: {
				hello: {
					args: { id: "int32", text: "string" },
					handle(args, from) {
						who = from;
						return { args, whole: double(2), big: int64(5), list: [1, "a", null], none: null };
					},
				},
			},
		});
		await served.whenRegistered(LIMIT_MS);
		const args = { id: 7, text: "hä", other: 1, ubus_rpc_session: "abc" };
		assert.deepEqual(await caller.call("x", "hello", args), {
			args: { id: 7, text: "hä" },
			whole: 2,
			big: 5,
			list: [1, "a", null],
			none: null,
		});
		assert.deepEqual(who, {
			method: "hello",
			clientId: caller.stats().clientId,
			user: "root",
			group: "root",
			session: "abc",
			unknownArgs: ["other"],
		});
		const [raw] = await caller.callRaw("x", "hello", {});
		// DOUBLE, although 2 is a whole number.
		assert.ok(Buffer.from(raw!).toString("hex").includes("88000014000577686f6c65004000000000000000"));
		assert.deepEqual(await provider.call("x", "hello", {}), await caller.call("x", "hello"), "also one's own object");
	});

	rule("several pieces of an answer are merged, later members win", async (t, path) => {
		const [raw, caller] = [await rawClient(t, path), await connected(t, path)];
		await rawProvider(raw, "x");
		const [merged, pieces] = [caller.call("x", "hello"), caller.callRaw("x", "hello")];
		for (const call of [await raw.nextMessage(), await raw.nextMessage()]) {
			data(raw, call, { a: 1, b: 1 });
			data(raw, call, { b: 2, c: 3 });
			end(raw, call, 0);
			// Statuses behind the first are nobody's.
			end(raw, call, 9);
		}
		assert.deepEqual(await merged, { a: 1, b: 2, c: 3 });
		assert.deepEqual(
			(await pieces).map((piece) => decodeTable(piece)),
			[
				{ a: 1, b: 1 },
				{ b: 2, c: 3 },
			],
		);
		await until("the second statuses", () => caller.stats().strays === 2);
		assert.equal(caller.stats().pending, 0);
	});

	rule("answers may come later and in any order", async (t, path) => {
		const [provider, caller] = [await connected(t, path), await connected(t, path)];
		const gates = new Map<number, () => void>();
		const served = provider.serve({
			path: "x",
			methods: {
				wait: {
					args: { n: "int32" },
					async handle(args) {
						await new Promise<void>((resolve) => gates.set(Number(args.n), resolve));
						return { n: Number(args.n) };
					},
				},
			},
		});
		await served.whenRegistered(LIMIT_MS);
		const order: number[] = [];
		const calls = [0, 1, 2].map((n) => caller.call("x", "wait", { n }).then((answer) => order.push(Number(answer.n))));
		await until("all calls have arrived", () => gates.size === 3);
		assert.equal(provider.stats().runningHandlers, 3);
		for (const n of [2, 0, 1]) {
			gates.get(n)!();
			await until(`answer ${n}`, () => order.includes(n));
		}
		await Promise.all(calls);
		assert.deepEqual(order, [2, 0, 1]);
		assert.equal(provider.stats().runningHandlers, 0);
	});

	rule("every way a call can fail has its code", async (t, path) => {
		const log = recordingLog();
		const [provider, caller] = [await connected(t, path, log), await connected(t, path)];
		const fail = (error: unknown) => ({
			args: {},
			handle: () => {
				throw error;
			},
		});
		const later = (error: unknown) => ({ args: {}, handle: () => Promise.reject(error) });
		const served = provider.serve({
			path: "x",
			methods: {
				typed: { args: { i: "int32", d: "double", s: "string", b: "bool", q: "int64" }, handle: (args) => args },
				bare: { args: {}, handle: () => null },
				broken: fail(new TypeError("secret detail")),
				brokenLater: later(new TypeError("secret detail")),
				argument: fail(new AutonomyError("bad_argument", "no such uplink")),
				missing: later(new AutonomyError("not_found", "no such uplink")),
				refused: fail(new AutonomyError("refused", "not now")),
				busy: fail(new AutonomyError("rate_limited", "later")),
				chosen: fail(new AutonomyError("bus_status", "not here", { status: 8 })),
				unsendable: { args: {}, handle: () => ({ v: Number.NaN }) },
				huge: { args: {}, handle: () => ({ v: "x".repeat(1024 * 1024) }) },
				never: { args: {}, handle: () => new Promise(() => undefined) },
			},
		});
		await served.whenRegistered(LIMIT_MS);
		const table: [string, BlobInputTable, string][] = [
			["nosuch", {}, "bus_status 3"],
			["constructor", {}, "bus_status 3"],
			["typed", { i: 1.5 }, "bus_bad_argument 2"],
			["typed", { i: 2 ** 31 }, "bus_bad_argument 2"],
			["typed", { i: "1" }, "bus_bad_argument 2"],
			["typed", { d: "1" }, "bus_bad_argument 2"],
			["typed", { s: 1 }, "bus_bad_argument 2"],
			["typed", { b: 1 }, "bus_bad_argument 2"],
			["typed", { q: 1.5 }, "bus_bad_argument 2"],
			["broken", {}, "bus_status 9"],
			["brokenLater", {}, "bus_status 9"],
			["argument", {}, "bus_bad_argument 2"],
			["missing", {}, "bus_status 4"],
			["refused", {}, "bus_denied 6"],
			["busy", {}, "bus_status 11"],
			["chosen", {}, "bus_status 8"],
			["unsendable", {}, "bus_status 9"],
			["huge", {}, "bus_status 9"],
		];
		for (const [method, args, expected] of table) {
			assert.equal(await failure(caller.call("x", method, args)), expected, `${method} ${JSON.stringify(args)}`);
		}
		assert.deepEqual(await caller.call("x", "typed", { i: int64(5), d: 2, b: true, q: 1, s: null }), {
			i: 5,
			d: 2,
			b: true,
			q: 1,
		});
		assert.deepEqual(await caller.call("x", "bare"), {});
		assert.equal(await failure(caller.call("x", "never", {}, { timeoutMs: 50 })), "timeout");
		assert.equal(await failure(caller.call("y", "hello")), "bus_not_found 4");
		assert.equal(await failure(caller.call("x*", "hello")), "bus_not_found 4");
		assert.equal(await failure(caller.call("", "hello")), "bus_not_found 4");
		assert.equal(await failure(caller.call("x", "bare", { v: "x".repeat(1024 * 1024) })), "bus_bad_argument");
		assert.equal(await failure(caller.send("ubus.object.add", {})), "bus_denied 6");
		const errors = log.lines.filter((line) => line.level === "error");
		assert.deepEqual(
			errors.map((line) => [line.msg, line.fields.method]),
			[
				["ubus method failed", "broken"],
				["ubus method failed", "brokenLater"],
				["answer cannot be sent over ubus", "unsendable"],
				["answer cannot be sent over ubus", "huge"],
			],
		);
		assert.equal(caller.stats().timeouts, 1);
		assert.equal(caller.connected, true, "a slow provider is not the broker's fault");
	});

	rule(
		"ids are cached, looked up again once when gone, and a method's own NOT_FOUND is not repeated",
		async (t, path) => {
			const [raw, caller] = [await rawClient(t, path), await connected(t, path)];
			await rawProvider(raw, "x");
			const answerOne = async (status: number): Promise<void> => end(raw, await raw.nextMessage(), status);
			let call = caller.call("x", "hello");
			await answerOne(0);
			await call;
			const frames = caller.stats().framesOut;
			call = caller.call("x", "hello");
			await answerOne(0);
			await call;
			assert.equal(caller.stats().framesOut, frames + 1, "no second lookup");
			const refused = failure(caller.call("x", "hello"));
			await answerOne(4);
			assert.equal(await refused, "bus_status 4");
			assert.deepEqual(await raw.settle(), [], "called once only");
			// Another provider takes over the path.
			raw.socket.destroy();
			const next = await rawClient(t, path);
			await until("the path is free", () => caller.stats().framesIn > 0);
			const free = async (): Promise<boolean> => (await caller.list("x")).length === 0;
			while (!(await free()));
			await rawProvider(next, "x");
			call = caller.call("x", "hello");
			end(next, await next.nextMessage(), 0);
			await call;
		},
	);

	rule("a call to a provider that leaves fails at once", async (t, path) => {
		const [raw, caller] = [await rawClient(t, path), await connected(t, path)];
		await rawProvider(raw, "x");
		const call = failure(caller.call("x", "hello", {}, { timeoutMs: LIMIT_MS }));
		await raw.nextMessage();
		raw.socket.destroy();
		assert.equal(await call, "connection_closed");
		assert.equal(caller.stats().pending, 0);
	});

	rule("an unreadable answer fails its call and no other", async (t, path) => {
		const [raw, caller] = [await rawClient(t, path), await connected(t, path)];
		await rawProvider(raw, "x");
		const bad = failure(caller.call("x", "hello"));
		const broken = await raw.nextMessage();
		const good = caller.call("x", "hello");
		const call = await raw.nextMessage();
		const frame = raw.writer.begin(MSG.data, broken.seq, broken.peer).u32(ATTR.objId, broken.objId!);
		raw.send(frame.bytes(ATTR.data, Uint8Array.of(0x89, 0, 0, 8, 0, 1, 0x76, 0)).end());
		end(raw, broken, 0);
		data(raw, call, { fine: true });
		end(raw, call, 0);
		assert.equal(await bad, "bus_protocol");
		assert.deepEqual(await good, { fine: true });
	});

	rule("list and lookup show signatures", async (t, path) => {
		const [provider, caller] = [await connected(t, path), await connected(t, path)];
		const method = { args: { a: "string", b: "any" }, handle: () => null } as const;
		for (const name of ["b.one", "a", "b.two"]) {
			await provider
				.serve({ path: name, methods: { go: method, stop: { args: {}, handle: () => null } } })
				.whenRegistered(LIMIT_MS);
		}
		assert.deepEqual(
			(await caller.list()).map((object) => object.path),
			["a", "b.one", "b.two"],
		);
		assert.deepEqual(
			(await caller.list("b.*")).map((object) => object.path),
			["b.one", "b.two"],
		);
		assert.deepEqual(await caller.list("c*"), []);
		const info = await caller.lookup("a");
		assert.deepEqual(info.methods, { go: { a: 3, b: 0 }, stop: {} });
		assert.equal(await failure(caller.lookup("c")), "bus_not_found 4");
	});

	rule("an object nobody may see counts as denied", async (t, path) => {
		const [raw, caller] = [await rawClient(t, path), await connected(t, path)];
		// Without a signature it is never shown, as when access rules filter every method.
		await raw.ask(raw.writer.begin(MSG.addObject, 1, 0).text(ATTR.objPath, "hidden").end());
		assert.equal(await failure(caller.call("hidden", "hello")), "bus_denied 6");
	});

	rule("events: by pattern, each listener once, none of one's own, and no more after close", async (t, path) => {
		const [sender, hearer] = [await connected(t, path), await connected(t, path)];
		const heard: string[] = [];
		const note = (who: string) => (type: string, event: object) =>
			void heard.push(`${who} ${type} ${JSON.stringify(event)}`);
		const first = hearer.listen("demo.*", note("a"));
		hearer.listen("demo.*", note("b"));
		hearer.listen("demo.tick", note("c"));
		hearer.listen("end", note("d"));
		hearer.listen("demo.*", () => {
			throw new Error("a handler that fails harms nobody else");
		});
		sender.listen("*", note("own"));
		await until("all listeners are registered", () => hearer.stats().objects === 4 && sender.stats().objects === 2);
		// The last registration is answered before this.
		await hearer.list();
		await sender.list();
		await sender.send("demo.tick", { n: 1 });
		await sender.send("end");
		await until("the last event", () => heard.includes("d end {}"));
		assert.deepEqual(heard.sort(), ['a demo.tick {"n":1}', 'b demo.tick {"n":1}', 'c demo.tick {"n":1}', "d end {}"]);
		heard.length = 0;
		first.close();
		first.close();
		await sender.send("demo.tock", { n: 2 });
		await sender.send("end");
		await until("the last event", () => heard.includes("d end {}"));
		assert.deepEqual(heard.sort(), ['b demo.tock {"n":2}', "d end {}"]);
	});

	rule("a subscription waits for its object, and comes back with it, never twice", async (t, path) => {
		const [provider, hearer] = [await connected(t, path), await connected(t, path)];
		const heard: unknown[] = [];
		const active: boolean[] = [];
		const subscribers: boolean[] = [];
		const subscription = hearer.subscribe("x", (type, event) => heard.push([type, event]), {
			onActive: (value) => active.push(value),
		});
		const serve = () => provider.serve({ path: "x", methods: {}, onSubscribers: (value) => subscribers.push(value) });
		await hearer.list();
		for (let round = 1; round <= 3; round++) {
			const served = serve();
			assert.equal(served.notify("early", {}), false, "nobody listens yet");
			await until("subscribed", () => active.length === round * 2 - 1 && served.hasSubscribers);
			assert.equal(served.notify("tick", { round }), true);
			await until("the notification", () => heard.length === round);
			assert.deepEqual(heard[round - 1], ["tick", { round }]);
			served.close();
			await until("gone", () => active.length === round * 2);
		}
		assert.deepEqual(active, [true, false, true, false, true, false]);
		const served = serve();
		await until("subscribed", () => served.hasSubscribers);
		subscription.close();
		await until("the last subscriber left", () => !served.hasSubscribers);
		assert.equal(served.notify("tick", {}), false);
		assert.deepEqual(subscribers, [true, false, true, false, true, false, true, false]);
		assert.equal(heard.length, 3);
	});

	rule("a publisher that asks for answers gets one from each subscription", async (t, path) => {
		const [raw, hearer] = [await rawClient(t, path), await connected(t, path)];
		const target = await rawProvider(raw, "x");
		const active: boolean[] = [];
		hearer.subscribe("x", () => undefined, { onActive: (value) => active.push(value) });
		await until("subscribed", () => active.length === 1);
		await raw.settle();
		const notify = raw.writer.begin(MSG.notify, 9, 0).u32(ATTR.objId, target).text(ATTR.method, "tick");
		await raw.ask(notify.table(ATTR.data, {}).end());
		const answer = await raw.nextMessage();
		assert.deepEqual([answer.type, answer.seq, answer.status], [MSG.status, 9, 0]);
	});

	rule("a call without the DATA attribute is INVALID_ARGUMENT, and the handler is not run", async (t, path) => {
		const [raw, provider] = [await rawClient(t, path), await connected(t, path)];
		let calls = 0;
		const served = provider.serve({ path: "x", methods: { go: { args: {}, handle: () => ({ n: ++calls }) } } });
		await served.whenRegistered(LIMIT_MS);
		const [info] = await raw.ask(raw.writer.begin(MSG.lookup, 1, 0).text(ATTR.objPath, "x").end());
		const id = info!.objId!;
		const invoke = (seq: number) => raw.writer.begin(MSG.invoke, seq, id).u32(ATTR.objId, id).text(ATTR.method, "go");
		const bare = await raw.ask(invoke(2).end());
		assert.deepEqual([bare.length, bare[0]!.status], [1, 2]);
		const answers = await raw.ask(invoke(3).table(ATTR.data, {}).end());
		assert.deepEqual(
			answers.map((message) => [message.type, message.peer]),
			[
				[MSG.data, id],
				[MSG.status, id],
			],
		);
		assert.equal(calls, 1);
	});

	rule("a taken path is waited for", async (t, path) => {
		const log = recordingLog();
		const [one, two] = [await connected(t, path), await connected(t, path, log)];
		const first = one.serve({ path: "x", methods: {} });
		await first.whenRegistered(LIMIT_MS);
		const second = two.serve({ path: "x", methods: {} });
		await until("the complaint", () => log.lines.some((line) => line.msg === "object not accepted by ubus"));
		assert.equal(second.registered, false);
		await assert.rejects(second.whenRegistered(1), { code: "timeout" });
		first.close();
		await second.whenRegistered(LIMIT_MS);
		assert.equal(log.lines.filter((line) => line.msg === "object not accepted by ubus").length, 1, "said once");
	});

	rule("65536 sequence numbers are not the end, and a number still waited for is not used again", async (t, path) => {
		const [raw, caller] = [await rawClient(t, path), await connected(t, path)];
		await rawProvider(raw, "x");
		const held = caller.call("x", "hello", {}, { timeoutMs: LIMIT_MS });
		const call = await raw.nextMessage();
		const batch = async (bus: Bus): Promise<void> => {
			await Promise.all(Array.from({ length: 1000 }, () => bus.list("nothing*")));
		};
		for (let done = 0; done < 67_000; done += 1000) await batch(caller);
		data(raw, call, { still: true });
		end(raw, call, 0);
		let answer: unknown = null;
		void held.then((table) => (answer = table));
		await until("the answer to the held call", () => answer !== null);
		assert.deepEqual(answer, { still: true });
		assert.equal(caller.stats().strays, 0);
	});

	rule("more than 1024 unanswered calls are refused, not queued", async (t, path) => {
		const [raw, caller] = [await rawClient(t, path), await connected(t, path)];
		await rawProvider(raw, "x");
		await caller.lookup("x");
		const outcomes = await Promise.allSettled(
			Array.from({ length: 1100 }, () => caller.call("x", "hello", {}, { timeoutMs: 200 })),
		);
		const codes = outcomes.map((outcome) =>
			outcome.status === "rejected" ? (outcome.reason as AutonomyError).code : "ok",
		);
		assert.equal(codes.filter((code) => code === "queue_full").length, 76);
		assert.equal(codes.filter((code) => code === "timeout").length, 1024);
	});

	rule("everything registered is taken off the bus on close", async (t, path) => {
		const [bus, watcher] = [await connected(t, path), await connected(t, path)];
		const served = bus.serve({ path: "x", methods: {} });
		await served.whenRegistered(LIMIT_MS);
		const left: unknown[] = [];
		watcher.listen("ubus.object.remove", (_type, event) => left.push(event.path));
		await until("listening", () => watcher.stats().objects === 2);
		await watcher.list();
		const waiting = bus.serve({ path: "y", methods: {} }).whenRegistered(LIMIT_MS);
		const call = failure(bus.call("x", "y", {}, { timeoutMs: LIMIT_MS }));
		bus.close();
		bus.close();
		assert.equal(await call, "connection_closed");
		await assert.rejects(waiting, { code: "connection_closed" });
		await until("the object is gone", () => left.includes("x"));
		assert.equal(await failure(bus.call("x", "y")), "connection_failed");
		assert.equal(bus.stats().pending, 0);
	});
}
