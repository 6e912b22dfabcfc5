/** The one sentence of status: what it says is what is, also when the daemon only looks on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { describe } from "../../daemon/decide/describe.ts";
import { sentence } from "../../daemon/serve/status.ts";
import { facts, World } from "../decide/support.ts";

function told(observe: boolean, bad: string | null): string {
	const w = new World([facts("wan", 1), facts("wanb", 2)], { observe }).run(60_000);
	if (bad !== null) w.set(bad, { dead: true });
	w.run(2_000);
	return sentence(describe(w.state), "wan");
}

test("in control it says what traffic uses", () => {
	assert.match(told(false, null), /^Traffic uses wan: score \d+, loss 0 %, \d+ ms\.$/);
	assert.match(told(false, "wan"), /^Traffic uses the backup wanb: .*; wan: no reply from .*\.$/);
});

test("observing it says what it would do, and that it does nothing", () => {
	assert.match(told(true, null), /^Traffic would use wan: .*\. Only observing: nothing is touched\.$/);
	assert.match(told(true, "wan"), /^Traffic would use the backup wanb: .*\. Only observing: nothing is touched\.$/);
});
