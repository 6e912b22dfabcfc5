import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { createNodePlatform } from "../../daemon/platform/node/platform.ts";
import { createRecorder } from "../../daemon/record/recorder.ts";
import { fakeLog } from "../support/fake-platform.ts";

/** Runs in a process of its own, so that what is measured is the record and nothing else. */
const PROGRAM = `
import { createRecorder } from "${new URL("../../daemon/record/recorder.ts", import.meta.url).href}";
import { fakeFiles, fakeLog, fakeTime } from "${new URL("../support/fake-platform.ts", import.meta.url).href}";
const used = () => { gc(); gc(); const m = process.memoryUsage(); return m.heapUsed + m.arrayBuffers; };
const time = fakeTime(0);
function make() {
	const recorder = createRecorder({ platform: { ...time, files: fakeFiles() }, log: fakeLog(),
		settings: { retentionHours: 168, maxRamMb: 4, snapshotPath: "/tmp/x" } });
	recorder.setCheckpointSource(() => JSON.stringify({ filler: "s".repeat(20000) }));
	return recorder;
}
const text = "the link stopped answering and three targets were silent for ".repeat(6);
function feed(recorder, seconds) {
for (let s = 0; s < seconds; s++) {
	const at = s * 1000;
	for (let u = 0; u < 8; u++) {
		recorder.sample("uplink" + u, at, { rtt_ms: s % 90, loss_pct: 0, jitter_ms: 2, score: 80, rx_bytes_per_s: s, rsrp_dbm: -90 });
		recorder.input({ kind: "probe", uplink: "uplink" + u, atMs: at + u, family: "ipv4", method: "icmp", target: "1.1.1.1", rttMs: s / 7, excused: false });
	}
	if (s % 10 === 0) {
		recorder.output([{ id: "d" + s, atMs: at, kind: "failover", rule: "r", from: "a", to: "b", text: text + s, figures: [], candidates: [], observed: false }],
			[{ id: "e" + s, atMs: at, type: "member_state", uplink: "a", from: "x", to: "y", reason: text + s, decisionId: null }], []);
		recorder.input({ kind: "command", atMs: at + 9, id: "c" + s, name: "hold", uplink: "a", forMs: null, reason: text + s });
	}
}
}
const warm = make();
feed(warm, 3000);
warm.close();
const before = used();
const recorder = make();
feed(recorder, 30000);
const grown = used() - before;
const stats = recorder.stats();
const counted = stats.samples.bytes + stats.inputs.bytes + Object.values(stats.lists).reduce((sum, list) => sum + list.bytes, 0);
console.log(JSON.stringify({ grown, counted, maxBytes: stats.maxBytes, stats }));
`;

test("max_ram_mb holds for the memory really used, and what is counted is near what is used", () => {
	const run = spawnSync(process.execPath, ["--expose-gc", "--import", "tsx", "--input-type=module", "-e", PROGRAM], {
		encoding: "utf8",
		timeout: 600_000,
	});
	assert.equal(run.status, 0, run.stderr);
	const result = JSON.parse(run.stdout) as { grown: number; counted: number; maxBytes: number };
	assert.ok(result.grown <= result.maxBytes, `${result.grown} bytes used of ${result.maxBytes}: ${run.stdout}`);
	assert.ok(result.counted <= result.maxBytes);
	const ratio = result.grown / result.counted;
	assert.ok(ratio > 0.5 && ratio < 1.25, `used ${result.grown}, counted ${result.counted}`);
});

test("on real files: written, read back by a second recorder", (t) => {
	const platform = createNodePlatform();
	const folder = `${tmpdir()}/autonomy-record-test-${process.pid}`;
	const snapshotPath = `${folder}/deep/record.snap`;
	t.after(() => rmSync(folder, { recursive: true, force: true }));
	const settings = { retentionHours: 24, maxRamMb: 8, snapshotPath };
	const first = createRecorder({ platform, log: fakeLog(), settings });
	const at = platform.clock.monotonicMs();
	for (let i = 0; i < 200; i++) first.sample("wan", at + i / 1_000, { rtt_ms: i });
	first.note("config_reload", null, "asked by test");
	first.close();
	assert.ok(readFileSync(snapshotPath).length > 500);
	const second = createRecorder({ platform, log: fakeLog(), settings });
	assert.equal(second.stats().snapshot.atStart, "restored");
	assert.equal(second.events(5)[0]?.reason, "asked by test");
	assert.equal(second.samples("wan", -1e15, 1_000)?.length, 200);
	second.close();
});
