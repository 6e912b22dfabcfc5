/** The short way of a reply in time (calm.ts): taken by most, seen by the next full step, and never in the way of a decision. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { takeCalmly } from "../../daemon/decide/calm.ts";
import { describe } from "../../daemon/decide/describe.ts";
import { step } from "../../daemon/decide/engine.ts";
import type { EngineState } from "../../daemon/decide/state.ts";
import { observe } from "../../daemon/health/link.ts";
import type { SenseValues } from "../../daemon/health/senses.ts";
import type { ProbeObservation } from "../../daemon/health/types.ts";
import { facts, World } from "./support.ts";

const good = (): EngineState => new World([facts("a", 0), facts("b", 1)]).run(120_000).state;

function reply(state: EngineState, more: Partial<ProbeObservation> = {}): ProbeObservation {
	const base = {
		kind: "probe",
		uplink: "a",
		family: "ipv4",
		method: "icmp",
		target: "1.1.1.1",
		excused: false,
	} as const;
	return { ...base, atMs: state.nowMs + 10, rttMs: 30, ...more };
}

test("a reply in time is remembered, asks for nothing and leaves what waits as it was", () => {
	const state = step(good(), { kind: "tick", atMs: good().nowMs + 1000 }).state;
	const before = JSON.parse(JSON.stringify(state)) as EngineState;
	const input = reply(state);
	const result = step(state, input);
	assert.deepEqual(state, before);
	const [was, is] = [state.uplinks[0]!, result.state.uplinks[0]!];
	assert.equal(is, was, "nothing is copied for it");
	assert.deepEqual(result.state.waiting, [input]);
	assert.equal(describe(result.state).uplinks[0]?.lastProbeMs, input.atMs, "status knows it");
	assert.equal(result.wakeAtMs, state.wakeAtMs ?? null);
	assert.equal(result.state.nowMs, input.atMs);
	assert.deepEqual([result.actions, result.decisions, result.events], [[], [], []]);
	const later = step(result.state, { kind: "tick", atMs: state.nowMs + 1000 }).state;
	const seen = later.uplinks[0]!;
	assert.deepEqual(later.waiting, []);
	assert.equal(seen.assessment.health.ipv4.lastProbeMs, input.atMs);
	assert.equal(seen.assessment.figures.lastProbeMs, input.atMs);
	assert.equal(seen.proofSent, was.proofSent + 1);
});

test("the word that it is still up waits too, with its evidence; an answer of DNS, and what it carried; other verdicts do not", () => {
	const start = step(good(), { kind: "tick", atMs: good().nowMs + 1000 }).state;
	const at = (after: number): number => start.nowMs + after;
	const evidence = { ...start.uplinks[0]!.assessment.health.ipv4.evidence!, text: "replies in time" };
	const base = { kind: "reach", uplink: "a", family: "ipv4", evidence } as const;
	const up = { ...base, atMs: at(20), verdict: "up" } as const;
	const bytes = { kind: "traffic", uplink: "a", atMs: at(30), rxBytesPerS: 5, txBytesPerS: 6 } as const;
	let state = start;
	const dns = { kind: "dns", uplink: "a", atMs: at(35), family: "ipv4", server: "192.0.2.53", rttMs: 12 } as const;
	const all = [reply(start), up, bytes, dns];
	for (const input of all) state = step(state, input).state;
	assert.deepEqual(state.waiting, all);
	assert.equal(takeCalmly(state, { ...dns, atMs: at(36), rttMs: null }), null);
	const after = step(state, { kind: "tick", atMs: at(900) }).state.uplinks[0]!;
	assert.equal(after.assessment.health.ipv4.evidence?.text, "replies in time");
	assert.deepEqual(after.assessment.health.dns.at(-1), { atMs: at(35), rttMs: 12 });
	assert.equal(after.assessment.health.ipv4.sinceMs, start.uplinks[0]!.assessment.health.ipv4.sinceMs);
	assert.equal(after.proofSent, start.uplinks[0]!.proofSent + 1);
	for (const verdict of ["suspect", "dead", "unknown"] as const) {
		assert.equal(takeCalmly(state, { ...base, atMs: at(40), verdict }), null);
	}
	const suspected = step(state, { ...base, atMs: at(40), verdict: "suspect" }).state;
	assert.equal(takeCalmly(suspected, { ...up, atMs: at(50) }), null);
	assert.equal(suspected.waiting?.length, 0);
});

test("what the link says of itself waits while the score has nothing of it", () => {
	const start = step(good(), { kind: "tick", atMs: good().nowMs + 1000 }).state;
	const at = (after: number): number => start.nowMs + after;
	const says = (after: number, values: SenseValues) =>
		({ kind: "sense", uplink: "a", atMs: at(after), values }) as const;
	assert.equal(takeCalmly(start, says(10, { obstruction_pct: 3 })), null, "new: it costs points");
	const known = step(start, says(10, { obstruction_pct: 3, dish_latency_ms: 30 })).state;
	const same = says(20, { obstruction_pct: 3, dish_latency_ms: 45, outage: 1, rsrp_dbm: null });
	const waits = step(known, same).state;
	assert.deepEqual(waits.waiting, [same]);
	assert.equal(takeCalmly(waits, says(30, { obstruction_pct: 4 })), null);
	assert.equal(takeCalmly(waits, says(30, { obstruction_pct: null })), null);
	assert.equal(takeCalmly(waits, says(30, { obstruction_pct: Number.NaN })), null);
	const after = step(waits, { kind: "tick", atMs: at(1000) }).state.uplinks[0]!.assessment;
	assert.deepEqual(after.health.sense.dish_latency_ms, { atMs: at(20), value: 45 });
	assert.equal(after.figures.sense.outage, 1);
	assert.equal(after.figures.sense.obstruction_pct, 3);
});

test("several that wait are the same as each observed in its turn", () => {
	const start = step(good(), { kind: "tick", atMs: good().nowMs + 1000 }).state;
	const inputs = [10, 40, 260, 270, 700].map((after, i) =>
		reply(start, { atMs: start.nowMs + after, rttMs: 20 + 7 * i, target: i % 2 === 0 ? "1.1.1.1" : "8.8.8.8" }),
	);
	const waited = inputs.reduce((state, input) => step(state, input).state, start);
	assert.equal(waited.waiting?.length, inputs.length);
	const after = step(waited, { kind: "tick", atMs: start.nowMs + 900 }).state.uplinks[0]!;
	const { health } = start.uplinks[0]!.assessment;
	const one = inputs.reduce((now, input) => observe(now, input), health);
	const { rolling: _, ...expected } = one;
	const { rolling: __, ...is } = after.assessment.health;
	assert.deepEqual(is, expected);
});

test("everything else takes the full way", () => {
	const state = good();
	const full = (input: ProbeObservation, from = state): void => assert.equal(takeCalmly(from, input), null);
	assert.notEqual(takeCalmly(state, reply(state)), null);
	full(reply(state, { rttMs: null }));
	full(reply(state, { rttMs: state.settings.restore.latencyMs + 1 }));
	full(reply(state, { rttMs: Number.NaN }));
	full(reply(state, { excused: true }));
	full(reply(state, { uplink: "nobody" }));
	full(reply(state, { family: "ipv6" }));
	full(reply(state, { atMs: state.nowMs - 1 }));
	full(reply(state, { atMs: state.nowMs + 60_000 }));
	full(reply(state), { ...state, started: false });
	full(reply(state), { ...state, wakeAtMs: state.nowMs + 5 });
	const { wakeAtMs: _, ...old } = state;
	full(reply(state), old);
	const worse = (more: object): EngineState => ({ ...state, uplinks: [{ ...state.uplinks[0]!, ...more }] });
	for (const more of [{ state: "hold_down" }, { goodSinceMs: null }, { badSinceMs: 1 }, { severePct: 30 }])
		full(reply(state), worse(more));
});

test("replies alone, without a tick, do not keep old figures alive", () => {
	let state = good();
	const since = state.uplinks[0]!.assessedAtMs;
	for (let i = 0; i < 400; i++) state = step(state, reply(state)).state;
	assert.ok(state.nowMs - state.uplinks[0]!.assessedAtMs <= 1500, `since ${since}`);
});
