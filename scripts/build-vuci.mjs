/**
 * RutOS' pages from vuci-app-autonomy and web/: build/vuci with `ui` and `api`, the payloads of the two packages as they lie below /.
 * Below www/views/services, gzipped as uhttpd there hands them out and with the hash of their content in their names:
 * - Autonomy_HASH.js, an ES module, for RutOS 7.8 and later;
 * - AutonomyScript_HASH.js, a script that leaves its component under the name the loader of 7.5 to 7.7 looks for;
 * - AutonomyPages_HASH.js, all pages, which either of them loads; AutonomyTexts-LANGUAGE_HASH.json, their translations.
 * The menu names the module; what the script's menu would be lies beside it, for the postinst to take.
 */
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { minifiedCss } from "./minified-css.mjs";
import { packTexts } from "./texts.mjs";

const REPO = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const APP = `${REPO}/vuci-app-autonomy`;
const SECTION = "services";
const PAGES_NAME = "autonomyPages";
export const LANGUAGES = ["de", "es"];

/** As RutOS' own build names files, which its loader of 7.5 to 7.7 depends on: _ and six digits of an MD5. */
function hashed(name, text) {
	return `${name}_${createHash("md5").update(text).digest("hex").slice(0, 6)}`;
}

/** Literal texts of the modules that are in the bundle. */
function textsIn(files) {
	const found = new Set();
	for (const file of files) {
		const source = readFileSync(resolve(REPO, file), "utf8");
		for (const [, text] of source.matchAll(/\b_\(\s*("(?:[^"\\\n]|\\.)*")\s*,?\s*\)/g)) found.add(JSON.parse(text));
	}
	return found;
}

/** Text -> translation: those of the LuCI pages, and our own. */
export function translations(language) {
	const po = readFileSync(`${REPO}/luci-app-autonomy/po/${language}/autonomy.po`, "utf8");
	const entries = [...po.matchAll(/^msgid (".*")\nmsgstr (".*")$/gm)].map(([, id, text]) => [
		JSON.parse(id),
		JSON.parse(text),
	]);
	const own = JSON.parse(readFileSync(`${APP}/words/${language}.json`, "utf8"));
	return Object.fromEntries([...entries, ...Object.entries(own)].filter(([id, text]) => id !== "" && text !== ""));
}

async function bundle(entry, options) {
	const result = await build({
		entryPoints: [`${APP}/src/${entry}`],
		bundle: true,
		write: false,
		metafile: true,
		absWorkingDir: REPO,
		outfile: "out.js",
		target: "es2020",
		minify: true,
		charset: "utf8",
		legalComments: "none",
		loader: { ".css": "text" },
		// They become sheets by script: RutOS' content policy refuses any other way of ours.
		plugins: [minifiedCss()],
		logLevel: "warning",
		...options,
	});
	return {
		text: result.outputFiles[0].text,
		inputs: Object.keys(result.metafile.inputs).filter((name) => name.endsWith(".ts")),
	};
}

function menu(view) {
	const entry = { title: "Autonomy", index: 505, view, acls: [`${SECTION}/autonomy`] };
	return `${JSON.stringify({ [`${SECTION}/autonomy`]: entry }, null, "\t")}\n`;
}

export async function buildVuci(target = `${REPO}/build/vuci`) {
	const written = [];
	const views = `${target}/ui/www/views/${SECTION}`;
	rmSync(target, { recursive: true, force: true });
	mkdirSync(views, { recursive: true });
	const put = (name, ending, text) => {
		const file = `${hashed(name, text)}.${ending}`;
		const packed = gzipSync(text, { level: 9 });
		// The time a gzip header may hold is left out by zlib: the same sources give the same bytes.
		writeFileSync(`${views}/${file}.gz`, packed);
		written.push({ name: file, bytes: Buffer.byteLength(text), gzip: packed.length });
		return `/views/${SECTION}/${file}`;
	};

	const packed = await Promise.all(LANGUAGES.map(async (one) => [one, await packTexts(translations(one))]));
	const languageFiles = Object.fromEntries(
		packed.map(([one, text]) => [one, put(`AutonomyTexts-${one}`, "json", text)]),
	);
	const pages = await bundle("main.ts", {
		format: "iife",
		globalName: "__pages",
		inject: [`${APP}/src/shell.ts`],
		define: { LANGUAGE_FILES: JSON.stringify(languageFiles) },
		footer: { js: `globalThis.${PAGES_NAME}=__pages.default;` },
	});
	const define = {
		MAIN_FILE: JSON.stringify(put("AutonomyPages", "js", pages.text)),
		MAIN_NAME: JSON.stringify(PAGES_NAME),
	};
	const asModule = await bundle("entry.ts", { format: "esm", define });
	const moduleFile = put("Autonomy", "js", asModule.text);
	// The loader looks for the component under the view's name without its hash.
	const asScript = await bundle("entry.ts", {
		format: "iife",
		globalName: "__view",
		define,
		footer: { js: `window["${SECTION}/AutonomyScript_js"]=__view.default;` },
	});
	const scriptFile = put("AutonomyScript", "js", asScript.text);

	const view = (file) => file.slice("/views/".length, -".js".length);
	mkdirSync(`${target}/ui/usr/share/vuci/menu.d`, { recursive: true });
	mkdirSync(`${target}/ui/usr/share/autonomy/vuci`, { recursive: true });
	writeFileSync(`${target}/ui/usr/share/vuci/menu.d/autonomy.json`, menu(view(moduleFile)));
	writeFileSync(`${target}/ui/usr/share/autonomy/vuci/menu-script.json`, menu(view(scriptFile)));
	cpSync(`${APP}/api`, `${target}/api`, { recursive: true });
	return { files: written, texts: [...textsIn(pages.inputs)] };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const { files } = await buildVuci();
	for (const { name, bytes, gzip } of files) console.error(`${name} ${bytes} bytes, ${gzip} gzip`);
	console.error(`total ${files.reduce((sum, one) => sum + one.gzip, 0)} gzip`);
}
