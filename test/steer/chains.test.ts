import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { isAutonomyError } from "../../daemon/platform/error.ts";
import { releaseArgv, releasedFlows } from "../../daemon/steer/conntrack.ts";
import { type Drain, drainTable } from "../../daemon/steer/drain.ts";
import {
	describeChain,
	lastResortRules,
	memberRules,
	parseSave,
	probabilityText,
	restoreText,
	sameChain,
	specialMarks,
} from "../../daemon/steer/mwan3-chains.ts";
import { overrideSteps, parseOverrides } from "../../daemon/steer/mwan3-state.ts";
import { addressOf, deviceName, hex, ipLine, policyChain, sectionName } from "../../daemon/steer/names.ts";
import type { PolicyFamily, PolicyMember } from "../../daemon/steer/plan.ts";

const MASK = 0x3f00;
const SAMPLE4 = readFileSync("test/samples/openwrt/iptables-save-mangle.txt", "utf8");
const SAMPLE6 = readFileSync("test/samples/openwrt/ip6tables-save-mangle.txt", "utf8");

function member(name: string, weight: number, mark: number, device: string | null = null): PolicyMember {
	return {
		member: `${name}_m`,
		interface: name,
		uplink: name,
		metric: 1,
		weight,
		mark,
		id: mark >> 8,
		device,
		ready: true,
		online: true,
	};
}

const DRAIN: Drain = {
	family: "ipv4",
	uplink: "wan",
	slot: 0,
	table: 9000,
	device: "eth1",
	address: "100.64.1.50",
};

test("the captured chain reads as mwan3's, and our text for the same members is its own lines", () => {
	const saved = parseSave(SAMPLE4, MASK);
	const wanted = memberRules([member("wan", 1, 0x100)]);
	assert.equal(saved.hooked, true);
	assert.deepEqual([...saved.policies.keys()], ["failover"]);
	assert.ok(sameChain(wanted, saved.policies.get("failover")?.rules ?? []));
	const lines = restoreText(new Map([["failover", wanted]]), MASK).split("\n");
	assert.deepEqual(lines.slice(0, 2), ["*mangle", "-F mwan3_policy_failover"]);
	assert.ok(SAMPLE4.split("\n").includes(lines[2] ?? ""));
	assert.deepEqual(lines.slice(3), ["COMMIT", ""]);
});

test("the captured IPv6 chain is mwan3's last resort", () => {
	const target: PolicyFamily = { policy: "failover", family: "ipv6", lastResort: "unreachable", members: [] };
	const chain = parseSave(SAMPLE6, MASK).policies.get("failover");
	assert.ok(sameChain(lastResortRules(target, MASK), chain?.rules ?? []));
	assert.deepEqual(describeChain(chain?.rules ?? []), ["unreachable"]);
});

test("golden text: three weighted members, as mwan3 2.12 builds them, last one on top", () => {
	const rules = memberRules([member("wan", 3, 0x100), member("wanb", 2, 0x200), member("wanc", 1, 0x300)]);
	assert.equal(
		restoreText(new Map([["balanced", rules]]), MASK),
		`*mangle
-F mwan3_policy_balanced
-A mwan3_policy_balanced -m mark --mark 0x0/0x3f00 -m statistic --mode random --probability 0.166 -m comment --comment "wanc 1 6" -j MARK --set-xmark 0x300/0x3f00
-A mwan3_policy_balanced -m mark --mark 0x0/0x3f00 -m statistic --mode random --probability 0.400 -m comment --comment "wanb 2 5" -j MARK --set-xmark 0x200/0x3f00
-A mwan3_policy_balanced -m mark --mark 0x0/0x3f00 -m comment --comment "wan 3 3" -j MARK --set-xmark 0x100/0x3f00
COMMIT
`,
	);
});

test("golden text: nobody online, with the rules for bound sockets of the router", () => {
	const members = [member("wan", 1, 0x100, "eth1"), member("wanb", 1, 0x200, "eth2")];
	const target: PolicyFamily = { policy: "p", family: "ipv4", lastResort: "blackhole", members };
	assert.equal(
		restoreText(new Map([["p", lastResortRules(target, MASK)]]), MASK),
		`*mangle
-F mwan3_policy_p
-A mwan3_policy_p -o eth2 -m mark --mark 0x0/0x3f00 -m comment --comment "out wanb eth2" -j MARK --set-xmark 0x3f00/0x3f00
-A mwan3_policy_p -o eth1 -m mark --mark 0x0/0x3f00 -m comment --comment "out wan eth1" -j MARK --set-xmark 0x3f00/0x3f00
-A mwan3_policy_p -m mark --mark 0x0/0x3f00 -m comment --comment blackhole -j MARK --set-xmark 0x3d00/0x3f00
COMMIT
`,
	);
});

test("probabilities are cut to thousandths as mwan3 does", () => {
	const cases: [number, number, string][] = [
		[1, 1, "1"],
		[1, 2, "0.500"],
		[1, 3, "0.333"],
		[1, 200, "0.005"],
		[1, 2000, "0.000"],
		[3, 40, "0.075"],
	];
	for (const [weight, total, text] of cases) assert.equal(probabilityText(weight, total), text);
});

test("special marks spread over any mask", () => {
	assert.deepEqual(specialMarks(0x3f00), { default: 0x3f00, unreachable: 0x3e00, blackhole: 0x3d00 });
	assert.deepEqual(specialMarks(0xaa), { default: 0xaa, unreachable: 0xa8, blackhole: 0xa2 });
});

test("chains mwan3 did not write are told apart, their members still read", () => {
	const head = "*mangle\n:mwan3_policy_p - [0:0]\n-A PREROUTING -j mwan3_hook\n-A mwan3_policy_p";
	const end = "-j MARK --set-xmark 0x100/0x3f00";
	const odd = [
		`${head} -m mark --mark 0x0/0x3f00 -m nth --every 2 -m comment --comment "wan 1 2" ${end}`,
		`${head} -m mark --mark 0x0/0xff00 -m comment --comment "wan 1 2" ${end}`,
		`${head} -m mark ! --mark 0x0/0x3f00 -m comment --comment "wan 1 2" ${end}`,
		`${head} -m mark --mark 0x0/0x3f00 -m comment --comment "wan 1 2" -j CONNMARK --set-xmark 0x100/0x3f00`,
		`${head} -m mark --mark 0x0/0x3f00 -m comment --comment "wan 1 2" -j MARK --set-xmark 0x100/0xff00`,
		`${head} -s 10.0.0.0/8 -m mark --mark 0x0/0x3f00 -m comment --comment "wan 1 2" ${end}`,
	];
	for (const text of odd) {
		const chain = parseSave(text, MASK).policies.get("p");
		assert.equal(chain?.rules, null, text);
		assert.deepEqual(chain?.members, ["wan"], text);
	}
	assert.deepEqual(parseSave("", MASK), { hooked: false, policies: new Map() });
});

test("what the kernel gives back for a probability counts as the same", () => {
	const text =
		'-A mwan3_policy_p -m mark --mark 0x0/0x3f00 -m statistic --mode random --probability 0.39999999991 -m comment --comment "wanb 2 5" -j MARK --set-xmark 0x200/0x3f00\n' +
		'-A mwan3_policy_p -m mark --mark 0x0/0x3f00 -m comment --comment "wan 3 3" -j MARK --set-xmark 0x100/0x3f00';
	const chain = parseSave(`:mwan3_policy_p - [0:0]\n${text}`, MASK).policies.get("p");
	assert.ok(sameChain(chain?.rules ?? [], memberRules([member("wan", 3, 0x100), member("wanb", 2, 0x200)])));
	assert.ok(!sameChain(chain?.rules ?? [], memberRules([member("wan", 3, 0x100), member("wanb", 3, 0x200)])));
});

const HOSTILE = [
	"",
	"a b",
	"a\nCOMMIT",
	'a" -j DROP',
	"a'b",
	"-F",
	"a;b",
	"a$b",
	"a`b",
	"ä",
	"a\u0000b",
	"a/b",
	"../a",
	"a".repeat(65),
];

test("hostile names are refused by every encoder with the same error", () => {
	for (const name of HOSTILE) {
		const encoders: [string, () => unknown][] = [
			["policy", () => policyChain(name)],
			["section", () => sectionName(name)],
			["device", () => deviceName(name)],
			["ipv4", () => addressOf("ipv4", name)],
			["ipv6", () => addressOf("ipv6", name)],
			["restore policy", () => restoreText(new Map([[name, memberRules([member("wan", 1, 0x100)])]]), MASK)],
			["restore interface", () => restoreText(new Map([["p", memberRules([member(name, 1, 0x100)])]]), MASK)],
			["override", () => overrideSteps([], new Map([[name, 1]]), new Map())],
			["drain", () => drainTable([{ ...DRAIN, device: name }], ["eth1"])],
			["drained", () => drainTable([{ ...DRAIN, address: name }], ["eth1"])],
			["conntrack", () => releaseArgv("ipv4", { kind: "address", address: name })],
		];
		for (const [what, encode] of encoders) {
			assert.throws(encode, (error) => isAutonomyError(error, "bad_argument"), `${what} ${JSON.stringify(name)}`);
		}
	}
	assert.throws(() => policyChain("a_name_of_sixteen"), /policy name/);
	assert.throws(() => ipLine(["rule", "add", "from", "1.2.3.4\nrule flush"]), /refused/);
	assert.throws(() => hex(-1), /mark/);
	assert.throws(() => hex(2 ** 32), /mark/);
	assert.throws(() => addressOf("ipv4", "256.1.1.1"), /address/);
	assert.throws(() => addressOf("ipv4", "1.2.3"), /address/);
});

test("property: restore text never has more lines than chains and rules, whatever the names", () => {
	fc.assert(
		fc.property(
			fc.string({ unit: "binary", maxLength: 20 }),
			fc.string({ unit: "binary", maxLength: 20 }),
			(policy, name) => {
				let text: string;
				try {
					text = restoreText(new Map([[policy, memberRules([member(name, 1, 0x100)])]]), MASK);
				} catch (error) {
					return isAutonomyError(error, "bad_argument");
				}
				return text.split("\n").length === 5 && /^[\x20-\x7e\n]*$/.test(text);
			},
		),
		{ numRuns: 2000 },
	);
});

test("property: what we write is what we read", () => {
	const arbitrary = fc.array(
		fc.record({
			name: fc.stringMatching(/^[A-Za-z0-9_]{1,15}$/),
			weight: fc.integer({ min: 1, max: 1000 }),
			id: fc.integer({ min: 1, max: 60 }),
		}),
		{ minLength: 1, maxLength: 6 },
	);
	fc.assert(
		fc.property(arbitrary, (list) => {
			const rules = memberRules(list.map((one) => member(one.name, one.weight, one.id << 8)));
			const text = restoreText(new Map([["p", rules]]), MASK).replace("-F mwan3_policy_p", ":mwan3_policy_p - [0:0]");
			return sameChain(rules, parseSave(text, MASK).policies.get("p")?.rules ?? []);
		}),
	);
});

test("parsing anything never throws", () => {
	fc.assert(
		fc.property(fc.string({ unit: "binary" }), (text) => {
			parseSave(`:mwan3_policy_p - [0:0]\n-A mwan3_policy_p ${text}`, MASK);
			parseOverrides(text);
			releasedFlows(text);
			return true;
		}),
		{ numRuns: 2000 },
	);
});

test("metrics in RAM: only our lines, found values come back, nothing to do is nothing", () => {
	const present = parseOverrides("mwan3.globals.iface_max='60'\nmwan3.wan_m.metric='5'\nmwan3.wan_m.metric='7'\nx\n");
	assert.deepEqual([...present], [["wan_m", 7]]);
	const first = overrideSteps([], new Map([["wan_m", 2]]), present);
	assert.deepEqual(first.lines, ["revert mwan3.wan_m.metric", "set mwan3.wan_m.metric='2'"]);
	assert.deepEqual(first.next, [{ member: "wan_m", metric: 2, found: 7 }]);
	const ours = new Map([["wan_m", 2]]);
	assert.deepEqual(overrideSteps(first.next, ours, ours).lines, []);
	assert.deepEqual(overrideSteps(first.next, new Map(), ours).lines, [
		"revert mwan3.wan_m.metric",
		"set mwan3.wan_m.metric='7'",
	]);
	assert.deepEqual(overrideSteps(first.next, new Map(), new Map([["wan_m", 9]])).lines, [], "changed by somebody else");
	// A crash between the word that there will be another and its being there: either is ours.
	const second = overrideSteps(first.next, new Map([["wan_m", 3]]), ours);
	assert.deepEqual(second.next, [{ member: "wan_m", metric: 3, found: 7, was: 2 }]);
	for (const metric of [2, 3]) {
		const back: string[] = overrideSteps(second.next, new Map(), new Map([["wan_m", metric]])).lines;
		assert.deepEqual(back, ["revert mwan3.wan_m.metric", "set mwan3.wan_m.metric='7'"], `${metric} is there`);
	}
	assert.deepEqual(overrideSteps(second.next, new Map(), new Map([["wan_m", 9]])).lines, []);
});

test("held connections: masqueraded ones by their address, the others by a mark they get as they begin", () => {
	const other: Drain = { ...DRAIN, family: "ipv6", slot: 1, address: "2001:db8::5" };
	const text = drainTable([DRAIN, other], ["eth1", "eth2"]);
	assert.equal(drainTable([other, DRAIN], ["eth1", "eth2"]), text, "whichever family came first");
	assert.deepEqual(
		text.split("\n").filter((line) => line.includes("mark")),
		[
			"\t\tct reply ip daddr 100.64.1.50 meta mark set meta mark and 0xc1ffffff or 0x2000000",
			"\t\tmeta nfproto ipv4 ct mark and 0x3e000000 == 0x2000000 meta mark set meta mark and 0xc1ffffff or 0x2000000",
			"\t\tct reply ip6 daddr 2001:db8::5 meta mark set meta mark and 0xc1ffffff or 0x4000000",
			"\t\tmeta nfproto ipv6 ct mark and 0x3e000000 == 0x4000000 meta mark set meta mark and 0xc1ffffff or 0x4000000",
			'\t\tmeta nfproto ipv4 oifname "eth1" ct state new ct mark set ct mark and 0xc1ffffff or 0x2000000',
			'\t\tmeta nfproto ipv6 oifname "eth1" ct state new ct mark set ct mark and 0xc1ffffff or 0x4000000',
		],
	);
});

test("conntrack: one uplink and family at a time, by mark or by masqueraded address", () => {
	assert.deepEqual(releaseArgv("ipv4", { kind: "mark", mark: 0x100, mask: MASK }), [
		"conntrack",
		"-D",
		"-f",
		"ipv4",
		"--mark",
		"0x100/0x3f00",
	]);
	assert.deepEqual(releaseArgv("ipv6", { kind: "address", address: "2001:db8::1" }), [
		"conntrack",
		"-D",
		"-f",
		"ipv6",
		"--reply-dst",
		"2001:db8::1",
	]);
	assert.equal(releasedFlows("conntrack v1.4.7 (conntrack-tools): 12 flow entries have been deleted.\n"), 12);
	assert.equal(releasedFlows("Operation failed: invalid parameters"), null);
});
