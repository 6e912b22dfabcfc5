/**
 * LuCI's modules from luci-app-autonomy/src and web/: build/luci/luci-app-autonomy, a directory as the LuCI feed wants it
 * (htdocs, root, po, Makefile). Invariants, which test/luci/build.test.ts checks:
 * - the `'require ...'` directives come first and a newline last (LuCI's loader reads the one and evals the other);
 * - no template literals, which LuCI's jsmin breaks, and texts stay `_("...")`, where its i18n-scan finds them;
 * - what kit.ts and chart.ts gather is in the pages by reference only.
 */
import { cpSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { minifiedCss } from "./minified-css.mjs";

const REPO = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const APP = `${REPO}/luci-app-autonomy`;

/** Modules that other modules get from LuCI's loader under this name instead of a copy of their own. */
const GATHERERS = ["kit", "chart"];

/** `import * as name from "path"` of a gatherer: file -> the expression that is this module in a page. */
function gathered() {
	const found = new Map();
	for (const gatherer of GATHERERS) {
		const file = `${APP}/src/autonomy/${gatherer}.ts`;
		for (const [, name, path] of readFileSync(file, "utf8").matchAll(/^import \* as (\w+) from "(\.[^"]+)";$/gm)) {
			found.set(resolve(dirname(file), path), `${gatherer}.${name}`);
		}
	}
	return found;
}

/** Names a module exports, from its text: our modules export functions, classes and constants where they are made. */
function exportsOf(file) {
	return [...readFileSync(file, "utf8").matchAll(/^export (?:async )?(?:function|class|const|let) (\w+)/gm)].map(
		(m) => m[1],
	);
}

function byReference(modules, alsoFrom) {
	return {
		name: "by-reference",
		setup(plugin) {
			plugin.onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
				const file = resolve(resolveDir, path);
				const from = modules.get(file);
				return from !== undefined && alsoFrom.includes(from.split(".")[0]) ? { path: file, namespace: "shared" } : null;
			});
			plugin.onLoad({ filter: /./, namespace: "shared" }, ({ path }) => {
				const names = exportsOf(path).join(", ");
				return { contents: `const { ${names} } = ${modules.get(path)};\nexport { ${names} };`, loader: "js" };
			});
		},
	};
}

/** Source files below a folder, by their path without the ending. */
function sources(folder) {
	return readdirSync(`${APP}/src/${folder}`, { recursive: true, encoding: "utf8" })
		.filter((name) => name.endsWith(".ts"))
		.map((name) => `${folder}/${name.slice(0, -3)}`);
}

export async function buildLuci(target = `${REPO}/build/luci/luci-app-autonomy`) {
	rmSync(target, { recursive: true, force: true });
	const resources = `${target}/htdocs/luci-static/resources`;
	const modules = gathered();
	const written = [];
	for (const name of [...GATHERERS.map((one) => `autonomy/${one}`), ...sources("view")]) {
		const entry = `${APP}/src/${name}.ts`;
		// A module gets by reference what it says it requires.
		const requires = [...readFileSync(entry, "utf8").matchAll(/^"require autonomy\.(\w+) as \w+";$/gm)].map(
			(m) => m[1],
		);
		await build({
			entryPoints: [entry],
			outfile: `${resources}/${name}.js`,
			bundle: true,
			format: "iife",
			globalName: "__m",
			footer: { js: "return __m.default;" },
			target: "es2022",
			minify: true,
			charset: "utf8",
			legalComments: "none",
			supported: { "template-literal": false },
			loader: { ".css": "text" },
			plugins: [byReference(modules, requires), minifiedCss()],
			logLevel: "warning",
		});
		const file = `${resources}/${name}.js`;
		const text = readFileSync(file);
		written.push({ name: `${name}.js`, bytes: text.length, gzip: gzipSync(text, { level: 9 }).length });
	}
	for (const part of ["root", "po", "Makefile"]) cpSync(`${APP}/${part}`, `${target}/${part}`, { recursive: true });
	return written;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const written = await buildLuci();
	for (const { name, bytes, gzip } of written) console.error(`${name} ${bytes} bytes, ${gzip} gzip`);
	console.error(`total ${written.reduce((sum, one) => sum + one.gzip, 0)} gzip`);
}
