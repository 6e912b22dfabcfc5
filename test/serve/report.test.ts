import assert from "node:assert/strict";
import { test } from "node:test";
import type { Reply } from "../../contract/api.ts";
import type { Decision } from "../../daemon/decide/types.ts";
import { createPlaces } from "../../daemon/loop/places.ts";
import type { GpsPicture } from "../../daemon/sense/gps/gps.ts";
import { carriedMs } from "../../daemon/serve/report.ts";
import { reportPage } from "../../daemon/serve/text/report-page.ts";
import { reportText } from "../../daemon/serve/text/report-text.ts";
import { fakeTime } from "../support/fake-platform.ts";
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
		predictions: { right: 0, early: 0, wrong: 0 },
		offline_s: 0,
		worst_hours: [],
		worst_places: [],
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

test("data, cost, predictions and places, in every form; each hint with its arithmetic", async (t) => {
	const price = (name: string, of: string) => `config member '${name}'\n\toption price_per_gb '${of}'\n`;
	const w = await worldFor(t, { config: `${price("wan", "0.5")}${price("wanb", "4")}` });
	const places = [{ latitude: 59.33, longitude: 18.07, minutes: 12, offlineMinutes: 2, score: 41 }];
	(w.deps as { places?: unknown }).places = (count: number) => places.slice(0, count);
	const gb = 1e9;
	const now = w.now();
	// 10 GB over wanb within the time on record: twice what it is in the middle of it.
	for (let s = 1; s < 500; s++)
		w.deps.recorder.sample("wanb", now - 500_000 + s * 1000, { rx_bytes_per_s: (10 * gb) / 500, score: 90 });
	const report = (await w.call("report")) as unknown as Reply<"report">;
	const [wan, wanb, mob] = report.uplinks;
	for (const [one, each] of [
		[wan, 0.5],
		[wanb, 4],
	] as const) {
		assert.ok((one?.bytes ?? 0) > 0);
		assert.ok(Math.abs((one?.cost ?? 0) - ((one?.bytes ?? 0) / gb) * each) < 1e-6, `${one?.name}: ${one?.cost}`);
	}
	assert.equal(mob?.cost, undefined, "no price, no cost");
	const { right, early, wrong } = ((await w.call("forecast")) as unknown as Reply<"forecast">).score;
	assert.deepEqual(report.predictions, { right, early, wrong });
	assert.deepEqual(report.worst_places, [
		{ latitude: 59.33, longitude: 18.07, minutes: 12, offline_minutes: 2, score: 41 },
	]);
	const [more] = report.hints.filter((one) => one.startsWith("wanb: 4.30 GB in"));
	const [, needed = "", cost = ""] =
		/: ([0-9.]+) GB more are needed, ([0-9.]+) at 4\.00 a GB, or less use$/.exec(more ?? "") ?? [];
	assert.ok(Math.abs(Number(needed) * 4 - Number(cost)) < 0.05, more);
	const { text } = await w.call("render", { view: "report" });
	assert.match(String(text), /COST[\s\S]*Worst places: 59\.33, 18\.07 \(score 41 in 12 min, 2 of them\s+offline\)/);
	assert.match(
		String(text),
		right === 0 ? /no switch before a failure/ : /Predictions: \d+ of \d+ switches before a failure came in\s+time/,
	);
	const page = String((await w.call("report", { format: "html" })).page);
	assert.match(page, /<th scope="col">Cost<\/th>/);
	assert.match(page, /Worst places: 59\.33, 18\.07/);
});

test("places: an hour here, ten minutes there, by their square kilometre; nothing while positions are off", () => {
	const time = fakeTime();
	const fix = {
		atMs: 0,
		source: "gpsd",
		latitude: 59.3312,
		longitude: 18.0731,
		accuracyM: 5,
	} as unknown as GpsPicture["fix"];
	let gps = { enabled: true, fix, stale: false, accuracyNowM: null } as unknown as GpsPicture;
	let score: number | null = 90;
	const places = createPlaces({ platform: time, gps: () => gps, score: () => score });
	time.advanceSync(3_600_000);
	gps = { ...gps, fix: { ...fix, latitude: 59.4049, longitude: 18.0731 } as GpsPicture["fix"] };
	score = null;
	time.advanceSync(600_000);
	gps = { ...gps, fix: { ...fix, latitude: 10 } as GpsPicture["fix"], accuracyNowM: 5_000 };
	time.advanceSync(600_000);
	gps = { ...gps, stale: true };
	time.advanceSync(600_000);
	assert.deepEqual(places.worst(5), [
		{ latitude: 59.4, longitude: 18.07, minutes: 10, offlineMinutes: 10, score: 0 },
		{ latitude: 59.33, longitude: 18.07, minutes: 60, offlineMinutes: 0, score: 90 },
	]);
	score = 50;
	for (let index = 0; index < 600; index++) {
		gps = { ...gps, stale: false, accuracyNowM: null, fix: { ...fix, latitude: index / 50 } as GpsPicture["fix"] };
		time.advanceSync(240_000);
	}
	assert.equal(places.worst(10_000).length, 500, "bounded");
	gps = { ...gps, enabled: false };
	time.advanceSync(60_000);
	assert.deepEqual(places.worst(5), []);
	places.close();
	assert.equal(time.pending(), 0);
});

test("a clock that is not set, and a record that has just begun, are said", () => {
	const empty = {
		period: "daily",
		complete: false,
		uplinks: [{ name: "wan", carried_s: 0, hours: ["50", "-"] }],
		switches: { failovers: 0, predictive: 0, failbacks: 0, manual: 0 },
		predictions: { right: 0, early: 0, wrong: 0 },
		worst_hours: [{ hour: 3, score: 50 }],
		worst_places: [],
		hints: [],
		offline_s: 0,
	} as const;
	const style = { width: 200, color: false };
	const jan1970 = { ...empty, from_unix_ms: 5_000, to_unix_ms: 7_205_000 };
	const text = reportText(jan1970, style).join("\n");
	assert.match(text, /^Report, daily: the last 2h; the router has not heard the time yet \(the record/);
	assert.doesNotMatch(text, /1970|Worst hours/);
	const page = reportPage(jan1970);
	assert.match(page, /<p>the last 2h; the router has not heard the time yet; the record/);
	assert.doesNotMatch(page, /Worst hours/);
	const now = Date.UTC(2026, 10, 21);
	const young = { ...empty, from_unix_ms: now, to_unix_ms: now + 5_000 };
	assert.match(reportText(young, style).join("\n"), /by hand; not watched for a minute yet/);
	assert.match(reportPage(young), /by hand\. Not watched for a minute yet\./);
	assert.match(reportPage({ ...young, offline_s: 3 }), /Without internet for 3s\./);
});
