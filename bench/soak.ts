/**
 * Hours of a router's life in virtual time: the real prober, engine, loop and recorder on random links with random
 * faults, looked at every second by an oracle that knows the truth (bench/soak/oracle.ts); every decision is made again
 * from its recording and compared byte for byte; memory, timers and programs must not grow.
 *
 * Each run is another router: 2 to 6 uplinks, other families, weights, round trip times, data cap modes. The figures
 * sum up the runs; growth_kb is the largest. Not 0: wrong_states, replay_differences, growth_kb over 1024 -> exit code 1.
 *
 * Options: --hours N (virtual, per run; default 2), --runs N (default 5), --seed N.
 */
import { parseArgs } from "node:util";
import { usedBytes } from "./bus/measure.ts";
import { type RunFigures, soakRun } from "./soak/run.ts";

export interface SoakFigures {
	readonly virtual_hours: number;
	readonly scenarios: number;
	readonly decisions: number;
	readonly wrong_states: number;
	readonly replay_differences: number;
	readonly growth_kb: number;
	readonly seconds: number;
}

/** More than the noise of compiled code and inline caches. */
const GROWTH_LIMIT_KB = 1024;

function row(figures: RunFigures): string {
	const { uplinks, scenarios, inputs, decisions, moves, wrong, differences, growthKb, recordKb, timers, programs } =
		figures;
	const cells = [
		uplinks,
		scenarios,
		inputs,
		decisions,
		moves,
		wrong,
		differences,
		growthKb,
		recordKb,
		timers,
		programs,
	];
	return cells.map((cell) => String(cell).padStart(9)).join(" ");
}

export async function run(args: string[]): Promise<SoakFigures> {
	const { values } = parseArgs({
		args,
		options: { hours: { type: "string" }, runs: { type: "string" }, seed: { type: "string" } },
		strict: false,
	});
	const hours = Number(values.hours ?? 2);
	const runs = Number(values.runs ?? 5);
	const seed = Number(values.seed ?? 1);
	if (!(hours > 0) || !(runs >= 1) || !Number.isFinite(seed)) throw new Error("--hours, --runs, --seed want numbers");
	const startedMs = performance.now();
	const head = [
		"uplinks",
		"faults",
		"inputs",
		"decisions",
		"moves",
		"wrong",
		"differ",
		"growth KB",
		"record KB",
		"timers",
		"programs",
	];
	console.error(head.map((text) => text.padStart(9)).join(" "));
	const all: RunFigures[] = [];
	for (let i = 0; i < runs; i++) {
		const figures = await soakRun({ seed: seed + i, uplinks: 2 + (i % 5), hours, usedBytes });
		console.error(row(figures));
		for (const text of figures.texts) console.error(`  seed ${seed + i}: ${text}`);
		all.push(figures);
	}
	const sum = (of: (figures: RunFigures) => number): number => all.reduce((total, one) => total + of(one), 0);
	const counts = new Map<string, number>();
	for (const one of all) for (const [name, count] of one.faults) counts.set(name, (counts.get(name) ?? 0) + count);
	console.error(
		[...counts]
			.sort()
			.map(([name, count]) => `${name} ${count}`)
			.join(", "),
	);
	const figures = {
		virtual_hours: hours * runs,
		scenarios: sum((one) => one.scenarios),
		decisions: sum((one) => one.decisions),
		wrong_states: sum((one) => one.wrong),
		replay_differences: sum((one) => one.differences),
		growth_kb: Math.max(...all.map((one) => one.growthKb)),
		seconds: Math.round((performance.now() - startedMs) / 100) / 10,
	};
	const bad = figures.wrong_states > 0 || figures.replay_differences > 0 || figures.growth_kb > GROWTH_LIMIT_KB;
	if (bad) process.exitCode = 1;
	return figures;
}
