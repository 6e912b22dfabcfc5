/** wifi_status for the terminal. Pure. */
import type { Reply } from "../../../contract/api.ts";
import { type TextStyle, type Tone, tableLines, wrap } from "./layout.ts";
import { figure } from "./words.ts";

type Radio = Reply<"wifi_status">["wifi"][string];

function tone(radio: Radio): Tone {
	if (radio.state !== "ok" || radio.associated === false || radio.quality === "bad") return "bad";
	return radio.quality === "poor" ? "warn" : "good";
}

export function wifiText({ wifi, summary }: Reply<"wifi_status">, style: TextStyle): string[] {
	const radios = Object.entries(wifi);
	if (radios.length === 0) return ["There is no uplink over Wi-Fi."];
	const rows = radios.map(([name, radio]) => [
		{ text: name, tone: "strong" as const },
		{ text: radio.associated === false ? "lost" : (radio.quality ?? radio.state), tone: tone(radio) },
		{ text: figure(radio.signal, 0) },
		{ text: figure(radio.snr, 0) },
		{ text: figure(radio.bitrate_mbps, 0) },
		{ text: figure(radio.retry_pct) },
		{ text: figure(radio.channel_busy_pct, 0) },
		{ text: figure(radio.channel, 0) },
		{ text: radio.ssid ?? "-" },
		{ text: radio.bssid ?? "-" },
	]);
	const right = (title: string, optional?: number) => ({ title, right: true, ...(optional ? { optional } : {}) });
	const columns = [
		{ title: "UPLINK", flexible: true },
		{ title: "SIGNAL" },
		right("DBM"),
		right("SNR", 1),
		right("MBIT/S", 2),
		right("RETRY %", 3),
		right("BUSY %", 4),
		right("CH"),
		{ title: "NETWORK", flexible: true },
		{ title: "ACCESS POINT", optional: 5 },
	];
	const words = radios.flatMap(([name, radio]) => wrap(`${name}: ${radio.text}`, style, "", "  "));
	return [
		...tableLines(columns, rows, style),
		"",
		...words,
		`${summary.associated} of ${summary.total} have an access point`,
	];
}
