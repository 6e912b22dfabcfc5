import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Plan } from "../../daemon/decide/types.ts";
import type { Family } from "../../daemon/health/types.ts";
import {
	giveBackSteps,
	lastRouteSteps,
	lostRoutes,
	type NetifdDefault,
	parseDefaultRoutes,
	planRoute,
	type RouteChange,
} from "../../daemon/steer/routes.ts";
import { parseRules, ruleSteps, type SourceRule, wantedRules } from "../../daemon/steer/source-rules.ts";
import type { Uplink } from "../../daemon/uplink/types.ts";
import { nthUplink } from "../support/uplink.ts";

const OWNERS: Readonly<Record<string, string>> = { eth1: "wan", eth2: "wanb", eth3: "wanc" };
const owner = (device: string): string | null => OWNERS[device] ?? null;

function plan(rank: string[], avoid: string[] = [], pinned: string | null = null): Plan {
	return { primary: rank[0] ?? null, pinned, families: { ipv4: { rank, avoid }, ipv6: { rank, avoid } } };
}

const NETIFD = `default via 100.64.1.1 dev eth1 proto static src 100.64.1.53 metric 10 
default via 100.64.2.1 dev eth2 proto static metric 20 linkdown 
default via 100.64.3.1 dev eth3 proto static metric 30 `;

const OUR = "default via 100.64.2.1 dev eth2 proto 212 metric 9";
const OUR_CHANGE: RouteChange = { family: "ipv4", uplink: "wanb", words: OUR.split(" "), found: null, demoted: null };

interface Case {
	readonly what: string;
	readonly text: string;
	readonly plan: Plan | null;
	readonly old?: RouteChange;
	readonly family?: Family;
	readonly steps: readonly string[];
	readonly uplink: string | null;
}

const ZERO = "default via 100.64.1.1 dev eth1 proto static \ndefault via 100.64.2.1 dev eth2 proto static metric 20 ";
const ZERO_CHANGE: RouteChange = {
	family: "ipv4",
	uplink: "wanb",
	words: "default via 100.64.2.1 dev eth2 proto 212 metric 0".split(" "),
	found: "default via 100.64.1.1 dev eth1 proto static".split(" "),
	demoted: "default via 100.64.1.1 dev eth1 proto 212 metric 21".split(" "),
};

const CASES: readonly Case[] = [
	{
		what: "the router's own order is right: nothing",
		text: NETIFD,
		plan: plan(["wan", "wanb"]),
		steps: [],
		uplink: "wan",
	},
	{ what: "no plan yet: nothing", text: NETIFD, plan: null, steps: [], uplink: "wan" },
	{ what: "a better one", text: NETIFD, plan: plan(["wanb"]), steps: [`route replace ${OUR}`], uplink: "wanb" },
	{
		what: "avoid alone is enough",
		text: NETIFD,
		plan: plan([], ["wan"]),
		steps: [`route replace ${OUR}`],
		uplink: "wanb",
	},
	{ what: "pinned", text: NETIFD, plan: plan(["wan"], [], "wanb"), steps: [`route replace ${OUR}`], uplink: "wanb" },
	{
		what: "everything avoided: left as it is",
		text: NETIFD,
		plan: plan([], ["wan", "wanb", "wanc"]),
		steps: [],
		uplink: null,
	},
	{
		what: "already there",
		text: `${OUR} \n${NETIFD}`,
		plan: plan(["wanb"]),
		old: OUR_CHANGE,
		steps: [],
		uplink: "wanb",
	},
	{
		what: "back to the router's own order",
		text: `${OUR} \n${NETIFD}`,
		plan: plan(["wan"]),
		old: OUR_CHANGE,
		steps: [`route del ${OUR}`],
		uplink: "wan",
	},
	{
		what: "on to a third: put in before the old one goes",
		text: `${OUR} \n${NETIFD}`,
		plan: plan(["wanc"]),
		old: OUR_CHANGE,
		steps: ["route replace default via 100.64.3.1 dev eth3 proto 212 metric 9", `route del ${OUR}`],
		uplink: "wanc",
	},
	{
		what: "a leftover of ours without state file is cleaned",
		text: `${OUR} \n${NETIFD}`,
		plan: plan(["wan"]),
		steps: [`route del ${OUR}`],
		uplink: "wan",
	},
	{
		what: "a VPN's default route is never outbid",
		text: `default dev wg0 scope link metric 9 \n${NETIFD}`,
		plan: plan(["wanb"]),
		steps: [],
		uplink: "wan",
	},
	{
		what: "a worse default route of others does not matter",
		text: `${NETIFD}\ndefault dev wg0 scope link metric 99 `,
		plan: plan(["wanb"]),
		steps: [`route replace ${OUR}`],
		uplink: "wanb",
	},
	{
		what: "metric 0: netifd's route is kept as a copy and replaced",
		text: ZERO,
		plan: plan(["wanb"]),
		steps: [`route replace ${ZERO_CHANGE.demoted?.join(" ")}`, `route replace ${ZERO_CHANGE.words.join(" ")}`],
		uplink: "wanb",
	},
	{
		what: "metric 0: given back when the router's order is right again",
		text: [ZERO_CHANGE.words, ZERO_CHANGE.demoted ?? []].map((words) => words.join(" ")).join("\n"),
		plan: plan(["wan"]),
		old: ZERO_CHANGE,
		steps: [`route replace ${ZERO_CHANGE.found?.join(" ")}`, `route del ${ZERO_CHANGE.demoted?.join(" ")}`],
		uplink: "wan",
	},
	{
		what: "metric 0: a renewed lease took the place back: ours goes in again",
		text: `${ZERO}\n${ZERO_CHANGE.demoted?.join(" ")}`,
		plan: plan(["wanb"]),
		old: ZERO_CHANGE,
		steps: [`route replace ${ZERO_CHANGE.words.join(" ")}`],
		uplink: "wanb",
	},
	{
		what: "IPv6 routes bound to source prefixes are left alone",
		family: "ipv6",
		text: "default from 2001:db8:a1::/64 via fe80::1 dev eth1 proto static metric 512 pref medium\ndefault from 2001:db8:a2::/64 via fe80::2 dev eth2 proto static metric 513 pref medium",
		plan: plan(["wanb"]),
		steps: [],
		uplink: null,
	},
	{
		what: "IPv6 with router advertisements",
		family: "ipv6",
		text: "default via fe80::1 dev eth1 proto ra metric 1024 expires 1700sec hoplimit 64 pref medium\ndefault via fe80::2 dev eth2 proto static metric 1025 pref medium",
		plan: plan(["wanb"]),
		steps: ["route replace default via fe80::2 dev eth2 pref medium proto 212 metric 1023"],
		uplink: "wanb",
	},
	{
		what: "a multipath route counts as somebody else's",
		text: `default proto static metric 5 \n\tnexthop via 100.64.1.1 dev eth1 weight 1 \n\tnexthop via 100.64.2.1 dev eth2 weight 1 \n${NETIFD}`,
		plan: plan(["wanb"]),
		steps: [`route replace ${OUR}`],
		uplink: "wanb",
	},
	{ what: "no default route at all", text: "10.0.0.0/8 dev br-lan", plan: plan(["wanb"]), steps: [], uplink: null },
];

for (const one of CASES) {
	test(`main table: ${one.what}`, () => {
		const family = one.family ?? "ipv4";
		const result = planRoute(family, parseDefaultRoutes(one.text), owner, one.plan, one.old ?? null);
		assert.deepEqual(result.steps, one.steps);
		assert.equal(result.uplink, one.uplink);
		assert.notEqual(result.reason, "");
	});
}

test("giving back removes what is ours and only what is there", () => {
	assert.deepEqual(giveBackSteps(OUR_CHANGE, parseDefaultRoutes(`${OUR}\n${NETIFD}`)), [`route del ${OUR}`]);
	assert.deepEqual(giveBackSteps(OUR_CHANGE, parseDefaultRoutes(NETIFD)), []);
});

// --- uplinks whose routes netifd has and the kernel has not

const netifd = (metrics: readonly number[], down: readonly number[] = []): NetifdDefault[] =>
	metrics.map((metric, at) => ({
		up: !down.includes(at + 1),
		device: `eth${at + 1}`,
		gateway: `100.64.${at + 1}.1`,
		onlink: false,
		metric,
	}));

function lostPlan(text: string, rank: string[], facts: readonly NetifdDefault[], old: RouteChange | null = null) {
	const routes = parseDefaultRoutes(text);
	return planRoute("ipv4", routes, owner, plan(rank), old, lostRoutes("ipv4", routes, old, facts));
}

test("uplinks of one metric: the kernel has one route, every uplink can be gone to, and back", () => {
	const text = "default via 100.64.3.1 dev eth3 proto static metric 10 ";
	const facts = netifd([10, 10, 10]);
	const moved = lostPlan(text, ["wan", "wanb"], facts);
	assert.deepEqual(moved.steps, ["route replace default via 100.64.1.1 dev eth1 proto 212 metric 9"]);
	assert.equal(moved.uplink, "wan");
	const ours = moved.change?.words.join(" ") ?? "";
	assert.deepEqual(lostPlan(`${ours}\n${text}`, ["wan"], facts, moved.change).steps, [], "once is enough");
	assert.deepEqual(lostPlan(`${ours}\n${text}`, ["wanc"], facts, moved.change).steps, [`route del ${ours}`]);
});

test("no metrics at all: the one route there is stands aside, and comes back", () => {
	const text = "default via 100.64.3.1 dev eth3 proto static ";
	const moved = lostPlan(text, ["wan"], netifd([0, 0, 0]));
	assert.deepEqual(moved.steps, [
		"route replace default via 100.64.3.1 dev eth3 proto 212 metric 1",
		"route replace default via 100.64.1.1 dev eth1 proto 212 metric 0",
	]);
	const now = [moved.change?.words, moved.change?.demoted].map((words) => words?.join(" ")).join("\n");
	assert.deepEqual(lostPlan(now, ["wan"], netifd([0, 0, 0]), moved.change).steps, []);
	assert.deepEqual(giveBackSteps(moved.change, parseDefaultRoutes(now)), [
		"route replace default via 100.64.3.1 dev eth3 proto static",
		"route del default via 100.64.3.1 dev eth3 proto 212 metric 1",
	]);
});

test("the one whose route the kernel had goes down: the others are still there for us, and when we go", () => {
	const facts = netifd([0, 0, 0], [3]);
	const moved = lostPlan("10.0.0.0/8 dev br-lan", ["wanb"], facts);
	assert.deepEqual(moved.steps, ["route replace default via 100.64.2.1 dev eth2 proto 212 metric 0"]);
	const lost = lostRoutes("ipv4", [], moved.change, facts);
	assert.deepEqual(lastRouteSteps([], lost), ["route replace default via 100.64.1.1 dev eth1 metric 0 proto static"]);
	const other = parseDefaultRoutes("default dev wg0 scope link");
	assert.deepEqual(lastRouteSteps(other, lost), [], "there is a way out");
	assert.deepEqual(lostPlan("default dev wg0 scope link", ["wanb"], facts).steps, [], "a VPN's is respected");
});

test("a route that somebody took out stays out; so does that of an uplink that is down or that we do not know", () => {
	const text = "default via 100.64.2.1 dev eth2 proto static metric 20 ";
	assert.deepEqual(lostPlan(text, ["wan"], netifd([10, 20, 30])).steps, []);
	assert.deepEqual(lostPlan(text, ["wan"], netifd([20, 20], [1])).steps, []);
	assert.deepEqual(lostPlan(text, ["wan"], []).steps, []);
});

test("metric 0: ours goes with its link, netifd's route comes back before the next one stands in for it", () => {
	const facts = netifd([0, 20, 30], [2]);
	const text = [ZERO_CHANGE.demoted?.join(" "), "default via 100.64.3.1 dev eth3 proto static metric 30 "].join("\n");
	const back = "route replace default via 100.64.1.1 dev eth1 proto static";
	assert.deepEqual(lostPlan(text, ["wan"], facts, ZERO_CHANGE).steps, [
		back,
		"route del default via 100.64.1.1 dev eth1 proto 212 metric 21",
	]);
	const [first, ...rest] = lostPlan(text, ["wanc"], facts, ZERO_CHANGE).steps;
	assert.equal(first, back);
	assert.ok(rest.includes("route replace default via 100.64.3.1 dev eth3 proto 212 metric 0"), rest.join("; "));
	assert.equal(lostPlan(text, ["wanc"], facts, ZERO_CHANGE).change?.found?.includes("eth1"), true);
	// It is down itself: nothing to come back to.
	assert.ok(!lostPlan(text, ["wanc"], netifd([0, 20, 30], [1, 2]), ZERO_CHANGE).steps.includes(back));
});

// --- source rules

const inMwan3 = (id: string, n: number): Partial<Uplink> => ({
	mwan3: {
		ipv4: { interface: id, family: "ipv4", id: n, mark: n << 8, enabled: true, trackIps: [] },
		ipv6: null,
	},
});

const SAMPLE_RULES = parseRules(readFileSync("test/samples/openwrt/ip-rule.txt", "utf8"));

function steps(
	uplinks: Uplink[],
	ours: SourceRule[] = [],
	actual = SAMPLE_RULES,
): { lines: string[]; wanted: SourceRule[] } {
	const problems: string[] = [];
	const wanted = wantedRules("ipv4", uplinks, ours, actual, problems);
	assert.deepEqual(problems, []);
	return { lines: ruleSteps(ours, wanted, actual), wanted };
}

test("the captured rules are read", () => {
	assert.equal(SAMPLE_RULES.length, 14);
	assert.deepEqual(SAMPLE_RULES[4], { pref: 2001, selector: "from all fwmark 0x100/0x3f00", table: "1" });
});

test("a table of ours, and the main table answers for all but the default; mwan3's tables come and go", () => {
	for (const wan of [nthUplink("wan", 1), nthUplink("wan", 1, inMwan3("wan", 1))])
		assert.deepEqual(steps([wan]).lines, [
			"route replace default via 100.64.1.1 dev eth1 table 9000",
			"rule add pref 900 from 100.64.1.50 lookup main suppress_prefixlength 0",
			"rule add pref 901 from 100.64.1.50 lookup 9000",
		]);
});

test("point to point and gateways outside the own network", () => {
	assert.equal(
		steps([nthUplink("wwan", 1, {}, { gateway: null })]).lines[0],
		"route replace default dev eth1 table 9000",
	);
	assert.equal(
		steps([nthUplink("wan", 1, {}, { gateway: "10.0.0.1" })]).lines[0],
		"route replace default via 10.0.0.1 dev eth1 table 9000 onlink",
	);
});

test("two uplinks with one address are told apart by device", () => {
	const same = { address: "192.168.8.100", gateway: "192.168.8.1" };
	const { lines } = steps([nthUplink("a", 1, inMwan3("a", 1), same), nthUplink("b", 2, inMwan3("b", 2), same)]);
	assert.deepEqual(
		lines.filter((line) => line.startsWith("rule")),
		["rule add pref 901 oif eth1 lookup 9000", "rule add pref 903 oif eth2 lookup 9001"],
	);
});

test("a new address: the new rule first, then the old one goes; the place stays", () => {
	const before = steps([nthUplink("wan", 1, inMwan3("wan", 1))]);
	const actual = [
		...SAMPLE_RULES,
		{ pref: 900, selector: "from 100.64.1.50", table: "main" },
		{ pref: 901, selector: "from 100.64.1.50", table: "9000" },
	];
	const moved = nthUplink("wan", 1, inMwan3("wan", 1), { address: "100.64.1.77" });
	assert.deepEqual(steps([moved], before.wanted, actual).lines, [
		"rule add pref 900 from 100.64.1.77 lookup main suppress_prefixlength 0",
		"rule add pref 901 from 100.64.1.77 lookup 9000",
		"rule del pref 900 from 100.64.1.50 lookup main suppress_prefixlength 0",
		"rule del pref 901 from 100.64.1.50 lookup 9000",
	]);
	assert.deepEqual(steps([], before.wanted, actual).lines, [
		"rule del pref 900 from 100.64.1.50 lookup main suppress_prefixlength 0",
		"rule del pref 901 from 100.64.1.50 lookup 9000",
		"route flush table 9000",
	]);
});

test("nothing to do is nothing, also when the table has a name here", () => {
	const before = steps([nthUplink("wan", 1, inMwan3("wan", 1))]);
	for (const table of ["9000", "wan_table"]) {
		const actual = [
			...SAMPLE_RULES,
			{ pref: 900, selector: "from 100.64.1.50", table: "main" },
			{ pref: 901, selector: "from 100.64.1.50", table },
		];
		assert.deepEqual(steps([nthUplink("wan", 1, inMwan3("wan", 1))], before.wanted, actual).lines, []);
	}
});

test("what only this uplink may answer for stands in front; by the device alone it gets a route, which goes again", () => {
	const dish = (direct: boolean): Partial<Uplink> => ({ peer: { host: "192.168.100.1", direct } });
	const first = steps([nthUplink("wan", 1, dish(false))]);
	assert.deepEqual(first.lines, [
		"route replace default via 100.64.1.1 dev eth1 table 9000",
		"rule add pref 875 from 100.64.1.50 to 192.168.100.1 lookup 9000",
		"rule add pref 900 from 100.64.1.50 lookup main suppress_prefixlength 0",
		"rule add pref 901 from 100.64.1.50 lookup 9000",
	]);
	const actual = [
		...SAMPLE_RULES,
		...parseRules(
			"875:\tfrom 100.64.1.50 to 192.168.100.1 lookup 9000\n900:\tfrom 100.64.1.50 lookup main suppress_prefixlength 0\n901:\tfrom 100.64.1.50 lookup 9000\n",
		),
	];
	assert.deepEqual(steps([nthUplink("wan", 1, dish(false))], first.wanted, actual).lines, []);
	const second = steps([nthUplink("wan", 1, dish(true))], first.wanted, actual);
	assert.deepEqual(second.lines, [
		"route replace default via 100.64.1.1 dev eth1 table 9000",
		"route replace 192.168.100.1 dev eth1 table 9000",
	]);
	assert.deepEqual(steps([nthUplink("wan", 1, dish(false))], second.wanted, actual).lines, [
		"route replace default via 100.64.1.1 dev eth1 table 9000",
		"route flush 192.168.100.1 table 9000",
	]);
	assert.deepEqual(steps([nthUplink("wan", 1)], second.wanted, actual).lines, [
		"route replace default via 100.64.1.1 dev eth1 table 9000",
		"rule del pref 875 from 100.64.1.50 to 192.168.100.1 lookup 9000",
		"route flush 192.168.100.1 table 9000",
	]);
	assert.throws(() => steps([nthUplink("wan", 1, { peer: { host: "1.1.1.1 dev lo", direct: false } })]), /address/);
});

test("preferences and tables of others are passed by", () => {
	const others = [
		{ pref: 901, selector: "from 10.1.1.1", table: "77" },
		{ pref: 30000, selector: "from 10.9.9.9", table: "9001" },
	];
	const { lines } = steps([nthUplink("wan", 1)], [], [...SAMPLE_RULES, ...others]);
	assert.deepEqual(lines.slice(-2), [
		"rule add pref 904 from 100.64.1.50 lookup main suppress_prefixlength 0",
		"rule add pref 905 from 100.64.1.50 lookup 9002",
	]);
});

test("more uplinks than places: told, the rest is served", () => {
	const many = Array.from({ length: 27 }, (_, i) => nthUplink(`u${i}`, i + 1));
	const problems: string[] = [];
	assert.equal(wantedRules("ipv4", many, [], SAMPLE_RULES, problems).length, 25);
	assert.equal(problems.length, 2);
	assert.match(problems[0] ?? "", /u25/);
});

test("down, without address, hostile address, tunnels: no rule", () => {
	const none = [
		nthUplink("a", 1, {}, { up: false }),
		nthUplink("b", 2, {}, { address: null }),
		nthUplink("c", 3, {}, { address: "1.2.3.4; reboot" }),
		nthUplink("d", 4, { tunnel: true }),
		nthUplink("e", 5, {}, { hasDefaultRoute: false }),
	];
	assert.deepEqual(steps(none).lines, []);
});
