/** What the build of the phone app makes: sizes, texts and their translations, policy, icons, the worker's list. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { inflateSync } from "node:zlib";

interface Built {
	readonly hash: string;
	readonly texts: readonly string[];
	readonly files: readonly { readonly name: string; readonly bytes: number; readonly gzip: number }[];
}

interface Script {
	readonly LANGUAGES: readonly string[];
	buildApp(target: string): Promise<Built>;
	wordsOf(language: string, texts: readonly string[]): Readonly<Record<string, string>>;
}

describe("build of the phone app", () => {
	const folder = mkdtempSync(join(tmpdir(), "autonomy-app-"));
	let script: Script;
	let built: Built;
	const text = (name: string): string => readFileSync(join(folder, name), "utf8");
	before(async () => {
		script = (await import("../../scripts/build-app.mjs" as string)) as Script;
		built = await script.buildApp(folder);
	});
	after(() => rmSync(folder, { recursive: true }));

	test("the first view is 60 KB compressed at most, in any language; icons are small", () => {
		const size = (name: string): number => built.files.find((one) => one.name === name)?.gzip ?? Number.NaN;
		const always = ["index.html", "app.js", "app.css", "icon.svg", "manifest.json"];
		for (const language of script.LANGUAGES) {
			const total = [...always, `${language}.json`].reduce((sum, name) => sum + size(name), 0);
			assert.ok(total <= 60_000, `${language}: ${total} bytes`);
		}
		for (const { name, bytes } of built.files)
			if (name.endsWith(".png")) assert.ok(bytes <= 16_000, `${name}: ${bytes}`);
	});

	test("made twice it is the same, and names itself by what is in it", async () => {
		const again = await script.buildApp(folder);
		assert.equal(again.hash, built.hash);
		assert.ok(text("index.html").includes(`app.js?v=${built.hash}`));
		assert.ok(text("sw.js").includes(built.hash));
		for (const name of ["./", "app.js", "app.css", "de.json", "es.json", "manifest.json"])
			assert.ok(text("sw.js").includes(JSON.stringify(name)), name);
	});

	test("every text is translated, keeps its places, and is told by one table alone", () => {
		const source = readFileSync("luci-app-autonomy/po/de/autonomy.po", "utf8");
		const places = (one: string): string[] => (one.match(/\{\w+\}/g) ?? []).sort();
		assert.ok(built.texts.length > 150, String(built.texts.length));
		for (const language of script.LANGUAGES) {
			const words = script.wordsOf(language, built.texts);
			assert.deepEqual(
				built.texts.filter((one) => !words[one]),
				[],
				language,
			);
			for (const [id, translated] of Object.entries(words)) assert.deepEqual(places(translated), places(id), id);
			const own = JSON.parse(readFileSync(`web/app/words/${language}.json`, "utf8")) as Record<string, string>;
			for (const id of Object.keys(own)) {
				assert.ok(built.texts.includes(id), `${language}: nobody says '${id}' any more`);
				assert.ok(!source.includes(`\nmsgid ${JSON.stringify(id)}\n`), `${language}: the pages say '${id}' already`);
			}
			// The daemon's own sentences come along.
			assert.ok(words["No uplink works."], language);
		}
	});

	test("its content policy allows files of its own and nothing else", () => {
		const policy = /Content-Security-Policy" content="([^"]+)"/.exec(text("index.html"))?.[1] ?? "";
		assert.match(policy, /^default-src 'none';/);
		assert.doesNotMatch(policy, /unsafe|\*|https?:|data:|blob:/);
		assert.doesNotMatch(text("index.html"), /<script(?![^>]*src=)|style=|\son\w+=/);
		for (const name of ["app.js", "sw.js"])
			assert.doesNotMatch(text(name), /innerHTML|insertAdjacentHTML|\beval\(|new Function/);
	});

	test("icons are whole PNGs of the sizes they say", () => {
		for (const { name } of built.files.filter((one) => one.name.endsWith(".png"))) {
			const png = readFileSync(join(folder, name));
			const size = Number(/(\d+)\.png$/.exec(name)?.[1]);
			assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [size, size], name);
			const length = png.readUInt32BE(33);
			assert.equal(png.toString("latin1", 37, 41), "IDAT");
			assert.equal(inflateSync(png.subarray(41, 41 + length)).length, size * (size * 4 + 1), name);
		}
	});
});
