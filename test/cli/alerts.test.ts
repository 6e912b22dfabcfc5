/** autonomyctl alerts, ack, notify, report: the script under busybox ash on a real bus. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { AlertAccess } from "../../daemon/serve/alert-access.ts";
import { type World, world } from "../serve/world.ts";
import { hasAsh, type Tree, tree } from "./shell.ts";

let w: World;
let box: Tree;
const skip = hasAsh ? false : "no busybox with ash here";
const asked: unknown[] = [];
const alerts: AlertAccess = {
	active: () => [
		{
			id: "a1",
			kind: "member_down",
			level: "critical",
			state: "active",
			uplink: "wan",
			text: "wan: no answer",
			raisedAtMs: 0,
			changedAtMs: 0,
			clearedAtMs: null,
			acknowledgedBy: null,
			count: 1,
		},
	],
	history: () => [],
	acknowledge: (id) => asked.push(id),
	status: () => ({ channels: [], hush: null, waiting: 0, limited: 0 }),
	test: (channel) => [{ name: channel ?? "slack", state: "ok", text: "1 sent", missing: false }],
};

before(async () => {
	if (!hasAsh) return;
	w = await world({ alerts, pastS: 60 });
	box = await tree(w.socket);
});
after(async () => {
	if (!hasAsh) return;
	box.remove();
	await w.stop();
});

const CASES: readonly (readonly [string[], number, RegExp])[] = [
	[["alerts"], 0, /^a1 CRITICAL Uplink down, for .*\n {4}wan: no answer\n/],
	[["-j", "alerts"], 0, /"kind":"member_down"/],
	[["ack", "a1"], 0, /^1 alert is acknowledged\n$/],
	[["ack"], 0, /acknowledged\n$/],
	[["ack", "a9"], 1, /no alert a9 holds/],
	[["notify"], 0, /^Nobody is told of alerts/],
	[["notify", "test", "slack"], 0, /^on its way by slack/],
	[["notify", "test", "pigeon"], 2, /channel/],
	[["notify", "nonsense"], 2, /notify status or notify test/],
	[["report"], 0, /^Report, daily: /],
	[["report", "--period", "weekly"], 0, /^Report, weekly: /],
	[["report", "monthly", "--format", "json"], 0, /"period":"monthly"/],
	[["report", "--format", "html"], 0, /^<!doctype html>.*<\/html>/s],
	[["report", "yearly"], 2, /report takes daily, weekly or monthly/],
];
for (const [args, code, wanted] of CASES) {
	test(`autonomyctl ${args.join(" ")}`, { skip }, async () => {
		const ran = await box.ctl(args);
		assert.equal(ran.code, code, ran.stderr);
		assert.match(code === 0 ? ran.stdout : ran.stderr, wanted);
	});
}

test("nobody else's words are obeyed", { skip }, async () => {
	const before = asked.length;
	const ran = await box.ctl(["ack", 'a1","x":"$(reboot)']);
	assert.equal(ran.code, 1);
	assert.equal(asked.length, before);
});
