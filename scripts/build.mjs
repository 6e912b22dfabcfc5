/**
 * Bundles what ships, one source for two engines: build/autonomyd.node.mjs and build/autonomyd.qjs.js, and beside each in
 * a folder of its name what is loaded only when it is needed (the dish's messages, gRPC). pino is bundled in its
 * browserless form; its worker-thread transports are never used and left out; of gRPC the parts that read .proto files
 * and certificates' providers of service meshes; of mqtt.js WebSockets, SOCKS and its copy of Node's streams.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import { build } from "esbuild";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

/** The way mqtt-packet writes numbers by default: from 65 536 buffers made beforehand, 8 MB (measured). */
const CACHED = [
	["let toGenerate = true", "let toGenerate = false"],
	["let writeNumber = writeNumberCached", "let writeNumber = writeNumberGenerated"],
];

/** mqtt.js over TCP and TLS alone, and without its cache of numbers. */
const leanMqtt = {
	name: "mqtt.js without WebSockets and SOCKS",
	setup(on) {
		on.onResolve({ filter: /^(ws|socks)$/ }, ({ path }) => ({ path, namespace: "left-out" }));
		on.onLoad({ filter: /.*/, namespace: "left-out" }, () => ({ contents: "module.exports = {};", loader: "js" }));
		on.onLoad({ filter: /mqtt-packet.writeToStream\.js$/ }, ({ path }) => {
			let contents = readFileSync(path, "utf8");
			for (const [usual, ours] of CACHED) {
				if (!contents.includes(usual)) throw new Error(`${path} has changed: there is no '${usual}'`);
				contents = contents.replace(usual, ours);
			}
			return { contents, loader: "js" };
		});
		on.onResolve({ filter: /^readable-stream$/ }, () => ({ path: "node:stream", external: true }));
	},
};

const TARGETS = [
	{
		name: "autonomyd.node",
		entry: "daemon/main.ts",
		extension: ".mjs",
		options: {
			platform: "node",
			target: "node20",
			external: ["@grpc/proto-loader"],
			plugins: [leanMqtt],
			banner: { js: 'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);' },
		},
	},
	{
		name: "autonomyd.qjs",
		entry: "daemon/main.qjs.ts",
		extension: ".js",
		options: {
			platform: "neutral",
			target: "es2022",
			mainFields: ["module", "main"],
			plugins: [
				{
					name: "modules of QuickJS",
					setup(on) {
						on.onResolve({ filter: /^qjs:/ }, ({ path }) => ({ path: path.slice(4), external: true }));
					},
				},
			],
		},
	},
];

async function bundle({ name, entry, extension, options }) {
	const parts = `build/${name}`;
	const result = await build({
		entryPoints: { [name]: entry },
		outdir: "build",
		outExtension: { ".js": extension },
		chunkNames: `${name}/[name]-[hash]`,
		splitting: true,
		bundle: true,
		write: false,
		format: "esm",
		minify: true,
		keepNames: false,
		legalComments: "none",
		sourcemap: false,
		define: { AUTONOMY_VERSION: JSON.stringify(version) },
		...options,
	});
	mkdirSync(parts, { recursive: true });
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
	for (const file of readdirSync(parts)) {
		if (!written.has(`${parts}/${file}`)) rmSync(`${parts}/${file}`);
	}
}

for (const target of TARGETS) await bundle(target);
