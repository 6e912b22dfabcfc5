import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlobTable } from "../../daemon/bus/blobmsg.ts";
import { createNotifier } from "../../daemon/serve/notify.ts";
import { until } from "../bus/support.ts";
import { fakeTime } from "../support/fake-platform.ts";
import { worldFor } from "./world.ts";

test("subscribers hear of state, events and decisions; nobody else costs anything", async (t) => {
	const w = await worldFor(t);
	const heard: { type: string; data: BlobTable }[] = [];
	let active = false;
	const subscription = w.client.subscribe("autonomy", (type, data) => void heard.push({ type, data }), {
		onActive: (on) => {
			active = on;
		},
	});
	await until("subscribed", () => active);
	await until("first status", () => heard.some((one) => one.type === "status"));
	assert.equal(heard[0]?.data.state, "backup");
	await w.call("action", { cmd: "failover", name: "mob1s1a1" });
	await until("decision", () => heard.some((one) => one.type === "decision"));
	await until("status", () => heard.filter((one) => one.type === "status").length === 2);
	const decision = heard.find((one) => one.type === "decision")?.data;
	assert.match(String(decision?.text), /^Moved to mob1s1a1/);
	assert.equal(heard.filter((one) => one.type === "status")[1]?.data.current, "mob1s1a1");
	subscription.close();
});

/** The notifier alone, under manual time, with a served object that keeps what it is told. */
async function alone(t: import("node:test").TestContext, takes = true) {
	const w = await worldFor(t, { pastS: 0 });
	const time = fakeTime();
	const sent: string[] = [];
	const lost: unknown[] = [];
	const object = {
		path: "autonomy",
		registered: true,
		hasSubscribers: true,
		notify(type: string, data: Readonly<Record<string, unknown>>) {
			sent.push(type);
			if (type === "heartbeat") lost.push((data.lost as { value: number }).value);
			return takes;
		},
		whenRegistered: () => Promise.resolve(),
		close: () => undefined,
	};
	const deps = { ...w.deps, platform: { ...w.deps.platform, ...time } };
	return { time, sent, lost, notifier: createNotifier(deps, () => object) };
}

const EVENT = {
	id: "e1",
	atMs: 1,
	type: "member_state",
	uplink: "wan",
	from: "a",
	to: "b",
	reason: "why",
	decisionId: null,
};

test("a heartbeat every 20 s while somebody listens, silence otherwise, no timer left", async (t) => {
	const { time, sent, notifier } = await alone(t);
	notifier.output([], [EVENT]);
	time.advanceSync(100_000);
	assert.deepEqual(sent, []);
	notifier.setActive(true);
	time.advanceSync(61_000);
	assert.deepEqual(sent, ["status", "heartbeat", "heartbeat", "heartbeat"]);
	notifier.setActive(false);
	time.advanceSync(61_000);
	assert.equal(sent.length, 4);
	notifier.setActive(true);
	notifier.close();
	assert.equal(time.pending(), 0);
});

test("a flood is cut to 100 in 10 s and counted in the heartbeat", async (t) => {
	const { time, sent, lost, notifier } = await alone(t);
	notifier.setActive(true);
	for (let i = 0; i < 500; i++) notifier.output([], [EVENT]);
	assert.equal(sent.filter((type) => type === "event").length, 99);
	time.advanceSync(20_000);
	assert.deepEqual(lost, [401]);
	notifier.output([], [EVENT]);
	assert.equal(sent.at(-1), "event");
	notifier.close();
});
