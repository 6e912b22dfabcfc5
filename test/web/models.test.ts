import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import "./words.ts";
import { SECTIONS } from "../../contract/options.ts";
import { facts } from "../../web/facts.ts";
import { fieldLabel } from "../../web/labels.ts";
import { type Alert, alertRow, channelRow, testOutcome } from "../../web/model/alerts.ts";
import { carriers, lanes } from "../../web/model/day.ts";
import { figureRows, outcomes } from "../../web/model/explanation.ts";
import { type Forecast, forecastView, scoreText } from "../../web/model/forecast.ts";
import { compared, entries, matching } from "../../web/model/journal.ts";
import { logText } from "../../web/model/log.ts";
import { byPreference, overview, type Status } from "../../web/model/overview.ts";
import { groupOf, inOrder, optionHelp, shownOptions, switchOf, validate } from "../../web/model/settings.ts";
import { readSky, skyPixels } from "../../web/model/sky.ts";
import { troubleWords } from "../../web/model/trouble.ts";
import type { Decision, Member } from "../../web/words.ts";
import { inLanguage } from "./speaking.ts";

const STATUS = {
	state: "primary",
	current: "wan",
	text: "",
	mode: "control",
	rank: [
		{ name: "wan", class: "lan", state: "eligible", eligible: true },
		{ name: "wanb", class: "cellular", state: "eligible", eligible: true },
	],
	config: { predictive: true, use_mwan3: true, switch_margin: 10 },
	mwan3: { enabled: true, policy: [], details: "" },
	steering: { in_force: true, pending: false },
	problems: [],
	uptime_s: 100,
} as const satisfies Status;

const member = (name: string, more: Partial<Member> = {}): Member => ({
	name,
	class: "lan",
	state: "eligible",
	state_since_s: 1,
	reason: "score 90",
	eligible: true,
	primary: false,
	present: true,
	up: true,
	metered: false,
	cap_reached: false,
	weight: 50,
	held: false,
	breakdown: [],
	metrics: {},
	families: [],
	sensors: [],
	...more,
});

const NOW_UNIX_MS = Date.UTC(2026, 10, 21, 12);

const MEMBERS = [member("wan", { weight: 100, primary: true }), member("wanb", { class: "cellular", weight: 80 })];

describe("overview", () => {
	const told = (status: Partial<Status>, members = MEMBERS, risks = {}) => {
		const { headline, next, tone, notes } = overview(
			{ ...STATUS, ...status },
			members,
			() => undefined,
			risks,
			NOW_UNIX_MS,
		);
		return { headline, next, tone, notes };
	};
	const table: readonly [string, Partial<Status>, string, string][] = [
		["all well", {}, "The internet is up, over wan.", "Nothing is due to change. If wan fails, wanb takes over."],
		[
			"on a backup",
			{ state: "backup", current: "wanb" },
			"The internet is up, over wanb, not the first choice.",
			"Traffic returns to wan once it has stayed good.",
		],
		[
			"down",
			{ state: "offline", current: undefined },
			"The internet is down: no uplink reaches it.",
			"The first uplink that answers is used at once.",
		],
		[
			"down, the traffic left where it was",
			{ state: "offline", current: "wanb", rank: STATUS.rank.map((one) => ({ ...one, eligible: false })) },
			"The internet is down: no uplink reaches it.",
			"The first uplink that answers is used at once.",
		],
		[
			"nothing there",
			{ rank: [], current: undefined },
			"No uplink was found.",
			"The first uplink that answers is used at once.",
		],
		[
			"no backup",
			{ rank: [STATUS.rank[0]] },
			"The internet is up, over wan.",
			"Nothing else could take over if wan fails.",
		],
		[
			"pinned",
			{ pin: { name: "wanb", reason: "" } },
			"The internet is up, over wan.",
			"By hand on wanb until you restore the automatic choice.",
		],
		[
			"held",
			{ hold: { reason: "" } },
			"The internet is up, over wan.",
			"No automatic switches until you allow them again.",
		],
		[
			"not taken",
			{ steering: { in_force: false, pending: true, error: "iptables: no" } },
			"The internet is up, over wan.",
			"The last change did not take and is tried again: iptables: no",
		],
	];
	for (const [name, status, headline, next] of table) {
		test(name, () => {
			const found = told(status);
			assert.equal(found.headline, headline);
			assert.equal(found.next, next);
		});
	}

	test("by hand until a time of another day: with the day", () => {
		for (const order of ["pin", "hold"] as const) {
			const until = (hours: number): string => {
				const until_unix_ms = NOW_UNIX_MS + 3_600_000 * hours;
				return told({ [order]: { name: "wanb", reason: "", until_unix_ms } }).next;
			};
			assert.match(until(2), / until \d\d:\d\d:\d\d/);
			assert.match(until(72), /2[3-5].*2026.* \d?\d:\d\d:\d\d/);
		}
	});

	test("on probation, and about to be lost", () => {
		const probation = [
			member("wan", { weight: 100, state: "hold_down", hold_down_s: 75, eligible: false }),
			MEMBERS[1] as Member,
		];
		assert.equal(
			told({ state: "backup", current: "wanb" }, probation).next.replaceAll("\u00a0", " "),
			"wan must prove itself for another 1 min 15 s; then the traffic can return to it.",
		);
		const risky = (share: number, status = {}): string =>
			told(status, MEMBERS, { wan: { share, text: "no sign of trouble" } }).next.replaceAll("\u00a0", " ");
		assert.equal(risky(0.9), "wan may be lost within seconds (90 %: no sign of trouble); wanb would take over.");
		assert.equal(
			risky(0.9, { rank: [STATUS.rank[0]] }),
			"wan may be lost within seconds (90 %: no sign of trouble), and nothing else could take over.",
		);
		assert.equal(
			risky(0.2),
			"Nothing is due to change, but wan is at risk (20 %: no sign of trouble); wanb would take over.",
		);
		assert.equal(risky(0.1), "Nothing is due to change. If wan fails, wanb takes over.");
	});

	test("cards: promoted first, then weight, then as given; signal of a radio, speed of a wire", () => {
		const all = [member("a", { weight: 1 }), member("b", { weight: 9 }), member("c", { weight: 9 })];
		assert.deepEqual(
			byPreference(all, null).map((one) => one.name),
			["b", "c", "a"],
		);
		assert.deepEqual(
			byPreference(all, "a").map((one) => one.name),
			["a", "b", "c"],
		);
		const [radio, wire] = overview(
			STATUS,
			[
				member("x", { weight: 2, metrics: { rsrp: -99, lat_ms: 7 } }),
				member("y", { metrics: { link_mbps: 100 }, state: "down", weight: 1 }),
			],
			(name) => (name === "x" ? { ts: 1, lat_ms: 40, score: 55 } : undefined),
			{},
			NOW_UNIX_MS,
		).cards;
		assert.deepEqual(
			[...(radio?.figures ?? []), ...(wire?.figures ?? [])].map(
				(one) => `${one.name} ${one.value.replaceAll("\u00a0", " ")}`,
			),
			["Round trip 40 ms", "Loss \u2013", "Signal -99 dBm", "Round trip \u2013", "Loss \u2013", "Wire 100 Mbit/s"],
		);
		assert.deepEqual([radio?.score, radio?.scoreTone, wire?.tone, wire?.score], ["55", "warn", "bad", "\u2013"]);
	});
});

const decision = (id: string, ts: number, from: string, to: string, more: Partial<Decision> = {}): Decision => ({
	id,
	ts,
	kind: "failover",
	rule: "hard_failure",
	from,
	to,
	text: `${from} to ${to}`,
	observed: false,
	...more,
});

describe("the day", () => {
	test("who carried: from the first decision on; what was only observed or avoided does not count", () => {
		const found = carriers(
			[
				decision("d4", 900, "a", "b", { observed: true }),
				decision("d3", 800, "a", "b", { kind: "avoid" }),
				decision("d2", 600, "b", "a"),
				decision("d1", 200, "a", "b"),
			],
			0,
			1000,
		);
		assert.deepEqual(
			[...found],
			[
				["a", [{ fromMs: 600, toMs: 1000 }]],
				["b", [{ fromMs: 200, toMs: 600 }]],
			],
		);
	});

	test("bad spans are joined, the share is of the time that is known", () => {
		const point = (ts: number, loss: number) => ({
			ts,
			rows: 1,
			values: { loss_pct: { min: loss, mean: loss, max: loss } },
		});
		const history = {
			name: "a",
			since_s: 1,
			from_unix_ms: 0,
			step_ms: 100,
			resolution: "raw",
			points: [point(500, 50), point(600, 50), point(800, 0)],
		} as const;
		const [lane] = lanes(["a"], [decision("d1", 500, "b", "a")], new Map([["a", history]]), 0, 1000);
		assert.deepEqual(lane?.bad, [{ fromMs: 500, toMs: 700 }]);
		assert.deepEqual(lane?.seen, [
			{ fromMs: 500, toMs: 700 },
			{ fromMs: 800, toMs: 900 },
		]);
		assert.equal(lane?.carriedPct, 100);
	});
});

describe("journal", () => {
	const all = entries(
		[decision("d1", 10, "wan", "wanb")],
		[
			{ id: "e1", ts: 5, type: "member_state", name: "wan", from: "eligible", to: "down", reason: "no answer" },
			{ id: "e2", ts: 11, type: "decision", reason: "the same", decision_id: "d1" },
		],
	);
	test("newest first, a decision once", () => {
		assert.deepEqual(
			all.map((one) => [one.id, one.title]),
			[
				["d1", "failover"],
				["e1", "wan: good \u2192 no internet"],
			],
		);
	});
	test("filtered by kind, uplink and words, whatever their case", () => {
		const ids = (what: "" | "event", name: string, search: string) =>
			matching(all, { what, name, search }).map((one) => one.id);
		assert.deepEqual(ids("", "", ""), ["d1", "e1"]);
		assert.deepEqual(ids("event", "", ""), ["e1"]);
		assert.deepEqual(ids("", "wanb", ""), ["d1"]);
		assert.deepEqual(ids("", "", " NO Answer "), ["e1"]);
	});
	test("an explanation's figures: durations in seconds, the rest in their unit", () => {
		const explained = {
			...decision("d1", 0, "a", "b"),
			figures: [
				{ name: "bad_for", value: 2551, threshold: 10_000, unit: "ms" },
				{ name: "latency", value: 0.1, threshold: 1200, unit: "ms" },
				{ name: "loss", value: 22, unit: "%" },
			],
			candidates: [],
			actions: [{ id: "a1", mode: "dead", primary: "b", released: ["a", "a"] }],
			results: [{ action_id: "a1", ts: 1, ok: false, method: "mwan3_chains", duration_ms: 20, text: "no" }],
		} as const;
		assert.deepEqual(
			figureRows(explained).map((row) => row.join("|").replaceAll("\u00a0", " ")),
			["Bad for|2.6 s|10 s", "Latency|0.1 ms|1,200 ms", "Loss|22 %|\u2013"],
		);
		assert.deepEqual(
			outcomes(explained).map((line) => line.replaceAll("\u00a0", " ")),
			["Did not take, 20 ms (mwan3 chains): no", "Connections stuck on a were freed."],
		);
	});
	test("what if: without a switch, who had the time; with one, both parts", () => {
		const one = { ts: 400, kind: "failover", rule: "x", from: "a", to: "b", text: "" } as const;
		const found = compared(
			{
				from_unix_ms: 0,
				inputs: 1,
				differs: true,
				text: "",
				settings: {},
				actual: [],
				what_if: [one],
				share: [
					{ name: "a", actual_s: 1, what_if_s: 0.4 },
					{ name: "b", actual_s: 0, what_if_s: 0.6 },
				],
			},
			1000,
		);
		assert.deepEqual(
			found.map((each) => [each.name, each.actual, each.whatIf]),
			[
				["a", [{ fromMs: 0, toMs: 1000 }], [{ fromMs: 0, toMs: 400 }]],
				["b", [], [{ fromMs: 400, toMs: 1000 }]],
			],
		);
	});
});

describe("settings", () => {
	test("every option of the contract is shown once, in some group, with its help", () => {
		const ordered = inOrder(SECTIONS);
		assert.equal(new Set(ordered).size, SECTIONS.length);
		assert.deepEqual(
			ordered.slice(0, 5).map((one) => one.key),
			["main", "member", "failover", "restore", "probe"],
		);
		for (const section of ordered) {
			assert.ok(["traffic", "sensors", "alerts", "publish"].includes(groupOf(section)));
			for (const option of shownOptions(section)) assert.ok(optionHelp(option).startsWith(`${option.help}.`));
			const name = switchOf(section);
			assert.ok(name === null || section.options.some((option) => option.name === name && option.type === "bool"));
		}
	});
	test("checks as the daemon checks: ranges, words, lists; empty is the default", () => {
		const option = (section: string, name: string) => {
			const found = SECTIONS.find((one) => one.key === section)?.options.find((one) => one.name === name);
			assert.ok(found);
			return found;
		};
		const table: readonly [string, string, unknown, true | string][] = [
			["main", "switch_margin", "", true],
			["main", "switch_margin", "33.5", true],
			["main", "switch_margin", "101", "must be a number from 0 to 100"],
			["main", "poll_interval_ms", "1.5", "must be a whole number from 100 to 10000"],
			["main", "log_file", "relative", "must be an absolute path"],
			["probe", "target4", "1.2.3.400", "holds '1.2.3.400', which is not an IPv4 address"],
			["probe", "target4", "9.9.9.9", true],
		];
		for (const [section, name, value, wanted] of table)
			assert.equal(validate(option(section, name), value, undefined), wanted);
		assert.equal(
			validate(option("probe", "target4"), "9.9.9.9", ["1.1.1.1", "2.2.2.2", "3.3.3.3", "4.4.4.4", "9.9.9.9"]),
			"has more than 4 entries",
		);
	});
});

describe("facts, log, sky, trouble", () => {
	test("labels for people", () => {
		assert.deepEqual(
			["channel_busy_pct", "rsrp", "sim_slot", "cell_id", "slope_db_per_min", "used_bytes"].map(fieldLabel),
			["Channel busy", "RSRP", "SIM slot", "Cell ID", "Slope", "Used"],
		);
	});
	test("facts: what is unknown is left out, tables are unfolded, types that do not fit are not shown", () => {
		const found = facts(
			{ a_pct: 12.34, on: true, name: 5, list: ["x", "y"], inner: { deep_dbm: -80 }, gone: null, empty: "" },
			{
				a_pct: { type: "double", unit: "%", help: "" },
				on: { type: "bool", help: "" },
				name: { type: "string", help: "" },
				list: { type: "list", help: "", of: { type: "string", help: "" } },
				inner: { type: "table", help: "", fields: { deep_dbm: { type: "int32", unit: "dBm", help: "" } } },
				gone: { type: "string", help: "", optional: true },
				empty: { type: "string", help: "" },
			},
		);
		assert.deepEqual(
			found.map((one) => `${one.name}=${one.value.replaceAll("\u00a0", " ")}`),
			["A=12.3 %", "On=yes", "List=x; y", "Inner: Deep=-80 dBm"],
		);
	});
	test("what is one of a few words is told in the reader's language, what somebody named is not", () => {
		const said = inLanguage("de", () =>
			facts(
				{ sim: "ready", technology: "5g_sa", operator: "ready" },
				{
					sim: { type: "string", values: ["ready", "missing"], help: "" },
					technology: { type: "string", values: ["5g_sa"], help: "" },
					operator: { type: "string", help: "" },
				},
			),
		);
		assert.deepEqual(
			said.map((one) => one.value),
			["bereit", "5G SA", "ready"],
		);
	});
	test("lines of the log: JSON of the daemon, anything else as it is", () => {
		assert.deepEqual(logText('{"level":"info","msg":"hello","component":"probe","rtt":5,"why":"a b"}'), {
			text: "probe: hello",
			details: 'rtt=5 why="a b"',
		});
		for (const raw of ["plain", "{broken", '{"level":"info"}', "null"])
			assert.deepEqual(logText(raw), { text: raw, details: "" });
	});
	test("obstruction map: two cells a byte; what is no map is none", () => {
		const sky = readSky(2, 2, btoa("\x1f\x08"));
		assert.deepEqual([...(sky?.cells ?? [])], [1, 15, 0, 8]);
		assert.ok(sky);
		const pixels = skyPixels(sky);
		assert.ok((pixels[0] ?? 0) > (pixels[2] ?? 0), "blocked is red");
		assert.ok((pixels[6] ?? 0) > (pixels[4] ?? 0), "clear is blue");
		assert.equal(pixels[11], 0, "not measured is see-through");
		for (const [rows, columns, cells] of [
			[2, 2, "!"],
			[2, 2, btoa("x")],
			[0, 2, ""],
			[600, 600, ""],
			[1.5, 2, btoa("xx")],
			["2", 2, btoa("xx")],
		] as const) {
			assert.equal(readSky(rows, columns, cells), null);
		}
		fc.assert(
			fc.property(fc.integer(), fc.integer(), fc.string(), (rows, columns, cells) => {
				const found = readSky(rows, columns, cells);
				assert.ok(found === null || found.cells.length === rows * columns);
			}),
		);
	});
	test("every trouble says what to do", () => {
		for (const code of [
			"absent",
			"denied",
			"offline",
			"timeout",
			"not_found",
			"bad_argument",
			"busy",
			"refused",
			"failed",
		] as const) {
			const { title, advice } = troubleWords(code, "words of the router", 65);
			assert.ok(title.length > 0 && advice.length > 0, code);
		}
		assert.match(troubleWords("offline", "", 65).advice, /What is shown is 1.min 5.s old/);
	});
});

describe("alerts and forecasts in words", () => {
	const plain = (text: string): string => text.replaceAll("\u00a0", " ");
	const alert = {
		id: "3",
		kind: "member_down",
		level: "critical",
		state: "active",
		name: "wan",
		title: "Uplink down",
		text: "wan: no carrier",
		ts: 1_000_000,
		changed_unix_ms: 1_000_000,
		count: 1,
	} as const satisfies Alert;

	test("an alert: how urgent, what and where; what came of it", () => {
		const open = alertRow(alert);
		assert.deepEqual(
			[open.tone, open.level, open.title, open.text, open.notes, open.open],
			["bad", "critical", "Uplink down: wan", "wan: no carrier", [], true],
		);
		const over = alertRow({
			...alert,
			state: "cleared",
			cleared_unix_ms: 1_065_000,
			count: 4,
			acknowledged_by: "ubus",
		});
		assert.deepEqual(
			[over.tone, over.open, over.notes.map(plain)],
			["off", false, ["lasted 1 min 5 s", "4 times", "acknowledged by somebody at the router"]],
		);
	});

	test("a channel: how it is; what became of a test message", () => {
		const channel = { name: "webhook", state: "ok", text: "2 sent", queued: 0, sent: 2, failed: 0 } as const;
		assert.equal(testOutcome(channel, channel), null);
		assert.equal(testOutcome(channel, { ...channel, sent: 3 })?.ok, true);
		const wrong = { ...channel, state: "failing", last_error: "HTTP 500", last_error_unix_ms: 9 } as const;
		assert.deepEqual(testOutcome(channel, wrong), { ok: false, text: "Not sent: HTTP 500" });
		assert.equal(testOutcome(wrong, wrong), null);
		assert.equal(testOutcome(channel, undefined)?.ok, false);
		const row = channelRow({ ...wrong, queued: 3, failed: 1 });
		assert.deepEqual([row.title, row.tone, row.notes], ["Webhook", "bad", "3 waiting, 1 refused for good"]);
	});

	test("a forecast: the likelihood, the evidence, the numbers, and how good such words have been", () => {
		const one = {
			known: true,
			cause: "pattern",
			text: "2 silences within ten minutes, the last one 3 s ago",
			confidence: 0.9,
			risk_2s_in_3s: 0.2,
			risk_2s_in_10s: 0.62,
			risk_2s_in_30s: 0.8,
			risk_5s_in_3s: 0.01,
			risk_5s_in_10s: 0.02,
			figures: [{ name: "silent_for", value: 4.5, unit: "s" }],
			false_alarms: 2,
		} as const satisfies Forecast;
		const view = forecastView(one, false, "eligible");
		assert.deepEqual([view.tone, plain(view.headline)], ["bad", "It will probably be lost within seconds (62 %)."]);
		assert.deepEqual(
			view.risks.map((row) => plain(row.join("|"))),
			["3 s|20 %|1 %", "10 s|62 %|2 %", "30 s|80 %|\u2013"],
		);
		assert.deepEqual(
			view.figures.map((row) => plain(row.join("|"))),
			["Silent for|4.5 s"],
		);
		assert.equal(view.notes.length, 3);
		const { risk_2s_in_10s: _soon, ...unknown } = one;
		const none = forecastView({ ...unknown, known: false, figures: [] }, true, "eligible");
		assert.deepEqual([none.tone, none.headline, none.risks], ["off", "Too little is known for a forecast.", []]);
		const lost = forecastView(one, true, "down");
		assert.deepEqual([lost.tone, lost.risks], ["off", []]);
		assert.match(lost.headline, /no internet now/);
		assert.match(scoreText({ right: 0, early: 0, wrong: 0, pending: 0 }), /^No uplink was left/);
		assert.match(
			scoreText({ right: 3, early: 1, wrong: 2, pending: 1 }),
			/ 6 times: 3 .* 1 .* 2 .* Not judged yet: 1\.$/,
		);
	});
});
