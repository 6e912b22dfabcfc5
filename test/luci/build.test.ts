/** What the build hands to LuCI: shape of the modules, sizes, menu and rights, texts and their translations. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, describe, test } from "node:test";
import { findTexts, LANGUAGES, PO, poFile, poText, readPo, templateText } from "../../scripts/luci-po.ts";
import { type Built, buildPages } from "./support.ts";

const KB = 1024;

describe("build for LuCI", () => {
	let app = "";
	let files: Built["files"] = [];
	const text = (name: string): string => readFileSync(`${app}/htdocs/luci-static/resources/${name}`, "utf8");
	before(async () => {
		({ app, files } = await buildPages());
	});

	test("all pages together 120 KB compressed, none over 50", () => {
		const names = files.map((one) => one.name).sort();
		assert.deepEqual(names, [
			"autonomy/chart.js",
			"autonomy/kit.js",
			"view/autonomy/alerts.js",
			"view/autonomy/history.js",
			"view/autonomy/overview.js",
			"view/autonomy/settings.js",
			"view/autonomy/system.js",
			"view/autonomy/uplink.js",
			"view/status/include/05_autonomy.js",
		]);
		for (const { name, gzip } of files) assert.ok(gzip <= 50 * KB, `${name}: ${gzip} bytes`);
		const total = files.reduce((sum, one) => sum + one.gzip, 0);
		assert.ok(total <= 120 * KB, `together ${total} bytes`);
	});

	test("directives first, a newline last, no template literals, no source map", () => {
		for (const { name } of files) {
			const source = text(name);
			assert.match(source, /^"use strict";"require (view|baseclass)";("require [\w.]+( as \w+)?";)*var __m=/, name);
			assert.match(source, /\nreturn __m\.default;\n$/, name);
			assert.doesNotMatch(source, /sourceMappingURL/, name);
			// In a plain text a backtick does no harm.
			assert.doesNotMatch(source.replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, ""), /`/, name);
		}
	});

	test("what the pages share is in the kit alone", () => {
		for (const { name } of files) {
			const own = text(name).includes("failed with ubus code");
			assert.equal(own, name === "autonomy/kit.js", name);
			// uPlot's classes.
			if (name !== "autonomy/chart.js") assert.doesNotMatch(text(name), /uplot|u-hz/, name);
		}
	});

	test('texts stay literal _("...") in what is built, where LuCI looks for them', () => {
		const built = files.map(({ name }) => text(name)).join("\n");
		const inSource = [...findTexts()].filter(([, where]) =>
			// Patterns are looked up.
			where.some((one) => one.endsWith(".ts") && !/^contract\/|^web\/sentences/.test(one)),
		);
		assert.ok(inSource.length > 200, `${inSource.length} texts`);
		for (const [wanted] of inSource) {
			const forms = [JSON.stringify(wanted), `'${wanted}'`];
			assert.ok(
				forms.some((form) => built.includes(`_(${form})`)),
				wanted,
			);
		}
	});

	test("the template is up to date: npx tsx scripts/luci-po.ts", () => {
		assert.equal(readFileSync(`${PO}/templates/autonomy.pot`, "utf8"), templateText(findTexts()));
	});

	for (const language of LANGUAGES) {
		test(`${language}: every text is translated, and keeps its places`, () => {
			const source = readFileSync(poFile(language), "utf8");
			const texts = findTexts();
			const known = readPo(source);
			assert.deepEqual(
				[...texts.keys()].filter((one) => !known.get(one)),
				[],
			);
			assert.equal(source, poText(language, texts, known));
			const places = (one: string): string[] => (one.match(/\{\w+\}/g) ?? []).sort();
			for (const [id, translated] of known) assert.deepEqual(places(translated), places(id), id);
		});
	}

	test("every menu entry has its view and asks for a right that the access list grants", () => {
		const menu = JSON.parse(readFileSync(`${app}/root/usr/share/luci/menu.d/luci-app-autonomy.json`, "utf8")) as Record<
			string,
			{ action: { type: string; path?: string }; depends?: { acl?: string[] } }
		>;
		const acl = JSON.parse(readFileSync("rpcd/acl.d/luci-app-autonomy.json", "utf8")) as Record<string, unknown>;
		for (const [place, { action, depends }] of Object.entries(menu)) {
			if (action.type === "view")
				assert.ok(
					files.some((one) => one.name === `view/${action.path}.js`),
					place,
				);
			for (const group of depends?.acl ?? []) assert.ok(group in acl, group);
		}
		assert.ok(Object.values(menu).some((one) => one.depends?.acl?.includes("luci-app-autonomy")));
	});
});
