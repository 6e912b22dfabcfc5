/** The Wi-Fi sensor on a fake bus under manual time: what it asks, says and survives. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { AutonomyError } from "../../../daemon/platform/error.ts";
import { createWifi, wifiKind } from "../../../daemon/sense/wifi/wifi.ts";
import { eventsText } from "../../../daemon/serve/text/events-text.ts";
import { sample, uplink, type WorldOptions, world } from "../cellular/support.ts";

const client = uplink({
	id: "wwan",
	class: "wifi",
	classReason: "wlan0 is a wireless device",
	proto: "dhcp",
	device: "wlan0",
	lowerDevice: "wlan0",
	metered: false,
});

function radio(options: WorldOptions = {}) {
	const w = world({ ...options, uplink: client });
	const state = {
		bssid: "44:AA:77:AA:35:AA",
		signal: -61,
		connected: 500,
		packets: 21_000,
		retries: 800,
		channel: 36,
		joined: true,
		ssid: "Harbour Guest",
		busy: 12_000,
		active: 60_000,
	};
	const info = sample("wifi/iwinfo_info.shape.json") as object;
	const list = sample("wifi/iwinfo_assoclist.shape.json") as { results: [{ tx: object }] };
	w.answers.set("iwinfo info", () => ({
		...info,
		ssid: state.ssid,
		bssid: state.joined ? state.bssid : undefined,
		channel: state.channel,
		frequency: 5000 + 5 * state.channel,
	}));
	w.answers.set("iwinfo assoclist", () => {
		const [entry] = list.results;
		const tx = { ...entry.tx, packets: state.packets, retries: state.retries };
		return {
			results: state.joined
				? [{ ...entry, mac: state.bssid, signal: state.signal, connected_time: state.connected, tx }]
				: [],
		};
	});
	w.answers.set("iwinfo survey", () => ({
		results: [{ mhz: 5000 + 5 * state.channel, noise: 163, active_time: state.active, busy_time: state.busy }],
	}));
	return { w, state, sensor: createWifi(w.context) };
}

test("serves Wi-Fi clients only", () => {
	assert.equal(wifiKind().serves(client), "it is a Wi-Fi client (wlan0 is a wireless device)");
	assert.equal(wifiKind().serves(uplink()), null);
});

test("figures, retries and channel use; one question every 2 s in use, three every 10 s", async () => {
	const { w, state, sensor } = radio();
	sensor.follow(client, true);
	await w.time.advance(1_000);
	state.packets += 90;
	state.retries += 10;
	await w.time.advance(10_000);
	state.active += 10_000;
	state.busy += 4_000;
	await w.time.advance(9_500);
	assert.equal(sensor.health().state, "ok");
	assert.equal(sensor.health().text, "iwinfo: signal -61 dBm, channel 36");
	assert.deepEqual(w.now(), {
		signal_dbm: -61,
		noise_dbm: -92,
		bitrate_mbps: 433.3,
		retry_pct: 10,
		channel_busy_pct: 40,
	});
	const asked = (method: string) => w.calls.filter((call) => call.startsWith(`iwinfo ${method} `)).length;
	assert.deepEqual([asked("assoclist"), asked("info"), asked("survey")], [11, 3, 3]);
	const { ssid, bssid, snr, quality, retry_pct } = sensor.details() ?? {};
	assert.deepEqual([ssid, bssid, snr, quality, retry_pct], ["Harbour Guest", "44:AA:77:AA:35:AA", 31, "good", 10]);
	sensor.close();
	assert.equal(w.time.pending(), 0);
});

test("roaming is an event with the new channel; being thrown out and joining again too; losing it is a risk", async () => {
	const { w, state, sensor } = radio();
	sensor.follow(client, true);
	await w.time.advance(3_000);
	Object.assign(state, { bssid: "02:00:00:00:00:02", channel: 44, connected: 1 });
	await w.time.advance(2_000);
	assert.deepEqual(w.told.events, ["roam: 44:AA:77:AA:35:AA -> 02:00:00:00:00:02, channel 44"]);
	assert.deepEqual(w.told.suspects, ["the radio went to another access point"]);
	state.connected = 20;
	await w.time.advance(12_000);
	state.connected = 2;
	await w.time.advance(2_000);
	assert.equal(w.told.events[1], "wifi: thrown out by its access point and joined again");
	state.joined = false;
	await w.time.advance(2_000);
	assert.equal(w.told.events[2], "wifi: lost its access point 'Harbour Guest'");
	assert.equal(w.told.suspects.at(-1), "the radio lost its access point");
	assert.deepEqual([w.told.risks.at(-1)?.cause, w.told.risks.at(-1)?.risk], ["not_associated", 0.95]);
	assert.equal(w.now().signal_dbm, null);
	assert.equal(sensor.details()?.associated, false);
	state.joined = true;
	await w.time.advance(2_000);
	assert.equal(w.told.events[3], "wifi: joined an access point 'Harbour Guest'");
	sensor.close();
});

test("roaming back and forth every 2 s: one event a minute, and how many there were", async () => {
	const { w, state, sensor } = radio();
	sensor.follow(client, true);
	for (let n = 0; n < 40; n++) {
		await w.time.advance(2_000);
		state.bssid = `02:00:00:00:00:0${n % 2}`;
	}
	assert.equal(w.told.events.length, 2, w.told.events.join("\n"));
	assert.match(w.told.events[1] ?? "", /; \d+ more since the last one that was told$/);
	sensor.close();
});

test("without iwinfo the kernel's table is read, and iwinfo is tried again a minute later", async () => {
	const file = readFileSync(new URL("../../samples/wifi/proc_net_wireless.shape.txt", import.meta.url), "utf8");
	const { w, sensor } = radio({ files: { "/proc/net/wireless": file } });
	const [info, list] = [w.answers.get("iwinfo info"), w.answers.get("iwinfo assoclist")];
	w.answers.delete("iwinfo info");
	w.answers.delete("iwinfo assoclist");
	sensor.follow(client, true);
	await w.time.advance(20_000);
	assert.equal(sensor.health().text, "/proc/net/wireless: signal -56 dBm");
	assert.equal(w.calls.length, 1);
	w.answers.set("iwinfo info", info);
	w.answers.set("iwinfo assoclist", list);
	await w.time.advance(45_000);
	assert.equal(sensor.health().text, "iwinfo: signal -61 dBm, channel 36");
	sensor.close();
});

test("neither of them: absent, with the reason, asked more and more rarely; denied and slow sources too", async () => {
	const { w, sensor } = radio();
	for (const method of ["info", "assoclist"]) w.answers.delete(`iwinfo ${method}`);
	await w.time.advance(1_000);
	assert.deepEqual([sensor.health().state, sensor.health().text], ["absent", "no iwinfo assoclist"]);
	await w.time.advance(600_000);
	assert.ok(w.calls.length <= 5, `${w.calls.length} questions in ten minutes`);
	sensor.close();
	const denied = radio();
	denied.w.answers.set("iwinfo assoclist", new AutonomyError("bus_denied", "iwinfo assoclist: access denied"));
	await denied.w.time.advance(1_000);
	assert.equal(denied.sensor.health().state, "denied");
	denied.sensor.close();
	const slow = radio();
	slow.w.answers.set("iwinfo assoclist", () => new Promise(() => {}));
	await slow.w.time.advance(11_000);
	assert.deepEqual([slow.sensor.health().state, slow.sensor.health().text], ["failing", "no answer within 10000 ms"]);
	slow.sensor.close();
	assert.equal(slow.w.time.pending(), 0);
});

test("an access point of our own is no uplink's radio", async () => {
	const { w, sensor } = radio();
	w.answers.set("iwinfo info", { mode: "Master", ssid: "mine" });
	await w.time.advance(1_000);
	assert.deepEqual([sensor.health().state, sensor.health().text], ["absent", "wlan0 is no Wi-Fi client"]);
	sensor.close();
});

test("standby is asked every 10 s; a link that was left is watched until its connections are done", async () => {
	const { w, sensor } = radio({ config: "config autonomy 'main'\n\toption drain_s '20'\n" });
	sensor.follow(client, true);
	await w.time.advance(5_000);
	sensor.follow(client, false);
	const count = async (ms: number): Promise<number> => {
		const before = w.calls.filter((call) => call.includes("assoclist")).length;
		await w.time.advance(ms);
		return w.calls.filter((call) => call.includes("assoclist")).length - before;
	};
	assert.ok((await count(20_000)) >= 9);
	await w.time.advance(10_000);
	assert.equal(await count(60_000), 6);
	sensor.close();
});

test("a hostile name of a network: harmless in the events view, whole in JSON, nowhere in health", async () => {
	const hostile = 'Free\u001b]0;x\u0007\r\n\u202e"; reboot; $(id)';
	const { w, state, sensor } = radio();
	state.ssid = hostile;
	sensor.follow(client, true);
	await w.time.advance(3_000);
	state.joined = false;
	await w.time.advance(3_000);
	state.joined = true;
	await w.time.advance(3_000);
	assert.equal(sensor.details()?.ssid, hostile);
	assert.equal(JSON.parse(JSON.stringify(sensor.details())).ssid, hostile);
	assert.ok(!sensor.health().text.includes("Free"));
	const events = w.told.events.map((event, n) => ({ id: `n${n}`, ts: 0, type: "wifi", name: "wwan", reason: event }));
	assert.ok(events.length >= 2 && events.every((event) => event.reason.includes("Free")));
	for (const line of eventsText({ events }, 0, { width: 200, color: false })) {
		// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
		assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u202e]/);
	}
	sensor.close();
});
