/**
 * 200 000 broken replies of every source a link has (RutOS, ModemManager, uqmi, cells heard, iwinfo, /proc/net/wireless,
 * gpsd), changed as values and as text, through parsers and judges: nothing throws, and nothing that leaves a judge is
 * outside its physical range. A judge lives for hundreds of replies, so that what one has left in it meets the next.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { possible } from "../../daemon/health/senses.ts";
import { type HeardCell, heardDetails, parseMmCells, parseRutosNeighbours } from "../../daemon/sense/cellular/heard.ts";
import { createJudge, type Judge } from "../../daemon/sense/cellular/judge.ts";
import * as mm from "../../daemon/sense/cellular/modemmanager-parse.ts";
import { qualityPct } from "../../daemon/sense/cellular/quality.ts";
import { NOTHING as NO_MODEM, type Reading } from "../../daemon/sense/cellular/reading.ts";
import * as rutos from "../../daemon/sense/cellular/rutos-parse.ts";
import * as uqmi from "../../daemon/sense/cellular/uqmi-parse.ts";
import { merge } from "../../daemon/sense/cellular/values.ts";
import { bestFix, effectiveAccuracyM, type Fix } from "../../daemon/sense/gps/fix.ts";
import { parseGpsdLine } from "../../daemon/sense/gps/gpsd.ts";
import { createMovement, type Movement } from "../../daemon/sense/gps/movement.ts";
import { createSurroundings } from "../../daemon/sense/gps/surroundings.ts";
import type { Details, SensorSink } from "../../daemon/sense/sensor.ts";
import { parseAssoclist, parseInfo, parseSurvey } from "../../daemon/sense/wifi/iwinfo.ts";
import { createWifiJudge, type WifiJudge } from "../../daemon/sense/wifi/judge.ts";
import { parseProcWireless } from "../../daemon/sense/wifi/proc.ts";
import { NOTHING as NO_RADIO } from "../../daemon/sense/wifi/reading.ts";
import { fakeRandom, fakeTime } from "../support/fake-platform.ts";
import { sample } from "./cellular/support.ts";
import { mutate } from "./mutate.ts";

const RUNS = 200_000;
const JUDGE_LIVES = 400;

const random = fakeRandom(20_261_121);
const below = (n: number): number => random.uint32() % n;

const METHODS = sample("rutos/ubus_gsm_modem0_methods.shape.json") as Record<string, unknown>;
const SEEDS = {
	info: sample("rutos/ubus_gsm_modem0_info.shape.json"),
	masked: sample("rutos/gsmctl_info_cache_rutm50_excerpt.real-masked.json"),
	signal: METHODS.get_signal_query,
	carriers: METHODS.get_ca_info,
	neighbours: {
		list: [
			{ access_technology: "LTE", pcid: 157, earfcn: 3050, rsrp: -104 },
			{ access_technology: "GSM", mcc: "246", mnc: "01", lac: "31", cellid: "2748", arfcn: 62 },
		],
	},
	mm: sample("modem/mmcli_modem.shape.json"),
	mmSignal: sample("modem/mmcli_signal_get.shape.json"),
	mmLocation: {
		modem: { location: { "3gpp": { cid: "1C91318", lac: "FFFE", mcc: "246", mnc: "01", tac: "000728" } } },
	},
	mmCells: {
		modem: {
			generic: {
				"cell-info": [
					"cell type: lte, serving: yes, operator id: 24601, tac: 728, ci: 1C91318, physical ci: 9C, earfcn: 3050, rsrp: -99.000000, timing advance: 12",
					"cell type: gsm, serving: no, operator id: 24601, lac: 1F, ci: ABC, arfcn: 62, rx level: 20",
				],
			},
		},
	},
	uqmi: sample("modem/uqmi_get_signal_info_endc.shape.json"),
	uqmiWcdma: sample("modem/uqmi_get_signal_info_wcdma.shape.json"),
	uqmiServing: sample("modem/uqmi_get_serving_system.shape.json"),
	uqmiSystem: { lte: { service_status: "available", cell_id: 24, enodeb_id: 117_011, tracking_area_code: 1832 } },
	uqmiCarriers: {
		primary: { band: 7, cell_id: 156, channel: 3050, bandwidth: 20 },
		secondary_1: { band: 3, state: "activated" },
	},
	wifiInfo: sample("wifi/iwinfo_info.shape.json"),
	wifiList: sample("wifi/iwinfo_assoclist.shape.json"),
	wifiSurvey: sample("wifi/iwinfo_survey.shape.json"),
	proc: readFileSync(new URL("../samples/wifi/proc_net_wireless.shape.txt", import.meta.url), "utf8"),
	tpv: {
		class: "TPV",
		mode: 3,
		lat: 54.687157,
		lon: 25.279652,
		altMSL: 112.3,
		epx: 3,
		epy: 4,
		track: 90.5,
		speed: 12.5,
	},
	sky: { class: "SKY", hdop: 1.2, satellites: [{ PRN: 1, used: true }] },
} as const;
const TEXTS = Object.fromEntries(
	Object.entries(SEEDS).map(([name, seed]) => [name, typeof seed === "string" ? seed : JSON.stringify(seed)]),
) as Record<keyof typeof SEEDS, string>;

const INSERTS = [
	"-",
	"0",
	"9",
	"e9",
	".",
	"null",
	"true",
	'"',
	"{}",
	"[]",
	",",
	"\u0000",
	"\u001b[2J",
	"\u202e",
	"\n",
	"ÿ",
];

/** Digits and signs of the text itself change, so that it mostly stays JSON. */
function garble(text: string): string {
	let garbled = text;
	for (let n = 1 + below(4); n > 0; n--) {
		const at = below(garbled.length + 1);
		const insert = INSERTS[below(INSERTS.length)] ?? "";
		if (below(3) === 0) garbled = garbled.slice(0, at) + insert + garbled.slice(at + below(3));
		else
			garbled = garbled.replace(/\d+/g, (digits) =>
				below(12) === 0 ? `${below(2) === 0 ? "-" : ""}${digits}${insert}` : digits,
			);
	}
	return below(50) === 0 ? garbled.slice(0, below(garbled.length + 1)) : garbled;
}

/** A reply as it comes out of the bus or a program: changed as text, then read; or changed as a value. */
function reply(name: keyof typeof SEEDS): unknown {
	const dice = below(10);
	if (dice === 0) return SEEDS[name];
	if (dice < 5) return mutate(SEEDS[name], random);
	try {
		return JSON.parse(garble(TEXTS[name]));
	} catch {
		return null; // runJson and the bus stop it there
	}
}

function line(name: "proc" | "tpv" | "sky"): string {
	const text = below(3) === 0 ? JSON.stringify(mutate(SEEDS[name], random), plain) : garble(TEXTS[name]);
	return text ?? "";
}

/** JSON has no such numbers. */
function plain(_: string, value: unknown): unknown {
	return typeof value === "bigint" ? String(value) : value;
}

/** One of any source's, as its provider puts it together. */
function modem(): Reading {
	switch (below(4)) {
		case 0:
			return rutos.withCarriers(
				rutos.withSignal(rutos.parseInfo(reply("info")).reading, reply("signal")),
				reply("carriers"),
			);
		case 1:
			return rutos.parseInfo(reply("masked")).reading;
		case 2: {
			const whole = reply("mm");
			const base = mm.parseModem((whole as { modem?: unknown } | null)?.modem).reading;
			const signal = reply("mmSignal") as { modem?: { signal?: unknown } } | null;
			const location = reply("mmLocation") as { modem?: { location?: unknown } } | null;
			return mm.withLocation(mm.withSignal(base, signal?.modem?.signal), location?.modem?.location);
		}
		default: {
			const now = uqmi.withServing(
				uqmi.parseSignal(reply(below(2) === 0 ? "uqmi" : "uqmiWcdma")),
				reply("uqmiServing"),
			);
			const slow = uqmi.withCarriers(uqmi.withSystem(NO_MODEM, reply("uqmiSystem")), reply("uqmiCarriers"));
			return merge(merge(NO_MODEM, uqmi.withSession(slow, reply("uqmiServing"))), now);
		}
	}
}

const within = (value: number | null | undefined, low: number, high: number): boolean =>
	value == null || (value >= low && value <= high);

function fine(reading: Reading): boolean {
	const texts = [reading.operator, reading.band, reading.model, reading.cellId, reading.tac, reading.plmn];
	return (
		texts.every((text) => text === null || (typeof text === "string" && text.length <= 64)) &&
		within(reading.temperatureC, -40, 125) &&
		within(reading.simSlot, 1, 8) &&
		within(qualityPct(reading), 0, 100) &&
		reading.carriers.length <= 32 &&
		reading.carriers.every((one) => within(one.pci, 0, 1007) && within(one.rsrpDbm, -156, -31))
	);
}

const heardFine = (one: HeardCell): boolean =>
	within(one.pci, 0, 1007) &&
	within(one.area, 1, 0xff_fffe) &&
	within(one.cellId, 1, 2 ** 36 - 1) &&
	within(one.rsrpDbm, -156, -31) &&
	within(one.timingAdvance, 0, 1_282) &&
	(one.plmn === null || /^\d{5,6}$/.test(one.plmn));

/** How much still made sense: a test of nothing but refusals would say little. */
const told = { rsrp_dbm: 0, sinr_db: 0, signal_dbm: 0, retry_pct: 0, risks: 0, events: 0, neighbours: 0, fixes: 0 };

/** Whatever leaves a judge; throws at once, so that the reply that did it is still at hand. */
const sink: SensorSink = {
	observe(values) {
		assert.deepEqual(possible(values), values);
		for (const name of ["rsrp_dbm", "sinr_db", "signal_dbm", "retry_pct"] as const)
			if (values[name] != null) told[name]++;
	},
	risk({ risk, confidence, horizonMs, text }) {
		assert.ok(within(risk, 0, 1) && within(confidence, 0, 1) && within(horizonMs, 0, 3_600_000), text);
		assert.doesNotMatch(text, /NaN|undefined|Infinity/);
		told.risks++;
	},
	suspect: (reason) => assert.doesNotMatch(reason, /NaN|undefined|Infinity/),
	event(_, reason) {
		assert.doesNotMatch(reason, /NaN|undefined|Infinity/);
		told.events++;
	},
};

function cellular(judge: Judge, atMs: number): void {
	const reading = modem();
	if (!fine(reading)) assert.fail(JSON.stringify(reading));
	judge.take(atMs, reading);
	const stability = judge.stability(atMs);
	assert.ok(
		within(stability?.score, 0, 100) && within(stability?.weakPct, 0, 100) && within(stability?.spreadDb, 0, 125),
	);
	assert.ok(within(judge.fade()?.risk, 0, 1));
}

function around(surroundings: ReturnType<typeof createSurroundings>): void {
	const heard = below(2) === 0 ? parseMmCells(reply("mmCells")) : parseRutosNeighbours(reply("neighbours"));
	if (heard.length > 16 || !heard.every(heardFine)) assert.fail(JSON.stringify(heard));
	const { technology, plmn, tac, cellId } = modem();
	const details = { source: "RutOS gsm", technology, plmn, tac, cell_id: cellId, in_use: true } as Details;
	const cells = surroundings.cells([
		{ ...details, heard_cells: (mutate(heardDetails(heard), random) as Details["x"]) ?? null },
	]);
	told.neighbours += cells.filter((one) => !one.serving).length;
	for (const { mcc, mnc, area, cellId: id, rsrpDbm, timingAdvance } of cells) {
		assert.ok(within(mcc, 100, 999) && within(mnc, 0, 999) && within(area, 1, 0xff_fffe) && within(id, 1, 2 ** 36 - 1));
		assert.ok(within(rsrpDbm, -156, -31) && within(timingAdvance, 0, 1_282));
	}
}

function wifi(judge: WifiJudge, atMs: number): void {
	if (below(4) === 0) {
		judge.take(atMs, parseProcWireless(line("proc"), "wlan0") ?? NO_RADIO);
		return;
	}
	const info = parseInfo(reply("wifiInfo")) ?? NO_RADIO;
	const { airtime, noiseDbm } = parseSurvey(reply("wifiSurvey"), info.frequencyMhz);
	const reading = parseAssoclist({ ...info, noiseDbm: info.noiseDbm ?? noiseDbm, airtime }, reply("wifiList"));
	assert.ok(reading.ssid === null || reading.ssid.length <= 32);
	assert.ok(within(reading.rxMbps, 0, 50_000) && within(reading.frequencyMhz, 800, 71_000));
	judge.take(atMs, reading);
	assert.ok(within(judge.retryPct(), 0, 100) && within(judge.busyPct(), 0, 100));
}

function position(movement: Movement, known: Fix[], atMs: number): void {
	const report = parseGpsdLine(line(below(4) === 0 ? "sky" : "tpv"), atMs);
	const fix = report?.fix;
	if (fix == null) return;
	assert.ok(within(fix.latitude, -90, 90) && within(fix.longitude, -180, 180) && within(fix.accuracyM, 0, 50_000));
	assert.ok(within(fix.altitudeM, -500, 20_000) && within(fix.speedMps, 0, 350) && within(fix.headingDeg, 0, 360));
	told.fixes++;
	known.push(fix);
	const best = bestFix(known.splice(-4), atMs);
	assert.ok(best !== null && effectiveAccuracyM(best, atMs) > 0);
	for (const event of movement.take(fix, 500)) {
		if (event.kind === "moved") assert.ok(within(event.distanceM, 0, 20_100_000));
	}
	assert.ok(Number.isFinite(movement.travelledM()) && movement.travelledM() >= 0);
}

test("200 000 broken replies through parsers and judges: none throws, nothing leaves its range", () => {
	const time = fakeTime();
	let modems = createJudge(sink, () => -110);
	let radios = createWifiJudge(sink);
	let movement = createMovement();
	const surroundings = createSurroundings(time.clock);
	const known: Fix[] = [];
	for (let n = 0; n < RUNS; n++) {
		if (n % JUDGE_LIVES === 0) {
			modems = createJudge(sink, () => -110);
			radios = createWifiJudge(sink);
			movement = createMovement();
		}
		time.advanceSync(below(3_000));
		const atMs = time.clock.monotonicMs();
		if (below(97) === 0) (below(2) === 0 ? modems : radios).lose();
		const kind = n % 8;
		if (kind < 4) cellular(modems, atMs);
		else if (kind === 4) around(surroundings);
		else if (kind < 7) wifi(radios, atMs);
		else position(movement, known, atMs);
	}
	for (const [name, times] of Object.entries(told)) assert.ok(times > 20, `${name}: ${JSON.stringify(told)}`);
});
