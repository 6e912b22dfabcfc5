import assert from "node:assert/strict";
import { test } from "node:test";
import type { Reply } from "../../contract/api.ts";
import type { Decision } from "../../daemon/decide/types.ts";
import { carriedMs } from "../../daemon/serve/report.ts";
import { reportPage } from "../../daemon/serve/text/report-page.ts";
import { HOSTILE, worldFor } from "./world.ts";

test("a report from what is on record: a minute down of ten", async (t) => {
	const w = await worldFor(t);
	const report = (await w.call("report")) as unknown as Reply<"report">;
	const [wan, wanb] = report.uplinks;
	assert.equal(report.complete, false);
	assert.ok(report.to_unix_ms - report.from_unix_ms < 11 * 60_000);
	assert.equal(wanb?.availability_pct, 100);
	assert.ok(Math.abs((wan?.availability_pct ?? 0) - 90) < 2, String(wan?.availability_pct));
	assert.ok((wan?.loss_pct ?? 0) > 0 && wanb?.loss_pct === 0);
	assert.equal(report.switches.failovers, 1);
	assert.ok(
		(wan?.carried_s ?? 0) > 400 && (wanb?.carried_s ?? 0) >= 55,
		JSON.stringify(report.uplinks.map((one) => one.carried_s)),
	);
	assert.equal(report.offline_s, 0);
	const [hint] = report.hints.filter((one) => one.startsWith("wanb"));
	assert.match(
		hint ?? "",
		/^wanb: 4\.30 GB in \d+\.\d days makes \d+\.\d\d GB in 30 days; the plan has 5\.00 GB: \d+\.\d\d GB more are needed/,
	);
	const { ok, text } = await w.call("render", { view: "report", period: "weekly" });
	assert.equal(ok, true);
	assert.match(String(text), /^Report, weekly: [^(]*\(the record does\s+not reach back\s+further\)\n/);
	assert.match(
		String(text),
		/Switches: 1 after a failure, 0 before one, 0 back, 0 by hand; never\s+without\s+internet/,
	);
	const page = String((await w.call("report", { format: "html" })).page);
	assert.match(page, /^<!doctype html>/);
	assert.ok(!/<script|https?:|src=|url\(/.test(page), "self-contained");
	assert.equal(page.match(/<svg /g)?.length, 3);
});

test("hostile names are text in the page", () => {
	const name = `<img src=x onerror=alert(1)>${HOSTILE}`;
	const one = { name, carried_s: 0, hours: ["50", "-"] };
	const page = reportPage({
		period: "daily",
		from_unix_ms: 0,
		to_unix_ms: 1,
		complete: true,
		uplinks: [one],
		switches: { failovers: 0, predictive: 0, failbacks: 0, manual: 0 },
		offline_s: 0,
		worst_hours: [],
		hints: [name],
	});
	assert.ok(!page.includes("<img") && !page.includes("\u001b"));
	assert.equal(page.match(/&lt;img src=x onerror=alert\(1\)&gt;/g)?.length, 4);
});

test("who carried the traffic, by the decisions", () => {
	const move = (atMs: number, from: string | null, to: string, kind: Decision["kind"] = "failover") =>
		({ atMs, from, to, kind }) as Decision;
	assert.deepEqual(
		[...carriedMs([move(100, "a", "b"), move(150, "b", "b", "none"), move(300, "b", "a", "failback")], 0, 1000)],
		[
			["a", 800],
			["b", 200],
		],
	);
	assert.deepEqual([...carriedMs([move(100, null, "a", "start")], 0, 500)], [["a", 400]]);
	assert.deepEqual([...carriedMs([], 0, 500)], []);
});

test("an empty record gives an empty report, not zeros", async (t) => {
	const w = await worldFor(t, { pastS: 0 });
	const report = (await w.call("report", { period: "monthly" })) as unknown as Reply<"report">;
	assert.deepEqual(
		report.uplinks.map((one) => one.availability_pct),
		[undefined, undefined, undefined],
	);
	assert.deepEqual(report.worst_hours, []);
});
