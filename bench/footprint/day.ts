/**
 * What the daemon holds after a day, hour by hour: the whole daemon in virtual time (day/day.ts), cut into pieces as the
 * one that ships, in each engine with the flags of the installed wrapper. Its stand-ins for links, kernel, bus and dish are
 * in the figures; its helpers are not, nor on Node gRPC, which the dish of virtual time does not speak.
 */
import { spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { build, type Plugin } from "esbuild";
import type { Engine } from "../../lab/autonomyd.ts";
import { REPO } from "../../lab/net/bundle.ts";
import { daemonPlugins, doors } from "../../scripts/doors.mjs";
import { leanLibraries } from "../../scripts/lean.mjs";
import { DISH_BOOT_S, writeAnswers } from "./day/answers.ts";

export interface Hour {
	readonly hour: number;
	readonly anon_kb: number;
	readonly rss_kb: number;
	/** Of it, what the record of samples, inputs, events and decisions says it holds. */
	readonly record_kb: number;
	/** The lowest of some looks within the hour: between two collections of garbage memory grows and falls. */
	readonly low_kb: number;
}

export interface DayFigures {
	readonly hours: readonly Hour[];
	readonly anon_kb: number;
	/** Before the daemon was loaded: engine, stand-ins, and what of the bus and the platform they share with it. */
	readonly before_kb: number;
	/** Of it, engine and platform, which every daemon has. */
	readonly engine_kb: number;
	/** Of the second half, by least squares. */
	readonly slope_kb_per_hour: number;
	readonly decisions: number;
	readonly sensors: readonly string[];
	readonly seconds: number;
}

const TOLD_EVERY = 3;
const mb = (kb: number): string => (kb / 1024).toFixed(1);

/** kB an hour by least squares over the second half: the first one fills what is bounded. */
export function slope(hours: readonly Hour[]): number {
	const late = hours.filter((one) => one.hour >= (hours.at(-1)?.hour ?? 0) / 2);
	const mean = (of: (one: Hour) => number): number => late.reduce((sum, one) => sum + of(one), 0) / late.length;
	const [x, y] = [mean((one) => one.hour), mean((one) => one.low_kb)];
	const spread = late.reduce((sum, one) => sum + (one.hour - x) ** 2, 0);
	const together = late.reduce((sum, one) => sum + (one.hour - x) * (one.low_kb - y), 0);
	return spread === 0 ? 0 : Math.round((together / spread) * 10) / 10;
}

/** The broker draws its numbers by Node's crypto. */
const crypto: Plugin = {
	name: "random numbers without Node",
	setup(on) {
		on.onResolve({ filter: /^node:crypto$/ }, () => ({ path: "crypto", namespace: "stand-in" }));
		on.onLoad({ filter: /.*/, namespace: "stand-in" }, () => ({
			contents:
				"export const randomBytes = () => ({ readUInt32BE: () => Math.floor(Math.random() * 2 ** 32) });\nexport const createHash = undefined;",
		}));
	},
};

async function bundle(engine: Engine, folder: string): Promise<string> {
	const name = engine === "node" ? "main.node" : "main.qjs";
	await build({
		absWorkingDir: REPO,
		entryPoints: { [name]: `bench/footprint/day/${name}.ts`, ...doors },
		outdir: folder,
		outExtension: { ".js": ".mjs" },
		splitting: true,
		bundle: true,
		format: "esm",
		platform: "node",
		target: "es2022",
		minify: true,
		legalComments: "none",
		external: ["@grpc/proto-loader"],
		plugins: [...(engine === "quickjs" ? [crypto] : []), ...leanLibraries, ...daemonPlugins],
		...(engine === "node"
			? { banner: { js: 'import{createRequire as __cr}from"node:module";globalThis.require=__cr(import.meta.url);' } }
			: {}),
		logLevel: "error",
	});
	return `${folder}/${name}.mjs`;
}

export interface DayOptions {
	readonly engine: Engine;
	/** The engine with its flags. */
	readonly program: readonly [string, ...string[]];
	readonly hours: number;
	readonly uplinks: number;
	/** Of /etc/config/autonomy. */
	readonly config: string;
}

export async function liveDay(options: DayOptions): Promise<DayFigures> {
	const folder = `${REPO}/build/bench/day-${options.engine}-${process.pid}`;
	mkdirSync(folder, { recursive: true });
	const startedMs = performance.now();
	try {
		const entry = await bundle(options.engine, folder);
		const marks = writeAnswers(`${folder}/dish`);
		writeFileSync(`${folder}/autonomy`, options.config);
		const [program, ...flags] = options.program;
		const args = [options.hours, options.uplinks, `${folder}/dish`, JSON.stringify(marks), DISH_BOOT_S];
		const child = spawn(program, [...flags, entry, ...args.map(String), `${folder}/autonomy`], {
			stdio: ["ignore", "pipe", "pipe"],
		});
		const hours: Hour[] = [];
		let last: Record<string, unknown> = {};
		let words = "";
		createInterface({ input: child.stdout }).on("line", (line) => {
			const told = JSON.parse(line) as Record<string, unknown>;
			if (!("hour" in told)) last = { ...last, ...told };
			else hours.push(told as unknown as Hour);
			const { hour = 0, anon_kb: kb = 0 } = hours.at(-1) ?? {};
			if ("hour" in told && hour > 0 && hour % TOLD_EVERY === 0)
				console.error(`${options.engine}: hour ${hour}, ${mb(kb)} MB`);
		});
		child.stderr.setEncoding("utf8").on("data", (text: string) => {
			words = (words + text).slice(-2000);
		});
		const code = await new Promise<number | null>((resolve, reject) => {
			child.on("error", reject).on("close", resolve);
		});
		if (code !== 0 || hours.length !== options.hours + 1) throw new Error(`the day ended with ${code}: ${words}`);
		if (words !== "") console.error(`${options.engine}: ${words}`);
		check(last, options.uplinks);
		return {
			hours,
			anon_kb: hours.at(-1)?.anon_kb ?? Number.NaN,
			slope_kb_per_hour: slope(hours),
			decisions: Number(last.decisions),
			sensors: last.sensors as string[],
			before_kb: Number(last.before_kb),
			engine_kb: Number(last.engine_kb),
			seconds: Math.round((performance.now() - startedMs) / 1000),
		};
	} finally {
		rmSync(folder, { recursive: true });
	}
}

/** A daemon that did nothing all day would look well. */
function check({ status, sensors, decisions }: Record<string, unknown>, uplinks: number): void {
	const { rank = [], current } = (status ?? {}) as { rank?: { state: string }[]; current?: string };
	const good = rank.filter((one) => one.state === "eligible").length;
	const dish = (sensors as string[]).includes("wan starlink");
	if (good === uplinks && current === "wan" && dish && Number(decisions) > 0) return;
	throw new Error(`after the day not all was well: ${JSON.stringify({ current, rank, sensors, decisions })}`);
}
