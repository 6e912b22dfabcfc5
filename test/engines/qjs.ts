/** Runs test files of this project on QuickJS: bundled with stand-ins for what they take from Node. */
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import type { TestContext } from "node:test";
import { build } from "esbuild";

const HERE = resolve("test/engines/stand-in");

const STAND_INS: Readonly<Record<string, string>> = {
	"node:test": "test",
	"node:assert/strict": "assert",
	"node:fs": "fs",
	"node:path": "path",
	"node:os": "path",
	"node:url": "path",
	"node:net": "net",
	"node:child_process": "net",
};

export interface Line {
	readonly name: string;
	readonly ok: boolean;
	readonly skip?: string;
	readonly error?: string;
}

/** Writes NAME.js for each file into a folder, and the broker they start. */
export async function bundleTests(files: readonly string[], out: string): Promise<(file: string) => string> {
	const nameOf = (file: string): string =>
		file
			.replace(/^test\//, "")
			.replaceAll("/", "-")
			.replace(/(\.test)?\.ts$/, "");
	mkdirSync(out, { recursive: true });
	await build({
		entryPoints: files.map((file) => ({ in: `bundle:${file}`, out: nameOf(file) })),
		outdir: out,
		bundle: true,
		format: "esm",
		platform: "neutral",
		mainFields: ["module", "main"],
		target: "es2022",
		logLevel: "error",
		define: { "import.meta.url": '"file:///"', "process.env.NODE_ENV": '"test"' },
		plugins: [
			{
				name: "stand-ins",
				setup(on) {
					on.onResolve({ filter: /^bundle:/ }, ({ path }) => ({ path: path.slice(7), namespace: "entry" }));
					on.onLoad({ filter: /.*/, namespace: "entry" }, ({ path }) => ({
						contents: `import "${HERE}/globals.ts"; import "${resolve(path)}";`,
						resolveDir: ".",
						loader: "ts",
					}));
					on.onResolve({ filter: /^qjs:/ }, ({ path }) => ({ path: path.slice(4), external: true }));
					on.onResolve({ filter: /^node:/ }, ({ path }) =>
						STAND_INS[path] === undefined ? null : { path: `${HERE}/${STAND_INS[path]}.ts` },
					);
					on.onResolve({ filter: /^fast-check$/ }, ({ importer }) =>
						importer.startsWith(HERE) ? null : { path: `${HERE}/fast-check.ts` },
					);
					on.onResolve({ filter: /platform\/node\/\w+\.ts$/ }, () => ({ path: `${HERE}/node-platform.ts` }));
					on.onResolve({ filter: /ubusd\/ubusd\.ts$/ }, () => ({ path: `${HERE}/ubusd.ts` }));
				},
			},
		],
	});
	await build({
		entryPoints: ["lab/ubusd/main.ts"],
		outfile: `${out}/ubusd.mjs`,
		bundle: true,
		platform: "node",
		format: "esm",
		logLevel: "error",
	});
	return (file) => `${out}/${nameOf(file)}.js`;
}

export interface Outcome {
	readonly lines: readonly Line[];
	readonly code: number | null;
	readonly stderr: string;
}

/** Every test there as a test here. */
export async function reportLines(t: TestContext, { lines, code, stderr }: Outcome): Promise<void> {
	for (const line of lines) {
		await t.test(line.name, (inner) => {
			if (line.skip !== undefined) inner.skip(line.skip);
			if (!line.ok) throw new Error(line.error);
		});
	}
	if (code !== 0 && lines.every((line) => line.ok)) throw new Error(`ended with ${code}: ${stderr}`);
}

export function runOnQjs(
	qjs: string,
	bundle: string,
	limitMs: number,
	more: Readonly<Record<string, string>> = {},
	flags: readonly string[] = [],
): Promise<Outcome> {
	return new Promise((done) => {
		const env = { ...process.env, ...more, NODE: process.execPath, UBUSD_PROGRAM: resolve(bundle, "../ubusd.mjs") };
		const child = spawn(qjs, ["-m", "--no-unhandled-rejection", ...flags, bundle], {
			env,
			stdio: ["ignore", "pipe", "pipe"],
		});
		const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
		let stdout = "";
		let stderr = "";
		child.stdout.setEncoding("utf8").on("data", (text: string) => {
			stdout += text;
		});
		child.stderr.setEncoding("utf8").on("data", (text: string) => {
			stderr = (stderr + text).slice(-4000);
		});
		child.on("close", (code) => {
			clearTimeout(timer);
			const lines = stdout.split("\n").filter((line) => line.startsWith('{"name"'));
			done({ lines: lines.map((line) => JSON.parse(line) as Line), code, stderr });
		});
	});
}
