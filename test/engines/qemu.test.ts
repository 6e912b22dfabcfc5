/**
 * The daemon's core on processors of routers, by qemu-user: what `make runtime` built, so 32 bits, no FPU, and big-endian.
 * The 24Kc that qemu plays has no FPU: one instruction of it would end the program. Nothing is built here.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, describe, test } from "node:test";
import { facts, SETTINGS, World } from "../decide/support.ts";
import { codec, configuration, decisions, type Recording, type Results } from "./inside/smoke-work.ts";
import { bundleTests, runOnQjs } from "./qjs.ts";

const ARCHES: Readonly<Record<string, readonly [string, ...string[]]>> = {
	"arm_cortex-a7_neon-vfpv4": ["qemu-arm", "-cpu", "cortex-a7"],
	mipsel_24kc: ["qemu-mipsel", "-cpu", "24Kc"],
	mips_24kc: ["qemu-mips", "-cpu", "24Kc"],
};
/** Generous: qemu on a loaded machine. */
const LIMIT_MS = 150_000;

function why(arch: string, qemu: string): string | null {
	if (!existsSync(`build/runtime/${arch}/qjs`)) return `no static QuickJS for it: make runtime ARCH=${arch} first`;
	return spawnSync(qemu, ["-version"]).status === 0 ? null : `no ${qemu} here; Debian: apt-get install qemu-user`;
}

/** Minutes of two uplinks: one dies, comes back, loses packets, is told to go. */
function record(): Recording {
	const world = new World([facts("wan", 0), facts("lte", 1, { class: "cellular", metered: true })], {}, 7);
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

const runnable = Object.entries(ARCHES).filter(([arch, [qemu]]) => why(arch, qemu) === null);
for (const [arch, [qemu]] of Object.entries(ARCHES)) {
	const reason = why(arch, qemu);
	if (reason !== null) test(`on ${arch}`, (t) => t.skip(reason));
}

if (runnable.length > 0) {
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
		for (const [arch, argv] of runnable) {
			test(`on ${arch}: the same as on Node`, async () => {
				const bin = mkdtempSync(join(folder, "bin-"));
				for (const name of ["qjs", "socat"]) {
					writeFileSync(
						join(bin, name),
						`#!/bin/sh\nexec ${argv.join(" ")} '${resolve(`build/runtime/${arch}/${name}`)}' "$@"\n`,
					);
					chmodSync(join(bin, name), 0o755);
				}
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
}
