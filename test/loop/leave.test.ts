/** The process ends, once, whatever becomes of what has to be closed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createLeave, LEAVE_MS } from "../../daemon/loop/leave.ts";
import { fakeLog, fakeTime, settle } from "../support/fake-platform.ts";

function leaving(stop: () => Promise<void>) {
	const time = fakeTime();
	const log = fakeLog();
	const did: string[] = [];
	const leave = createLeave({
		timers: time.timers,
		log,
		stop,
		inOrder: () => void did.push("in order"),
		exit: (code) => void did.push(`exit ${code}`),
	});
	return { time, log, did, leave };
}

test("asked to end it ends in order, and but once", async () => {
	const { did, leave } = leaving(() => Promise.resolve());
	leave("SIGTERM", 0);
	leave("SIGINT", 0);
	await settle();
	assert.deepEqual(did, ["in order", "exit 0"]);
});

test("after an error it does not end in order", async () => {
	const { did, leave } = leaving(() => Promise.resolve());
	leave("fatal error", 1);
	await settle();
	assert.deepEqual(did, ["exit 1"]);
});

test("what cannot be closed is told, and it ends", async () => {
	const { did, log, leave } = leaving(() => Promise.reject(new Error("out of memory in regexp execution")));
	leave("SIGTERM", 0);
	await settle();
	assert.deepEqual(did, ["exit 1"]);
	assert.deepEqual(log.lines.at(-1)?.fields, { reason: "out of memory in regexp execution" });
});

test("what stands still is not waited for without end", async () => {
	const { did, time, leave } = leaving(() => new Promise(() => undefined));
	leave("SIGTERM", 0);
	await time.advance(LEAVE_MS - 1);
	assert.deepEqual(did, []);
	await time.advance(1);
	assert.deepEqual(did, ["exit 1"]);
});
