/** A report for the terminal and for mail. Pure. */
import type { Reply } from "../../../contract/api.ts";
import { sparkline, type TextStyle, tableLines, wrap } from "./layout.ts";
import { amount, figure, span, when } from "./words.ts";

export function reportText(report: Reply<"report">, style: TextStyle): string[] {
	const { switches, offline_s: offline } = report;
	const rows = report.uplinks.map((one) => [
		{ text: one.name, tone: "strong" as const },
		{ text: one.availability_pct == null ? "-" : `${one.availability_pct.toFixed(2)} %` },
		{ text: one.down_s == null ? "-" : span(one.down_s) },
		{ text: span(one.carried_s) },
		{ text: figure(one.rtt_ms, 0) },
		{ text: figure(one.loss_pct) },
		{ text: amount(one.bytes) },
		{
			text: sparkline(
				one.hours.slice(-24).map((score) => (score === "-" ? null : Number(score))),
				0,
				100,
			),
		},
	]);
	const right = (title: string, optional?: number) => ({ title, right: true, ...(optional ? { optional } : {}) });
	const columns = [
		{ title: "UPLINK", flexible: true },
		right("WORKED"),
		right("DOWN"),
		right("CARRIED"),
		right("MS", 2),
		right("LOSS %", 3),
		right("BYTES", 4),
		{ title: "SCORE BY HOUR", optional: 1 },
	];
	const short = report.complete ? "" : " (the record does not reach back further)";
	const worst = report.worst_hours.map(
		({ hour, score }) => `${String(hour).padStart(2, "0")}:00 (${figure(score, 0)})`,
	);
	return [
		...wrap(`Report, ${report.period}: ${when(report.from_unix_ms)} to ${when(report.to_unix_ms)} UTC${short}`, style),
		"",
		...tableLines(columns, rows, style),
		"",
		...wrap(
			`Switches: ${switches.failovers} after a failure, ${switches.predictive} before one, ${switches.failbacks} back, ${switches.manual} by hand; \
${offline === 0 ? "never without internet" : `without internet for ${span(offline)}`}`,
			style,
		),
		...(worst.length === 0 ? [] : wrap(`Worst hours of the day (UTC, mean score): ${worst.join(", ")}`, style)),
		...(report.hints.length === 0 ? [] : ["", ...report.hints.flatMap((hint) => wrap(hint, style, "- "))]),
	];
}
