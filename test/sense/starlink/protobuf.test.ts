import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import schema from "../../../daemon/sense/starlink/dish-schema.json" with { type: "json" };
import { createReader, type Table } from "../../../daemon/sense/starlink/protobuf.ts";
import { historyAnswer, mapAnswer, statusAnswer } from "../../../lab/dish/answers.ts";
import { decodeByLibrary, encodeAnswer } from "../../../lab/dish/encode.ts";

const dish = createReader(schema.nested.SpaceX.nested.API.nested.Device);

/** As plain data; absent numbers, which stand in the prototype, left out. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test("a dish's replies come out as protobufjs reads them", () => {
	for (const answer of [
		{ api_version: 42, dish_get_status: statusAnswer() },
		statusAnswer(),
		historyAnswer(),
		mapAnswer(),
		{ dish_get_history: historyAnswer() },
		{ status: { code: 7, message: "nö" } },
		{ wifi_get_status: {} },
		{},
	]) {
		const bytes = encodeAnswer(answer);
		assert.deepEqual(plain(dish(bytes, "Response")), plain(decodeByLibrary(bytes)));
	}
});

const TABLE: Table = {
	nested: {
		Outer: {
			fields: {
				i: { type: "int32", id: 1 },
				u: { type: "uint32", id: 2 },
				l: { type: "int64", id: 3 },
				m: { type: "uint64", id: 4 },
				b: { type: "bool", id: 5 },
				e: { type: "Kind", id: 6 },
				f: { type: "float", id: 7 },
				d: { type: "double", id: 8 },
				s: { type: "string", id: 9 },
				inner: { type: "Inner", id: 10 },
				list: { type: "float", id: 11, rule: "repeated" },
				kinds: { type: "Kind", id: 12, rule: "repeated" },
				many: { type: "Inner", id: 16, rule: "repeated" },
				deep: { type: "Outer", id: 17 },
			},
			nested: { Kind: { values: { A: 0, B: 1 } } },
		},
		Inner: { fields: { n: { type: "int32", id: 1 } } },
	},
};
const read = createReader(TABLE);
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));

// Made by hand from the description of the encoding.
const GOOD: readonly [string, string, object][] = [
	["nothing", "", {}],
	["small numbers", "08 01 10 ac02 28 01", { i: 1, u: 300, b: true }],
	["negative ones take ten bytes", "08 ffffffffffffffffff01", { i: -1 }],
	["the largest of 32 bits", "10 ffffffff0f", { u: 4_294_967_295 }],
	["-1 and -2^62 in 64 bits", "18 ffffffffffffffffff01", { l: -1 }],
	["2^53 in 64 bits", "20 80808080808080 10", { m: 2 ** 53 }],
	["2^64 - 1, to the nearest", "20 ffffffffffffffffff01", { m: 2 ** 64 }],
	["true far up", "28 8080808080808080 01", { b: true }],
	["fractions", "3d 0000c03f 41 000000000000f8bf", { f: 1.5, d: -1.5 }],
	["text", "4a 03 c3bc21", { s: "ü!" }],
	["a message, the last one counts", "52 02 0801 52 02 0802", { inner: { n: 2 } }],
	["a list, packed and not", "5a 04 0000c03f 5d 00000040", { list: [1.5, 2] }],
	["a list of words", "62 02 0001 60 01", { kinds: [0, 1, 1] }],
	["messages in a row", "820100 8201 02 0805", { many: [{}, { n: 5 }] }],
	["what is not known is passed over", "f00101 f9010000000000000000 fa010161 fd0100000000 0803", { i: 3 }],
	["a group", "f301 0801 f30110 01f401 f401 0803", { i: 3 }],
	["the wrong wire", "0d 00000000 0a 01ff 1802", { l: 2 }],
];
for (const [what, bytes, wanted] of GOOD) test(what, () => assert.deepEqual(plain(read(hex(bytes), "Outer")), wanted));

test("absent numbers are zero, absent parts are not there", () => {
	const message = read(hex(""), "Outer");
	assert.deepEqual([message.i, message.e, message.d, message.s, message.inner, message.list], [0, 0, 0, ...Array(3)]);
});

const BAD: readonly [string, string, RegExp][] = [
	["a number that ends too early", "08 80", /ends too early/],
	["a number of eleven bytes", "08 ffffffffffffffffffff01", /number without end/],
	["a text longer than what is there", "4a 05 61", /ends too early/],
	["a length of 4 GiB", "4a ffffffff0f", /ends too early/],
	["a message that ends within its field", "52 03 08 80 80 01", /ends too early/],
	["a fraction that ends too early", "3d 0000", /ends too early/],
	["wire 6", "0e", /nothing is on wire 6/],
	["a group that does not end", "f301 0801", /ends too early/],
	["groups in groups", "f301".repeat(40), /groups within groups/],
];
for (const [what, bytes, words] of BAD)
	test(`${what} is refused`, () =>
		assert.throws(() => read(hex(bytes), "Outer"), { name: "RangeError", message: words }));

test("messages within messages are read to a depth", () => {
	let bytes = hex("0801");
	for (let i = 0; i < 34; i++)
		bytes = Uint8Array.from([
			0x8a,
			0x01,
			(bytes.length & 0x7f) | (bytes.length > 127 ? 0x80 : 0),
			...(bytes.length > 127 ? [bytes.length >> 7] : []),
			...bytes,
		]);
	assert.throws(() => read(bytes, "Outer"), /messages within messages/);
});

test("any bytes: a message or a RangeError", () => {
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
			try {
				read(bytes, "Outer");
				dish(bytes, "Response");
			} catch (error) {
				assert.ok(error instanceof RangeError, String(error));
			}
		}),
	);
});
