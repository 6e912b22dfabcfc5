/**
 * A new owner: each channel as docs/alerts.md and the reference say, at servers that answer as the services do, first with
 * what goes wrong on the way. What the status says must tell what to do, and never a secret.
 */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { CHANNEL_NAMES } from "../../contract/api-alerts.ts";
import { SECTIONS } from "../../contract/options.ts";
import { withAdvice } from "../../daemon/alert/advice.ts";
import { type Alerts, createAlerts } from "../../daemon/alert/alerts.ts";
import type { ChannelName } from "../../daemon/alert/channels/channel.ts";
import type { Bus } from "../../daemon/bus/bus.ts";
import { toSettings } from "../../daemon/config/settings.ts";
import { describe as describeEngine } from "../../daemon/decide/describe.ts";
import { initialState } from "../../daemon/decide/state.ts";
import { isAutonomyError } from "../../daemon/platform/error.ts";
import { makeCertificates, until } from "../publish/broker.ts";
import { fakeLog } from "../support/fake-platform.ts";
import { platform, type Reply, config as read, service } from "./support.ts";

const OPENSSL = existsSync("/usr/bin/openssl");
const SECRET = "s3cr3t0123456789";

interface Desk {
	readonly alerts: Alerts;
	readonly log: ReturnType<typeof fakeLog>;
	change(uci: string): void;
}

function desk(t: TestContext, uci: string, bases: Partial<Record<ChannelName, string>> = {}): Desk {
	let config = read(uci);
	const log = fakeLog();
	const engine = describeEngine({ ...initialState(toSettings(config)), started: true }, 0);
	const alerts = createAlerts({
		platform,
		bus: { list: () => Promise.resolve([]) } as unknown as Bus,
		log,
		version: "1.2.3",
		config: () => config,
		recorder: { history: () => null, toUnixMs: (atMs) => Math.round(Date.now() + atMs - platform.clock.monotonicMs()) },
		view: () => engine,
		preferred: () => null,
		uplinks: () => [],
		sensors: () => [],
		problems: () => [],
		ways: () => [null],
		actedPath: "/nonexistent",
		restarts: () => 0,
		device: () => "boat",
		bases,
	});
	alerts.start();
	t.after(() => alerts.close());
	return {
		alerts,
		log,
		change(next) {
			config = read(next);
			alerts.configure();
		},
	};
}

/** After one try. */
async function tried({ alerts, log }: Desk, channel: ChannelName): Promise<string> {
	const before = alerts.status().channels.find((one) => one.name === channel);
	let refused = "";
	try {
		alerts.test(channel, "hello", "info");
	} catch (error) {
		assert.ok(isAutonomyError(error, "refused"));
		refused = error.message;
	}
	const now = () => alerts.status().channels.find((one) => one.name === channel);
	if (refused !== "") {
		assert.equal(refused, `${channel}: ${now()?.text}`);
		return `settings: ${now()?.text}`;
	}
	await until("a try", () => now()?.lastErrorMs !== before?.lastErrorMs || now()?.sent !== before?.sent);
	const { state = "", text = "", lastError = null } = now() ?? {};
	for (const seen of [text, lastError ?? "", JSON.stringify(log.lines)]) assert.ok(!seen.includes(SECRET), seen);
	return `${state}: ${text}`;
}

const section = (name: string, options: Readonly<Record<string, string>>): string =>
	`config notifications '${name}'\n\toption enabled '1'\n${Object.entries(options)
		.map(([key, value]) => `\toption ${key} '${value}'\n`)
		.join("")}`;

interface Service {
	readonly channel: ChannelName;
	readonly missing: RegExp;
	readonly partly: Readonly<Record<string, string>>;
	/** `base`: where it stands. */
	readonly options: (base: string) => Readonly<Record<string, string>>;
	/** How it refuses a wrong key, as documented. */
	readonly refusal: Reply;
	readonly says: RegExp;
	readonly good: Reply;
}

const SERVICES: readonly Service[] = [
	{
		channel: "pushover",
		missing: /^settings: option user is missing in section pushover of \/etc\/config\/autonomy$/,
		partly: { token: SECRET },
		options: () => ({ token: SECRET, user: SECRET }),
		refusal: { status: 400, body: { token: "invalid", errors: [`application token is invalid ${SECRET}`], status: 0 } },
		says: /^settings: .*application token is invalid \*\*\*.*look at token, user, device and sound in section pushover of \/etc\/config\/autonomy/,
		good: { body: { status: 1, request: "x" } },
	},
	{
		channel: "telegram",
		missing: /^settings: option chat_id is missing in section telegram/,
		partly: { token: SECRET },
		options: () => ({ token: SECRET, chat_id: "42" }),
		refusal: { status: 401, body: { ok: false, error_code: 401, description: "Unauthorized" } },
		says: /^settings: refused: 401 \(Unauthorized\); look at token and chat_id in section telegram/,
		good: { body: { ok: true, result: { message_id: 1 } } },
	},
	{
		channel: "pagerduty",
		missing: /^settings: option routing_key is missing in section pagerduty/,
		partly: {},
		options: () => ({ routing_key: SECRET }),
		refusal: {
			status: 400,
			body: {
				status: "invalid event",
				message: "Event object is invalid",
				errors: ["Length of 'routing_key' is incorrect"],
			},
		},
		says: /^settings: .*routing_key' is incorrect.*look at routing_key and region in section pagerduty/,
		good: { status: 202, body: { status: "success" } },
	},
	{
		channel: "slack",
		missing: /^settings: option webhook_url is missing in section slack/,
		partly: {},
		options: (base) => ({ webhook_url: `${base}/services/${SECRET}` }),
		refusal: { status: 404, body: "no_service" },
		says: /^settings: refused: 404 \(no_service\); look at webhook_url in section slack/,
		good: { body: "ok" },
	},
	{
		channel: "discord",
		missing: /^settings: option webhook_url is missing in section discord/,
		partly: {},
		options: (base) => ({ webhook_url: `${base}/api/webhooks/1/${SECRET}` }),
		refusal: { status: 401, body: { message: "Invalid Webhook Token", code: 50027 } },
		says: /^settings: refused: 401 \(Invalid Webhook Token\); look at webhook_url in section discord/,
		good: { status: 204 },
	},
	{
		channel: "webhook",
		missing: /^settings: option url is missing in section webhook/,
		partly: {},
		options: (base) => ({ url: `${base}/hook/${SECRET}`, allow_private: "1", auth_type: "bearer", auth_token: SECRET }),
		refusal: { status: 403, body: { error: `who is ${SECRET}?` } },
		says: /^settings: refused: 403 \(who is \*\*\*\?\); look at url and those that begin with auth_ in section webhook/,
		good: {},
	},
];

for (const { channel, missing, partly, options, refusal, says, good } of SERVICES) {
	test(`${channel}: half a configuration, a wrong key, a service in trouble, a redirect, then it works`, async (t) => {
		const server = await service(
			t,
			refusal,
			{ status: 503 },
			{ status: 302, headers: { location: `https://elsewhere.example/${SECRET}` } },
			good,
		);
		const one = desk(t, section(channel, partly), { [channel]: server.base });
		assert.match(await tried(one, channel), missing);
		one.alerts.post(channel, "what waits");
		const full = options(server.base);
		one.change(section(channel, full));
		await until("a try", () => server.seen.length === 1);
		await until("its end", () => one.alerts.status().channels[0]?.lastError?.includes("look at") === true);
		const [status] = one.alerts.status().channels;
		assert.match(`${status?.state}: ${status?.text}`, says);
		// The owner changes something: what waits is tried again.
		one.change(section(channel, { ...full, threshold: "warning" }));
		await until("trouble", () => /the service has trouble: 503/.test(one.alerts.status().channels[0]?.text ?? ""));
		one.change(section(channel, { ...full, threshold: "critical" }));
		await until("redirect", () =>
			/redirect \(302\) to elsewhere\.example, which is not followed/.test(one.alerts.status().channels[0]?.text ?? ""),
		);
		one.change(section(channel, { ...full, threshold: "info" }));
		await until("sent", () => (one.alerts.status().channels[0]?.sent ?? 0) === 1);
		const shown = JSON.stringify([one.alerts.status(), one.log.lines]);
		assert.ok(!shown.includes(SECRET), shown);
	});
}

describe("addresses and certificates", () => {
	let folder = "";
	before(() => {
		folder = mkdtempSync(join(tmpdir(), "autonomy-owner-"));
		if (OPENSSL) makeCertificates(folder);
	});
	after(() => rmSync(folder, { recursive: true, force: true }));

	test("a private address, by number and by name, says which option allows it", async (t) => {
		const server = await service(t, {});
		const port = new URL(server.base).port;
		for (const host of ["127.0.0.1", "localhost", "[::1]", "10.1.2.3", "169.254.169.254", "[::ffff:192.168.1.1]"]) {
			const one = desk(t, section("webhook", { url: `http://${host}:${port}/${SECRET}` }));
			assert.match(
				await tried(one, "webhook"),
				/^settings: .* private address: option allow_private '1' of section webhook of \/etc\/config\/autonomy allows it/,
				host,
			);
		}
		assert.equal(server.seen.length, 0);
	});

	test("a redirect of a webhook says which option allows it", async (t) => {
		const server = await service(t, { status: 307, headers: { location: "http://10.0.0.1/x" } });
		const one = desk(t, section("webhook", { url: `${server.base}/x`, allow_private: "1" }));
		assert.match(
			await tried(one, "webhook"),
			/^settings: answers with a redirect \(307\) to 10\.0\.0\.1, which is not followed: option follow_redirect '1'/,
		);
	});

	test("a server nobody vouches for gets nothing", { skip: !OPENSSL && "openssl is not installed" }, async (t) => {
		const got: string[] = [];
		const server = createServer(
			{ key: readFileSync(join(folder, "server.key")), cert: readFileSync(join(folder, "server.pem")) },
			(request, response) => {
				got.push(request.url ?? "");
				response.end();
			},
		);
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		t.after(() => server.close());
		const one = desk(
			t,
			section("slack", { webhook_url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/${SECRET}` }),
		);
		assert.match(
			await tried(one, "slack"),
			/^failing: the server's certificate is not accepted \(is a login page in between\?\): /,
		);
		assert.deepEqual(got, []);
	});

	test("a name that does not exist, a port where nobody listens", async (t) => {
		const one = desk(t, section("webhook", { url: `http://127.0.0.1:9/${SECRET}`, allow_private: "1" }));
		assert.match(await tried(one, "webhook"), /^failing: connect ECONNREFUSED 127\.0\.0\.1:9$/);
		const two = desk(
			t,
			section("email", {
				smtp_host: "127.0.0.1",
				smtp_port: "9",
				to: "a@example.org",
				password: SECRET,
				username: "x",
			}),
		);
		assert.match(await tried(two, "email"), /^failing: .*ECONNREFUSED/);
	});
});

test("what the documentation shows can be written as it stands", async (t) => {
	const text = readFileSync("docs/alerts.md", "utf8");
	const blocks = [...text.matchAll(/(?:^ {4}(?:config|\t| {4}).*\n)+/gm)].map(([block]) =>
		block.replace(/^ {4}/gm, ""),
	);
	const shown = blocks.filter((block) => block.startsWith("config "));
	assert.ok(shown.length >= 2);
	const config = read(shown.join("\n"));
	assert.equal(config.pushover.enabled && config.mqtt.enabled, true);
	const one = desk(t, shown.join("\n"));
	assert.deepEqual(
		one.alerts.status().channels.map(({ name, state }) => [name, state]),
		[["pushover", "ok"]],
	);
});

test("what the owner is told to look at exists", () => {
	for (const name of CHANNEL_NAMES) {
		const section = SECTIONS.find((one) => one.name === name && one.type === "notifications");
		const known = section?.options.map((one) => one.name) ?? [];
		const [, listed = ""] = /; look at (.*) in section /.exec(withAdvice("x", name)) ?? [];
		assert.notEqual(listed, "", name);
		for (const word of listed.split(/, | and /)) {
			const fits = word.startsWith("those that begin with ")
				? known.some((one) => one.startsWith(word.slice(22)))
				: known.includes(word);
			assert.ok(fits, `${name}: ${word}`);
		}
	}
});
