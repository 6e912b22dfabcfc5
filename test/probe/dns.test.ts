import assert from "node:assert/strict";
import dgram from "node:dgram";
import net from "node:net";
import test from "node:test";
import fc from "fast-check";
import { createNodePlatform } from "../../daemon/platform/node/platform.ts";
import { askDns, type DnsOutcome } from "../../daemon/probe/dns.ts";
import { encodeDnsQuery, isDnsName, judgeDnsAnswer } from "../../daemon/probe/dns-message.ts";
import { type TcpOutcome, tryTcp } from "../../daemon/probe/tcp.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

test("a question as bytes", () => {
	const query = encodeDnsQuery(0xbeef, "example.com");
	assert.ok(query);
	assert.equal(hex(query), "beef01000001000000000000076578616d706c6503636f6d0000010001");
	for (const bad of ["", ".", "a..b", "-".repeat(64), `${"a.".repeat(127)}ab`, "a b", "a\u0000b", "ä.de"]) {
		assert.equal(isDnsName(bad), false, bad);
		assert.equal(encodeDnsQuery(1, bad), null, bad);
	}
	assert.ok(isDnsName("_dns.resolver.arpa"));
});

function answerTo(query: Uint8Array, change: (bytes: Uint8Array) => void = () => undefined): Uint8Array {
	const answer = Uint8Array.from([...query, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 93, 184, 216, 34]);
	answer[2] = 0x81;
	answer[3] = 0x80;
	answer[7] = 1;
	change(answer);
	return answer;
}

test("answers: only header and question are believed", () => {
	const query = encodeDnsQuery(0x1234, "Example.com");
	assert.ok(query);
	const set = (at: number, value: number) => answerTo(query, (bytes) => bytes.fill(value, at, at + 1));
	assert.equal(judgeDnsAnswer(query, answerTo(query)), "answered");
	assert.equal(judgeDnsAnswer(query, set(3, 0x83)), "answered", "the name does not exist: the server knows");
	assert.equal(judgeDnsAnswer(query, set(3, 0x82)), "failed", "server failure");
	assert.equal(judgeDnsAnswer(query, set(3, 0x85)), "failed", "refused");
	assert.equal(judgeDnsAnswer(query, set(13, "e".charCodeAt(0))), "answered", "names compare without case");
	assert.equal(judgeDnsAnswer(query, set(13, "x".charCodeAt(0))), "foreign", "another name");
	assert.equal(judgeDnsAnswer(query, set(0, 0x55)), "foreign", "another id");
	assert.equal(judgeDnsAnswer(query, set(2, 0x01)), "foreign", "a question, no answer");
	assert.equal(judgeDnsAnswer(query, set(2, 0xa9)), "foreign", "another opcode");
	assert.equal(judgeDnsAnswer(query, set(5, 2)), "foreign", "two questions");
	assert.equal(judgeDnsAnswer(query, query.subarray(0, 11)), "foreign", "too short");
	assert.equal(judgeDnsAnswer(query, new Uint8Array(5000)), "foreign", "too long");
	assert.equal(judgeDnsAnswer(query, new Uint8Array(0)), "foreign");
});

test("fuzz: no datagram upsets the judge, and none but a true one is believed", () => {
	const query = encodeDnsQuery(0x1234, "example.com");
	assert.ok(query);
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
			assert.equal(judgeDnsAnswer(query, bytes), "foreign");
		}),
		{ numRuns: 5000, seed: 2 },
	);
});

interface Server {
	readonly port: number;
	close(): void;
}

function dnsServer(reply: (query: Uint8Array, send: (bytes: Uint8Array) => void) => void): Promise<Server> {
	const socket = dgram.createSocket("udp4");
	socket.on("message", (query, from) => reply(query, (bytes) => socket.send(bytes, from.port, from.address)));
	return new Promise((resolve) => {
		socket.bind(0, "127.0.0.1", () => resolve({ port: socket.address().port, close: () => socket.close() }));
	});
}

function ask(server: { port: number }, timeoutMs = 1500): Promise<DnsOutcome> {
	return new Promise((resolve) => {
		const question = {
			family: "ipv4",
			address: "127.0.0.1",
			server: "127.0.0.1",
			name: "example.com",
			timeoutMs,
		} as const;
		askDns(createNodePlatform(), { ...question, port: server.port }, resolve);
	});
}

test("real sockets: an answer, a failure, hostile answers first, silence, nobody there", async () => {
	const cases: [string, (query: Uint8Array, send: (bytes: Uint8Array) => void) => void, string, boolean][] = [
		["answer", (query, send) => send(answerTo(query)), "answered", true],
		[
			"failure",
			(query, send) => send(answerTo(query, (bytes) => bytes.fill(0x82, 3, 4))),
			"the server could not resolve",
			false,
		],
		[
			"hostile first",
			(query, send) => {
				for (let i = 0; i < 10; i++) send(answerTo(query, (bytes) => bytes.fill(i + 1, 0, 1)));
				send(new Uint8Array(3));
				send(answerTo(query));
			},
			"answered",
			true,
		],
		[
			"flood",
			(query, send) => {
				for (let i = 0; i < 40; i++) send(answerTo(query, (bytes) => bytes.fill(0, 2, 3)));
			},
			"answers to questions never asked",
			false,
		],
		["silence", () => undefined, "no answer within 200 ms", false],
	];
	for (const [name, reply, text, answered] of cases) {
		const server = await dnsServer(reply);
		const outcome = await ask(server, name === "silence" ? 200 : 1500);
		server.close();
		assert.equal(outcome.text, text, name);
		assert.equal(outcome.rttMs !== null, answered, name);
	}
});

test("a name that cannot be asked for and an address that is not ours end with a word, not an exception", async () => {
	const base = { family: "ipv4", address: "127.0.0.1", server: "127.0.0.1", name: "a b", timeoutMs: 500 } as const;
	const bad = await new Promise<DnsOutcome>((resolve) => void askDns(createNodePlatform(), base, resolve));
	assert.deepEqual(bad, { rttMs: null, text: "the name cannot be asked for; check dns_name in section probe" });
	const foreign = { ...base, name: "example.com", address: "192.0.2.77" };
	const other = await new Promise<DnsOutcome>((resolve) => void askDns(createNodePlatform(), foreign, resolve));
	assert.equal(other.rttMs, null);
});

test("TCP: connected is an answer; refused is none, nor is a foreign source address", async () => {
	const server = net.createServer((socket) => socket.end());
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as net.AddressInfo;
	const probe = (target: string, to: number, address = "127.0.0.1"): Promise<TcpOutcome> =>
		new Promise((resolve) => void tryTcp(createNodePlatform(), { address, target, port: to, timeoutMs: 800 }, resolve));
	const good = await probe("127.0.0.1", port);
	assert.ok(good.rttMs !== null && good.rttMs >= 0 && good.text === "connected");
	server.close();
	const refused = await probe("127.0.0.1", port);
	assert.equal(refused.rttMs, null);
	assert.match(refused.text, /ECONNREFUSED/);
	assert.equal((await probe("127.0.0.1", port, "192.0.2.77")).rttMs, null);
});
