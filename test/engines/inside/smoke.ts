/**
 * What the daemon must do alike on every processor: the configuration, the wire format, decisions from a recording, and a
 * round trip over ubus. Runs on QuickJS of another architecture, started by ../qemu.test.ts, which has done the same on
 * Node before and left the results in the file that EXPECTED names.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createQjsPlatform } from "../../../daemon/platform/qjs/platform.ts";
import { connected, LIMIT_MS, standIn } from "../../bus/support.ts";
import { codec, configuration, decisions, type Recording, type Results } from "./smoke-work.ts";

const path = createQjsPlatform().host.env("EXPECTED") ?? "";
const { recording, results } = JSON.parse(readFileSync(path, "utf8")) as { recording: Recording; results: Results };

test("configuration: the same values and the same report", () => {
	assert.deepEqual(configuration(recording.configuration), results.configuration);
});

test("codec: the same bytes", () => {
	assert.equal(codec(), results.codec);
});

test("engine: the recording gives the same decisions, to the letter", () => {
	assert.deepEqual(decisions(recording), results.decisions);
});

test("ubus: a call over the broker comes back with its answer", async (t) => {
	const { path: socket } = await standIn.start(t);
	const [provider, caller] = [await connected(t, socket), await connected(t, socket)];
	const served = provider.serve({
		path: "x",
		methods: { hello: { args: { id: "int32", text: "string" }, handle: (args) => ({ args, half: 0.5 }) } },
	});
	await served.whenRegistered(LIMIT_MS);
	const args = { id: -7, text: "hä" };
	assert.deepEqual(await caller.call("x", "hello", args, { timeoutMs: LIMIT_MS }), { args, half: 0.5 });
});
