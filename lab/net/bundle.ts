/** Bundles the programs that run inside a lab, so that each starts in a few dozen ms without a TypeScript loader. */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

export const REPO = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

const PROGRAMS = {
	keeper: "lab/net/keeper.ts",
	dish: "lab/dish/main.ts",
	client: "lab/client/agent.ts",
	labd: "lab/router/labd.ts",
	uci: "lab/router/uci-cli.ts",
	ubusd: "lab/ubusd/main.ts",
};

/** Written beside and renamed, so that labs starting at the same time never see half a file. */
export async function bundlePrograms(): Promise<void> {
	const result = await build({
		entryPoints: Object.entries(PROGRAMS).map(([out, file]) => ({ in: `${REPO}/${file}`, out })),
		outdir: `${REPO}/build/lab`,
		outExtension: { ".js": ".mjs" },
		bundle: true,
		write: false,
		platform: "node",
		format: "esm",
		target: "node20",
		logLevel: "error",
		loader: { ".sh": "text" },
		banner: { js: 'import { createRequire as __cr } from "node:module"; const require = __cr(import.meta.url);' },
	});
	mkdirSync(`${REPO}/build/lab`, { recursive: true });
	for (const file of result.outputFiles) {
		const temporary = `${file.path}.${process.pid}`;
		writeFileSync(temporary, file.contents);
		renameSync(temporary, file.path);
	}
}
