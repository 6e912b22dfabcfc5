/**
 * What a default start loads: exact bytes of the built daemon, reached by static imports. More than the bound, or a part that
 * is for people, for hardware or for settings few routers have, costs every small router memory (docs/engines.md).
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

const REPO = path.dirname(path.dirname(import.meta.dirname));
const skip = existsSync(`${REPO}/build/autonomyd.qjs.js`)
	? false
	: "build/autonomyd.qjs.js is not built: npm run build";

const STATIC = /\b(?:import|export)(?:[\w$*{}, \n]*?\bfrom)?\s*"(\.{1,2}\/[^"]+)"/g;
const ANY = /\bimport\(\s*"(\.{1,2}\/[^"]+)"\s*\)|\b(?:import|export)(?:[\w$*{}, \n]*?\bfrom)?\s*"(\.{1,2}\/[^"]+)"/g;

/** Path -> text, of everything that is loaded from here on. */
function loaded(entry: string, imports: RegExp, found = new Map<string, string>()): Map<string, string> {
	if (found.has(entry)) return found;
	const text = readFileSync(entry, "utf8");
	found.set(entry, text);
	for (const match of text.matchAll(imports)) {
		loaded(path.resolve(path.dirname(entry), match[1] ?? match[2] ?? ""), imports, found);
	}
	return found;
}

const bytes = (files: Map<string, string>): number =>
	[...files.values()].reduce((sum, text) => sum + Buffer.byteLength(text), 0);

/** Words that stand in one part alone. */
const LATER = {
	"MQTT and Home Assistant": "command/result",
	Prometheus: "# HELP",
	"the position": "cell/get",
	"messages of the dish": "get_diagnostics",
	modems: "uqmi",
	"Wi-Fi": "iwinfo",
	"the page of a report": "<!doctype html",
} as const;

test("a default start loads what it needs and no more", { skip }, () => {
	for (const name of ["autonomyd.qjs.js", "autonomyd.node.mjs"]) {
		const entry = `${REPO}/build/${name}`;
		const [first, all] = [loaded(entry, STATIC), loaded(entry, ANY)];
		assert.ok(first.size > 20, `${name}: ${first.size} parts: are imports written otherwise now?`);
		for (const [part, word] of Object.entries(LATER)) {
			const where = (files: Map<string, string>): string[] =>
				[...files].filter(([, text]) => text.includes(word)).map(([file]) => path.basename(file));
			assert.deepEqual(where(first), [], `${part}: loaded at the start of ${name}`);
			assert.notDeepEqual(where(all), [], `${part}: nowhere in ${name}, or '${word}' is not its word any more`);
		}
	}
});

test("bytes on QuickJS: at start, and on flash", { skip }, () => {
	const entry = `${REPO}/build/autonomyd.qjs.js`;
	const [atStart, all] = [bytes(loaded(entry, STATIC)), bytes(loaded(entry, ANY))];
	assert.ok(atStart <= 530_000, `${atStart} bytes are loaded at start: load what a default start does not need later`);
	assert.ok(all <= 762_000, `${all} bytes in all`);
});
