/** What one engine recorded the other decides again, to the last byte. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Input } from "../../daemon/decide/types.ts";
import { findQjs } from "../../lab/autonomyd.ts";
import { bundleTests, runOnQjs } from "./qjs.ts";
import { live, outcomeOf } from "./recording.ts";

const { path: qjs, why } = findQjs();

test("recordings of each engine on the other", { skip: qjs === null ? why : false }, async (t) => {
	const folder = mkdtempSync(join(tmpdir(), "autonomy-recording-"));
	t.after(() => rmSync(folder, { recursive: true }));
	const ours = live(3);
	const outcome = outcomeOf(ours);
	assert.ok(ours.length > 3000 && outcome.split('"rule"').length > 4, "something happens in it");
	writeFileSync(join(folder, "theirs.json"), JSON.stringify(ours));
	const pathOf = await bundleTests(["test/engines/inside/recording.ts"], join(folder, "bundle"));
	const inside = await runOnQjs(qjs ?? "", pathOf("test/engines/inside/recording.ts"), 150_000, { FOLDER: folder });
	assert.equal(inside.code, 0, inside.stderr);
	const read = (name: string): string => readFileSync(join(folder, name), "utf8");
	// Not by equal(): the difference of two megabytes takes minutes to show.
	assert.ok(read("outcome.json") === outcome, "QuickJS decides otherwise on a recording of Node");
	const made = JSON.parse(read("ours.json")) as Input[];
	assert.ok(JSON.stringify(live(7)) === JSON.stringify(made), "a recording of QuickJS holds other inputs");
	assert.equal(outcomeOf(made), outcomeOf(live(7)));
});
