/**
 * Bundles what ships: build/autonomyd.node.mjs, and beside it in autonomyd.node/ what is loaded only when it is needed
 * (the dish's messages, gRPC). pino is bundled in its browserless form; its worker-thread transports are never used and
 * left out; of gRPC the parts that read .proto files and certificates' providers of service meshes.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import { build } from "esbuild";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const PARTS = "build/autonomyd.node";

const result = await build({
	entryPoints: { "autonomyd.node": "daemon/main.ts" },
	outdir: "build",
	outExtension: { ".js": ".mjs" },
	chunkNames: "autonomyd.node/[name]-[hash]",
	splitting: true,
	bundle: true,
	write: false,
	platform: "node",
	target: "node20",
	format: "esm",
	minify: true,
	keepNames: false,
	legalComments: "none",
	sourcemap: false,
	external: ["@grpc/proto-loader"],
	define: { AUTONOMY_VERSION: JSON.stringify(version) },
	banner: { js: 'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);' },
});
mkdirSync(PARTS, { recursive: true });
// Parts first, each renamed into place: a daemon that starts meanwhile finds whole files. Then those of earlier builds go.
const written = new Set();
for (const file of result.outputFiles.toReversed()) {
	const path = relative(".", file.path);
	mkdirSync(dirname(path), { recursive: true });
	writeFileSync(`${path}.${process.pid}`, file.contents);
	renameSync(`${path}.${process.pid}`, path);
	written.add(path);
	console.error(`${path} ${file.contents.length} bytes`);
}
for (const name of readdirSync(PARTS)) {
	if (!written.has(`${PARTS}/${name}`)) rmSync(`${PARTS}/${name}`);
}
