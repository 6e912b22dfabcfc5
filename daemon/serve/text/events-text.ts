/** events as a table, and one decision told as a story. Pure. */
import type { Reply } from "../../../contract/api.ts";
import { clean, fit, type TextStyle, tableLines, tint, wrap } from "./layout.ts";
import { clockTime, figure, stateTone, when } from "./words.ts";

export function eventsText({ events }: Reply<"events">, nowUnixMs: number, style: TextStyle): string[] {
	if (events.length === 0) {
		return ["Nothing has happened."];
	}
	// The newest last: that is where the eye is after a command.
	const rows = [...events]
		.reverse()
		.map((event) => [
			{ text: clockTime(event.ts, nowUnixMs), tone: "dim" as const },
			{ text: event.type },
			{ text: event.name ?? "-" },
			{ text: event.to ?? "", tone: stateTone(event.to ?? "") },
			{ text: event.reason },
			{ text: event.decision_id ?? "" },
		]);
	return tableLines(
		[
			{ title: "UTC" },
			{ title: "WHAT", optional: 3 },
			{ title: "UPLINK", flexible: true },
			{ title: "NOW", optional: 1 },
			{ title: "WHY", flexible: true },
			{ title: "EXPLAIN", optional: 2 },
		],
		rows,
		style,
	);
}

export function explainText(story: Reply<"explain">, style: TextStyle): string[] {
	const move =
		story.from === story.to || !story.to
			? `stayed on ${story.from ?? "no uplink"}`
			: `${story.from ?? "nothing"} -> ${story.to}`;
	const observed = story.observed ? " (only observing: nothing was touched)" : "";
	const head = clean(`decision ${story.id}, ${when(story.ts)} UTC: ${move}${observed}`);
	const lines = [
		tint(fit(head, style.width), "strong", style),
		...wrap(`${story.kind}, rule ${story.rule}`, style),
		"",
		...wrap(story.text, style),
	];
	if (story.figures.length > 0) {
		lines.push("", "The numbers:");
		const rows = story.figures.map((one) => [
			{ text: `  ${one.name.replaceAll("_", " ")}` },
			{ text: figure(one.value) },
			{ text: one.threshold === null || one.threshold === undefined ? "" : `limit ${figure(one.threshold)}` },
			{ text: one.unit },
		]);
		const columns = [
			{ title: "", flexible: true },
			{ title: "", right: true },
			{ title: "", right: true },
			{ title: "" },
		];
		lines.push(...tableLines(columns, rows, style).slice(1));
	}
	if (story.candidates.length > 0) {
		lines.push("", "Who could have carried the traffic:");
		const rows = story.candidates.map((one) => [
			{ text: one.name === story.to ? "*" : "", tone: "strong" as const },
			{ text: one.name },
			{ text: one.state, tone: stateTone(one.state) },
			{ text: figure(one.score, 0) },
			{ text: one.why_not ?? "chosen" },
		]);
		const columns = [
			{ title: "" },
			{ title: "UPLINK", flexible: true },
			{ title: "STATE" },
			{ title: "SCORE", right: true },
			{ title: "WHY NOT", flexible: true },
		];
		lines.push(...tableLines(columns, rows, style));
	}
	return [...lines, ...consequences(story, style)];
}

function consequences(story: Reply<"explain">, style: TextStyle): string[] {
	const lines: string[] = [];
	for (const action of story.actions) {
		const freed = action.released.length === 0 ? "" : `, flows stuck on ${action.released.join(", ")} freed`;
		lines.push(...wrap(`${action.mode === "dead" ? "at once" : "planned"}${freed}`, style, "  told the network: "));
		for (const result of story.results.filter((one) => one.action_id === action.id)) {
			const how = `${result.ok ? "done" : "failed"} by ${result.method} in ${figure(result.duration_ms, 0)} ms: ${result.text}`;
			lines.push(...wrap(how, style, "  what came of it: "));
		}
	}
	return lines.length === 0 ? [] : ["", ...lines];
}
