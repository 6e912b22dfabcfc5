/**
 * What whoever runs a cell, an access point or a modem's firmware may write into names: from the modem's reply through the
 * real sensors into JSON on the bus, the views of autonomyctl, events and log. Data keeps them (cut), views make them harmless.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createLogger } from "../../daemon/platform/node/log.ts";
import type { SensorStatus } from "../../daemon/sense/senses.ts";
import type { Sensor } from "../../daemon/sense/sensor.ts";
import { createWifi } from "../../daemon/sense/wifi/wifi.ts";
import { rutosInfo, sample, world as sensorWorld, uplink } from "../sense/cellular/support.ts";
import { worldFor } from "./world.ts";

const NAMES = {
	escapes: "Tele\u001b]0;owned\u0007\u001b[2J\u009b31m",
	newlines: 'Tele\r\n{"level":"error","msg":"forged"}\n\u2028\u2029\u0000',
	turned: "\u202eeleT\u2066\u200f\ufeff",
	shell: 'Tele"; reboot; $(reboot) `reboot` \\" \' <b onmouseover=x>',
	long: `Tele${"x".repeat(10_000)}`,
	tall: `Tele${"a\u0301\u0302\u0303".repeat(2_500)}`,
	halves: "Tele\ud800\udfff\udc00",
} as const;
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
const RAW = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

const status = (sensor: string, one: Sensor): SensorStatus => ({
	sensor,
	why: "it is asked for",
	cost: "little",
	health: one.health(),
	details: one.details(),
});

/** A modem whose every text is hostile, read by the sensor; its word when it fails comes last. */
async function modem(name: string) {
	const w = sensorWorld();
	const every = { operator: name, provider_name: name, band_str: name, net_mode_str: `LTE${name}`, reg_ci: name };
	w.answers.set("gsm.modem0 info", rutosInfo({ reg_stat_str: "Registered, home" }));
	const sensor = w.sensor();
	sensor.follow(uplink(), true);
	await w.time.advance(4_000);
	w.answers.set("gsm.modem0 info", rutosInfo({ ...every, reg_stat_str: "Registered, roaming" }, { model: name }));
	await w.time.advance(4_000);
	const well = status("cellular", sensor);
	w.answers.set("gsm.modem0 info", new Error(`it says ${name}`));
	await w.time.advance(10_000);
	const ill = status("cellular", sensor);
	sensor.close();
	return { w, well, ill };
}

async function radio(ssid: string): Promise<SensorStatus> {
	const w = sensorWorld({ uplink: uplink({ id: "wan", class: "wifi", device: "wlan0" }) });
	w.answers.set("iwinfo info", { ...(sample("wifi/iwinfo_info.shape.json") as object), ssid });
	w.answers.set("iwinfo assoclist", sample("wifi/iwinfo_assoclist.shape.json"));
	const sensor = createWifi(w.context);
	await w.time.advance(3_000);
	const told = status("wifi", sensor);
	sensor.close();
	return told;
}

for (const [kind, name] of Object.entries(NAMES)) {
	test(`${kind} in names of networks and modems`, async (t) => {
		const { w: house, well, ill } = await modem(name);
		const wifi = await radio(name.slice(0, 32));
		const w = await worldFor(t, { sensors: (id) => (id === "wanb" ? [well] : id === "mob1s1a1" ? [ill] : [wifi]) });
		for (const event of house.told.events) {
			const reason = event.slice(event.indexOf(": ") + 2);
			w.deps.recorder.note("roaming", "wanb", reason);
			assert.ok(reason.length < 400, `an event of ${reason.length} characters`);
		}
		assert.ok(
			house.told.events.some((event) => event.includes("Tele") || event.includes("eleT")),
			house.told.events.join(),
		);

		const reply = await w.call("cellular_status");
		const { wanb } = reply.cellular as unknown as Record<string, Record<string, unknown>>;
		const told = String(wanb?.operator);
		assert.ok(told.length <= 64 && (told.includes("Tele") || told.includes("eleT")), told);
		assert.equal(JSON.parse(JSON.stringify(reply)).cellular.wanb.operator, told);
		for (const method of ["cellular_status", "wifi_status", "members", "status", "events"]) {
			const size = JSON.stringify(await w.call(method), plain).length;
			assert.ok(size < 50_000, `${method}: ${size} bytes`);
		}

		for (const view of ["cellular", "wifi", "members", "status", "events"]) {
			for (const width of [40, 120]) {
				const { ok, text } = await w.call("render", { view, width });
				assert.equal(ok, true, view);
				assert.doesNotMatch(String(text), RAW, `${view}:\n${text}`);
				const lines = String(text).split("\n");
				assert.ok(lines.length < 200, `${view} has ${lines.length} lines`);
				assert.ok(!lines.some((line) => line.startsWith('{"level"')), "a line that looks like one of the log");
			}
		}

		const folder = mkdtempSync(join(tmpdir(), "autonomy-hostile-"));
		t.after(() => rmSync(folder, { recursive: true }));
		const log = createLogger("debug");
		log.alsoTo(join(folder, "log"));
		for (const line of house.log.lines) log.warn(line.msg, line.fields);
		const lines = readFileSync(join(folder, "log"), "utf8").trimEnd().split("\n");
		assert.ok(lines.length > 0 && lines.length === house.log.lines.length, "a name has made lines of its own");
		for (const line of lines) {
			assert.equal(JSON.parse(line).level, "warn");
			assert.ok(line.length < 1_000, `a line of ${line.length} characters`);
		}
	});
}

function plain(_: string, value: unknown): unknown {
	return typeof value === "bigint" ? Number(value) : value;
}
