/**
 * Bundles what ships: build/autonomyd.node.mjs, one file, one line of code per statement kept readable enough for a
 * stack trace. pino is bundled in its browserless form; its worker-thread transports are never used and left out.
 */
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { build } from "esbuild";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

mkdirSync("build", { recursive: true });
await build({
	entryPoints: ["daemon/main.ts"],
	outfile: "build/autonomyd.node.mjs",
	bundle: true,
	platform: "node",
	target: "node20",
	format: "esm",
	minify: true,
	keepNames: false,
	legalComments: "none",
	sourcemap: false,
	define: { AUTONOMY_VERSION: JSON.stringify(version) },
	banner: { js: 'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);' },
});
console.error(`build/autonomyd.node.mjs ${statSync("build/autonomyd.node.mjs").size} bytes`);
