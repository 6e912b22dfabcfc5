/** Each channel against a server that answers as the service's documentation says; no service is asked. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { createDiscord, createSlack } from "../../daemon/alert/channels/chat.ts";
import { createPagerDuty } from "../../daemon/alert/channels/pagerduty.ts";
import { createPushover } from "../../daemon/alert/channels/pushover.ts";
import { createTelegram } from "../../daemon/alert/channels/telegram.ts";
import { createWebhook, fill } from "../../daemon/alert/channels/webhook.ts";
import { isAutonomyError } from "../../daemon/platform/error.ts";
import { config, HOSTILE, hostile, letter, NOW_UNIX_MS, notice, platform, post, service } from "./support.ts";

const pushover = config(
	"config notifications pushover\n option token apptoken\n option user userkey\n option sound siren\n",
).pushover;

test("pushover: fields, priorities by level, nothing urgent about an end", async (t) => {
	const server = await service(t, { body: { status: 1, request: "r" } });
	const channel = createPushover(pushover, post, server.base);
	assert.deepEqual(await channel.send(letter()), { ok: true });
	const [seen] = server.seen;
	assert.deepEqual(
		[seen?.method, seen?.path, seen?.headers["content-type"]],
		["POST", "/1/messages.json", "application/x-www-form-urlencoded"],
	);
	const fields = Object.fromEntries(new URLSearchParams(seen?.body));
	assert.equal(fields.title, "boat: Uplink down (wan)");
	assert.deepEqual(
		[fields.token, fields.user, fields.priority, fields.sound, fields.timestamp],
		["apptoken", "userkey", "1", "siren", String(NOW_UNIX_MS / 1000)],
	);
	await channel.send(letter([notice("cleared", "critical")]));
	await channel.send(letter([notice("raised", "info")]));
	const priorities = server.seen.map((one) => new URLSearchParams(one.body).get("priority"));
	assert.deepEqual(priorities, ["1", "0", "-1"]);
});

test("pushover: an emergency is repeated until somebody acknowledges, and the receipt tells us", async (t) => {
	let acknowledged = 0;
	const server = await service(t, ({ path }) =>
		path.startsWith("/1/receipts/")
			? { body: { status: 1, acknowledged, expired: 0 } }
			: { body: { status: 1, receipt: "rEcEiPt123" } },
	);
	const channel = createPushover(pushover, post, server.base);
	await channel.send(letter([notice("raised", "emergency")]));
	const fields = new URLSearchParams(server.seen[0]?.body);
	assert.deepEqual([fields.get("priority"), fields.get("retry"), fields.get("expire")], ["2", "60", "3600"]);
	assert.deepEqual(await channel.acknowledgements?.(() => true), []);
	acknowledged = 1;
	assert.deepEqual(await channel.acknowledgements?.(() => true), [{ id: "a1", by: "pushover" }]);
	assert.equal(server.seen.at(-1)?.path, "/1/receipts/rEcEiPt123.json?token=apptoken");
	assert.deepEqual(await channel.acknowledgements?.(() => true), [], "asked no more");
	assert.equal(server.seen.length, 3);
});

test("pushover: what is over stops ringing, and what is over before it leaves does not begin to", async (t) => {
	const server = await service(t, ({ path }) =>
		path.startsWith("/1/receipts/")
			? { body: { status: 1, acknowledged: 0, expired: 0 } }
			: { body: { status: 1, receipt: "rEcEiPt123" } },
	);
	const channel = createPushover(pushover, post, server.base);
	const emergency = letter([notice("raised", "emergency")]);
	await channel.send(emergency);
	assert.equal(
		channel.isPending?.(() => true),
		false,
	);
	assert.equal(
		channel.isPending?.(() => false),
		true,
	);
	const next = createPushover(pushover, post, server.base);
	next.recall?.(JSON.parse(JSON.stringify(channel.memory?.())));
	next.recall?.([["../1/users/validate", ["a1"]], [7, "x"], null]);
	assert.deepEqual(await next.acknowledgements?.(() => false), []);
	assert.deepEqual(
		server.seen.slice(1).map(({ method, path, body }) => [method, path, body]),
		[["POST", "/1/receipts/rEcEiPt123/cancel.json", "token=apptoken"]],
	);
	assert.equal(
		next.isPending?.(() => false),
		false,
	);
	const late = { ...letter([notice("raised", "emergency"), notice("raised", "critical")]), isOpen: () => false };
	await channel.send(late);
	const fields = new URLSearchParams(server.seen.at(-1)?.body);
	assert.deepEqual([fields.get("priority"), fields.get("retry")], ["1", null]);
});

test("answers: which mean later, which the settings, which this message", async (t) => {
	const slack = (base: string) =>
		createSlack(
			config(`config notifications slack\n option webhook_url '${base}/services/T000/B000/secretpath'\n`).slack,
			post,
		);
	for (const [reply, why, waitMs, text] of [
		[{ status: 429, headers: { "retry-after": "7" } }, "again", 7000, /too many messages: 429/],
		[{ status: 429, headers: { "retry-after": "999999" } }, "again", 3_600_000, /too many/],
		[
			{ status: 429, body: { message: "You are being rate limited.", retry_after: 0.65, global: false } },
			"again",
			650,
			/rate limited/,
		],
		[{ status: 429, body: { ok: false, error_code: 429, parameters: { retry_after: 12 } } }, "again", 12_000, /429/],
		[{ status: 429, headers: { "retry-after": "\u00ff;reboot" } }, "again", null, /429/],
		[{ status: 503 }, "again", null, /has trouble: 503/],
		[{ status: 403, body: "invalid_token" }, "settings", null, /^refused: 403 \(invalid_token\)$/],
		[{ status: 410, body: "channel_is_archived" }, "settings", null, /channel_is_archived/],
		[
			{ status: 302, headers: { location: "http://127.0.0.1:1/x" } },
			"settings",
			null,
			/redirect \(302\) to 127\.0\.0\.1:1, which is not followed/,
		],
		[{ status: 400, body: "invalid_payload" }, "rejected", null, /refused: 400 \(invalid_payload\)/],
		[{ status: 400, body: { errors: ["a\u001b[31m", 5, "b"] } }, "rejected", null, /\(a \[31m; b\)/],
		[{ status: 400, body: `<html>${"x".repeat(9999)}` }, "rejected", null, /^the message was refused: 400$/],
	] as const) {
		const server = await service(t, reply);
		const sent = await slack(server.base).send(letter());
		assert.ok(!sent.ok);
		assert.deepEqual([sent.why, sent.waitMs], [why, waitMs], JSON.stringify(reply));
		assert.match(sent.text, text);
	}
});

test("a server that hangs, is not there or sends too much is a failure in time", async (t) => {
	const hung = await service(t, { hang: true });
	await assert.rejects(post({ url: hung.base, timeoutMs: 100 }), (error) => isAutonomyError(error, "timeout"));
	await assert.rejects(post({ url: "http://127.0.0.1:1/" }), (error) => isAutonomyError(error, "connection_failed"));
	const much = await service(t, { body: "x".repeat(100_000) });
	await assert.rejects(post({ url: much.base }), (error) => isAutonomyError(error, "queue_full"));
});

test("slack: markup made harmless", async (t) => {
	const server = await service(t, { body: "ok" });
	const uci = `config notifications slack\n option webhook_url '${server.base}/services/x'\n option channel '#net'\n`;
	assert.deepEqual(await createSlack(config(uci).slack, post).send(hostile()), { ok: true });
	const { text, channel } = server.json();
	assert.equal(channel, "#net");
	assert.match(String(text), /wa"n\\ &lt;b&gt;&amp;amp; \*_`~ @everyone/);
	for (const bad of ["<", ">", "\u0007", "\u202e"]) assert.ok(!String(text).includes(bad));
});

test("discord: no mention, no markup, 2000 characters", async (t) => {
	const server = await service(t, { status: 204 });
	const discord = createDiscord(
		config(`config notifications discord\n option webhook_url '${server.base}/api/webhooks/1/x'\n`).discord,
		post,
	);
	assert.deepEqual(await discord.send(hostile()), { ok: true });
	assert.deepEqual(server.json().allowed_mentions, { parse: [] });
	assert.match(String(server.json().content), /\\<b\\>&amp; \\\*\\_\\`\\~ \\@everyone/);
	const long = Array.from({ length: 20 }, () => notice("raised", "critical", { text: "\ud83d\udea8".repeat(300) }));
	await discord.send(letter(long));
	const content = String(server.json().content);
	assert.ok(content.length <= 2000 && content.length > 1900 && !/\p{Cs}/u.test(content));
});

test("telegram: plain text with a button; acknowledged by button or answer, only from its own chat", async (t) => {
	let updates: unknown[] = [];
	const server = await service(t, ({ path }) => {
		if (path.endsWith("/sendMessage")) return { body: { ok: true, result: { message_id: 77 } } };
		return path.endsWith("/getUpdates")
			? { body: { ok: true, result: updates } }
			: { body: { ok: true, result: true } };
	});
	const section = config(
		"config notifications telegram\n option token '123:AbC'\n option chat_id '-100200'\n",
	).telegram;
	const channel = createTelegram(section, post, server.base);
	assert.deepEqual(await channel.acknowledgements?.(() => true), []);
	assert.equal(server.seen.length, 0, "nothing is asked while nothing was sent");
	assert.deepEqual(await channel.send(hostile()), { ok: true });
	assert.equal(server.seen[0]?.path, "/bot123:AbC/sendMessage");
	const body = server.json();
	assert.deepEqual([body.chat_id, body.parse_mode], ["-100200", undefined]);
	assert.ok(String(body.text).includes("@everyone $x{y}"));
	const button = (chat: number, id: number) => ({
		update_id: id,
		callback_query: { id: `q${id}`, data: "ack", message: { message_id: 77, chat: { id: chat } } },
	});
	updates = [
		button(666, 4),
		{ update_id: 5, message: { text: "ack", chat: { id: -100200 }, reply_to_message: { message_id: 3 } } },
		null,
		7,
	];
	assert.deepEqual(await channel.acknowledgements?.(() => true), []);
	updates = [button(-100200, 6)];
	assert.deepEqual(await channel.acknowledgements?.(() => true), [{ id: "a1", by: "telegram" }]);
	assert.deepEqual(server.json(), { callback_query_id: "q6", text: "Acknowledged" });
	updates = [
		{ update_id: 8, message: { text: "ACK thanks", chat: { id: -100200 }, reply_to_message: { message_id: 77 } } },
	];
	assert.deepEqual(await channel.acknowledgements?.(() => true), [{ id: "a1", by: "telegram" }]);
	assert.equal(server.json().offset, 7);
	updates = [
		{
			update_id: 9,
			callback_query: { id: "q9", data: "ack", message: { message_id: 3, chat: { id: -100200 } } },
		},
	];
	assert.deepEqual(await channel.acknowledgements?.(() => true), []);
	assert.equal(server.json().text, "Not known any more: see autonomyctl alerts");
});

test("pagerduty: trigger, acknowledge and resolve of one incident", async (t) => {
	const server = await service(t, { status: 202, body: { status: "success", dedup_key: "k" } });
	const section = config(
		"config notifications pagerduty\n option routing_key 0123456789abcdef0123456789abcdef\n",
	).pagerduty;
	const channel = createPagerDuty(section, post, server.base);
	const steps = [notice("raised", "emergency"), notice("acknowledged"), notice("cleared")];
	assert.deepEqual(await channel.send(letter(steps)), { ok: true });
	assert.deepEqual(
		server.seen.map((one) => one.path),
		Array(3).fill("/v2/enqueue"),
	);
	assert.deepEqual(
		[0, 1, 2].map((at) => server.json(at).event_action),
		["trigger", "acknowledge", "resolve"],
	);
	assert.deepEqual([...new Set([0, 1, 2].map((at) => server.json(at).dedup_key))], ["boat/member_down:wan"]);
	const payload = server.json(0).payload as Record<string, unknown>;
	assert.deepEqual(
		[payload.severity, payload.source, payload.timestamp, payload.component],
		["critical", "boat", new Date(NOW_UNIX_MS).toISOString(), "wan"],
	);
	// What was taken is not sent again: a trigger after its resolve would be a new incident.
	let failing = 2;
	const shaky = await service(t, () => (failing-- === 0 ? { status: 500 } : { status: 202 }));
	const again = createPagerDuty(section, post, shaky.base);
	assert.equal((await again.send(letter(steps))).ok, false);
	assert.deepEqual(await again.send(letter([], { id: "t1", kind: "test" })), { ok: true });
	assert.deepEqual(await again.send(letter(steps)), { ok: true });
	assert.deepEqual(
		shaky.seen.map((_, at) => shaky.json(at).event_action),
		["trigger", "acknowledge", "resolve", "trigger", "resolve", "resolve"],
	);
	const refusing = await service(t, {
		status: 400,
		body: {
			status: "invalid event",
			message: "Event object is invalid",
			errors: ["Length of 'routing_key' is incorrect"],
		},
	});
	const sent = await createPagerDuty(section, post, refusing.base).send(letter());
	assert.deepEqual([!sent.ok && sent.why, !sent.ok && /Length of 'routing_key'/.test(sent.text)], ["settings", true]);
});

const webhook = (base: string, more = "") =>
	createWebhook(
		config(`config notifications webhook\n option url '${base}/hook'\n option allow_private 1\n${more}`).webhook,
		post,
		platform.outlets,
	);

test("webhook: all fields as JSON, signed; hostile texts survive", async (t) => {
	const server = await service(t, {});
	assert.deepEqual(
		await webhook(server.base, " option hmac_secret s3cr3t\n option auth_type bearer\n option auth_token tok3n\n").send(
			hostile(),
		),
		{ ok: true },
	);
	const [seen] = server.seen;
	assert.equal(
		seen?.headers["x-autonomy-signature"],
		`sha256=${createHmac("sha256", "s3cr3t")
			.update(seen?.body ?? "")
			.digest("hex")}`,
	);
	assert.equal(seen?.headers.authorization, "Bearer tok3n");
	const body = server.json();
	assert.equal(body.uplink, HOSTILE);
	assert.deepEqual([body.type, body.priority, body.hostname, body.late_s], ["member_down", "critical", "boat", 5]);
	assert.equal((body.alerts as { text: string }[])[0]?.text, HOSTILE);
});

test("webhook: who may be let in, by each kind of authentication", async (t) => {
	const server = await service(t, {});
	await webhook(
		server.base,
		" option auth_type basic\n option auth_username 'ü'\n option auth_password 'p:w'\n option method put\n",
	).send(letter());
	await webhook(server.base, " option auth_type custom\n option auth_header X-Token\n option auth_token abc\n").send(
		letter(),
	);
	assert.equal(server.seen[0]?.headers.authorization, `Basic ${Buffer.from("ü:p:w").toString("base64")}`);
	assert.deepEqual([server.seen[0]?.method, server.seen[1]?.headers["x-token"]], ["PUT", "abc"]);
});

test("webhook: templates encode for what the body is, and know only their fields", () => {
	const one = hostile();
	const json = JSON.parse(
		fill('{"t":"{{uplink}}","n":{{json count}},"a":{{json alerts}},"x":"{{ .message }}"}', "application/json", one),
	) as Record<string, unknown>;
	assert.deepEqual([json.t, json.n], [HOSTILE, 1]);
	assert.equal(
		new URLSearchParams(fill("a={{uplink}}&b=1", "application/x-www-form-urlencoded", one)).get("a"),
		HOSTILE,
	);
	assert.ok(!/<b>|"n/.test(fill("{{uplink}}", "application/xml", one)));
	assert.equal(fill("{{constructor}}|{{__proto__}}|{{json toString}}", "text/plain", one), "||null");
	const bad = config(
		"config notifications webhook\n option url http://192.0.2.1/\n option template '{{title}} {{colour}}'\n",
	).webhook;
	assert.match(createWebhook(bad, post, platform.outlets).missing ?? "", /\{\{colour\}\} is none/);
});

test("webhook: private addresses and redirects are refused unless allowed", async (t) => {
	const server = await service(t, { status: 307, headers: { location: "http://127.0.0.1:1/steal" } });
	const strict = (url: string) =>
		createWebhook(config(`config notifications webhook\n option url '${url}'\n`).webhook, post, platform.outlets);
	for (const url of [
		server.base,
		server.base.replace("127.0.0.1", "localhost"),
		"http://[::1]:1/",
		"http://[::ffff:127.0.0.1]:1/",
		"http://192.168.1.1/",
		"http://2130706433/",
		"http://0x7f.1/",
	]) {
		await assert.rejects(strict(url).send(letter()), (error) => isAutonomyError(error, "refused"), url);
	}
	assert.equal(server.seen.length, 0);
	const sent = await webhook(server.base).send(letter());
	assert.ok(!sent.ok && sent.why === "settings" && /redirect \(307\)/.test(sent.text));

	const target = await service(t, {});
	const from = await service(t, { status: 302, headers: { location: `${target.base}/there` } });
	const following = webhook(
		from.base,
		" option follow_redirect 1\n option auth_type bearer\n option auth_token tok3n\n",
	);
	assert.deepEqual(await following.send(letter()), { ok: true });
	assert.equal(target.seen[0]?.headers.authorization, undefined, "another host does not get the token");
	for (const [type, header] of [
		["api_key", "x-api-key"],
		["custom", "x-mine"],
		["basic", "authorization"],
	] as const) {
		const own = ` option auth_header ${type === "custom" ? "X-Mine" : "X-API-Key"}\n option auth_token tok3n\n option auth_username u\n option auth_password tok3n\n`;
		const one = webhook(from.base, ` option follow_redirect 1\n option auth_type ${type}\n${own}`);
		assert.deepEqual(await one.send(letter()), { ok: true });
		assert.ok(from.seen.at(-1)?.headers[header], `${type} at its own host`);
		assert.ok(!JSON.stringify(target.seen.at(-1)).includes("tok3n"), `${type} at another host`);
	}
});

test("webhook: a server that refuses for ever does not hold up all others", async (t) => {
	const server = await service(t, { status: 500 });
	const channel = webhook(server.base, " option retry_attempts 2\n");
	const why = [];
	for (let index = 0; index < 4; index++) {
		const sent = await channel.send(letter());
		why.push(sent.ok ? "" : sent.why);
	}
	assert.deepEqual(why, ["again", "again", "rejected", "rejected"]);
});
