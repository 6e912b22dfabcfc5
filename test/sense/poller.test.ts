import assert from "node:assert/strict";
import { test } from "node:test";
import { AutonomyError } from "../../daemon/platform/error.ts";
import { createPoller, MAX_PAUSE_MS } from "../../daemon/sense/poller.ts";
import { fakeTime } from "../support/fake-platform.ts";

function begin(work: (stillWanted: () => boolean) => Promise<string>, intervalMs = 1000) {
	const time = fakeTime();
	const states: string[] = [];
	const poller = createPoller({
		platform: time,
		intervalMs: () => intervalMs,
		limitMs: 2000,
		work,
		onState: (health) => states.push(health.state),
	});
	return { time, poller, states };
}

test("asks at once, then at its interval, and tells what it heard", async () => {
	let asked = 0;
	const { time, poller, states } = begin(async () => `answer ${++asked}`);
	assert.equal(poller.health().state, "starting");
	await time.advance(0);
	assert.equal(poller.health().text, "answer 1");
	await time.advance(3500);
	assert.equal(asked, 4);
	assert.deepEqual(states, ["ok"]);
	poller.close();
	await time.advance(10_000);
	assert.equal(asked, 4);
	assert.equal(time.pending(), 0);
});

test("failures: later and later up to 5 minutes, and at the interval again after an answer", async () => {
	let asked = 0;
	let broken = true;
	const { time, poller, states } = begin(async () => {
		asked++;
		if (broken) throw new Error("no");
		return "yes";
	});
	await time.advance(0);
	assert.deepEqual([poller.health().state, poller.health().text], ["failing", "no"]);
	const pauses: number[] = [];
	for (let i = 0; i < 9; i++) {
		const pauseMs = (poller.health().nextTryMs ?? 0) - time.clock.monotonicMs();
		pauses.push(pauseMs);
		await time.advance(pauseMs);
	}
	assert.deepEqual(
		pauses,
		[5, 10, 20, 40, 80, 160, 300, 300, 300].map((s) => s * 1000),
	);
	assert.equal(asked, 10);
	broken = false;
	await time.advance(MAX_PAUSE_MS);
	assert.equal(poller.health().state, "ok");
	await time.advance(1000);
	assert.equal(asked, 12);
	assert.deepEqual(states, ["failing", "ok"]);
	poller.close();
});

for (const [code, state] of [
	["bus_denied", "denied"],
	["bus_not_found", "absent"],
	["timeout", "failing"],
] as const) {
	test(`${code} means ${state}`, async () => {
		const { time, poller } = begin(() => Promise.reject(new AutonomyError(code, "x")));
		await time.advance(0);
		assert.equal(poller.health().state, state);
		const pauseMs = (poller.health().nextTryMs ?? 0) - time.clock.monotonicMs();
		assert.equal(pauseMs, state === "failing" ? 5_000 : 60_000);
		poller.close();
	});
}

test("no answer in time is a failure; the late answer is not wanted, and never two questions at once", async () => {
	let asked = 0;
	let release = (): void => {};
	const used: boolean[] = [];
	const { time, poller } = begin(async (stillWanted) => {
		asked++;
		await new Promise<void>((resolve) => {
			release = resolve;
		});
		used.push(stillWanted());
		return "late";
	});
	await time.advance(500);
	poller.soon();
	poller.soon();
	assert.equal(asked, 1);
	await time.advance(2000);
	assert.deepEqual([poller.health().state, poller.health().text], ["failing", "no answer within 2000 ms"]);
	release();
	await time.advance(0);
	assert.deepEqual(used, [false]);
	assert.equal(poller.health().state, "failing");
	poller.close();
});

test("soon asks now", async () => {
	let asked = 0;
	const { time, poller } = begin(async () => `answer ${++asked}`, 60_000);
	await time.advance(10);
	poller.soon();
	await time.advance(0);
	assert.equal(asked, 2);
	poller.close();
});

test("what fails before its first wait is the source's failure, not the caller's", async () => {
	const { time, poller } = begin(() => {
		throw new Error("at once");
	});
	await time.advance(0);
	assert.equal(poller.health().text, "at once");
	poller.close();
});

test("answers that take their time move no question away from the whole second", async () => {
	const askedAt: number[] = [];
	const { time, poller } = begin(async () => {
		askedAt.push(time.clock.monotonicMs());
		await new Promise<void>((resolve) => time.timers.after(askedAt.length % 2 === 0 ? 130 : 7, resolve));
		return "";
	});
	await time.advance(10_500);
	assert.deepEqual(
		askedAt,
		Array.from({ length: 11 }, (_, i) => 1000 * (i + 1)),
	);
	poller.close();
});
