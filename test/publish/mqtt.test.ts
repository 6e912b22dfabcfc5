/** MQTT on Node, and what of it knows no engine. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { AutonomyError } from "../../daemon/platform/error.ts";
import { createNodePlatform } from "../../daemon/platform/node/platform.ts";
import { announcements } from "../../daemon/publish/home-assistant.ts";
import { parseCommand } from "../../daemon/publish/mqtt-command.ts";
import { createMqttQueue } from "../../daemon/publish/mqtt-queue.ts";
import { mqttSuite } from "./mqtt-suite.ts";
import { sourceFor } from "./support.ts";

const { outlets } = createNodePlatform();
mqttSuite(false, () => outlets, 10_000);

test("the buffer is bounded by bytes: the oldest goes, and is counted", async () => {
	const queue = createMqttQueue(10_000);
	for (let index = 0; index < 1_000; index++) queue.push("t", "x".repeat(100), 1);
	const { queued, bytes, dropped } = queue.stats();
	assert.ok(bytes <= 10_000 && queued + dropped === 1_000 && queued >= 36);
	const sent: string[] = [];
	queue.push("t", "last", 1);
	queue.use({
		publish: (_, payload) => Promise.resolve(void sent.push(payload)),
		subscribe: () => Promise.resolve(),
		end: () => undefined,
		close: () => undefined,
	});
	await new Promise((resolve) => setTimeout(resolve, 10));
	assert.deepEqual([sent.at(-1), queue.stats().queued, queue.stats().bytes], ["last", 0, 0]);
});

test("what the broker refuses is counted and left, and does not hold up the rest; what is lost is kept", async () => {
	const queue = createMqttQueue(100_000);
	for (let index = 0; index < 50; index++) queue.push(index % 2 === 0 ? "forbidden" : "t", `${index}`, 1);
	queue.push("lost", "x", 1);
	const sent: string[] = [];
	queue.use({
		publish(topic, payload) {
			if (topic === "forbidden") return Promise.reject(new AutonomyError("refused", "Not authorized"));
			if (topic === "lost") return Promise.reject(new AutonomyError("connection_closed", "gone"));
			return Promise.resolve(void sent.push(payload));
		},
		subscribe: () => Promise.resolve(),
		end: () => undefined,
		close: () => undefined,
	});
	await new Promise((resolve) => setTimeout(resolve, 10));
	assert.deepEqual([sent.length, queue.stats().dropped, queue.stats().queued], [25, 25, 1]);
});

test("what a command may be", () => {
	for (const [word, payload, wanted] of [
		["failover", "", { name: "failover", uplink: null, forS: null }],
		["failover", " wan ", { name: "failover", uplink: "wan", forS: null }],
		["hold", '{"uplink":"","for_s":0}', { name: "hold", uplink: null, forS: 0 }],
		["pin", "wan", { name: "failover", uplink: "wan", forS: null }],
		["pin", "", { problem: "pin needs the name of an uplink, or auto" }],
		["failover", "{", { problem: 'not a name and not JSON such as {"uplink":"wan","for_s":600}' }],
		["failover", '{"uplink":5}', { problem: 'not a name and not JSON such as {"uplink":"wan","for_s":600}' }],
		["failover", '{"for_s":-1}', { problem: 'not a name and not JSON such as {"uplink":"wan","for_s":600}' }],
		["failover", "a\u0007b", { problem: "not the name of an uplink" }],
		["failover", "x".repeat(65), { problem: "not the name of an uplink" }],
		["failover", "x".repeat(2000), { problem: "longer than 1024 characters" }],
		["__proto__", "", { problem: "no such command" }],
	] as const)
		assert.deepEqual(parseCommand(word, payload), wanted);
});

test("announcements have what Home Assistant's discovery asks for; hostile names stay data", async (t) => {
	const { source } = await sourceFor(t);
	const [first] = source.members().members;
	assert.ok(first);
	const hostile = { ...first, name: '{{ states("x") }}/+#"' };
	const home = { prefix: "homeassistant", base: "autonomy/boat", device: "boat", version: "1", commands: true };
	const all = announcements(home, [first, hostile, { ...hostile, name: '{{ states("y") }}/+#"' }]);
	const ids = new Set<unknown>();
	for (const { topic, payload } of all) {
		assert.match(
			topic,
			/^homeassistant\/(sensor|binary_sensor|select|button)\/[a-zA-Z0-9_-]+\/[a-zA-Z0-9_-]+\/config$/,
		);
		const entity = JSON.parse(payload) as Record<string, unknown>;
		ids.add(entity.unique_id);
		for (const field of ["name", "unique_id", "device", "availability_topic", "origin"])
			assert.ok(entity[field], `${topic}: ${field}`);
		assert.ok(!String(entity.value_template ?? "").includes("states"), "no name in a template");
		const [component] = topic.split("/").slice(1);
		const needed = {
			sensor: ["state_topic"],
			binary_sensor: ["state_topic"],
			select: ["command_topic", "options"],
			button: ["command_topic"],
		}[component ?? ""];
		for (const field of needed ?? []) assert.ok(entity[field], `${topic}: ${field}`);
	}
	assert.equal(ids.size, all.length);
});
