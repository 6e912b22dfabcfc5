/** netifd's dump: the real one, RutOS shapes, and everything a broken one can be. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { defaultRoute, isDeviceName, parseDump, parseInterface } from "../../daemon/uplink/netifd.ts";

const sample = (name: string): unknown => JSON.parse(readFileSync(`test/samples/${name}`, "utf8"));

test("the dump of a real router", () => {
	const dump = parseDump(sample("openwrt/network.interface.dump.json"));
	assert.ok(dump);
	const { interfaces } = dump;
	assert.deepEqual([dump.problems, dump.unclear], [[], []]);
	const wan = interfaces.find((one) => one.name === "wan");
	assert.ok(wan);
	assert.deepEqual(
		[wan.up, wan.proto, wan.device, wan.metric, wan.ipv4.length, wan.dynamic],
		[true, "dhcp", "eth1", 10, 1, false],
	);
	assert.match(defaultRoute(wan, "ipv4")?.nexthop ?? "", /^100\.64\.1\.1$/);
	assert.equal(defaultRoute(wan, "ipv6"), null);
	const lan = interfaces.find((one) => one.name === "lan");
	assert.ok(lan);
	assert.equal(defaultRoute(lan, "ipv4"), null);
});

test("an interface without carrier keeps its configured device", () => {
	const status = sample("openwrt/network.interface.wan.status-no-carrier.json");
	assert.ok(status && typeof status === "object");
	const parsed = parseInterface({ ...status, interface: "wan" });
	assert.deepEqual([parsed?.up, parsed?.device, parsed?.ipv4.length], [false, "eth1", 0]);
});

test("a RutOS child: modem in its data, a default route without next hop", () => {
	const child = sample("rutos/ubus_network_interface_mob1s1a1_4.shape.json");
	assert.ok(child && typeof child === "object");
	const parsed = parseInterface({ ...child, interface: "mob1s1a1_4" });
	assert.ok(parsed);
	assert.deepEqual([parsed.modem, parsed.dynamic, parsed.device], [true, true, "wwan0"]);
	assert.equal(defaultRoute(parsed, "ipv4")?.nexthop, "0.0.0.0");
});

for (const [name, reply] of [
	["no reply", undefined],
	["a list instead of a table", []],
	["interface is a string", { interface: "wan" }],
] as const) {
	test(`broken dump: ${name}: no dump at all`, () => assert.equal(parseDump(reply), null));
}

const BROKEN: readonly [string, unknown[], number, RegExp | null][] = [
	["entries of other types", [1, null, "x", [], {}], 0, /without a usable name/],
	["a hostile name", [{ interface: "wan; rm -rf /", up: true }], 0, /without a usable name/],
	["only a name", [{ interface: "wan" }], 0, /does not say whether interface wan is up/],
	["up is a word", [{ interface: "wan", up: "yes" }], 0, /does not say whether interface wan is up/],
	[
		"wrong types everywhere else",
		[{ interface: "wan", up: true, device: 5, metric: "x", "ipv4-address": {}, route: "no", data: 3 }],
		1,
		null,
	],
	[
		"a hostile device and hostile addresses",
		[{ interface: "wan", up: true, l3_device: "../../etc", "ipv4-address": [{ address: "1.2.3.4;x" }] }],
		1,
		null,
	],
];

for (const [name, list, count, problem] of BROKEN) {
	test(`broken dump: ${name}`, () => {
		const dump = parseDump({ interface: list });
		assert.ok(dump);
		assert.equal(dump.interfaces.length, count);
		if (problem) assert.match(dump.problems[0] ?? "", problem);
		for (const one of dump.interfaces) {
			assert.equal(one.device, null);
			assert.deepEqual(one.ipv4, []);
			assert.equal(one.metric, null);
		}
	});
}

test("no JSON value makes the parser throw, and names never carry odd characters", () => {
	fc.assert(
		fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
			for (const reply of [
				value,
				{ interface: [value, { interface: "x", up: true, l3_device: value, route: [value] }] },
			]) {
				for (const one of parseDump(reply)?.interfaces ?? []) {
					assert.match(one.name, /^[A-Za-z0-9_.-]+$/);
					assert.ok(one.device === null || isDeviceName(one.device));
				}
			}
		}),
		{ numRuns: 2000 },
	);
});
