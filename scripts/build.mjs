/**
 * Bundles what ships, one source for two engines: build/autonomyd.node.mjs and build/autonomyd.qjs.js. Built in one go, so
 * that what both need is there once, in build/autonomyd.core/; what one of them alone needs is beside it in a folder of its
 * name, and most of that is loaded only when it is needed (the dish's messages, gRPC, MQTT, mail). What of the libraries
 * is left out: lean.mjs.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { build } from "esbuild";
import { buildApp } from "./build-app.mjs";
import { daemonPlugins, doors } from "./doors.mjs";
import { leanLibraries } from "./lean.mjs";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

const ENTRIES = {
	"autonomyd.node": "daemon/main.ts",
	"autonomyd.qjs": "daemon/main.qjs.ts",
};
/** As the wrapper knows them. */
const ENTRY_FILES = { "autonomyd.node.mjs": "autonomyd.node.mjs", "autonomyd.qjs.mjs": "autonomyd.qjs.js" };
/** Libraries in CommonJS ask for Node's modules by a `require` that modules do not have. */
const NODE_BANNER = 'import{createRequire as r}from"node:module";globalThis.require=r(import.meta.url);\n';

/** Every output that an entry loads, now or later. */
function reached(outputs, from, found = new Set()) {
	if (found.has(from)) return found;
	found.add(from);
	for (const { path, external } of outputs[from].imports) if (external !== true) reached(outputs, path, found);
	return found;
}

/** Name of an output of esbuild -> where it goes below build/; those that nobody loads are left out. */
function places(outputs) {
	const sets = Object.keys(ENTRIES).map((name) => [name, reached(outputs, `build/${name}.mjs`)]);
	return new Map(
		Object.keys(outputs).flatMap((path) => {
			const name = basename(path);
			const users = sets.filter(([, set]) => set.has(path)).map(([user]) => user);
			if (users.length === 0) return [];
			return [[name, ENTRY_FILES[name] ?? `${users.length === 1 ? users[0] : "autonomyd.core"}/${name}`]];
		}),
	);
}

const { outputFiles, metafile } = await build({
	entryPoints: { ...ENTRIES, ...doors },
	outdir: "build",
	outExtension: { ".js": ".mjs" },
	chunkNames: "[name]-[hash]",
	splitting: true,
	bundle: true,
	write: false,
	metafile: true,
	format: "esm",
	platform: "node",
	target: "es2022",
	minify: true,
	keepNames: false,
	legalComments: "none",
	sourcemap: false,
	external: ["@grpc/proto-loader"],
	plugins: [...leanLibraries, ...daemonPlugins],
	define: { AUTONOMY_VERSION: JSON.stringify(version) },
});
const placed = places(metafile.outputs);
const folders = new Set([...placed.values()].filter((path) => path.includes("/")).map((path) => path.split("/")[0]));
for (const folder of folders) mkdirSync(`build/${folder}`, { recursive: true });
// Parts first, each renamed into place: a daemon that starts meanwhile finds whole files. Then those of earlier builds go.
const isEntry = (file) => basename(file.path) in ENTRY_FILES;
const wanted = outputFiles.filter((file) => placed.has(basename(file.path)));
for (const file of [...wanted.filter((one) => !isEntry(one)), ...wanted.filter(isEntry)]) {
	const name = basename(file.path);
	const path = placed.get(name);
	const up = path.includes("/") ? "../" : "./";
	const code = file.text.replace(/"\.\/([\w.-]+\.mjs)"/g, (all, other) =>
		placed.has(other) ? `"${up}${placed.get(other)}"` : all,
	);
	const text = name === "autonomyd.node.mjs" ? NODE_BANNER + code : code;
	writeFileSync(`build/${path}.${process.pid}`, text);
	renameSync(`build/${path}.${process.pid}`, `build/${path}`);
	console.error(`build/${path} ${Buffer.byteLength(text)} bytes`);
}
const written = new Set(placed.values());
for (const folder of folders) {
	for (const file of readdirSync(`build/${folder}`))
		if (!written.has(`${folder}/${file}`)) rmSync(`build/${folder}/${file}`);
}

for (const { name, bytes } of (await buildApp()).files) console.error(`build/app/autonomy/${name} ${bytes} bytes`);
