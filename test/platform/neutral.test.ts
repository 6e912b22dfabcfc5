/**
 * The daemon without its runtime: everything but platform/node/, platform/qjs/ and the two mains is bundled for no
 * platform at all and run in a bare context that has the language and nothing else: no Buffer, process, setTimeout,
 * console, URL, TextEncoder.
 */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import vm from "node:vm";
import { build } from "esbuild";
import { encodeAnswer } from "../../lab/dish/encode.ts";

const rooms = readdirSync("daemon", { recursive: true, encoding: "utf8" })
	.filter((name) => name.endsWith(".ts") && !/^(platform\/(node|qjs)\/|main\.)/.test(name))
	.sort();

/** All rooms are linked, so that none can need what is not there; these are also run. */
const ENTRY = `
${rooms.map((name, at) => `import * as room${at} from "./${name}"; void room${at};`).join("\n")}
import { step } from "./decide/engine.ts";
import { initialState } from "./decide/state.ts";
import { readConfig } from "./config/read.ts";
import { toSettings } from "./config/settings.ts";
import { parseUci } from "./uci/parse.ts";
import { formatUci } from "./uci/write.ts";
import { BlobWriter } from "./bus/blob.ts";
import { writeTable } from "./bus/blobmsg.ts";
import { decodeTable } from "./bus/blobmsg-read.ts";
import { readStatus } from "./sense/starlink/status.ts";
import { decodeAnswer } from "./sense/starlink/wire.ts";

const read = (text) => readConfig(parseUci(text, { file: "test" }), "test");

export function uci(text) {
	return formatUci(parseUci(text, { file: "test" }));
}
export function config(text) {
	const { config, report } = read(text);
	return { margin: config.main.switchMargin, report: report.map((entry) => entry.level + ":" + entry.option) };
}
export function codec(table) {
	const out = new BlobWriter();
	writeTable(out, table);
	return decodeTable(out.finish());
}
export function dish(bytes) {
	return readStatus(decodeAnswer("get_status", Uint8Array.from(bytes)));
}
export function decide() {
	let state = initialState(toSettings(read("").config));
	const link = (id, order, up) => ({ id, class: "lan", present: true, up, carrier: up, families: up ? ["ipv4"] : [],
		metered: false, weight: 100 - order * 20, order, disabled: false, minUptimeMs: 0, cooldownMs: 0, preferRoaming: false });
	const decisions = [];
	let atMs = 1000;
	const feed = (input) => {
		const result = step(state, { atMs, ...input });
		state = result.state;
		for (const decision of result.decisions) decisions.push([decision.kind, decision.from, decision.to]);
	};
	const reach = (uplink, verdict) => feed({ kind: "reach", uplink, family: "ipv4", verdict, evidence: { silentMs: 0,
		expectedMs: 100, sent: 3, answered: verdict === "up" ? 3 : 0, targets: 3, targetsAnswered: verdict === "up" ? 3 : 0,
		gateway: "unknown", traffic: "idle", method: "icmp", text: "test" } });
	const probes = () => {
		for (const uplink of ["wan", "wanb"]) feed({ kind: "probe", uplink, family: "ipv4", method: "icmp",
			target: "192.0.2.1", rttMs: 20, excused: false });
	};
	feed({ kind: "uplinks", uplinks: [link("wan", 0, true), link("wanb", 1, true)] });
	for (; atMs < 61_000; atMs += 500) {
		if (atMs === 1000) { reach("wan", "up"); reach("wanb", "up"); }
		probes();
		feed({ kind: "tick" });
	}
	reach("wan", "dead");
	return decisions;
}
`;

async function bareContext(): Promise<Record<string, (input?: unknown) => unknown>> {
	const result = await build({
		stdin: { contents: ENTRY, resolveDir: "daemon", loader: "ts" },
		bundle: true,
		write: false,
		platform: "neutral",
		format: "iife",
		globalName: "core",
		target: "es2022",
		logLevel: "silent",
	});
	const context = vm.createContext(Object.create(null));
	vm.runInContext(result.outputFiles[0]?.text ?? "", context);
	// Values made in the context have other prototypes: pass them through JSON.
	return Object.fromEntries(
		["uci", "config", "codec", "dish", "decide"].map((name) => [
			name,
			(input: unknown) => {
				const call = `JSON.stringify(core.${name}(${input === undefined ? "" : JSON.stringify(input)}))`;
				return JSON.parse(vm.runInContext(call, context) as string) as unknown;
			},
		]),
	);
}

test("every room links and loads without a platform", async () => {
	assert.ok(rooms.length > 50, `${rooms.length} files`);
	await bareContext();
});

test("uci, config, the blob codec, a dish's replies and the engine run there", async () => {
	const core = await bareContext();
	assert.equal(core.uci?.("config a 'b'\n\toption c d\n"), "\nconfig a 'b'\n\toption c 'd'\n\n");
	assert.deepEqual(core.config?.("config autonomy 'main'\n\toption switch_margin '15'\n\toption cooldown_s 'x'\n"), {
		margin: 15,
		report: ["warning:cooldown_s"],
	});
	const answer = { dish_get_status: { device_info: { id: "ü" }, outage: { cause: 6, duration_ns: "900000000" } } };
	assert.match(
		JSON.stringify(core.dish?.([...encodeAnswer(answer)])),
		/^\{"id":"ü",.*"outage":\{"cause":"OBSTRUCTED",.*"durationMs":900,/,
	);
	assert.deepEqual(core.codec?.({ a: 1, b: ["ü", true, null], c: { d: 1.5 } }), {
		a: 1,
		b: ["ü", true, null],
		c: { d: 1.5 },
	});
	const decisions = core.decide?.() as [string, string | null, string | null][];
	assert.deepEqual(decisions.at(-1), ["failover", "wan", "wanb"]);
});
