import assert from "node:assert/strict";
import { test } from "node:test";
import "./words.ts";
import { createRpcd, RpcdProblem } from "../../web/rpcd.ts";

function plugin(answers: unknown[]) {
	const asked: string[] = [];
	const slept: number[] = [];
	const rpcd = createRpcd(
		{
			async call(object, method, args) {
				asked.push(`${object} ${method} ${JSON.stringify(args)}`);
				return answers.length > 1 ? answers.shift() : answers[0];
			},
		},
		async (ms) => {
			slept.push(ms);
		},
	);
	return { rpcd, asked, slept };
}

const PENDING = { error: { code: "pending", message: "still being checked" } };

test("what is still going on is asked for again; an answer is the answer", async () => {
	const { rpcd, asked, slept } = plugin([
		PENDING,
		PENDING,
		{ readable: true, clean: true, checked: "full", report: [] },
	]);
	assert.equal((await rpcd.call("config_validate", { text: "config x" })).clean, true);
	assert.equal(asked.length, 3);
	assert.deepEqual(slept, [1000, 1000]);
});

test("not for ever, and what changes the service not twice", async () => {
	const never = plugin([PENDING]);
	await assert.rejects(never.rpcd.call("backup_restore", { id: "000001" }), { reason: "pending" });
	assert.equal(never.asked.length, 20);
	const control = plugin([PENDING]);
	await assert.rejects(control.rpcd.call("service_control", { action: "restart" }), { reason: "pending" });
	assert.equal(control.asked.length, 1);
});

test("refusals carry code, words and reasons; a refusal without words gets some", async () => {
	const { rpcd } = plugin([{ error: { code: "invalid", message: "cannot be read", reasons: ["line 3"] } }]);
	await assert.rejects(rpcd.call("backup_restore", { text: "x" }), (error: unknown) => {
		assert.ok(error instanceof RpcdProblem);
		assert.deepEqual(
			[error.code, error.reason, error.message, error.reasons],
			["refused", "invalid", "cannot be read", ["line 3"]],
		);
		return true;
	});
	for (const broken of [null, 5, {}, { message: 7 }]) {
		await assert.rejects(plugin([{ error: broken }]).rpcd.call("service"), {
			reason: "failed",
			message: "The router gave no reason.",
		});
	}
});
