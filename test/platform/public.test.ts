/** Requests that must stay on the public internet, where the engine cannot check what it connects to: addresses and names. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isPrivateAddress } from "../../daemon/platform/node/addresses.ts";
import type { Datagrams } from "../../daemon/platform/platform.ts";
import { isPublicAddress, parseAddress } from "../../daemon/platform/qjs/public-address.ts";
import { addressesIn, encodeQuestion, nameServers, publicAddresses } from "../../daemon/platform/qjs/resolve.ts";
import { fakeRandom, fakeTime } from "../support/fake-platform.ts";

test("addresses, and what is none", () => {
	for (const [text, hex] of [
		["192.0.2.1", "c0000201"],
		["::", "0".repeat(32)],
		["::1", `${"0".repeat(31)}1`],
		["2001:db8::8:800:200c:417a", "20010db80000000000080800200c417a"],
		["1:2:3:4:5:6:7:8", "00010002000300040005000600070008"],
		["1::", `0001${"0".repeat(28)}`],
		["::ffff:192.0.2.1", "00000000000000000000ffffc0000201"],
		["64:ff9b::10.0.0.1", "0064ff9b00000000000000000a000001"],
	] as const) {
		assert.equal(Buffer.from(parseAddress(text) ?? []).toString("hex"), hex, text);
	}
	for (const text of [
		"",
		"1.2.3",
		"1.2.3.4.5",
		"256.1.1.1",
		"01.1.1.1",
		"0x7f.0.0.1",
		"2130706433",
		"example.org",
		":",
		":::",
		"1::2::3",
		"1:2:3:4:5:6:7",
		"1:2:3:4:5:6:7:8:9",
		"1:2:3:4:5:6:7::8:9",
		"12345::",
		"g::",
		"fe80::1%eth0",
		"::1.2.3",
		"::256.1.1.1",
		"1.2.3.4::",
	]) {
		assert.equal(parseAddress(text), null, text);
		assert.equal(isPublicAddress(text), false, text);
	}
});

test("what is public is what Node takes for it", () => {
	const byte = fc.integer({ min: 0, max: 255 });
	const four = fc.tuple(fc.constantFrom(0, 1, 8, 10, 100, 127, 169, 172, 192, 198, 203, 224, 255), byte, byte, byte);
	const near = fc.tuple(fc.constantFrom("192.0.", "192.168.", "198.51.", "172.31.", "100.64.", "169.254."), byte, byte);
	const group = fc.integer({ min: 0, max: 0xffff }).map((one) => one.toString(16));
	const start = fc.constantFrom(
		"2001:db8",
		"2002:1",
		"fc00:1",
		"fdff:1",
		"fe80:0",
		"febf:0",
		"fec0:0",
		"ff02:0",
		"100:0",
		"64:ff9b",
		"2a00:1450",
		"0:0",
		"2600:1",
	);
	const six = fc
		.tuple(start, fc.array(group, { minLength: 6, maxLength: 6 }))
		.map(([head, rest]) => [head, ...rest].join(":"));
	const mapped = fc
		.tuple(fc.constantFrom("::ffff:", "64:ff9b::", "::"), four)
		.map(([head, rest]) => head + rest.join("."));
	const any = fc.oneof(
		four.map((all) => all.join(".")),
		near.map(([head, one, two]) => `${head}${one}.${two}`),
		six,
		mapped,
	);
	fc.assert(
		fc.property(any, (text) => assert.equal(isPublicAddress(text), !isPrivateAddress(text), text)),
		{ numRuns: 5000 },
	);
});

const PUBLIC = [93, 184, 216, 34];

/** An answer: the question again, a CNAME, and these addresses. */
function answer(question: Uint8Array, addresses: readonly (readonly number[])[], code = 0): Uint8Array {
	const type = question[question.length - 3] ?? 1;
	const records = addresses.flatMap((one) => [0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, one.length, ...one]);
	const alias = [0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 4, 1, 120, 0xc0, 12];
	const head = [...question.slice(0, 2), 0x81, 0x80 | code, 0, 1, 0, addresses.length + 1, 0, 0, 0, 0];
	return Uint8Array.from([...head, ...question.slice(12), ...alias, ...records]);
}

test("answers of a resolver, right, wrong and broken", () => {
	const question = encodeQuestion(0x1234, "Example.org", "A") ?? new Uint8Array();
	const long = encodeQuestion(0x1234, "example.org", "AAAA") ?? new Uint8Array();
	const six = [0x2a, 0, 0x14, 0x50, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
	assert.deepEqual(addressesIn(question, answer(question, [PUBLIC, [10, 0, 0, 1]])), ["93.184.216.34", "10.0.0.1"]);
	assert.deepEqual(addressesIn(long, answer(long, [six, PUBLIC])), ["2a00:1450:0:0:0:0:0:1"]);
	assert.deepEqual(addressesIn(question, answer(question, [], 3)), []);
	const good = answer(question, [PUBLIC]);
	const changed = (at: number, value: number) => good.map((byte, index) => (index === at ? value : byte));
	for (const [what, wrong] of [
		["another number", changed(1, 0)],
		["a question", changed(2, 0x01)],
		["another name", changed(13, 0x78)],
		["another type", changed(question.length - 3, 28)],
		["the server failed", changed(3, 0x82)],
		["too short", good.slice(0, question.length - 1)],
		["nothing", new Uint8Array()],
	] as const) {
		assert.equal(addressesIn(question, wrong), null, what);
	}
	assert.deepEqual(addressesIn(question, good.slice(0, -1)), [], "cut");
	fc.assert(
		fc.property(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255))), fc.nat(good.length), (changes, length) => {
			const broken = good.slice();
			for (const [at, value] of changes) broken[at] = value;
			for (const one of addressesIn(question, broken.slice(0, length)) ?? []) assert.notEqual(parseAddress(one), null);
		}),
		{ numRuns: 3000 },
	);
	assert.equal(encodeQuestion(1, "a..b", "A"), null);
	assert.equal(encodeQuestion(1, "a%2eb", "A"), null);
	assert.equal(encodeQuestion(1, `${"a".repeat(64)}.b`, "A"), null);
	assert.deepEqual(nameServers("# x\nnameserver 192.0.2.1\nnameserver fe80::1%lo\nnameserver ::1\n"), [
		"192.0.2.1",
		"::1",
	]);
	assert.deepEqual(nameServers(null), ["127.0.0.1"]);
});

/** Asks resolvers that answer by name; "silent" never does. */
async function ask(
	host: string,
	localAddress?: string,
	records: Readonly<Record<string, readonly (readonly number[])[]>> = {},
) {
	const time = fakeTime();
	const asked: string[] = [];
	let open = 0;
	const datagrams: Datagrams = {
		open(_, handlers) {
			open++;
			return {
				send(question, server) {
					const type = question[question.length - 3] === 1 ? "A" : "AAAA";
					asked.push(`${server} ${type}`);
					if (server === "192.0.2.1") return;
					const found = records[type];
					time.timers.after(5, () => {
						handlers.onMessage(Uint8Array.of(1, 2, 3), server, 53);
						handlers.onMessage(answer(question, found ?? [], found === undefined ? 3 : 0), server, 53);
					});
				},
				close: () => void open--,
			};
		},
	};
	const files = { readTextIfAny: () => "nameserver 192.0.2.1\nnameserver 192.0.2.2\n" };
	const outcome = publicAddresses(host, localAddress, {
		datagrams,
		files,
		timers: time.timers,
		random: fakeRandom(),
	}).then(
		(found) => found.join(" "),
		(error: Error & { code?: string }) => `${error.code}: ${error.message}`,
	);
	await time.advance(10_000);
	const told = await outcome;
	assert.deepEqual([open, time.pending()], [0, 0], "nothing is left open");
	return { told, asked };
}

test("a host is asked for, checked, and told by its addresses", async () => {
	const good = { A: [PUBLIC], AAAA: [[0x2a, 0, 0x14, 0x50, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]] };
	assert.equal((await ask("example.org", undefined, good)).told, "93.184.216.34 2a00:1450:0:0:0:0:0:1");
	const { told, asked } = await ask("example.org", "192.0.2.9", good);
	assert.deepEqual([told, asked], ["93.184.216.34", ["192.0.2.1 A", "192.0.2.2 A"]]);
	assert.equal((await ask("93.184.216.34")).told, "93.184.216.34");
	for (const [host, records, wanted] of [
		["inside.example.org", { A: [PUBLIC, [192, 168, 1, 1]] }, /^refused: .* has a private address$/],
		["inside.example.org", { A: [PUBLIC], AAAA: [new Array(16).fill(0)] }, /^refused/],
		["127.0.0.1", {}, /^refused: 127.0.0.1 has a private address$/],
		["::1", {}, /^refused/],
		["2130706433", {}, /^refused: .* no address as it should be written$/],
		["0x7f.1", {}, /^refused/],
		["127.1", {}, /^refused/],
		["example.org.", good, /^refused/],
		["none.example.org", {}, /^connection_failed: none.example.org: there is no such name$/],
		["a b", good, /^connection_failed/],
	] as const) {
		assert.match((await ask(host, undefined, records)).told, wanted, host);
	}
});
