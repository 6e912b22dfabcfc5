/** Alerts, MQTT and metrics of the real daemon: what others hear of an outage, with every other outlet hanging. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Reply } from "../../contract/api.ts";
import { cannotPush, startPushService, TRUST } from "../app/push-service.ts";
import { MOSQUITTO, until } from "../publish/broker.ts";
import { parseExposition } from "../publish/parser.ts";
import { type Bench, impossible, openBench, ready, uplink } from "./harness.ts";

const skip =
	impossible() ??
	(MOSQUITTO === null
		? "mosquitto is not installed (scripts/needs.sh)"
		: process.env.OPENWRT_ROOT
			? "the servers of this test are programs of the host"
			: (cannotPush() ?? false));

const SECRETS = [
	"s3cr3t-hook-path",
	"s3cr3t-bearer",
	"s3cr3t-hmac",
	"s3cr3t-slack-path",
	"s3cr3t-mail",
	"s3cr3t-broker",
];
const CONFIG = `config autonomy 'main'
	option min_uptime_s '1'
	option log_level 'debug'
config mqtt 'mqtt'
	option enabled '1'
	option broker '127.0.0.1'
	option username 'router'
	option password 's3cr3t-broker'
config metrics 'metrics'
	option enabled '1'
config notifications 'webhook'
	option enabled '1'
	option url 'http://127.0.0.1:8081/s3cr3t-hook-path'
	option allow_private '1'
	option auth_type 'bearer'
	option auth_token 's3cr3t-bearer'
	option hmac_secret 's3cr3t-hmac'
config notifications 'slack'
	option enabled '1'
	option webhook_url 'http://127.0.0.1:8082/s3cr3t-slack-path'
config notifications 'email'
	option enabled '1'
	option smtp_host '127.0.0.1'
	option smtp_port '8082'
	option username 'boat'
	option password 's3cr3t-mail'
	option to 'a@example.org'
config notifications 'push'
	option enabled '1'
	option allow_private '1'
`;

/** 8081 tells on stdout what it gets; 8082 takes connections and never says a word. */
const SERVERS = `
const http = require("node:http"), net = require("node:net");
http.createServer((q, r) => {
	let body = "";
	q.on("data", (part) => (body += part));
	q.on("end", () => { console.log(JSON.stringify({ auth: q.headers.authorization, body: JSON.parse(body) })); r.end("ok"); });
}).listen(8081, "127.0.0.1");
net.createServer((s) => s.on("error", () => {})).listen(8082, "127.0.0.1", () => console.log("ready"));
`;

interface Hook {
	readonly auth: string;
	readonly body: {
		readonly title: string;
		readonly alerts: readonly { readonly kind: string; readonly change: string; readonly uplink: string | null }[];
	};
}

describe("telling others", { skip }, () => {
	let bench: Bench;
	before(async () => {
		bench = await openBench({ isps: 2, config: { autonomy: CONFIG } });
	});
	after(() => bench.close());

	test("an outage is told by webhook, web push and MQTT, shown by Prometheus and the terminal, and no secret is anywhere", async (t) => {
		const { router, world } = bench;
		const hooks: Hook[] = [];
		const broker: string[] = [];
		let started = false;
		const servers = await router.spawn([router.node, "-e", SERVERS], {
			onLine(line) {
				if (line === "ready") started = true;
				else hooks.push(JSON.parse(line) as Hook);
			},
		});
		t.after(() => servers.kill("SIGKILL"));
		const mosquitto = await router.spawn([MOSQUITTO ?? "", "-v", "-p", "1883"], {
			onLine: (line) => broker.push(line),
		});
		t.after(() => mosquitto.kill("SIGKILL"));
		await until("servers", () => started && broker.some((line) => line.includes("running")));
		const service = await startPushService(router);
		const daemon = await bench.daemon(t, { env: TRUST });
		await ready(bench, daemon);
		const { public_key } = await daemon.call<Reply<"push_key">>("push_key");
		assert.match(public_key ?? "", /^B[\w-]{86}$/);
		await daemon.call("push_subscribe", { ...service.subscription, label: "phone" });
		const wan = uplink(bench, 1);
		await until("states", () => broker.some((line) => line.includes(`/uplinks/${wan}`)));

		t.after(() => world.healAll());
		await world.do({ do: "blackhole", isp: 1 });
		const told = () =>
			hooks.flatMap(({ body }) => body.alerts.map(({ kind, change, uplink }) => `${change} ${kind} ${uplink}`));
		await until(
			"alerts",
			() => told().includes(`raised failover ${wan}`) && told().includes(`raised member_down ${wan}`),
			60_000,
		);
		assert.equal(hooks[0]?.auth, "Bearer s3cr3t-bearer");
		// Sealed for one phone by whichever engine this is.
		const pushed = JSON.parse(await service.next()) as { readonly title: string; readonly level: string };
		assert.ok(
			hooks.some(({ body }) => body.title === pushed.title),
			pushed.title,
		);
		await until("MQTT", () => broker.some((line) => /Received PUBLISH .*\/decisions/.test(line)));

		const { stdout } = await router.run([
			router.node,
			"-e",
			'fetch("http://127.0.0.1:9101/metrics").then((a) => a.text()).then(console.log)',
		]);
		const samples = parseExposition(`${stdout.trimEnd()}\n`);
		const failovers = samples.find(
			({ name, labels }) => name === "autonomy_failover_events_total" && labels.kind === "failover",
		);
		const { decisions } = await daemon.call<Reply<"decisions">>("decisions", {});
		assert.equal(failovers?.value, decisions.filter(({ kind }) => kind === "failover").length);
		const alerts = await daemon.call<Reply<"alerts">>("alerts");
		const kinds: readonly string[] = alerts.alerts.map(({ kind }) => kind);
		assert.ok(kinds.includes("failover") && kinds.includes("member_down"), kinds.join());
		const shown = await daemon.call<Reply<"render">>("render", { view: "alerts" });
		assert.match(shown.text, /CRITICAL Uplink down/);
		const acknowledged = await daemon.call<Reply<"alert_ack">>("alert_ack", {});
		assert.equal(acknowledged.text, `${alerts.alerts.length} alerts are acknowledged`);

		const status = await daemon.call<Reply<"notification_status">>("notification_status");
		const hanging = status.channels.filter(({ name }) => name !== "webhook" && name !== "push");
		assert.ok(
			hanging.every(({ sent }) => sent === 0),
			JSON.stringify(hanging),
		);

		const replies: unknown[] = [status, alerts, shown];
		for (const method of ["status", "health", "info", "config.get", "events", "alert_history"])
			replies.push(await daemon.call(method));
		const { stdout: argv } = await router.run(["sh", "-c", "cat /proc/[0-9]*/cmdline"]);
		const seen = JSON.stringify([replies, daemon.log, stdout, argv.replaceAll(SERVERS, "")]);
		for (const secret of SECRETS) assert.ok(!seen.includes(secret), secret);
	});
});
