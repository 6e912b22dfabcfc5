/**
 * The daemon's core on processors of routers, by qemu-user: what `make runtime` built, so 32 bits, no FPU, and big-endian.
 * The 24Kc that qemu plays has no FPU: one instruction of it would end the program. Nothing is built here; where it has not
 * been, Debian's own QuickJS for another processor of 32 bits and for one that is big-endian does what it can.
 */
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, describe, test } from "node:test";
import { promisify } from "node:util";
import { facts, SETTINGS, World } from "../decide/support.ts";
import { codec, configuration, decisions, type Recording, type Results } from "./inside/smoke-work.ts";
import { bundleTests, runOnQjs } from "./qjs.ts";

interface Machine {
	/** As `make runtime` names it. */
	readonly arch: string;
	readonly qemu: readonly [string, ...string[]];
	/** Debian's name of a processor that is alike in what matters, and its qemu. */
	readonly instead?: readonly [string, string];
}

const MACHINES: readonly Machine[] = [
	{ arch: "arm_cortex-a7_neon-vfpv4", qemu: ["qemu-arm", "-cpu", "cortex-a7"], instead: ["armhf", "qemu-arm"] },
	{ arch: "mipsel_24kc", qemu: ["qemu-mipsel", "-cpu", "24Kc"] },
	{ arch: "mips_24kc", qemu: ["qemu-mips", "-cpu", "24Kc"], instead: ["s390x", "qemu-s390x"] },
];
/** Generous: qemu on a loaded machine. */
const LIMIT_MS = 600_000;

const run = promisify(execFile);

/** Puts what runs on that machine into `bin`, as programs to be called here; null, or why it cannot. */
async function prepare({ arch, qemu, instead }: Machine, bin: string): Promise<string | null> {
	const put = (name: string, words: readonly string[]): void => {
		writeFileSync(join(bin, name), `#!/bin/sh\nexec ${words.map((word) => `'${word}'`).join(" ")} "$@"\n`);
		chmodSync(join(bin, name), 0o755);
	};
	if (existsSync(`build/runtime/${arch}/qjs`)) {
		if (spawnSync(qemu[0], ["-version"]).status !== 0) return `no ${qemu[0]} here; Debian: apt-get install qemu-user`;
		for (const name of ["qjs", "socat"]) put(name, [...qemu, resolve(`build/runtime/${arch}/${name}`)]);
		return null;
	}
	if (instead === undefined) return `no static QuickJS for it: make runtime ARCH=${arch} first`;
	try {
		put("qjs", [(await run("sh", ["scripts/qjs.sh", ...instead])).stdout.trim()]);
		return null;
	} catch (error) {
		return String((error as { stderr?: string }).stderr ?? error).trim();
	}
}

/** Minutes of two uplinks: one dies, comes back, loses packets, is told to go. */
function record(): Recording {
	const world = new World([facts("wan", 0), facts("lte", 1, { class: "cellular", metered: true })], {}, 7);
	// As often as in need of it, and no more: qemu is slow.
	for (const { truth } of world.members.values()) truth.everyMs = 500;
	world.run(30_000);
	world.set("wan", { dead: true });
	world.run(40_000);
	world.set("wan", { dead: false });
	world.run(60_000);
	world.set("wan", { lossPct: 30, rttMs: 123.4567 });
	world.run(40_000);
	world.set("wan", { lossPct: 0 });
	world.command("failover", "lte", 30_000);
	world.run(40_000);
	const hostile = `config autonomy 'main'\n\toption switch_margin '1e1'\n\toption cooldown_s 'x'\n\toption history_window_s '99999999999'\n`;
	const file = readFileSync("package/files/etc/config/autonomy", "utf8");
	return { configuration: `${file}\n${hostile}`, settings: SETTINGS, inputs: world.inputs };
}

describe("on another processor", { concurrency: 2 }, () => {
	const folder = mkdtempSync(join(tmpdir(), "autonomy-qemu-"));
	after(() => rmSync(folder, { recursive: true }));
	const file = "test/engines/inside/smoke.ts";
	const bundle = bundleTests([file], folder).then((pathOf) => pathOf(file));
	const recording = JSON.parse(JSON.stringify(record())) as Recording;
	const results: Results = {
		configuration: configuration(recording.configuration),
		codec: codec(),
		decisions: decisions(recording),
	};
	writeFileSync(join(folder, "expected"), JSON.stringify({ recording, results }));

	test("the recording is worth it", () => {
		assert.ok(results.decisions.length >= 5, `${results.decisions.length} decisions`);
		assert.match(results.configuration[1] ?? "", /cooldown_s/);
	});
	for (const machine of MACHINES) {
		const { arch, instead } = machine;
		test(`on ${arch}${instead === undefined ? "" : `, or ${instead[0]}`}: the same as on Node`, async (t) => {
			const bin = mkdtempSync(join(folder, "bin-"));
			const why = await prepare(machine, bin);
			if (why !== null) return t.skip(why);
			const more = { PATH: `${bin}:${process.env.PATH}`, EXPECTED: join(folder, "expected") };
			const outcome = await runOnQjs(join(bin, "qjs"), await bundle, LIMIT_MS, more);
			assert.deepEqual(
				outcome.lines.filter((line) => !line.ok),
				[],
			);
			assert.equal(outcome.code, 0, outcome.stderr);
			assert.equal(outcome.lines.length, 4);
		});
	}
});
