/** health and info for the terminal. Pure. */
import type { Reply } from "../../../contract/api.ts";
import { pad, type TextStyle, tint, wrap } from "./layout.ts";
import { amount, clockTime, span } from "./words.ts";

export function healthText(health: Reply<"health">, style: TextStyle): string[] {
	const head = `${health.status}, running for ${span(health.uptime_s)}`;
	return [
		tint(head, health.status === "ok" ? "good" : "warn", style),
		...health.components.flatMap((one) => {
			const first = `${one.ok ? "  ok   " : "  BAD  "}${pad(one.name, 15)}`;
			return wrap(one.text, style, first).map((line) => (one.ok ? line : tint(line, "warn", style)));
		}),
	];
}

function snapshotText(bytes: number | null | undefined): string {
	return bytes === null || bytes === undefined ? "none yet" : `${amount(bytes)}B in /tmp`;
}

function loadText({ cpu_pct, lag_ms }: Reply<"info">): string {
	if (cpu_pct === undefined || cpu_pct === null) return "not known yet";
	return `${cpu_pct.toFixed(1)} % of a core, timers at most ${lag_ms ?? 0} ms late`;
}

export function infoText(info: Reply<"info">, nowUnixMs: number, style: TextStyle): string[] {
	const { record, memory } = info;
	const since = record.inputs_since_unix_ms;
	const facts: [string, string][] = [
		["version", `${info.version} on ${info.runtime}${info.platform ? `, ${info.platform}` : ""}`],
		["process", `${info.pid}, running for ${span(info.uptime_s)}, log level ${info.log_level}`],
		["load", loadText(info)],
		["memory", `${amount(memory.rss_bytes)}B in RAM, ${amount(memory.heap_bytes)}B objects`],
		[
			"samples",
			`${record.samples} rows, ${amount(record.samples_bytes)}B of at most ${amount(record.max_bytes)}B for all`,
		],
		[
			"inputs",
			`${record.inputs}, ${amount(record.inputs_bytes)}B${since ? `, since ${clockTime(since, nowUnixMs)} UTC` : ""}`,
		],
		["on record", `${record.events} events, ${record.decisions} decisions; snapshot at start: ${record.at_start}`],
		["snapshot", record.snapshot_problem ?? snapshotText(record.snapshot_bytes)],
		["processes", `${info.started_processes} started, ${info.calls} calls answered`],
	];
	return facts.flatMap(([title, text]) => wrap(text, style, pad(`${title}:`, 12)));
}
