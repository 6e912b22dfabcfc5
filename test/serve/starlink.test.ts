/** Dishes as the API and the terminal show them; details are made by the sensor's own code from recorded replies. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Reply } from "../../contract/api.ts";
import type { SensorStatus } from "../../daemon/sense/senses.ts";
import type { Details, SensorPicture } from "../../daemon/sense/sensor.ts";
import { describeDish, type Extras, factsOf } from "../../daemon/sense/starlink/describe.ts";
import { readDiagnostics } from "../../daemon/sense/starlink/diagnostics.ts";
import { readHistory, summaryOf } from "../../daemon/sense/starlink/history.ts";
import { createDishJudge } from "../../daemon/sense/starlink/judge.ts";
import { readMap } from "../../daemon/sense/starlink/map.ts";
import { decodeAnswer } from "../../daemon/sense/starlink/wire.ts";
import { decodeBase64 } from "../../daemon/serve/base64.ts";
import { historyAnswer, mapAnswer, type Plain } from "../../lab/dish/answers.ts";
import { encodeAnswer } from "../../lab/dish/encode.ts";
import { dishStatus, listener, outage } from "../sense/starlink/support.ts";
import { HOSTILE, type World, worldFor } from "./world.ts";

const MAP = readMap(decodeAnswer("dish_get_obstruction_map", encodeAnswer(mapAnswer())), 0, 90);
assert.ok(MAP);

const EXTRAS: Extras = {
	door: "grpc",
	host: "192.168.100.1",
	history: summaryOf(readHistory(decodeAnswer("get_history", encodeAnswer(historyAnswer())))),
	diagnostics: diagnostics({ hardware_self_test: "PASSED", disablement_code: "OKAY" }),
	position: { latitude: 59.4321, longitude: 17.9876, altitudeM: 30, accuracyM: 2, speedMps: 0 },
	map: MAP,
	refused: [],
	picture: { danger: null, outages: [], rebootInMs: null, boots: 0, dishUnixMs: null },
	wallMs: 1_784_096_203_240,
};

function diagnostics(plain: Plain): Extras["diagnostics"] {
	return readDiagnostics(decodeAnswer("get_diagnostics", encodeAnswer({ dish_get_diagnostics: plain })));
}

function sensor(
	details: Details | null,
	state: SensorStatus["health"]["state"] = "ok",
	text = "connected",
): SensorStatus {
	const health = { state, sinceMs: 0, lastOkMs: 0, nextTryMs: null, text };
	return { sensor: "starlink", why: "eth1 is a wire", cost: "little", health, details };
}

function dish(change: Plain = {}, extra: Partial<Extras> = {}): SensorStatus {
	return sensor(describeDish(dishStatus(change), { ...EXTRAS, ...extra }));
}

const NO_DISH = sensor(null, "absent", "no dish: nobody answers at 192.168.100.1, port 9200 or 9201");
const PICTURE: SensorPicture = { atMs: 9_000_000, facts: factsOf(MAP), cells: MAP.picture };
const IN_TROUBLE = dish(
	{
		...outage("OBSTRUCTED", 2500),
		obstruction_stats: { fraction_obstructed: 0.051, time_obstructed: 0.03, currently_obstructed: true, valid_s: 7200 },
		alerts: { motors_stuck: true, thermal_throttle: true, is_heating: true },
		swupdate_reboot_ready: true,
		software_update_stats: { software_update_state: "REBOOT_REQUIRED", update_requires_reboot: true },
		eth_speed_mbps: 100,
		disablement_code: "NO_ACTIVE_ACCOUNT",
	},
	{
		diagnostics: diagnostics({ hardware_self_test: "FAILED", hardware_self_test_codes: ["BOOT_UP", 99], stowed: true }),
		refused: ["get_location"],
		picture: {
			...EXTRAS.picture,
			danger: { risk: 0.8, confidence: 0.85, horizonMs: 15_000, cause: "outage_obstructed", text: "it is dark" },
			outages: [{ startMs: 0, durationMs: 2500.4, cause: "OBSTRUCTED" }],
			rebootInMs: 90_000,
			boots: 2,
		},
	},
);

/** wan: a good dish; wanb: one in trouble; mob1s1a1: nobody there. */
function house(
	t: Parameters<typeof worldFor>[0],
	picture: (id: string) => SensorPicture | null = () => PICTURE,
): Promise<World> {
	const sensors = (id: string) => [id === "wan" ? dish() : id === "wanb" ? IN_TROUBLE : NO_DISH];
	return worldFor(t, { sensors, picture: (id) => (id === "wan" ? picture(id) : null) });
}

async function ask<M extends "starlink_status" | "starlink_diagnostics" | "obstruction_map">(
	w: World,
	method: M,
	args: Record<string, unknown> = {},
): Promise<Reply<M>> {
	return (await w.call(method, args)) as unknown as Reply<M>;
}

test("starlink_status: every uplink where a dish is looked for, with what it tells", async (t) => {
	const { starlink, summary } = await ask(await house(t), "starlink_status");
	assert.deepEqual(Object.keys(starlink), ["wan", "wanb", "mob1s1a1"]);
	const good = starlink.wan;
	assert.deepEqual(
		[good?.state, good?.dish_state, good?.source, good?.firmware, good?.country, good?.ethernet_mbps],
		["ok", "CONNECTED", "grpc", "2026.07.06.mr81950", "NG", 1000],
	);
	assert.equal(good?.obstruction?.sky_pct, 0.06);
	assert.equal(good?.last_15_min?.seconds, 900);
	assert.ok(good && !("outage" in good) && !("danger" in good) && !("predictive_risk" in good));
	const ill = starlink.wanb;
	assert.deepEqual(
		{ ...ill?.outage },
		{ cause: "OBSTRUCTED", text: "something stands in its view", duration_ms: 2500 },
	);
	assert.deepEqual(ill?.outages, [{ cause: "OBSTRUCTED", duration_ms: 2500 }]);
	assert.deepEqual([ill?.danger, ill?.predictive_risk], [{ cause: "outage_obstructed", text: "it is dark" }, 0.8]);
	assert.deepEqual(
		ill?.alerts.map((one) => [one.name, one.grade]),
		[
			["motors_stuck", "critical"],
			["thermal_throttle", "warning"],
			["is_heating", "info"],
		],
	);
	assert.deepEqual([ill?.restarts_seen, ill?.update?.reboot_in_s, ill?.refused], [2, 90, ["get_location"]]);
	assert.deepEqual(starlink.mob1s1a1, {
		state: "absent",
		text: NO_DISH.health.text,
		outages: [],
		alerts: [],
		refused: [],
	});
	assert.deepEqual(summary, { total: 2, connected: 1, alerts: 2, highest_risk: 0.8 });
});

test("no reply but that of gps holds a position", async (t) => {
	const w = await house(t);
	for (const method of ["starlink_status", "starlink_diagnostics", "obstruction_map", "members", "status", "health"]) {
		const told = JSON.stringify(await w.call(method), (_, value) =>
			typeof value === "bigint" ? Number(value) : value,
		);
		assert.doesNotMatch(told, /59\.43|17\.98|latitude|longitude|"location"/, method);
	}
	for (const view of ["starlink", "starlink_map", "members", "status"]) {
		assert.doesNotMatch(String((await w.call("render", { view })).text), /59\.43|17\.98/, view);
	}
});

describe("starlink_diagnostics", () => {
	test("a good dish is healthy, one in trouble is told what is wrong, the gravest first", async (t) => {
		const w = await house(t);
		const { starlink } = await ask(w, "starlink_diagnostics");
		const { wan, wanb, mob1s1a1 } = starlink;
		assert.deepEqual([wan?.healthy, wan?.self_test, wan?.asked, wan?.findings], [true, "PASSED", true, []]);
		assert.deepEqual([wanb?.healthy, wanb?.self_test_faults], [false, ["BOOT_UP", "unknown_99"]]);
		assert.deepEqual(wanb?.findings, [
			"motors_stuck: its motors are stuck",
			"its self test failed: BOOT_UP, unknown_99",
			"Starlink gives it no service: NO_ACTIVE_ACCOUNT",
			"no service now: something stands in its view",
			"it is stowed: unstow it in Starlink's app",
			"thermal_throttle: the dish is hot and slows down",
			"something stands in its view: 5.1 % of the sky, 3.0 % of the time",
			"its cable runs at 100 Mbit/s: check cable and port",
		]);
		assert.deepEqual([mob1s1a1?.asked, mob1s1a1?.findings, mob1s1a1?.healthy], [false, [], undefined]);
	});

	const turned = (desired: Plain, mobility: string): SensorStatus =>
		dish({
			mobility_class: mobility,
			alignment_stats: { boresight_azimuth_deg: 40, boresight_elevation_deg: 60, ...desired },
		});
	for (const [what, told, expected] of [
		["far off", turned({ desired_boresight_azimuth_deg: 0, desired_boresight_elevation_deg: 65 }, "STATIONARY"), true],
		["near", turned({ desired_boresight_azimuth_deg: 35, desired_boresight_elevation_deg: 62 }, "STATIONARY"), false],
		["on a ship", turned({ desired_boresight_azimuth_deg: 0, desired_boresight_elevation_deg: 65 }, "MOBILE"), false],
		["without a wish", turned({}, "STATIONARY"), false],
	] as const) {
		test(`a dish that looks ${what} is ${expected ? "" : "not "}to be turned`, async (t) => {
			const w = await worldFor(t, { sensors: () => [told] });
			const { starlink } = await ask(w, "starlink_diagnostics", { interface: "wan" });
			assert.deepEqual(Object.keys(starlink), ["wan"]);
			const found = starlink.wan?.findings.filter((one) => one.includes("turn it"));
			assert.deepEqual(found, expected ? ["it looks 19 degrees past where it should: turn it"] : []);
		});
	}

	test("loss of service again and again, and a plan that is used up", async (t) => {
		const danger = {
			risk: 0.75,
			confidence: 0.8,
			horizonMs: 1,
			cause: "boot_loop",
			text: "it restarts again and again",
		};
		const used = diagnostics({ hardware_self_test: "PASSED", overage_rate_limited: true });
		const told = dish(
			{ gps_stats: { gps_valid: false } },
			{ diagnostics: used, picture: { ...EXTRAS.picture, danger } },
		);
		const { starlink } = await ask(await worldFor(t, { sensors: () => [told] }), "starlink_diagnostics");
		assert.deepEqual(starlink.wan?.findings, [
			"it restarts again and again",
			"the data of its plan are used up: it is slowed down",
			"its receiver does not know where it is",
		]);
	});
});

describe("obstruction_map", () => {
	test("the picture, byte for byte, and what its cells mean", async (t) => {
		const w = await house(t);
		const { wan, wanb, mob1s1a1 } = (await ask(w, "obstruction_map")).maps;
		assert.deepEqual([wan?.rows, wan?.columns, wan?.frame, wan?.max_theta_deg], [123, 123, MAP.frame, MAP.maxThetaDeg]);
		assert.deepEqual(decodeBase64(wan?.cells ?? ""), MAP.picture);
		assert.ok(Number(wan?.age_s) >= 1_000, String(wan?.age_s));
		assert.equal(wan?.blocked_pct, Math.round((MAP.blockedPct ?? Number.NaN) * 100) / 100);
		assert.deepEqual(wanb, { state: "ok", text: "the dish has not told its map yet: it is asked every ten minutes" });
		assert.deepEqual(mob1s1a1, { state: "absent", text: NO_DISH.health.text });
		assert.deepEqual(Object.keys((await ask(w, "obstruction_map", { interface: "wan" })).maps), ["wan"]);
		for (const method of ["obstruction_map", "starlink_diagnostics"]) {
			await assert.rejects(w.call(method, { interface: "nobody" }), /Not found/);
		}
	});

	test("why there is none", async (t) => {
		const refused = dish({}, { refused: ["dish_get_obstruction_map"] });
		const { maps } = await ask(await worldFor(t, { sensors: () => [refused] }), "obstruction_map");
		assert.equal(maps.wan?.text, "the dish refuses to tell its map");
		const config = "\nconfig starlink 'api'\n\toption obstruction_map '0'\n";
		const off = await ask(await worldFor(t, { sensors: () => [dish()], config }), "obstruction_map");
		assert.equal(off.maps.wan?.text, "switched off: starlink.api.obstruction_map is 0");
	});

	test("the largest map fits whole; more than fits the bus is left out, not the reply", async (t) => {
		const cells = new Uint8Array((512 * 512) / 2).fill(0xf1);
		const picture = { atMs: 0, facts: { rows: 512, columns: 512, frame: "earth" }, cells };
		const names = Array.from({ length: 8 }, (_, index) => `wan${index}`);
		const w = await worldFor(t, { names, sensors: () => [dish()], picture: () => picture });
		const all = Object.values((await ask(w, "obstruction_map")).maps);
		assert.deepEqual(
			all.map((one) => one.cells != null),
			[true, true, true, true, false, false, false, false],
		);
		assert.deepEqual(decodeBase64(all[0]?.cells ?? ""), cells);
		const { text } = await w.call("render", { view: "starlink_map" });
		assert.match(String(text), /wan7: .*\n.*name this uplink/);
		const last = await ask(w, "obstruction_map", { interface: "wan7" });
		assert.ok(last.maps.wan7?.cells);
	});
});

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
const RAW = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

describe("the terminal", () => {
	test("says all that matters of each dish, and why one is not found", async (t) => {
		const w = await house(t);
		const { text } = await w.call("render", { view: "starlink", width: 120 });
		const lines = String(text).split("\n");
		for (const expected of [
			/^wan +CONNECTED +0 +18 +0\.9 +0\.5 +0\.06 +4h 11m +rev4_panda_prod2 +2026\.07\.06\.mr81950$/,
			/^wanb +OBSTRUCTED /,
			/^wan: connected$/,
			/^ {2}diagnostics: self test passed$/,
			/^ {2}danger: it is dark$/,
			/^ {2}outage for 2\.5 s: something stands in its view \(OBSTRUCTED\)$/,
			/^ {2}obstructed now: 5\.10 % of the sky, 3 % of the time, \S+ % where it looks, surveyed for 2h$/,
			/^ {2}critical: its motors are stuck \(motors_stuck\)$/,
			/^ {2}update: REBOOT_REQUIRED, must restart for it, ready to restart, will restart in 1m$/,
			/^ {2}restarts since watched: 2/,
			/^ {2}diagnostics: self test failed, stowed$/,
			/^ {2}look at: its cable runs at 100 Mbit\/s: check cable and port$/,
			/^ {2}refused: get_location$/,
			/^mob1s1a1: no dish: nobody answers at 192\.168\.100\.1, port 9200 or 9201$/,
			/^1 of 2 dishes connected$/,
		]) {
			assert.ok(
				lines.some((line) => expected.test(line)),
				`${expected} in\n${text}`,
			);
		}
	});

	test("says nothing twice", async (t) => {
		const text = String((await (await house(t)).call("render", { view: "starlink", width: 200 })).text);
		for (const once of ["motors are stuck", "hot and slows down", "unknown_99"]) {
			assert.equal(text.split(once).length - 1, 1, `${once} in\n${text}`);
		}
	});

	test("fits every width, with colours too", async (t) => {
		const w = await house(t);
		for (const view of ["starlink", "starlink_map"]) {
			for (const width of [40, 60, 80, 200]) {
				const plain = String((await w.call("render", { view, width })).text);
				for (const line of plain.split("\n")) assert.ok([...line].length <= width, line);
				const colored = String((await w.call("render", { view, width, color: true })).text);
				// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are made of them
				assert.equal(colored.replace(/\u001b\[\d*m/g, ""), plain);
				assert.notEqual(colored, plain);
			}
		}
	});

	test("draws the map with north up, one character a box", async (t) => {
		const rows = 62;
		const cells = new Uint8Array((rows * rows) / 2).fill(0xff);
		const put = (row: number, from: number, to: number, byte: number): void => {
			for (let column = from; column < to; column += 2) cells[(row * rows + column) >> 1] = byte;
		};
		// North-east is blocked, the south-west was not looked at, one cell of the two of a box is blocked in the middle.
		for (let row = 0; row < 20; row++) put(row, 40, 62, 0x11);
		for (let row = 50; row < 62; row++) put(row, 0, 10, 0x00);
		put(30, 30, 32, 0x1f);
		const facts = { rows, columns: rows, frame: "earth", max_theta_deg: 80, blocked_pct: 12.5, measured_pct: 97 };
		const w = await house(t, () => ({ atMs: 0, facts, cells }));
		const { text } = await w.call("render", { view: "starlink_map", name: "wan", width: 80 });
		const lines = String(text).split("\n");
		assert.match(
			lines[0] ?? "",
			/^wan: 12\.50 % of what was measured is blocked, 97 % measured, fetched \d+h \d+m ago$/,
		);
		const top = lines.findIndex((line) => /^ {33}N$/.test(line));
		assert.ok(top > 0, String(text));
		const picture = lines.slice(top + 1, top + 32);
		assert.equal(lines[top + 32], `${" ".repeat(33)}S`);
		for (const line of picture.slice(0, 10)) assert.equal(line, `  ${"·".repeat(40)}${"█".repeat(22)}`);
		for (const line of picture.slice(25)) assert.equal(line, `${" ".repeat(12)}${"·".repeat(52)}`);
		assert.equal(picture[15], `W ${"·".repeat(30)}▓${"·".repeat(31)} E`);
		assert.match(String(text), /the middle is straight up, 80 degrees to the edge/);
	});

	test("a map in the dish's own frame has no points of the compass", async (t) => {
		for (const [frame, words] of [
			["dish", /seen from the dish/],
			["unknown", /does not say where up is/],
		] as const) {
			const w = await house(t, () => ({ ...PICTURE, facts: { ...PICTURE.facts, frame } }));
			const text = String((await w.call("render", { view: "starlink_map", name: "wan" })).text);
			assert.match(text, words);
			assert.doesNotMatch(text, /^ *[NS]$|^W | E$/m);
		}
	});

	for (const [rows, columns] of [
		[1, 1],
		[1, 512],
		[512, 1],
		[3, 5],
		[123, 123],
	] as const) {
		test(`a map of ${rows} x ${columns} cells stays a picture`, async (t) => {
			const cells = new Uint8Array(Math.ceil((rows * columns) / 2)).fill(0x11);
			const w = await house(t, () => ({ atMs: 0, facts: { rows, columns, frame: "earth" }, cells }));
			const text = String((await w.call("render", { view: "starlink_map", name: "wan", width: 60 })).text);
			const blocked = text.split("\n").filter((line) => /^(W | {2})█+( E)?$/.test(line));
			assert.ok(blocked.length >= 1 && blocked.length <= 31, text);
			assert.equal(new Set(blocked.map((line) => line.match(/█/g)?.length)).size, 1);
		});
	}
});

describe("what a dish writes into its texts", () => {
	const NAMES = {
		escapes: "ut\u001b]0;owned\u0007\u001b[2J\u009b31m",
		newlines: 'ut\r\n{"level":"error","msg":"forged"}\n\u2028\u2029\u0000',
		turned: "\u202etu\u2066\u200f\ufeff",
		house: HOSTILE,
		long: `ut${"x".repeat(10_000)}`,
	} as const;
	for (const [kind, name] of Object.entries(NAMES)) {
		test(`${kind}: cut in the data, harmless on the terminal`, async (t) => {
			const device_info = { id: name, hardware_version: name, software_version: name, country_code: name };
			const told = { ...dish({ device_info }), health: sensor(null, "failing", `the dish is silent: ${name}`).health };
			const w = await worldFor(t, { sensors: () => [told] });
			const { starlink } = await ask(w, "starlink_status");
			// A text on the bus ends at its first NUL.
			assert.equal(starlink.wan?.id, name.slice(0, 80).split("\u0000")[0]);
			const { heard, sink } = listener();
			const judge = createDishJudge(sink, () => 60_000);
			judge.status(1_000, EXTRAS.wallMs, dishStatus());
			judge.status(2_000, EXTRAS.wallMs, dishStatus({ device_info }));
			assert.ok(heard.events.some((event) => event.startsWith("dish_firmware: ")));
			for (const event of heard.events) {
				assert.ok(event.length < 200, `an event of ${event.length} characters`);
				w.deps.recorder.note("dish_firmware", "wan", event);
			}
			for (const view of ["starlink", "starlink_map", "members", "events"]) {
				for (const width of [40, 120]) {
					const { ok, text } = await w.call("render", { view, width });
					assert.equal(ok, true, view);
					assert.doesNotMatch(String(text), RAW, `${view}:\n${text}`);
					assert.ok(
						!String(text)
							.split("\n")
							.some((line) => line.startsWith('{"level"')),
						String(text),
					);
				}
			}
		});
	}
});

test("a router without a place for a dish says so", async (t) => {
	const w = await worldFor(t);
	assert.deepEqual((await ask(w, "starlink_status")).summary, { total: 0, connected: 0, alerts: 0 });
	for (const view of ["starlink", "starlink_map"]) {
		assert.equal((await w.call("render", { view })).text, "There is no uplink that a dish could be behind.\n");
	}
});
