/**
 * Our reader beside libuci's own: every example of cases.ts, and texts made by chance, through a real `uci` command.
 * Set OPENWRT_ROOT to an unpacked OpenWrt root file system of this machine's architecture, or have `uci` in PATH.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { nodeFiles } from "../../daemon/platform/node/files.ts";
import { loadPackage } from "../../daemon/uci/load.ts";
import { formatUci } from "../../daemon/uci/write.ts";
import { fakeRandom } from "../support/fake-platform.ts";
import { BAD, DELTA_BASE, DELTAS, GOOD } from "./cases.ts";

const root = process.env.OPENWRT_ROOT;
const command = root === undefined ? "uci" : path.join(root, "sbin/uci");
const env =
	root === undefined
		? process.env
		: { LD_LIBRARY_PATH: ["usr/lib", "lib"].map((dir) => path.join(root, dir)).join(":") };
// Without arguments the command prints its usage.
const usage = spawnSync(command, [], { env, encoding: "utf8" });
const available = usage.status !== null && `${usage.stdout}${usage.stderr}`.includes("del_list");
const skip = available ? false : "no uci command here that runs (set OPENWRT_ROOT)";

interface Outcome {
	readonly text: string | null;
	/** "reason, byte", or "" when it was read. */
	readonly error: string;
}

const REASON = /\((.*)\) at line (\d+), byte (\d+)/;

function outcome(text: string | null, message: string): Outcome {
	const found = REASON.exec(message);
	return { text, error: text !== null || found === null ? "" : `${found[1]}, byte ${found[3]}` };
}

function withFolder(work: (both: (text: string, delta: string, strict: boolean) => [Outcome, Outcome]) => void): void {
	const folder = fs.mkdtempSync(path.join(os.tmpdir(), "uci-against-"));
	const configDir = path.join(folder, "config");
	const saveDir = path.join(folder, "save");
	const overrideDir = path.join(folder, "override");
	for (const dir of [configDir, saveDir, overrideDir]) fs.mkdirSync(dir);
	try {
		work((text, delta, strict) => {
			fs.writeFileSync(path.join(configDir, "d"), text);
			fs.writeFileSync(path.join(saveDir, "d"), delta);
			const args = ["-c", configDir, "-C", overrideDir, "-t", saveDir, strict ? "-s" : "-S", "-n", "export", "d"];
			const result = spawnSync(command, args, { env, encoding: "utf8" });
			const theirs = outcome(result.status === 0 ? result.stdout : null, result.stderr);
			try {
				const pkg = loadPackage(nodeFiles, "d", { configDir, overrideDir, saveDirs: [saveDir], strict });
				assert.ok(pkg !== null);
				return [theirs, outcome(formatUci(pkg, { header: true, names: true }), "")];
			} catch (error) {
				return [theirs, outcome(null, String(error))];
			}
		});
	} finally {
		fs.rmSync(folder, { recursive: true });
	}
}

test("every example is read as libuci reads it", { skip }, () => {
	withFolder((both) => {
		const texts = [...GOOD, ...BAD].map(({ name, text }) => ({ name, text, delta: "" }));
		const deltas = DELTAS.map(({ name, delta }) => ({ name, text: DELTA_BASE, delta }));
		for (const { name, text, delta } of [...texts, ...deltas]) {
			for (const strict of [true, false]) {
				const [theirs, ours] = both(text, delta, strict);
				assert.deepEqual(ours, theirs, `${name}${strict ? "" : " (lenient)"}`);
			}
		}
	});
});

const PIECES = [
	..."config |option |list |c |o |l |package |a|b|foo|name|'|\"|\\|\n|\n|\r\n| |\t|#|;|''|'x y'|\"q\\\"r\"|\\\n|é|1|-|@|\v".split(
		"|",
	),
	..."config a n\n|option x 1\n|list x 2\n|option x ''\n|config a\n|config b n\n|\toption y '1'\n|config b\n".split(
		"|",
	),
];
const DELTA_PIECES =
	"d.n.x='1'|+d.cfg0422f1='anon'|-d.n.x|@d.n='m'|^d.n='1'|~d.n.x='2'|d.n.x=''|d.n='tt'|d.n='a'|-d.n|-d.n.x='0'|d.m.y='it'\\''s'|d.n.x='a\nb'|^d.m='0'|+d.z='k'|e.n.x='1'|d.n|d.m.y=q#c|d.q='type'|d.q.o='v'|'|d.n.x=1;|-d.m.l='-1'|^d.q='9'|d..x='1'|+d.n='other'".split(
		"|",
	);

test("texts made by chance are read as libuci reads them", { skip }, () => {
	withFolder((both) => {
		const random = fakeRandom(20_261);
		const pick = (pieces: readonly string[]): string => pieces[random.uint32() % pieces.length]!;
		let readable = 0;
		for (let i = 0; i < 800; i++) {
			const text = Array.from({ length: 1 + (random.uint32() % 14) }, () => pick(PIECES)).join("");
			const delta = Array.from({ length: random.uint32() % 8 }, () => `${pick(DELTA_PIECES)}\n`).join("");
			const strict = random.uint32() % 3 > 0;
			const [theirs, ours] = both(text, delta, strict);
			// The one thing we write differently: a section type that libuci could not read back.
			const bare = ours.text?.replace(/^config '((?:[^'\n]|'\\'')*)'(?= |$)/gm, "config $1") ?? null;
			assert.deepEqual({ ...ours, text: bare }, theirs, JSON.stringify({ text, delta, strict }));
			if (theirs.text !== null) readable++;
		}
		assert.ok(readable > 100, `only ${readable} texts were readable`);
	});
});
