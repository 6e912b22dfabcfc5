import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { formatReport } from "../../daemon/config/report.ts";
import { sameConfig } from "../../daemon/config/store.ts";
import { GENERATORS } from "../../scripts/generators.ts";
import { DEFAULTS, read } from "./support.ts";

const root = path.join(import.meta.dirname, "../..");

for (const file of GENERATORS.flatMap((generate) => generate())) {
	test(`${file.path} is what its generator makes: npm run generate`, () => {
		assert.equal(fs.readFileSync(path.join(root, file.path), "utf8"), file.text);
	});
}

const shipped = fs.readFileSync(path.join(root, "package/files/etc/config/autonomy"), "utf8");

test("the configuration of a fresh installation says nothing but the defaults", () => {
	const { config, report } = read(shipped);
	assert.equal(formatReport(report), "configuration is fine\n");
	assert.ok(sameConfig(config, DEFAULTS));
});

test("so does the same file with every default switched on", () => {
	const all = shipped.replace(/^\t#(?=option|list)/gm, "\t");
	assert.notEqual(all, shipped);
	const { config, report } = read(all);
	assert.equal(formatReport(report), "configuration is fine\n");
	assert.ok(sameConfig(config, DEFAULTS));
});

test("the examples in its comments are right", () => {
	const examples = shipped.slice(shipped.indexOf("#config member")).replace(/^#/gm, "");
	const { config, report } = read(examples);
	assert.deepEqual(report, []);
	assert.deepEqual([...config.members.keys()], ["starlink_any", "cellular_any", "guest_wan"]);
});
