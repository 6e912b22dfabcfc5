import assert from "node:assert/strict";
import { test } from "node:test";
import { USAGE_DETAILS, worldFor } from "./world.ts";

const KNOWN = { state: "ok", text: "86 % of the data plan used", ...USAGE_DETAILS };

test("data_usage and data_limit_*: by uplink; those with a plan; one", async (t) => {
	const w = await worldFor(t);
	assert.deepEqual((await w.call("data_usage")).usage, { wanb: KNOWN, mob1s1a1: KNOWN });
	assert.deepEqual((await w.call("data_usage", { interface: "wanb" })).usage, { wanb: KNOWN });
	const status = await w.call("data_limit_status");
	assert.deepEqual(status.summary, { total: 2, near: 2, reached: 0 });
	assert.deepEqual(await w.call("data_limit_interface", { interface: "wanb" }), { name: "wanb", ...KNOWN });
	await assert.rejects(w.call("data_usage", { interface: "nobody" }), /data_usage/);
	await assert.rejects(w.call("data_limit_interface", { interface: "nobody" }), /data_limit_interface/);
});

test("without a plan there is nothing in data_limit_status; used up is said in words", async (t) => {
	const { limit_bytes: _, ...free } = USAGE_DETAILS;
	const sensor = (details: typeof USAGE_DETAILS) => {
		const health = { state: "ok", sinceMs: 0, lastOkMs: 0, nextTryMs: null, text: "counting" } as const;
		return [{ sensor: "usage", why: "its bytes are counted", cost: "little", health, details }];
	};
	const w = await worldFor(t, {
		sensors: (id) => sensor(id === "wan" ? { ...free, cap: "no_cap" } : { ...USAGE_DETAILS, cap: "reached" }),
	});
	assert.deepEqual(Object.keys((await w.call("data_limit_status")).limits as object), ["wanb", "mob1s1a1"]);
	for (const width of [40, 60, 80, 200]) {
		const { ok, text } = await w.call("render", { view: "usage", width });
		assert.equal(ok, true);
		for (const line of String(text).split("\n")) assert.ok([...line].length <= width, line);
	}
	const { text } = await w.call("render", { view: "usage", width: 100 });
	assert.match(String(text), /^UPLINK +TODAY +MONTH +USED +PLAN +SHARE +A DAY +ANEW/);
	assert.match(String(text), /wanb +128M +4\.3G +4\.3G +5\.0G +86 % +73\.7M +2026-12-01/);
	assert.match(String(text), /wan +128M +4\.3G +- +- /);
	assert.match(String(text), /wanb: used up, it carries traffic only when nothing else does\n/);
});
