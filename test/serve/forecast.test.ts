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
		silences: { lasted: 0, ended: 0, odds: 1 },
	});
	assert.deepEqual(reply.score, { right: 2, early: 1, wrong: 0, pending: 0 });
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
	assert.match(String(text), /2 came true, 1 later than expected, 0 did not/);
});

test("status and members carry the risk of each uplink, where it is known", async (t) => {
	const w = await worldFor(t, { forecasts: [KNOWN] });
	const status = await w.call("status");
	assert.equal(status.current, "wanb");
	assert.equal(status.risk, undefined);
	const rank = status.rank as Record<string, unknown>[];
	assert.deepEqual(
		rank.map((one) => [one.name, one.risk]),
		[
			["wanb", undefined],
			["mob1s1a1", undefined],
			["wan", 0.4],
		],
	);
	const { members } = (await w.call("members")) as { members: Record<string, unknown>[] };
	assert.equal(members.find((one) => one.name === "wan")?.risk, 0.4);
});

test("forecast_reset: of one, of all, of nobody we know", async (t) => {
	const w = await worldFor(t, { forecasts: [KNOWN] });
	assert.match(String((await w.call("forecast_reset", { interface: "wanb" })).text), /of wanb is forgotten/);
	assert.match(String((await w.call("forecast_reset")).text), /of all uplinks, and the score/);
	const refused = await w.call("forecast_reset", { interface: "nowhere" });
	assert.equal(refused.ok, false);
	assert.match(String(refused.text), /nowhere/);
});
