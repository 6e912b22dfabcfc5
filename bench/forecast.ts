/**
 * How well the forecast foresees, on recorded links, beside simple rules. Options: --data DIR (recordings in the formats of
 * docs/bench.md; default: the excerpts of this repository), --folder NAME (again for more), --tick MS (500), --out FILE with
 * --date YYYY-MM-DD (a report in Markdown, its plot beside it as SVG).
 * The daemon's own detector probes the recordings four times a second in virtual time; at each tick only what had arrived
 * by then is known. Recordings that were trained on are answered by a model that never saw them (bench/train).
 */
import { writeFileSync } from "node:fs";
import { FEATURE_INDEX, type FeatureName } from "../daemon/forecast/features.ts";
import { TARGETS } from "../daemon/forecast/types.ts";
import { createModels } from "./forecast/models.ts";
import { averagePrecision, type Moment, type Score, type Series, score } from "./forecast/score.ts";
import { foreseeable, ticks } from "./forecast/ticks.ts";
import { plot } from "./plot.ts";
import { values } from "./replay/options.ts";
import { OWN_DATA, readTraces } from "./traces/read.ts";
import type { Trace, Track } from "./traces/types.ts";

const UNKNOWN = Number.NEGATIVE_INFINITY;
const SLOT_S = 15;
/** The grid of a dish's slots in Unix time: (t + 18) mod 15 = 0. */
const SLOT_OFFSET_S = 18;

type Baseline = (x: Float64Array, atMs: number, track: Track) => number;

const of = (x: Float64Array, name: FeatureName): number => x[FEATURE_INDEX[name]] ?? Number.NaN;
const known = (value: number): number => (Number.isNaN(value) ? UNKNOWN : value);

/** The higher, the likelier. */
const BASELINES: Readonly<Record<string, Baseline>> = {
	threshold_loss: (x) => known(of(x, "loss10")),
	threshold_rtt: (x) => known(of(x, "rtt_last")),
	threshold_signal: (x) => known(-(Number.isNaN(of(x, "rsrp")) ? of(x, "signal") : of(x, "rsrp"))),
	persistence: (x) => -of(x, "since_stall_s"),
	slot_phase: (_x, atMs, { startUnixMs }) => (startUnixMs === null ? 0 : -untilSlotS(startUnixMs + atMs)),
};

function untilSlotS(unixMs: number): number {
	return SLOT_S - ((unixMs / 1000 + SLOT_OFFSET_S) % SLOT_S);
}

/** What kind of trouble the recordings of a folder can show. */
function causeOf(track: Track): string {
	if (track.class === "starlink") return "dish";
	if (track.signals.length === 0) return "any";
	return track.class === "wifi" ? "wifi" : "fade";
}

type Result = Score & { readonly baselines: Readonly<Record<string, { readonly ap: number | null }>> };

export async function run(args: string[]): Promise<object> {
	const tickMs = Number(values(args, "--tick")[0] ?? 500);
	if (!(tickMs >= 100 && tickMs <= 5000)) throw new Error("--tick wants 100 to 5000 ms");
	const models = createModels();
	const all = readTraces(values(args, "--data")[0] ?? OWN_DATA, values(args, "--folder"));
	const folders: Record<string, Record<string, Result>> = {};
	for (const folder of [...new Set(all.map((trace) => trace.folder))]) {
		folders[folder] = folderOf(
			all.filter((trace) => trace.folder === folder),
			models,
			tickMs,
		);
		print(folder, folders[folder] ?? {});
	}
	const out = values(args, "--out")[0];
	if (out !== undefined) writeReport(out, values(args, "--date")[0] ?? "", folders);
	return { folders };
}

/** AP of the forecast over AP of the best baseline, for all that had events. */
function writeReport(path: string, date: string, folders: Readonly<Record<string, Record<string, Result>>>): void {
	const all = Object.entries(folders).flatMap(([folder, rows]) =>
		Object.entries(rows).map(([key, row]) => {
			const others = Object.entries(row.baselines).filter(([name]) => name !== "threshold");
			const [name, best] = others.reduce((a, b) => ((b[1].ap ?? 0) > (a[1].ap ?? 0) ? b : a));
			return { folder, key, row, name, best: best.ap ?? 0 };
		}),
	);
	const dots = all
		.filter(({ row }) => row.events >= 5)
		.map(({ folder, key, row, best }) => ({
			name: `${folder} ${key}`,
			x: best,
			y: row.ap ?? 0,
			own: (row.ap ?? 0) > best,
		}));
	const title = "Average precision of the forecast against that of the best baseline";
	const picture = path.replace(/\.md$/, ".svg");
	writeFileSync(picture, plot(title, "best baseline, AP", "forecast, AP", dots));
	const lines = all.map(({ folder, key, row, name, best }) => {
		const { events, precision, recall, lead_s, false_per_h, ap, base, ece } = row;
		const cells = [
			folder,
			key,
			events,
			precision,
			recall,
			lead_s.median,
			lead_s.p10,
			false_per_h,
			ap,
			base,
			`${name} ${best}`,
			ece,
		];
		return `| ${cells.map((cell) => cell ?? "-").join(" | ")} |`;
	});
	writeFileSync(
		path,
		`# How well is foreseen

Made ${date} by \`npm run -s bench -- forecast --data DIR --out ${path}\`; what the figures mean: docs/forecast.md, authors and licences
of the recordings: bench/data/README.md. In red what is ahead of every baseline; drawn are targets with five events and more.

![${title}](${picture.replace(/^.*\//, "")})

| folder | target | events | precision | recall | lead s | p10 s | false/h | AP | base | best baseline | ECE |
|---|---|---|---|---|---|---|---|---|---|---|---|
${lines.join("\n")}
`,
	);
}

function folderOf(
	traces: readonly Trace[],
	models: ReturnType<typeof createModels>,
	tickMs: number,
): Record<string, Result> {
	const names = [...Object.keys(BASELINES), "logistic"];
	const found = new Map<string, { series: Series[]; others: Record<string, Moment[]>; alarm: number }>();
	for (const trace of traces) {
		for (const track of trace.tracks) {
			const model = models.of(trace, track);
			const linear = models.logisticOf(trace, track);
			const cells = TARGETS.map(() => ({
				moments: [] as Moment[],
				others: Object.fromEntries(names.map((name) => [name, [] as Moment[]])),
			}));
			// As closely as an uplink in use is watched where bytes cost nothing.
			const hours = { moments: 0 };
			ticks(trace, { ...track, metered: false }, "active", tickMs, ({ atMs, features, labels }) => {
				const risks = model.risks(features);
				hours.moments++;
				TARGETS.forEach((target, i) => {
					const label = labels[i] ?? Number.NaN;
					cells[i]?.moments.push({ atMs, score: risks[target.name], label });
					for (const [name, rule] of Object.entries(BASELINES)) {
						cells[i]?.others[name]?.push({ atMs, score: rule(features, atMs, track), label });
					}
					cells[i]?.others.logistic?.push({ atMs, score: linear(i, features), label });
				});
			});
			TARGETS.forEach((target, i) => {
				const key = target.name.replace("any", causeOf(track));
				const cell = found.get(key) ?? {
					series: [],
					others: Object.fromEntries(names.map((name) => [name, [] as Moment[]])),
					alarm: models.alarmOf(target.name),
				};
				found.set(key, cell);
				cell.series.push({
					moments: cells[i]?.moments ?? [],
					eventsMs: foreseeable(trace, track, target.lastsMs),
					withinMs: target.withinMs,
					hours: (hours.moments * tickMs) / 3_600_000,
				});
				for (const name of names) for (const one of cells[i]?.others[name] ?? []) cell.others[name]?.push(one);
			});
		}
	}
	return Object.fromEntries(
		[...found].map(([key, { series, others, alarm }]) => {
			const aps = names.map((name) => [name, { ap: round4(averagePrecision(others[name] ?? [])) }] as const);
			const thresholds = aps.flatMap(([name, { ap }]) => (name.startsWith("threshold_") && ap !== null ? [ap] : []));
			const threshold = { ap: thresholds.length === 0 ? null : Math.max(...thresholds) };
			return [key, { ...score(series, alarm), baselines: { threshold, ...Object.fromEntries(aps) } }];
		}),
	);
}

function round4(value: number | null): number | null {
	return value === null ? null : Math.round(value * 10_000) / 10_000;
}

function print(folder: string, rows: Record<string, Result>): void {
	const line = (cells: readonly unknown[]): string =>
		cells.map((cell, i) => (i === 0 ? String(cell).padEnd(16) : String(cell ?? "-").padStart(10))).join("");
	console.error(`\n${folder}`);
	console.error(
		line([
			"",
			"events",
			"precision",
			"recall",
			"lead s",
			"p10 s",
			"false/h",
			"AP",
			"base",
			"ECE",
			"threshold",
			...Object.keys(BASELINES).map((one) => one.replace("threshold_", "")),
			"logistic",
		]),
	);
	for (const [key, row] of Object.entries(rows)) {
		const { events, precision, recall, lead_s, false_per_h, ap, base, ece, baselines } = row;
		const others = Object.values(baselines).map((one) => one.ap);
		console.error(
			line([key, events, precision, recall, lead_s.median, lead_s.p10, false_per_h, ap, base, ece, ...others]),
		);
	}
}
