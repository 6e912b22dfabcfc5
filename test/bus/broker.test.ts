/**
 * The rules of the bus, told to the broker in bytes and read from its answers in bytes. Runs against the stand-in and,
 * when UBUSD names one, against a real ubusd: what passes for both is what the stand-in is worth.
 */
import assert from "node:assert/strict";
import { statSync } from "node:fs";
import test, { type TestContext } from "node:test";
import { MAX_BLOB_BYTES } from "../../daemon/bus/blob.ts";
import { type BlobInputTable, int32 } from "../../daemon/bus/blobmsg.ts";
import { decodeTable } from "../../daemon/bus/blobmsg-read.ts";
import { ATTR, type Message, MSG, type Signature, signatureTable } from "../../daemon/bus/message.ts";
import { brokers, hex, type RawClient, rawClient, unhex, until } from "./support.ts";

const SIGNATURE: Signature = { hello: { id: "int32" } };

function status(messages: readonly Message[]): number | null {
	return messages.at(-1)?.status ?? null;
}

async function add(client: RawClient, path: string | null, signature: Signature | null = SIGNATURE): Promise<number> {
	const frame = client.writer.begin(MSG.addObject, 0x100, 0);
	if (path !== null) frame.text(ATTR.objPath, path);
	if (path !== null && signature !== null) frame.table(ATTR.signature, signatureTable(signature));
	const answers = await client.ask(frame.end());
	assert.equal(status(answers), 0);
	return answers.find((message) => message.type === MSG.data)!.objId!;
}

function invoke(client: RawClient, seq: number, id: number, method: string, args: BlobInputTable): Uint8Array {
	return client.writer
		.begin(MSG.invoke, seq, id)
		.u32(ATTR.objId, id)
		.text(ATTR.method, method)
		.table(ATTR.data, args)
		.end();
}

async function listen(client: RawClient, pattern: string, object?: number): Promise<number> {
	const id = object ?? (await add(client, null));
	assert.equal(status(await client.ask(invoke(client, 0x101, 1, "register", { object: int32(id), pattern }))), 0);
	return id;
}

function subscribe(client: RawClient, own: number, target: number, type: number = MSG.subscribe): Promise<Message[]> {
	return client.ask(client.writer.begin(type, 0x102, 0).u32(ATTR.objId, own).u32(ATTR.target, target).end());
}

function answer(client: RawClient, to: Message, data: BlobInputTable): void {
	const { seq, peer, objId } = to;
	client.send(client.writer.begin(MSG.data, seq, peer).u32(ATTR.objId, objId!).table(ATTR.data, data).end());
	client.send(client.writer.begin(MSG.status, seq, peer).u32(ATTR.status, 0).u32(ATTR.objId, objId!).end());
}

for (const kind of brokers) {
	const rule = (name: string, run: (t: TestContext, path: string) => Promise<void>): void => {
		test(`${kind.name}: ${name}`, async (t) => {
			if (kind.missing !== null) return t.skip(kind.missing);
			await run(t, (await kind.start(t)).path);
		});
	};

	rule("the socket has mode 0666", async (_t, path) => {
		assert.equal((statSync(path).mode & 0o777).toString(8), "666");
	});

	rule("greets with seq 0, a random client id as peer and an empty blob", async (t, path) => {
		const [one, two] = [await rawClient(t, path), await rawClient(t, path)];
		assert.ok(one.id >= 1024 && two.id >= 1024 && one.id !== two.id);
	});

	rule("PING is echoed as DATA, then STATUS, with seq and peer as they came", async (t, path) => {
		const client = await rawClient(t, path);
		client.send("00031234 00000009 0000000c 07000008 11223344");
		assert.equal(hex(await client.next()), hex(unhex("00021234 00000009 0000000c 07000008 11223344")));
		assert.equal(hex(await client.next()), hex(unhex("00011234 00000009 0000000c 01000008 00000000")));
	});

	rule("another protocol version is taken as if it were 0", async (t, path) => {
		const client = await rawClient(t, path);
		client.send("09041234 00000000 0000000c 02000005 00000000");
		assert.equal((await client.nextMessage()).status, 2);
	});

	rule("unknown types, HELLO and MONITOR from a client: INVALID_COMMAND", async (t, path) => {
		const client = await rawClient(t, path);
		for (const type of [MSG.hello, MSG.monitor, 12, 99, 255]) {
			const frame = client.writer.begin(type, 5, 77).end();
			const [message] = await client.ask(frame);
			assert.deepEqual([message!.status, message!.peer], [1, 77], `type ${type}`);
		}
	});

	rule("a blob of 1 MiB passes, one longer or shorter than its header ends the connection", async (t, path) => {
		const client = await rawClient(t, path);
		const frame = new Uint8Array(8 + MAX_BLOB_BYTES);
		frame.set(unhex("00030007 00000000 00100000 07 0ffffc"));
		client.send(frame);
		assert.equal((await client.next()).length, 8 + MAX_BLOB_BYTES);
		assert.equal((await client.nextMessage()).status, 0);
		client.send("00030008 00000000 00100001");
		await until("closed for too much", () => client.closed);
		const other = await rawClient(t, path);
		other.send("00030008 00000000 00000003");
		await until("closed for too little", () => other.closed);
	});

	rule("lookups: exact, prefix, nothing, empty path, everything", async (t, path) => {
		const client = await rawClient(t, path);
		const ask = (pattern: string | null): Promise<Message[]> => {
			const frame = client.writer.begin(MSG.lookup, 9, 0);
			if (pattern !== null) frame.text(ATTR.objPath, pattern);
			return client.ask(frame.end());
		};
		const paths = (messages: Message[]): (string | null)[] => messages.slice(0, -1).map((message) => message.objPath);
		let answers = await ask(null);
		assert.deepEqual([paths(answers), status(answers)], [[], 0], "an empty bus");
		await add(client, "b.two");
		const id = await add(client, "b.one");
		await add(client, "a");
		await add(client, "b.untyped", null);
		answers = await ask(null);
		assert.deepEqual([paths(answers), status(answers)], [["a", "b.one", "b.two"], 0]);
		answers = await ask("b.one");
		assert.deepEqual([paths(answers), status(answers), answers[0]!.objId], [["b.one"], 0, id]);
		assert.deepEqual(decodeTable(answers[0]!.signature!), { hello: { id: 5 } });
		answers = await ask("b.*");
		assert.deepEqual([paths(answers), status(answers)], [["b.one", "b.two"], 0]);
		answers = await ask("b.untyped");
		assert.deepEqual([paths(answers), status(answers)], [[], 0], "on the bus, but never shown");
		for (const [pattern, expected] of [
			["c", 4],
			["c*", 4],
			["", 2],
		] as const) {
			assert.equal(status(await ask(pattern)), expected, pattern);
		}
	});

	rule("objects: taken path, no signature, shared type, foreign removal", async (t, path) => {
		const client = await rawClient(t, path);
		const other = await rawClient(t, path);
		const named = client.writer.begin(MSG.addObject, 1, 0).text(ATTR.objPath, "x");
		let answers = await client.ask(named.table(ATTR.signature, signatureTable(SIGNATURE)).end());
		const { objId, objType } = answers[0]!;
		assert.ok(objId! >= 1024 && objType! >= 1024);
		answers = await other.ask(other.writer.begin(MSG.addObject, 2, 0).text(ATTR.objPath, "x").end());
		assert.deepEqual([answers.length, status(answers)], [1, 2], "duplicate path");
		const typed = other.writer.begin(MSG.addObject, 3, 0).text(ATTR.objPath, "y").u32(ATTR.objType, objType!);
		answers = await other.ask(typed.end());
		assert.deepEqual([answers[0]!.objType, status(answers)], [null, 0], "type given: no type in the answer");
		const remove = (from: RawClient, id: number): Promise<Message[]> =>
			from.ask(from.writer.begin(MSG.removeObject, 4, 0).u32(ATTR.objId, id).end());
		assert.equal(status(await remove(other, objId!)), 6);
		answers = await remove(client, objId!);
		assert.deepEqual([answers[0]!.objId, answers[0]!.objType, status(answers)], [objId, null, 0], "type still used");
		assert.equal(status(await remove(client, objId!)), 4);
		const unnamed = client.writer.begin(MSG.addObject, 5, 0).text(ATTR.objPath, "z");
		answers = await client.ask(unnamed.bytes(ATTR.signature, unhex("85000008 00000000")).end());
		assert.deepEqual([answers[0]!.objType, status(answers)], [null, 0], "a method without a name drops the type");
		answers = await client.ask(client.writer.begin(MSG.removeObject, 6, 0).end());
		assert.equal(status(answers), 2);
	});

	rule(
		"INVOKE reaches the provider with the caller's seq, id and names; the answer carries the object as peer",
		async (t, path) => {
			const [provider, caller] = [await rawClient(t, path), await rawClient(t, path)];
			const id = await add(provider, "x");
			caller.send(invoke(caller, 0x77, id, "not-in-signature", { a: 1 }));
			const call = await provider.nextMessage();
			assert.deepEqual([call.type, call.seq, call.peer, call.objId], [MSG.invoke, 0x77, caller.id, id]);
			assert.deepEqual([call.method, call.user, call.group, call.noReply], ["not-in-signature", "root", "root", false]);
			answer(provider, call, { b: 2 });
			const [data, end] = [await caller.nextMessage(), await caller.nextMessage()];
			assert.deepEqual([data.type, data.seq, data.peer, decodeTable(data.data!)], [MSG.data, 0x77, id, { b: 2 }]);
			assert.deepEqual([end.type, end.seq, end.peer, end.status], [MSG.status, 0x77, id, 0]);
			// A second STATUS is passed on too: callers must not mind.
			provider.send(provider.writer.begin(MSG.status, 0x77, caller.id).u32(ATTR.status, 9).u32(ATTR.objId, id).end());
			assert.equal((await caller.nextMessage()).status, 9);
		},
	);

	rule("a client can call its own object", async (t, path) => {
		const client = await rawClient(t, path);
		const id = await add(client, "x");
		client.send(invoke(client, 0x78, id, "hello", {}));
		const call = await client.nextMessage();
		assert.equal(call.peer, client.id);
		answer(client, call, { self: true });
		assert.deepEqual(decodeTable((await client.nextMessage()).data!), { self: true });
		assert.equal((await client.nextMessage()).status, 0);
	});

	rule(
		"INVOKE without an object, a method, or of an unknown id: the broker answers, echoing the peer",
		async (t, path) => {
			const client = await rawClient(t, path);
			const [none] = await client.ask(client.writer.begin(MSG.invoke, 1, 55).u32(ATTR.objId, 5000).end());
			assert.deepEqual([none!.status, none!.peer], [2, 55]);
			assert.equal(status(await client.ask(client.writer.begin(MSG.invoke, 2, 0).text(ATTR.method, "x").end())), 2);
			const [unknown] = await client.ask(invoke(client, 3, 5000, "x", {}));
			assert.deepEqual([unknown!.status, unknown!.peer], [4, 5000]);
		},
	);

	rule("answers for objects one does not own, or to clients that are gone, vanish", async (t, path) => {
		const [provider, caller, liar] = [await rawClient(t, path), await rawClient(t, path), await rawClient(t, path)];
		const id = await add(provider, "x");
		caller.send(invoke(caller, 0x79, id, "hello", {}));
		const call = await provider.nextMessage();
		answer(liar, call, { lie: true });
		answer(provider, { ...call, peer: 4711 }, {});
		provider.send(provider.writer.begin(MSG.status, 0x79, caller.id).u32(ATTR.objId, id).end());
		assert.deepEqual(await liar.settle(), []);
		assert.deepEqual(await provider.settle(), []);
		assert.deepEqual(await caller.settle(), []);
	});

	rule("a caller hears nothing when the provider dies, but the event comes", async (t, path) => {
		const [provider, caller] = [await rawClient(t, path), await rawClient(t, path)];
		await listen(caller, "ubus.object.*");
		const id = await add(provider, "x");
		caller.send(invoke(caller, 0x7a, id, "hello", {}));
		await provider.nextMessage().then(async (message) => {
			assert.equal(message.type, MSG.invoke);
		});
		provider.socket.destroy();
		const first = await caller.nextMessage();
		const second = await caller.nextMessage();
		assert.deepEqual([first.method, second.method], ["ubus.object.add", "ubus.object.remove"]);
		assert.deepEqual(decodeTable(second.data!), { id: id | 0, path: "x" });
		assert.deepEqual(await caller.settle(), []);
	});

	rule("events: patterns, one copy per object, none back to the sender, no names, peer 0", async (t, path) => {
		const [hearer, sender] = [await rawClient(t, path), await rawClient(t, path)];
		const object = await listen(hearer, "demo.*");
		await listen(hearer, "demo.tick", object);
		const second = await listen(hearer, "demo.tick");
		await listen(hearer, "demo");
		await listen(sender, "*");
		const sent = await sender.ask(invoke(sender, 5, 1, "send", { id: "demo.tick", data: { n: 1 } }));
		assert.deepEqual([sent.length, status(sent)], [1, 0]);
		const heard = await hearer.settle();
		assert.deepEqual(new Set(heard.map((message) => message.objId)), new Set([object, second]));
		for (const message of heard) {
			assert.deepEqual([message.type, message.peer, message.method], [MSG.invoke, 0, "demo.tick"]);
			assert.deepEqual([message.user, message.group, decodeTable(message.data!)], [null, null, { n: 1 }]);
		}
		assert.equal(heard[1]!.seq, heard[0]!.seq + 1);
		assert.deepEqual(await sender.settle(), []);
	});

	rule("events about objects also reach the owner, before it learns the id", async (t, path) => {
		const client = await rawClient(t, path);
		await listen(client, "ubus.object.add");
		const frame = client.writer.begin(MSG.addObject, 6, 0).text(ATTR.objPath, "mine").end();
		const [event, data] = await client.ask(frame);
		assert.deepEqual([event!.method, data!.type], ["ubus.object.add", MSG.data]);
		assert.deepEqual(decodeTable(event!.data!), { id: data!.objId! | 0, path: "mine" });
	});

	rule("what the event object refuses", async (t, path) => {
		const [client, other] = [await rawClient(t, path), await rawClient(t, path)];
		const [own, foreign] = [await add(client, null), await add(other, null)];
		const table: [string, BlobInputTable, number][] = [
			["register", {}, 2],
			["register", { object: int32(own) }, 2],
			["register", { object: "1", pattern: "x" }, 2],
			["register", { object: int32(own), pattern: "" }, 6],
			["register", { object: 1, pattern: "x" }, 6],
			["register", { object: int32(foreign), pattern: "x" }, 6],
			["register", { object: 4711, pattern: "x" }, 4],
			["send", { id: "x" }, 2],
			["send", { data: {} }, 2],
			["send", { id: "ubus.object.add", data: {} }, 6],
			["other", {}, 1],
		];
		for (const [method, args, expected] of table) {
			assert.equal(
				status(await client.ask(invoke(client, 7, 1, method, args))),
				expected,
				`${method} ${JSON.stringify(args)}`,
			);
		}
	});

	rule("subscribing: refusals, active flag for first and last, twice means hearing twice", async (t, path) => {
		const [owner, hearer] = [await rawClient(t, path), await rawClient(t, path)];
		const [target, own] = [await add(owner, "x"), await add(hearer, null)];
		assert.equal(status(await subscribe(hearer, own, 4711)), 4);
		assert.equal(status(await subscribe(hearer, target, target)), 2, "not our object");
		assert.equal(status(await subscribe(owner, target, target)), 2, "own object");
		assert.equal(status(await subscribe(hearer, own, target, MSG.unsubscribe)), 4);
		assert.equal(status(await subscribe(hearer, own, target)), 0);
		assert.equal(status(await subscribe(hearer, own, target)), 0);
		const told = await owner.settle();
		assert.deepEqual(
			told.map((message) => [message.type, message.peer, message.objId, message.active]),
			[[MSG.notify, 0, target, true]],
		);
		const notify = owner.writer.begin(MSG.notify, 8, 0).u32(ATTR.objId, target).text(ATTR.method, "tick");
		owner.send(notify.bool(ATTR.noReply, true).table(ATTR.data, { n: 1 }).end());
		assert.deepEqual(await owner.settle(), [], "no answer to a notification without reply");
		const heard = await hearer.settle();
		assert.equal(heard.length, 2);
		for (const message of heard) {
			assert.deepEqual([message.type, message.peer, message.objId, message.noReply], [MSG.invoke, owner.id, own, true]);
			assert.deepEqual([message.method, message.user, decodeTable(message.data!)], ["tick", "root", { n: 1 }]);
		}
		assert.equal(status(await subscribe(hearer, own, target, MSG.unsubscribe)), 0);
		assert.deepEqual(await owner.settle(), [], "one subscription is left");
		assert.equal(status(await subscribe(hearer, own, target, MSG.unsubscribe)), 0);
		assert.deepEqual(
			(await owner.settle()).map((message) => message.active),
			[false],
		);
	});

	rule("a notification with reply is answered with the subscribers, whose answers follow", async (t, path) => {
		const [owner, hearer] = [await rawClient(t, path), await rawClient(t, path)];
		const [target, own] = [await add(owner, "x"), await add(hearer, null)];
		await subscribe(hearer, own, target);
		await owner.settle();
		const notify = owner.writer.begin(MSG.notify, 9, 0).u32(ATTR.objId, target).text(ATTR.method, "tick");
		const [first] = await owner.ask(notify.table(ATTR.data, {}).end());
		assert.deepEqual([first!.status, first!.objId, hex(first!.subscribers!)], [0, target, hex(first!.subscribers!)]);
		assert.equal(hex(first!.subscribers!), `00000008${own.toString(16).padStart(8, "0")}`);
		const call = await hearer.nextMessage();
		assert.equal(call.noReply, false);
		answer(hearer, call, {});
		assert.equal((await owner.nextMessage()).type, MSG.data);
		const end = await owner.nextMessage();
		assert.deepEqual([end.type, end.seq, end.peer, end.status], [MSG.status, 9, own, 0]);
		const foreign = hearer.writer.begin(MSG.notify, 10, 0).u32(ATTR.objId, target).text(ATTR.method, "x");
		assert.equal(status(await hearer.ask(foreign.bool(ATTR.noReply, true).end())), 6, "errors are told even so");
	});

	rule("subscribers are told when their target leaves, and then the event comes", async (t, path) => {
		const [owner, hearer] = [await rawClient(t, path), await rawClient(t, path)];
		await listen(hearer, "ubus.object.remove");
		const [target, own] = [await add(owner, "x"), await add(hearer, null)];
		await subscribe(hearer, own, target);
		owner.socket.destroy();
		const gone = await hearer.nextMessage();
		assert.deepEqual([gone.type, gone.peer, gone.objId, gone.target], [MSG.unsubscribe, 0, own, target]);
		assert.equal((await hearer.nextMessage()).method, "ubus.object.remove");
	});

	rule("a client's objects go in reverse order of creation", async (t, path) => {
		const [owner, hearer] = [await rawClient(t, path), await rawClient(t, path)];
		for (const name of ["one", "two", "three"]) await add(owner, name);
		await listen(hearer, "ubus.object.remove");
		owner.socket.destroy();
		const gone = [await hearer.nextMessage(), await hearer.nextMessage(), await hearer.nextMessage()];
		assert.deepEqual(
			gone.map((message) => decodeTable(message.data!).path),
			["three", "two", "one"],
		);
	});

	rule("what a client does not read is dropped beyond its queue, and nobody is told", async (t, path) => {
		const [owner, hearer] = [await rawClient(t, path), await rawClient(t, path)];
		const [target, own] = [await add(owner, "x"), await add(hearer, null)];
		await subscribe(hearer, own, target);
		await owner.settle();
		hearer.socket.pause();
		const text = "x".repeat(20_000);
		for (let n = 0; n < 200; n++) {
			const notify = owner.writer.begin(MSG.notify, n, 0).u32(ATTR.objId, target).text(ATTR.method, "tick");
			owner.send(notify.bool(ATTR.noReply, true).table(ATTR.data, { n, text }).end());
		}
		assert.deepEqual(await owner.settle(), []);
		hearer.socket.resume();
		const heard = (await hearer.settle()).map((message) => decodeTable(message.data!).n);
		assert.ok(heard.length >= 50 && heard.length < 200, `${heard.length} of 200 arrived`);
		assert.deepEqual(
			heard,
			[...heard].sort((a, b) => Number(a) - Number(b)),
			"in order",
		);
	});

	rule("a list of everything is complete also for a slow reader", async (t, path) => {
		const [owner, reader] = [await rawClient(t, path), await rawClient(t, path)];
		const fat: Signature = {
			method: Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`argument_${i}`, "int32"])),
		};
		for (let i = 0; i < 150; i++) await add(owner, `object.${String(i).padStart(3, "0")}`, fat);
		reader.socket.pause();
		reader.send(reader.writer.begin(MSG.lookup, 11, 0).end());
		await owner.settle();
		reader.socket.resume();
		await until("the end of the list", () => reader.frames.length >= 151);
		assert.equal(reader.frames.length, 151);
		assert.equal(hex(reader.frames[150]!), hex(unhex("0001000b 00000000 0000000c 01000008 00000000")));
	});

	rule("a monitor sees what others say and hear", async (t, path) => {
		const [watcher, client] = [await rawClient(t, path), await rawClient(t, path)];
		assert.equal(status(await watcher.ask(invoke(watcher, 1, 3, "nonsense", {}))), 3);
		watcher.send(invoke(watcher, 2, 3, "add", {}));
		const own = await watcher.nextMessage();
		assert.equal(own.type, MSG.monitor, "its own STATUS is shown before it is sent");
		assert.equal((await watcher.nextMessage()).status, 0);
		await client.ask(client.writer.begin(MSG.ping, 0x33, 0).end());
		const seen = [await watcher.next(), await watcher.next(), await watcher.next()].map((frame) =>
			hex(frame.subarray(12)),
		);
		const id = client.id.toString(16).padStart(8, "0");
		const about = (type: number, sent: string): string =>
			`00000008${id}01000008000000000300000800000033040000080000000${type}02000005${sent}000000`;
		assert.ok(seen[0]!.startsWith(about(MSG.ping, "00")), seen[0]);
		assert.ok(seen[1]!.startsWith(about(MSG.data, "01")), seen[1]);
		assert.ok(seen[2]!.startsWith(about(MSG.status, "01")), seen[2]);
	});
}
