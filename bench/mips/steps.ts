/** Inputs for the engine, and the program that decides them on QuickJS; how many instructions one decision takes. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { REPO } from "../../lab/net/bundle.ts";
import { facts, SETTINGS, World } from "../../test/decide/support.ts";
import type { CountedEngine } from "./engine.ts";

/** Steps over the first so many inputs; what it reads and counts in is QuickJS's own. */
const PROGRAM = `
import * as std from "std";
import { step } from "${REPO}/daemon/decide/engine.ts";
import { initialState } from "${REPO}/daemon/decide/state.ts";
const [, file, count] = scriptArgs;
const { settings, inputs } = JSON.parse(std.loadFile(file));
let state = initialState(settings);
for (const input of inputs.slice(0, Number(count))) state = step(state, input).state;
`;

/** A minute of good uplinks: probes every second, name servers, nothing to do. */
export function minute(uplinks: number): object[] {
	const world = new World(Array.from({ length: uplinks }, (_, order) => facts(`wan${order}`, order)));
	for (const { truth } of world.members.values()) truth.everyMs = 1000;
	world.run(60_000);
	return world.inputs;
}

/** Per number of uplinks: instructions for one input, the second half of the minute minus the first. */
export async function instructionsPerStep(
	engine: CountedEngine,
	counts: readonly number[],
): Promise<Record<string, number>> {
	const folder = mkdtempSync(join(tmpdir(), "autonomy-mips-"));
	try {
		const program = join(folder, "steps.js");
		await build({
			stdin: { contents: PROGRAM, resolveDir: REPO, loader: "js" },
			outfile: program,
			bundle: true,
			format: "esm",
			external: ["std"],
			logLevel: "error",
		});
		const result: Record<string, number> = {};
		for (const uplinks of counts) {
			const inputs = minute(uplinks);
			const file = join(folder, "inputs");
			writeFileSync(file, JSON.stringify({ settings: SETTINGS, inputs }));
			const half = Math.floor(inputs.length / 2);
			const [first = 0, all = 0] = [half, inputs.length].map((count) => {
				engine.reset();
				const ran = spawnSync(engine.program, ["-m", program, file, String(count)], { encoding: "utf8" });
				if (ran.status !== 0) throw new Error(`the engine's steps on MIPS: ${ran.stderr}`);
				return engine.instructions();
			});
			result[`uplinks${uplinks}`] = Math.round((all - first) / (inputs.length - half));
		}
		return result;
	} finally {
		rmSync(folder, { recursive: true });
	}
}
