/** forecast for the terminal. Pure. */
import type { Reply } from "../../../contract/api.ts";
import { type TextStyle, type Tone, tableLines, wrap } from "./layout.ts";

type One = Reply<"forecast">["uplinks"][string];

const WARN = 0.1;
const BAD = 0.5;

function tone(risk: number | null | undefined): Tone {
	if (risk == null || risk < WARN) return "plain";
	return risk < BAD ? "warn" : "bad";
}

function share(risk: number | null | undefined): { text: string; tone: Tone } {
	if (risk == null) return { text: "unknown", tone: "plain" };
	const percent = 100 * risk;
	return { text: percent < 1 ? "< 1 %" : `${Math.round(percent)} %`, tone: tone(risk) };
}

function words(name: string, one: One, style: TextStyle): string[] {
	const why = one.cause === "unknown" ? one.text : `${one.cause.replaceAll("_", " ")}: ${one.text}`;
	const odd = one.anomaly == null ? "" : `; unlike its last days: ${one.anomaly}`;
	const alarms = one.false_alarms === 0 ? "" : `; ${one.false_alarms} false alarms in a row`;
	const { lasted, ended } = one.silences ?? { lasted: 0, ended: 0 };
	const own = lasted + ended === 0 ? "" : `; of its last ${lasted + ended} silences ${lasted} lasted`;
	return wrap(`${name}: ${why}${odd}${own}${alarms}`, style, "", "  ");
}

export function forecastText(reply: Reply<"forecast">, style: TextStyle): string[] {
	const all = Object.entries(reply.uplinks);
	if (all.length === 0) return ["There is no uplink."];
	const rows = all.map(([name, one]) => [
		{ text: name, tone: "strong" as const },
		share(one.risk_2s_in_3s),
		share(one.risk_2s_in_10s),
		share(one.risk_2s_in_30s),
		share(one.risk_5s_in_30s),
	]);
	const right = (title: string, optional?: number) => ({ title, right: true, ...(optional ? { optional } : {}) });
	const columns = [
		{ title: "UPLINK", flexible: true },
		right("2 S IN 3 S", 2),
		right("IN 10 S"),
		right("IN 30 S"),
		right("5 S IN 30 S", 1),
	];
	const { right: came, early, wrong, pending } = reply.score;
	const judged = `Predictive switches since the router started: ${came} came true, ${early} later than expected, ${wrong} did not; ${pending} not judged yet.`;
	const off = reply.predictive ? [] : ["Switched off (option predictive): nothing is left because of a forecast."];
	return [
		...tableLines(columns, rows, style),
		"",
		...all.flatMap(([name, one]) => words(name, one, style)),
		"",
		...wrap(judged, style, "", "  "),
		...off.flatMap((line) => wrap(line, style, "", "  ")),
	];
}
