/**
 * The phone app from web/app: build/app/autonomy, as it lies below /www of a router. Plain files, since OpenWrt's uhttpd
 * sends no Content-Encoding (file.c), each named once in index.html with the hash of all, so that what a browser keeps
 * always belongs together. Texts of another language come from the LuCI pages' translations and from web/app/words.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { iconPng, iconSvg } from "./app-icon.mjs";
import { packTexts } from "./texts.mjs";

const REPO = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const APP = `${REPO}/web/app`;
export const LANGUAGES = ["de", "es"];

const read = (name) => readFileSync(`${APP}/${name}`, "utf8");

/** Literal texts of the modules that are in the bundle. */
export function textsIn(files) {
	const found = new Set();
	for (const file of files) {
		const source = readFileSync(`${REPO}/${file}`, "utf8");
		for (const [, text] of source.matchAll(/\b_\(\s*("(?:[^"\\\n]|\\.)*")\s*,?\s*\)/g)) found.add(JSON.parse(text));
	}
	return [...found].sort();
}

/** What the pages say: where, text, translation. */
function luciTexts(language) {
	const source = readFileSync(`${REPO}/luci-app-autonomy/po/${language}/autonomy.po`, "utf8");
	const entries = [...source.matchAll(/^#: (.*)\nmsgid (".*")\nmsgstr (".*")$/gm)];
	return entries.map(([, where, id, text]) => ({
		where: where.split(" "),
		id: JSON.parse(id),
		text: JSON.parse(text),
	}));
}

/** Besides literal texts: the daemon's own sentences, names of a link's facts, titles of alerts. */
const UNSAID = new Set(["web/sentences.ts", "contract/", "contract/options-alerts.ts"]);

/** Text -> translation, for all texts of the app; what is not translated is left out. */
export function wordsOf(language, texts) {
	const luci = luciTexts(language);
	const own = JSON.parse(read(`words/${language}.json`));
	const wanted = new Set(texts);
	const known = luci.filter(({ where, id }) => wanted.has(id) || where.some((one) => UNSAID.has(one)));
	const all = [...Object.entries(own), ...known.map(({ id, text }) => [id, text])];
	return Object.fromEntries(all.filter(([, text]) => text !== ""));
}

async function bundle(entry, outfile, define = {}) {
	const result = await build({
		entryPoints: [`${APP}/${entry}`],
		outfile,
		absWorkingDir: REPO,
		bundle: true,
		write: false,
		metafile: true,
		minify: true,
		format: "iife",
		target: ["es2022", "safari16"],
		charset: "utf8",
		legalComments: "none",
		define,
		logLevel: "warning",
	});
	return { text: result.outputFiles[0].text, inputs: Object.keys(result.metafile.inputs) };
}

export async function buildApp(target = `${REPO}/build/app/autonomy`) {
	const script = await bundle("main.ts", "app.js");
	const styles = await bundle("style.css", "app.css");
	const texts = textsIn(script.inputs);
	const languages = await Promise.all(
		LANGUAGES.map(async (one) => [`${one}.json`, await packTexts(wordsOf(one, texts))]),
	);
	const files = new Map([
		["app.js", script.text],
		["app.css", styles.text],
		["manifest.json", JSON.stringify(JSON.parse(read("manifest.json")))],
		["icon.svg", iconSvg()],
		["icon-180.png", iconPng(180)],
		["icon-192.png", iconPng(192)],
		["icon-512.png", iconPng(512)],
		["icon-mask-512.png", iconPng(512, true)],
		...languages,
	]);
	const sum = createHash("sha256");
	for (const [name, content] of files) sum.update(name).update(content);
	sum.update(read("sw.ts")).update(read("index.html"));
	const hash = sum.digest("hex").slice(0, 10);
	files.set("index.html", read("index.html").replaceAll("@HASH@", hash));
	const worker = await bundle("sw.ts", "sw.js", {
		SHELL_VERSION: JSON.stringify(hash),
		SHELL_FILES: JSON.stringify(["./", ...[...files.keys()].filter((name) => !/^index|^icon-(mask|5)/.test(name))]),
	});
	files.set("sw.js", worker.text);

	mkdirSync(target, { recursive: true });
	for (const [name, content] of files) {
		writeFileSync(`${target}/.${name}.${process.pid}`, content);
		renameSync(`${target}/.${name}.${process.pid}`, `${target}/${name}`);
	}
	for (const name of readdirSync(target)) if (!files.has(name)) rmSync(`${target}/${name}`);
	const sizes = [...files].map(([name, content]) => {
		const bytes = Buffer.from(content);
		return { name, bytes: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length };
	});
	return { target, hash, texts, inputs: script.inputs, files: sizes };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const { target, files } = await buildApp();
	for (const { name, bytes, gzip } of files) {
		console.error(`${relative(REPO, target)}/${name} ${bytes} bytes, ${gzip} gzip`);
	}
}
