/** cellular_status and cellular_analysis for the terminal. Pure. */
import type { Reply } from "../../../contract/api.ts";
import { type TextStyle, type Tone, tableLines, wrap } from "./layout.ts";
import { figure } from "./words.ts";

type Modem = Reply<"cellular_status">["cellular"][string];

const TECHNOLOGY: Readonly<Record<string, string>> = {
	"2g": "2G",
	"3g": "3G",
	"4g": "LTE",
	"5g_nsa": "5G+LTE",
	"5g_sa": "5G",
};

function tone(modem: Modem): Tone {
	if (modem.trouble || modem.state !== "ok") return "bad";
	const { quality } = modem.current_signal;
	return quality === "poor" || quality === "bad" ? "warn" : "good";
}

export function cellularText({ cellular, summary }: Reply<"cellular_status">, style: TextStyle): string[] {
	const modems = Object.entries(cellular);
	if (modems.length === 0) return ["There is no cellular uplink."];
	const rows = modems.map(([name, modem]) => {
		const signal = modem.current_signal;
		return [
			{ text: name, tone: "strong" as const },
			{ text: signal.quality ?? modem.state, tone: tone(modem) },
			{ text: figure(signal.rsrp, 0) },
			{ text: figure(signal.rsrq, 0) },
			{ text: figure(signal.sinr, 0) },
			{ text: TECHNOLOGY[modem.technology ?? ""] ?? "-" },
			{ text: modem.operator ?? "-" },
			{ text: modem.registration ?? "-" },
			{ text: modem.band ?? "-" },
			{ text: modem.sim_slot === null || modem.sim_slot === undefined ? "-" : String(modem.sim_slot) },
			{ text: figure(modem.stability_score, 0) },
		];
	});
	const columns = [
		{ title: "UPLINK", flexible: true },
		{ title: "SIGNAL" },
		{ title: "RSRP", right: true },
		{ title: "RSRQ", right: true, optional: 4 },
		{ title: "SINR", right: true, optional: 1 },
		{ title: "TECH" },
		{ title: "NETWORK", flexible: true },
		{ title: "REG" },
		{ title: "BAND", optional: 5 },
		{ title: "SIM", right: true, optional: 3 },
		{ title: "STEADY", right: true, optional: 2 },
	];
	const words = modems.flatMap(([name, modem]) => [
		...wrap(`${name}: ${modem.trouble ?? modem.text}`, style, "", "  "),
		...modem.carriers
			.slice(1)
			.map((one) => `  aggregated: ${carrierWords(one)}`)
			.flatMap((one) => wrap(one, style)),
	]);
	const { total, in_service } = summary;
	return [...tableLines(columns, rows, style), "", ...words, `${in_service} of ${total} in service`];
}

function carrierWords({ band, channel, bandwidth_mhz, rsrp }: Modem["carriers"][number]): string {
	const parts = [
		band ? `band ${band}` : null,
		channel ? `channel ${channel}` : null,
		bandwidth_mhz ? `${figure(bandwidth_mhz)} MHz` : null,
		rsrp ? `RSRP ${figure(rsrp, 0)} dBm` : null,
	];
	return parts.filter((part) => part !== null).join(", ") || "one more carrier";
}

export function cellularAnalysisText(reply: Reply<"cellular_analysis">, style: TextStyle): string[] {
	const head = wrap(`${reply.name}, last ${reply.window_minutes} min, ${reply.samples} samples`, style);
	const rows = Object.entries(reply.metrics).map(([name, one]) => [
		{ text: name.toUpperCase() },
		...[one.min, one.p05, one.median, one.mean, one.p95, one.max, one.std].map((value) => ({ text: figure(value) })),
	]);
	const right = (title: string, optional?: number) => ({ title, right: true, ...(optional ? { optional } : {}) });
	const columns = [
		{ title: "" },
		right("MIN"),
		right("5 %", 2),
		right("MEDIAN"),
		right("MEAN", 3),
		right("95 %", 1),
		right("MAX"),
		right("SPREAD"),
	];
	const facts: [string, string | null][] = [
		[
			"healthy",
			reply.healthy_pct === null || reply.healthy_pct === undefined ? null : `${figure(reply.healthy_pct, 0)} %`,
		],
		["trend", reply.trend ?? null],
		["cells", reply.cell_changes ? `${reply.cell_changes} changes within 10 min` : null],
		["steady", reply.stability_score ? `${reply.stability_score} of 100 (${reply.status ?? "-"})` : null],
	];
	const known = facts.flatMap(([title, value]) => (value === null ? [] : [`${title}: ${value}`]));
	return [
		...head,
		...(rows.length === 0 ? ["No signal was recorded."] : tableLines(columns, rows, style)),
		...known,
		...reply.hints.flatMap((hint) => wrap(hint, style, "hint: ")),
	];
}
