/** what_if: the two courses side by side. Pure. */
import type { Reply } from "../../../contract/api.ts";
import { type TextStyle, tableLines, tint, wrap } from "./layout.ts";
import { clockTime, span } from "./words.ts";

type Answer = Reply<"what_if">;

export function whatIfText(answer: Answer, nowUnixMs: number, style: TextStyle): string[] {
	const lines = wrap(answer.text, style).map((line) => tint(line, answer.differs ? "warn" : "good", style));
	const from = clockTime(answer.from_unix_ms, nowUnixMs);
	lines.push(...wrap(`Replayed ${answer.inputs} inputs since ${from} UTC; the evidence is what was seen then.`, style));
	if (answer.share.length > 0) {
		lines.push("");
		const rows = answer.share.map((one) => [
			{ text: one.name },
			{ text: span(one.actual_s) },
			{ text: span(one.what_if_s) },
		]);
		const columns = [
			{ title: "TIME ON", flexible: true },
			{ title: "AS IT WAS", right: true },
			{ title: "WHAT IF", right: true },
		];
		lines.push(...tableLines(columns, rows, style));
	}
	lines.push(...course("As it was:", answer.actual, nowUnixMs, style));
	lines.push(...course("What if:", answer.what_if, nowUnixMs, style));
	return lines;
}

function course(title: string, switches: Answer["actual"], nowUnixMs: number, style: TextStyle): string[] {
	if (switches.length === 0) {
		return ["", title, "  no switch"];
	}
	const rows = switches.map((one) => [
		{ text: `  ${clockTime(one.ts, nowUnixMs)}`, tone: "dim" as const },
		{ text: `${one.from ?? "nothing"} -> ${one.to ?? "nothing"}` },
		{ text: one.rule },
		{ text: one.text },
	]);
	const columns = [
		{ title: "" },
		{ title: "", flexible: true },
		{ title: "" },
		{ title: "", flexible: true, optional: 1 },
	];
	return ["", title, ...tableLines(columns, rows, style).slice(1)];
}
