/** Any text at all, through every encoder there is: what the other side reads is that text and nothing else. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Letter, Post } from "../../daemon/alert/channels/channel.ts";
import { createDiscord, createSlack } from "../../daemon/alert/channels/chat.ts";
import { createPagerDuty } from "../../daemon/alert/channels/pagerduty.ts";
import { createPushover } from "../../daemon/alert/channels/pushover.ts";
import { smsText } from "../../daemon/alert/channels/sms.ts";
import { createTelegram } from "../../daemon/alert/channels/telegram.ts";
import { createWebhook, fill } from "../../daemon/alert/channels/webhook.ts";
import { exposition } from "../../daemon/publish/exposition.ts";
import { encode, level } from "../../daemon/publish/payload.ts";
import { parseExposition } from "../publish/parser.ts";
import { config, HOSTILE, letter, notice, platform } from "./support.ts";

const UCI = `config notifications pushover\n option token t\n option user u\nconfig notifications telegram\n option token t\n option chat_id 1
config notifications slack\n option webhook_url https://x.example/a\nconfig notifications discord\n option webhook_url https://x.example/a
config notifications pagerduty\n option routing_key k\nconfig notifications webhook\n option url https://x.example/a\n`;
const settings = config(UCI);

/** Pieces that mean something to somebody, and anything else. */
const texts = fc
	.array(
		fc.oneof(
			fc.constantFrom(
				HOSTILE,
				"\u0000",
				"\u001b[31m",
				"\ud800",
				"\u202e",
				"\r\nBcc: x@example.org\r\n",
				"{{title}}",
				"<!channel>",
				"@everyone",
				"&amp;",
				"'\"",
				"`",
				"+/#$SYS",
				"\n# HELP x\nx 1\n",
				"%0a",
				"\ufeff",
				"\u2028",
			),
			fc.string({ unit: "grapheme", maxLength: 12 }),
			fc.string({ unit: "binary", maxLength: 12 }),
		),
		{ minLength: 1, maxLength: 6 },
	)
	.map((parts) => parts.join(""));

// biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
const HARMFUL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\p{Cs}/u;

/** What a channel sends. */
async function sent(make: (post: Post) => { send(letter: Letter): Promise<unknown> }, one: Letter): Promise<string> {
	let body = "";
	await make((request) => {
		body = String(request.body);
		return Promise.resolve({ status: 200, headers: {}, body: "{}", bytes: new Uint8Array() });
	}).send(one);
	return body;
}

test("alerts in any words reach each service as plain text", async () => {
	await fc.assert(
		fc.asyncProperty(texts, async (text) => {
			const one = letter([notice("raised", "emergency", { uplink: text, text })]);
			const { title, text: words } = one.words;
			assert.doesNotMatch(title + words, HARMFUL);
			const json = async (make: Parameters<typeof sent>[0]): Promise<Record<string, unknown>> =>
				JSON.parse(await sent(make, one)) as Record<string, unknown>;

			const form = new URLSearchParams(await sent((post) => createPushover(settings.pushover, post), one));
			assert.equal(form.get("title"), title);
			assert.equal(form.get("priority"), "2");

			const telegram = await json((post) => createTelegram(settings.telegram, post));
			assert.equal(telegram.text, `${title}\n\n${words}`);
			assert.equal("parse_mode" in telegram, false);

			const { text: slack } = await json((post) => createSlack(settings.slack, post));
			assert.doesNotMatch(String(slack), /[<>]|&(?!amp;|lt;|gt;)/);

			const discord = await json((post) => createDiscord(settings.discord, post));
			assert.deepEqual(discord.allowed_mentions, { parse: [] });
			assert.doesNotMatch(String(discord.content), /(^|[^\\])(\\\\)*[@<`]/);

			const incident = await json((post) => createPagerDuty(settings.pagerduty, post));
			assert.ok(String(incident.dedup_key).length <= 255);
			assert.doesNotMatch(String((incident.payload as { summary: string }).summary), HARMFUL);

			const hook = await json((post) => createWebhook(settings.webhook, post, platform.outlets));
			assert.equal(hook.title, title);
			assert.equal(
				(hook.alerts as { text: string }[])[0]?.text,
				text.replace(/\p{Cs}/gu, "\ufffd") === text ? text : (hook.alerts as { text: string }[])[0]?.text,
			);
			const filled = JSON.parse(
				fill('{"a":"{{title}}","b":{{json message}},"c":"{{uplink}}"}', "application/json", one),
			) as Record<string, string>;
			assert.deepEqual([filled.a, filled.b], [title, words]);
			assert.equal(
				new URLSearchParams(fill("a={{title}}&b=1", "application/x-www-form-urlencoded", one)).get("a"),
				title,
			);
			assert.doesNotMatch(fill("<a>{{title}}</a>", "text/xml", one).slice(3, -4), /[<>"']/);

			const sms = smsText(one);
			assert.doesNotMatch(sms, HARMFUL);
			assert.ok(sms.length <= 160);
		}),
		{ numRuns: 150 },
	);
});

test("names in any characters are one label, one level of a topic, one JSON value", () => {
	fc.assert(
		fc.property(texts, (name) => {
			const series = [{ labels: { member: name }, value: 1 }];
			const [sample, ...others] = parseExposition(
				exposition([{ name: "autonomy_x", type: "gauge", help: "h", series }]),
			);
			assert.deepEqual([sample?.value, others], [1, []]);
			const topic = level(name);
			assert.ok(topic.length > 0 && topic.length <= 64);
			assert.doesNotMatch(topic, /[+#/$\s]|\p{Cc}|\p{Cs}/u);
			const payload = JSON.parse(encode("events", { id: "e1", ts: 1, type: name, name, reason: name })) as {
				reason: string;
			};
			assert.doesNotMatch(payload.reason, /\p{Cs}/u);
		}),
		{ numRuns: 500 },
	);
});
