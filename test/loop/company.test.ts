/**
 * What waits for company in the loop, inputs and ticks: nothing is seen of it from outside, and the record may ask in the
 * middle.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { step } from "../../daemon/decide/engine.ts";
import { type EngineState, initialState } from "../../daemon/decide/state.ts";
import type { Input } from "../../daemon/decide/types.ts";
import { createLoop, type Loop } from "../../daemon/loop/loop.ts";
import { facts, SETTINGS, World } from "../decide/support.ts";
import { fakeLog, fakeTime } from "../support/fake-platform.ts";

/** Good uplinks, replies four times a second. */
function inputs(uplinks = 2): Input[] {
	const world = new World(Array.from({ length: uplinks }, (_, at) => facts(`uplink${at}`, at)));
	for (const { truth } of world.members.values()) truth.everyMs = 250;
	world.run(60_000);
	return [...world.inputs];
}

test("the state asked for before any input leads, with all that came since, to the state that is", () => {
	const platform = fakeTime();
	const seen: { readonly before: EngineState; readonly input: Input }[] = [];
	let together = 0;
	const loop = createLoop({
		platform,
		log: fakeLog(),
		settings: SETTINGS,
		tickMs: () => 1000,
		onInput(input) {
			const before = loop.state();
			if (before.nowMs === seen.at(-1)?.input.atMs) together++;
			seen.push({ before, input });
		},
		onOutput: () => undefined,
		steer: () => undefined,
		recheck: () => undefined,
		onTick: () => undefined,
	});
	const all = inputs();
	all.forEach((input, at) => {
		loop.feed(input);
		if (at % 7 === 0) assert.ok(loop.state().nowMs >= input.atMs, "who asks sees what waits");
	});
	const last = loop.state();
	assert.equal(seen.length, all.length);
	assert.ok(together > 100, `${together} were taken behind another`);
	for (const from of [1, 40, 41, 42, 43, 44, Math.floor(all.length / 2), all.length - 3]) {
		const start = seen[from]!.before;
		const after = seen.slice(from).reduce((state, { input }) => step(state, input).state, start);
		assert.deepEqual(after, last, `from input ${from} on`);
	}
	loop.close();
});

interface Rig {
	readonly platform: ReturnType<typeof fakeTime>;
	readonly loop: Loop;
	/** In the order in which the record heard them. */
	readonly heard: Input[];
	/** What the loop made of it up to now. */
	readonly stateNow: () => EngineState;
	/** When the loop woke up by itself. */
	readonly wakes: number[];
	readonly ticks: number[];
}

/** A loop that has heard these at their times, but for the ticks: those are its own. */
function lived(all: readonly Input[]): Rig {
	const platform = fakeTime(all[0]!.atMs);
	const heard: Input[] = [];
	const wakes: number[] = [];
	const ticks: number[] = [];
	const loop = createLoop({
		platform,
		log: fakeLog(),
		settings: SETTINGS,
		tickMs: () => 1000,
		onInput: (input) => void heard.push(input),
		onOutput: () => undefined,
		steer: () => undefined,
		recheck: () => undefined,
		beforeTick: () => void wakes.push(platform.clock.monotonicMs()),
		onTick: (_, atMs) => void ticks.push(atMs),
	});
	loop.start();
	for (const input of all) {
		if (input.kind === "tick") continue;
		platform.advanceSync(input.atMs - platform.clock.monotonicMs());
		loop.feed(input);
	}
	const stateNow = () => heard.reduce((state, input) => step(state, input).state, initialState(SETTINGS));
	return { platform, loop, heard, stateNow, wakes, ticks };
}

const isRising = (list: readonly number[]): boolean => list.every((one, at) => at === 0 || one >= list[at - 1]!);

const calmly = (uplinks: number): void => {
	const rig = lived(inputs(uplinks));
	const { platform, loop, heard, wakes, ticks } = rig;
	platform.advanceSync(Math.ceil(platform.clock.monotonicMs() / 2000) * 2000 - platform.clock.monotonicMs());
	const calm = ticks.filter((atMs) => atMs > 40_000);
	assert.ok(calm.length >= 5);
	assert.deepEqual(
		ticks,
		ticks.map((_, at) => ticks[0]! + at * 1000),
		"no second is left out",
	);
	const late = wakes.filter((atMs) => atMs > 40_000);
	assert.ok(late.length <= Math.ceil(calm.length / 2) + 1, `${late.length} wake-ups for ${calm.length} ticks`);
	assert.ok(isRising(heard.map(({ atMs }) => atMs)));
	assert.deepEqual(loop.state(), rig.stateNow(), "a recording of it leads there, too");
	loop.close();
};

test("on calm links every other second is worked on with the next one, each input in its order, each tick at its time", () =>
	calmly(2));

test("on sixteen of them, too", () => calmly(16));

test("a loss between does not wait, and finds the tick before it done; whoever asks, too", () => {
	const all = inputs();
	const { platform, loop, heard, ticks } = lived(all);
	const { clock } = platform;
	const probe = all.findLast((input) => input.kind === "probe")!;
	// An odd second has passed that the next even one would have worked on.
	platform.advanceSync(Math.ceil(clock.monotonicMs() / 2000) * 2000 + 1300 - clock.monotonicMs());
	const waiting = Math.floor(clock.monotonicMs() / 1000) * 1000;
	assert.ok(ticks.at(-1)! < waiting, "the last tick waits");
	loop.feed({ ...probe, atMs: clock.monotonicMs(), rttMs: null });
	assert.deepEqual(
		heard.slice(-2).map(({ kind, atMs }) => [kind, atMs]),
		[
			["tick", waiting],
			["probe", clock.monotonicMs()],
		],
	);
	// Not calm any more: each second by itself.
	platform.advanceSync(700);
	platform.advanceSync(1000);
	assert.equal(ticks.at(-1), clock.monotonicMs());
	loop.close();

	const asked = lived(all);
	asked.platform.advanceSync(Math.ceil(clock.monotonicMs() / 2000) * 2000 + 1300 - asked.platform.clock.monotonicMs());
	const odd = Math.floor(asked.platform.clock.monotonicMs() / 1000) * 1000;
	assert.ok(asked.ticks.at(-1)! < odd);
	assert.equal(asked.loop.state().nowMs, odd);
	asked.loop.close();
});

test("after standing still there is one tick, not one for each second that passed", () => {
	const all = inputs();
	const { platform, loop, ticks } = lived(all);
	const before = ticks.length;
	const probe = all.findLast((input) => input.kind === "probe")!;
	loop.feed({ ...probe, atMs: platform.clock.monotonicMs() + 60_000 });
	assert.equal(ticks.length - before, 1);
	loop.close();
});
