import assert from "node:assert/strict";
import { test } from "node:test";
import { createBook } from "../../daemon/alert/book.ts";
import { createDetector } from "../../daemon/alert/detect.ts";
import type { Picture } from "../../daemon/alert/picture.ts";
import { createTeller, type TellerSettings } from "../../daemon/alert/teller.ts";
import type { AlertKindName, Message, Signal } from "../../daemon/alert/types.ts";
import { plain, wordsOf } from "../../daemon/alert/words.ts";
import { minuteOfDay, parseZone, UTC } from "../../daemon/alert/zone.ts";
import { readConfig } from "../../daemon/config/read.ts";
import type { Decision } from "../../daemon/decide/types.ts";
import type { RecordedEvent } from "../../daemon/record/recorder.ts";

const { notify, notifyEvents, notifyLevels } = readConfig(null, "test").config;
const isOn = (kind: AlertKindName) => notifyEvents[camel(kind) as keyof typeof notifyEvents];
const levelOf = (kind: AlertKindName) => notifyLevels[camel(kind) as keyof typeof notifyLevels];
const camel = (name: string) => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

const MIN = 60_000;
const CALM: Picture = {
	atMs: 0,
	started: true,
	primary: "wan",
	offline: false,
	degraded: false,
	reason: "fine",
	onPreferred: false,
	steerError: null,
	problems: [],
	uplinks: ["wan", "mob"],
	modems: [],
	dishes: [],
	watchdog: null,
	sensors: [],
	plans: [],
	spikes: [],
	obstructions: [],
	disks: [],
	freeMib: null,
	certificates: [],
};

function member(uplink: string, from: string, to: string, atMs: number): RecordedEvent {
	return { id: "e", atMs, type: "member_state", uplink, from, to, reason: `now ${to}`, decisionId: null };
}

function decision(kind: Decision["kind"], from: string, to: string, atMs: number): Decision {
	const text = `${from} -> ${to}`;
	return { id: "d", atMs, kind, rule: "r", from, to, text, figures: [], candidates: [], observed: false };
}

/** Detector, book and teller as they are wired, under manual time. */
function desk(change: Partial<typeof notify> = {}) {
	const limits = { ...notify, ...change };
	const settings: TellerSettings = { notify: limits, isOn };
	const detector = createDetector(() => limits);
	const book = createBook();
	const teller = createTeller(() => settings);
	let atMs = 0;
	let hush = false;
	const messages: Message[] = [];
	const flush = () => messages.push(...teller.due({ atMs, hush }));
	const take = (signals: readonly Signal[]) => {
		for (const signal of signals) {
			const notice = book.signal(signal, signal.level ?? levelOf(signal.kind));
			if (notice !== null) teller.take(notice, { atMs, hush });
		}
		flush();
	};
	return {
		book,
		teller,
		messages,
		at: (ms: number) => {
			atMs = ms;
			flush();
		},
		hush: (value: boolean) => {
			hush = value;
			flush();
		},
		decision: (kind: Decision["kind"], from = "wan", to = "mob") =>
			take(detector.decision(decision(kind, from, to, atMs))),
		member: (uplink: string, from: string, to: string) => take(detector.event(member(uplink, from, to, atMs))),
		event: (type: string, reason: string) =>
			take(detector.event({ ...member("wan", "", "", atMs), type, reason, from: null, to: null })),
		picture: (some: Partial<Picture>) => take(detector.picture({ ...CALM, atMs, ...some })),
		acknowledge: (id: string) => {
			for (const one of book.acknowledge(id, "test", atMs)) teller.take(one, { atMs, hush });
			flush();
		},
		said: () =>
			messages.map((one) =>
				one.notices.map(({ change, alert, silent }) => `${silent ? "(" : ""}${change} ${alert.kind}`).join(", "),
			),
	};
}

test("an alert lives: raised, acknowledged, escalated, cleared; then it is history", () => {
	const one = desk();
	one.picture({
		plans: [{ uplink: "mob", usedPct: 81, warnPct: 80, fromUnixMs: null, resetUnixMs: null, text: "81 %" }],
	});
	const [alert] = one.book.active();
	assert.deepEqual(
		[alert?.state, alert?.level, alert?.kind, alert?.uplink],
		["active", "warning", "data_limit", "mob"],
	);
	one.acknowledge("nobody");
	assert.equal(one.book.active()[0]?.state, "active");
	one.acknowledge(alert?.id ?? "");
	assert.deepEqual([one.book.active()[0]?.state, one.book.active()[0]?.acknowledgedBy], ["acknowledged", "test"]);
	one.at(1000);
	one.picture({
		plans: [{ uplink: "mob", usedPct: 96, warnPct: 80, fromUnixMs: null, resetUnixMs: null, text: "96 %" }],
	});
	assert.deepEqual(
		[one.book.active()[0]?.state, one.book.active()[0]?.level],
		["active", "critical"],
		"what was noted was less",
	);
	one.at(20_000);
	one.picture({
		plans: [{ uplink: "mob", usedPct: 0, warnPct: 80, fromUnixMs: null, resetUnixMs: null, text: "0 %" }],
	});
	one.at(40_000);
	assert.deepEqual(one.book.active(), []);
	assert.deepEqual(
		one.book.history(5).map(({ state, clearedAtMs }) => [state, clearedAtMs]),
		[["cleared", 20_000]],
	);
	assert.deepEqual(one.said(), [
		"raised data_limit",
		"(acknowledged data_limit",
		"escalated data_limit",
		"cleared data_limit",
	]);
});

test("failover and failback are one alert; the same condition is told once", () => {
	const one = desk();
	one.decision("failover");
	for (let s = 1; s < 30; s++) {
		one.at(s * 1000);
		one.picture({});
	}
	one.at(30_000);
	one.decision("failback", "mob", "wan");
	assert.deepEqual(one.said(), ["raised failover", "cleared failover"]);
	assert.deepEqual(one.book.active(), []);
});

test("what the operator did himself is booked and not told", () => {
	const one = desk();
	one.decision("failover");
	one.at(60_000);
	one.decision("manual", "mob", "wan");
	assert.deepEqual(one.said(), ["raised failover"]);
	assert.equal(one.book.active().length, 0);
});

test("an uplink that goes up and down forty times is one alert 'flapping', with its end", () => {
	const one = desk({ groupS: 0 });
	for (let index = 0; index < 40; index++) {
		one.at(index * 20_000);
		one.member("wan", "eligible", "down");
		one.decision("failover");
		one.at(index * 20_000 + 10_000);
		one.member("wan", "hold_down", "eligible");
		one.decision("failback", "mob", "wan");
	}
	const flapping = one.said().filter((text) => text.includes("flapping"));
	assert.deepEqual(flapping, ["raised flapping"]);
	assert.ok(one.messages.length <= 8, one.said().join("; "));
	one.at(40 * 20_000 + 600_000);
	one.picture({});
	assert.equal(one.said().at(-1), "cleared flapping");
	assert.deepEqual(one.book.active(), []);
});

test("one that stays down after flapping is told to be down", () => {
	const one = desk({ groupS: 0 });
	for (let index = 0; index < 5; index++) {
		one.at(index * 20_000);
		one.member("wan", "eligible", "down");
		one.at(index * 20_000 + 10_000);
		if (index < 4) one.member("wan", "hold_down", "eligible");
	}
	one.at(700_000);
	one.picture({});
	assert.equal(one.said().at(-1), "repeated member_down");
	assert.deepEqual(
		one.book.active().map(({ kind }) => kind),
		["member_down"],
	);
});

test("an uplink that never worked is no alert, nor one that is merely suspect", () => {
	const one = desk();
	one.member("wan", "warm_up", "down");
	one.member("mob", "eligible", "suspect");
	one.member("lte", "absent", "offline");
	assert.deepEqual(one.book.active(), []);
});

test("cooldown: a condition that comes back at once waits, and is told only if it holds when the pause ends", () => {
	const one = desk({ groupS: 0 });
	one.event("roaming", "in a foreign network now");
	one.at(1 * MIN);
	one.event("roaming", "back in the home network");
	one.at(2 * MIN);
	one.event("roaming", "in a foreign network now");
	one.at(3 * MIN);
	one.event("roaming", "back in the home network");
	assert.deepEqual(one.said(), ["raised cellular", "cleared cellular"]);
	one.at(4 * MIN);
	one.event("roaming", "in a foreign network now");
	assert.equal(one.teller.nextMs(), 60 * MIN);
	one.at(60 * MIN);
	assert.deepEqual(one.said(), ["raised cellular", "cleared cellular", "raised cellular"]);
});

test("grouping: the first leaves at once, what follows comes together", () => {
	const one = desk();
	one.member("wan", "eligible", "down");
	one.decision("failover");
	one.member("mob", "eligible", "down");
	assert.deepEqual(one.said(), ["raised member_down"]);
	assert.equal(one.teller.nextMs(), 10_000);
	one.at(10_000);
	assert.deepEqual(one.said(), ["raised member_down", "raised failover, raised member_down"]);
});

test("quiet hours and maintenance: emergencies pass, the rest is one digest", () => {
	const one = desk({ groupS: 0 });
	one.hush(true);
	one.member("wan", "eligible", "down");
	one.decision("failover");
	one.at(MIN);
	one.picture({ offline: true, reason: "all are down" });
	assert.deepEqual(one.said(), ["raised offline"]);
	assert.equal(one.messages[0]?.level, "emergency");
	one.at(10 * MIN);
	one.picture({});
	one.hush(false);
	assert.deepEqual(one.said(), ["raised offline", "cleared offline", "raised member_down, raised failover"]);
	assert.equal(one.messages.at(-1)?.kind, "digest");
});

test("hourly limits: what is too much waits and comes as one; an emergency has a limit of its own", () => {
	const one = desk({ groupS: 0, criticalPerHour: 3 });
	for (let index = 0; index < 10; index++) {
		one.at(index * 1000);
		one.member(`wan${index}`, "eligible", "down");
	}
	one.picture({ offline: true });
	assert.equal(one.messages.length, 4);
	assert.deepEqual(one.teller.waiting(), { count: 7, limited: 7 });
	one.at(60 * MIN);
	assert.equal(one.messages.at(-1)?.kind, "digest");
	assert.equal(one.messages.at(-1)?.notices.length, 7);
});

test("ten thousand alerts in one night stay bounded, and what is left out is said", () => {
	const one = desk();
	one.hush(true);
	for (let index = 0; index < 10_000; index++) one.member(`wan${index}`, "eligible", "down");
	assert.equal(one.book.active().length, 100);
	assert.equal(one.book.history(1000).length, 200);
	one.hush(false);
	one.at(10);
	assert.equal(one.messages[0]?.notices.length, 200);
	assert.equal(one.messages[0]?.leftOut, 9800);
});

test("a kind that is off, and a level below the threshold, are on the list and not told", () => {
	const one = desk();
	one.picture({ problems: ["something"] });
	assert.equal(one.book.active()[0]?.kind, "config");
	assert.deepEqual(one.messages, []);
	one.member("wan", "eligible", "down");
	one.at(20_000);
	one.member("wan", "hold_down", "eligible");
	assert.deepEqual(one.said(), ["raised member_down", "(cleared member_down"], "member_up is off");
});

test("what takes time: degraded, a dead sensor; what has room for doubt: disk, memory", () => {
	const one = desk({ groupS: 0, threshold: "info" });
	const sensor = { uplink: "wan", sensor: "starlink", state: "failing", forMs: 5 * MIN, text: "no answer" } as const;
	one.picture({ degraded: true, sensors: [sensor], disks: [{ path: "/tmp", usedPct: 96 }], freeMib: 10 });
	one.at(299_000);
	one.picture({
		degraded: true,
		sensors: [{ ...sensor, forMs: 599_000 }],
		disks: [{ path: "/tmp", usedPct: 94 }],
		freeMib: 18,
	});
	assert.deepEqual(
		one.book.active().map(({ key }) => key),
		["system:/tmp", "system:memory"],
	);
	one.at(300_000);
	one.picture({
		degraded: true,
		sensors: [{ ...sensor, forMs: 600_000 }],
		disks: [{ path: "/tmp", usedPct: 92 }],
		freeMib: 30,
	});
	assert.deepEqual(
		one.book.active().map(({ key }) => key),
		["degraded:", "sensor:wan:starlink"],
	);
	one.picture({ sensors: [{ ...sensor, state: "ok" }] });
	assert.deepEqual(one.book.active(), []);
});

test("a dish: alerts by their name, things without an end leave the list by themselves", () => {
	const one = desk({ groupS: 0 });
	one.event("dish_alert", "thermalThrottle: too hot");
	one.event("dish_alert", "motorsStuck: stuck");
	one.event("dish_maintenance", "the dish will restart in 5 min");
	one.event("dish_alert_over", "thermalThrottle is over");
	one.event("constructor", "no such type");
	assert.deepEqual(
		one.book.active().map(({ key }) => key),
		["dish:wan:motorsStuck", "maintenance:wan"],
	);
	assert.equal(one.book.nextEndMs(), 3_600_000);
	one.book.expire(3_600_000);
	assert.deepEqual(
		one.book.active().map(({ key }) => key),
		["dish:wan:motorsStuck"],
	);
});

test("words: the true time, 'sent late', groups; nothing a phone would obey", () => {
	const one = desk();
	const hostile = 'wa\u001b[2Jn\n<b>"$(id)\u202e\ud800';
	one.member(hostile, "eligible", "down");
	const context = { device: "boat", zone: UTC, nowMs: 20 * MIN, toUnixMs: (atMs: number) => 1_760_000_000_000 + atMs };
	const { title, text } = wordsOf(one.messages[0]!, context);
	assert.equal(title, 'boat: Uplink down (wa [2Jn <b>"$(id) \ufffd)');
	assert.match(
		text,
		/^wa \[2Jn <b>"\$\(id\) \ufffd: now down\.\nSent late: it happened at 2025-10-09 08:53:20, 20 min ago\.$/,
	);
	assert.match(wordsOf(one.messages[0]!, { ...context, nowMs: 1000 }).text, /\nAt 2025-10-09 08:53:20\.$/);
	assert.equal(plain("x".repeat(500), 10), "xxxxxxx...");
});

test("zones as OpenWrt writes them", () => {
	const at = (zone: string, iso: string) => {
		const minute = minuteOfDay(parseZone(zone), Date.parse(iso));
		return `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
	};
	for (const [zone, iso, wanted] of [
		["UTC", "2026-07-01T22:00:00Z", "22:00"],
		["CET-1CEST,M3.5.0,M10.5.0/3", "2026-07-01T22:00:00Z", "00:00"],
		["CET-1CEST,M3.5.0,M10.5.0/3", "2026-12-01T22:00:00Z", "23:00"],
		["CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T00:59:59Z", "01:59"],
		["CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T01:00:00Z", "03:00"],
		["CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T01:00:00Z", "02:00"],
		["EST5EDT,M3.2.0,M11.1.0", "2026-07-01T12:00:00Z", "08:00"],
		["AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-01-01T12:00:00Z", "23:00"],
		["AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-07-01T12:00:00Z", "22:00"],
		["<+0545>-5:45", "2026-07-01T00:00:00Z", "05:45"],
		["<-03>3", "2026-07-01T00:00:00Z", "21:00"],
		["nonsense;reboot", "2026-07-01T01:02:00Z", "01:02"],
		["CET-1CEST,M13.5.0,M10.5.0", "2026-07-01T01:02:00Z", "02:02"],
	] as const)
		assert.equal(at(zone, iso), wanted, `${zone} ${iso}`);
});
