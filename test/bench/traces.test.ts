/** Recordings: every format is read, the view is causal, and the truth about a link is what its rows say. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { listen } from "../../bench/forecast/listen.ts";
import { createModels } from "../../bench/forecast/models.ts";
import { ticks } from "../../bench/forecast/ticks.ts";
import { DEFAULTS, ours } from "../../bench/replay/ours.ts";
import { readRecording, track } from "../../bench/traces/formats.ts";
import { blackouts, createTraceLink, stalls } from "../../bench/traces/link.ts";
import { OWN_DATA, readTraces } from "../../bench/traces/read.ts";
import type { Trace, Track } from "../../bench/traces/types.ts";
import { FEATURES } from "../../daemon/forecast/features.ts";

const cellular = (points: readonly (readonly [number, number])[], holdMs = 1000): Track =>
	track({ uplink: "a", class: "cellular", holdMs }, points);

test("the committed excerpts hold every format, and nothing unreadable", () => {
	const traces = readTraces(OWN_DATA);
	const folders = new Map<string, number>();
	for (const trace of traces) {
		folders.set(trace.folder, (folders.get(trace.folder) ?? 0) + trace.tracks.length);
		for (const one of trace.tracks) {
			assert.ok(one.sentMs.length > 100, `${trace.name} ${one.uplink}`);
			for (let i = 1; i < one.sentMs.length; i++) assert.ok((one.sentMs[i] ?? 0) >= (one.sentMs[i - 1] ?? 0));
		}
	}
	assert.deepEqual(Object.fromEntries(folders), {
		"car-three-uplinks": 6,
		"cellular-three-operators": 6,
		"fiveg-test-track": 6,
		"starlink-ping": 1,
		"starlink-ship": 3,
		"wifi-campus": 4,
	});
});

test("a file is known by its head, whatever it is called; others are left alone, empty ones named", (t) => {
	const dir = mkdtempSync(join(tmpdir(), "traces-"));
	t.after(() => rmSync(dir, { recursive: true }));
	const put = (name: string, text: string): string => {
		writeFileSync(join(dir, name), text);
		return join(dir, name);
	};
	const drive = readRecording(
		"x",
		put("a.csv", "vehiclespeed,latitude,longitude,one,hotspot-wifi\n0,1,2,50,-1\n0,1,2,13317,20\n"),
	);
	assert.deepEqual(
		drive?.[0]?.tracks.map((one) => [one.uplink, one.class, one.metered, [...one.rttMs]]),
		[
			["one", "cellular", true, [50, 13317]],
			["hotspot-wifi", "wifi", false, [Number.NaN, 20]],
		],
	);
	assert.equal(readRecording("x", put("b.csv", "date,price\n1,2\n")), null);
	assert.throws(
		() => readRecording("x", put("c.csv", "vehiclespeed,latitude,longitude,one\n")),
		/c\.csv holds no measurement/,
	);
	assert.throws(() => readRecording("x", put("d.csv", "t_unix,pop_ping_drop_rate\n1,0\n")), /no column state/);
	const strange = join(dir, "1 strange näme");
	mkdirSync(strange);
	writeFileSync(
		join(strange, "Fährt (2).CSV"),
		"\uFEFFvehiclespeed,latitude,longitude,one\r\n0,1,2,50\r\n0,1,2,60\r\n",
	);
	writeFileSync(join(strange, "broken.csv.gz"), "no gzip");
	assert.deepEqual(
		readTraces(strange).map((one) => [one.folder, one.name, [...(one.tracks[0]?.rttMs ?? [])]]),
		[["1 strange näme", "Fährt (2)", [50, 60]]],
		"a broken file does not keep the others from being played",
	);
	mkdirSync(join(dir, "empty"));
	assert.throws(() => readTraces(join(dir, "empty")), /holds no recording/);
	assert.throws(() => readTraces(join(dir, "nowhere")), /there is no folder/);
});

test("windows of several operators are laid end to end, with the seams marked", (t) => {
	const dir = mkdtempSync(join(tmpdir(), "traces-"));
	t.after(() => rmSync(dir, { recursive: true }));
	const rows = [
		"1,a,1000000,10",
		"1,a,1000200,",
		"2,b,1005000,20",
		"2,b,1005200,21",
		"3,a,9000000,30", // nobody else within a quarter of an hour
		"4,a,20000000,40",
		"5,b,20010000,50",
	];
	writeFileSync(join(dir, "w.csv"), `window,operator,sent_unix_ms,rtt_ms\n${rows.join("\n")}\n`);
	const [trace] = readRecording("x", join(dir, "w.csv")) ?? [];
	assert.deepEqual(
		trace?.tracks.map((one) => [one.uplink, [...one.sentMs], [...one.rttMs]]),
		[
			["a", [0, 200, 400], [10, Number.NaN, 40]],
			["b", [0, 200, 400], [20, 21, 50]],
		],
	);
	assert.deepEqual(trace?.seamsMs, [400, 600]);
	assert.match(trace?.note ?? "", /2 operators laid end to end, 1 without partners/);
});

test("rows of one blackout come out together at its end, and are known only then", () => {
	const one = cellular([
		[0, 50],
		[1000, 13_317],
		[2000, 12_387],
		[3000, 11_345],
		[4000, 60],
	]);
	const link = createTraceLink(one);
	assert.equal(link.answerAt("x", 500), 550);
	assert.equal(link.answerAt("x", 1000), 14_317);
	assert.equal(link.answerAt("x", 1900), 14_317, "a probe between two recorded ones leaves the queue with them");
	assert.equal(link.answerAt("x", 4200), 4260);
	assert.deepEqual(blackouts(one, 2000), [[1000, 4000]]);
	assert.deepEqual(blackouts(one, 3001), []);
	assert.deepEqual(stalls(one, 2000), [[1000, 14_387]]);
});

test("what was not measured is no outage", () => {
	const one = cellular(
		[
			[0, 50],
			[200, Number.NaN],
			[5300, 40],
		],
		300,
	);
	const link = createTraceLink(one);
	assert.equal(link.rttAt(300), null);
	assert.equal(link.rttAt(3000), 50, "the prober waited; the usual round trip stands in");
	assert.deepEqual(blackouts(one, 1000), []);
});

/** A recording cut off at `endMs`: what was sent later, or was not answered by then, is not in it. */
function truncated(trace: Trace, endMs: number): Trace {
	const tracks = trace.tracks.map((one) => {
		const points = [...one.sentMs].flatMap((sent, i): [number, number][] => {
			if (sent > endMs) return [];
			const rtt = one.rttMs[i] ?? Number.NaN;
			// Still out at the end: any answer that comes later is the same to those who know no future.
			return [[sent, sent + rtt <= endMs ? rtt : Number.NaN]];
		});
		return { ...track({ ...one, holdMs: one.holdMs }, points), signals: one.signals.filter((s) => s.atMs <= endMs) };
	});
	return { ...trace, tracks };
}

test("truncating the future changes no output: features and decisions up to then are the same", () => {
	const traces = readTraces(OWN_DATA, ["car-three-uplinks"]);
	const whole = traces.find((one) => one.name === "d2_highway");
	assert.ok(whole);
	const endMs = 1_660_000; // in the middle of a drive with blackouts before and after
	const cut = truncated(whole, endMs);
	for (const name of ["sprint", "verizon"]) {
		const seen = [whole, cut].map((trace) => {
			const rows = new Map<number, string>();
			const one = trace.tracks.find((each) => each.uplink === name);
			assert.ok(one);
			// The link's usual round trip is a figure of the whole recording: it stands in where nothing was measured.
			ticks(trace, { ...one, metered: false }, "active", 1000, ({ atMs, features }) => {
				if (atMs <= endMs) rows.set(atMs, [...features].join());
			});
			return rows;
		});
		const [a, b] = seen as [Map<number, string>, Map<number, string>];
		let compared = 0;
		for (const [atMs, row] of b) {
			const other = a.get(atMs);
			if (other === undefined) continue; // usable or not is the referee's knowledge
			assert.equal(row, other, `${name} at ${atMs}`);
			assert.equal(row.split(",").length, FEATURES.length);
			compared++;
		}
		assert.ok(compared > 1000, String(compared));
	}
	const models = createModels();
	const decisions = [whole, cut].map((trace) =>
		ours(trace, [1, 0, 2], { settings: DEFAULTS, listen: listen(trace, models) })
			.decisions.filter((one) => one.atMs <= endMs)
			.map((one) => JSON.stringify(one)),
	);
	assert.ok((decisions[0]?.length ?? 0) > 5);
	assert.deepEqual(decisions[0], decisions[1]);
});
