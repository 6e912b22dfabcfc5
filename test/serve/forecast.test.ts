/** The method forecast and its text: what is known, what is not, what was judged. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Forecast } from "../../daemon/forecast/types.ts";
import { worldFor } from "./world.ts";

const RISKS = {
	any_1s_in_3s: 0.3,
	any_2s_in_3s: 0.2,
	any_2s_in_10s: 0.4,
	any_2s_in_30s: 0.62,
	any_5s_in_3s: 0.004,
	any_5s_in_10s: 0.2,
	any_5s_in_30s: 0.3,
};

const KNOWN: Forecast = {
	uplink: "wan",
	atMs: 1,
	risks: RISKS,
	cause: "pattern",
	confidence: 0.9,
	text: "3 silences within ten minutes, the last one 4 s ago",
	figures: [
		{ name: "silences", value: 3, unit: "" },
		{ name: "odd", value: Number.NaN, unit: "s" },
	],
	anomaly: "round trips of 90 ms, usually 30 ms",
};

test("forecast: every uplink, also one of which nothing is known", async (t) => {
	const w = await worldFor(t, { forecasts: [KNOWN] });
	const reply = await w.call("forecast");
	const uplinks = reply.uplinks as Record<string, Record<string, unknown>>;
	assert.equal(uplinks.wan?.known, true);
	assert.equal(uplinks.wan?.risk_2s_in_30s, 0.62);
	assert.deepEqual(uplinks.wan?.figures, [{ name: "silences", value: 3, unit: "" }], "what is no number is left out");
	assert.equal(uplinks.wan?.anomaly, "round trips of 90 ms, usually 30 ms");
	assert.deepEqual(uplinks.wanb, {
		known: false,
		cause: "unknown",
		text: "no probe of it was seen yet",
		confidence: 0,
		figures: [],
		false_alarms: 0,
	});
	assert.deepEqual(reply.score, { right: 0, early: 0, wrong: 0, pending: 0 });
	const one = await w.call("forecast", { interface: "wanb" });
	assert.deepEqual(Object.keys(one.uplinks as object), ["wanb"]);
	await assert.rejects(w.call("forecast", { interface: "nowhere" }), /NOT_FOUND|not found|no uplink/i);
});

test("its text fits every width and says what is unknown", async (t) => {
	const w = await worldFor(t, { forecasts: [KNOWN] });
	for (const width of [40, 60, 80, 200]) {
		const { ok, text } = await w.call("render", { view: "forecast", width });
		assert.equal(ok, true);
		for (const line of String(text).split("\n")) assert.ok([...line].length <= width, line);
	}
	const { text } = await w.call("render", { view: "forecast", width: 120 });
	assert.match(String(text), /wan +20 % +40 % +62 % +30 %/);
	assert.match(String(text), /wanb +unknown/);
	assert.match(String(text), /pattern: 3 silences within ten minutes/);
	assert.match(String(text), /0 came true, 0 later than expected, 0 did not/);
});
