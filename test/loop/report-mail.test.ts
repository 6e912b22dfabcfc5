import assert from "node:assert/strict";
import { test } from "node:test";
import type { Config } from "../../daemon/config/types.ts";
import { startReportMail } from "../../daemon/loop/report-mail.ts";
import { fakeLog, fakeTime } from "../support/fake-platform.ts";

test("one report per period, after its end; none for one that was not seen to end", async () => {
	// Thursday, 2025-10-09 08:53 UTC.
	const time = fakeTime();
	const email = { enabled: true, report: "daily" as Config["email"]["report"] };
	const sent: string[] = [];
	const mail = startReportMail({
		platform: time,
		log: fakeLog(),
		config: () => email as Config["email"],
		make: (period) => Promise.resolve({ text: period, html: null }),
		send: ({ text }) => sent.push(text) > 0,
	});
	const hour = 3_600_000;
	await time.advance(14 * hour);
	assert.deepEqual(sent, []);
	await time.advance(4 * hour);
	assert.deepEqual(sent, ["daily"]);
	email.report = "weekly";
	await time.advance(72 * hour);
	assert.deepEqual(sent, ["daily", "weekly"], "Monday has come");
	await time.advance(24 * hour);
	email.report = "monthly";
	await time.advance(20 * 24 * hour);
	assert.deepEqual(sent, ["daily", "weekly", "monthly"]);
	email.enabled = false;
	await time.advance(60 * 24 * hour);
	mail.close();
	assert.equal(sent.length, 3);
	assert.equal(time.pending(), 0);
});
