/** All recordings below a folder, in a fixed order: DIR itself, or folders in DIR as docs/bench.md describes them. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { readRecording } from "./formats.ts";
import type { Trace } from "./types.ts";

/** Short excerpts of the published recordings, in this repository. */
export const OWN_DATA = "bench/data";

export function readTraces(dir: string, only: readonly string[] = []): Trace[] {
	if (!existsSync(dir)) throw new Error(`there is no folder ${dir}`);
	const folders = readdirSync(dir)
		.filter((name) => statSync(join(dir, name)).isDirectory())
		.sort();
	const places = folders.map((name) => [name, join(dir, name)] as const);
	if (readdirSync(dir).some((name) => isTable(name))) places.push([basename(resolve(dir)), dir]);
	const traces: Trace[] = [];
	for (const [folder, path] of places) {
		if (only.length > 0 && !only.includes(folder)) continue;
		for (const file of readdirSync(path).filter(isTable).sort()) {
			const found = readOne(folder, join(path, file));
			if (found === null) console.error(`${join(path, file)}: a format that is not known, left out`);
			else traces.push(...found);
		}
	}
	if (traces.length === 0) throw new Error(`${dir} holds no recording that can be read`);
	return traces;
}

/** One that is broken is named and left out: the others can be played. */
function readOne(folder: string, path: string): readonly Trace[] | null {
	try {
		return readRecording(folder, path);
	} catch (error) {
		console.error(`${path}: left out: ${error instanceof Error ? error.message : String(error)}`);
		return [];
	}
}

function isTable(name: string): boolean {
	return /\.(csv|tsv|txt)(\.gz)?$/i.test(name);
}
