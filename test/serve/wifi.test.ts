import assert from "node:assert/strict";
import { test } from "node:test";
import type { SensorStatus } from "../../daemon/sense/senses.ts";
import { HOSTILE, worldFor } from "./world.ts";

function radio(details: SensorStatus["details"], state: SensorStatus["health"]["state"] = "ok"): SensorStatus {
	const health = { state, sinceMs: 0, lastOkMs: 0, nextTryMs: null, text: `it is ${state}` };
	return { sensor: "wifi", why: "it is a Wi-Fi client", cost: "little", health, details };
}

/** As the Wi-Fi sensor tells it (daemon/sense/wifi/wifi.ts). */
const DETAILS = {
	source: "iwinfo",
	device: "wlan0",
	associated: true,
	ssid: HOSTILE,
	bssid: "44:AA:77:AA:35:AA",
	channel: 36,
	frequency_mhz: 5180,
	signal: -77,
	noise: -92,
	snr: 15,
	bitrate_mbps: 65,
	rx_bitrate_mbps: 58.5,
	retry_pct: 12.5,
	channel_busy_pct: 40,
	connected_s: 512,
	roams: 1,
	quality: "poor",
	predictive_risk: 0.75,
	fade_db_per_s: 1.2,
};

const sensors = (uplink: string): readonly SensorStatus[] =>
	uplink === "wan" ? [radio(DETAILS)] : uplink === "wanb" ? [radio(null, "absent")] : [];

test("wifi_status: every radio by its uplink, also those that tell nothing", async (t) => {
	const w = await worldFor(t, { sensors });
	const reply = await w.call("wifi_status");
	assert.deepEqual(reply.wifi, {
		wan: { state: "ok", text: "it is ok", ...DETAILS },
		wanb: { state: "absent", text: "it is absent" },
	});
	assert.deepEqual(reply.summary, { total: 2, associated: 1, weak: 1, highest_risk: 0.75 });
});

test("its text fits every width, and nothing of a hostile network's name reaches the terminal raw", async (t) => {
	const w = await worldFor(t, { sensors });
	for (const width of [40, 60, 80, 200]) {
		const { ok, text } = await w.call("render", { view: "wifi", width });
		assert.equal(ok, true);
		for (const line of String(text).split("\n")) assert.ok([...line].length <= width, line);
		// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
		assert.doesNotMatch(String(text), /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
	}
	const { text } = await w.call("render", { view: "wifi", width: 120 });
	assert.match(String(text), /wan +poor +-77 +15 +65 +12\.5 +40 +36 +e\?\[31mvil"/);
	assert.match(String(text), /wanb +absent/);
	assert.match(String(text), /1 of 2 have an access point\n$/);
});
