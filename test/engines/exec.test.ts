/** How the static runtime's QuickJS starts programs (scripts/qjs-exec.c): what they get, and what stays as it was here. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";

const SOURCE = new URL("./exec/start.c", import.meta.url).pathname;
const COMPILER = "cc";
const skip = spawnSync(COMPILER, ["--version"]).status === 0 ? false : "there is no C compiler here";
const KEPT = "memory kept, handler kept, mask kept, handled 0";

describe("a program started by the static runtime", { skip }, () => {
	const folder = mkdtempSync(join(tmpdir(), "autonomy-exec-"));
	after(() => rmSync(folder, { recursive: true }));
	const program = join(folder, "start");
	if (skip === false) {
		const made = spawnSync(COMPILER, ["-O1", "-Wall", "-Wextra", "-Werror", "-o", program, SOURCE], {
			encoding: "utf8",
		});
		assert.equal(made.status, 0, made.stderr);
	}
	const start = (...words: string[]): string[] => {
		const ran = spawnSync(program, words, { encoding: "utf8", timeout: 60_000 });
		assert.equal(ran.status, 0, `${ran.stderr} ${ran.signal ?? ""}`);
		return ran.stdout.trimEnd().split("\n");
	};

	test("has its three descriptors and no other, its folder and its environment", () => {
		const lines = start("sh", "-c", 'pwd; echo "$TOLD $HOME"; ls /proc/$$/fd; true');
		assert.deepEqual(lines.slice(0, 2), ["/", "so "]);
		// A shell may hold its script or terminal at 10 and above.
		assert.deepEqual(
			lines.slice(2, -2).filter((fd) => Number(fd) < 10 || Number(fd) >= 700),
			["0", "1", "2"],
		);
		assert.deepEqual(lines.slice(-2), ["ended 0 signal 0", KEPT]);
	});

	test("ignores what is ignored here, has no handler of ours, and has the same mask of signals", () => {
		const lines = start("grep", "-E", "^Sig(Blk|Ign|Cgt):", "/proc/self/status");
		const bits = new Map(lines.slice(0, 3).map((line) => line.split(":\t") as [string, string]));
		const has = (name: string, signal: number): boolean =>
			((BigInt(`0x${bits.get(name)}`) >> BigInt(signal - 1)) & 1n) === 1n;
		const [USR1, PIPE, TERM] = [10, 13, 15];
		assert.deepEqual([has("SigBlk", USR1), has("SigBlk", TERM)], [true, false]);
		assert.deepEqual([has("SigIgn", PIPE), has("SigIgn", TERM)], [true, false]);
		assert.equal(has("SigCgt", TERM), false);
		assert.deepEqual(lines.slice(3), ["ended 0 signal 0", KEPT]);
	});

	test("that is not there has ended with 127; how another one ends is told", () => {
		const script = join(folder, "not-executable");
		writeFileSync(script, "", { mode: 0o644 });
		assert.deepEqual(start("autonomy-has-no-such-program"), ["ended 127 signal 0", KEPT]);
		assert.deepEqual(start(script), ["ended 127 signal 0", KEPT]);
		assert.deepEqual(start("sh", "-c", "exit 3"), ["ended 3 signal 0", KEPT]);
		assert.deepEqual(start("sh", "-c", "kill -TERM $$"), ["ended -1 signal 15", KEPT]);
	});
});
