/**
 * Recorded links of several uplinks at once, played through policies: who would have been offline for how long.
 * Options: --data DIR (recordings in the formats of docs/bench.md; default: the excerpts of this repository), --folder NAME
 * (again for more), --out FILE with --date YYYY-MM-DD (a report in Markdown, its plots beside it as SVG). Each uplink is the owner's first choice once; figures are means over that. Virtual time, no packet is
 * sent.
 */

import { writeFileSync } from "node:fs";
import { MWAN3_DEFAULT, MWAN3_TUNED } from "./detectors/peers.ts";
import { listen } from "./forecast/listen.ts";
import { createModels, type Models } from "./forecast/models.ts";
import { plot } from "./plot.ts";
import { composites } from "./replay/composites.ts";
import { values } from "./replay/options.ts";
import { oracle } from "./replay/oracle.ts";
import { DEFAULTS, ours } from "./replay/ours.ts";
import { dpinger, mwan3, type Played, stay } from "./replay/peers.ts";
import { add, type Figures, judge, NOTHING, type Truth, truthOf } from "./replay/score.ts";
import { OWN_DATA, readTraces } from "./traces/read.ts";
import type { Trace } from "./traces/types.ts";

/** What a user moves while the uplink carries the traffic: 0.25 Mbit/s, a nominal figure. */
const USER_BYTES_PER_S = 31_250;
/** A fixed dish blinks; that is no reason to leave. */
const LEAST_MS = 2000;
const LEAST_STARLINK_MS = 5000;

const POLICIES: Readonly<Record<string, (truth: Truth, order: readonly number[]) => Played>> = {
	stay: (_truth, order) => stay(order),
	mwan3_default: ({ trace }, order) => mwan3(trace, order, MWAN3_DEFAULT),
	mwan3_tuned: ({ trace }, order) => mwan3(trace, order, MWAN3_TUNED),
	dpinger: ({ trace }, order) => dpinger(trace, order),
	reactive: ({ trace }, order) => ours(trace, order, { settings: { ...DEFAULTS, predictive: false } }),
	predictive: ({ trace }, order) => ours(trace, order, { settings: DEFAULTS, listen: listen(trace, models()) }),
	oracle,
};

let loaded: Models | undefined;
function models(): Models {
	loaded ??= createModels();
	return loaded;
}

export interface PolicyFigures {
	readonly outage_s_per_h: number;
	readonly slow_s_per_h: number;
	readonly switches_per_h: number;
	/** Of them because of a forecast. */
	readonly predictive_per_h: number;
	/** 0-1; null where there was nothing to avoid. */
	readonly avoidable_avoided: number | null;
	readonly metered_mb_per_h: number;
}

/** The owner's order with each uplink as the first choice once; the others keep theirs. */
export function orders(count: number): number[][] {
	return Array.from({ length: count }, (_, first) => [
		first,
		...Array.from({ length: count }, (_, i) => i).filter((i) => i !== first),
	]);
}

export function play(traces: readonly Trace[]): Record<string, Figures> {
	const sums: Record<string, Figures> = {};
	for (const trace of traces) {
		const starlink = trace.tracks.some((track) => track.class === "starlink");
		const truth = truthOf(trace, starlink ? LEAST_STARLINK_MS : LEAST_MS);
		for (const order of orders(trace.tracks.length)) {
			for (const [name, policy] of Object.entries(POLICIES)) {
				const { turns, probeBytes, predicted } = policy(truth, order);
				sums[name] = add(sums[name] ?? NOTHING, judge(truth, turns, probeBytes, predicted));
			}
		}
	}
	return sums;
}

const round = (value: number, digits: number): number => Math.round(value * 10 ** digits) / 10 ** digits;

function figures(sums: Record<string, Figures>): Record<string, PolicyFigures> {
	const stayed = sums.stay?.outageMs ?? 0;
	const avoidable = stayed - (sums.oracle?.outageMs ?? 0);
	return Object.fromEntries(
		Object.entries(sums).map(([name, sum]) => {
			const hours = sum.lengthMs / 3_600_000;
			const metered = (sum.meteredMs / 1000) * USER_BYTES_PER_S + sum.probeBytes;
			return [
				name,
				{
					outage_s_per_h: round(sum.outageMs / 1000 / hours, 2),
					slow_s_per_h: round(sum.slowMs / 1000 / hours, 2),
					switches_per_h: round(sum.switches / hours, 2),
					predictive_per_h: round(sum.predicted / hours, 3),
					avoidable_avoided: avoidable <= 0 ? null : round((stayed - sum.outageMs) / avoidable, 3),
					metered_mb_per_h: round(metered / 1e6 / hours, 2),
				},
			];
		}),
	);
}

export async function run(args: string[]): Promise<object> {
	const all = readTraces(values(args, "--data")[0] ?? OWN_DATA);
	const only = values(args, "--folder");
	const several = [...all.filter((trace) => trace.tracks.length > 1), ...composites(all)];
	const folders: Record<string, FolderFigures> = {};
	for (const folder of [...new Set(several.map((trace) => trace.folder))]) {
		if (only.length > 0 && !only.includes(folder)) continue;
		const traces = several.filter((trace) => trace.folder === folder);
		const sums = play(traces);
		const hours = traces.reduce((sum, trace) => sum + trace.lengthMs, 0) / 3_600_000;
		const notes = [...new Set(traces.flatMap((trace) => trace.note ?? []))];
		const policies = figures(sums);
		folders[folder] = { hours: round(hours, 3), policies, ...(notes.length > 0 ? { note: notes.join("; ") } : {}) };
		print(folder, hours, policies, notes);
	}
	const out = values(args, "--out")[0];
	if (out !== undefined) writeReport(out, values(args, "--date")[0] ?? "", folders);
	return { folders };
}

interface FolderFigures {
	readonly hours: number;
	readonly policies: Record<string, PolicyFigures>;
	readonly note?: string;
}

function writeReport(path: string, date: string, folders: Readonly<Record<string, FolderFigures>>): void {
	const parts = Object.entries(folders).map(([folder, { hours, policies, note }]) => {
		const picture = path.replace(/\.md$/, `-${folder}.svg`);
		const dots = Object.entries(policies).map(([name, row]) => ({
			name,
			x: row.switches_per_h,
			y: row.outage_s_per_h,
			own: name === "reactive" || name === "predictive",
		}));
		// Who stays pays for all: the others would be one dot beside it.
		const near = dots.filter(({ name }) => name !== "stay" && name !== "mwan3_default");
		writeFileSync(picture, plot(`Outage against switches, ${folder}`, "switches per hour", "outage, s per hour", near));
		const rows = Object.entries(policies).map(
			([name, row]) => `| ${[name, ...Object.values(row)].map((cell) => cell ?? "-").join(" | ")} |`,
		);
		return `## ${folder}, ${hours} h${note === undefined ? "" : `\n\n${note}`}

![outage against switches](${picture.replace(/^.*\//, "")})

| policy | outage s/h | above 200 ms s/h | switches/h | of them predictive | avoided of what could be | metered MB/h |
|---|---|---|---|---|---|---|
${rows.join("\n")}
`;
	});
	const head = `# Recorded links through policies

Made ${date} by \`npm run -s bench -- replay --data DIR --out ${path}\`; what the figures mean: docs/forecast.md, authors and licences
of the recordings: bench/data/README.md. Each uplink is the owner's first choice once; stay and mwan3_default are not drawn.
`;
	writeFileSync(path, [head, ...parts].join("\n"));
}

function print(folder: string, hours: number, rows: Record<string, PolicyFigures>, notes: readonly string[]): void {
	const line = (cells: readonly unknown[]): string =>
		cells.map((cell, i) => (i === 0 ? String(cell).padEnd(16) : String(cell ?? "-").padStart(12))).join("");
	console.error(
		`\n${folder}: ${round(hours, 2)} h, each uplink as the first choice once${notes.map((one) => `; ${one}`).join("")}`,
	);
	console.error(line(["per hour", "outage s", "slow s", "switches", "predictive", "avoided", "metered MB"]));
	for (const [name, row] of Object.entries(rows)) console.error(line([name, ...Object.values(row)]));
}
