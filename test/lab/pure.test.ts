/** The parts of the lab that are plain functions: plans, fault tables, tallies, scenario files, mwan3's layout, DNS. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { parseUci } from "../../daemon/uci/parse.ts";
import { leftAtMs, type Sent, tally } from "../../lab/client/tally.ts";
import {
	emptyPolicy,
	generalChains,
	interfaceChain,
	markOf,
	marks,
	memberStep,
	readMwan3,
	removeChains,
	userRules,
} from "../../lab/mwan3/layout.ts";
import { faultTable } from "../../lab/net/faults.ts";
import { dnsAnswer } from "../../lab/net/internet.ts";
import { ispOfAddress, makePlan } from "../../lab/net/plan.ts";
import { mwan3Config, networkConfig } from "../../lab/router/config.ts";
import { dhcpLease, network4, network6, readInterface, statusOf, upLines } from "../../lab/router/interfaces.ts";
import { matches } from "../../lab/router/session.ts";
import { readScenario } from "../../lab/scenario/format.ts";

describe("plan", () => {
	test("1 to 16 ISPs, each address tells its ISP", () => {
		for (const isps of [1, 3, 16]) {
			const plan = makePlan({ isps });
			assert.equal(plan.isps.length, isps);
			for (const isp of plan.isps) {
				assert.equal(ispOfAddress(isp.address4), isp.index);
				assert.equal(ispOfAddress(isp.address6), isp.index);
				assert.equal(ispOfAddress(`::ffff:${isp.address4}`), isp.index);
			}
			assert.equal(new Set(plan.isps.map((isp) => isp.interface)).size, isps);
		}
		assert.equal(ispOfAddress("192.168.1.100"), null);
	});

	for (const isps of [0, 17, 2.5, Number.NaN]) {
		test(`${isps} ISPs are refused`, () => {
			assert.throws(() => makePlan({ isps }), { message: `isps must be 1-16, not ${isps}` });
		});
	}
});

describe("tally", () => {
	const packet = (atMs: number, isp: number | null): Sent => ({ atMs, isp, rttMs: isp === null ? null : 1 });

	test("the longest run of lost packets counts, to the next that got through", () => {
		const list = [
			packet(0, 1),
			packet(10, null),
			packet(20, 1),
			packet(30, null),
			packet(40, null),
			packet(50, 2),
			packet(60, 2),
		];
		const result = tally(list);
		assert.equal(result.lost, 3);
		assert.equal(result.gapMs, 20);
		assert.equal(result.gapFromMs, 30);
		assert.deepEqual(result.ways, [
			{ isp: 1, fromMs: 0, packets: 2 },
			{ isp: 2, fromMs: 50, packets: 2 },
		]);
		assert.equal(leftAtMs(list, 1), 50);
		assert.equal(leftAtMs(list, 2), null);
	});

	test("a run that never ends is a gap until the last packet", () => {
		assert.equal(tally([packet(0, 1), packet(10, null), packet(20, null), packet(30, null)]).gapMs, 20);
	});

	test("nothing sent, nothing lost", () => {
		assert.deepEqual([tally([]).gapMs, tally([]).lost, tally([]).rttMs], [0, 0, null]);
	});
});

describe("faults", () => {
	test("healing is an empty table", () => {
		assert.equal(faultTable({}), "table inet fault\ndelete table inet fault\n");
	});

	test("faults combine in one table", () => {
		const text = faultTable({ gatewayOnly: true, lossUpPct: 12.5, deadTargets: ["1.1.1.1", "2606:4700:4700::1111"] });
		assert.match(text, /iifname "cust0" numgen random mod 10000 < 1250 drop/);
		assert.match(text, /ip daddr 1\.1\.1\.1 drop/);
		assert.match(text, /ip6 daddr 2606:4700:4700::1111 drop/);
		assert.equal(text.match(/chain through/g)?.length, 1);
	});

	for (const pct of [-1, 0.001, 101]) {
		test(`${pct} % loss is refused`, () => {
			assert.throws(() => faultTable({ lossUpPct: pct }), { message: `loss must be 0.01-100 %, not ${pct}` });
		});
	}
});

describe("scenario files", () => {
	const cases: [string, string, string][] = [
		["no JSON", "{", "s.json: "],
		["a list", "[]", "s.json: must be an object"],
		["no steps", "{}", "s.json: steps must be a list"],
		["too many ISPs", '{"isps":17,"steps":[]}', "s.json: isps must be 1-16"],
		["a layout nobody knows", '{"layout":"x","steps":[]}', 's.json: layout must be "mwan3" or "plain"'],
		["a step nobody knows", '{"steps":[{"at_s":1,"do":"explode"}]}', 's.json: step 1: unknown step "explode"; known: '],
		["an inherited name", '{"steps":[{"at_s":1,"do":"toString"}]}', 's.json: step 1: unknown step "toString"; known: '],
		["no time", '{"steps":[{"do":"heal"}]}', "s.json: step 1: at_s must be 0-86400"],
		[
			"an ISP that is not there",
			'{"steps":[{"at_s":1,"do":"blackhole","isp":4}]}',
			"s.json: step 1: isp must be an ISP, 1-3",
		],
		["a missing field", '{"steps":[{"at_s":1,"do":"loss","isp":1}]}', "s.json: step 1: pct must be 0.01-100"],
		["a field too many", '{"steps":[{"at_s":1,"do":"heal","pct":1}]}', "s.json: step 1: unknown field pct"],
		[
			"a wrong direction",
			'{"steps":[{"at_s":1,"do":"one_way_loss","isp":1,"pct":5,"direction":"left"}]}',
			's.json: step 1: direction must be "down" or "up"',
		],
		[
			"targets that are none",
			'{"steps":[{"at_s":1,"do":"target_dead","targets":["a; drop"]}]}',
			"s.json: step 1: targets must be a list of addresses",
		],
		["too short", '{"length_s":1,"steps":[{"at_s":2,"do":"heal"}]}', "s.json: length_s must be at least 2"],
		[
			"an expectation without a time",
			'{"steps":[],"expect":[{"via":1}]}',
			"s.json: expectation 1: at_s must be 0-86400",
		],
	];
	for (const [name, text, message] of cases) {
		test(name, () => {
			assert.throws(
				() => readScenario(text, "s.json"),
				(error: Error) => error.message.startsWith(message) || assert.fail(error.message),
			);
		});
	}

	test("the ones that ship can be read, steps in order of time", () => {
		for (const file of readdirSync("lab/scenario/files")) {
			const { steps } = readScenario(readFileSync(`lab/scenario/files/${file}`, "utf8"), file);
			assert.deepEqual(
				steps.map((step) => step.at_s),
				steps.map((step) => step.at_s).sort((a, b) => a - b),
			);
		}
	});
});

describe("mwan3's layout", () => {
	test("marks spread over the bits of the mask", () => {
		assert.deepEqual(
			[1, 2, 63].map((id) => markOf(id, 0x3f00)),
			[0x100, 0x200, 0x3f00],
		);
		assert.equal(markOf(3, 0x0505), 0x5);
		const m = marks(0x3f00);
		assert.deepEqual([m.default, m.unreachable, m.blackhole], ["0x3f00/0x3f00", "0x3e00/0x3f00", "0x3d00/0x3f00"]);
		assert.deepEqual([m.unreachableId, m.blackholeId], [62, 61]);
	});

	test("the chains of the captured router come out as captured", () => {
		const sample = readFileSync("test/samples/openwrt/iptables-save-mangle.txt", "utf8");
		const config = readMwan3(
			parseUci(readFileSync("test/samples/openwrt/uci-export-mwan3.txt", "utf8"), { file: "mwan3" }),
		);
		const written = [
			generalChains(config, "ipv4"),
			...config.interfaces.map((link, i) => interfaceChain(config, link, `eth${i + 1}`, false)),
			emptyPolicy(config, "failover", "unreachable", false),
			userRules(config, "ipv4"),
		].join("\n");
		const state = { lowest: 256, totalWeight: 0 };
		const chosen = config.members.map((m, i) => memberStep(config, "failover", m, i + 1, state)).join("\n");
		const rules = (text: string): string[] =>
			text
				.split("\n")
				.filter((line) => line.startsWith("-A "))
				// iptables-save leaves out "all protocols" and "everywhere".
				.map((line) => line.replace(" -d 0.0.0.0/0", "").replaceAll(/ +/g, " ").trim())
				.sort();
		const policy = /^-A mwan3_policy_/;
		assert.deepEqual([...rules(written).filter((line) => !policy.test(line)), ...rules(chosen)].sort(), rules(sample));
		assert.equal(rules(chosen).length, 1, "only the lowest metric is in the chain");
	});

	test("members of equal metric share by weight", () => {
		const config = readMwan3(parseUci(mwan3Config(makePlan({})), { file: "mwan3" }));
		const state = { lowest: 256, totalWeight: 0 };
		const step = (name: string, weight: number, id: number) =>
			memberStep(config, "p", { interface: name, metric: 1, weight }, id, state);
		assert.match(step("wan", 3, 1) ?? "", /-F mwan3_policy_p\n-A mwan3_policy_p .*"wan 3 3"/);
		assert.match(step("wanb", 1, 2) ?? "", /-I mwan3_policy_p .*--probability 0\.250 .*"wanb 1 4"/);
	});

	test("everything of mwan3 goes, nothing else does", () => {
		const saved =
			"*mangle\n:PREROUTING ACCEPT [0:0]\n:mwan3_hook - [0:0]\n:other - [0:0]\n-A PREROUTING -j mwan3_hook\n-A PREROUTING -j other\nCOMMIT\n";
		assert.equal(removeChains(saved), "*mangle\n-D PREROUTING -j mwan3_hook\n-F mwan3_hook\n-X mwan3_hook\nCOMMIT\n");
		assert.equal(removeChains("*mangle\nCOMMIT\n"), "");
	});
});

describe("netifd's side", () => {
	test("the generated configuration reads back as interfaces", () => {
		const pkg = parseUci(networkConfig(makePlan({ isps: 3 })), { file: "network" });
		const found = pkg.sections.filter((s) => s.type === "interface").map(readInterface);
		assert.deepEqual(
			found.map((i) => i.name),
			["loopback", "lan", "wan", "wan6", "wanb", "wanb6", "wanc", "wanc6"],
		);
		assert.equal(found.find((i) => i.name === "wanc")?.static.addresses4[0]?.mask, 24);
	});

	test("networks", () => {
		assert.equal(network4({ address: "100.64.1.50", mask: 24 }), "100.64.1.0/24");
		assert.equal(network4({ address: "127.0.0.1", mask: 8 }), "127.0.0.0/8");
		assert.equal(network6({ address: "2001:db8:a::50", mask: 64 }), "2001:db8:a::/64");
	});

	test("a status that is up has the fields of the captured one, in its order", () => {
		const sample = JSON.parse(readFileSync("test/samples/openwrt/network.interface.dump.json", "utf8")) as {
			interface: Record<string, unknown>[];
		};
		const wan = sample.interface.find((i) => i.interface === "wan") ?? {};
		const lease = dhcpLease({ address: "100.64.1.53", gateway: "100.64.1.1" });
		const config = { name: "wan", proto: "dhcp", device: "eth1", metric: 10, auto: true, text: "", static: lease };
		const status = statusOf({
			config,
			available: true,
			autostart: true,
			pending: false,
			lease,
			uptimeS: wan.uptime as number,
			lastData: {},
		});
		assert.deepEqual({ interface: "wan", ...status }, wan);
		assert.deepEqual(["interface", ...Object.keys(status)], Object.keys(wan));
		assert.match(
			upLines("eth1", 10, lease).join("\n"),
			/route replace default via 100\.64\.1\.1 dev eth1 proto static src 100\.64\.1\.53 metric 10/,
		);
	});
});

test("a DNS question gets its answer, other bytes get none", () => {
	const name = [7, ...Buffer.from("example"), 3, ...Buffer.from("org"), 0];
	const query = Uint8Array.from([0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...name, 0, 1, 0, 1]);
	const answer = dnsAnswer(query);
	assert.deepEqual([...(answer?.slice(0, 8) ?? [])], [0x12, 0x34, 0x81, 0x80, 0, 1, 0, 1]);
	assert.deepEqual([...(answer?.slice(-4) ?? [])], [192, 0, 2, 1]);
	assert.equal(dnsAnswer(query.slice(0, 20)), null);
	assert.equal(dnsAnswer(Uint8Array.from(query, (b, i) => (i === 2 ? 0x81 : b))), null);
});

test("rights match as shell patterns in which * crosses everything", () => {
	for (const [pattern, subject, expected] of [
		["*", "network.interface", true],
		["network.*", "network.interface.wan", true],
		["network.*", "networkXinterface", false],
		["a?c", "abc", true],
		["a[bx]c", "abc", true],
		["/etc/*", "/etc/config/x", true],
		["uci", "uci2", false],
	] as const) {
		assert.equal(matches(pattern, subject), expected, `${pattern} ${subject}`);
	}
});
