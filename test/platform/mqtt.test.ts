/** Our own MQTT: packets, malformed and hostile ones among them, and a session with a broker of the test's making. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AutonomyError } from "../../daemon/platform/error.ts";
import type { MqttOptions } from "../../daemon/platform/outlets.ts";
import type { StreamHandlers } from "../../daemon/platform/platform.ts";
import { createPacketReader, type Packet } from "../../daemon/platform/qjs/mqtt-read.ts";
import { openSession } from "../../daemon/platform/qjs/mqtt-session.ts";
import { connectPacket, MAX_PACKET, publishPacket, subscribePacket } from "../../daemon/platform/qjs/mqtt-write.ts";
import { fakeTime } from "../support/fake-platform.ts";

const OPTIONS: MqttOptions = {
	host: "127.0.0.1",
	port: 1883,
	protocol: "3.1.1",
	clientId: "c",
	username: "u",
	password: "p",
	tls: null,
	will: { topic: "w", payload: "off" },
	connectTimeoutMs: 15_000,
	keepaliveS: 30,
};
const FIVE: MqttOptions = { ...OPTIONS, protocol: "5" };
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));

function read(version: "3.1.1" | "5", input: Uint8Array, sizes: readonly number[] = [input.length]): Packet[] {
	const packets: Packet[] = [];
	const reader = createPacketReader(version, (packet) => packets.push(packet));
	let at = 0;
	for (let turn = 0; at < input.length; turn++) {
		const size = Math.max(1, sizes[turn % sizes.length] ?? 1);
		reader.push(input.subarray(at, at + size));
		at += size;
	}
	return packets;
}

test("what is sent, byte by byte", () => {
	assert.equal(
		hex(connectPacket(OPTIONS)),
		"101b00044d51545404ee001e" + "000163" + "000177" + "00036f6666" + "000175" + "000170",
	);
	assert.equal(
		hex(connectPacket({ ...FIVE, username: null, password: null })),
		"101c00044d515454052e001e" + "052700010000" + "000163" + "00" + "000177" + "00036f6666",
	);
	assert.equal(
		hex(publishPacket("3.1.1", "t", "hi", { qos: 1, retain: true, id: 258 })),
		"3307000174" + "0102" + "6869",
	);
	assert.equal(hex(publishPacket("5", "t", "", { qos: 0, retain: false, id: 9 })), "3004000174" + "00");
	assert.equal(hex(subscribePacket("5", 1, ["a", "b/#"])), "820d0001" + "00" + "00016101" + "0003622f2301");
	assert.equal(
		hex(publishPacket("3.1.1", "t", "x".repeat(200), { qos: 0, retain: false, id: 0 })).slice(0, 6),
		"30cb01",
	);
	assert.equal(hex(publishPacket("3.1.1", "a\0b", "", { qos: 0, retain: false, id: 0 })), "3007000561efbfbd62");
	assert.throws(() => publishPacket("5", "t".repeat(65_536), "", { qos: 0, retain: false, id: 0 }), /at most 65535/);
});

const NONE = { keepaliveS: null, inFlight: null, packetBytes: null, qos: null, retain: true };

test("what is read", () => {
	for (const [version, input, wanted] of [
		["3.1.1", "20020000", { type: "connack", code: 0, words: null, limits: NONE }],
		["3.1.1", "20020105", { type: "connack", code: 5, words: null, limits: NONE }],
		[
			"5",
			"2018 0000 15 13003c 210005 2700000400 2401 2500 2801 1f0001 61",
			{
				type: "connack",
				code: 0,
				words: "a",
				limits: { keepaliveS: 60, inFlight: 5, packetBytes: 1024, qos: 1, retain: false },
			},
		],
		["3.1.1", "3105 0001 74 6869", { type: "publish", topic: "t", payload: "hi", qos: 0, retained: true, id: 0 }],
		["3.1.1", "3205 0001 74 0007", { type: "publish", topic: "t", payload: "", qos: 1, retained: false, id: 7 }],
		[
			"5",
			"300e 0001 74 09 26000161000162 0101 ff",
			{ type: "publish", topic: "t", payload: "\ufffd", qos: 0, retained: false, id: 0 },
		],
		["3.1.1", "4002 0009", { type: "puback", id: 9, code: 0 }],
		["5", "4003 0009 87", { type: "puback", id: 9, code: 135 }],
		["5", "5004 0009 00 00", { type: "pubrec", id: 9, code: 0 }],
		["3.1.1", "7002 0009", { type: "pubcomp", id: 9, code: 0 }],
		["3.1.1", "9004 0001 0180", { type: "suback", id: 1, codes: Uint8Array.of(1, 128) }],
		["5", "9004 0001 00 02", { type: "suback", id: 1, codes: Uint8Array.of(2) }],
		["3.1.1", "d000", { type: "pingresp" }],
		["5", "e000", { type: "disconnect", code: 0, words: null }],
		["5", "e001 8e", { type: "disconnect", code: 142, words: null }],
	] as const) {
		assert.deepEqual(read(version, bytes(input)), [wanted], input);
		assert.deepEqual(read(version, bytes(input), [1]), [wanted], `${input}, byte by byte`);
	}
});

test("what is not as it should be ends the connection, in these words", () => {
	for (const [version, input, words] of [
		["3.1.1", "00", null],
		["3.1.1", "0000", "a packet that begins with 0"],
		["3.1.1", "20ffffffff7f", "a length of more than four bytes"],
		["3.1.1", "20ffffff7f", "a packet too long for its kind"],
		["3.1.1", "2001 00", "a packet ends too soon"],
		["3.1.1", "2100", "a packet that begins with 33"],
		["3.1.1", "3003 0002 61", "a packet ends too soon"],
		["3.1.1", "3003 0001", null],
		["3.1.1", "3002 0000", "a message without a topic"],
		["3.1.1", "3405 0001 74 0001", "a message of a QoS nobody asked for"],
		["3.1.1", "3605 0001 74 0001", "a message of a QoS nobody asked for"],
		["3.1.1", "3205 0001 74 0000", "a message numbered 0"],
		["3.1.1", "3204 0001 74 00", "a packet ends too soon"],
		["3.1.1", "4001 00", "a packet ends too soon"],
		["3.1.1", "6202 0001", "a packet that begins with 98"],
		["3.1.1", "e000", "a packet of version 5"],
		["3.1.1", "f000", "a packet that begins with 240"],
		["3.1.1", "c000", "a packet that begins with 192"],
		["5", "2004 0000 01 7f", "a property 127"],
		["5", "2004 0000 05 13", "a packet ends too soon"],
		["5", "2005 0000 02 1300", "a packet ends too soon"],
		["5", "2007 0000 ffffffff7f", "a number longer than four bytes"],
		["5", "3003 0001 74", "a packet ends too soon"],
		["5", "3006 0001 74 0223 00", "a packet ends too soon"],
	] as const) {
		if (words === null) assert.deepEqual(read(version, bytes(input)), [], `${input}: more may come`);
		else {
			const wanted = { code: "connection_closed", message: `the broker does not speak MQTT as it should: ${words}` };
			assert.throws(() => read(version, bytes(input)), wanted, input);
		}
	}
});

test("a message too long is skipped to its end, and its number known", () => {
	const long = publishPacket("3.1.1", "t", "x".repeat(3 * MAX_PACKET), { qos: 1, retain: false, id: 77 });
	const both = Uint8Array.from([...long, 0xd0, 0]);
	for (const sizes of [[both.length], [1000], [65_536, 1]]) {
		const wanted = { type: "publish", topic: "t", payload: null, qos: 1, retained: false, id: 77 };
		assert.deepEqual(read("3.1.1", both, sizes), [wanted, { type: "pingresp" }]);
	}
});

test("any bytes in any pieces: packets or connection_closed, the same however they are cut", () => {
	const seeds = ["20020000", "4002000a", "32090003612f6200076869", "9003000101", "d000", "e00382000000"].map(bytes);
	const changed = fc
		.tuple(
			fc.array(fc.constantFrom(...seeds), { maxLength: 5 }),
			fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
		)
		.map(([parts, changes]) => {
			const whole = Uint8Array.from(parts.flatMap((part) => [...part]));
			for (const [at, value] of changes) if (whole.length > 0) whole[at % whole.length] = value;
			return whole;
		});
	const anything = fc.oneof(changed, fc.uint8Array({ maxLength: 200 }));
	const version = fc.constantFrom("3.1.1" as const, "5" as const);
	const outcome = (...args: Parameters<typeof read>): unknown => {
		const packets: Packet[] = [];
		try {
			const reader = createPacketReader(args[0], (packet) => packets.push(packet));
			const [, input, sizes = [input.length]] = args;
			for (let at = 0, turn = 0; at < input.length; turn++) {
				const size = sizes[turn % sizes.length] ?? 1;
				reader.push(input.subarray(at, at + size));
				at += size;
			}
			return packets;
		} catch (error) {
			assert.ok(error instanceof AutonomyError && error.code === "connection_closed", String(error));
			return [packets, error.message];
		}
	};
	fc.assert(
		fc.property(
			version,
			anything,
			fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
			(which, input, sizes) => {
				assert.deepEqual(outcome(which, input, sizes), outcome(which, input));
			},
		),
		{ numRuns: 2000 },
	);
});

/** A session whose broker is the test: what it sent, as packets' hex; `say` answers. */
function rig(options: MqttOptions = OPTIONS) {
	const time = fakeTime();
	const sent: string[] = [];
	const heard: unknown[] = [];
	const self = { pending: 0, closed: false };
	let handlers: StreamHandlers | null = null;
	const link = openSession(
		options,
		{
			onOpen: () => heard.push("open"),
			onMessage: (topic, payload, retained) => heard.push([topic, payload, retained]),
			onClose: (reason) => heard.push(`closed: ${reason}`),
		},
		{
			timers: time.timers,
			connect(given) {
				handlers = given;
				return {
					write: (out) => sent.push(hex(out)) > 0,
					get pendingBytes() {
						return self.pending;
					},
					pause: () => undefined,
					resume: () => undefined,
					close: () => {
						self.closed = true;
					},
				};
			},
		},
	);
	const peer = () => handlers as unknown as StreamHandlers;
	return Object.assign(self, {
		time,
		link,
		sent,
		heard,
		peer,
		say: (text: string) => peer().onData(bytes(text)),
		open(connack = options.protocol === "5" ? "2003000000" : "20020000") {
			peer().onOpen();
			peer().onData(bytes(connack));
			sent.length = 0;
		},
	});
}

const settled = async (promise: Promise<unknown>): Promise<string> =>
	promise.then(
		() => "done",
		(error: unknown) => (error instanceof AutonomyError ? `${error.code}: ${error.message}` : String(error)),
	);
const Q1 = { qos: 1, retain: false } as const;

test("QoS 1 and 2 are done when the broker says so; numbers are not used twice at a time", async () => {
	const one = rig();
	one.open();
	const first = one.link.publish("t", "1", Q1);
	const second = one.link.publish("t", "2", { qos: 2, retain: false });
	assert.deepEqual(one.sent, ["32060001740001" + "31", "34060001740002" + "32"]);
	one.say("4002 0002"); // an answer of the wrong kind changes nothing
	one.say("7002 0002"); // nor one that comes too soon
	one.say("5002 0002");
	assert.equal(one.sent[2], "62020002");
	one.say("7002 0002 4002 0001 4002 0001 4002 0063");
	assert.deepEqual([await settled(first), await settled(second)], ["done", "done"]);
	assert.deepEqual(one.heard, ["open"]);
});

test("no more is on its way than the broker allows; the rest follows in order", async () => {
	const one = rig(FIVE);
	one.open("2006 0000 03 210002");
	const all = ["a", "b", "c"].map((text) => one.link.publish("t", text, Q1));
	assert.equal(one.sent.length, 2);
	one.say("4003 0001 87");
	assert.equal(one.sent.length, 3);
	one.say("4002 0002 4003 0003 10");
	assert.deepEqual(await Promise.all(all.map(settled)), [
		"refused: the broker refuses it: Not authorized",
		"done",
		"done",
	]);
	const many = Array.from({ length: 1100 }, () => settled(one.link.publish("t", "x", Q1)));
	assert.match(await (many.at(-1) ?? ""), /^queue_full/);
	one.link.close();
	assert.equal((await Promise.all(many)).filter((text) => text.startsWith("connection_closed")).length, 1002);
});

test("what the broker cannot do it is not sent: long packets, QoS, retained messages", async () => {
	const one = rig(FIVE);
	one.open("200c 0000 09 2700000014 2400 2500");
	assert.match(await settled(one.link.publish("t", "x".repeat(30), Q1)), /^refused: .*long/);
	assert.equal(await settled(one.link.publish("t", "y", { qos: 1, retain: true })), "done");
	assert.deepEqual(one.sent, ["3005000174" + "00" + "79"]);
});

test("messages are acknowledged; a long one too, without being told", () => {
	const one = rig();
	one.open();
	one.say("3205 0001 74 0007 3103 0001 61");
	one.peer().onData(publishPacket("3.1.1", "t", "x".repeat(70_000), { qos: 1, retain: false, id: 8 }));
	assert.deepEqual(one.heard, ["open", ["t", "", false], ["a", "", true]]);
	assert.deepEqual(one.sent, ["40020007", "40020008"]);
});

test("a silent broker: no CONNACK, no answer to a ping; one that does not read", async () => {
	const one = rig();
	one.peer().onOpen();
	one.time.advanceSync(15_001);
	assert.deepEqual([one.heard, one.closed], [["closed: the broker does not answer"], true]);
	const two = rig();
	two.open();
	two.time.advanceSync(27_001);
	assert.deepEqual(two.sent, ["c000"]);
	two.say("d000");
	two.time.advanceSync(27_000);
	assert.equal(two.sent.length, 2);
	const waits = settled(two.link.publish("t", "x", Q1));
	two.time.advanceSync(27_000);
	assert.equal(two.heard.at(-1), "closed: the broker does not answer any more");
	assert.equal(await waits, "connection_closed: the broker does not answer any more");
	const three = rig();
	three.open();
	three.pending = 300_000;
	assert.equal(await settled(three.link.publish("t", "x", { qos: 0, retain: false })), "done");
	assert.deepEqual([three.heard.at(-1), three.closed], ["closed: the broker does not read what it is sent", true]);
	for (const each of [one, two, three]) assert.equal(each.time.pending(), 0, "no timer is left");
});

test("refused, sent away, nonsense: said once, in words", () => {
	for (const [options, input, words] of [
		[OPTIONS, "20020005", "Connection refused: Not authorized"],
		[FIVE, "2006 0086 03 1f0000", "Connection refused: Bad username or password"],
		[FIVE, "2003 000000 e001 8e", "the broker ends the connection: Session taken over"],
		[OPTIONS, "20020000 20020000", "the broker sends CONNACK twice"],
		[OPTIONS, "d000", "the broker does not begin with CONNACK"],
		[OPTIONS, "ff", null],
		[OPTIONS, "ff00", "the broker does not speak MQTT as it should: a packet that begins with 255"],
	] as const) {
		const one = rig(options);
		one.peer().onOpen();
		one.say(input);
		one.peer().onData(bytes("d000"));
		if (words === null) continue;
		one.peer().onClose("later");
		assert.deepEqual(
			one.heard.filter((what) => what !== "open"),
			[`closed: ${words}`],
			input,
		);
		assert.equal(one.time.pending(), 0);
	}
});

test("goodbye comes after what was published; nothing is told afterwards, and it takes two seconds at most", async () => {
	const one = rig();
	one.open();
	const last = one.link.publish("t", "x", Q1);
	one.link.end();
	assert.equal(one.sent.length, 1);
	one.say("3103 0001 61 4002 0001");
	assert.deepEqual([await settled(last), one.sent[1], one.heard], ["done", "e000", ["open"]]);
	assert.equal(one.closed, false, "the broker reads it first");
	one.peer().onClose(null);
	assert.deepEqual([one.closed, one.time.pending(), one.heard], [true, 0, ["open"]]);
	const deaf = rig();
	deaf.open();
	const never = settled(deaf.link.publish("t", "x", Q1));
	deaf.link.end();
	deaf.time.advanceSync(2001);
	assert.deepEqual([deaf.closed, await never, deaf.time.pending()], [true, "connection_closed: closed", 0]);
	assert.match(await settled(deaf.link.publish("t", "x", Q1)), /^connection_closed/);
});
