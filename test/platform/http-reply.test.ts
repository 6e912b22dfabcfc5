/** Replies of HTTP as they may come: cut anywhere, in drops, with much in them that is no body, from peers that mean harm. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createReplyReader } from "../../daemon/platform/http-reply.ts";
import { encodeText } from "../../daemon/platform/text.ts";

const MAX = 1 << 20;
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/** Status and body; null when it was never whole. `step`: bytes a piece. */
function read(text: string, step: number, closes = false, maxBytes = MAX): string | null {
	const reader = createReplyReader("GET", maxBytes);
	const bytes = encodeText(text);
	for (let at = 0; at < bytes.length; at += step) {
		const reply = reader.push(bytes.subarray(at, at + step));
		if (reply !== null) return `${reply.status} ${reply.body}`;
	}
	const last = closes ? reader.end() : null;
	return last === null ? null : `${last.status} ${last.body}`;
}

const WHOLE: readonly (readonly [text: string, wanted: string | null, closes?: boolean])[] = [
	["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "200 hello"],
	["HTTP/1.1 200 OK\nContent-Length: 0\n\n", "200 "],
	[
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nA: b\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 1\r\n\r\nx",
		"404 x",
	],
	["HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "204 "],
	["HTTP/1.1 304 Not Modified\r\n\r\n", "304 "],
	["HTTP/1.0 200 OK\r\n\r\nto the end", "200 to the end", true],
	["HTTP/1.0 200 OK\r\n\r\nnot closed", null],
	["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", null, true],
	[`${CHUNKED}3\r\none\r\nA;x="y"\r\n, two, thr\r\n2 \r\nee\r\n0\r\n\r\n`, "200 one, two, three"],
	[`${CHUNKED}1\r\na\r\n0\r\nTrailer: 1\r\nMore: 2\r\n\r\n`, "200 a"],
	[`${CHUNKED}1\r\na\r\n`, null, true],
];

test("a reply is the same wherever it is cut", () => {
	for (const [text, wanted, closes] of WHOLE)
		for (const step of [1, 2, 3, 5, 7, 16, 10_000]) assert.equal(read(text, step, closes), wanted, `${step}: ${text}`);
});

test("what is no HTTP, or too long, ends with a reason", () => {
	for (const [text, code] of [
		["220 mail.example.org ESMTP\r\n\r\n", "connection_failed"],
		["HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "connection_failed"],
		["HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n", "queue_full"],
		[`${CHUNKED}FFFFFFFF\r\n`, "queue_full"],
		[`${CHUNKED}-1\r\n`, "connection_failed"],
		[`${CHUNKED}${"0".repeat(3000)}`, "connection_failed"],
		[`${CHUNKED}0\r\n${"A: b\r\n".repeat(20_000)}`, "connection_failed"],
		[`HTTP/1.1 200 OK\r\n${"A: b\r\n".repeat(20_000)}`, "connection_failed"],
		[`HTTP/1.1 200 OK\r\n\r\n${"x".repeat(MAX + 1)}`, "queue_full"],
		// Interim replies without end: a stack is not as deep.
		["HTTP/1.1 100 Continue\r\n\r\n".repeat(60_000), "connection_failed"],
	] as const)
		for (const step of [1000, 2_000_000]) assert.throws(() => read(text, step), { code }, text.slice(0, 80));
});

test("drops, and what is not told to anybody, are read once: the daemon has other things to do", () => {
	const set = Uint8Array.prototype.set;
	let moved = 0;
	Uint8Array.prototype.set = function count(this: Uint8Array, from: ArrayLike<number>, at?: number) {
		moved += from.length;
		set.call(this, from, at);
	};
	try {
		for (const text of [
			`HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n${"x".repeat(200_000)}`,
			`${CHUNKED}${`1;${"x".repeat(500)}\r\na\r\n`.repeat(400)}0\r\n\r\n`,
			`${CHUNKED}${"1\r\na\r\n".repeat(30_000)}0\r\n\r\n`,
			`HTTP/1.1 200 OK\r\nA: ${"b".repeat(50_000)}\r\nContent-Length: 0\r\n\r\n`,
		]) {
			moved = 0;
			assert.match(read(text, 100) ?? "", /^200 /);
			assert.ok(moved < 8 * text.length, `${moved} bytes were moved for ${text.length}: ${text.slice(0, 60)}`);
		}
	} finally {
		Uint8Array.prototype.set = set;
	}
});
