/**
 * Recorded walks through sensor and engine. The excerpts in test/samples/traces are always played; WIFI_TRACES names the
 * published file links.csv.gz to play all of it.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { readConfig } from "../../../daemon/config/read.ts";
import { toSettings } from "../../../daemon/config/settings.ts";
import { step } from "../../../daemon/decide/engine.ts";
import { initialState } from "../../../daemon/decide/state.ts";
import type { Input, UplinkFacts } from "../../../daemon/decide/types.ts";
import { createWifi } from "../../../daemon/sense/wifi/wifi.ts";
import { parseUci } from "../../../daemon/uci/parse.ts";
import { csv, type Rows, sample, uplink, world } from "../cellular/support.ts";

interface Second {
	readonly atS: number;
	/** Null: no frame was heard. */
	readonly signal: number | null;
	readonly bytes: number;
}

interface Outcome {
	readonly moves: readonly { readonly atS: number; readonly rule: string; readonly to: string | null }[];
	readonly risks: readonly number[];
	/** Seconds at which nothing had passed for 5 s, counted from the first of them. */
	readonly outages: readonly number[];
}

const client = uplink({
	id: "wwan",
	class: "wifi",
	proto: "dhcp",
	device: "wlan0",
	lowerDevice: "wlan0",
	metered: false,
});

function facts(id: string, order: number): UplinkFacts {
	const cls = order === 0 ? "wifi" : "lan";
	const shared = { present: true, up: true, carrier: true, metered: false, disabled: false, preferRoaming: false };
	return {
		...shared,
		id,
		class: cls,
		families: ["ipv4"],
		weight: 100 - 20 * order,
		order,
		minUptimeMs: 0,
		cooldownMs: 15_000,
	};
}

/** Wi-Fi is preferred, an even wire stands by; a probe is answered in seconds in which frames arrived. */
async function play(trace: readonly Second[]): Promise<Outcome> {
	const w = world({ uplink: client });
	const settings = toSettings(readConfig(parseUci("", { file: "test" }), "test").config);
	let state = initialState(settings);
	const moves: { atS: number; rule: string; to: string | null }[] = [];
	let current: Second | undefined;
	const feed = (input: Input): void => {
		const out = step(state, input);
		state = out.state;
		for (const { from, to, kind, rule } of out.decisions) {
			if (from !== to && kind !== "start" && kind !== "avoid") moves.push({ atS: current?.atS ?? 0, rule, to });
		}
	};
	const now = (): number => w.time.clock.monotonicMs();
	feed({ kind: "uplinks", atMs: now(), uplinks: [facts("wwan", 0), facts("wan", 1)] });
	w.answers.set("iwinfo info", sample("wifi/iwinfo_info.shape.json"));
	w.answers.set("iwinfo assoclist", () => ({
		results: [{ mac: "44:AA:77:AA:35:AA", signal: current?.signal ?? 0, noise: -92 }],
	}));
	const sensor = createWifi(w.context);
	sensor.follow(client, true);
	const risks: number[] = [];
	const outages: number[] = [];
	let told = 0;
	let silentS = 0;
	let lastS = trace[0]?.atS ?? 0;
	for (const second of trace) {
		current = second;
		await w.time.advance(Math.min(60_000, Math.max(0, (second.atS - lastS) * 1000)));
		lastS = second.atS;
		for (const values of w.told.values.slice(told)) feed({ kind: "sense", uplink: "wwan", atMs: now(), values });
		told = w.told.values.length;
		for (const risk of w.told.risks.splice(0)) {
			feed({ kind: "risk", uplink: "wwan", ...risk, atMs: now() });
			risks.push(second.atS);
		}
		const dead = second.signal === null && second.bytes < 5_000;
		silentS = dead ? silentS + 1 : 0;
		if (silentS === 5) outages.push(second.atS - 4);
		for (const [id, rttMs] of [
			["wwan", dead ? null : 8],
			["wan", 15],
		] as const) {
			const probe = { uplink: id, atMs: now(), family: "ipv4", target: "192.0.2.1", excused: false } as const;
			feed({ kind: "probe", method: "icmp", rttMs, ...probe });
		}
		feed({ kind: "tick", atMs: now() });
	}
	sensor.close();
	return { moves, risks, outages };
}

function seconds(rows: Rows): Second[] {
	return rows.map((row) => ({
		atS: Number(row.at_s),
		signal: row.signal_dbm === "" ? null : Number(row.signal_dbm),
		bytes: Number(row.bytes),
	}));
}

test("walking out of reach on 2.4 GHz: traffic leaves seconds before the last frame", async (t) => {
	const { moves, outages } = await play(seconds(csv("traces/wifi-walk.csv")));
	const [outage] = outages;
	assert.ok(outage !== undefined);
	const left = moves.find((move) => move.to === "wan");
	assert.equal(left?.rule, "predictive");
	assert.ok((left?.atS ?? 99) < outage, `left at ${left?.atS} s, dead from ${outage} s`);
	t.diagnostic(`left ${outage - (left?.atS ?? 0)} s before the last frame`);
});

test("two minutes near the access point: nothing to say", async () => {
	const { moves, risks } = await play(seconds(csv("traces/wifi-near.csv")));
	assert.deepEqual([moves, risks], [[], []]);
});

test("a link that ends at -68 dBm without any sign: no prophecy, no alarm", async () => {
	const { risks, outages } = await play(seconds(csv("traces/wifi-walk-5ghz.csv")));
	assert.equal(outages.length, 1);
	assert.deepEqual(risks, []);
});

const file = process.env.WIFI_TRACES;
const whole = file !== undefined && existsSync(file) ? false : "WIFI_TRACES names no file with the whole recording";

test("whole recording: four access points, an hour each", { skip: whole }, async (t) => {
	const [head = "", ...lines] = gunzipSync(readFileSync(file ?? ""))
		.toString("utf8")
		.trim()
		.split("\n");
	const names = head.split(",");
	const links = new Map<string, Second[]>();
	for (const line of lines) {
		const cells = line.split(",");
		const at = (name: string): string => cells[names.indexOf(name)] ?? "";
		if (at("isIperfOn") !== "1.0") continue;
		const rssi = at("rssiMean") === "" ? -100 : Number(at("rssiMean"));
		const second = {
			atS: Number(at("systime")),
			signal: rssi <= -100 ? null : Math.round(rssi),
			bytes: Number(at("nBytesReceived")),
		};
		links.set(at("senderId"), [...(links.get(at("senderId")) ?? []), second]);
	}
	for (const [name, trace] of links) {
		const { moves, risks, outages } = await play(trace);
		const episodes = risks.filter((atS, n) => n === 0 || atS - (risks[n - 1] ?? 0) > 30);
		const before = outages.filter((atS) => risks.some((risk) => risk < atS && risk >= atS - 20)).length;
		const predicted = moves.filter((move) => move.rule === "predictive").length;
		const gone = moves.filter((move) => move.to === "wan").length;
		t.diagnostic(
			`${name}: ${(trace.length / 3600).toFixed(2)} h, ${outages.length} outages, ${before} announced; ${episodes.length} alarms; left ${gone} times, ${predicted} of them before`,
		);
		assert.ok(outages.length > 0);
	}
});
