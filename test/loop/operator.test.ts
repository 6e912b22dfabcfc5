import assert from "node:assert/strict";
import { test } from "node:test";
import { step } from "../../daemon/decide/engine.ts";
import { type EngineState, initialState } from "../../daemon/decide/state.ts";
import type { CommandName, Input } from "../../daemon/decide/types.ts";
import { createOperatorMemory } from "../../daemon/loop/operator.ts";
import { facts, SETTINGS } from "../decide/support.ts";
import { fakeFiles, fakeLog, fakeTime } from "../support/fake-platform.ts";

const PATH = "/tmp/autonomy/operator.json";

function begin(files = fakeFiles(), time = fakeTime()) {
	const log = fakeLog();
	const memory = createOperatorMemory({ platform: { clock: time.clock, files }, log, path: PATH });
	let state: EngineState = initialState(SETTINGS);
	const feed = (input: Input): void => {
		memory.heard(input);
		state = step(state, input).state;
		memory.remember(state);
	};
	const all = [facts("wan", 0), facts("wanb", 1)];
	const up = (uplinks = all): void => {
		feed({ kind: "uplinks", atMs: time.clock.monotonicMs(), uplinks });
		for (const command of memory.again(uplinks)) feed(command);
	};
	let commands = 0;
	const ask = (name: CommandName, uplink: string | null, forMs: number | null, reason = "why"): void =>
		feed({ kind: "command", atMs: time.clock.monotonicMs(), id: `c${++commands}`, name, uplink, forMs, reason });
	return { files, time, log, up, ask, state: () => state, noted: () => files.content.get(PATH) };
}

test("a pin, a promotion and holds outlive the daemon, with the time they have left", () => {
	const first = begin();
	first.up();
	assert.equal(first.noted(), undefined, "nothing asked, nothing written");
	first.ask("hold", "wan", 0, "moved house");
	first.ask("promote", "wanb", null);
	first.ask("failover", "wanb", 600_000, "football");
	const later = fakeTime();
	later.jumpWall(100_000);
	const second = begin(first.files, later);
	second.up();
	const { pin, promoted, uplinks, nowMs } = second.state();
	assert.equal(pin?.uplink, "wanb");
	assert.equal(pin?.reason, "football");
	assert.equal((pin?.untilMs ?? 0) - nowMs, 500_000);
	assert.equal(promoted, "wanb");
	assert.deepEqual(uplinks.find((one) => one.facts.id === "wan")?.held, { untilMs: null, reason: "moved house" });
	second.ask("restore", null, null);
	second.ask("release", null, null);
	assert.equal(second.noted(), undefined, "nothing is asked any more");
});

test("an order given before the uplinks are known counts more than what was asked before the restart", () => {
	const first = begin();
	first.up();
	first.ask("promote", "wanb", null);
	first.ask("failover", "wanb", 600_000);
	const second = begin(first.files);
	second.ask("restore", null, null);
	second.up();
	assert.deepEqual([second.state().pin, second.state().promoted], [null, null]);
	const third = begin(fakeFiles({ [PATH]: first.noted() ?? "" }));
	assert.equal(second.noted(), undefined);
	third.up();
	assert.equal(third.state().pin, null);
});

test("what ran out meanwhile is not asked again", () => {
	const first = begin();
	first.up();
	first.ask("failover", "wanb", 60_000);
	const later = fakeTime();
	later.jumpWall(61_000);
	const second = begin(first.files, later);
	second.up();
	assert.equal(second.state().pin, null);
});

test("a wish waits for its uplink for a minute, and is not forgotten by a third start meanwhile", () => {
	const first = begin();
	first.up();
	first.ask("failover", "wanb", 0);
	const second = begin(first.files);
	second.up([facts("wan", 0)]);
	assert.equal(second.state().pin, null);
	assert.match(String(second.noted()), /wanb/);
	second.up();
	assert.equal(second.state().pin?.uplink, "wanb");

	const late = begin(first.files);
	late.up([facts("wan", 0)]);
	late.time.advanceSync(60_000);
	late.up();
	late.up();
	assert.equal(late.state().pin?.uplink, "wanb", "the picture in which it appears counts");
});

test("what runs out while its uplink is waited for is not asked for ever", () => {
	const first = begin();
	first.up();
	first.ask("failover", "wanb", 5_000);
	first.ask("hold", "wanb", 5_000);
	const second = begin(first.files);
	second.up([facts("wan", 0)]);
	second.time.advanceSync(10_000);
	second.up();
	assert.equal(second.state().pin, null);
	assert.equal(second.state().uplinks.find((one) => one.facts.id === "wanb")?.held, null);
});

test("an order given while a wish waits ends what it is about, and nothing else", () => {
	const first = begin();
	first.up();
	first.ask("promote", "wanb", null);
	first.ask("hold", "wanb", 0);
	const after = (name: CommandName, uplink: string | null) => {
		const second = begin(fakeFiles({ [PATH]: first.noted() ?? "" }));
		second.up([facts("wan", 0)]);
		second.ask(name, uplink, null);
		second.up();
		const { promoted, uplinks } = second.state();
		return [promoted, uplinks.find((one) => one.facts.id === "wanb")?.held !== null];
	};
	assert.deepEqual(after("recheck", "wanb"), ["wanb", true], "a look is no release");
	assert.deepEqual(after("restore", null), [null, true], "restore ends a promotion, not a hold");
	assert.deepEqual(after("release", null), ["wanb", false], "release of all means those that wait, too");
	assert.deepEqual(after("hold", "wan"), ["wanb", true]);
});

test("torn, foreign and hostile files are as if nothing had been asked", () => {
	const wish = { name: "failover", uplink: "wanb", leftMs: null, reason: "x" };
	const now = fakeTime().clock.wallMs();
	for (const text of [
		"",
		"{",
		"[]",
		"null",
		JSON.stringify({ atUnixMs: "now", wishes: [wish] }),
		JSON.stringify({ atUnixMs: now, wishes: [{ ...wish, name: "format" }, { ...wish, uplink: 7 }, null, "x"] }),
		JSON.stringify({ atUnixMs: now, wishes: [{ ...wish, reason: "y".repeat(2000) }] }),
	]) {
		const one = begin(fakeFiles({ [PATH]: text }));
		one.up();
		assert.equal(one.state().pin, null, text.slice(0, 60));
	}
});

test("a full /tmp is told once and stops nothing", () => {
	const one = begin();
	one.files.full = true;
	one.up();
	one.ask("failover", "wanb", 0);
	one.ask("promote", "wanb", null);
	assert.equal(one.state().pin?.uplink, "wanb");
	assert.equal(one.log.messages("warn").length, 1);
	one.files.full = false;
	// Whatever happens next: nobody has to ask again.
	one.up();
	const second = begin(one.files);
	second.up();
	assert.deepEqual([second.state().pin?.uplink, second.state().promoted], ["wanb", "wanb"]);
});

test("an order from before, over which nothing could be written, does not come back once there is room", () => {
	const one = begin();
	one.up();
	one.ask("failover", "wan", 0);
	one.files.full = true;
	one.ask("failover", "wanb", 0);
	one.files.full = false;
	one.up();
	const second = begin(one.files);
	second.up();
	assert.equal(second.state().pin?.uplink, "wanb");
});
