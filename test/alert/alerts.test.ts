/** The whole room under manual time: what happens goes in, what a service would get comes out. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type Alerts, createAlerts } from "../../daemon/alert/alerts.ts";
import type { Bus } from "../../daemon/bus/bus.ts";
import { toSettings } from "../../daemon/config/settings.ts";
import { describe } from "../../daemon/decide/describe.ts";
import { initialState } from "../../daemon/decide/state.ts";
import type { Decision } from "../../daemon/decide/types.ts";
import { AutonomyError } from "../../daemon/platform/error.ts";
import type { HttpRequest, HttpResponse } from "../../daemon/platform/platform.ts";
import type { RecordedEvent } from "../../daemon/record/recorder.ts";
import { fakeFiles, fakeLog, fakeProcesses, fakeRandom, fakeTime } from "../support/fake-platform.ts";
import { platform as node, config as read } from "./support.ts";

const HOOK = "config notifications webhook\n option enabled 1\n option url https://example.org/s3cr3tpath\n";

interface Desk {
	readonly alerts: Alerts;
	readonly requests: HttpRequest[];
	readonly log: ReturnType<typeof fakeLog>;
	readonly time: ReturnType<typeof fakeTime>;
	/** What the server makes of a request; throws when there is no way. */
	answer: (request: HttpRequest) => Partial<HttpResponse> | Promise<Partial<HttpResponse>>;
	up: boolean;
	/** Nobody knows yet whether it is up. */
	warming: boolean;
	config: ReturnType<typeof read>;
	bodies(): Record<string, unknown>[];
	readonly files: ReturnType<typeof fakeFiles>;
	/** The daemon ends, orderly or not, and is started again. */
	restart(orderly?: boolean): void;
	down(uplink: string): void;
	back(uplink: string): void;
	decide(kind: Decision["kind"], from?: string): void;
}

function desk(t: TestContext, uci = HOOK, ways: readonly (string | null)[] = [null]): Desk {
	const time = fakeTime();
	// Begins anew with each process, as on Node.
	let begunMs = 0;
	const clock = { monotonicMs: () => time.clock.monotonicMs() - begunMs, wallMs: () => time.clock.wallMs() };
	const log = fakeLog();
	const engine = initialState(toSettings(read("")));
	const base = describe({ ...engine, started: true }, 0);
	const uplink = { id: "wan", state: "eligible", primary: true, reason: "answers" } as (typeof base.uplinks)[number];
	const processes = fakeProcesses();
	const files = fakeFiles({ "/etc/TZ": "CET-1CEST,M3.5.0,M10.5.0/3\n" });
	const self: Desk = {
		requests: [],
		log,
		time,
		answer: () => ({ status: 200 }),
		up: true,
		warming: false,
		config: read(uci),
		bodies: () => self.requests.map((one) => JSON.parse(String(one.body)) as Record<string, unknown>),
		files,
		restart(orderly = true) {
			if (!orderly) files.writeAtomic = () => undefined;
			self.alerts.close();
			begunMs = time.clock.monotonicMs() - 700;
			Object.assign(files, fakeFiles(Object.fromEntries(files.content)));
			(self as { alerts: Alerts }).alerts = make();
			self.alerts.start();
		},
		down: (id) => self.alerts.output([], [event(id, "eligible", "down")]),
		back: (id) => self.alerts.output([], [event(id, "hold_down", "eligible")]),
		decide(kind, from = "wan") {
			const text = `${from} failed`;
			const one = {
				id: "d",
				atMs: clock.monotonicMs(),
				kind,
				rule: "r",
				from,
				to: "mob",
				text,
				figures: [],
				candidates: [],
				observed: false,
			};
			self.alerts.output([one], []);
		},
		alerts: null as unknown as Alerts,
	};
	const event = (id: string, from: string, to: string): RecordedEvent => {
		const atMs = clock.monotonicMs();
		return { id: "e", atMs, type: "member_state", uplink: id, from, to, reason: `now ${to}`, decisionId: null };
	};
	const platform = {
		...node,
		clock,
		timers: time.timers,
		random: fakeRandom(),
		files,
		processes,
		http: {
			async request(request: HttpRequest) {
				const answer = await self.answer(request);
				self.requests.push(request);
				return { status: 200, headers: {}, body: "", bytes: new Uint8Array(), ...answer };
			},
		},
	};
	const make = (): Alerts =>
		createAlerts({
			platform,
			bus: { list: () => Promise.resolve([]) } as unknown as Bus,
			log,
			version: "1.2.3",
			config: () => self.config,
			recorder: {
				history: () => null,
				toUnixMs: (atMs) => Math.round(clock.wallMs() + atMs - clock.monotonicMs()),
			},
			view: () => ({
				...base,
				started: true,
				degraded: false,
				primary: "wan",
				uplinks: [{ ...uplink, state: self.warming ? "warm_up" : self.up ? "eligible" : "down" }],
			}),
			preferred: () => null,
			uplinks: () => [{ id: "wan", class: "lan" }],
			sensors: () => [],
			problems: () => [],
			ways: () => ways,
			actedPath: "/tmp/autonomy/watch/acted",
			memoryPath: "/tmp/autonomy/alerts.json",
			restarts: () => 0,
			device: () => "boat",
		});
	(self as { alerts: Alerts }).alerts = make();
	self.alerts.start();
	t.after(() => self.alerts.close());
	return self;
}

const noWay = () => {
	throw new AutonomyError("connection_failed", "connect ENETUNREACH https://example.org/s3cr3tpath");
};

test("all uplinks die for 20 minutes with 200 events, then one returns: each alert once, in order, none lost", async (t) => {
	const limits =
		"config notifications alerts\n option critical_per_hour 100\n option emergency_per_hour 100\n option max_per_hour 100\n option escalate_after_s 0\n";
	const one = desk(t, HOOK + limits);
	one.up = false;
	one.answer = noWay;
	for (let index = 0; index < 200; index++) {
		one.down(`wan${index}`);
		await one.time.advance(6000);
	}
	assert.equal(one.requests.length, 0);
	const [waiting] = one.alerts.status().channels;
	assert.ok((waiting?.queued ?? 0) > 10 && (waiting?.queued ?? 0) <= 51);
	one.up = true;
	one.answer = () => ({ status: 200 });
	one.decide("start");
	await one.time.advance(60_000);
	await one.time.advance(3_600_000);
	const told = one.bodies().flatMap((body) => body.alerts as { kind: string; uplink: string | null; ts: number }[]);
	const downs = told.filter((alert) => alert.kind === "member_down");
	assert.deepEqual(
		downs.map((alert) => alert.uplink),
		Array.from({ length: 200 }, (_, index) => `wan${index}`),
	);
	assert.deepEqual(
		told.filter((alert) => alert.kind !== "member_down").map(({ kind }) => kind),
		["offline", "offline"],
	);
	for (const [index, alert] of downs.entries())
		assert.equal(alert.ts, 1_760_000_000_000 + index * 6000, "the true time");
	assert.match(String(one.bodies()[0]?.message), /Sent late: .* 20 min ago/);
	assert.equal(one.alerts.status().channels[0]?.queued, 0);
});

test("over whichever uplink works: the next way only while nothing can have been sent", async (t) => {
	const one = desk(t, HOOK, [null, "192.0.2.7", "198.51.100.9"]);
	const tried: (string | undefined)[] = [];
	one.answer = ({ localAddress }) => {
		tried.push(localAddress);
		return localAddress === "198.51.100.9" ? { status: 200 } : noWay();
	};
	one.down("wan");
	await one.time.advance(1000);
	assert.deepEqual(tried, [undefined, "192.0.2.7", "198.51.100.9"]);
	assert.equal(one.requests.length, 1);
	tried.length = 0;
	one.answer = ({ localAddress }) => {
		tried.push(localAddress);
		throw new AutonomyError("timeout", "no complete answer within 10000 ms");
	};
	await one.time.advance(20_000);
	one.down("mob");
	await one.time.advance(1000);
	assert.deepEqual(tried, [undefined], "it may have arrived: tried again later, not twice at once");
});

test("back-off, Retry-After, and the channel's health in words without its secret", async (t) => {
	const one = desk(t);
	one.answer = noWay;
	one.down("wan");
	await one.time.advance(1000);
	let [health] = one.alerts.status().channels;
	assert.deepEqual([health?.name, health?.state, health?.queued], ["webhook", "waiting", 1]);
	assert.match(health?.text ?? "", /^connect ENETUNREACH https:\/\/example\.org\/\*\*\*; next try in \d+ s$|\*\*\*/);
	assert.ok(!JSON.stringify([one.alerts.status(), one.log.lines]).includes("s3cr3t"));
	let calls = 0;
	one.answer = () => {
		calls++;
		return { status: 429, headers: { "retry-after": "120" } };
	};
	await one.time.advance(10_000);
	assert.equal(calls, 1);
	one.decide("start");
	await one.time.advance(100_000);
	assert.equal(calls, 1, "a service that asks to wait is not asked before");
	one.answer = () => ({ status: 200 });
	await one.time.advance(30_000);
	[health] = one.alerts.status().channels;
	assert.deepEqual([health?.state, health?.queued, health?.sent, health?.text], ["ok", 0, 1, "1 sent"]);
});

test("a server that never answers holds nothing but itself", async (t) => {
	const one = desk(
		t,
		`${HOOK}config notifications slack\n option enabled 1\n option webhook_url https://slack.example/x\n`,
	);
	one.answer = ({ url }) => (url.includes("slack") ? { status: 200 } : new Promise<never>(() => undefined));
	one.down("wan");
	await one.time.advance(1000);
	assert.deepEqual(
		one.alerts.status().channels.map(({ name, queued }) => [name, queued]),
		[
			["slack", 0],
			["webhook", 1],
		],
	);
	await one.time.advance(120_000);
	assert.match(one.alerts.status().channels[1]?.lastError ?? "", /no end within 120 s/);
});

test("quiet hours by the router's own zone, and one digest in the morning", async (t) => {
	const one = desk(t, `${HOOK}config notifications alerts\n option quiet_hours 1\n`);
	// 2025-10-09T08:53:20Z is 10:53 in summer: on to 23:53.
	await one.time.advance(13 * 3_600_000);
	assert.equal(one.alerts.status().hush, "quiet_hours");
	one.down("wan");
	one.down("mob");
	await one.time.advance(60_000);
	assert.equal(one.requests.length, 0);
	one.up = false;
	await one.time.advance(20_000);
	assert.deepEqual(
		one.bodies().map(({ type }) => type),
		["offline"],
	);
	one.up = true;
	await one.time.advance(9 * 3_600_000);
	assert.equal(one.alerts.status().hush, null);
	const last = one.bodies().at(-1);
	assert.deepEqual([last?.kind, last?.count, last?.title], ["digest", 2, "boat: 2 alerts that waited"]);
	assert.match(String(last?.message), /2025-10-09 23:53:20 Uplink down \(wan\): wan: now down\.\n/);
});

test("escalation to a further channel until somebody acknowledges", async (t) => {
	const one = desk(
		t,
		`${HOOK}config notifications slack\n option enabled 1\n option escalation 1\n option webhook_url https://slack.example/x\n`,
	);
	const slack = () => one.requests.filter(({ url }) => url.includes("slack")).map(({ body }) => String(body));
	one.down("wan");
	await one.time.advance(290_000);
	assert.equal(slack().length, 0);
	await one.time.advance(20_000);
	assert.match(slack()[0] ?? "", /Nobody has acknowledged: Uplink down \(wan\)/);
	const [alert] = one.alerts.active();
	assert.equal(one.alerts.acknowledge(alert?.id ?? "", "ubus"), 1);
	await one.time.advance(3_600_000);
	assert.equal(slack().length, 1);
	assert.equal(one.requests.length, 2, "the first channel is not told twice");
});

test("who has not acknowledged is asked for, then rarely, in the end no more; at night nobody is called for what was not told", async (t) => {
	const one = desk(t, "config notifications telegram\n option enabled 1\n option token 1:a\n option chat_id 5\n");
	one.answer = ({ url }) => ({
		body: url.endsWith("sendMessage") ? '{"ok":true,"result":{"message_id":7}}' : '{"ok":true,"result":[]}',
	});
	const asked = () => one.requests.filter(({ url }) => url.endsWith("getUpdates")).length;
	one.down("wan");
	await one.time.advance(600_000);
	assert.ok(asked() >= 18 && asked() <= 20, String(asked()));
	await one.time.advance(3_600_000);
	assert.ok(asked() <= 34, String(asked()));
	await one.time.advance(48 * 3_600_000);
	assert.ok(asked() <= 20 + 24 * 12, String(asked()));

	const night = desk(
		t,
		`${HOOK}config notifications alerts\n option maintenance 1\nconfig notifications slack\n option enabled 1\n option escalation 1\n option webhook_url https://slack.example/x\n`,
	);
	night.down("wan");
	await night.time.advance(3_600_000);
	assert.equal(night.requests.length, 0);
});

test("a changed configuration takes over what waits; a channel switched off is gone", async (t) => {
	const one = desk(t);
	one.answer = noWay;
	one.down("wan");
	await one.time.advance(1000);
	one.config = read(HOOK.replace("s3cr3tpath", "other"));
	one.answer = () => ({ status: 200 });
	one.alerts.configure();
	await one.time.advance(1000);
	assert.deepEqual(
		one.requests.map(({ url }) => url),
		["https://example.org/other"],
	);
	one.config = read("");
	one.alerts.configure();
	assert.deepEqual(one.alerts.status().channels, []);
	assert.throws(() => one.alerts.test(null, "x", "info"), { code: "refused" });
});

test("a test message, and what is missing in words", async (t) => {
	const one = desk(t, `${HOOK}config notifications pushover\n option enabled 1\n option token abc\n`);
	assert.deepEqual(
		one.alerts.test("webhook", "does it work?", "info").map(({ name }) => name),
		["webhook"],
	);
	await one.time.advance(1000);
	assert.deepEqual([one.bodies()[0]?.title, one.bodies()[0]?.message], ["boat: Test message", "does it work?"]);
	const pushover = one.alerts.status().channels[0];
	assert.deepEqual(
		[pushover?.name, pushover?.state, pushover?.text],
		["pushover", "settings", "option user is missing in section pushover of /etc/config/autonomy"],
	);
});

test("nothing is left behind after close", async (t) => {
	const one = desk(t);
	one.answer = noWay;
	one.down("wan");
	await one.time.advance(1000);
	one.alerts.close();
	assert.equal(one.time.pending(), 0);
});

test("a test is tried at once while a channel pauses, does not wait behind what waits, and is not kept", async (t) => {
	const one = desk(t);
	one.answer = noWay;
	one.down("wan");
	await one.time.advance(1000);
	const tries: string[] = [];
	one.answer = ({ body }) => {
		tries.push(String((JSON.parse(String(body)) as { title: string }).title));
		return noWay();
	};
	const [before] = one.alerts.test("webhook", "7 is no count", "info");
	assert.match(before?.text ?? "", /ENETUNREACH .*; next try in \d+ s$/);
	await one.time.advance(100);
	assert.deepEqual(tries, ["boat: Test message"], "it did not wait for the pause");
	assert.equal(one.alerts.status().channels[0]?.queued, 1, "the test is not kept, the alert is");
	one.answer = () => ({ status: 200 });
	one.alerts.test("webhook", "again", "info");
	await one.time.advance(100);
	assert.deepEqual(
		one.bodies().map(({ title }) => title),
		["boat: Test message", "boat: Uplink down (wan)"],
		"when it works what waits follows at once",
	);
	one.answer = () => new Promise<never>(() => undefined);
	one.down("mob");
	await one.time.advance(20_000);
	for (let index = 0; index < 20; index++) one.alerts.test("webhook", `t${index}`, "info");
	one.answer = () => ({ status: 200 });
	await one.time.advance(150_000);
	assert.equal(one.bodies().filter(({ kind }) => kind === "test").length, 1 + 5, "tests are bounded too");
	assert.equal(one.alerts.status().channels[0]?.queued, 0);
});

test("a configuration changed while a message is under way: it is not told twice, and what waits keeps its order", async (t) => {
	const one = desk(t);
	let release: (answer: Partial<HttpResponse>) => void = () => undefined;
	one.answer = () => new Promise((resolve) => (release = resolve));
	one.down("wan");
	await one.time.advance(100);
	one.config = read(HOOK.replace("s3cr3tpath", "other"));
	one.alerts.configure();
	await one.time.advance(11_000);
	one.down("mob");
	await one.time.advance(1000);
	const first = release;
	one.answer = () => ({ status: 200 });
	first({ status: 200 });
	await one.time.advance(1000);
	assert.deepEqual(
		one.requests.map(({ url, body }) => [url, (JSON.parse(String(body)) as { uplink: string }).uplink]),
		[
			["https://example.org/s3cr3tpath", "wan"],
			["https://example.org/other", "mob"],
		],
	);
});

test("more than a queue holds: the oldest become one that says how many it left out; reports are not mixed with them", async (t) => {
	const limits =
		"config notifications alerts\n option critical_per_hour 100\n option max_per_hour 100\n option group_s 0\n option escalate_after_s 0\n option cooldown_critical_s 0\n";
	const one = desk(t, HOOK + limits);
	one.answer = noWay;
	one.alerts.post("webhook", "12 old reports");
	for (let index = 0; index < 700; index++) {
		one.down(`wan${index}`);
		await one.time.advance(40_000);
	}
	one.alerts.post("webhook", "13 new reports");
	one.answer = () => ({ status: 200 });
	await one.time.advance(700_000);
	const told = one.bodies().flatMap((body) => body.alerts as { uplink: string | null }[]);
	const names = told.map(({ uplink }) => uplink);
	assert.deepEqual(names, [...new Set(names)], "none twice");
	assert.deepEqual(
		names.slice(-240),
		Array.from({ length: 240 }, (_, index) => `wan${460 + index}`),
		"in order",
	);
	const leads = one
		.bodies()
		.flatMap(({ message }) => /^(\d+) older ones are not listed$/m.exec(String(message))?.[1] ?? []);
	assert.equal(leads.length, 1);
	assert.equal(Number(leads[0]) + told.length, 700, "what is not listed is counted");
	const reports = one.bodies().filter(({ kind }) => kind === "report");
	assert.deepEqual(
		reports.map(({ message }) => message),
		["12 old reports", "13 new reports"],
	);
});

test("a night that begins while messages wait for the hourly limit does not keep the router awake", async (t) => {
	const one = desk(
		t,
		`${HOOK}config notifications alerts\n option critical_per_hour 1\n option quiet_hours 1\n option quiet_start 11:00\n option quiet_end 13:30\n option group_s 0\n`,
	);
	one.down("wan");
	one.down("mob");
	let flushes = 0;
	const waiting = one.alerts.status;
	assert.equal(waiting().limited, 1);
	const { after } = one.time.timers;
	one.time.timers.after = (ms, work) => {
		flushes++;
		return after(ms, work);
	};
	// 10:53 to 13:29: the hour has passed, the night has not.
	await one.time.advance(156 * 60_000);
	assert.equal(one.alerts.status().hush, "quiet_hours");
	assert.ok(flushes < 2_000, `${flushes} timers`);
	await one.time.advance(2 * 60_000);
	assert.equal(one.bodies().at(-1)?.kind, "digest");
});

test("nobody is called for what was not told: in a pause, at night, below the threshold", async (t) => {
	const slack =
		"config notifications slack\n option enabled 1\n option escalation 1\n option webhook_url https://slack.example/x\n";
	const one = desk(t, `${HOOK}${slack}config notifications alerts\n option group_s 0\n`);
	const calls = () => one.requests.filter(({ url }) => url.includes("slack")).length;
	one.down("wan");
	await one.time.advance(10_000);
	one.back("wan");
	one.down("wan");
	// Raised again 290 s before it is told.
	await one.time.advance(400_000);
	assert.equal(calls(), 0, "told 110 s ago");
	await one.time.advance(210_000);
	assert.equal(calls(), 1);

	const night = desk(t, `${HOOK}${slack}config notifications alerts\n option maintenance 1\n`);
	const nightCalls = () => night.requests.filter(({ url }) => url.includes("slack")).length;
	night.down("wan");
	await night.time.advance(3_600_000);
	night.config = read(`${HOOK}${slack}`);
	night.alerts.configure();
	await night.time.advance(60_000);
	assert.deepEqual([night.bodies()[0]?.kind, nightCalls()], ["digest", 0], "the hold ends, the condition holds");
	await night.time.advance(300_000);
	assert.equal(nightCalls(), 1);

	const high = desk(t, `${HOOK}${slack}config notifications alerts\n option threshold emergency\n`);
	high.down("wan");
	await high.time.advance(3_600_000);
	assert.deepEqual(high.requests, []);
});

test("a router that has not heard the time does not take the day for the night", async (t) => {
	const one = desk(
		t,
		`${HOOK}config notifications alerts\n option quiet_hours 1\n option quiet_start 00:00\n option quiet_end 23:59\n`,
	);
	assert.equal(one.alerts.status().hush, "quiet_hours");
	const { wallMs } = one.time.clock;
	(one.time.clock as { wallMs: () => number }).wallMs = () => wallMs() - 1_700_000_000_000;
	assert.equal(one.alerts.status().hush, null);
});

for (const orderly of [true, false]) {
	test(`the daemon is started again in the middle of an outage, ${orderly ? "orderly" : "after a crash"}: all is told once, in order`, async (t) => {
		const limits =
			"config notifications alerts\n option critical_per_hour 100\n option max_per_hour 100\n option escalate_after_s 0\n";
		const one = desk(t, HOOK + limits);
		one.up = false;
		one.answer = noWay;
		const began: number[] = [];
		const falls = async (index: number) => {
			began[index] = one.time.clock.wallMs();
			one.down(`wan${index}`);
			await one.time.advance(6000);
		};
		for (let index = 0; index < 20; index++) await falls(index);
		const before = one.alerts.active();
		one.restart(orderly);
		one.warming = true;
		await one.time.advance(15_000);
		one.warming = false;
		const strip = ({ id, key, count, text }: (typeof before)[number]) => ({ id, key, count, text });
		assert.deepEqual(one.alerts.active().map(strip), before.map(strip), "what holds is known");
		assert.match(JSON.stringify(one.log.lines), /21 alerts and \d+ messages of the run before are taken over/);
		for (let index = 20; index < 40; index++) await falls(index);
		one.up = true;
		one.answer = () => ({ status: 200 });
		for (let index = 0; index < 40; index++) one.back(`wan${index}`);
		one.decide("start");
		await one.time.advance(700_000);
		const told = one
			.bodies()
			.flatMap((body) => body.alerts as { id: string; kind: string; uplink: string; change: string; ts: number }[]);
		const downs = told.filter(({ kind }) => kind === "member_down");
		assert.deepEqual(
			downs.map(({ uplink }) => uplink),
			Array.from({ length: 40 }, (_, index) => `wan${index}`),
		);
		for (const [index, { ts }] of downs.entries()) assert.equal(ts, began[index], "the true time");
		assert.deepEqual(
			told.filter(({ kind }) => kind === "offline").map(({ change }) => change),
			["raised", "cleared"],
			"one outage",
		);
		assert.equal(new Set(told.map(({ id }) => id)).size, 41, "no number is given twice");
		assert.deepEqual(one.alerts.active(), []);
	});
}

test("acknowledged after a restart, by the button of a message from before it; nobody is called again", async (t) => {
	const uci = `config notifications telegram\n option enabled 1\n option token 1:a\n option chat_id 5\n
config notifications slack\n option enabled 1\n option escalation 1\n option webhook_url https://slack.example/x\n`;
	const one = desk(t, uci);
	let pressed = false;
	one.answer = ({ url }) => {
		if (url.endsWith("sendMessage")) return { body: '{"ok":true,"result":{"message_id":7}}' };
		const chat = { id: 5 };
		const update = { update_id: 3, callback_query: { id: "q", data: "ack", message: { message_id: 7, chat } } };
		return { body: JSON.stringify({ ok: true, result: pressed && url.endsWith("getUpdates") ? [update] : [] }) };
	};
	one.down("wan");
	await one.time.advance(320_000);
	const calls = () => one.requests.filter(({ url }) => url.includes("slack")).length;
	assert.equal(calls(), 1);
	one.restart();
	await one.time.advance(100_000);
	assert.equal(calls(), 1, "the time until the next call goes on");
	pressed = true;
	await one.time.advance(60_000);
	const [alert] = one.alerts.active();
	assert.deepEqual([alert?.id, alert?.state, alert?.acknowledgedBy], ["a1", "acknowledged", "telegram"]);
	await one.time.advance(3_600_000);
	assert.equal(calls(), 1);
	one.restart(false);
	one.back("wan");
	await one.time.advance(20_000);
	assert.equal(one.alerts.history(5)[0]?.acknowledgedBy, "telegram");
});

test("what a torn, foreign or hostile note says is left out", async (t) => {
	const good = desk(t);
	good.answer = noWay;
	good.down("wan");
	await good.time.advance(4000);
	const text = good.files.readText("/tmp/autonomy/alerts.json");
	assert.ok(text.includes("member_down:wan") && !text.includes("s3cr3t"), text);
	const changed = (change: (note: Record<string, never>) => void): string => {
		const note = JSON.parse(text) as Record<string, never>;
		change(note);
		return JSON.stringify(note);
	};
	const set = (path: string, value: unknown) =>
		changed((note) => {
			const keys = path.split(".");
			const last = keys.pop() ?? "";
			const place = keys.reduce<Record<string, unknown>>((at, key) => at[key] as Record<string, unknown>, note);
			place[last] = value;
		});
	for (const [what, note, open, queued] of [
		["as it was", text, 1, 1],
		["torn", text.slice(0, -20), 0, 0],
		["empty", "", 0, 0],
		["a number", "7", 0, 0],
		["another shape", set("shape", 2), 0, 0],
		["times to come", set("book.alerts.0.changedAtMs", 1e15), 0, 0],
		["from long ago", set("clocks.wallMs", 1), 0, 0],
		["no clocks", set("clocks", null), 0, 0],
		["no alert", set("book.alerts.0", { key: 1 }), 0, 1],
		["a kind from nowhere", set("book.alerts.0.kind", "constructor"), 0, 1],
		["a level from nowhere", set("book.alerts.0.level", "__proto__"), 0, 1],
		["a list that is none", set("book.alerts", "x"), 0, 1],
		["a message without notices", set("channels.0.waiting.0.notices", null), 1, 0],
		["a channel from nowhere", set("channels.0.name", "__proto__"), 1, 0],
	] as const) {
		const one = desk(t, "");
		one.answer = noWay;
		one.config = read(HOOK);
		one.files.content.set("/tmp/autonomy/alerts.json", note);
		(one as { alerts: Alerts }).alerts.configure();
		one.files.writeAtomic = () => undefined;
		one.time.advanceSync(10_000);
		one.restart(false);
		const [channel] = one.alerts.status().channels;
		assert.deepEqual([one.alerts.active().length, channel?.queued], [open, queued], what);
	}
});
