/** The charts of one uplink: which there are, what each shows, and filling them from rows. */
import { type Chart, createChart, type Line, type Mark } from "../chart.ts";
import { replace, show } from "../dom.ts";
import { minute, ms, number, percent, rate, withUnit } from "../format.ts";
import { type Row, type Spread, summarize } from "../model/rows.ts";
import { say } from "../say.ts";

interface Kind {
	readonly title: string;
	readonly keys: readonly {
		readonly key: string;
		readonly name: string;
		readonly of: keyof Spread;
		readonly colour: string;
		readonly faint?: boolean;
	}[];
	readonly format: (value: number | null | undefined) => string;
	readonly range?: readonly [number | null, number | null];
	readonly least?: number;
}

const ACCENT = "var(--au-accent)";
const WARN = "var(--au-warn)";
const BAD = "var(--au-bad)";
const GOOD = "var(--au-good)";
/** Rows of the table under a chart. */
const TABLE_ROWS = 12;

function kinds(): readonly Kind[] {
	const dbm = (value: number | null | undefined): string => withUnit(value, "dBm");
	const db = (value: number | null | undefined): string => withUnit(value, "dB", 1);
	return [
		{
			title: _("Round trip time"),
			keys: [
				{ key: "lat_ms", name: _("mean"), of: "mean", colour: ACCENT },
				{ key: "lat_ms", name: _("highest"), of: "max", colour: WARN, faint: true },
			],
			format: ms,
			least: 10,
		},
		{
			title: _("Packet loss"),
			keys: [{ key: "loss_pct", name: _("loss"), of: "max", colour: BAD }],
			format: percent,
			range: [0, 10],
		},
		{
			title: _("Jitter"),
			keys: [{ key: "jitter_ms", name: _("jitter"), of: "mean", colour: ACCENT }],
			format: ms,
			least: 10,
		},
		{
			title: _("Score"),
			keys: [{ key: "score", name: _("score"), of: "mean", colour: GOOD }],
			format: (v) => number(v),
			range: [0, 100],
		},
		{
			title: _("Throughput"),
			keys: [
				{ key: "rx_bytes_per_s", name: _("received"), of: "mean", colour: ACCENT },
				{ key: "tx_bytes_per_s", name: _("sent"), of: "mean", colour: WARN },
			],
			format: rate,
			least: 1000,
		},
		{
			title: _("Cellular signal (RSRP)"),
			keys: [{ key: "rsrp", name: "RSRP", of: "mean", colour: ACCENT }],
			format: dbm,
			range: [-120, -80],
		},
		{
			title: _("Cellular quality"),
			keys: [
				{ key: "sinr", name: "SINR", of: "mean", colour: ACCENT },
				{ key: "rsrq", name: "RSRQ", of: "mean", colour: WARN },
			],
			format: db,
			range: [null, null],
		},
		{
			title: _("Wi-Fi signal"),
			keys: [{ key: "signal_dbm", name: _("signal"), of: "mean", colour: ACCENT }],
			format: dbm,
			range: [-90, -40],
		},
		{
			title: _("Obstruction"),
			keys: [{ key: "obstruction_pct", name: _("obstructed"), of: "mean", colour: BAD }],
			format: percent,
			range: [0, 5],
		},
	];
}

export interface Charts {
	update(rows: readonly Row[], marks: readonly Mark[]): void;
	close(): void;
}

export function createCharts(into: HTMLElement): Charts {
	const all = kinds().map((kind) => {
		const lines = kind.keys.map(
			({ name, colour, faint }): Line => (faint ? { name, colour, faint } : { name, colour }),
		);
		const captions = [_("From"), _("Lowest"), _("Mean"), _("Highest")];
		const chart: Chart = createChart({
			title: kind.title,
			lines,
			format: kind.format,
			captions,
			...(kind.range ? { range: kind.range } : {}),
			...(kind.least ? { least: kind.least } : {}),
		});
		return { kind, chart };
	});
	replace(into, ...all.map((one) => one.chart.root));
	// Until it is known which of them this link has.
	for (const { chart } of all) show(chart.root, false);

	return {
		update(rows, marks) {
			// A pause in the record is a pause in the line.
			const spread = withGaps(rows);
			for (const { kind, chart } of all) {
				const known = kind.keys.some(({ key }) => rows.some((row) => row.values[key]));
				show(chart.root, known);
				if (!known) continue;
				const key = kind.keys[0]?.key ?? "";
				const parts = summarize(rows, key, TABLE_ROWS);
				const last = rows.filter((row) => row.values[key]).at(-1)?.values[key]?.mean;
				const span = parts.reduce((low, part) => Math.min(low, part.min), Number.POSITIVE_INFINITY);
				const top = parts.reduce((high, part) => Math.max(high, part.max), Number.NEGATIVE_INFINITY);
				chart.update({
					atMs: spread.map((row) => row.ts),
					values: kind.keys.map(({ key: name, of }) => spread.map((row) => row.values?.[name]?.[of] ?? null)),
					marks,
					table: parts.map((part) => [
						minute(part.fromMs),
						kind.format(part.min),
						kind.format(part.mean),
						kind.format(part.max),
					]),
					summary: say(_("{now} now, between {low} and {high}"), {
						now: kind.format(last),
						low: kind.format(span),
						high: kind.format(top),
					}),
				});
			}
		},
		close() {
			for (const { chart } of all) chart.close();
		},
	};
}

function withGaps(rows: readonly Row[]): readonly { readonly ts: number; readonly values: Row["values"] | null }[] {
	const steps = rows.slice(1).map((row, index) => row.ts - (rows[index]?.ts ?? row.ts));
	const usual = [...steps].sort((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0;
	return rows.flatMap((row, index) => {
		const before = rows[index - 1];
		return before && row.ts - before.ts > usual * 4 ? [{ ts: before.ts + usual, values: null }, row] : [row];
	});
}
