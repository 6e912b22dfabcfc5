/** Web push: the vector of RFC 8291, who is told, who is taken out, what is refused. */
import assert from "node:assert/strict";
import { createECDH, type ECDH } from "node:crypto";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { createPush, payloadOf } from "../../daemon/alert/channels/push.ts";
import { createSubscriptions } from "../../daemon/alert/subscriptions.ts";
import { AutonomyError, isAutonomyError } from "../../daemon/platform/error.ts";
import { createLogger } from "../../daemon/platform/node/log.ts";
import { nodeOutlets } from "../../daemon/platform/node/outlets.ts";
import { encryptPush, newPushKeys, sealPush } from "../../daemon/platform/node/web-push.ts";
import { fakeLog } from "../support/fake-platform.ts";
import { browser, pushSuite } from "./push-suite.ts";
import { config, HOSTILE, hostile, letter, notice, platform, post, service } from "./support.ts";

const quiet = createLogger("error");
const bytes = (text: string): Buffer => Buffer.from(text, "base64url");

function senderOf(privateKey: string): ECDH {
	const sender = createECDH("prime256v1");
	sender.setPrivateKey(bytes(privateKey));
	return sender;
}

test("RFC 8291, appendix A: the same bytes", () => {
	const sealed = encryptPush(
		Buffer.from("When I grow up, I want to be a watermelon"),
		{
			p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
			auth: "BTBZMqHH6r4Tts7J_aSIgg",
		},
		senderOf("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"),
		bytes("DGv6ra1nlYgDCS1FRnbzlw"),
	);
	assert.equal(
		Buffer.from(sealed).toString("base64url"),
		"DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN",
	);
});

pushSuite("Node", false, () => nodeOutlets, nodeOutlets);

function place(t: TestContext): string {
	const folder = mkdtempSync(join(tmpdir(), "autonomy-push-"));
	t.after(() => rmSync(folder, { recursive: true }));
	return join(folder, "etc/push.json");
}

const WANTED = { p256dh: browser().p256dh, auth: browser().auth, label: "phone" };

test("subscriptions: kept in a file of mode 600, bounded, checked, found by their end", async (t) => {
	const path = place(t);
	const open = () => createSubscriptions(platform, quiet, path);
	const first = open();
	assert.throws(() => first.add({ endpoint: "https://p.example/1", ...WANTED }), /ask push_key .* first/);
	const [keys, again] = await Promise.all([first.keys(), first.keys()]);
	assert.deepEqual(again, keys);
	for (let i = 0; i < 16; i++) first.add({ endpoint: `https://p.example/send/a-long-name-${i + 10}`, ...WANTED });
	assert.throws(() => first.add({ endpoint: "https://p.example/one-more", ...WANTED }), /16 phones and browsers/);
	first.add({ endpoint: "https://p.example/send/a-long-name-10", ...WANTED, label: `again ${HOSTILE}` });
	assert.equal(statSync(path).mode & 0o777, 0o600);
	const second = open();
	assert.deepEqual(await second.keys(), keys);
	assert.equal(second.list().length, 16);
	assert.doesNotMatch(second.list().at(-1)?.label ?? "", /[\p{Cc}\u202e]/u);
	assert.equal(second.remove("/send/a-long-name-11"), 1);
	assert.equal(second.remove("-12"), 0, "too short an end");
	assert.equal(open().list().length, 15);
	const table: readonly (readonly [object, RegExp])[] = [
		[{ endpoint: "http://p.example/1" }, /endpoint is no https address/],
		[{ endpoint: "https://u:p@p.example/1" }, /endpoint is no https address/],
		[{ endpoint: "https://p.example/a b" }, /endpoint is no https address/],
		[{ endpoint: "https://p.example/1\r\nx: y" }, /endpoint is no https address/],
		[{ p256dh: "AAAA" }, /p256dh is no public key/],
		[{ auth: "short" }, /auth is no secret/],
	];
	for (const [wrong, says] of table) {
		const given = { endpoint: "https://p.example/1", ...WANTED, ...wrong };
		assert.throws(
			() => second.add(given),
			(error) => isAutonomyError(error, "bad_argument") && says.test(error.message),
		);
	}
	for (const broken of ["{", "[]", '{"keys":{"publicKey":1},"subscriptions":[{"endpoint":"file:///etc"}]}', "null"]) {
		writeFileSync(path, broken);
		assert.deepEqual(open().list(), [], broken);
		assert.match((await open().keys()).publicKey, /^B/);
	}
});

test("a file that cannot be read for once is not written over; one that is torn gets nothing of itself into the log", async (t) => {
	const path = place(t);
	const first = createSubscriptions(platform, quiet, path);
	const keys = await first.keys();
	first.add({ endpoint: "https://p.example/send/a-long-name", ...WANTED });
	let broken = true;
	const files = {
		...platform.files,
		readTextIfAny(name: string): string | null {
			if (broken) throw new AutonomyError("file_io", `cannot read ${name}: EMFILE`);
			return platform.files.readTextIfAny(name);
		},
	};
	const log = fakeLog();
	const second = createSubscriptions({ ...platform, files }, log, path);
	assert.deepEqual(second.list(), []);
	await assert.rejects(second.keys(), { code: "file_io" });
	assert.throws(() => second.add({ endpoint: "https://p.example/send/another", ...WANTED }), { code: "file_io" });
	broken = false;
	assert.deepEqual(await second.keys(), keys);
	assert.equal(second.list().length, 1);
	const secret = "s3cr3tk3y";
	writeFileSync(path, `{"keys":{"privateKey":${secret}}}`);
	assert.deepEqual(createSubscriptions(platform, log, path).list(), []);
	assert.equal(log.messages("warn").length, 2);
	assert.ok(!JSON.stringify(log.lines).includes(secret.slice(0, 4)), JSON.stringify(log.lines));
});

const PUSH = "config notifications 'push'\n\toption enabled '1'\n\toption allow_private '1'\n";

/** Endpoints are https; the service of the test is not. */
const plainly: typeof post = (request) => post({ ...request, url: request.url.replace("https:", "http:") });

test("each browser is told; one that failed alone is told again; who is gone is taken out", async (t) => {
	const path = place(t);
	const answers: Record<string, number> = { "/good": 201, "/busy": 503, "/gone": 410, "/lost": 404 };
	const push = await service(t, (seen) => ({ status: answers[seen.path] ?? 400 }));
	const subscriptions = createSubscriptions(platform, quiet, path);
	await subscriptions.keys();
	const phone = browser();
	const base = push.base.replace("http:", "https:");
	for (const name of Object.keys(answers))
		subscriptions.add({ endpoint: `${base}${name}`, ...phone, label: name.slice(1) });
	const channel = createPush(config(PUSH).push, plainly, { platform, subscriptions });
	assert.equal(channel.missing, null);
	const told = letter();
	const first = await channel.send(told);
	assert.deepEqual(first.ok ? "ok" : [first.why, first.text], ["again", "busy: the service has trouble: 503"]);
	assert.deepEqual(
		subscriptions.list().map((one) => one.label),
		["good", "busy"],
	);
	assert.deepEqual(push.seen.map((one) => one.path).sort(), ["/busy", "/gone", "/good", "/lost"]);
	answers["/busy"] = 201;
	const second = await channel.send(told);
	assert.ok(second.ok);
	assert.equal(push.seen.filter((one) => one.path === "/good").length, 1, "nobody is told twice");
	const { headers } = push.seen.at(-1) ?? {};
	assert.equal(headers?.ttl, "86400");
	assert.equal(headers?.urgency, "high");
	assert.match(String(headers?.authorization), /^vapid t=/);
	answers["/busy"] = 503;
	const other = letter([notice()], { id: "m2" });
	assert.equal((await channel.send(other)).ok, false);
	assert.equal((await channel.send(other)).ok, false);
	const given = await channel.send(other);
	assert.ok(given.ok, "one dead service does not hold up the others for ever");
	assert.match(given.text ?? "", /1 told, not busy: /);
	answers["/good"] = 503;
	const nobody = letter([notice()], { id: "m3" });
	for (let i = 0; i < 5; i++) assert.equal((await channel.send(nobody)).ok, false, "what nobody took is kept");
	for (const secret of channel.secrets) assert.ok(secret.length > 5);
	assert.ok(channel.secrets.includes(`${base}/good`));
});

test("private addresses are refused unless allowed; without a subscription or curl it says what is missing", async (t) => {
	const subscriptions = createSubscriptions(platform, quiet, place(t));
	const make = (text: string, outlets = platform.outlets) =>
		createPush(config(text).push, post, { platform: { outlets }, subscriptions });
	assert.match(make(PUSH).missing ?? "", /a phone or browser/);
	assert.equal(make(PUSH, { ...platform.outlets, pushLacks: () => "curl" }).missing, "the package curl");
	await subscriptions.keys();
	subscriptions.add({ endpoint: "https://127.0.0.1:9/x", ...WANTED });
	const sent = await make(PUSH.replace("allow_private '1'", "allow_private '0'")).send(letter());
	assert.ok(!sent.ok && sent.why === "settings" && /private address/.test(sent.text), JSON.stringify(sent));
});

test("what the phone shows: short, whole, one notification a condition, acknowledged only while it holds", () => {
	const phone = browser();
	const keys = newPushKeys();
	const read = (payload: string): Record<string, unknown> =>
		JSON.parse(
			phone.open(sealPush({ ...phone, endpoint: "https://p.example/1", keys, payload, contact: null, nowMs: 0 }).body),
		) as Record<string, unknown>;
	const raised = read(payloadOf(letter()));
	assert.deepEqual([raised.tag, raised.ack, raised.level], ["a1", "a1", "critical"]);
	const over = read(payloadOf(letter([notice("cleared")])));
	assert.deepEqual([over.tag, over.ack], ["a1", undefined]);
	const many = read(payloadOf(letter([notice(), notice("raised", "warning", { id: "a2" })])));
	assert.deepEqual([many.tag, many.ack], ["m1", undefined]);
	assert.match(String(read(payloadOf(hostile())).text), /<b>&amp; \*_`~ @everyone/);
	const long = letter([notice("raised", "critical", { text: "\u{1f6f0}\u4e16".repeat(3000) })]);
	assert.ok(Buffer.byteLength(payloadOf(long)) < 3900);
});
