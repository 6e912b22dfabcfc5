import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bus } from "../../daemon/bus/bus.ts";
import type { Config } from "../../daemon/config/types.ts";
import type { RiskInput } from "../../daemon/decide/types.ts";
import type { SenseObservation } from "../../daemon/health/types.ts";
import type { Platform } from "../../daemon/platform/platform.ts";
import { createSenses } from "../../daemon/sense/senses.ts";
import type { SensorContext, SensorHealth, SensorKind } from "../../daemon/sense/sensor.ts";
import type { Uplink } from "../../daemon/uplink/types.ts";
import { fakeLog, fakeTime } from "../support/fake-platform.ts";

/** Only what the host of sensors reads of an uplink. */
const uplink = (id: string, cls = "lan"): Uplink => ({ id, class: cls }) as unknown as Uplink;
const HEALTH: SensorHealth = { state: "ok", sinceMs: 0, lastOkMs: 0, nextTryMs: null, text: "fine" };

function world(...kinds: SensorKind[]) {
	const time = fakeTime();
	const log = fakeLog();
	const inputs: (SenseObservation | RiskInput)[] = [];
	const told: string[] = [];
	const senses = createSenses({
		platform: time as unknown as Platform,
		bus: {} as Bus,
		log,
		kinds,
		config: () => ({}) as Config,
		onInput: (input) => inputs.push(input),
		onClass: () => undefined,
		onReach: () => undefined,
		onSuspect: (id, reason) => told.push(`${id} suspect ${reason}`),
		onEvent: (id, type, reason) => told.push(`${id} ${type} ${reason}`),
	});
	return { senses, inputs, told, log };
}

function kind(name: string, serves: (uplink: Uplink) => string | null) {
	const contexts = new Map<string, SensorContext>();
	const calls: string[] = [];
	const made: SensorKind = {
		name,
		cost: "nothing",
		serves,
		create(context) {
			const { id } = context.uplink;
			contexts.set(id, context);
			calls.push(`create ${id}`);
			return {
				follow: (next, active) => void calls.push(`follow ${next.id} ${active}`),
				health: () => HEALTH,
				details: () => ({ id }),
				close: () => void calls.push(`close ${id}`),
			};
		},
	};
	return { kind: made, contexts, calls };
}

test("an instance per uplink that can be served, ended when the uplink goes or cannot be served any more", () => {
	const radio = kind("radio", (one) => (one.class === "wifi" ? "it is a radio" : null));
	const { senses } = world(radio.kind);
	senses.setUplinks([uplink("wan"), uplink("wwan", "wifi")]);
	senses.setActive(["wwan"]);
	assert.deepEqual(radio.calls, ["create wwan", "follow wwan false", "follow wwan true"]);
	assert.deepEqual(senses.status("wan"), []);
	assert.deepEqual(senses.status("wwan"), [
		{ sensor: "radio", why: "it is a radio", cost: "nothing", health: HEALTH, details: { id: "wwan" } },
	]);
	senses.setUplinks([uplink("wan"), uplink("wwan", "lan")]);
	assert.equal(radio.calls.at(-1), "close wwan");
	senses.setUplinks([uplink("wwan", "wifi")]);
	senses.setUplinks([]);
	assert.deepEqual(radio.calls.slice(-3), ["create wwan", "follow wwan true", "close wwan"]);
});

test("what it says is stamped and checked; after its end nothing is heard of it", () => {
	const radio = kind("radio", () => "any");
	const { senses, inputs, told } = world(radio.kind);
	senses.setUplinks([uplink("wan")]);
	const context = radio.contexts.get("wan");
	context?.observe({ rsrp_dbm: -95, sinr_db: 999, rsrq_db: null });
	context?.risk({ risk: 0.9, confidence: 0.8, horizonMs: 5000, cause: "reboot", text: "announced" });
	context?.suspect("outage");
	context?.event("roam", "another cell");
	assert.deepEqual(inputs, [
		{ kind: "sense", uplink: "wan", atMs: 1000, values: { rsrp_dbm: -95, sinr_db: null, rsrq_db: null } },
		{
			kind: "risk",
			uplink: "wan",
			atMs: 1000,
			risk: 0.9,
			confidence: 0.8,
			horizonMs: 5000,
			cause: "reboot",
			text: "announced",
		},
	]);
	assert.deepEqual(told, ["wan suspect outage", "wan roam another cell"]);
	senses.close();
	context?.observe({ rsrp_dbm: -90 });
	context?.suspect("late");
	assert.equal(inputs.length, 2);
	assert.equal(told.length, 2);
});

test("a sensor that throws hurts nobody else and is told once", () => {
	const good = kind("good", () => "any");
	const boom = (): never => {
		throw new Error("boom");
	};
	const bad: SensorKind = {
		name: "bad",
		cost: "",
		serves: () => "any",
		create: () => ({ follow: boom, health: boom, details: boom, close: boom }),
	};
	const { senses, log } = world(bad, good.kind);
	senses.setUplinks([uplink("a"), uplink("b")]);
	senses.setActive(["a"]);
	assert.deepEqual(
		senses.status("a").map((one) => one.sensor),
		["good"],
	);
	senses.close();
	assert.deepEqual(good.calls.slice(-2), ["close a", "close b"]);
	assert.deepEqual(
		log.lines.map((line) => line.fields?.reason),
		["the bad sensor failed inside: boom", "the bad sensor failed inside: boom"],
	);
});
