/** The figures beside their goals, engine by engine; pure. */
import type { Engine } from "../../lab/autonomyd.ts";
import type { Compared } from "../paired.ts";
import type { DayFigures } from "./day.ts";
import type { Flash } from "./flash.ts";
import type { AtRest } from "./rest.ts";
import type { StepFigures } from "./step.ts";

export interface EngineFigures {
	/** By number of uplinks. */
	readonly rest: ReadonlyMap<number, AtRest>;
	readonly day: DayFigures | null;
	readonly flash: Flash;
	readonly programsFlash: Flash | null;
	/** With 16 uplinks. */
	readonly step: StepFigures | null;
	readonly failover: Compared | null;
}

export interface Row {
	readonly what: string;
	readonly engine: Engine;
	/** Null: not measured. */
	readonly figure: number | null;
	readonly unit: string;
	/** At most; null: shown beside others, without a goal of its own. */
	readonly goal: number | null;
	readonly met: boolean | null;
	readonly note?: string;
}

type Goal = "rssMb" | "anonMb" | "flashKb" | "stepMs";
const GOALS: Readonly<Record<Engine, Readonly<Record<Goal, number>>>> = {
	quickjs: { rssMb: 12, anonMb: 6, flashKb: 400, stepMs: 2 },
	node: { rssMb: 65, anonMb: 25, flashKb: 1000, stepMs: 0.3 },
};
const CPU_PCT: ReadonlyMap<number, number> = new Map([
	[4, 0.5],
	[16, 2],
]);
const START_MS = 2000;
/** "Flat": half a megabyte a day. */
const FLAT_KB_PER_HOUR = 20;
const PROGRAMS_KB = 1500;
const FAILOVER_RATIO = 1.2;

const round = (value: number): number => Math.round(value * 100) / 100;
const mb = (kb: number): number => round(kb / 1024);

export function rowsOf(engine: Engine, figures: EngineFigures): Row[] {
	const goals = GOALS[engine];
	const row = (what: string, figure: number | null, unit: string, goal: number | null, note?: string): Row => ({
		what,
		engine,
		figure,
		unit,
		goal,
		met: figure === null || goal === null ? null : figure <= goal,
		...(note === undefined ? {} : { note }),
	});
	const { rest, day, flash, programsFlash, failover, step } = figures;
	const four = rest.get(4) ?? null;
	const memory =
		four === null
			? [row("RSS, daemon and helpers, 4 uplinks", null, "MB", goals.rssMb)]
			: [
					row("RSS, daemon and helpers, 4 uplinks", mb(four.rss_kb), "MB", goals.rssMb, four.sensors.join(", ")),
					row("  PSS", mb(four.pss_kb), "MB", null),
					row("  what the router would miss", mb(four.alone_kb), "MB", null),
					row("  daemon alone", mb(four.daemon_rss_kb), "MB", null),
				];
	const hours = day?.hours.at(-1)?.hour ?? 24;
	const ofDay = [
		row(`anonymous memory after ${hours} hours`, day === null ? null : mb(day.anon_kb), "MB", goals.anonMb),
		row("  its growth, second half", day?.slope_kb_per_hour ?? null, "kB/h", FLAT_KB_PER_HOUR),
		...(day === null
			? []
			: [
					row("  the record's part of it", mb(day.hours.at(-1)?.record_kb ?? 0), "MB", null),
					row("  before the daemon was loaded", mb(day.before_kb), "MB", null),
					row("  of that, the bench's stand-ins", mb(day.before_kb - day.engine_kb), "MB", null),
					row("  RSS of the daemon then", mb(day.hours.at(-1)?.rss_kb ?? 0), "MB", null),
				]),
	];
	const cpu = [...rest].map(([uplinks, one]) =>
		row(`CPU at rest, ${uplinks} uplinks`, one.cpu_pct, "%", CPU_PCT.get(uplinks) ?? null),
	);
	const onFlash = [
		row(
			"flash: bundle, in an image",
			flash.squashfs_bytes === null ? null : round(flash.squashfs_bytes / 1000),
			"kB",
			goals.flashKb,
		),
		row("  installed later", round(flash.jffs2_bytes / 1000), "kB", null),
		row("  its files", round(flash.bytes / 1000), "kB", null),
	];
	const programs = [
		row(
			"flash: static qjs, socat, fping, files",
			programsFlash === null ? null : round(programsFlash.bytes / 1000),
			"kB",
			PROGRAMS_KB,
		),
		...(programsFlash === null || programsFlash.squashfs_bytes === null
			? []
			: [row("  in an image", round(programsFlash.squashfs_bytes / 1000), "kB", null)]),
	];
	const pairs = failover === null ? undefined : `95 % interval ${failover.ci95.join("-")}, ${failover.pairs} pairs`;
	return [
		...memory,
		...ofDay,
		...cpu,
		row("start to first verdict, 4 uplinks", four?.start_ms ?? null, "ms", START_MS),
		...onFlash,
		...(engine === "quickjs" ? programs : []),
		...(engine === "quickjs"
			? [row("failover, times Node's", failover?.ratio ?? null, "", FAILOVER_RATIO, pairs)]
			: []),
		row("engine step, 16 uplinks", step?.median_ms ?? null, "ms", goals.stepMs),
		...(step === null ? [] : [row("  p95", step.p95_ms, "ms", null), row("  of any input", step.mean_ms, "ms", null)]),
	];
}

function cell(row: Row | undefined): string {
	if (row === undefined) return "";
	const figure = row.figure === null ? "not measured" : `${row.figure} ${row.unit}`.trim();
	const goal = row.goal === null ? "" : `<= ${row.goal}`;
	const met = row.met === null ? "" : row.met ? "met" : "MISSED";
	return `${figure.padStart(14)}  ${goal.padEnd(8)} ${met.padEnd(6)}`;
}

/** Both engines side by side; what only one has stands in its column. */
export function tableLines(rows: readonly Row[]): string[] {
	const engines = (["quickjs", "node"] as const).filter((engine) => rows.some((row) => row.engine === engine));
	const names = { quickjs: "QuickJS", node: "Node" };
	const whats = [...new Set(rows.map((row) => row.what))];
	const find = (what: string, engine: Engine): Row | undefined =>
		rows.find((row) => row.what === what && row.engine === engine);
	const width = Math.max(...whats.map((what) => what.length));
	const head = `${"".padEnd(width)}  ${engines.map((engine) => names[engine].padStart(14).padEnd(31)).join("  ")}`;
	const lines = whats.map((what) =>
		`${what.padEnd(width)}  ${engines.map((engine) => cell(find(what, engine)).padEnd(31)).join("  ")}`.trimEnd(),
	);
	const notes = rows.flatMap((row) =>
		row.note === undefined ? [] : [`${names[row.engine]}, ${row.what}: ${row.note}`],
	);
	return [head.trimEnd(), ...lines, ...notes];
}
