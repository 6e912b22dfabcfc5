import assert from "node:assert/strict";
import { test } from "node:test";
import type { Decision, EngineEvent, SteerAction } from "../../daemon/decide/types.ts";
import { concat } from "../../daemon/platform/text.ts";
import { createRecorder } from "../../daemon/record/recorder.ts";
import { headerBytes, readSections } from "../../daemon/record/snapshot-file.ts";
import { type FakeTime, fakeFiles, fakeLog, fakeTime } from "../support/fake-platform.ts";

const PATH = "/tmp/autonomy/record.snap";
const HOUR = 3_600_000;
const YEARS_50 = 50 * 365.25 * 24 * HOUR;

/** One router: files and the kernel's clock outlive the daemon, its own clock begins anew with each run. */
function router() {
	const files = fakeFiles();
	let bootedAtWall = 1_760_000_000_000;
	const self = {
		files,
		boot(id: string, uptimeS: number) {
			files.content.set("/proc/sys/kernel/random/boot_id", `${id}\n`);
			files.content.set("/proc/uptime", `${uptimeS.toFixed(2)} 0.00\n`);
		},
		uptime: () => Number.parseFloat(String(files.content.get("/proc/uptime"))),
		start(time: FakeTime, limits: { retentionHours?: number; maxRamMb?: number } = {}) {
			const log = fakeLog();
			const recorder = createRecorder({
				platform: { clock: time.clock, timers: time.timers, files },
				log,
				settings: { retentionHours: 24, maxRamMb: 8, snapshotPath: PATH, ...limits },
			});
			return { recorder, log, time };
		},
		wall: (ms: number) => {
			bootedAtWall += ms;
			return bootedAtWall;
		},
	};
	self.boot("boot-1", 100);
	return self;
}

function decision(id: string, atMs: number): Decision {
	return {
		id,
		atMs,
		kind: "failover",
		rule: "hard_failure",
		from: "wan",
		to: "wanb",
		text: "wan is dead – “tot”",
		figures: [],
		candidates: [],
		observed: false,
	};
}

function event(id: string, atMs: number): EngineEvent {
	return { id, atMs, type: "member_state", uplink: "wan", from: "eligible", to: "down", reason: "ü", decisionId: "d1" };
}

const action: SteerAction = {
	kind: "steer",
	id: "a1",
	decisionId: "d1",
	mode: "dead",
	plan: { primary: "wanb", pinned: null, families: { ipv4: { rank: [], avoid: [] }, ipv6: { rank: [], avoid: [] } } },
	release: [],
};

/** Twenty minutes of samples every two seconds, a decision and an event near the end. */
async function live(run: ReturnType<ReturnType<typeof router>["start"]>): Promise<void> {
	for (let i = 0; i < 600; i++) {
		await run.time.advanceSync(2_000);
		run.recorder.sample("wan", run.time.clock.monotonicMs(), { rtt_ms: 20 + (i % 5), score: 90 });
		run.recorder.sample("wanb", run.time.clock.monotonicMs(), { rtt_ms: 60, rsrp_dbm: -101.5 });
	}
	const at = run.time.clock.monotonicMs();
	run.recorder.output([decision("d1", at - 1_000)], [event("e1", at - 1_000)], [action]);
	run.recorder.input({
		kind: "applied",
		atMs: at - 900,
		actionId: "a1",
		ok: true,
		method: "mwan3 chains",
		durationMs: 18,
		text: "done",
	});
}

test("after a restart everything is there, on the new clock", async () => {
	const box = router();
	const first = box.start(fakeTime(50_000));
	await live(first);
	const decidedAtWall = first.recorder.toUnixMs(first.recorder.decision()?.decision.atMs ?? 0);
	box.boot("boot-1", 1_300);
	first.recorder.close();

	box.boot("boot-1", 1_330);
	const second = box.start(fakeTime(700, first.time.clock.wallMs() + 30_000));
	assert.deepEqual(second.log.messages("warn"), []);
	assert.equal(second.recorder.stats().snapshot.atStart, "restored");
	const story = second.recorder.decision("r1-d1");
	assert.equal(story?.decision.text, "wan is dead – “tot”");
	assert.equal(story?.decision.atMs, 700 - 30_000 - 1_000);
	assert.equal(second.recorder.toUnixMs(story?.decision.atMs ?? 0), decidedAtWall);
	assert.equal(story?.decision.id, "r1-d1", "the new run's d1 is another decision");
	assert.deepEqual(story?.actions, [{ ...action, id: "r1-a1", decisionId: "r1-d1" }]);
	assert.equal(story?.results[0]?.method, "mwan3 chains");
	assert.equal(second.recorder.events(10)[0]?.reason, "ü");
	const history = second.recorder.history("wanb", 700 - 30 * 60_000, 30);
	assert.ok(history && history.points.length >= 18, `${history?.points.length} points`);
	for (const point of history.points) {
		assert.equal(point.values.rsrp_dbm?.mean, -101.5);
		assert.equal(point.values.score, undefined);
	}
	second.recorder.output([decision("d1", 750)], [], []);
	assert.equal(second.recorder.decision("d1")?.decision.atMs, 750);
	assert.equal(second.recorder.decision("r1-d1")?.decision.atMs, 700 - 30_000 - 1_000);
	// New samples go on behind the restored ones.
	second.recorder.sample("wan", 800, { rtt_ms: 1 });
	assert.equal(second.recorder.stats().samples.dropped, 0);
});

for (const jump of [YEARS_50, -YEARS_50]) {
	test(`a wall clock that jumps ${jump > 0 ? "on" : "back"} by 50 years changes nothing within one boot`, async () => {
		const box = router();
		const first = box.start(fakeTime(50_000));
		await live(first);
		const before = first.recorder.history("wan", 0, 10);
		first.time.jumpWall(jump);
		assert.deepEqual(first.recorder.history("wan", 0, 10), before);
		box.boot("boot-1", 1_300);
		first.recorder.close();
		box.boot("boot-1", 1_310);
		const second = box.start(fakeTime(0, 3));
		assert.equal(second.recorder.stats().snapshot.atStart, "restored");
		assert.equal(second.recorder.decision("r1-d1")?.decision.atMs, -11_000);
		// Between snapshot and start the wall clock may jump too; the kernel's clock decides.
		assert.ok(Math.abs(second.recorder.toUnixMs(-11_000) - (3 - 11_000)) <= 1);
	});
}

test("after a reboot the wall clock tells the gap, when the gap is possible", async () => {
	const box = router();
	const first = box.start(fakeTime(50_000));
	await live(first);
	first.recorder.close();
	const closedAtWall = first.time.clock.wallMs();
	const kept = box.files.content.get(PATH) as Uint8Array;
	for (const [gapMs, expected] of [
		[5 * 60_000, "restored"],
		[25 * HOUR, "too old, or the wall clock was set since"],
		[-60_000, "from the future: the wall clock was set back since"],
		[-YEARS_50, "from the future: the wall clock was set back since"],
		[YEARS_50, "too old, or the wall clock was set since"],
	] as const) {
		box.boot("boot-2", 40);
		box.files.content.set(PATH, kept);
		const next = box.start(fakeTime(1_000, closedAtWall + gapMs));
		assert.equal(next.recorder.stats().snapshot.atStart, expected);
		assert.equal(next.recorder.decisions(9).length, expected === "restored" ? 1 : 0);
		if (expected === "restored") {
			assert.equal(next.recorder.decisions(9)[0]?.atMs, 1_000 - gapMs - 1_000);
		} else {
			assert.equal(next.log.messages("warn").length, 1);
			assert.equal(next.recorder.history("wan", -1e12, 10), null);
		}
	}
});

test("a snapshot torn at any byte, or with any byte changed, is ignored with one word", async () => {
	const box = router();
	const first = box.start(fakeTime(50_000), { maxRamMb: 1 });
	await live(first);
	first.recorder.close();
	const whole = box.files.content.get(PATH) as Uint8Array;
	assert.ok(whole.length > 5_000);
	const step = Math.max(1, Math.floor(whole.length / 700));
	const offsets = new Set<number>();
	for (let i = 0; i < 120; i++) offsets.add(i);
	for (let i = 0; i < whole.length; i += step) offsets.add(i);
	for (let i = whole.length - 40; i < whole.length; i++) offsets.add(i);
	for (const offset of offsets) {
		const torn = readSections(whole.slice(0, offset));
		assert.ok("refused" in torn && torn.refused === "torn", `cut at ${offset}: ${JSON.stringify(torn)}`);
		const changed = whole.slice();
		changed[offset] = (changed[offset] ?? 0) ^ 0x10;
		assert.ok("refused" in readSections(changed), `byte ${offset} changed`);
	}
	for (const bytes of [
		whole.slice(0, 999),
		new Uint8Array(0),
		new Uint8Array(5_000),
		whole.slice(0, whole.length - 1),
	]) {
		box.files.content.set(PATH, bytes);
		const next = box.start(fakeTime(1_000));
		assert.deepEqual(next.log.messages("warn"), ["snapshot ignored"]);
		assert.deepEqual(next.recorder.decisions(10), []);
		assert.equal(next.recorder.history("wan", -1e9, 5), null);
	}
});

test("a snapshot of another version is ignored and says so", () => {
	const box = router();
	box.files.content.set(PATH, headerBytes(7));
	const run = box.start(fakeTime());
	assert.equal(run.recorder.stats().snapshot.atStart, "version 7");
	assert.deepEqual(run.log.lines[0]?.fields, { path: PATH, reason: "version 7" });
});

test("rows with a right checksum but senseless content restore nothing and break nothing", async () => {
	const box = router();
	const file = await import("../../daemon/record/snapshot-file.ts");
	const meta = { run: 1, monotonicMs: 1, wallMs: 1_760_000_000_000, uptimeMs: 1_000, bootId: "boot-1" };
	const contents = [
		{ kind: "rows" as const, content: new Uint8Array(2) },
		{ kind: "rows" as const, content: new Uint8Array([255, 255, 255, 255, 1]) },
		{ kind: "list" as const, content: file.jsonBytes({ events: 1 }) },
		{ kind: "list" as const, content: file.jsonBytes(["nobody", "[]"]) },
		{ kind: "list" as const, content: file.jsonBytes(["events", 5, '["x"]', '["id",1,"type","{}"]']) },
	];
	const parts = [
		file.headerBytes(),
		file.sectionBytes({ kind: "meta", content: file.jsonBytes(meta) }),
		...contents.map(file.sectionBytes),
		file.endBytes(contents.length + 1),
	];
	box.files.content.set(PATH, concat(parts));
	const run = box.start(fakeTime());
	assert.equal(run.recorder.stats().snapshot.atStart, "restored");
	assert.equal(run.recorder.events(9).length, 1);
});

test("written in steps: every five minutes, within one when there is a new event, kept within its share, last written on close", async () => {
	const box = router();
	const run = box.start(fakeTime(), { maxRamMb: 1 });
	for (let u = 0; u < 16; u++) {
		for (let i = 0; i < 2_000; i++) run.recorder.sample(`u${u}`, 1_000 + i, { rtt_ms: i, score: 1, loss_pct: 0 });
	}
	await run.time.advance(61_000);
	assert.equal(box.files.writes, 1);
	assert.ok(
		(run.recorder.stats().snapshot.bytes ?? 0) <= 0.08 * 1_048_576,
		String(run.recorder.stats().snapshot.bytes),
	);
	await run.time.advance(4 * 60_000);
	assert.equal(box.files.writes, 1, "samples alone can wait");
	await run.time.advance(60_000);
	assert.equal(box.files.writes, 2);
	run.recorder.output([], [event("e1", 1)], []);
	await run.time.advance(60_000);
	assert.equal(box.files.writes, 3);
	await run.time.advance(4 * 60_000);
	assert.equal(box.files.writes, 3);
	await run.time.advance(60_000);
	assert.equal(box.files.writes, 4);
	run.recorder.close();
	run.recorder.close();
	assert.equal(box.files.writes, 5);
	assert.equal(run.time.pending(), 0, "no timer is left behind");
});

test("a full /tmp is told once, tried again, and told when it works again", async () => {
	const box = router();
	const run = box.start(fakeTime());
	run.recorder.sample("wan", 1_001, { rtt_ms: 4 });
	box.files.full = true;
	await run.time.advance(200_000);
	const warnings = run.log.lines.filter((line) => line.level === "warn");
	assert.equal(warnings.length, 1);
	assert.equal(warnings[0]?.fields.reason, "no space left");
	assert.equal(run.recorder.stats().snapshot.problem, "no space left");
	box.files.full = false;
	await run.time.advance(60_000);
	assert.equal(run.recorder.stats().snapshot.problem, null);
	assert.equal(run.log.messages("info").filter((msg) => msg === "snapshot written again").length, 1);
});
