/** From netifd's and mwan3's words to uplinks: grouping, order, class, and what stays listed. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { UplinkClass } from "../../daemon/health/types.ts";
import { buildUplinks, type MemberOptions } from "../../daemon/uplink/build.ts";
import { classify } from "../../daemon/uplink/classify.ts";
import { type NetifdInterface, parseDump, parseInterface } from "../../daemon/uplink/netifd.ts";
import type { InterfaceHint } from "../../daemon/uplink/router-files.ts";
import type { Mwan3Layout, Uplink } from "../../daemon/uplink/types.ts";
import { fakeFiles } from "../support/fake-platform.ts";

const DEFAULTS: MemberOptions = {
	detect: "auto",
	class: null,
	weight: null,
	metered: null,
	minUptimeMs: 20_000,
	cooldownMs: 20_000,
	preferRoaming: false,
};

function sysfs(...devices: string[]): ReturnType<typeof fakeFiles> {
	const files: Record<string, string> = {};
	for (const device of devices) {
		files[`/sys/class/net/${device}/type`] = "1\n";
		files[`/sys/class/net/${device}/carrier`] = "1\n";
	}
	return fakeFiles(files);
}

interface Setup {
	interfaces: readonly NetifdInterface[];
	devices?: string[];
	mwan3?: Mwan3Layout | null;
	wan?: string[];
	hints?: Record<string, Partial<InterfaceHint>>;
	previous?: readonly Uplink[];
	member?: (id: string, kind: UplinkClass | null) => Partial<MemberOptions>;
	found?: UplinkClass;
}

function build(setup: Setup): Uplink[] {
	return buildUplinks(sysfs(...(setup.devices ?? ["eth1", "eth2", "eth3", "wwan0"])), {
		interfaces: setup.interfaces,
		mwan3: setup.mwan3 ?? null,
		wanInterfaces: new Set(setup.wan ?? []),
		hints: new Map(
			Object.entries(setup.hints ?? {}).map(([name, hint]) => [
				name,
				{ metric: null, ownTable: [], disabled: false, ...hint },
			]),
		),
		previous: setup.previous ?? [],
		peer: () => null,
		found: () => (setup.found === undefined ? null : { class: setup.found, reason: "a dish answers through it" }),
		member: (id, kind) => ({ ...DEFAULTS, ...setup.member?.(id, kind) }),
	});
}

function netif(values: Record<string, unknown>): NetifdInterface {
	const parsed = parseInterface({ up: true, dynamic: false, proto: "dhcp", ...values });
	assert.ok(parsed);
	return parsed;
}

const v4 = (address: string, gateway = "192.0.2.1"): Record<string, unknown> => ({
	"ipv4-address": [{ address, mask: 24 }],
	route: [{ target: "0.0.0.0", mask: 0, nexthop: gateway }],
});
const v6 = (address: string): Record<string, unknown> => ({
	"ipv6-address": [{ address, mask: 64 }],
	route: [{ target: "::", mask: 0, nexthop: "fe80::1" }],
});

const dump =
	parseDump(JSON.parse(readFileSync("test/samples/openwrt/network.interface.dump.json", "utf8")))?.interfaces ?? [];

const layout = (metrics: Record<string, number>, families: Record<string, "ipv4" | "ipv6"> = {}): Mwan3Layout => ({
	mask: 0x3f00,
	links: Object.keys(metrics).map((name, at) => ({
		interface: name,
		family: families[name] ?? "ipv4",
		id: at + 1,
		mark: (at + 1) << 8,
		enabled: true,
		trackIps: [],
	})),
	members: Object.entries(metrics).map(([name, metric]) => ({ name: `${name}_m`, interface: name, metric, weight: 1 })),
	policies: [{ name: "failover", members: Object.keys(metrics).map((name) => `${name}_m`), lastResort: "unreachable" }],
});

test("the real router without mwan3: three uplinks in the order of their route metrics, lan is none", () => {
	const uplinks = build({ interfaces: dump });
	assert.deepEqual(
		uplinks.map((one) => [one.id, one.device, one.class, one.up, one.order, one.weight, one.ipv4?.gateway]),
		[
			["wan", "eth1", "lan", true, 0, 100, "100.64.1.1"],
			["wanb", "eth2", "lan", true, 1, 80, "100.64.2.1"],
			["wanc", "eth3", "lan", true, 2, 64, "100.64.3.1"],
		],
	);
});

test("mwan3's order beats the route metrics, and its ids come along", () => {
	const uplinks = build({ interfaces: dump, mwan3: layout({ wan: 3, wanb: 2, wanc: 1 }) });
	assert.deepEqual(
		uplinks.map((one) => [one.id, one.order, one.mwan3.ipv4?.id]),
		[
			["wanc", 0, 3],
			["wanb", 1, 2],
			["wan", 2, 1],
		],
	);
});

test("wan and wan6 over one device are one uplink with two families", () => {
	const interfaces = [
		netif({ interface: "wan", l3_device: "eth1", device: "eth1", ...v4("192.0.2.9") }),
		netif({ interface: "wan6", proto: "dhcpv6", l3_device: "eth1", device: "@wan", ...v6("2001:db8::9") }),
	];
	const uplinks = build({ interfaces, mwan3: layout({ wan: 1, wan6: 1 }, { wan6: "ipv6" }) });
	assert.equal(uplinks.length, 1);
	const wan = uplinks[0];
	assert.ok(wan);
	assert.deepEqual(
		[wan.id, wan.ipv4?.interface, wan.ipv6?.interface, wan.ipv6?.gateway, wan.mwan3.ipv4?.id, wan.mwan3.ipv6?.id],
		["wan", "wan", "wan6", "fe80::1", 1, 2],
	);
});

test("the same while wan6 names its device and not the alias, and while both are down", () => {
	const interfaces = [
		netif({ interface: "wan", up: false, device: "eth1" }),
		netif({ interface: "wan6", up: false, proto: "dhcpv6", device: "eth1" }),
	];
	const uplinks = build({ interfaces, wan: ["wan", "wan6"] });
	assert.deepEqual(
		uplinks.map((one) => [one.id, one.up, one.device, one.ipv4?.interface, one.ipv6?.interface]),
		[["wan", false, "eth1", "wan", "wan6"]],
	);
});

test("RutOS: the parent has no address, its child carries IPv4 and names the modem", () => {
	const shape = (name: string): object =>
		JSON.parse(readFileSync(`test/samples/rutos/ubus_network_interface_${name}.shape.json`, "utf8")) as object;
	const interfaces = ["mob1s1a1", "mob1s1a1_4"].map((name) => netif({ ...shape(name), interface: name }));
	const uplinks = build({ interfaces, mwan3: layout({ mob1s1a1: 2 }) });
	assert.deepEqual(
		uplinks.map((one) => [one.id, one.class, one.up, one.metered, one.ipv4?.interface, one.ipv4?.hasDefaultRoute]),
		[["mob1s1a1", "cellular", true, true, "mob1s1a1_4", true]],
	);
	assert.equal(uplinks[0]?.ipv4?.gateway, null);
});

test("two IPv4 interfaces over one device stay two uplinks", () => {
	const interfaces = [
		netif({ interface: "wan", l3_device: "eth1", ...v4("192.0.2.9") }),
		netif({ interface: "wan2", l3_device: "eth1", metric: 5, ...v4("198.51.100.9", "198.51.100.1") }),
	];
	assert.deepEqual(
		build({ interfaces }).map((one) => one.id),
		["wan", "wan2"],
	);
});

test("an IPv6-only uplink", () => {
	const uplinks = build({
		interfaces: [netif({ interface: "wan6", proto: "dhcpv6", l3_device: "eth1", ...v6("2001:db8::9") })],
	});
	assert.deepEqual(
		uplinks.map((one) => [one.id, one.up, one.ipv4, one.ipv6?.address]),
		[["wan6", true, null, "2001:db8::9"]],
	);
});

test("an alias that names itself does not hang the grouping", () => {
	const interfaces = [
		netif({ interface: "a", device: "@a", ...v4("192.0.2.9") }),
		netif({ interface: "b", device: "@a" }),
	];
	assert.equal(build({ interfaces }).length, 1);
});

test("renamed, removed or disabled by the owner: listed as gone, but nothing is a backup for it; unplugged it keeps its place", () => {
	const wan = netif({ interface: "wan", l3_device: "eth1", metric: 10, ...v4("192.0.2.9") });
	const wanb = netif({ interface: "wanb", l3_device: "eth2", metric: 20, ...v4("192.0.2.10") });
	const previous = build({ interfaces: [wan, wanb] });
	const after = (hints: Record<string, Partial<InterfaceHint>>, mwan3: Mwan3Layout | null = null): unknown =>
		build({ interfaces: [wanb], previous, hints, mwan3 }).map((one) => [one.id, one.weight]);
	const last = [
		["wanb", 40],
		["wan", 0],
	];
	assert.deepEqual(after({ wanb: {} }), last);
	assert.deepEqual(after({ wanb: {}, wan: { disabled: true } }), last);
	assert.deepEqual((after({ wanb: {}, wan: {} }) as unknown[])[0], ["wan", 100]);
	assert.deepEqual((after({ wanb: {} }, layout({ wan: 1, wanb: 2 })) as unknown[])[0], ["wan", 100]);
});

test("a static wan6 that is down stays part of wan; one that was listed by itself while booting goes into it", () => {
	const part = (name: string, up: boolean, values: Record<string, unknown>): NetifdInterface =>
		netif({ interface: name, proto: "static", up, device: "eth1", ...(up ? { l3_device: "eth1", ...values } : {}) });
	const dumpOf = (up: boolean): NetifdInterface[] => [
		part("wan", up, v4("192.0.2.9")),
		part("wan6", up, v6("2001:db8::9")),
	];
	const wan = ["wan", "wan6"];
	const shape = (uplinks: readonly Uplink[]): unknown[] =>
		uplinks.map((one) => [one.id, one.present, one.ipv4?.interface, one.ipv6?.interface ?? null]);

	const booting = build({ interfaces: dumpOf(false), wan });
	const up = build({ interfaces: dumpOf(true), wan, previous: booting });
	assert.deepEqual(shape(up), [["wan", true, "wan", "wan6"]]);
	const restarted = build({ interfaces: dumpOf(false), wan, previous: up });
	assert.deepEqual(shape(restarted), [["wan", true, "wan", "wan6"]]);
	assert.deepEqual(shape(build({ interfaces: dumpOf(true), wan, previous: restarted })), shape(up));
});

test("what vanished has no device: another uplink may have it now", () => {
	const previous = build({ interfaces: [netif({ interface: "wan", l3_device: "eth1", ...v4("192.0.2.9") })] });
	const renamed = [netif({ interface: "zwan", l3_device: "eth1", ...v4("192.0.2.9") })];
	assert.deepEqual(
		build({ interfaces: renamed, previous }).map((one) => [one.id, one.device, one.lowerDevice, one.ipv4?.device]),
		[
			["wan", null, null, null],
			["zwan", "eth1", "eth1", "eth1"],
		],
	);
});

test("a backup that is down keeps its place: netifd tells no metric then, /etc/config/network does", () => {
	const interfaces = [
		netif({ interface: "wan", l3_device: "eth1", metric: 10, ...v4("192.0.2.9") }),
		netif({ interface: "wanb", l3_device: "eth2", metric: 20, ...v4("192.0.2.10") }),
		netif({ interface: "wanc", up: false, device: "eth3" }),
	];
	const hints = { wan: { metric: 10 }, wanb: { metric: 20 }, wanc: { metric: 30 } };
	assert.deepEqual(
		build({ interfaces, wan: ["wanc"], hints }).map((one) => [one.id, one.order, one.weight]),
		[
			["wan", 0, 100],
			["wanb", 1, 80],
			["wanc", 2, 64],
		],
	);
});

test("a default route in a table of its own, or for one prefix alone, is apart from the main table", () => {
	const prefix = { target: "::", mask: 0, nexthop: "fe80::1", source: "2001:db8::/64" };
	const interfaces = [
		netif({ interface: "wan", l3_device: "eth1", ...v4("192.0.2.9") }),
		netif({ interface: "wan6", proto: "dhcpv6", l3_device: "eth1", ...v6("2001:db8::9"), route: [prefix] }),
		netif({ interface: "wanb", l3_device: "eth2", metric: 20, ...v4("192.0.2.10") }),
	];
	assert.deepEqual(
		build({ interfaces, hints: { wanb: { ownTable: ["ipv4"] } } }).map((one) => [
			one.id,
			one.ipv4?.apart,
			one.ipv6?.apart,
		]),
		[
			["wan", undefined, true],
			["wanb", true, undefined],
		],
	);
});

test("what vanished stays listed as absent; what mwan3 waits for is listed too", () => {
	const first = build({ interfaces: dump });
	const left = dump.filter((one) => one.name !== "wanb");
	const second = build({ interfaces: left, previous: first, mwan3: layout({ wan: 1, wanc: 2, lte: 3 }) });
	const state = second.map((one) => [one.id, one.present, one.up, one.device]);
	assert.deepEqual(state, [
		["wan", true, true, "eth1"],
		["wanb", false, false, null],
		["wanc", true, true, "eth3"],
		["lte", false, false, null],
	]);
	assert.match(second.find((one) => one.id === "lte")?.classReason ?? "", /does not know/);
});

test("what the owner took out everywhere is told as gone once, then forgotten; what a file still names stays", () => {
	const left = dump.filter((one) => one.name !== "wanb");
	const ids = (setup: Partial<Setup>): string[] => build({ interfaces: left, ...setup }).map((one) => one.id);
	const told = build({ interfaces: left, previous: build({ interfaces: dump }) });
	assert.deepEqual(told.find((one) => one.id === "wanb")?.present, false);
	assert.deepEqual(ids({ previous: told }), ["wan", "wanc"]);
	assert.ok(ids({ previous: told, wan: ["wan", "wanb", "wanc"] }).includes("wanb"));
	assert.ok(ids({ previous: told, mwan3: layout({ wan: 1, wanb: 2, wanc: 3 }) }).includes("wanb"));
});

test("IPv6 that was an uplink of its own for a moment is not gone when it joins its IPv4", () => {
	const wan = netif({ interface: "wan", l3_device: "eth1", ...v4("192.0.2.9") });
	const mwan3 = layout({ wan: 1, wan6: 1 }, { wan6: "ipv6" });
	const apart = build({
		interfaces: [wan, netif({ interface: "wan6", l3_device: "eth2", ...v6("2001:db8::9") })],
		mwan3,
	});
	assert.deepEqual(
		apart.map((one) => one.id),
		["wan", "wan6"],
	);
	const joined = netif({ interface: "wan6", l3_device: "eth1", ...v6("2001:db8::9") });
	const again = build({ interfaces: [wan, joined], mwan3, previous: apart });
	assert.deepEqual(
		again.map((one) => one.id),
		["wan"],
	);
});

test("a tunnel is listed but does not compete, unless mwan3 has it or the owner forces it", () => {
	const interfaces = [netif({ interface: "wg0", proto: "wireguard", l3_device: "wg0", ...v4("10.8.0.2") })];
	assert.deepEqual([build({ interfaces })[0]?.tunnel, build({ interfaces })[0]?.disabled], [true, true]);
	assert.equal(build({ interfaces, mwan3: layout({ wg0: 1 }) })[0]?.disabled, false);
	assert.equal(build({ interfaces, member: () => ({ detect: "force" }) })[0]?.disabled, false);
});

test("disabled in mwan3 or by the owner", () => {
	const off = layout({ wan: 1 });
	const disabled: Mwan3Layout = { ...off, links: off.links.map((link) => ({ ...link, enabled: false })) };
	const only = dump.filter((one) => one.name === "wan");
	assert.equal(build({ interfaces: only, mwan3: disabled })[0]?.disabled, true);
	assert.equal(build({ interfaces: only, member: () => ({ detect: "disable" }) })[0]?.disabled, true);
});

test("without any order of the owner's, the class gives the weight; his own weight beats both", () => {
	const interfaces = [
		netif({ interface: "wan", l3_device: "eth1", ...v4("192.0.2.9") }),
		netif({ interface: "lte", proto: "qmi", l3_device: "wwan0", ...v4("10.0.0.2") }),
	];
	const weights = (member?: Setup["member"]): unknown =>
		Object.fromEntries(build({ interfaces, ...(member ? { member } : {}) }).map((one) => [one.id, one.weight]));
	assert.deepEqual(weights(), { wan: 40, lte: 80 });
	assert.deepEqual(
		weights((id) => (id === "wan" ? { weight: 95 } : {})),
		{ wan: 95, lte: 80 },
	);
});

test("carrier: 0, 1, and a device that is administratively down", () => {
	const only = dump.filter((one) => one.name === "wan");
	const input = {
		interfaces: only,
		mwan3: null,
		wanInterfaces: new Set<string>(),
		hints: new Map(),
		previous: [],
		found: () => null,
		peer: () => null,
		member: () => DEFAULTS,
	};
	const files = sysfs("eth1");
	files.content.set("/sys/class/net/eth1/carrier", "0\n");
	assert.equal(buildUplinks(files, input)[0]?.carrier, false);
	const down = {
		...files,
		readTextIfAny(path: string): string | null {
			if (path.endsWith("/carrier")) throw new Error("EINVAL");
			return files.readTextIfAny(path);
		},
	};
	assert.equal(buildUplinks(down, input)[0]?.carrier, null);
});

const KINDS: readonly [string, Record<string, string>, Record<string, string>, string, UplinkClass, RegExp][] = [
	["wireless by phy", { "/sys/class/net/x/phy80211/name": "phy0" }, {}, "dhcp", "wifi", /wireless/],
	["wireless by uevent", { "/sys/class/net/x/uevent": "INTERFACE=x\nDEVTYPE=wlan\n" }, {}, "dhcp", "wifi", /wireless/],
	["modem by uevent", { "/sys/class/net/x/uevent": "DEVTYPE=wwan\n" }, {}, "dhcp", "cellular", /mobile broadband/],
	[
		"phone by driver",
		{},
		{ "/sys/class/net/x/device/driver": "../../bus/usb/drivers/rndis_host" },
		"dhcp",
		"cellular",
		/rndis_host/,
	],
	[
		"USB Ethernet is a wire",
		{ "/sys/class/net/x/type": "1\n" },
		{ "/sys/class/net/x/device/driver": "../../bus/usb/drivers/r8152" },
		"dhcp",
		"lan",
		/Ethernet/,
	],
	["protocol of a modem", {}, {}, "qmi", "cellular", /protocol qmi/],
	["pppoe", {}, {}, "pppoe", "lan", /protocol pppoe/],
	["nothing known", {}, {}, "dhcp", "other", /nothing known/],
];

for (const [name, files, links, proto, kind, reason] of KINDS) {
	test(`class: ${name}`, () => {
		const fake = fakeFiles(files);
		for (const [path, target] of Object.entries(links)) fake.links.set(path, target);
		const result = classify(fake, { proto, device: "x", modem: false, hint: null });
		assert.equal(result.class, kind);
		assert.match(result.reason, reason);
	});
}

test("class: a name or an address alone says nothing", () => {
	const fake = fakeFiles({ "/sys/class/net/wlan0/type": "1\n" });
	assert.equal(classify(fake, { proto: "dhcp", device: "wlan0", modem: false, hint: null }).class, "lan");
	assert.equal(classify(fake, { proto: "dhcp", device: null, modem: false, hint: "starlink" }).class, "starlink");
});

test("class: a dish that answers decides, unless the owner has; what the device is stays known", () => {
	const interfaces = [netif({ interface: "wan", l3_device: "eth1", ...v4("192.0.2.2") })];
	const [dish] = build({ interfaces, found: "starlink" });
	assert.deepEqual([dish?.class, dish?.classReason, dish?.medium], ["starlink", "a dish answers through it", "lan"]);
	const [owned] = build({ interfaces, found: "starlink", member: () => ({ class: "other" }) });
	assert.deepEqual([owned?.class, owned?.medium], ["other", undefined]);
});

test("sixteen uplinks", () => {
	const interfaces = Array.from({ length: 16 }, (_, at) =>
		netif({ interface: `wan${at}`, l3_device: `eth${at}`, metric: at, ...v4(`192.0.2.${at + 1}`) }),
	);
	const uplinks = build({ interfaces, devices: interfaces.map((_, at) => `eth${at}`) });
	assert.equal(uplinks.length, 16);
	assert.ok(uplinks.every((one, at) => at === 0 || one.weight <= (uplinks[at - 1]?.weight ?? 0)));
});
