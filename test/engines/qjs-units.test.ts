/**
 * The unit tests of the rooms that know no runtime, and the bus suite against a broker, on QuickJS. Left out are files
 * that need more of Node than there are stand-ins for, and in an ordinary run those that take an engine without a compiler
 * long: AUTONOMY_QJS_LONG=1 runs them too.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { findQjs } from "../../lab/autonomyd.ts";
import { bundleTests, runOnQjs } from "./qjs.ts";

const ROOMS = "alert bus config decide forecast health loop probe record sense serve steer uci uplink".split(" ");
/** Without a stand-in (stand-in/): servers, other engines, compression, programs of tests. */
const BEYOND =
	/from "(node:(?!(?:test|assert\/strict|fs|os|path|url|net|child_process)")[\w/]+|esbuild)"|import\.meta\.dirname|\bchmodSync\b/;
/** There are only halves of these: enough for what supports of tests do with them. */
const HALVES = /from "(node:net|node:child_process)"/;
/** More than a few seconds of processor time there. */
const LONG: readonly string[] = [
	"decide/operator",
	"decide/properties",
	"decide/rules",
	"probe/detector",
	"probe/peers",
	"record/store",
	"sense/fuzz",
	"sense/gps/parts",
	"sense/starlink/decode",
	"sense/usage/parts",
	"sense/wifi/parse",
	"sense/wired/wired",
	"sense/cellular/parse",
	"serve/hostile",
	"serve/methods",
	"serve/starlink",
	"serve/write",
	"uci/property",
];
const LONG_RUN = process.env.AUTONOMY_QJS_LONG === "1";
const LIMIT_MS = LONG_RUN ? 900_000 : 600_000;

const { path: qjs, why } = findQjs();
const files = ROOMS.flatMap((room) =>
	readdirSync(`test/${room}`, { recursive: true, encoding: "utf8" })
		.filter((name) => name.endsWith(".test.ts"))
		.map((name) => `test/${room}/${name}`),
).sort();

/** What a file, or what it imports beside the daemon, needs and is not there. */
function beyond(file: string, seen = new Set<string>()): string | null {
	if (seen.has(file) || file.startsWith("daemon/") || file.endsWith("ubusd/ubusd.ts") || !file.endsWith(".ts"))
		return null;
	seen.add(file);
	const text = readFileSync(file, "utf8");
	const found = BEYOND.exec(text)?.[0] ?? (seen.size === 1 ? HALVES.exec(text)?.[0] : undefined);
	if (found !== undefined) return found;
	for (const [, path = ""] of text.matchAll(/^(?:import|export|\}) .*from "(\.[^"]+)";$/gm)) {
		const deeper = beyond(join(file, "..", path), seen);
		if (deeper !== null) return deeper;
	}
	return null;
}

if (qjs === null) {
	test("unit tests on QuickJS", (t) => t.skip(why));
} else {
	const bundles = mkdtempSync(join("build", "qjs-units-"));
	after(() => rmSync(bundles, { recursive: true }));
	const chosen = files.filter((file) => beyond(file) === null);
	const isLong = (file: string): boolean => LONG.some((part) => file === `test/${part}.test.ts`);
	const wanted = chosen.filter((file) => LONG_RUN || !isLong(file));
	const pathOf = bundleTests(wanted, bundles);

	test("most of them can run there", () => {
		assert.ok(chosen.length > 60, `${chosen.length} of ${files.length}`);
	});
	for (const file of wanted) {
		test(`on QuickJS: ${file}`, async (t) => {
			const outcome = await runOnQjs(qjs, (await pathOf)(file), LIMIT_MS);
			const failed = outcome.lines.filter((line) => !line.ok);
			assert.deepEqual(failed, []);
			assert.equal(outcome.code, 0, outcome.stderr);
			assert.ok(outcome.lines.length > 0, "no tests");
			t.diagnostic(`${outcome.lines.length} tests`);
		});
	}
}
