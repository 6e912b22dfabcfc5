import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { type FpingLine, parseFpingLine } from "../../daemon/probe/fping-line.ts";
import { type PingLine, parsePingLine } from "../../daemon/probe/ping-line.ts";

/** Captured from fping 5.1 in network namespaces: answered, blackholed, refused by a router, link down, ended. */
const FPING: readonly [string, FpingLine][] = [
	[
		"1.1.1.1 : [0], 20 bytes, 0.293 ms (0.293 avg, 0% loss)",
		{ kind: "reply", target: "1.1.1.1", seq: 0, rttMs: 0.293, atUnixMs: null },
	],
	[
		"9.9.9.9    : [14], 16 bytes, 612 ms (587 avg, 3% loss)",
		{ kind: "reply", target: "9.9.9.9", seq: 14, rttMs: 612, atUnixMs: null },
	],
	[
		"8.8.8.8 : [2], 16 bytes, 12.8 ms (12.8 avg, 133% return)",
		{ kind: "reply", target: "8.8.8.8", seq: 2, rttMs: 12.8, atUnixMs: null },
	],
	[
		"2606:4700:4700::1111 : [7], 16 bytes, 9.12 ms (9.40 avg, 0% loss)",
		{ kind: "reply", target: "2606:4700:4700::1111", seq: 7, rttMs: 9.12, atUnixMs: null },
	],
	[
		"[1795281286.52294] 1.1.1.1 : [4], 16 bytes, 0.293 ms (0.293 avg, 0% loss)",
		{ kind: "reply", target: "1.1.1.1", seq: 4, rttMs: 0.293, atUnixMs: 1795281286522.94 },
	],
	[
		"[1795281286.52294] 2606:4700:4700::1111 : [7], 16 bytes, 1.2e+03 ms (9.40 avg, 0% loss)",
		{ kind: "reply", target: "2606:4700:4700::1111", seq: 7, rttMs: 1200, atUnixMs: 1795281286522.94 },
	],
	["[1795281286.52294] 9.9.9.9 : [3], timed out (NaN avg, 100% loss)", { kind: "timeout", target: "9.9.9.9", seq: 3 }],
	...["[-1.5] ", "[] ", "[nan] ", "[9e99] "].map((stamp): [string, FpingLine] => [
		`${stamp}1.1.1.1 : [4], 16 bytes, 0.293 ms (0.293 avg, 0% loss)`,
		{ kind: "other", text: `${stamp}1.1.1.1 : [4], 16 bytes, 0.293 ms (0.293 avg, 0% loss)` },
	]),
	["9.9.9.9 : [3], timed out (0.250 avg, 25% loss)", { kind: "timeout", target: "9.9.9.9", seq: 3 }],
	["10.77.0.77 : [0], timed out (NaN avg, 100% loss)", { kind: "timeout", target: "10.77.0.77", seq: 0 }],
	[
		"ICMP Host Unreachable from 10.77.0.1 for ICMP Echo sent to 8.8.4.4",
		{ kind: "error", text: "ICMP Host Unreachable", from: "10.77.0.1", target: "8.8.4.4" },
	],
	[
		"ICMP Unreachable (Communication Administratively Prohibited) from 10.77.0.1 for ICMP Echo sent to 8.8.4.5",
		{
			kind: "error",
			text: "ICMP Unreachable (Communication Administratively Prohibited)",
			from: "10.77.0.1",
			target: "8.8.4.5",
		},
	],
	["", { kind: "noise" }],
	["[01:24:54]", { kind: "noise" }],
	["1.1.1.1 : xmt/rcv/%loss = 1/1/0%, min/avg/max = 0.038/0.038/0.038", { kind: "noise" }],
	["8.8.4.4 : xmt/rcv/%loss = 3/0/100%", { kind: "noise" }],
	// Somebody else answered in the target's name: no proof.
	[
		"1.1.1.1 : [0], 16 bytes, 3.1 ms (3.1 avg, 0% loss) [<- 192.168.8.1]",
		{ kind: "other", text: "1.1.1.1 : [0], 16 bytes, 3.1 ms (3.1 avg, 0% loss) [<- 192.168.8.1]" },
	],
	...[
		"binding to specific interface (SO_BINTODEVICE): No such device",
		"fping: cannot bind source address : Cannot assign requested address",
		"1.1.1.1 : [x], 20 bytes, 0.293 ms",
		"1.1.1.1 : [0], 20 bytes, -12 ms (0 avg, 0% loss)",
		"1.1.1.1 : [0], 20 bytes, NaN ms (0 avg, 0% loss)",
		"1.1.1.1 : [99999999999], timed out (NaN avg, 100% loss)",
		"1.1.1.1 : [0], 20 bytes, ",
		"\u0000\u0001 binary",
	].map((text): [string, FpingLine] => [text, { kind: "other", text }]),
];

test("fping lines", () => {
	for (const [line, expected] of FPING) assert.deepEqual(parseFpingLine(line), expected, line);
});

test("fping lines: the short way for usual replies says what the pattern says", () => {
	const pattern = /^(\S+)\s*: \[(\d{1,9})\], (\d{1,5}) bytes, (\d{1,7}(?:\.\d{1,6})?(?:e\+\d{2})?) ms(.*)$/;
	const piece = fc.constantFrom(
		..."1.1.1.1| : [|: [|7|], |20| bytes, |0.293| ms|12.8| |.|e+05|-1|[<- |99999999999|2606::1|x| (0.1 avg, 0% loss)".split(
			"|",
		),
	);
	const usual = ["1.1.1.1", " ", ": [", "7", "], ", "20", " bytes, ", "0.293", " ms", " (0.3 avg, 0% loss)"];
	const near = fc
		.tuple(fc.nat(usual.length - 1), fc.array(piece, { maxLength: 3 }))
		.map(([at, parts]) => [...usual.slice(0, at), ...parts, ...usual.slice(at + 1)].join(""));
	fc.assert(
		fc.property(
			fc.oneof(
				near,
				fc.array(piece, { maxLength: 12 }).map((parts) => parts.join("")),
			),
			(line) => {
				const found = pattern.exec(line);
				for (const [stamp, atUnixMs] of [
					["", null],
					["[1795281286.52294] ", 1795281286522.94],
				] as const) {
					const parsed = parseFpingLine(stamp + line);
					if (found === null || found[5]?.includes("[<-")) assert.notEqual(parsed.kind, "reply", line);
					else {
						const [, target, seq, , rtt] = found;
						assert.deepEqual(parsed, { kind: "reply", target, seq: Number(seq), rttMs: Number(rtt), atUnixMs });
					}
				}
			},
		),
		{ numRuns: 3000 },
	);
});

/** busybox 1.35 and iputils 20221126, captured. */
const PING: readonly [string, PingLine][] = [
	["20 bytes from 1.1.1.1: seq=0 ttl=64 time=0.074 ms", { kind: "reply", seq: 0, rttMs: 0.074 }],
	["24 bytes from 1.1.1.1: icmp_seq=4 ttl=58 time=11.4 ms", { kind: "reply", seq: 4, rttMs: 11.4 }],
	["24 bytes from one.one.one.one (1.1.1.1): icmp_seq=1 ttl=58 time=9 ms", { kind: "reply", seq: 1, rttMs: 9 }],
	["24 bytes from 2606:4700:4700::1111: icmp_seq=2 ttl=58 time=8.1 ms", { kind: "reply", seq: 2, rttMs: 8.1 }],
	["20 bytes from 1.1.1.1: seq=0 ttl=64 time=0.1 ms (DUP!)", { kind: "noise" }],
	[
		"From 10.77.0.1 icmp_seq=1 Destination Host Unreachable",
		{ kind: "error", seq: 1, text: "Destination Host Unreachable" },
	],
	["ping: sendto: Network unreachable", { kind: "error", seq: null, text: "Network unreachable" }],
	["PING 1.1.1.1 (1.1.1.1): 12 data bytes", { kind: "noise" }],
	["PING 1.1.1.1 (1.1.1.1) from 10.77.0.2 va: 12(40) bytes of data.", { kind: "noise" }],
	["--- 10.77.0.77 ping statistics ---", { kind: "noise" }],
	["2 packets transmitted, 0 packets received, 100% packet loss", { kind: "noise" }],
	["round-trip min/avg/max = 0.074/0.213/0.400 ms", { kind: "noise" }],
	["no answer yet for icmp_seq=1", { kind: "noise" }],
	["", { kind: "noise" }],
	// iputils prints no time for fewer than 16 data bytes: such a line is of no use and must show as nonsense
	["20 bytes from 1.1.1.1: icmp_seq=1 ttl=64", { kind: "other", text: "20 bytes from 1.1.1.1: icmp_seq=1 ttl=64" }],
	["ping: bad address 'x'", { kind: "other", text: "ping: bad address 'x'" }],
];

test("ping lines of busybox and iputils", () => {
	for (const [line, expected] of PING) assert.deepEqual(parsePingLine(line), expected, line);
});

test("fuzz: any line gives a bounded record, no exception, quickly", () => {
	const pieces = fc.array(
		fc.oneof(
			fc.constantFrom(
				"1.1.1.1",
				" : [",
				"0",
				"]",
				", ",
				"timed out",
				" bytes",
				" ms",
				"ICMP ",
				" from ",
				"seq=",
				"time=",
				"[<-",
			),
			fc.string({ maxLength: 30 }),
		),
		{ maxLength: 40 },
	);
	fc.assert(
		fc.property(pieces, (parts) => {
			const line = parts.join("");
			const one = parseFpingLine(line);
			if (one.kind === "reply")
				assert.ok(Number.isFinite(one.rttMs) && one.rttMs >= 0 && Number.isSafeInteger(one.seq));
			if (one.kind === "other") assert.ok(one.text.length <= 120);
			const two = parsePingLine(line);
			if (two.kind === "reply")
				assert.ok(Number.isFinite(two.rttMs) && two.rttMs >= 0 && Number.isSafeInteger(two.seq));
			if (two.kind === "other") assert.ok(two.text.length <= 120);
		}),
		{ numRuns: 5000, seed: 1 },
	);
	const started = performance.now();
	parseFpingLine(`${"a ".repeat(30_000)}: [`);
	parsePingLine(`1 bytes from ${": ".repeat(30_000)}`);
	parseFpingLine(`ICMP ${" from ".repeat(10_000)}`);
	assert.ok(performance.now() - started < 20_000, "no line makes the parser crawl");
});
