/** Probes follow the traffic: never before the switch, nor while it is under way, nor not at all. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { toSettings } from "../../daemon/config/settings.ts";
import { type EngineState, initialState } from "../../daemon/decide/state.ts";
import type { Action, Plan, SteerAction } from "../../daemon/decide/types.ts";
import { activeUplinks } from "../../daemon/loop/facts.ts";
import { createFollower } from "../../daemon/loop/follower.ts";
import type { Discovered } from "../../daemon/uplink/types.ts";
import { config } from "../alert/support.ts";
import { fakeTime } from "../support/fake-platform.ts";
import { nthUplink } from "../support/uplink.ts";

const NONE: Plan["families"] = { ipv4: { rank: [], avoid: [] }, ipv6: { rank: [], avoid: [] } };
const STEER: readonly Action[] = [{ kind: "steer" } as SteerAction];

function desk() {
	const time = fakeTime();
	const calls: string[] = [];
	const place = { on: "wan" };
	const follower = createFollower({
		timers: time.timers,
		state: () =>
			({
				...initialState(toSettings(config(""))),
				plan: { primary: place.on, pinned: null, families: NONE },
			}) as unknown as EngineState,
		discovered: () => ({ uplinks: [], mwan3: null }) as unknown as Discovered,
		setActive: (uplinks) => void calls.push(uplinks.join(" ")),
	});
	return { time, calls, place, follower };
}

test("after the switch, at once when it is done", async () => {
	const one = desk();
	one.follower.output([]);
	assert.deepEqual(one.calls, ["wan"]);
	one.place.on = "mob";
	one.follower.output(STEER);
	one.follower.output([]);
	one.follower.look();
	await one.time.advance(900);
	assert.deepEqual(one.calls, ["wan"], "it is under way");
	one.follower.output(STEER);
	one.follower.applied();
	assert.deepEqual(one.calls, ["wan"], "the next one is under way");
	one.follower.applied();
	assert.deepEqual(one.calls, ["wan", "mob"]);
	one.follower.output([]);
	assert.deepEqual(one.calls, ["wan", "mob"], "once");
	assert.equal(one.time.pending(), 0);
});

test("a switch that does not end does not keep them", async () => {
	const one = desk();
	one.follower.output(STEER);
	await one.time.advance(1000);
	assert.deepEqual(one.calls, ["wan"]);
	one.place.on = "mob";
	one.follower.output(STEER);
	one.follower.close();
	await one.time.advance(5000);
	assert.deepEqual(one.calls, ["wan"]);
});

test("who carries one family because the uplink in use cannot is in use, too", () => {
	const uplinks = [nthUplink("wan", 1), nthUplink("wanb", 2), nthUplink("wanc", 3)];
	const plan = (rank: string[]): Plan => ({
		primary: "wan",
		pinned: null,
		families: { ...NONE, ipv4: { rank, avoid: [] } },
	});
	const active = (rank: string[]): string[] => activeUplinks({ uplinks, mwan3: null, problems: [] }, plan(rank));
	assert.deepEqual(active(["wan", "wanb", "wanc"]), ["wan"]);
	assert.deepEqual(active(["wanb", "wanc"]), ["wan", "wanb"]);
});
