/**
 * How long the engine thinks: a minute of good uplinks, decided in each engine alone; the tick is the dearest of its steps,
 * since it looks at all uplinks. Of the second half of the minute, when everything was called before.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import type { Engine } from "../../lab/autonomyd.ts";
import { REPO } from "../../lab/net/bundle.ts";
import { SETTINGS } from "../../test/decide/support.ts";
import { minute } from "../mips/steps.ts";

export interface StepFigures {
	/** Of a tick. */
	readonly median_ms: number;
	readonly p95_ms: number;
	/** Of all inputs together: probes' answers and ticks. */
	readonly mean_ms: number;
}

const RUNTIME: Readonly<Record<Engine, string>> = {
	node: `
import { readFileSync } from "node:fs";
const [, , file] = process.argv;
const text = readFileSync(file, "utf8"), now = () => performance.now(), print = (line) => console.log(line);`,
	quickjs: `
import * as os from "os";
import * as std from "std";
const [, file] = scriptArgs;
const text = std.loadFile(file), now = () => os.now(), print = (line) => std.out.puts(line + "\\n");`,
};
const PROGRAM = `
import { step } from "${REPO}/daemon/decide/engine.ts";
import { initialState } from "${REPO}/daemon/decide/state.ts";
const { settings, inputs } = JSON.parse(text);
const half = Math.floor(inputs.length / 2), all = [], ticks = [];
let state = initialState(settings);
inputs.forEach((input, at) => {
	const from = now();
	state = step(state, input).state;
	const ms = now() - from;
	if (at < half) return;
	all.push(ms);
	if (input.kind === "tick") ticks.push(ms);
});
ticks.sort((a, b) => a - b);
print(JSON.stringify({
	median_ms: ticks[Math.floor(ticks.length / 2)],
	p95_ms: ticks[Math.floor(ticks.length * 0.95)],
	mean_ms: all.reduce((sum, ms) => sum + ms, 0) / all.length,
}));
`;

interface Timed {
	readonly atMs: number;
}

/** The daemon's loop ticks once a second. */
function withTicks(inputs: readonly object[]): object[] {
	const last = (inputs.at(-1) as Timed | undefined)?.atMs ?? 0;
	const ticks = Array.from({ length: Math.floor(last / 1000) }, (_, i) => ({ kind: "tick", atMs: (i + 1) * 1000 }));
	return [...inputs, ...ticks].sort((a, b) => (a as Timed).atMs - (b as Timed).atMs);
}

export async function measureSteps(
	engine: Engine,
	[program, ...flags]: readonly [string, ...string[]],
	uplinks: number,
): Promise<StepFigures> {
	const folder = mkdtempSync(join(tmpdir(), "autonomy-steps-"));
	try {
		const bundle = join(folder, "steps.mjs");
		await build({
			stdin: { contents: RUNTIME[engine] + PROGRAM, resolveDir: REPO, loader: "js" },
			outfile: bundle,
			bundle: true,
			minify: true,
			format: "esm",
			platform: "neutral",
			external: ["std", "os", "node:fs"],
			logLevel: "error",
		});
		const file = join(folder, "inputs");
		writeFileSync(file, JSON.stringify({ settings: SETTINGS, inputs: withTicks(minute(uplinks)) }));
		const ran = spawnSync(program, [...flags, bundle, file], { encoding: "utf8" });
		if (ran.status !== 0) throw new Error(`the engine's steps on ${engine}: ${ran.stderr}`);
		const figures = JSON.parse(ran.stdout) as StepFigures;
		const round = (ms: number): number => Math.round(ms * 1000) / 1000;
		return {
			median_ms: round(figures.median_ms),
			p95_ms: round(figures.p95_ms),
			mean_ms: round(figures.mean_ms),
		};
	} finally {
		rmSync(folder, { recursive: true });
	}
}
