/** metrics as a table and history as sparklines. Pure. */
import type { Reply } from "../../../contract/api.ts";
import { clean, columnsOf, fit, pad, sparkline, type TextStyle, tableLines, tint } from "./layout.ts";
import { amount, clockTime, figure, span } from "./words.ts";

type History = Reply<"history">;

/** In the order shown; lowest and highest end of the scale, null = as found. */
const SHOWN: readonly {
	readonly name: string;
	readonly title: string;
	readonly scale: readonly [number, number] | null;
}[] = [
	{ name: "score", title: "score", scale: [0, 100] },
	{ name: "lat_ms", title: "latency ms", scale: null },
	{ name: "loss_pct", title: "loss %", scale: [0, 100] },
	{ name: "jitter_ms", title: "jitter ms", scale: null },
	{ name: "rx_bytes_per_s", title: "rx bytes/s", scale: null },
	{ name: "tx_bytes_per_s", title: "tx bytes/s", scale: null },
	{ name: "obstruction_pct", title: "obstructed %", scale: null },
	{ name: "rsrp", title: "RSRP dBm", scale: null },
	{ name: "rsrq", title: "RSRQ dB", scale: null },
	{ name: "sinr", title: "SINR dB", scale: null },
	{ name: "signal_dbm", title: "signal dBm", scale: null },
];

const TITLE_COLUMNS = 13;

export function historyText(history: History, points: number, nowUnixMs: number, style: TextStyle): string[] {
	const name = fit(clean(history.name), 30);
	if (history.points.length === 0) {
		return [`${name}: no samples within the last ${span(history.since_s)}`];
	}
	const room = Math.max(10, style.width - TITLE_COLUMNS - 26);
	const lines = [
		tint(
			fit(
				`${name}: last ${span(history.since_s)}, ${span((history.step_ms * points) / room / 1_000)} per column`,
				style.width,
			),
			"strong",
			style,
		),
	];
	for (const { name: metric, title, scale } of SHOWN) {
		const known = history.points.flatMap((point) => {
			const value = point.values[metric];
			return value === undefined ? [] : [value];
		});
		if (known.length === 0) {
			continue;
		}
		const low = scale?.[0] ?? Math.min(...known.map((value) => value.min));
		const high = scale?.[1] ?? Math.max(...known.map((value) => value.max));
		const mean = known.reduce((sum, value) => sum + value.mean, 0) / known.length;
		const bars = sparkline(columns(history, metric, points, room), low, high);
		const numbers = metric.includes("bytes") ? amount : (value: number) => figure(value);
		const range = `${numbers(Math.min(...known.map((v) => v.min)))} ~${numbers(mean)} ${numbers(Math.max(...known.map((v) => v.max)))}`;
		lines.push(
			`${pad(title, TITLE_COLUMNS)}${bars}  ${fit(range, Math.max(0, style.width - TITLE_COLUMNS - columnsOf(bars) - 2))}`,
		);
	}
	const from = `${clockTime(history.from_unix_ms, nowUnixMs)} UTC`;
	lines.push(
		tint(
			`${" ".repeat(TITLE_COLUMNS)}${fit(pad(from, Math.max(0, room - 3)), room - 3)}now  low ~mean high`,
			"dim",
			style,
		),
	);
	return lines.map((line) => line.replace(/ +$/, ""));
}

/** Means put on so many columns by time; null where there was no sample. Of several in a column the worse for the eye wins. */
function columns(history: History, metric: string, points: number, room: number): (number | null)[] {
	const cells: (number | null)[] = Array.from({ length: room }, () => null);
	const length = history.step_ms * points;
	for (const point of history.points) {
		const value = point.values[metric];
		const column = Math.min(room - 1, Math.max(0, Math.floor(((point.ts - history.from_unix_ms) / length) * room)));
		if (value !== undefined) {
			const before = cells[column] ?? null;
			const lower = metric === "score" || metric.startsWith("rs") || metric.startsWith("si");
			cells[column] =
				before === null ? value.mean : lower ? Math.min(before, value.mean) : Math.max(before, value.mean);
		}
	}
	return cells;
}

export function metricsText(metrics: Reply<"metrics">, nowUnixMs: number, style: TextStyle): string[] {
	const name = fit(clean(metrics.name), 30);
	if (metrics.samples.length === 0) {
		return [`${name}: no samples`];
	}
	const last = metrics.samples.at(-1);
	const shown = SHOWN.filter(({ name: metric }) => metrics.samples.some((sample) => metricOf(sample, metric) !== null));
	const rows = metrics.samples.map((sample) => [
		{ text: clockTime(sample.ts, nowUnixMs) },
		...shown.map(({ name: metric }) => {
			const value = metricOf(sample, metric);
			return { text: metric.includes("bytes") ? amount(value) : figure(value) };
		}),
	]);
	const head = `${name}: ${metrics.samples.length} samples, last ${clockTime(last?.ts ?? 0, nowUnixMs)} UTC`;
	return [
		tint(fit(head, style.width), "strong", style),
		...tableLines(
			[{ title: "TIME" }, ...shown.map(({ title }, index) => ({ title, right: true, optional: index }))],
			rows,
			style,
		),
	];
}

function metricOf(sample: Reply<"metrics">["samples"][number], metric: string): number | null {
	const value = (sample as Readonly<Record<string, number | null | undefined>>)[metric];
	return value ?? null;
}
