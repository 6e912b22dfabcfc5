/** The memory of the static runtime's QuickJS (scripts/qjs-blocks.c), used at random beside a model. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const SOURCE = new URL("./blocks/fuzz.c", import.meta.url).pathname;
const COMPILER = "cc";
const skip = spawnSync(COMPILER, ["--version"]).status === 0 ? false : "there is no C compiler here";
/** One page of each size stays. */
const SIZES = 40;

test("blocks never overlap, keep what is in them, and come back", { skip }, () => {
	const folder = mkdtempSync(join(tmpdir(), "autonomy-blocks-"));
	try {
		const program = join(folder, "fuzz");
		const made = spawnSync(COMPILER, ["-O1", "-Wall", "-Wextra", "-Werror", "-o", program, SOURCE], {
			encoding: "utf8",
		});
		assert.equal(made.status, 0, made.stderr);
		for (const seed of ["1", "2", "3"]) {
			const ran = spawnSync(program, [seed, "300000"], { encoding: "utf8", timeout: 300_000 });
			assert.equal(ran.status, 0, `seed ${seed}: ${ran.stdout} ${ran.signal ?? ""}`);
			const [peak = 0, end = 0] = ran.stdout.trim().split(" ").map(Number);
			assert.ok(peak > 500, `seed ${seed}: ${peak} pages at the peak`);
			assert.ok(end <= SIZES, `seed ${seed}: ${end} pages are still in use when every block was freed`);
		}
	} finally {
		rmSync(folder, { recursive: true });
	}
});
