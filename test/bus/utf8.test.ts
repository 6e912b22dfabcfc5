import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { readUtf8, utf8Length, writeUtf8 } from "../../daemon/platform/utf8.ts";
import { hex, unhex } from "./support.ts";

function encode(text: string): Uint8Array {
	const bytes = new Uint8Array(utf8Length(text));
	assert.equal(writeUtf8(text, bytes, 0), bytes.length);
	return bytes;
}

test("UTF-8 encodes as TextEncoder does, also lone surrogates", () => {
	fc.assert(
		fc.property(fc.string({ unit: "binary" }), (text) => {
			assert.equal(hex(encode(text)), hex(new TextEncoder().encode(text)));
		}),
	);
});

test("UTF-8 comes back as it went", () => {
	fc.assert(
		fc.property(fc.string({ unit: "grapheme", maxLength: 6000 }), (text) => {
			const bytes = encode(text);
			assert.equal(readUtf8(bytes, 0, bytes.length), text);
		}),
		{ numRuns: 200 },
	);
	const long = "aä€😀".repeat(5000);
	assert.equal(readUtf8(encode(long), 0, encode(long).length), long);
});

test("bytes that are no UTF-8 become U+FFFD, one for each, and the rest is read on", () => {
	const table: [string, string][] = [
		["ff 41", "\ufffdA"],
		["80", "\ufffd"],
		["c3", "\ufffd"],
		["c3 41", "\ufffdA"],
		["c0 80", "\ufffd\ufffd"],
		["e0 80 80", "\ufffd\ufffd\ufffd"],
		["ed a0 80", "\ufffd\ufffd\ufffd"],
		["f4 90 80 80", "\ufffd\ufffd\ufffd\ufffd"],
		["f0 9f 98", "\ufffd\ufffd\ufffd"],
		["e2 82 ac e2 82", "€\ufffd\ufffd"],
	];
	for (const [bytes, text] of table) assert.equal(readUtf8(unhex(bytes), 0, unhex(bytes).length), text, bytes);
});

test("any bytes decode without an exception, to at most as many characters", () => {
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
			assert.ok(readUtf8(bytes, 0, bytes.length).length <= bytes.length);
		}),
	);
});
