/**
 * How the defaults stand among their neighbours: one setting at a time is moved, the recorded drives are played, outage and
 * switches are drawn against each other. Options: --data DIR, --date YYYY-MM-DD, --out FILE (default: nothing is written; with it
 * a report in Markdown, and its plot beside it as SVG).
 */
import { writeFileSync } from "node:fs";
import type { Settings } from "../daemon/decide/settings.ts";
import { values } from "./replay/options.ts";
import { DEFAULTS, ours } from "./replay/ours.ts";
import { add, judge, NOTHING, truthOf } from "./replay/score.ts";
import { orders } from "./replay.ts";
import { OWN_DATA, readTraces } from "./traces/read.ts";

const FOLDERS = ["car-three-uplinks", "cellular-three-operators"];
const LEAST_MS = 2000;

interface Choice {
	readonly option: string;
	readonly value: string;
	readonly settings: Settings;
}

interface Row {
	readonly option: string;
	readonly value: string;
	readonly outage_s_per_h: number;
	readonly switches_per_h: number;
}

const REACTIVE: Settings = { ...DEFAULTS, predictive: false };

function choices(): Choice[] {
	const of = (option: string, value: number, settings: Partial<Settings>): Choice => ({
		option,
		value: String(value),
		settings: { ...REACTIVE, ...settings },
	});
	const { failover, restore } = REACTIVE;
	return [
		{ option: "defaults", value: "", settings: REACTIVE },
		...[5, 20, 60, 120, 300].map((s) => of("hold_down_s", s, { holdDownMs: 1000 * s })),
		...[0, 10, 20, 60].map((s) => of("cooldown_s", s, { cooldownMs: 1000 * s })),
		...[5, 10, 25].map((points) => of("switch_margin", points, { switchMargin: points })),
		...[5, 10, 20].map((s) => of("failover min_duration_s", s, { failover: { ...failover, minDurationMs: 1000 * s } })),
		...[10, 30, 90].map((s) => of("restore min_duration_s", s, { restore: { ...restore, minDurationMs: 1000 * s } })),
		...[2, 3, 6].map((s) => of("severe_duration_s", s, { severeDurationMs: 1000 * s })),
		...[10, 20, 40].map((pct) => of("severe_loss", pct, { severeLossPct: pct })),
	];
}

export async function run(args: string[]): Promise<object> {
	const truths = readTraces(values(args, "--data")[0] ?? OWN_DATA, FOLDERS).map((trace) => truthOf(trace, LEAST_MS));
	const rows: Row[] = [];
	for (const { option, value, settings } of choices()) {
		let sum = NOTHING;
		for (const truth of truths) {
			for (const order of orders(truth.trace.tracks.length)) {
				sum = add(sum, judge(truth, ours(truth.trace, order, { settings }).turns, 0));
			}
		}
		const hours = sum.lengthMs / 3_600_000;
		const row = {
			option,
			value,
			outage_s_per_h: Math.round(sum.outageMs / 10 / hours) / 100,
			switches_per_h: Math.round((100 * sum.switches) / hours) / 100,
		};
		rows.push(row);
		console.error(`${`${option} ${value}`.padEnd(28)} ${row.outage_s_per_h} s/h ${row.switches_per_h} switches/h`);
	}
	const out = values(args, "--out")[0];
	if (out !== undefined) {
		writeFileSync(out, report(rows, values(args, "--date")[0] ?? "", out));
		writeFileSync(out.replace(/\.md$/, ".svg"), plot(rows));
	}
	return { rows };
}

function report(rows: readonly Row[], date: string, path: string): string {
	const picture = path.replace(/^.*\//, "").replace(/\.md$/, ".svg");
	const lines = rows.map((row) => `| ${row.option} ${row.value} | ${row.outage_s_per_h} | ${row.switches_per_h} |`);
	return `# Defaults among their neighbours

Made ${date} by \`npm run -s bench -- tune --out ${path}\`: the reactive rules over the drives of car-three-uplinks
(forkjoseph/vnperf, Apache-2.0) and cellular-three-operators (NUWiNS/pam2025-multi-carrier-dataset, CC0), each uplink as
the first choice once, one setting moved at a time. Outage: seconds per hour spent in blackouts of two seconds and more.
Few blackouts decide here (a second more or less of one is 0.1 s/h): differences below 1 s/h say nothing.

![outage against switches](${picture})

| setting | outage s/h | switches/h |
|---|---|---|
${lines.join("\n")}
`;
}

const WIDTH = 640;
const HEIGHT = 400;
const EDGE = 48;

function plot(rows: readonly Row[]): string {
	const mostX = Math.max(...rows.map((row) => row.switches_per_h)) * 1.1;
	const mostY = Math.max(...rows.map((row) => row.outage_s_per_h)) * 1.1;
	const x = (row: Row): number => EDGE + (row.switches_per_h / mostX) * (WIDTH - 2 * EDGE);
	const y = (row: Row): number => HEIGHT - EDGE - (row.outage_s_per_h / mostY) * (HEIGHT - 2 * EDGE);
	const dots = rows.map((row) => {
		const [cx, cy] = [x(row).toFixed(1), y(row).toFixed(1)];
		const own = row.option === "defaults";
		const name = `${row.option} ${row.value}: ${row.outage_s_per_h} s/h, ${row.switches_per_h}/h`;
		const mark = `<circle cx="${cx}" cy="${cy}" r="${own ? 6 : 4}" fill="${own ? "#c33" : "#36c"}"><title>${name}</title></circle>`;
		return `${mark}<text x="${Number(cx) + 7}" y="${Number(cy) + 4}">${row.option} ${row.value}</text>`;
	});
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="9"><title>Outage against switches by default tried</title>
<rect width="100%" height="100%" fill="#fff"/>
<path d="M${EDGE} ${EDGE}V${HEIGHT - EDGE}H${WIDTH - EDGE}" fill="none" stroke="#333"/>
<text x="${WIDTH / 2}" y="${HEIGHT - 12}" text-anchor="middle" font-size="12">switches per hour (0 to ${mostX.toFixed(0)})</text>
<text x="14" y="${HEIGHT / 2}" transform="rotate(-90 14 ${HEIGHT / 2})" text-anchor="middle" font-size="12">outage, s per hour (0 to ${mostY.toFixed(1)})</text>
${dots.join("\n")}
</svg>
`;
}
