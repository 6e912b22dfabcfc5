/** iwinfo and /proc/net/wireless: samples, malformed replies with their exact outcome, 100 000 mutated replies. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parseAssoclist, parseInfo, parseSurvey } from "../../../daemon/sense/wifi/iwinfo.ts";
import { busyShare, retryShare } from "../../../daemon/sense/wifi/judge.ts";
import { parseProcWireless } from "../../../daemon/sense/wifi/proc.ts";
import { NOTHING, snrDb, type WifiReading } from "../../../daemon/sense/wifi/reading.ts";
import { fakeRandom } from "../../support/fake-platform.ts";
import { sample } from "../cellular/support.ts";
import { mutate } from "../mutate.ts";

const info = () => sample("wifi/iwinfo_info.shape.json");
const list = () => sample("wifi/iwinfo_assoclist.shape.json");
const survey = () => sample("wifi/iwinfo_survey.shape.json");
const proc = readFileSync(new URL("../../samples/wifi/proc_net_wireless.shape.txt", import.meta.url), "utf8");

test("iwinfo: info, assoclist and survey together", () => {
	const base = parseInfo(info()) as WifiReading;
	const reading = parseAssoclist(base, list());
	assert.deepEqual(reading, {
		source: "iwinfo",
		associated: true,
		ssid: "Harbour Guest",
		bssid: "44:AA:77:AA:35:AA",
		channel: 36,
		frequencyMhz: 5180,
		signalDbm: -61,
		noiseDbm: -92,
		txMbps: 433.3,
		rxMbps: 390,
		tx: { packets: 21000, retries: 800, failed: 3 },
		connectedS: 512,
		airtime: null,
	});
	assert.equal(snrDb(reading), 31);
	assert.deepEqual(parseSurvey(survey(), 5180), { airtime: { activeMs: 60000, busyMs: 12000 }, noiseDbm: -92 });
	assert.deepEqual(parseSurvey(survey(), 2412), { airtime: null, noiseDbm: null });
});

test("an rpcd without counters and survey: signal and rates all the same", () => {
	const old = { results: [{ mac: "44:aa:77:aa:35:aa", signal: -70, noise: -95, inactive: 0, tx: { rate: 65000 } }] };
	const reading = parseAssoclist(NOTHING, old);
	assert.deepEqual([reading.signalDbm, reading.txMbps, reading.rxMbps, reading.tx], [-70, 65, null, null]);
});

test("no access point: nothing of it is known, the radio is", () => {
	const reading = parseAssoclist(parseInfo(info()) as WifiReading, { results: [] });
	assert.deepEqual([reading.associated, reading.bssid, reading.signalDbm, reading.tx], [false, null, null, null]);
	assert.equal(parseInfo({ ...(info() as object), bssid: "00:00:00:00:00:00" })?.associated, false);
	assert.equal(parseInfo({ ...(info() as object), mode: "Master" }), null);
});

test("malformed replies of iwinfo", () => {
	const rows: [unknown, Partial<WifiReading>][] = [
		[null, { associated: false, signalDbm: null }],
		[{ results: "no" }, { associated: false }],
		[{ results: [null, 3] }, { associated: false }],
		[{ results: [{ mac: "44:AA:77:AA:35" }] }, { associated: false }],
		[{ results: [{ mac: "44:AA:77:AA:35:AA", signal: 0, noise: 0 }] }, { signalDbm: null, noiseDbm: -92 }],
		[{ results: [{ mac: "44:AA:77:AA:35:AA", signal: 195 }] }, { signalDbm: null }],
		[{ results: [{ mac: "44:AA:77:AA:35:AA", signal: -61.5 }] }, { signalDbm: null }],
		[{ results: [{ mac: "44:AA:77:AA:35:AA", tx: { packets: -1, retries: 2 } }] }, { tx: null, txMbps: null }],
		[{ results: [{ mac: "44:AA:77:AA:35:AA", tx: { rate: 1e12 } }] }, { txMbps: null }],
		[{ results: [{ mac: "44:AA:77:AA:35:AA", connected_time: -5 }] }, { connectedS: null }],
	];
	for (const [reply, expected] of rows) {
		const reading = parseAssoclist(parseInfo(info()) as WifiReading, reply);
		for (const [name, value] of Object.entries(expected)) {
			assert.deepEqual(reading[name as keyof WifiReading], value, `${JSON.stringify(reply)}: ${name}`);
		}
	}
	const names: [unknown, string | null][] = [
		["", null],
		["x".repeat(33), null],
		[7, null],
		['a"\u001b[2J', 'a"\u001b[2J'],
	];
	for (const [ssid, expected] of names) assert.equal(parseInfo({ mode: "Client", ssid })?.ssid, expected);
});

test("/proc/net/wireless: figures, unknown noise, malformed lines", () => {
	assert.deepEqual(parseProcWireless(proc, "wlan0"), {
		...NOTHING,
		source: "/proc/net/wireless",
		signalDbm: -56,
	});
	assert.equal(parseProcWireless(proc, "wlan1")?.noiseDbm, -95);
	assert.equal(parseProcWireless(proc, "wlan"), null);
	assert.equal(parseProcWireless("", "wlan0"), null);
	for (const line of [
		"wlan0:",
		"wlan0: 0000",
		"wlan0: 0000 54. high -95.",
		"wlan0: 0000 54. 200. 161.",
		"wlan0 0000",
	]) {
		assert.equal(parseProcWireless(line, "wlan0")?.signalDbm ?? null, null, line);
	}
});

test("shares of counters: too little, and counters that went backwards, say nothing", () => {
	const tx = (packets: number, retries: number) => ({ packets, retries, failed: 0 });
	assert.equal(retryShare(tx(100, 10), tx(190, 20)), 10);
	assert.equal(retryShare(tx(100, 10), tx(110, 20)), null);
	assert.equal(retryShare(tx(1000, 10), tx(30, 2)), null);
	assert.equal(retryShare(tx(0, 50), tx(100, 2)), null);
	assert.equal(busyShare({ activeMs: 1000, busyMs: 100 }, { activeMs: 3000, busyMs: 600 }), 25);
	assert.equal(busyShare({ activeMs: 1000, busyMs: 100 }, { activeMs: 1100, busyMs: 150 }), null);
	assert.equal(busyShare({ activeMs: 9000, busyMs: 100 }, { activeMs: 3000, busyMs: 600 }), null);
});

test("100 000 mutated replies: none throws, none gives a value outside its range", () => {
	const random = fakeRandom(7);
	const inside = (value: number | null, low: number, high: number): boolean =>
		value === null || (value >= low && value <= high);
	for (let n = 0; n < 100_000; n++) {
		const base = parseInfo(mutate(info(), random)) ?? NOTHING;
		const reading = parseAssoclist(base, mutate(list(), random));
		const { airtime, noiseDbm } = parseSurvey(mutate(survey(), random), reading.frequencyMhz);
		const text = mutate(proc, random);
		const poor = typeof text === "string" ? parseProcWireless(text, "wlan1") : null;
		const fine =
			[reading.signalDbm, reading.noiseDbm, noiseDbm, poor?.signalDbm ?? null].every((one) => inside(one, -126, -1)) &&
			inside(reading.txMbps, 0, 50_000) &&
			inside(reading.rxMbps, 0, 50_000) &&
			inside(reading.channel, 1, 253) &&
			inside(reading.connectedS, 0, 2 ** 32) &&
			(airtime === null || airtime.busyMs <= airtime.activeMs) &&
			(reading.ssid === null || reading.ssid.length <= 32);
		if (!fine) assert.fail(JSON.stringify({ reading, airtime, noiseDbm, poor }));
	}
});
