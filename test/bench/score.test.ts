/** The referees of forecast and replay, against figures made by hand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MWAN3_TUNED } from "../../bench/detectors/peers.ts";
import { averagePrecision, type Moment, score } from "../../bench/forecast/score.ts";
import { oracle } from "../../bench/replay/oracle.ts";
import { mwan3, stay } from "../../bench/replay/peers.ts";
import { judge, truthOf } from "../../bench/replay/score.ts";
import { track } from "../../bench/traces/formats.ts";
import type { Trace } from "../../bench/traces/types.ts";

const moments = (rows: readonly (readonly [atS: number, score: number, label: number])[]): Moment[] =>
	rows.map(([atS, value, label]) => ({ atMs: 1000 * atS, score: value, label }));

test("average precision: of a perfect order, of ties, with moments that cannot be judged", () => {
	const of = (rows: readonly (readonly [number, number])[]): number | null =>
		averagePrecision(rows.map(([value, label], i) => ({ atMs: i, score: value, label })));
	assert.equal(
		of([
			[3, 1],
			[2, 1],
			[1, 0],
		]),
		1,
	);
	assert.equal(
		of([
			[3, 0],
			[2, 1],
			[1, 1],
		]),
		(1 / 2 + 2 / 3) / 2,
	);
	assert.equal(
		of([
			[1, 0],
			[1, 1],
			[1, 0],
			[1, 0],
		]),
		0.25,
		"a constant is worth the base rate",
	);
	assert.equal(
		of([
			[2, 1],
			[3, Number.NaN],
			[1, 0],
		]),
		1,
	);
	assert.equal(of([[1, 0]]), null);
});

test("precision, recall, lead and false alarms", () => {
	const series = {
		// Alarms at 1 and 2 s lead to the event at 4 s; the one at 20 s to nothing; the event at 30 s has none.
		moments: moments([
			[0, 0.1, 0],
			[1, 0.9, 1],
			[2, 0.9, 1],
			[3, 0.2, 1],
			[20, 0.9, 0],
			[21, 0.9, 0],
			[28, 0.1, 1],
		]),
		eventsMs: [4000, 30_000],
		withinMs: 3000,
		hours: 0.5,
	};
	const found = score([series], 0.5);
	assert.deepEqual(
		[found.precision, found.recall, found.lead_s.median, found.false_per_h, found.events],
		[0.5, 0.5, 2, 2, 2],
	);
});

test("lead: an alarm that was on before the time the forecast speaks of counts from there, an old one does not", () => {
	const leadOf = (rows: readonly (readonly [number, number, number])[]) =>
		score([{ moments: moments(rows), eventsMs: [10_000], withinMs: 3000, hours: 1 }], 0.5).lead_s.median;
	const on = [9, 0.9, 1] as const;
	assert.equal(leadOf([[6, 0.9, 0], on]), 3);
	assert.equal(leadOf([[6, 0.4, 0], on]), 1, "it was off just before");
	assert.equal(leadOf([[3, 0.9, 0], on]), 1, "too long ago to be the same alarm");
	assert.equal(leadOf([[6, 0.9, 0], [8, 0.4, 1], on]), 1, "it was broken");
});

/** Two uplinks, 40 s; the first is silent from 10 s to 20 s, the second answers slowly from 35 s on. */
function pair(): Trace {
	const seconds = Array.from({ length: 40 }, (_, s) => s);
	const rtt = (s: number): number => (s >= 10 && s < 20 ? -1 : 30);
	const slow = (s: number): number => (s >= 35 ? 300 : 50);
	const tracks = [rtt, slow].map((of, i) =>
		track(
			{ uplink: `u${i}`, class: "cellular", holdMs: 1000 },
			seconds.map((s) => [1000 * s, of(s)]),
		),
	);
	return { folder: "x", name: "x", group: "x", lengthMs: 40_000, tracks, seamsMs: [], note: null };
}

test("replay: who stays pays for the whole blackout, the oracle for nothing, tuned mwan3 for its detection", () => {
	const truth = truthOf(pair(), 2000);
	const stayed = judge(truth, stay([0, 1]).turns, 0);
	assert.deepEqual([stayed.outageMs, stayed.slowMs, stayed.switches], [10_000, 0, 0]);
	const other = judge(truth, stay([1, 0]).turns, 0);
	assert.deepEqual([other.outageMs, other.slowMs], [0, 5000]);
	const best = judge(truth, oracle(truth, [0, 1]).turns, 0);
	assert.deepEqual([best.outageMs, best.switches, best.slowMs], [0, 1, 5000], "slow time alone is not worth a switch");
	const tuned = judge(truth, mwan3(truth.trace, [0, 1], MWAN3_TUNED).turns, 0);
	assert.ok(tuned.outageMs > 2000 && tuned.outageMs < 5000, String(tuned.outageMs));
	assert.equal(tuned.switches, 2);
});
