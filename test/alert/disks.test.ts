/** How full disks are, by the kernel or by df; and what df may say. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createDisks } from "../../daemon/alert/disks.ts";
import type { Files, Processes } from "../../daemon/platform/platform.ts";
import { until } from "../publish/broker.ts";
import { fakeTime } from "../support/fake-platform.ts";
import { platform } from "./support.ts";

/** As on QuickJS: nobody to ask but df. */
const { usedPct: _, ...without } = platform.files;

test("the real df agrees with the kernel", async () => {
	const { clock, processes } = platform;
	const [kernel] = createDisks({ ...platform }).look();
	assert.ok(kernel !== undefined && kernel.usedPct >= 0 && kernel.usedPct <= 100);
	const one = createDisks({ clock, files: without, processes });
	assert.deepEqual(one.look(), [], "df has not answered yet");
	await until("df's answer", () => one.look().length > 0);
	const [byDf] = one.look();
	assert.equal(byDf?.path, kernel.path);
	assert.ok(Math.abs((byDf?.usedPct ?? 0) - kernel.usedPct) < 2, `${byDf?.usedPct} ${kernel.usedPct}`);
});

function desk(paths: readonly string[], answer: () => string | Error) {
	const time = fakeTime();
	const asked: string[] = [];
	const files = {
		stat: (path: string) => (paths.includes(path) ? { size: 0, modifiedMs: 0, isDirectory: true } : null),
	} as unknown as Files;
	const processes = {
		run(argv: readonly string[]) {
			asked.push(argv.join(" "));
			const said = answer();
			return said instanceof Error
				? Promise.reject(said)
				: Promise.resolve({ code: 1, signal: null, stdout: said, stderr: "", timedOut: false });
		},
	} as unknown as Processes;
	return { time, asked, disks: createDisks({ clock: time.clock, files, processes }) };
}

const HEAD = "Filesystem           1024-blocks    Used Available Capacity Mounted on\n";

test("df is asked once in ten minutes, for what is there", async () => {
	const one = desk(
		["/overlay", "/tmp"],
		() => `${HEAD}/dev/ubi0_1 20000 15000 500 97% /overlay\ntmpfs 1000 100 900 10% /tmp\n`,
	);
	for (let minute = 0; minute < 21; minute++) {
		one.disks.look();
		await one.time.advance(60_000);
	}
	assert.deepEqual(one.asked, Array(3).fill("df -P /overlay /tmp"));
	const look = one.disks.look();
	assert.deepEqual(
		look.map(({ path, usedPct }) => [path, Math.round(usedPct * 10) / 10]),
		[
			["/overlay", 97.5],
			["/tmp", 10],
		],
	);
	const bare = desk([], () => HEAD);
	bare.disks.look();
	await bare.time.advance(1000);
	assert.deepEqual([bare.asked, bare.disks.look()], [[], []]);
});

for (const [what, said, wanted] of [
	["nothing", "", []],
	["no df", new Error("tool_missing"), []],
	["a name with spaces", `${HEAD}overlayfs:/my disk 7 100 1 0 100% /overlay\n`, [["/tmp", 100]]],
	["a file system without blocks", `${HEAD}none 0 0 0 0% /tmp\n`, []],
	["other words", "df: /tmp: Permission denied\n\u0000%%% 1 2 3 4%", []],
] as const) {
	test(`df says ${what}`, async () => {
		const one = desk(["/tmp"], () => said as string | Error);
		one.disks.look();
		await one.time.advance(1000);
		assert.deepEqual(
			one.disks.look().map(({ path, usedPct }) => [path, usedPct]),
			wanted,
		);
	});
}
