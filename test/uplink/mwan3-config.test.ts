/** /etc/config/mwan3: ids, marks, and what is refused with a word. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parseUci } from "../../daemon/uci/parse.ts";
import { markOf, parseMwan3 } from "../../daemon/uplink/mwan3-config.ts";

const parse = (text: string): { layout: ReturnType<typeof parseMwan3>; problems: string[] } => {
	const problems: string[] = [];
	const file = parseUci(text.replace(/^package .*$/m, ""), { file: "/etc/config/mwan3" });
	return { layout: parseMwan3(file, problems), problems };
};

test("marks: the id's bits spread over the mask's, as the kernel of a real router shows them", () => {
	assert.equal(markOf(1, 0x3f00), 0x100);
	assert.equal(markOf(3, 0x3f00), 0x300);
	assert.equal(markOf(60, 0x3f00), 0x3c00);
	assert.equal(markOf(64, 0x3f00), null);
	assert.equal(markOf(5, 0xa8000000), 0x88000000);
	assert.equal(markOf(1, 0x80000000), 0x80000000);
});

test("the configuration of a real router", () => {
	const { layout, problems } = parse(readFileSync("test/samples/openwrt/uci-export-mwan3.txt", "utf8"));
	assert.deepEqual(problems, []);
	assert.ok(layout);
	assert.deepEqual(
		layout.links.map((link) => [link.interface, link.id, link.mark, link.family, link.enabled, link.trackIps.length]),
		[
			["wan", 1, 0x100, "ipv4", true, 4],
			["wanb", 2, 0x200, "ipv4", true, 4],
			["wanc", 3, 0x300, "ipv4", true, 4],
		],
	);
	assert.deepEqual(layout.policies, [
		{ name: "failover", members: ["wan_m1_w1", "wanb_m2_w1", "wanc_m3_w1"], lastResort: "unreachable" },
	]);
	assert.deepEqual(
		layout.members.map((member) => member.metric),
		[1, 2, 3],
	);
});

test("disabled and anonymous interfaces count for the numbering", () => {
	const { layout } = parse(
		"config interface 'a'\n\toption enabled '0'\nconfig interface\nconfig interface 'c'\n\toption enabled '1'\n",
	);
	assert.deepEqual(
		layout?.links
			.filter((link) => !link.interface.startsWith("cfg"))
			.map((link) => [link.interface, link.id, link.enabled]),
		[
			["a", 1, false],
			["c", 3, true],
		],
	);
});

test("a mask of one's own, nonsense in masks and metrics", () => {
	assert.equal(
		parse("config globals 'globals'\n\toption mmx_mask '0xff0000'\nconfig interface 'a'\n").layout?.links[0]?.mark,
		0x10000,
	);
	assert.equal(parse("config globals 'globals'\n\toption mmx_mask 'all'\nconfig interface 'a'\n").layout?.mask, 0x3f00);
	const odd = parse(
		"config interface 'a'\nconfig member 'm'\n\toption interface 'a'\n\toption metric '-4'\n\toption weight '0'\n",
	);
	assert.deepEqual(odd.layout?.members, [{ name: "m", interface: "a", metric: 1, weight: 1 }]);
});

test("no interface: nothing to drive", () => {
	assert.equal(parse("").layout, null);
	assert.equal(parse("config policy 'x'\n").layout, null);
});

test("what cannot be used is left alone and named", () => {
	const { layout, problems } = parse(
		"config interface 'a'\nconfig member 'm'\nconfig policy 'a_policy_with_a_long_name'\nconfig policy 'empty'\n",
	);
	assert.deepEqual(
		layout?.policies.map((policy) => [policy.name, policy.members]),
		[["empty", []]],
	);
	assert.match(problems.join("\n"), /member 'm' names no interface; it is left alone/);
	assert.match(problems.join("\n"), /policy 'a_policy_with_a_long_name' has a name longer than 15 characters/);
});

test("a 65th interface does not fit the usual mask", () => {
	const { layout, problems } = parse(Array.from({ length: 65 }, (_, at) => `config interface 'w${at}'`).join("\n"));
	assert.equal(layout?.links.length, 60);
	assert.match(problems[0] ?? "", /number 61, beyond what mmx_mask has room for/);
});
