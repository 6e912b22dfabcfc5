/** Frames as they were seen between a real ubusd, libubus and an independent codec: byte for byte, both ways. */
import assert from "node:assert/strict";
import test from "node:test";
import { double, int16, int32, int64 } from "../../daemon/bus/blobmsg.ts";
import { decodeTable } from "../../daemon/bus/blobmsg-read.ts";
import { ATTR, FrameWriter, type Message, MSG, parseMessage, signatureTable } from "../../daemon/bus/message.ts";
import { hex, unhex } from "./support.ts";

const writer = new FrameWriter();

function same(built: Uint8Array, literal: string): void {
	assert.equal(hex(built), literal.replace(/\s+/g, ""));
}

/** The attributes that are there. */
function present(message: Message): Record<string, unknown> {
	const { signature, data, ...rest } = message;
	const entries = Object.entries(rest).filter(([, value]) => value !== null && value !== false);
	const nested = { ...(signature && { signature: decodeTable(signature) }), ...(data && { data: decodeTable(data) }) };
	return { ...Object.fromEntries(entries), ...nested };
}

const ADD_OBJECT = `
	00 06 0001 00000000 000000a0
	02000009 74657374 00 000000
	06000090
	8200002c 0005 68656c6c6f 00
	85000010 0002 6964 00 000000 00000005
	85000010 0003 6d7367 00 0000 00000003
	82000030 0005 7761746368 00  85000010 00026964 00000000 00000005  85000014 0007636f 756e7465 72000000 00000005
	82000030 0005 636f756e74 00  85000010 0002746f 00000000 00000005  85000014 00067374 72696e67 00000000 00000003`;

test("ADD_OBJECT with three methods", () => {
	const signature = {
		hello: { id: "int32", msg: "string" },
		watch: { id: "int32", counter: "int32" },
		count: { to: "int32", string: "string" },
	} as const;
	const frame = writer.begin(MSG.addObject, 1, 0).text(ATTR.objPath, "test");
	same(frame.table(ATTR.signature, signatureTable(signature)).end(), ADD_OBJECT);
	assert.deepEqual(present(parseMessage(unhex(ADD_OBJECT))), {
		type: MSG.addObject,
		seq: 1,
		peer: 0,
		objPath: "test",
		signature: { hello: { id: 5, msg: 3 }, watch: { id: 5, counter: 5 }, count: { to: 5, string: 3 } },
	});
});

test("its answer: DATA with ids above 2^31, STATUS", () => {
	const data = "00020001 00000000 00000014 03000008 e2fdcd80 05000008 3f6ef7d4";
	const status = "00010001 00000000 0000000c 01000008 00000000";
	same(writer.begin(MSG.data, 1, 0).u32(ATTR.objId, 0xe2fdcd80).u32(ATTR.objType, 0x3f6ef7d4).end(), data);
	same(writer.begin(MSG.status, 1, 0).u32(ATTR.status, 0).end(), status);
	assert.deepEqual(present(parseMessage(unhex(data))), {
		type: MSG.data,
		seq: 1,
		peer: 0,
		objId: 0xe2fdcd80,
		objType: 0x3f6ef7d4,
	});
	assert.deepEqual(present(parseMessage(unhex(status))), { type: MSG.status, seq: 1, peer: 0, status: 0 });
});

const ARGS = "07000024 85000010 00026964 00000000 00000007 8300000f 00036d73 67000000 68690000";
const TEXT = "test received a message: hi";

test("INVOKE from the caller", () => {
	const literal = `00050002 e2fdcd80 0000003c 03000008 e2fdcd80 0400000a 68656c6c 6f000000 ${ARGS}`;
	const frame = writer.begin(MSG.invoke, 2, 0xe2fdcd80).u32(ATTR.objId, 0xe2fdcd80).text(ATTR.method, "hello");
	same(frame.table(ATTR.data, { id: 7, msg: "hi" }).end(), literal);
	const message = present(parseMessage(unhex(literal)));
	assert.deepEqual(message.data, { id: 7, msg: "hi" });
	assert.equal(message.method, "hello");
});

test("INVOKE to the provider, with the caller's names", () => {
	const literal = `00050002 bca97c61 00000054 03000008 e2fdcd80 0400000a 68656c6c 6f000000
		0c000009 726f6f74 00000000 0d000009 726f6f74 00000000 ${ARGS}`;
	const frame = writer.begin(MSG.invoke, 2, 0xbca97c61).u32(ATTR.objId, 0xe2fdcd80).text(ATTR.method, "hello");
	frame.text(ATTR.user, "root").text(ATTR.group, "root").table(ATTR.data, { id: 7, msg: "hi" });
	same(frame.end(), literal);
	assert.deepEqual(present(parseMessage(unhex(literal))), {
		type: MSG.invoke,
		seq: 2,
		peer: 0xbca97c61,
		objId: 0xe2fdcd80,
		method: "hello",
		user: "root",
		group: "root",
		data: { id: 7, msg: "hi" },
	});
});

test("the provider's answer: DATA, then STATUS with the object", () => {
	const data = `00020002 bca97c61 0000003c 03000008 e2fdcd80 07000030 8300002c 00076d65 73736167 65000000
		74657374 20726563 65697665 64206120 6d657373 6167653a 20686900`;
	const status = "00010002 bca97c61 00000014 01000008 00000000 03000008 e2fdcd80";
	const built = writer.begin(MSG.data, 2, 0xbca97c61).u32(ATTR.objId, 0xe2fdcd80).table(ATTR.data, { message: TEXT });
	same(built.end(), data);
	same(writer.begin(MSG.status, 2, 0xbca97c61).u32(ATTR.status, 0).u32(ATTR.objId, 0xe2fdcd80).end(), status);
	assert.deepEqual(present(parseMessage(unhex(data))).data, { message: TEXT });
	assert.equal(parseMessage(unhex(status)).objId, 0xe2fdcd80);
});

test("registering for events", () => {
	const literal = `00050002 00000001 0000004c 03000008 00000001 0400000d 72656769 73746572 00000000 07000030
		85000014 00066f62 6a656374 00000000 8338f7e4  83000017 00077061 74746572 6e000000 64656d6f 2e2a0000`;
	const frame = writer.begin(MSG.invoke, 2, 1).u32(ATTR.objId, 1).text(ATTR.method, "register");
	same(frame.table(ATTR.data, { object: int32(0x8338f7e4), pattern: "demo.*" }).end(), literal);
	const { data } = present(parseMessage(unhex(literal))) as { data: { object: number } };
	assert.equal(data.object >>> 0, 0x8338f7e4);
});

const EVENT_ARGS = "8500000c 00016e00 00000001  8700000d 00026f6b 00000000 01000000";

test("sending an event", () => {
	const literal = `00050001 00000001 0000005c 03000008 00000001 04000009 73656e64 00000000 07000044
		83000016 00026964 00000000 64656d6f 2e746963 6b000000  82000028 00046461 74610000 ${EVENT_ARGS}`;
	const frame = writer.begin(MSG.invoke, 1, 1).u32(ATTR.objId, 1).text(ATTR.method, "send");
	same(frame.table(ATTR.data, { id: "demo.tick", data: { n: 1, ok: true } }).end(), literal);
	assert.deepEqual(present(parseMessage(unhex(literal))).data, { id: "demo.tick", data: { n: 1, ok: true } });
});

test("getting an event", () => {
	const literal = `00050001 00000000 0000003c 03000008 8338f7e4 0400000e 64656d6f 2e746963 6b000000
		07000020 ${EVENT_ARGS}`;
	const frame = writer.begin(MSG.invoke, 1, 0).u32(ATTR.objId, 0x8338f7e4).text(ATTR.method, "demo.tick");
	same(frame.table(ATTR.data, { n: 1, ok: true }).end(), literal);
	assert.deepEqual(present(parseMessage(unhex(literal))), {
		type: MSG.invoke,
		seq: 1,
		peer: 0,
		objId: 0x8338f7e4,
		method: "demo.tick",
		data: { n: 1, ok: true },
	});
});

test("all value types, as libubox writes them", () => {
	const literal = `87000009 00016200 01000000 8600000a 00016800 12340000 8500000c 00016900 fffffffe
		84000010 00017100 11223344 55667788 88000010 00016400 3ff80000 00000000 8300000b 00017300 68690000
		80000008 00016e00 81000020 00016100 8500000c 00000000 00000007 8300000a 00000000 78000000
		82000014 00017400 87000009 00016b00 00000000 82000008 00016500`;
	const table = {
		b: true,
		h: int16(0x1234),
		i: int32(-2),
		q: int64(0x1122334455667788n),
		d: double(1.5),
		s: "hi",
		n: null,
		a: [7, "x"],
		t: { k: false },
		e: {},
	};
	same(writer.begin(MSG.data, 0, 0).table(ATTR.data, table).end().subarray(16), literal);
	// The top blob of the capture is 0x98 long with its own header.
	assert.equal(unhex(literal).length, 0x98 - 4);
	assert.deepEqual(decodeTable(unhex(literal)), {
		b: true,
		h: 0x1234,
		i: -2,
		q: 0x1122334455667788n,
		d: 1.5,
		s: "hi",
		n: null,
		a: [7, "x"],
		t: { k: false },
		e: {},
	});
});

test("HELLO, SUBSCRIBE, NOTIFY of subscribers, UNSUBSCRIBE, PING", () => {
	same(writer.begin(MSG.hello, 0, 0x8338f7e4).end(), "00000000 8338f7e4 00000004");
	const subscribe = "000800b8 00000000 00000014 03000008 11223344 08000008 e2fdcd80";
	same(writer.begin(MSG.subscribe, 0xb8, 0).u32(ATTR.objId, 0x11223344).u32(ATTR.target, 0xe2fdcd80).end(), subscribe);
	const active = "000a0001 00000000 00000014 03000008 e2fdcd80 09000005 01000000";
	same(writer.begin(MSG.notify, 1, 0).u32(ATTR.objId, 0xe2fdcd80).bool(ATTR.active, true).end(), active);
	assert.equal(parseMessage(unhex(active)).active, true);
	const gone = "00090001 00000000 00000014 03000008 11223344 08000008 e2fdcd80";
	assert.equal(parseMessage(unhex(gone)).target, 0xe2fdcd80);
	same(writer.begin(MSG.ping, 0x1234, 0).end(), "00031234 00000000 00000004");
});

test("attributes of the wrong size count as absent, unknown ones are skipped, the last of two wins", () => {
	const frame = `00010001 00000000 00000034
		01000007 00000000  03000008 00000005 03000008 00000006 0e000008 ffffffff 04000004 02000006 61620000 0a000005 01000000`;
	const message = parseMessage(unhex(frame));
	assert.equal(message.malformed, null);
	assert.deepEqual(present(message), { type: MSG.status, seq: 1, peer: 0, objId: 6, noReply: true });
});

test("what comes before a broken attribute is kept, and that it broke is said", () => {
	const message = parseMessage(unhex("00010001 00000000 00000014 01000008 00000004 03000010 00000005"));
	assert.equal(message.status, 4);
	assert.equal(message.objId, null);
	assert.equal(message.malformed, "blob attribute of 16 bytes in a container with 8 left");
});
