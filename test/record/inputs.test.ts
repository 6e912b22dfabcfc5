import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Input } from "../../daemon/decide/types.ts";
import { createLogReader, createLogWriter } from "../../daemon/record/codec.ts";
import { encodeInput } from "../../daemon/record/input-codec.ts";
import { createInputLog } from "../../daemon/record/input-log.ts";

const name = fc.oneof(fc.constantFrom("wan", "mob1s1a1", "münchen"), fc.string({ maxLength: 20 }));
const ms = fc.oneof(fc.integer({ min: 0, max: 10_000_000 }), fc.double({ min: 0, max: 1e9, noNaN: true }));
const rtt = fc.oneof(
	fc.constant(null),
	fc.double({ min: 0, max: 5000, noNaN: true }),
	fc.integer({ min: 0, max: 900 }),
);
const family = fc.constantFrom("ipv4" as const, "ipv6" as const);
const method = fc.constantFrom("icmp" as const, "tcp" as const, "dns" as const);
const count = fc.integer({ min: 0, max: 20 });

const evidence = fc.record({
	silentMs: ms,
	expectedMs: ms,
	sent: count,
	answered: count,
	targets: count,
	targetsAnswered: count,
	gateway: fc.constantFrom("answers" as const, "silent" as const, "unknown" as const),
	traffic: fc.constantFrom("arriving" as const, "one_way" as const, "idle" as const, "unknown" as const),
	method: fc.constantFrom("icmp" as const, "tcp" as const, "dns" as const, "carrier" as const, "none" as const),
	text: fc.string(),
});

const input: fc.Arbitrary<Input> = fc.oneof(
	fc.record({
		kind: fc.constant("probe" as const),
		uplink: name,
		atMs: ms,
		family,
		method,
		target: name,
		rttMs: rtt,
		excused: fc.boolean(),
	}),
	fc.record({
		kind: fc.constant("reach" as const),
		uplink: name,
		atMs: ms,
		family,
		verdict: fc.constantFrom("unknown" as const, "up" as const, "suspect" as const, "dead" as const),
		evidence,
	}),
	fc.record({ kind: fc.constant("dns" as const), uplink: name, atMs: ms, family, server: name, rttMs: rtt }),
	fc.record({ kind: fc.constant("traffic" as const), uplink: name, atMs: ms, rxBytesPerS: ms, txBytesPerS: ms }),
	fc.record({
		kind: fc.constant("sense" as const),
		uplink: name,
		atMs: ms,
		values: fc.dictionary(
			fc.constantFrom("rsrp_dbm", "outages"),
			fc.option(fc.double({ min: -200, max: 200, noNaN: true })),
		),
	}),
	fc.record({ kind: fc.constant("tick" as const), atMs: ms }),
	fc.record({
		kind: fc.constant("link" as const),
		atMs: ms,
		uplink: name,
		event: fc.constantFrom("carrier_lost" as const, "ifup" as const),
	}),
	fc.record({
		kind: fc.constant("command" as const),
		atMs: ms,
		id: name,
		name: fc.constantFrom("failover" as const, "hold" as const),
		uplink: fc.option(name),
		forMs: fc.option(ms),
		reason: fc.string(),
	}),
);

/** Dictionaries of fast-check have no prototype; what is compared is the data. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test("any input comes back exactly as it went in", () => {
	fc.assert(
		fc.property(fc.array(input, { maxLength: 60 }), (inputs) => {
			const log = createInputLog(10_000_000, () => null);
			for (const one of inputs) log.add(one);
			assert.deepEqual(plain([...log.since(-1)]), plain(inputs));
			assert.deepEqual(plain([...log.replay(0).inputs]), plain(inputs));
		}),
		{ numRuns: 300 },
	);
});

test("numbers keep every bit", () => {
	fc.assert(
		fc.property(fc.array(fc.oneof(fc.double(), fc.constantFrom(-0, 0, 0.1, 1e300, 12.345, 2 ** 40))), (numbers) => {
			const writer = createLogWriter(4);
			for (const number of numbers) writer.number(number);
			const reader = createLogReader(writer.bytes());
			for (const number of numbers) assert.ok(Object.is(reader.number(), number), String(number));
		}),
	);
});

test("a field that the binary form does not know is not lost", () => {
	const log = createInputLog(100_000, () => null);
	const odd = { kind: "tick", atMs: 5, added: "later" } as unknown as Input;
	log.add(odd);
	assert.deepEqual([...log.since(0)], [odd]);
});

test("a probe with times in whole microseconds costs at most twelve bytes", () => {
	const log = createInputLog(1_000_000, () => null);
	const n = 1_000;
	for (let i = 0; i < n; i++) {
		const atMs = 1_000_000 + Math.round(i * 250.123 * 1_000) / 1_000;
		log.add({
			kind: "probe",
			uplink: "wan",
			atMs,
			family: "ipv4",
			method: "icmp",
			target: "1.1.1.1",
			rttMs: 20.1 + (i % 7),
			excused: false,
		});
	}
	// The buffer doubles as it grows: at most half of it is unused.
	assert.ok(log.stats().bytes / n <= 24, String(log.stats().bytes / n));
});

test("when the budget is used up the oldest chunk goes, and what is left starts with a checkpoint", () => {
	let steps = 0;
	const log = createInputLog(100_000, () => JSON.stringify({ steps }));
	const all: Input[] = [];
	for (let i = 0; i < 20_000; i++) {
		const one: Input = { kind: "traffic", uplink: "wan", atMs: i * 100, rxBytesPerS: i * 1.5, txBytesPerS: i / 3 };
		log.add(one);
		all.push(one);
		steps++;
		assert.ok(log.stats().bytes <= 100_000 + 33_000);
	}
	assert.ok(log.stats().bytes <= 100_000);
	assert.ok(log.stats().inputs < all.length);
	const replay = log.replay(all.length * 100 - 50_000);
	const inputs = [...replay.inputs];
	assert.equal(inputs.length, replay.count);
	const first = (replay.checkpoint as { steps: number }).steps;
	assert.deepEqual(inputs, all.slice(first), "the checkpoint is the state before the first input of the replay");
	assert.ok((replay.fromMs ?? 0) <= all.length * 100 - 50_000);
	const oldest = log.replay(0);
	assert.deepEqual([...oldest.inputs], all.slice((oldest.checkpoint as { steps: number }).steps));
});

test("three quarters of a full log are inputs, beside checkpoints as large as a real engine's", () => {
	const checkpoint = JSON.stringify("x".repeat(53_000));
	const log = createInputLog(2_500_000, () => checkpoint);
	const alone = createLogWriter(1024);
	const table = { put: () => 0, get: () => "" };
	const [many, some] = [200_000, 10_000];
	for (let i = 0; i < many; i++) {
		const one: Input = { kind: "traffic", uplink: "wan", atMs: i * 100, rxBytesPerS: i * 1.5, txBytesPerS: i / 3 };
		log.add(one);
		if (i >= many - some) encodeInput(alone, table, one, (i - 1) * 100);
	}
	const { inputs, bytes } = log.stats();
	assert.ok(inputs < many, "the log is full");
	const each = alone.length / some;
	assert.ok((inputs * each) / bytes >= 0.75, `${inputs} inputs of ${each} bytes in ${bytes}`);
});

test("a replay under way is not disturbed by new inputs or by chunks that go", () => {
	const log = createInputLog(80_000, () => "{}");
	for (let i = 0; i < 500; i++) log.add({ kind: "traffic", uplink: "w", atMs: i, rxBytesPerS: i / 7, txBytesPerS: 0 });
	const replay = log.replay(0);
	const iterator = replay.inputs[Symbol.iterator]();
	const seen = [iterator.next().value];
	for (let i = 500; i < 20_000; i++)
		log.add({ kind: "traffic", uplink: "w", atMs: i, rxBytesPerS: i / 7, txBytesPerS: 0 });
	for (let step = iterator.next(); !step.done; step = iterator.next()) seen.push(step.value);
	assert.deepEqual(
		seen.map((one) => one?.atMs),
		Array.from({ length: 500 }, (_, i) => i),
	);
});

test("a replay from a moment has every input of that moment, also where a chunk ended within it", () => {
	const log = createInputLog(1_000_000, () => "{}");
	for (let i = 0; i < 20_000; i++) {
		const atMs = Math.floor(i / 500);
		log.add({ kind: "traffic", uplink: "w", atMs, rxBytesPerS: i / 7, txBytesPerS: i / 3 });
	}
	for (let atMs = 0; atMs < 40; atMs++) {
		assert.equal([...log.replay(atMs).inputs].filter((one) => one.atMs === atMs).length, 500, `${atMs} ms`);
	}
});
