/** The process itself on Node: what its memory needs. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { transformSync } from "esbuild";

const HOST = fileURLToPath(new URL("../../daemon/platform/node/host.ts", import.meta.url));
/** V8's answer for a function has this bit when none may be optimized any more. */
const NEVER = 2;

test("when all that is hot has been compiled, V8 optimizes nothing more", () => {
	const script = `
		const { nodeHost } = await import(${JSON.stringify(HOST)});
		const may = () => (%GetOptimizationStatus(() => 1) & ${NEVER}) === 0;
		const before = may();
		nodeHost.stopOptimizing();
		console.log(before, may());`;
	const flags = ["--expose-gc", "--allow-natives-syntax", "--import", "tsx", "--input-type=module"];
	const ran = spawnSync(process.execPath, [...flags, "-e", script], { encoding: "utf8" });
	assert.deepEqual([ran.status, ran.stdout.trim()], [0, "true false"], ran.stderr);
});

test("what objects are made in is not given back after each collection, only to be taken again", () => {
	const host = transformSync(readFileSync(HOST, "utf8"), { loader: "ts" }).code;
	// Little else may be made in this process, so no tsx: V8 looks at how much it is a second.
	const script = `${host}
		import { getHeapSpaceStatistics } from "node:v8";
		keepYoungMemory();
		const sizes = [];
		for (let round = 0; round < 5; round++) {
			globalThis.kept = Array.from({ length: 100 }, (_, n) => ({ n }));
			await new Promise((resolve) => setTimeout(resolve, 50));
			gc({ type: "minor" });
			sizes.push(getHeapSpaceStatistics().find((one) => one.space_name === "new_space").space_size);
		}
		console.log(sizes.every((size, n) => n === 0 || size >= sizes[n - 1]), sizes);`;
	const flags = ["--expose-gc", "--single-threaded", "--max-semi-space-size=1", "--input-type=module"];
	const ran = spawnSync(process.execPath, [...flags, "-e", script], { encoding: "utf8" });
	assert.deepEqual([ran.status, ran.stdout.split(" ")[0]], [0, "true"], ran.stdout + ran.stderr);
});

test("a platform that is made keeps it so", () => {
	const path = fileURLToPath(new URL("../../daemon/platform/node/platform.ts", import.meta.url));
	// What V8 is told is written down on the way.
	const script = `
		import v8 from "node:v8";
		import { syncBuiltinESMExports } from "node:module";
		const told = [];
		v8.setFlagsFromString = (flag) => told.push(flag);
		syncBuiltinESMExports();
		const { createNodePlatform } = await import(${JSON.stringify(path)});
		const before = told.length;
		createNodePlatform();
		console.log(before, told.join());`;
	const run = (...flags: string[]): readonly [number | null, string] => {
		const args = [...flags, "--import", "tsx", "--input-type=module", "-e", script];
		const { status, stdout } = spawnSync(process.execPath, args, { encoding: "utf8" });
		return [status, stdout];
	};
	assert.deepEqual(run("--expose-gc"), [0, "0 --predictable\n"]);
	assert.deepEqual(run(), [0, "0 \n"], "only as the wrapper starts it");
});

test("without the wrapper's flags nobody collects, and what is compiled is left to V8", async () => {
	const { nodeHost } = await import("../../daemon/platform/node/host.ts");
	assert.deepEqual([nodeHost.collect, nodeHost.stopOptimizing], [undefined, undefined]);
});
