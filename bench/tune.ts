/**
 * How the defaults stand among their neighbours: one setting at a time is moved, the recorded drives are played, outage and
 * switches are drawn against each other. Options: --data DIR, --date YYYY-MM-DD, --out FILE (default: nothing is written; with it
 * a report in Markdown, and its plot beside it as SVG).
 */
import { writeFileSync } from "node:fs";
import type { Settings } from "../daemon/decide/settings.ts";
import { plot } from "./plot.ts";
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
		const dots = rows.map((row) => ({
			name: `${row.option} ${row.value}`.trim(),
			x: row.switches_per_h,
			y: row.outage_s_per_h,
			own: row.option === "defaults",
		}));
		const title = "Outage against switches by default tried";
		writeFileSync(out.replace(/\.md$/, ".svg"), plot(title, "switches per hour", "outage, s per hour", dots));
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
