import assert from "node:assert/strict";
import { test } from "node:test";
import type { SensorStatus } from "../../daemon/sense/senses.ts";
import { HOSTILE, MODEM_DETAILS, worldFor } from "./world.ts";

function modem(details: SensorStatus["details"], state: SensorStatus["health"]["state"] = "ok"): SensorStatus {
	const health = { state, sinceMs: 0, lastOkMs: 0, nextTryMs: null, text: `it is ${state}` };
	return { sensor: "cellular", why: "it is cellular", cost: "little", health, details };
}

test("cellular_status: every modem by its uplink, also those that tell nothing", async (t) => {
	const w = await worldFor(t, {
		sensors: (uplink) =>
			({
				wan: [],
				wanb: [modem({ ...MODEM_DETAILS, trouble: "no SIM card is in the modem", predictive_risk: 0.95 })],
				mob1s1a1: [modem(null, "denied")],
			})[uplink] ?? [],
	});
	const reply = (await w.call("cellular_status")) as unknown as {
		cellular: Record<string, Record<string, unknown>>;
		summary: object;
	};
	assert.deepEqual(Object.keys(reply.cellular), ["wanb", "mob1s1a1"]);
	assert.deepEqual(reply.cellular.mob1s1a1, {
		state: "denied",
		text: "it is denied",
		resting: [],
		carriers: [],
		current_signal: {},
	});
	assert.equal(reply.cellular.wanb?.operator, HOSTILE);
	assert.deepEqual(reply.cellular.wanb?.current_signal, {
		rsrp: -99,
		rsrq: -15,
		sinr: 15,
		rssi: -71,
		quality_pct: 59,
		quality: "fair",
	});
	assert.deepEqual(reply.summary, { total: 2, in_service: 0, weak: 0, lowest_score: 66, highest_risk: 0.95 });
});

test("cellular_analysis: figures of the recorded minutes, and what they mean", async (t) => {
	const w = await worldFor(t, { pastS: 0 });
	const now = w.now();
	for (let n = 0; n < 60; n++) {
		const atMs = now - 60_000 + n * 1000;
		w.deps.recorder.sample("mob1s1a1", atMs, { rsrp_dbm: -110 - n / 10, rsrq_db: -12, sinr_db: n < 30 ? 3 : -9 });
	}
	const reply = await w.call("cellular_analysis", { interface: "mob1s1a1", window_minutes: 2 });
	const metrics = reply.metrics as unknown as Record<string, Record<string, number>>;
	assert.deepEqual([reply.name, reply.window_minutes, reply.samples], ["mob1s1a1", 2, 60]);
	assert.ok(Math.abs((metrics.rsrp?.min ?? 0) + 115.9) < 0.01 && Math.abs((metrics.rsrp?.max ?? 0) + 110) < 0.01);
	assert.ok(Math.abs((metrics.sinr?.mean ?? 0) + 3) < 0.01);
	assert.deepEqual([reply.trend, reply.healthy_pct, reply.cell_changes, reply.status], ["worse", 0, 3, "healthy"]);
	assert.deepEqual(reply.hints, [
		"weak signal: an outdoor antenna or another place for it would help most",
		"more noise than signal: turn a directed antenna, or lock another band",
		"the signal has been getting weaker",
	]);
	await assert.rejects(w.call("cellular_analysis", { interface: "wan" }), /cellular_analysis/);
	await assert.rejects(w.call("cellular_analysis", { window_minutes: 61 }), /cellular_analysis/);
});

test("the text of both views fits every width, and nothing of an operator's name reaches the terminal raw", async (t) => {
	const w = await worldFor(t);
	for (const width of [40, 60, 80, 200]) {
		for (const name of [{}, { name: "mob1s1a1" }]) {
			const reply = await w.call("render", { view: "cellular", width, ...name });
			assert.equal(reply.ok, true);
			const lines = String(reply.text).split("\n");
			assert.ok(
				lines.every((line) => [...line].length <= width),
				lines.join("\n"),
			);
			// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
			assert.doesNotMatch(String(reply.text), /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
		}
	}
	const { text } = await w.call("render", { view: "cellular", width: 120 });
	assert.match(String(text), /^UPLINK +SIGNAL +RSRP +RSRQ +SINR +TECH +NETWORK/);
	assert.match(String(text), /mob1s1a1 +fair +-99 +-15 +15 +LTE +e\?\[31mvil"/);
	assert.match(String(text), /aggregated: band 3, channel 1300, 20 MHz/);
	assert.match(String(text), /2 of 2 in service\n$/);
	const unknown = await w.call("render", { view: "cellular", name: "wan" });
	assert.deepEqual([unknown.ok, unknown.code], [false, "not_found"]);
});
