/** Parts of a task: none may still run when the next task begins, so all of steering waits for all of them. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { createLane, together } from "../../daemon/steer/lane.ts";

const FOLDER = "daemon/steer";

test("a task ends when all its parts have, also when one failed at once", async () => {
	const order: string[] = [];
	const lane = createLane();
	let finish = (): void => undefined;
	const slow = new Promise<void>((resolve) => {
		finish = resolve;
	}).then(() => order.push("slow part"));
	const first = lane.run(() => together([Promise.reject(new Error("no route")), slow]));
	const second = lane.run(async () => order.push("next task"));
	const failed = assert.rejects(first, /no route/);
	for (let turn = 0; turn < 20; turn++) await Promise.resolve();
	assert.deepEqual(order, []);
	finish();
	await Promise.all([failed, second]);
	assert.deepEqual(order, ["slow part", "next task"]);
});

test("steering waits by together(), never by what goes on at the first failure", () => {
	const wrong = readdirSync(FOLDER, { recursive: true, encoding: "utf8" })
		.filter((name) => name.endsWith(".ts"))
		.flatMap((name) =>
			readFileSync(`${FOLDER}/${name}`, "utf8")
				.split("\n")
				// Where together() itself is written all have ended by then.
				.filter((line) => /\bPromise\s*\.\s*(all|race|any)\b/.test(line.replace(/\/\/.*|^\s*\*.*/, "")))
				.map((line) => `${name}: ${line.trim()}`),
		);
	assert.deepEqual(wrong, ["lane.ts: return Promise.all(tasks);"]);
});
