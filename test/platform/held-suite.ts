/** Output of a program that is left unread until it is asked for: what a platform does, on either engine. */
import assert from "node:assert/strict";
import type { Processes } from "../../daemon/platform/platform.ts";

export const HELD = "start: output that is held waits, is counted, and is told when it is read or the program ends";

export async function heldOutput(
	processes: Processes,
	until: (what: string, condition: () => boolean) => Promise<void>,
): Promise<void> {
	const lines: string[] = [];
	const aside: string[] = [];
	let ended: number | null | undefined;
	const child = processes.start(
		[
			"sh",
			"-c",
			"echo first; read go; echo two; printf 'thr'; read go; echo ee; read go; for i in $(seq 100); do echo a line of thirty bytes is $i; done; echo all >&2; read go; echo last; exit 3",
		],
		{
			onStdoutLine: (line) => lines.push(line),
			onStderrLine: (line) => aside.push(line),
			onExit: (code) => {
				ended = code;
			},
		},
		{ onDemand: true },
	);
	await until("the first line", () => lines.length === 1);
	assert.equal(child.hold(true), true);
	assert.equal(child.hold(true), true);
	child.write("go\n");
	await until("a line that waits", () => child.waiting() === 1);
	await new Promise((resolve) => setTimeout(resolve, 50));
	assert.deepEqual(lines, ["first"], "nobody read it");
	child.read();
	assert.deepEqual(lines, ["first", "two"]);
	assert.equal(child.waiting(), 0);
	child.write("go\n");
	await until("the rest of the line", () => child.waiting() === 1);
	assert.equal(child.hold(false), false);
	assert.deepEqual(lines.slice(1), ["two", "three"], "what waited is told");
	assert.equal(child.hold(true), true);
	child.write("go\n");
	await until("a hundred lines", () => aside.length === 1);
	assert.equal(child.waiting(), 100, "all are counted at once");
	child.read();
	assert.equal(lines.length, 103, "and told");
	child.write("go\n");
	await until("its end, though its output is held", () => ended !== undefined);
	assert.deepEqual([lines.at(-1), ended], ["last", 3]);
	assert.equal(child.hold(true), false, "there is nothing to hold any more");

	const usual = processes.start(["sleep", "60"], { onExit: () => undefined });
	assert.equal(usual.hold(true), false, "only what was started so");
	usual.close();
}
