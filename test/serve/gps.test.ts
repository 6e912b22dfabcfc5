import assert from "node:assert/strict";
import { test } from "node:test";
import type { GpsPicture } from "../../daemon/sense/gps/gps.ts";
import { HOSTILE, worldFor } from "./world.ts";

const FIX: NonNullable<GpsPicture["fix"]> = {
	source: "dish",
	atMs: 0,
	latitude: 54.687157,
	longitude: -25.279652,
	altitudeM: 112.3,
	accuracyM: 3.5,
	speedMps: null,
	headingDeg: null,
	satellites: 9,
};

const health = { state: "failing", sinceMs: 0, lastOkMs: 0, nextTryMs: null, text: HOSTILE } as const;

const picture = (more: Partial<GpsPicture> = {}): GpsPicture => ({
	enabled: true,
	fix: FIX,
	ageMs: 4_000,
	stale: false,
	accuracyNowM: 7.5,
	moving: false,
	travelledM: 0,
	sources: [
		{ source: "rutos", health, active: false },
		{ source: "dish", health: { ...health, state: "ok", text: "accurate to 4 m" }, active: true },
	],
	openCellId: { lookupsLastHour: 1, contributionsLastDay: 2, cached: 3, waiting: 4, resting: false },
	...more,
});

test("gps: known, last known, not known, off", async (t) => {
	let now = picture();
	const w = await worldFor(t, { gps: () => now });
	const known = await w.call("gps");
	assert.deepEqual(
		[known.available, known.source, known.latitude, known.longitude, known.fix_status, known.satellites, known.moving],
		[true, "dish", 54.687157, -25.279652, "2", 9, false],
	);
	now = picture({ stale: true, ageMs: 900_000 });
	const last = await w.call("gps");
	assert.deepEqual([last.available, last.age_s, last.fix_status], [false, 900, "0"]);
	now = picture({ fix: null, ageMs: null, accuracyNowM: null });
	assert.deepEqual((await w.call("gps")).text, "not known yet");
	now = picture({ enabled: false, fix: null });
	assert.equal((await w.call("gps")).latitude, undefined);
	assert.match(String((await w.call("render", { view: "gps" })).text), /^Off\. 'option enabled 1' in section gps/);
});

test("gps_status and the view: who is asked, and nothing raw from a source", async (t) => {
	const w = await worldFor(t, { gps: () => picture() });
	const status = await w.call("gps_status");
	assert.deepEqual([status.active_source, status.enabled, status.moving], ["dish", true, false]);
	assert.deepEqual(status.opencellid, {
		lookups_last_hour: 1,
		contributions_last_day: 2,
		cached: 3,
		waiting: 4,
		resting: false,
	});
	for (const width of [40, 80, 200]) {
		const { text } = await w.call("render", { view: "gps", width });
		for (const line of String(text).split("\n")) assert.ok([...line].length <= width, line);
		// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
		assert.doesNotMatch(String(text), /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
	}
	const { text } = await w.call("render", { view: "gps", width: 100 });
	assert.match(String(text), /^Position: 54\.687157, -25\.279652 \(within 4 m, 4s ago\)\nknown from dish\n/);
	assert.match(String(text), /dish +ok +accurate to 4 m/);
});
