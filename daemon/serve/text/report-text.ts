/** A report for the terminal and for mail. Pure. */
import type { Reply } from "../../../contract/api.ts";
import { sparkline, type TextStyle, tableLines, wrap } from "./layout.ts";
import { amount, figure, span, when } from "./words.ts";

type Report = Reply<"report">;

export function reportText(report: Report, style: TextStyle): string[] {
	const { switches } = report;
	const priced = report.uplinks.some((one) => one.cost != null);
	const rows = report.uplinks.map((one) => [
		{ text: one.name, tone: "strong" as const },
		{ text: one.availability_pct == null ? "-" : `${one.availability_pct.toFixed(2)} %` },
		{ text: one.down_s == null ? "-" : span(one.down_s) },
		{ text: span(one.carried_s) },
		{ text: figure(one.rtt_ms, 0) },
		{ text: figure(one.loss_pct) },
		{ text: amount(one.bytes) },
		...(priced ? [{ text: one.cost == null ? "-" : one.cost.toFixed(2) }] : []),
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
		...(priced ? [right("COST")] : []),
		{ title: "SCORE BY HOUR", optional: 1 },
	];
	const short = report.complete ? "" : " (the record does not reach back further)";
	const [hours, places] = [worstHours(report), worstPlaces(report)];
	return [
		...wrap(`Report, ${report.period}: ${periodWords(report)}${short}`, style),
		"",
		...tableLines(columns, rows, style),
		"",
		...wrap(
			`Switches: ${switches.failovers} after a failure, ${switches.predictive} before one, ${switches.failbacks} back, ${switches.manual} by hand; \
${offlineWords(report)}`,
			style,
		),
		...wrap(predictionWords(report), style),
		...(hours.length === 0 ? [] : wrap(`Worst hours of the day (UTC, mean score): ${hours.join(", ")}`, style)),
		...(places.length === 0 ? [] : wrap(`Worst places: ${places.join("; ")}`, style)),
		...(report.hints.length === 0 ? [] : ["", ...report.hints.flatMap((hint) => wrap(hint, style, "- "))]),
	];
}

/** A clock that began somewhere in the past tells no dates. */
function isTimeKnown(unixMs: number): boolean {
	return unixMs >= Date.UTC(2024, 0);
}

export function periodWords({ from_unix_ms: from, to_unix_ms: to }: Report): string {
	if (isTimeKnown(from) && isTimeKnown(to)) return `${when(from)} to ${when(to)} UTC`;
	return `the last ${span((to - from) / 1000)}; the router has not heard the time yet`;
}

export function offlineWords({ offline_s: offline, from_unix_ms: from, to_unix_ms: to }: Report): string {
	if (offline > 0) return `without internet for ${span(offline)}`;
	return to - from < 60_000 ? "not watched for a minute yet" : "never without internet";
}

export function predictionWords({ predictions: { right, early, wrong } }: Report): string {
	const all = right + early + wrong;
	if (all === 0) return "Predictions: no switch before a failure has been judged yet";
	const share = `${right} of ${all} switches before a failure came in time (${Math.round((100 * right) / all)} %)`;
	return `Predictions: ${share}, ${early} too early, ${wrong} for nothing`;
}

export function worstHours({ worst_hours: hours, to_unix_ms: to }: Report): string[] {
	if (!isTimeKnown(to)) return [];
	return hours.map(({ hour, score }) => `${String(hour).padStart(2, "0")}:00 (${figure(score, 0)})`);
}

export function worstPlaces({ worst_places: places }: Report): string[] {
	return places.map(({ latitude, longitude, minutes, offline_minutes: offline, score }) => {
		const none = offline === 0 ? "" : `, ${offline} of them offline`;
		return `${latitude.toFixed(2)}, ${longitude.toFixed(2)} (score ${figure(score, 0)} in ${minutes} min${none})`;
	});
}
