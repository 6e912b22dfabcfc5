import assert from "node:assert/strict";
import { test } from "node:test";
import { API } from "../../contract/api.ts";
import { SECTIONS } from "../../contract/options.ts";
import type { OptionSpec } from "../../contract/schema.ts";
import { worldFor } from "./world.ts";

const SECRET = "correct-horse-battery";

test("a secret is accepted, and no reply, log line or text ever tells it", async (t) => {
	// No option is a secret yet: the test declares one for its time.
	const main = SECTIONS.find((spec) => spec.key === "main");
	const options = main?.options as OptionSpec[];
	options.push({ name: "api_token", type: "text", format: "hostname", default: null, help: "test", secret: true });
	t.after(() => void options.pop());
	const w = await worldFor(t);
	const set = await w.call("config.set", { values: { api_token: SECRET } });
	assert.equal(set.ok, true, String(set.text));
	const wrong = await w.call("config.set", { values: { api_token: `${SECRET} with spaces` } });
	assert.equal(wrong.ok, false);
	const config = await w.call("config.get");
	assert.deepEqual(config.secrets, ["main.api_token"]);
	const replies: unknown[] = [set, wrong, config];
	for (const [name, spec] of Object.entries(API)) {
		if (spec.rights === "read" && Object.keys(spec.args).length === 0) replies.push(await w.call(name));
	}
	for (const view of ["status", "config", "config_diff", "health", "info"])
		replies.push(await w.call("render", { view }));
	assert.ok(!JSON.stringify(replies).includes(SECRET));
	assert.ok(!JSON.stringify(w.log.lines).includes(SECRET));
	assert.match(String((await w.call("render", { view: "config_diff" })).text), /main\.api_token: set, not shown/);
});
