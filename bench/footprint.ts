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
import { comparedEngines } from "./failover/engines.ts";
import { CASES } from "./failover/measure.ts";
import { bundleFlash, runtimeFlash } from "./footprint/flash.ts";
import { chosenRuntime, engineProgram } from "./footprint/programs.ts";
import { measureSteps, type StepFigures } from "./footprint/step.ts";
import { type EngineFigures, rowsOf, tableLines } from "./footprint/table.ts";
import { atRest, days, type Options } from "./footprint/together.ts";
import type { Compared } from "./paired.ts";

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

async function failover(engines: readonly Engine[], { pairs, runtime }: Options): Promise<Compared | null> {
	const [scenario] = CASES;
	if (!engines.includes("quickjs") || pairs < 1 || scenario === undefined) return null;
	const why = bundleMissing(REPO, "node", runtime);
	if (why !== null) console.error(`nothing to compare QuickJS with: ${why}`);
	if (why !== null) return null;
	return comparedEngines({ pairs, routers: 2, isps: 3, layout: "mwan3", scenario, runtime });
}

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
	const runtime = chosenRuntime(values.runtime);
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
