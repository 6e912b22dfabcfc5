import assert from "node:assert/strict";
import { test } from "node:test";
import type { Plan } from "../../daemon/decide/types.ts";
import { planMetrics } from "../../daemon/steer/mwan3-metrics.ts";
import { choose, mwan3Choice, type PolicyFamily, type PolicyMember } from "../../daemon/steer/plan.ts";

const MARKS: Readonly<Record<string, number>> = { wan: 0x100, wanb: 0x200, wanc: 0x300 };

/** "wan:1:3" = interface, metric, weight; a trailing "!" means not ready, "?" offline for mwan3. */
function member(text: string): PolicyMember {
	const [name = "", metric = "1", weight = "1"] = text.replace(/[!?]/g, "").split(":");
	return {
		member: `${name}_m${metric}_w${weight}`,
		interface: name,
		uplink: name,
		metric: Number(metric),
		weight: Number(weight),
		mark: MARKS[name] ?? 0x400,
		id: (MARKS[name] ?? 0x400) >> 8,
		device: `eth-${name}`,
		ready: !text.includes("!"),
		online: !text.includes("?"),
	};
}

function policy(name: string, ...members: string[]): PolicyFamily {
	return { policy: name, family: "ipv4", lastResort: "unreachable", members: members.map(member) };
}

function plan(rank: string[], avoid: string[] = [], pinned: string | null = null): Plan {
	return {
		primary: rank[0] ?? null,
		pinned,
		families: { ipv4: { rank, avoid }, ipv6: { rank: [], avoid: [] } },
	};
}

const FAILOVER = ["wan:1", "wanb:2", "wanc:3"];
const BALANCED = ["wan:1:3", "wanb:1:2", "wanc:2:1"];

const CASES: readonly [what: string, members: string[], plan: Plan, expected: string | null][] = [
	["the user's order holds while all are well", FAILOVER, plan(["wan", "wanb", "wanc"]), "wan"],
	["failover follows the rank", FAILOVER, plan(["wanc", "wan", "wanb"]), "wanc"],
	["a dead one is left", FAILOVER, plan(["wanb", "wanc"], ["wan"]), "wanb"],
	["all dead: left as it is", FAILOVER, plan([], ["wan", "wanb", "wanc"]), null],
	["not ready is never chosen, however ranked", ["wan:1", "wanb:2!", "wanc:3"], plan(["wanb", "wanc", "wan"]), "wanc"],
	["unknown to the plan: used when mwan3 says online", ["wan:1", "wanb:2"], plan([], ["wan"]), "wanb"],
	["unknown to the plan and offline for mwan3: not used", ["wan:1", "wanb:2?"], plan([], ["wan"]), null],
	["offline for mwan3 but ranked: the plan knows better", ["wan:1", "wanb:2?"], plan(["wanb"], ["wan"]), "wanb"],
	["pinned wins over rank", FAILOVER, plan(["wan", "wanb", "wanc"], [], "wanb"), "wanb"],
	["pinned wins over balancing", BALANCED, plan(["wan", "wanb", "wanc"], [], "wanc"), "wanc"],
	["pinned elsewhere changes nothing", ["wan:1", "wanb:2"], plan(["wan", "wanb"], [], "wanc"), "wan"],
	["pinned but not ready: the rank counts", ["wan:1", "wanb:2!"], plan(["wan"], [], "wanb"), "wan"],
	["balanced stays balanced, rank or not", BALANCED, plan(["wanc", "wanb", "wan"]), "wan+wanb"],
	["balanced among the healthy", BALANCED, plan(["wanb", "wanc"], ["wan"]), "wanb"],
	["balanced, both gone: the next metric", BALANCED, plan(["wanc"], ["wan", "wanb"]), "wanc"],
	["one member: the user's own choice", ["wan:1"], plan(["wanb"], ["wan"]), null],
	["one interface twice is one member", ["wan:1:3", "wan:2:1"], plan(["wanb"], ["wan"]), null],
	[
		"second metric shared: those two share",
		["wan:1", "wanb:2", "wanc:2"],
		plan(["wanc", "wanb"], ["wan"]),
		"wanb+wanc",
	],
	["no member of this family", [], plan(["wan"]), null],
];

for (const [what, members, wish, expected] of CASES) {
	test(`choose: ${what}`, () => {
		const choice = choose(policy("p", ...members), wish);
		assert.equal(choice.members?.map((one) => one.interface).join("+") ?? null, expected);
		assert.notEqual(choice.reason, "");
	});
}

test("mwan3Choice: all online ones at the lowest metric, as mwan3 does it", () => {
	const names = (target: PolicyFamily): string =>
		mwan3Choice(target)
			.map((one) => one.interface)
			.join("+");
	assert.equal(names(policy("p", ...BALANCED)), "wan+wanb");
	assert.equal(names(policy("p", "wan:1?", "wanb:2", "wanc:2")), "wanb+wanc");
	assert.equal(names(policy("p", "wan:1?", "wanb:2?")), "");
});

function metrics(wish: Plan, ...policies: PolicyFamily[]): [Record<string, number>, readonly string[]] {
	const result = planMetrics(policies.map((target) => choose(target, wish)));
	return [Object.fromEntries(result.overrides), result.unexpressed];
}

test("metrics: none when the user's own lead to the choice", () => {
	assert.deepEqual(metrics(plan(["wan", "wanb", "wanc"]), policy("p", ...FAILOVER)), [{}, []]);
});

test("metrics: the chosen one lowest, the rest by rank", () => {
	const [overrides] = metrics(plan(["wanc", "wanb"], ["wan"]), policy("p", ...FAILOVER));
	assert.deepEqual(overrides, { wanc_m3_w1: 1, wan_m1_w1: 3 });
});

test("metrics: members shared by a balanced and a failover policy of mwan3's default config", () => {
	const shared = [
		policy("balanced", "wan:1:3", "wanb:1:3"),
		policy("wan_wanb", "wan:1:3", "wanb:2:2"),
		policy("wanb_wan", "wan:2:3", "wanb:1:2"),
	];
	const [overrides, unexpressed] = metrics(plan(["wanb", "wan"]), ...shared);
	assert.deepEqual(unexpressed, []);
	const value = (name: string, own: number): number => overrides[name] ?? own;
	assert.equal(value("wan_m1_w3", 1), value("wanb_m1_w3", 1));
	assert.ok(value("wanb_m2_w2", 2) < value("wan_m1_w3", 1));
	assert.ok(value("wanb_m1_w2", 1) < value("wan_m2_w3", 2));
});

test("metrics: policies that contradict each other: the first wins, the other is named", () => {
	const both = [policy("share", "wan:1", "wanb:1"), policy("alone", "wan:1", "wanb:1", "wanc:2")];
	const first = choose(both[0]!, plan(["wan", "wanb"]));
	const second = choose(both[1]!, plan(["wan", "wanb"], [], "wanb"));
	const result = planMetrics([first, second]);
	assert.deepEqual([...result.overrides], []);
	assert.deepEqual(result.unexpressed, ["alone"]);
});

test("metrics stay within what mwan3 accepts for sixteen members in a row", () => {
	const members = Array.from({ length: 16 }, (_, i) => `u${i}:${i + 1}`);
	const rank = Array.from({ length: 16 }, (_, i) => `u${15 - i}`);
	const [overrides, unexpressed] = metrics(plan(rank), policy("long", ...members));
	assert.deepEqual(unexpressed, []);
	assert.ok(Object.values(overrides).every((value) => value >= 1 && value <= 256));
	assert.equal(overrides.u15_m16_w1, 1);
});
