/**
 * What the daemon costs a router, on each engine, beside its goals: memory, CPU and wake-ups at rest of the daemon and all it
 * started, how long from start to the first verdict, what it holds after a day, bytes on flash, failover on QuickJS against
 * Node. At rest it is measured from /proc on the virtual router, with a dish, a modem, a radio and a receiver of positions
 * that answer, and an outlet; with the static programs that ship for small routers, whose fping is that of a router with
 * OpenWrt or RutOS, too: linked with musl alone.
 *
 * Options: --engine quickjs|node (default: both side by side), --runtime static|system, --uplinks 4,16, --warm-up N (default
 * 120) and --seconds N at rest (default 60), --hours N of the virtual day (default 24; 0: none), --pairs N of failovers
 * (default 8; 0: none), --plain (as installed, nothing that answers), --flags='--a --b' (for Node instead of those of the
 * wrapper, to compare).
 */
import { parseArgs } from "node:util";
import { pace } from "../daemon/probe/budget.ts";
import { bundleMissing, type Engine, engineFlags } from "../lab/autonomyd.ts";
import { REPO } from "../lab/net/bundle.ts";
import type { Runtime } from "../lab/runtime.ts";
import { comparedEngines } from "./failover/engines.ts";
import { CASES } from "./failover/measure.ts";
import { type DayFigures, liveDay } from "./footprint/day.ts";
import { bundleFlash, runtimeFlash } from "./footprint/flash.ts";
import { chosenRuntime, engineProgram } from "./footprint/programs.ts";
import { ALL_ON, type AtRest, type Resting, startResting } from "./footprint/rest.ts";
import { measureSteps, type StepFigures } from "./footprint/step.ts";
import { type EngineFigures, rowsOf, tableLines } from "./footprint/table.ts";
import type { Compared } from "./paired.ts";

interface Options {
	readonly warmUpS: number;
	readonly seconds: number;
	readonly uplinks: readonly number[];
	readonly hours: number;
	readonly pairs: number;
	readonly runtime: Runtime;
	readonly plain: boolean;
	readonly flags: readonly string[];
}

function bytesPerDay(metered: boolean, role: "active" | "standby"): number {
	return pace({
		mode: "balanced",
		metered,
		role,
		families: [{ family: "ipv4", method: "icmp" }],
		overBudget: false,
		intervalMs: null,
		bytesPerDay: null,
	}).steadyBytesPerDay;
}

/** Started one by one, measured over the same time: what else the machine does falls on all of them. */
async function atRest(engines: readonly Engine[], options: Options): Promise<Map<Engine, Map<number, AtRest>>> {
	const places = engines.flatMap((engine) => options.uplinks.map((uplinks) => ({ engine, uplinks })));
	const resting: Resting[] = [];
	try {
		for (const place of places) resting.push(await startResting({ ...options, ...place }));
		console.error(
			`${places.length} daemons are up; ${options.warmUpS} s of warming up, ${options.seconds} s of measuring ...`,
		);
		await sleep(options.warmUpS);
		await Promise.all(resting.map((one) => one.begin()));
		await sleep(options.seconds);
		const measured: AtRest[] = [];
		for (const one of resting) measured.push(await one.end());
		const result = new Map<Engine, Map<number, AtRest>>(engines.map((engine) => [engine, new Map()]));
		for (const [at, { engine, uplinks }] of places.entries()) {
			const one = measured[at];
			if (one === undefined) continue;
			result.get(engine)?.set(uplinks, one);
			const programs = one.programs.map(({ path, count, rssKb }) => `${count} x ${path} (${rssKb} kB)`);
			console.error(
				`${engine}, ${uplinks} uplinks: ${programs.join(", ")}; daemon alone ${one.daemon_cpu_pct} % of CPU; ${one.wakeups_per_s} wake-ups/s`,
			);
		}
		return result;
	} finally {
		for (const one of resting) await one.close();
	}
}

/** All at once: memory does not depend on time. */
async function days(engines: readonly Engine[], options: Options): Promise<Map<Engine, DayFigures>> {
	const result = new Map<Engine, DayFigures>();
	if (options.hours < 1) return result;
	console.error(`${options.hours} virtual hours ...`);
	await Promise.all(
		engines.map(async (engine) => {
			const program = engineProgram(engine, options.runtime, options.flags);
			if (typeof program === "string") throw new Error(program);
			const day = await liveDay({ engine, program, hours: options.hours, uplinks: 4, config: ALL_ON });
			result.set(engine, day);
			const samples = day.hours.map((one) => (one.anon_kb / 1024).toFixed(1)).join(" ");
			console.error(`${engine}: anonymous MB hour by hour: ${samples} (${day.seconds} s, ${day.decisions} decisions)`);
		}),
	);
	return result;
}

async function failover(engines: readonly Engine[], { pairs, runtime }: Options): Promise<Compared | null> {
	const [scenario] = CASES;
	if (engines.length < 2 || pairs < 1 || scenario === undefined) return null;
	return comparedEngines({ pairs, routers: 2, isps: 3, layout: "mwan3", scenario, runtime });
}

const sleep = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

function whole(value: string, name: string): number {
	const number = Number(value);
	if (!Number.isInteger(number) || number < 0) throw new Error(`--${name} wants a number, not ${value}`);
	return number;
}

export async function run(args: string[]): Promise<object> {
	const { values } = parseArgs({
		args,
		options: {
			engine: { type: "string" },
			runtime: { type: "string" },
			"warm-up": { type: "string", default: "120" },
			seconds: { type: "string", default: "60" },
			uplinks: { type: "string", default: "4,16" },
			hours: { type: "string", default: "24" },
			pairs: { type: "string", default: "8" },
			plain: { type: "boolean", default: false },
			flags: { type: "string" },
			json: { type: "boolean" },
		},
	});
	const all: readonly Engine[] = ["quickjs", "node"];
	const wanted = all.filter((engine) => values.engine === undefined || values.engine === engine);
	if (wanted.length === 0) throw new Error("--engine must be quickjs or node");
	const runtime = wanted.includes("quickjs") ? chosenRuntime(values.runtime) : "system";
	const missing = (engine: Engine): string | null =>
		bundleMissing(REPO, engine, engine === "node" ? "system" : runtime);
	for (const engine of wanted) if (missing(engine) !== null) console.error(`${engine} is left out: ${missing(engine)}`);
	const engines = wanted.filter((engine) => missing(engine) === null);
	const options: Options = {
		warmUpS: whole(values["warm-up"], "warm-up"),
		seconds: Math.max(1, whole(values.seconds, "seconds")),
		uplinks: values.uplinks.split(",").map((one) => whole(one, "uplinks")),
		hours: whole(values.hours, "hours"),
		pairs: whole(values.pairs, "pairs"),
		runtime,
		plain: values.plain,
		flags: values.flags?.split(/\s+/).filter(Boolean) ?? engineFlags("node"),
	};
	const rest = await atRest(engines, options);
	const steps = new Map<Engine, StepFigures>();
	for (const engine of engines) {
		const program = engineProgram(engine, runtime, options.flags);
		if (typeof program !== "string") steps.set(engine, await measureSteps(engine, program, 16));
	}
	const compared = await failover(engines, options);
	const lived = await days(engines, options);
	const figures = new Map<Engine, EngineFigures>(
		engines.map((engine) => [
			engine,
			{
				rest: rest.get(engine) ?? new Map(),
				day: lived.get(engine) ?? null,
				flash: bundleFlash(engine),
				programsFlash: engine === "quickjs" ? (runtimeFlash()?.all ?? null) : null,
				step: steps.get(engine) ?? null,
				failover: engine === "quickjs" ? compared : null,
			},
		]),
	);
	const rows = [...figures].flatMap(([engine, one]) => rowsOf(engine, one));
	const probeBytes = {
		metered_standby: bytesPerDay(true, "standby"),
		metered_active: bytesPerDay(true, "active"),
		unmetered_standby: bytesPerDay(false, "standby"),
		unmetered_active: bytesPerDay(false, "active"),
	};
	for (const line of tableLines(rows)) console.error(line);
	console.error(`probe bytes a day, steady, one family: ${JSON.stringify(probeBytes)}`);
	const byEngine = [...figures].map(([engine, one]) => [engine, { ...one, rest: Object.fromEntries(one.rest) }]);
	return { runtime, ...Object.fromEntries(byEngine), table: rows, probe_bytes_per_day: probeBytes };
}
