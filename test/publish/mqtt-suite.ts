/** MQTT against a real broker, for one engine. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { connectAsync } from "mqtt";
import type { Reply } from "../../contract/api.ts";
import { TOPICS } from "../../contract/mqtt.ts";
import type { Config } from "../../daemon/config/types.ts";
import { createNodePlatform } from "../../daemon/platform/node/platform.ts";
import type { MqttLink, Outlets } from "../../daemon/platform/outlets.ts";
import { createMqtt, type Mqtt } from "../../daemon/publish/mqtt.ts";
import type { Source } from "../../daemon/publish/source.ts";
import { mqttSchema } from "../../scripts/generate-mqtt.ts";
import { config as readUci } from "../alert/support.ts";
import { fakeLog } from "../support/fake-platform.ts";
import { argumentsOfAll, brokerFor, freePort, listen, MOSQUITTO, makeCertificates, until } from "./broker.ts";
import { checkSchema } from "./schema.ts";
import { sourceFor } from "./support.ts";

const platform = createNodePlatform();
const OPEN = "allow_anonymous true";

interface Running {
	readonly mqtt: Mqtt;
	readonly log: ReturnType<typeof fakeLog>;
	config: Config["mqtt"];
}

/** Everything a hundred times sooner, so that no test waits for a pause. */
const hurried: typeof platform.timers = {
	after: (ms, callback) => platform.timers.after(ms / 100, callback),
	every: (ms, callback) => platform.timers.every(Math.max(5, ms / 100), callback),
};

const event = (id: number): Reply<"events">["events"][number] => ({
	id: `e${id}`,
	ts: 1,
	type: "test",
	name: "wan",
	from: null,
	to: null,
	reason: `number ${id}`,
});

const DECISION = {
	id: "d1",
	ts: 1,
	kind: "failover",
	rule: "r",
	from: "wan",
	to: "wanb",
	text: "t",
	observed: false,
} as const;

/** Without: the reason why this engine is not there. `messages`: a multiple of ten. */
export function mqttSuite(without: string | false, outlets: () => Outlets, messages: number): void {
	const skip = MOSQUITTO === null ? "mosquitto is not installed (scripts/needs.sh)" : without;

	function start(t: TestContext, source: Source, port: number, uci = "", timers = platform.timers): Running {
		const log = fakeLog();
		const self = {
			log,
			config: readUci(`config mqtt mqtt\n option enabled 1\n option broker 127.0.0.1\n option port ${port}\n${uci}`)
				.mqtt,
		};
		const mqtt = createMqtt({
			platform: { ...platform, outlets: outlets(), timers },
			log,
			config: () => self.config,
			source,
		});
		mqtt.configure();
		t.after(() => mqtt.close());
		return Object.assign(self, { mqtt });
	}

	for (const protocol of ["3.1.1", "5"] as const) {
		test(`MQTT ${protocol}: states retained, changes at once, payloads as the schema says, the last will`, {
			skip,
		}, async (t) => {
			const broker = await brokerFor(t, OPEN);
			await broker.start();
			const { source, world } = await sourceFor(t);
			const early = await listen(t, broker.port, "autonomy/#");
			const one = start(t, source, broker.port, ` option protocol ${protocol}\n`);
			await until("connected", () => one.mqtt.stats().connected);
			await until(
				"states",
				() => early.of("autonomy/boat/health").length > 0 && early.of("autonomy/boat/uplinks/mob1s1a1").length > 0,
			);
			assert.equal(early.of("autonomy/boat/availability")[0]?.text, "online");
			assert.equal(early.last("autonomy/boat/state")?.current, "wanb");
			const before = early.of("autonomy/boat/uplinks/wanb").length;
			world.feed({ kind: "link", atMs: world.now(), uplink: "wanb", event: "carrier_lost" });
			one.mqtt.changed();
			one.mqtt.event(event(1));
			one.mqtt.decision(DECISION);
			await until(
				"change",
				() => early.of("autonomy/boat/uplinks/wanb").length > before && early.of("autonomy/boat/decisions").length > 0,
			);
			assert.equal(early.last("autonomy/boat/state")?.current, "mob1s1a1");
			assert.equal(early.of("autonomy/boat/events")[0]?.qos, 1);
			const schema = mqttSchema() as { $defs: Record<string, object> };
			for (const { topic, text } of early.heard) {
				const path = topic.slice("autonomy/boat/".length);
				if (path === "availability") continue;
				const name = path.startsWith("uplinks/") ? "uplinks/<name>" : path;
				assert.deepEqual(checkSchema(schema.$defs[name], JSON.parse(text)), [], topic);
			}
			const late = await listen(t, broker.port, "autonomy/#");
			await until("retained", () => late.of("autonomy/boat/uplinks/wan").length > 0);
			assert.ok(late.heard.every((message) => message.retained));
			assert.equal(late.of("autonomy/boat/events").length, 0, "what happened is not what is");
			one.mqtt.close();
			await until("goodbye", () => early.of("autonomy/boat/availability").at(-1)?.text === "offline");
		});
	}

	test("a link that is cut: the broker tells the last will", { skip }, async (t) => {
		const broker = await brokerFor(t, OPEN);
		await broker.start();
		const heard = await listen(t, broker.port, "autonomy/#");
		let link: MqttLink | null = null;
		const { source } = await sourceFor(t, { pastS: 0 });
		const cut: Outlets = {
			...outlets(),
			openMqtt: async (...args) => (link = await outlets().openMqtt(...args)),
		};
		const { mqtt } = readUci(`config mqtt mqtt\n option enabled 1\n option broker 127.0.0.1:${broker.port}\n`);
		const made = createMqtt({ platform: { ...platform, outlets: cut }, log: fakeLog(), config: () => mqtt, source });
		t.after(() => made.close());
		made.configure();
		await until("online", () => heard.of("autonomy/boat/availability").at(-1)?.text === "online");
		(link as MqttLink | null)?.close();
		await until("will", () => heard.of("autonomy/boat/availability").at(-1)?.text === "offline");
	});

	test("a broker that never says it has the last message does not keep a link that was ended", {
		skip: without,
		timeout: 60_000,
	}, async (t) => {
		let gone = false;
		const broker = createServer((socket) => {
			t.after(() => socket.destroy());
			socket
				.on("error", () => undefined)
				.on("close", () => {
					gone = true;
				});
			socket.on("data", ([head]) => {
				if (head === 0x10) socket.write(Uint8Array.of(0x20, 2, 0, 0)); // CONNACK
				if (head === 0xc0) socket.write(Uint8Array.of(0xd0, 0)); // PINGRESP
			});
		});
		t.after(() => broker.close());
		await new Promise<void>((resolve) => broker.listen(0, "127.0.0.1", resolve));
		const { port } = broker.address() as AddressInfo;
		const nobody = { clientId: "c", username: null, password: null, tls: null, will: { topic: "w", payload: "" } };
		const options = { ...nobody, host: "127.0.0.1", port, connectTimeoutMs: 15_000, keepaliveS: 5 };
		const handlers = { onMessage: () => undefined, onClose: () => undefined };
		let opened = false;
		const link = await outlets().openMqtt(
			{ ...options, protocol: "3.1.1" },
			{
				...handlers,
				onOpen: () => {
					opened = true;
				},
			},
		);
		await until("it is open", () => opened);
		const sent = link.publish("t", "bye", { qos: 1, retain: false });
		link.end();
		await assert.rejects(sent, { code: "connection_closed" });
		await until("the connection is gone", () => gone);
	});

	test("TLS with a client certificate and access lists; a wrong authority is refused and said", { skip }, async (t) => {
		const broker = await brokerFor(
			t,
			"cafile FOLDER/ca.pem\ncertfile FOLDER/server.pem\nkeyfile FOLDER/server.key\nrequire_certificate true\nuse_identity_as_username true\nacl_file FOLDER/acl",
			{ acl: "user client\ntopic write autonomy/boat/#\ntopic read #\n" },
		);
		makeCertificates(broker.folder);
		await broker.start();
		const file = (name: string) => `${broker.folder}/${name}`;
		const pem = (name: string) => readFileSync(file(name), "utf8");
		const heard = await listen(t, broker.port, "#", {
			protocol: "mqtts",
			ca: pem("ca.pem"),
			cert: pem("client.pem"),
			key: pem("client.key"),
		});
		const { source } = await sourceFor(t, { pastS: 0 });
		const tls = ` option tls 1\n option ca_file ${file("ca.pem")}\n option cert_file ${file("client.pem")}\n option key_file ${file("client.key")}\n`;
		const one = start(t, source, broker.port, tls);
		await until("state", () => heard.of("autonomy/boat/state").length > 0);
		const other = await brokerFor(t, OPEN);
		makeCertificates(other.folder);
		const wrong = start(t, source, broker.port, tls.replace(file("ca.pem"), `${other.folder}/ca.pem`), hurried);
		await until("refused", () => wrong.mqtt.problems().length > 0);
		assert.match(wrong.mqtt.problems()[0] ?? "", /^mqtt: .*(certificate|issuer)/);
		// The certificate is good, but for another name.
		const elsewhere = start(t, source, broker.port, `${tls} option broker localhost\n`, hurried);
		await until("another name", () => elsewhere.mqtt.problems().length > 0);
		assert.match(elsewhere.mqtt.problems()[0] ?? "", /^mqtt: .*certificate/);
		const missing = start(t, source, broker.port, tls.replace("client.key", "none.key"), hurried);
		await until("missing", () => missing.mqtt.problems().length > 0);
		assert.match(missing.mqtt.problems()[0] ?? "", /none\.key/);
		assert.deepEqual(one.mqtt.problems(), []);
		// Another prefix is not on the access list: this broker ends the connection, and that is said.
		const denied = start(
			t,
			source,
			broker.port,
			`${tls} option topic_prefix elsewhere\n option client_id denied\n`,
			hurried,
		);
		await until("denied", () => denied.mqtt.problems().length > 0 || denied.mqtt.stats().connected);
		await until("ended", () => denied.mqtt.problems().length > 0);
		assert.match(denied.mqtt.problems()[0] ?? "", /closed the connection/);
		assert.equal(heard.heard.filter(({ topic }) => topic.startsWith("elsewhere")).length, 0);
	});

	test("name and password; a wrong one is said without it", { skip }, async (t) => {
		const broker = await brokerFor(t, "allow_anonymous false\npassword_file FOLDER/passwords", { passwords: "" });
		await broker.start();
		const { source } = await sourceFor(t, { pastS: 0 });
		const one = start(t, source, broker.port, " option username boatname\n option password s3cr3tword\n", hurried);
		await until("refused", () => one.mqtt.problems().length > 0);
		assert.match(one.mqtt.problems()[0] ?? "", /Not authorized|Bad username or password/i);
		assert.ok(!JSON.stringify([one.mqtt.problems(), one.log.lines, argumentsOfAll()]).includes("s3cr3tword"));
	});

	test("QoS 2 where it is configured, over MQTT 5", { skip }, async (t) => {
		const broker = await brokerFor(t, OPEN);
		await broker.start();
		const heard = await listen(t, broker.port, "autonomy/#", { protocolVersion: 5 });
		await heard.client.subscribeAsync("autonomy/boat/decisions", { qos: 2 });
		const { source } = await sourceFor(t, { pastS: 0 });
		const one = start(t, source, broker.port, " option protocol 5\n option qos 2\n", hurried);
		await until("connected", () => one.mqtt.stats().connected);
		for (let index = 0; index < 50; index++) one.mqtt.decision({ ...DECISION, id: `d${index}` });
		await until("all told", () => one.mqtt.stats().queued === 0);
		const told = () => heard.of("autonomy/boat/decisions").filter(({ qos }) => qos === 2);
		await until("all heard", () => told().length >= 50);
		assert.deepEqual(
			told().map(({ text }) => (JSON.parse(text) as { id: string }).id),
			Array.from({ length: 50 }, (_, index) => `d${index}`),
		);
	});

	test(`${messages} messages over a restart of the broker: all arrive, in order`, { skip }, async (t) => {
		// A broker that keeps what it has accepted for a listener that is away: whatever is missing, we lost.
		const broker = await brokerFor(t, `${OPEN}\npersistence true\npersistence_location FOLDER/`);
		await broker.start();
		const { source } = await sourceFor(t, { pastS: 0 });
		const one = start(t, source, broker.port, " option buffer_kb 4096\n", hurried);
		await until("connected", () => one.mqtt.stats().connected);
		const numbers: number[] = [];
		const listener = await connectAsync({
			host: "127.0.0.1",
			port: broker.port,
			protocol: "mqtt",
			clientId: "listener",
			clean: false,
			reconnectPeriod: 50,
		});
		t.after(() => void listener.end(true));
		listener.on("error", () => undefined);
		listener.on("message", (_, payload) =>
			numbers.push(Number((JSON.parse(payload.toString("utf8")) as { id: string }).id.slice(1))),
		);
		await listener.subscribeAsync("autonomy/boat/events", { qos: 1 });
		for (let index = 0; index < messages; index++) {
			one.mqtt.event(event(index));
			if (index % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
			if (index === 0.3 * messages) {
				await broker.stop("orderly");
				await until("lost", () => !one.mqtt.stats().connected);
			}
			if (index === 0.6 * messages) await broker.start();
		}
		const heard = () => new Set(numbers);
		await until("all sent", () => one.mqtt.stats().queued === 0, 300_000);
		await until("all heard", () => heard().size === messages, 300_000);
		assert.equal(one.mqtt.stats().dropped, 0);
		// At least once: what was on its way when the link broke may come twice, and then from there on in order again.
		const first = [...heard()];
		assert.deepEqual(
			first,
			[...first].sort((a, b) => a - b),
		);
	});

	test("commands only when enabled, never from a retained message, checked as any other", { skip }, async (t) => {
		const broker = await brokerFor(t, OPEN);
		await broker.start();
		const { source, world } = await sourceFor(t);
		const user = await listen(t, broker.port, "autonomy/boat/command/result");
		const told = await listen(t, broker.port, "autonomy/boat/#");
		// Acknowledged, so that the broker has passed them on before the next one is there to hear them.
		await user.client.publishAsync("autonomy/boat/command/restore", "", { retain: true, qos: 1 });
		await user.client.publishAsync("autonomy/boat/command/hold", "{}", { retain: true, qos: 1 });
		const off = start(t, source, broker.port);
		await until("connected", () => off.mqtt.stats().connected);
		await user.client.publishAsync("autonomy/boat/command/failover", "mob1s1a1", { qos: 1 });
		off.mqtt.close();
		await until("goodbye", () => told.of("autonomy/boat/availability").at(-1)?.text === "offline");
		const healths = () => told.of("autonomy/boat/health").length;
		const before = healths();
		start(t, source, broker.port, " option commands 1\n");
		// Sent after it has subscribed, so the broker passes on commands by now.
		await until("subscribed", () => healths() > before);
		const results = () => user.heard.map(({ text }) => JSON.parse(text) as { name: string; ok: boolean; text: string });
		const ask = async (name: string, payload: string) => {
			const earlier = results().length;
			await user.client.publishAsync(`autonomy/boat/command/${name}`, payload, { qos: 1 });
			await until(`answer to ${name}`, () => results().length > earlier);
			return results()[earlier];
		};
		assert.deepEqual(
			[(await ask("failover", '{"uplink":"mob1s1a1","for_s":60}'))?.ok, world.commands.at(-1)?.forMs],
			[true, 60_000],
		);
		assert.equal((await ask("pin", "auto"))?.name, "pin");
		assert.equal(world.commands.at(-1)?.name, "restore");
		assert.deepEqual((await ask("failover", "nobody"))?.ok, false);
		assert.match((await ask("reboot", ""))?.text ?? "", /no such command/);
		assert.ok(!world.commands.some(({ name }) => name === "hold"), "the retained one was not obeyed");
		await until("limit", async () => {
			const many = Array.from({ length: 30 }, () => user.client.publishAsync("autonomy/boat/command/recheck", ""));
			await Promise.all(many);
			return results().some(({ text }) => /more than 10 commands/.test(text));
		});
	});

	test("Home Assistant: entities appear, and disappear with their uplink, the option, or an earlier run", {
		skip,
	}, async (t) => {
		const broker = await brokerFor(t, OPEN);
		await broker.start();
		const { source } = await sourceFor(t);
		const heard = await listen(t, broker.port, "homeassistant/#");
		await heard.client.publishAsync("homeassistant/sensor/autonomy_boat/gone_score/config", "{}", { retain: true });
		await heard.client.publishAsync("homeassistant/sensor/other/x/config", "{}", { retain: true });
		let hide = "";
		const some: Source = {
			...source,
			members: () => ({ members: source.members().members.filter((one) => one.name !== hide) }),
		};
		const one = start(t, some, broker.port, " option homeassistant 1\n option commands 1\n", hurried);
		const has = (topic: string) => (heard.of(`homeassistant/${topic}/config`).at(-1)?.text ?? "") !== "";
		await until("announced", () => has("sensor/autonomy_boat/mob1s1a1_score") && has("select/autonomy_boat/pin"));
		await until("stale gone", () => !has("sensor/autonomy_boat/gone_score"));
		assert.ok(has("sensor/other/x"), "what others announce is left alone");
		const score = heard.last("homeassistant/sensor/autonomy_boat/mob1s1a1_score/config");
		assert.equal(score?.state_topic, "autonomy/boat/uplinks/mob1s1a1");
		assert.deepEqual(heard.last("homeassistant/select/autonomy_boat/pin/config")?.options, [
			"auto",
			"wan",
			"wanb",
			"mob1s1a1",
		]);
		hide = "mob1s1a1";
		await until(
			"uplink gone",
			() => !has("sensor/autonomy_boat/mob1s1a1_score") && !has("binary_sensor/autonomy_boat/mob1s1a1_eligible"),
		);
		assert.ok(has("sensor/autonomy_boat/wanb_score"));
		one.config = { ...one.config, homeassistant: false };
		one.mqtt.configure();
		await until("all gone", () => !has("sensor/autonomy_boat/wanb_score") && !has("select/autonomy_boat/pin"));
	});

	test("a broker that is not there costs a try a minute and is said once", { skip }, async (t) => {
		const { source } = await sourceFor(t, { pastS: 0 });
		const one = start(t, source, await freePort(), "", hurried);
		await until("refused", () => one.mqtt.problems().length > 0);
		await new Promise((resolve) => setTimeout(resolve, 400));
		assert.equal(one.log.messages("warn").length, 1);
		assert.ok(Object.keys(TOPICS).length > 5);
	});
}
