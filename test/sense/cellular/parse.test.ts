import assert from "node:assert/strict";
import { test } from "node:test";
import { SENSES } from "../../../daemon/health/senses.ts";
import { valuesOf } from "../../../daemon/sense/cellular/judge.ts";
import * as mm from "../../../daemon/sense/cellular/modemmanager-parse.ts";
import { qualityPct, qualityWord } from "../../../daemon/sense/cellular/quality.ts";
import { NOTHING, type Reading } from "../../../daemon/sense/cellular/reading.ts";
import * as rutos from "../../../daemon/sense/cellular/rutos-parse.ts";
import * as uqmi from "../../../daemon/sense/cellular/uqmi-parse.ts";
import { idOf, plmnOf, signalOf, technologyOf } from "../../../daemon/sense/cellular/values.ts";
import { numberIn } from "../../../daemon/sense/values.ts";
import { fakeRandom } from "../../support/fake-platform.ts";
import { sample } from "./support.ts";

const METHODS = sample("rutos/ubus_gsm_modem0_methods.shape.json") as Record<string, unknown>;

test("RutOS: everything that `info` knows", () => {
	const modem = rutos.parseInfo(sample("rutos/ubus_gsm_modem0_info.shape.json"));
	assert.deepEqual([modem.usbId, modem.netdev, modem.busy], ["2-1", "wwan0", false]);
	assert.deepEqual(modem.reading, {
		...NOTHING,
		technology: "4g",
		rsrpDbm: -99,
		rsrqDb: -15,
		sinrDb: 15,
		rssiDbm: -71,
		band: "LTE B7",
		carriers: [{ band: null, pci: 156, channel: 3050, bandwidthMhz: 20, rsrpDbm: null }],
		cellId: "29954840",
		tac: "1832",
		operator: "Telia",
		plmn: "24601",
		registration: "home",
		sim: "ready",
		simSlot: 1,
		simSlots: 2,
		temperatureC: 38,
		model: "RG501Q-EU",
	});
});

test("RutOS: an excerpt of a real modem", () => {
	const { reading } = rutos.parseInfo(sample("rutos/gsmctl_info_cache_rutm50_excerpt.real-masked.json"));
	assert.deepEqual(
		[reading.rsrpDbm, reading.rsrqDb, reading.sinrDb, reading.rssiDbm, reading.technology, reading.band],
		[-90, -8, 18, -63, "4g", "LTE B2"],
	);
	assert.deepEqual(
		[reading.operator, reading.registration, reading.simSlot, reading.cellId, reading.tac, reading.temperatureC],
		["Verizon Wireless", "home", 2, "29954840", null, null],
	);
});

test("RutOS: the fresh signal replaces the cached one as a whole, aggregation puts the primary carrier first", () => {
	const { reading } = rutos.parseInfo(sample("rutos/ubus_gsm_modem0_info.shape.json"));
	const fresh = rutos.withSignal(reading, { net_mode: "5G-NSA", rsrp: -105, rssi: -57 });
	assert.deepEqual(
		[fresh.technology, fresh.rsrpDbm, fresh.rssiDbm, fresh.sinrDb, fresh.rsrqDb],
		["5g_nsa", -105, -57, null, null],
	);
	assert.equal(rutos.withSignal(reading, { errno: 1, error: "Timeout" }), reading);
	const list = [{ band_id: 3, pcid: 9, frequency: 1300 }, ...(METHODS.get_ca_info as { list: object[] }).list];
	assert.deepEqual(
		rutos.withCarriers(reading, { list }).carriers.map((one) => [one.band, one.pci, one.channel, one.rsrpDbm]),
		[
			["7", 156, 3050, -99],
			["3", 9, 1300, null],
		],
	);
	assert.deepEqual(rutos.withCarriers(reading, METHODS["<error>"]).carriers, reading.carriers);
});

test("RutOS: registration by its words, else by the code of TS 27.007", () => {
	const table: [unknown, unknown, unknown][] = [
		["Registered, home", 1, "home"],
		["Registered, roaming", 5, "roaming"],
		["Not registered, searching", 2, "searching"],
		["Not registered", 0, "none"],
		["Registration denied", 3, "denied"],
		["Registered for SMS only, home", 6, "none"],
		["Emergency bearer services only", 8, "none"],
		["Unknown", 4, null],
		[undefined, 5, "roaming"],
		[undefined, 2, "searching"],
		[undefined, 99, null],
		[undefined, undefined, null],
		["N/A", "1", "home"],
	];
	for (const [text, code, expected] of table)
		assert.equal(rutos.registrationOf(text, code), expected, `${text} ${code}`);
});

test("ModemManager: state, ports, and the LTE anchor's signal of an EN-DC link", () => {
	const modem = mm.parseModem((sample("modem/mmcli_modem.shape.json") as { modem: unknown }).modem);
	assert.deepEqual(modem.ports, ["cdc-wdm0", "wwan0", "ttyUSB2"]);
	const signal = (sample("modem/mmcli_signal_get.shape.json") as { modem: { signal: unknown } }).modem.signal;
	const reading = mm.withSignal(modem.reading, signal);
	assert.deepEqual(reading, {
		...NOTHING,
		technology: "5g_nsa",
		rsrpDbm: -98,
		rsrqDb: -13,
		sinrDb: 6.2,
		rssiDbm: -65,
		band: "eutran-7",
		carriers: [{ band: "eutran-7", pci: null, channel: null, bandwidthMhz: null, rsrpDbm: null }],
		operator: "Telia",
		plmn: "24601",
		registration: "home",
		sim: "ready",
		connected: true,
		model: "RM500Q-GL",
	});
	const located = mm.withLocation(reading, { "3gpp": { mcc: "246", lac: "FFFE", tac: "001832", cid: "01C91218" } });
	assert.deepEqual([located.cellId, located.tac], ["01C91218", "001832"]);
});

test("ModemManager: no SIM, a locked SIM, a failed modem, signal not set up", () => {
	const with_ = (generic: object) => mm.parseModem({ generic }).reading;
	assert.equal(with_({ state: "failed", "state-failed-reason": "sim-missing" }).sim, "missing");
	assert.equal(with_({ state: "locked", "unlock-required": "sim-pin" }).sim, "locked");
	assert.equal(with_({ state: "failed", "state-failed-reason": "unknown-capabilities" }).sim, "failed");
	assert.equal(with_({ state: "registered", "unlock-required": "sim-pin2" }).sim, "ready");
	assert.equal(with_({}).sim, null);
	const off = mm.withSignal(NOTHING, { lte: { rsrp: "--", rssi: "--" }, "5g": { rsrp: "--" } });
	assert.equal(off, NOTHING);
	const umts = mm.withSignal(NOTHING, { lte: { rsrp: "--" }, umts: { rssi: "-71.00", rscp: "-80.00" } });
	assert.deepEqual([umts.rssiDbm, umts.rsrpDbm], [-71, null]);
	assert.deepEqual(
		mm.parseList({ "modem-list": ["/org/freedesktop/ModemManager1/Modem/3", "--help", "/etc/passwd", 7] }),
		["/org/freedesktop/ModemManager1/Modem/3"],
	);
});

test("uqmi: one radio, two radios, 3G, refusals; identities are put together again", () => {
	const lte = uqmi.parseSignal(sample("modem/uqmi_get_signal_info_lte.shape.json"));
	assert.deepEqual([lte.technology, lte.rsrpDbm, lte.rsrqDb, lte.sinrDb, lte.rssiDbm], ["4g", -98, -13, 6.2, -65]);
	const endc = uqmi.parseSignal(sample("modem/uqmi_get_signal_info_endc.shape.json"));
	assert.deepEqual([endc.technology, endc.rsrpDbm], ["5g_nsa", -98]);
	const wcdma = uqmi.parseSignal(sample("modem/uqmi_get_signal_info_wcdma.shape.json"));
	assert.deepEqual([wcdma.technology, wcdma.rssiDbm, wcdma.rsrpDbm], ["3g", -71, null]);
	assert.deepEqual(uqmi.parseSignal("Not supported"), NOTHING);
	const serving = uqmi.withServing(lte, sample("modem/uqmi_get_serving_system.shape.json"));
	assert.deepEqual([serving.registration, serving.operator, serving.plmn], ["home", "Telia", "24601"]);
	assert.equal(uqmi.withServing(lte, { registration: "registered", roaming: true }).registration, "roaming");
	assert.equal(uqmi.withServing(lte, { registration: "registering_denied" }).registration, "denied");
	const system = uqmi.withSystem(lte, {
		wcdma: { service_status: "none" },
		lte: { service_status: "available", tracking_area_code: 1832, enodeb_id: 117_011, cell_id: 24 },
	});
	assert.deepEqual([system.cellId, system.tac], ["29954840", "1832"]);
	const carriers = uqmi.withCarriers(lte, {
		secondary_1: { cell_id: 9, channel: 1300, band: 3, bandwidth: "20", state: "activated" },
		secondary_2: { cell_id: 8, channel: 6300, band: 20, bandwidth: "10", state: "deactivated" },
		primary: { cell_id: 156, channel: 3050, band: 7, bandwidth: "15" },
	});
	assert.deepEqual(
		carriers.carriers.map((one) => [one.band, one.pci, one.bandwidthMhz]),
		[
			["7", 156, 15],
			["3", 9, 20],
		],
	);
	assert.equal(uqmi.withSession(lte, "connected").connected, true);
	assert.equal(uqmi.withSession(lte, "disconnected").connected, false);
	assert.equal(uqmi.withSession(lte, "Failed to connect").connected, null);
});

test("figures outside what is possible are not known", () => {
	const table: [unknown, unknown, unknown, unknown, (number | null)[]][] = [
		[-99, -15, 15, -71, [-99, -15, 15, -71]],
		["-99.50", "-15.0", "15.2", "-71", [-99.5, -15, 15.2, -71]],
		["-98 dBm", "-11 dB", "3 dB", null, [-98, -11, 3, null]],
		// A modem that measures nothing (a ship's router prints just this).
		[-140, -200, 0, undefined, [null, null, null, null]],
		[0, 0, 0, 0, [null, null, null, null]],
		[-32_768, -32_768, -32_768, -32_768, [null, null, null, null]],
		["-32768.00", "-32768.00", "-32768.00", "--", [null, null, null, null]],
		// RSRQ in tenths.
		[-89, -110, 1, null, [-89, -11, 1, null]],
		// Absent RSRP says nothing about the others.
		[undefined, -11, 4, -80, [null, -11, 4, -80]],
		[Number.NaN, Number.POSITIVE_INFINITY, "1e3", true, [null, null, null, null]],
		[[-99], { value: 1 }, "abc", "-999", [null, null, null, null]],
	];
	for (const [rsrp, rsrq, sinr, rssi, expected] of table) {
		const { rsrpDbm, rsrqDb, sinrDb, rssiDbm } = signalOf(rsrp, rsrq, sinr, rssi);
		assert.deepEqual([rsrpDbm, rsrqDb, sinrDb, rssiDbm], expected, JSON.stringify([rsrp, rsrq, sinr, rssi]));
	}
});

test("words of modems for their technology, and identities", () => {
	const words: [string | null, unknown][] = [
		["LTE", "4g"],
		["5G-NSA", "5g_nsa"],
		["5G (NSA); VoLTE", "5g_nsa"],
		["5G-SA", "5g_sa"],
		["lte 5gnr", "5g_nsa"],
		["5gnr", "5g_sa"],
		["CAT-M1", "4g"],
		["HSDPA+HSUPA", "3g"],
		["WCDMA", "3g"],
		["EDGE", "2g"],
		["No service", null],
		[null, null],
	];
	for (const [text, expected] of words) assert.equal(technologyOf(text), expected, String(text));
	for (const bad of ["N/A", "", "0", "FFFFFFFF", 0, -1, 1.5, "12 34", "x", {}, true])
		assert.equal(idOf(bad), null, String(bad));
	assert.equal(idOf("14887433684"), "14887433684");
	assert.equal(idOf(12n), "12");
	for (const [mcc, mnc, plmn] of [
		["311", "480", "311480"],
		[246, 1, "24601"],
		["24601", "", "24601"],
		["246", undefined, null],
		[0, 0, null],
		["24a", "01", null],
		[null, {}, null],
	] as const) {
		assert.equal(plmnOf(mcc, mnc), plmn);
	}
	assert.equal(numberIn("__proto__", 0, 1), null);
});

test("quality depends on the technology", () => {
	const of = (more: Partial<Reading>) => qualityPct({ ...NOTHING, ...more });
	assert.equal(of({ technology: "4g", rsrpDbm: -80, rsrqDb: -8, sinrDb: 20 }), 100);
	assert.equal(of({ technology: "4g", rsrpDbm: -120, rsrqDb: -20, sinrDb: -5 }), 0);
	assert.equal(of({ technology: "4g", rsrpDbm: -100 }), 50);
	assert.equal(of({ technology: "2g", rssiDbm: -70 }), 100);
	assert.equal(of({ technology: "4g", rssiDbm: -75 }), 50);
	assert.equal(of({ technology: "4g" }), null);
	assert.deepEqual([0, 19, 20, 40, 60, 80].map(qualityWord), ["bad", "bad", "poor", "fair", "good", "excellent"]);
});

/** Every parser against any JSON: nothing thrown, and nothing outside its range. */
const PARSERS: ((reply: unknown) => Reading)[] = [
	(reply) => rutos.parseInfo(reply).reading,
	(reply) => rutos.withSignal(NOTHING, reply),
	(reply) => rutos.withCarriers(NOTHING, reply),
	(reply) => mm.parseModem(reply).reading,
	(reply) => mm.withSignal(NOTHING, reply),
	(reply) => mm.withLocation(NOTHING, reply),
	(reply) => uqmi.parseSignal(reply),
	(reply) => uqmi.withServing(NOTHING, reply),
	(reply) => uqmi.withSystem(NOTHING, reply),
	(reply) => uqmi.withCarriers(NOTHING, reply),
	(reply) => uqmi.withSession(NOTHING, reply),
];

function assertPossible(reading: Reading, from: string): void {
	for (const [name, value] of Object.entries(valuesOf(reading))) {
		if (value === null || value === undefined) continue;
		const [low, high] = SENSES[name as keyof typeof SENSES];
		assert.ok(value >= low && value <= high, `${name} = ${value} from ${from}`);
	}
	const within = (value: number | null, low: number, high: number): boolean =>
		value === null || (value >= low && value <= high);
	assert.ok(within(reading.temperatureC, -40, 125), from);
	assert.ok(within(reading.simSlot, 1, 8) && within(reading.simSlots, 1, 8), from);
	for (const text of [reading.operator, reading.band, reading.model, reading.cellId, reading.tac]) {
		assert.ok(text === null || (typeof text === "string" && text.length <= 64), from);
	}
	assert.ok(reading.carriers.length <= 32, from);
	for (const one of reading.carriers) {
		assert.ok(within(one.pci, 0, 1007) && within(one.rsrpDbm, -140, -31) && within(one.bandwidthMhz, 1.4, 400), from);
	}
	const quality = qualityPct(reading);
	assert.ok(within(quality, 0, 100), from);
}

test("malformed replies yield nothing and break nothing", () => {
	const replies: unknown[] = [
		null,
		undefined,
		0,
		"",
		"Not supported",
		true,
		[],
		[null],
		[[[]]],
		{},
		{ cache: null },
		{ cache: [] },
		{ cache: "busy" },
		{ errno: 1, error: "Timeout" },
		{ list: {} },
		{ list: [null, 1, "x"] },
		{ generic: "--" },
		{ lte: "--", "5g": null },
		{ "3gpp": [] },
		{ registration: { toString: "x" } },
		JSON.parse('{"__proto__":{"cache":{"rsrp_value":-90}},"constructor":1}'),
	];
	for (const reply of replies) {
		for (const parse of PARSERS) assert.deepEqual(parse(reply), NOTHING, JSON.stringify(reply));
	}
});

const SEEDS = [
	sample("rutos/ubus_gsm_modem0_info.shape.json"),
	sample("rutos/gsmctl_info_cache_rutm50_excerpt.real-masked.json"),
	...Object.values(METHODS),
	(sample("modem/mmcli_modem.shape.json") as { modem: unknown }).modem,
	(sample("modem/mmcli_signal_get.shape.json") as { modem: { signal: unknown } }).modem.signal,
	sample("modem/uqmi_get_signal_info_endc.shape.json"),
	sample("modem/uqmi_get_signal_info_lte.shape.json"),
	sample("modem/uqmi_get_serving_system.shape.json"),
].map((seed) => JSON.stringify(seed));

const ODD: unknown[] = [
	null,
	true,
	0,
	-1,
	1e308,
	-1e308,
	-140,
	-3276.8,
	4294967295,
	"",
	"--",
	"N/A",
	"-99",
	"5G-NSA",
	"\u001b[31mx\u0000",
	"x".repeat(5000),
	[],
	{},
	[[{}]],
];

test("100 000 mutated replies: none throws, none yields what cannot be", () => {
	const random = fakeRandom(20_261_121);
	const pick = <T>(list: readonly T[]): T => list[random.uint32() % list.length] as T;

	function mutate(value: unknown, depth: number): unknown {
		if (depth > 6 || random.uint32() % 8 === 0) return pick(ODD);
		if (Array.isArray(value)) {
			const list = value.map((item) => mutate(item, depth + 1));
			return random.uint32() % 6 === 0 ? [...list, ...list, pick(ODD)] : list;
		}
		if (typeof value === "object" && value !== null) {
			const entries = Object.entries(value).filter(() => random.uint32() % 10 !== 0);
			return Object.fromEntries(entries.map(([name, item]) => [name, mutate(item, depth + 1)]));
		}
		if (typeof value === "number") {
			const factor = pick([1, -1, 10, 0.1, 1e6, Number.NaN]);
			return random.uint32() % 3 === 0 ? value * factor : value;
		}
		if (typeof value === "string" && random.uint32() % 4 === 0)
			return value.slice(random.uint32() % (value.length + 1));
		return value;
	}

	for (let n = 0; n < 100_000; n++) {
		const reply = mutate(JSON.parse(pick(SEEDS)), 0);
		const parse = pick(PARSERS);
		let reading: Reading;
		try {
			reading = parse(reply);
		} catch (error) {
			assert.fail(`${error} for ${JSON.stringify(reply)}`);
		}
		assertPossible(reading, JSON.stringify(reply)?.slice(0, 500) ?? "undefined");
	}
});
