/** When a detector is asked again: on time, late, and late though a reply was heard before the timer was. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createDeadline } from "../../daemon/probe/deadline.ts";
import { fakeTime } from "../support/fake-platform.ts";

/** `stand(ms)`: the process stands still, no timer fires meanwhile. */
function world() {
	const time = fakeTime();
	let stoodMs = 0;
	const clock = { ...time.clock, monotonicMs: () => time.clock.monotonicMs() + stoodMs };
	const told: boolean[] = [];
	const deadline = createDeadline(
		{ clock, timers: time.timers },
		{ otherMs: () => null, onOver: (late) => void told.push(late) },
	);
	return {
		deadline,
		told,
		inMs: (ms: number): number => clock.monotonicMs() + ms,
		advance: (ms: number): void => time.advanceSync(ms),
		stand(ms: number): void {
			stoodMs += ms;
		},
	};
}

test("on time: asked once, and nobody stood still", () => {
	const { deadline, told, inMs, advance } = world();
	deadline.set(inMs(100));
	advance(50);
	deadline.set(inMs(100));
	advance(99);
	assert.deepEqual(told, []);
	advance(3);
	assert.deepEqual(told, [false]);
	assert.equal(deadline.atMs(), null);
});

test("late: the detector is told that we stood still", () => {
	const { deadline, told, inMs, advance, stand } = world();
	deadline.set(inMs(100));
	stand(2000);
	advance(102);
	assert.deepEqual(told, [true]);
});

test("a reply that is heard before the overdue timer does not make it one that is on time", () => {
	const { deadline, told, inMs, advance, stand } = world();
	deadline.set(inMs(100));
	stand(2000);
	deadline.set(inMs(80));
	deadline.set(null);
	advance(102);
	assert.deepEqual(told, [true]);
	deadline.set(inMs(80));
	advance(82);
	assert.deepEqual(told, [true, false]);
});
