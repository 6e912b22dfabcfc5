/** Discovery payloads, held against what Home Assistant documents. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { TOPICS } from "../../contract/mqtt.ts";
import { announcements } from "../../daemon/publish/home-assistant.ts";
import { checkAnnouncement } from "./home-assistant.ts";
import { sourceFor } from "./support.ts";

const HOME = { prefix: "homeassistant", base: "autonomy/boat", device: "Böat 7/+#", version: "1", commands: true };

test("every entity is one of Home Assistant's, with options, classes and units it knows, of fields that are sent", async (t) => {
	const { source } = await sourceFor(t, { names: ["wan", "mob1s1a1", '{{ states("x") }}/+#"\u0007'] });
	const { members } = source.members();
	const all = [true, false].flatMap((commands) =>
		(["starlink", "cellular", "wifi", "lan", "other"] as const).flatMap((kind) =>
			announcements(
				{ ...HOME, commands },
				members.map((one) => ({ ...one, class: kind, metrics: { ...one.metrics, usage_pct: 7 } })),
			),
		),
	);
	assert.ok(all.length > 100);
	for (const { topic, payload } of all) {
		const entity = JSON.parse(payload) as Record<string, unknown>;
		assert.deepEqual(checkAnnouncement(topic, entity), []);
		const field = /value_json\.([a-z_]+)/.exec(String(entity.value_template))?.[1];
		if (field === undefined) continue;
		const below = String(entity.state_topic).slice(HOME.base.length + 1);
		const payloadOf = below.startsWith("uplinks/")
			? TOPICS["uplinks/<name>"].payload
			: TOPICS[below as "state"].payload;
		assert.ok(Object.hasOwn(payloadOf, field), `${below} has no ${field}`);
	}
	const [home] = announcements(HOME, members);
	assert.match(home?.payload ?? "", /"default_entity_id":"binary_sensor\.autonomy_b_at_7____online"/);
});

test("the check finds what Home Assistant would not take", async (t) => {
	const { source } = await sourceFor(t);
	const all = announcements(HOME, source.members().members);
	const rtt = all.find(({ topic }) => topic.endsWith("_rtt_ms/config"));
	const good = JSON.parse(rtt?.payload ?? "") as Record<string, unknown>;
	const { topic = "" } = rtt ?? {};
	for (const [change, wanted] of [
		[{ object_id: "x" }, /object_id is no option/],
		[{ unit_of_measurement: "msec" }, /msec is no unit of its class/],
		[{ device_class: "latency" }, /device_class: "latency"/],
		[{ state_topic: "autonomy/+/x" }, /state_topic/],
		[{ value_template: "{{ states('x') }}" }, /value_template/],
		[{ default_entity_id: "switch.x" }, /default_entity_id/],
		[{ origin: { sw: "1" } }, /origin/],
		[{ state_class: "average" }, /state_class/],
	] as const)
		assert.match(checkAnnouncement(topic, { ...good, ...change }).join(), wanted);
	assert.deepEqual(checkAnnouncement(topic, {}).length, 5);
	assert.match(checkAnnouncement("homeassistant/sensor/a b/c/config", good).join(), /no topic of discovery/);
});
