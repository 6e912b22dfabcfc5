/**
 * Rows to train on, from recordings: `npx tsx bench/train/rows.ts --data DIR --out DIR [--tick MS]`. Writes rows.f32 (one row: group,
 * time in s, labels, features, as little endian float32) and rows.json (what the columns and groups are called).
 */
import { createWriteStream, mkdirSync, writeFileSync } from "node:fs";
import { FEATURES } from "../../daemon/forecast/features.ts";
import { TARGETS } from "../../daemon/forecast/types.ts";
import { ticks } from "../forecast/ticks.ts";
import { values } from "../replay/options.ts";
import { OWN_DATA, readTraces } from "../traces/read.ts";
import type { Trace } from "../traces/types.ts";

/** Of quiet hours every moment is like the one before. */
const LONG_MS = 3 * 3_600_000;

/** How closely an uplink is watched: one in use, one that stands by, and both where bytes cost money. */
const WATCHED = [
	{ name: "active", role: "active", metered: false },
	{ name: "standby", role: "standby", metered: false },
	{ name: "metered", role: "active", metered: true },
] as const;

const groupOf = (trace: Trace): string => `${trace.folder}/${trace.group}`;

const args = process.argv.slice(2);
const out = values(args, "--out")[0] ?? "rows";
const tickMs = Number(values(args, "--tick")[0] ?? 500);
mkdirSync(out, { recursive: true });
const stream = createWriteStream(`${out}/rows.f32`);
const groups: string[] = [];
const folders: string[] = [];
let count = 0;
for (const trace of readTraces(values(args, "--data")[0] ?? OWN_DATA)) {
	for (const track of trace.tracks) {
		for (const { name, role, metered } of WATCHED) {
			const group = groups.push(`${groupOf(trace)}/${track.uplink}/${name}`) - 1;
			folders.push(trace.folder);
			const every = trace.lengthMs > LONG_MS ? 4 * tickMs : tickMs;
			const rows: number[] = [];
			ticks(trace, { ...track, metered }, role, every, (tick) => {
				count++;
				rows.push(group, tick.atMs / 1000, ...tick.labels, ...tick.features);
			});
			stream.write(Buffer.from(Float32Array.from(rows).buffer));
		}
	}
	console.error(groupOf(trace), count);
}
stream.end();
writeFileSync(
	`${out}/rows.json`,
	JSON.stringify({ columns: ["group", "t_s", ...TARGETS.map((one) => one.name), ...FEATURES], groups, folders, count }),
);
