import assert from "node:assert/strict";
import { test } from "node:test";
import { endsInOrder, startHeartbeat } from "../../daemon/loop/heartbeat.ts";
import type { Host } from "../../daemon/platform/platform.ts";
import { fakeFiles, fakeLog, fakeTime } from "../support/fake-platform.ts";

const PATH = "/tmp/autonomy/heartbeat";

function setUp() {
	const time = fakeTime();
	const files = fakeFiles({ "/proc/uptime": "12345.67 9876.54\n" });
	const log = fakeLog();
	const host = { pid: 42, memory: () => ({ rssBytes: 50_000_000, heapBytes: 1 }) } as unknown as Host;
	const start = () => startHeartbeat({ platform: { ...time, files, host }, log, folder: "/tmp/autonomy" });
	return { time, files, log, start };
}

test("beats at once and every 10 s, by the kernel's time since boot, and leaves nothing behind", async () => {
	const { time, files, start } = setUp();
	const beating = start();
	assert.equal(files.content.get(PATH), "at_s=12345.67\npid=42\nrss_kb=48828\nlag_ms=0\n");
	files.content.set("/proc/uptime", "12355.70 1.00\n");
	time.jumpWall(-1e12);
	await time.advance(9_900);
	assert.equal(files.writes, 1);
	await time.advance(100);
	assert.match(String(files.content.get(PATH)), /^at_s=12355\.70\n/);
	await time.advance(60_000);
	assert.equal(files.writes, 8);
	beating.close();
	assert.equal(files.content.has(PATH), false);
	assert.equal(time.pending(), 0);
});

test("tells the worst lateness of a timer since the last beat", () => {
	const { time, files } = setUp();
	let lateMs = 0;
	const clock = { ...time.clock, monotonicMs: () => time.clock.monotonicMs() + lateMs };
	const host = { pid: 1, memory: () => ({ rssBytes: 1024, heapBytes: 1 }) } as unknown as Host;
	const beating = startHeartbeat({
		platform: { clock, timers: time.timers, files, host },
		log: fakeLog(),
		folder: "/tmp/autonomy",
	});
	time.advanceSync(3000);
	lateMs = 700;
	time.advanceSync(7000);
	assert.match(String(files.content.get(PATH)), /\nlag_ms=700\n$/);
	time.advanceSync(10_000);
	assert.match(String(files.content.get(PATH)), /\nlag_ms=0\n$/);
	beating.close();
});

test("tells what the daemon costs, whatever its name holds", async () => {
	const { time, files, start } = setUp();
	const stat = (user: number, system: number): string =>
		`42 (a) b (c)) S 1 42 42 0 -1 4194560 100 0 0 0 ${user} ${system} 0 0 20 0 1 0 1 1 1\n`;
	files.content.set("/proc/self/stat", stat(100, 50));
	const beating = start();
	assert.equal(beating.load(), null);
	files.content.set("/proc/self/stat", stat(130, 70));
	await time.advance(10_000);
	assert.deepEqual(beating.load(), { cpuPct: 5, lagMs: 0 });
	beating.close();
});

test("a full file system is told once, and tried again", async () => {
	const { time, files, log, start } = setUp();
	files.full = true;
	const beating = start();
	await time.advance(30_000);
	assert.equal(log.messages("warn").length, 1);
	assert.match(String(log.lines[0]?.fields.reason), /starwatch sees no sign of life: .*ENOSPC/);
	files.full = false;
	await time.advance(10_000);
	assert.ok(files.content.has(PATH));
	beating.close();
});

test("what cannot be removed is no reason not to end", () => {
	const { files, start } = setUp();
	const beating = start();
	files.content.set("/tmp/autonomy/starts", "1.00\n");
	endsInOrder(files, "/tmp/autonomy");
	assert.equal(files.content.has("/tmp/autonomy/starts"), false);
	files.remove = () => {
		throw new Error("EROFS");
	};
	beating.close();
	endsInOrder(files, "/tmp/autonomy");
});
