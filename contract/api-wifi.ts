/** Methods of the object `autonomy` about Wi-Fi clients; part of api.ts. */
import { double, flag, int32, int64, type MethodSpec, map, maybe, oneOf, table, text } from "./api-schema.ts";

const RADIO = {
	state: oneOf(["starting", "ok", "absent", "denied", "failing"], "how its source is"),
	text: text("the same in words, with what to do"),
	source: maybe(text("who answers: iwinfo, /proc/net/wireless")),
	device: maybe(text("network device")),
	associated: maybe(flag("it has an access point")),
	ssid: maybe(text("name of the network, chosen by whoever runs it")),
	bssid: maybe(text("the access point")),
	channel: maybe(int32("", "channel")),
	frequency_mhz: maybe(int32("MHz", "its frequency")),
	signal: maybe(int32("dBm", "of the access point")),
	noise: maybe(int32("dBm", "noise")),
	snr: maybe(int32("dB", "signal over noise")),
	quality: maybe(oneOf(["excellent", "good", "fair", "poor", "bad"], "the signal as a word")),
	bitrate_mbps: maybe(double("Mbit/s", "rate of the last frames sent")),
	rx_bitrate_mbps: maybe(double("Mbit/s", "rate of the last frames received")),
	retry_pct: maybe(double("%", "of what was sent had to be sent again")),
	channel_busy_pct: maybe(double("%", "of the time the channel is in use by anybody")),
	connected_s: maybe(int64("s", "since it joined the access point")),
	roams: maybe(int32("", "changes of the access point since the daemon started")),
	fade_db_per_s: maybe(double("dB/s", "how fast the signal falls, when that is a danger")),
	predictive_risk: maybe(double("", "0-1, that it is lost within seconds; absent: no sign of it")),
} as const;

export const WIFI_METHODS = {
	wifi_status: {
		help: "Every uplink over Wi-Fi: signal, rates, retries, how busy the channel is.",
		rights: "read",
		args: {},
		errors: [],
		reply: {
			ts: int64("ms since 1970", "now"),
			wifi: map("by uplink", table("one uplink", RADIO)),
			summary: table("all together", {
				total: int32("", "uplinks over Wi-Fi"),
				associated: int32("", "with an access point"),
				weak: int32("", "poor or bad signal"),
				highest_risk: maybe(double("", "worst predictive risk")),
			}),
		},
	},
} as const satisfies Readonly<Record<string, MethodSpec>>;
