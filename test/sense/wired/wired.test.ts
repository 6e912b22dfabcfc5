/** The wired sensor on files of the kernel under manual time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { AutonomyError } from "../../../daemon/platform/error.ts";
import { errorShare } from "../../../daemon/sense/wired/judge.ts";
import { parseArp, parseErrors, parseNeighbours, readWired } from "../../../daemon/sense/wired/reading.ts";
import { createWired, wiredKind } from "../../../daemon/sense/wired/wired.ts";
import type { FamilyLink } from "../../../daemon/uplink/types.ts";
import { fakeFiles, fakeRandom, fakeTime } from "../../support/fake-platform.ts";
import { uplink, type WorldOptions, world } from "../cellular/support.ts";
import { mutate } from "../mutate.ts";

const link = (more: Partial<FamilyLink>): FamilyLink => ({
	interface: "wan",
	up: true,
	device: "eth1",
	address: "192.0.2.50",
	prefixLength: 24,
	gateway: "192.0.2.1",
	hasDefaultRoute: true,
	dnsServers: [],
	metric: 0,
	...more,
});

const wire = uplink({ id: "wan", class: "lan", device: "eth1", lowerDevice: "eth1", ipv4: link({}), metered: false });

const dev = (
	packets: number,
	errors: number,
) => `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     100       1    0    0    0     0          0         0      100       1    0    0    0     0       0          0
  eth1: 9000000   ${packets}  ${errors}    5    0     0          0         0  1000000    1000    0    0    0     0       0          0
`;

const ARP = `IP address       HW type     Flags       HW address            Mask     Device
192.0.2.1        0x1         0x2         02:00:00:00:00:01     *        eth1
192.0.2.9        0x1         0x0         00:00:00:00:00:00     *        eth1
192.0.2.1        0x1         0x0         00:00:00:00:00:00     *        eth2
`;

function files(more: Readonly<Record<string, string>> = {}): Record<string, string> {
	return {
		"/sys/class/net/eth1/carrier": "1\n",
		"/sys/class/net/eth1/speed": "1000\n",
		"/sys/class/net/eth1/duplex": "full\n",
		"/sys/class/net/eth1/carrier_changes": "3\n",
		"/proc/net/dev": dev(5_000, 0),
		"/proc/net/arp": ARP,
		...more,
	};
}

function wired(options: WorldOptions = {}, one = wire) {
	const w = world({ files: files(), ...options, uplink: one });
	const sensor = createWired(w.context);
	sensor.follow(one, true);
	const set = (name: string, text: string) =>
		void w.files.content.set(name.startsWith("/") ? name : `/sys/class/net/eth1/${name}`, text);
	return { w, sensor, set };
}

test("serves wires and dishes, no tunnels, no modems", () => {
	const kind = wiredKind();
	assert.equal(kind.serves(wire), "it is a wire");
	assert.equal(kind.serves({ ...wire, class: "starlink" }), "it is a wire");
	for (const other of [{ ...wire, tunnel: true }, uplink(), { ...wire, device: null, lowerDevice: null }]) {
		assert.equal(kind.serves(other), null);
	}
});

test("speed, duplex, damaged packets, gateway", async () => {
	const { w, sensor, set } = wired();
	await w.time.advance(1_000);
	assert.deepEqual([sensor.health().state, sensor.health().text], ["ok", "1000 Mbit/s, full duplex"]);
	set("/proc/net/dev", dev(5_950, 50));
	await w.time.advance(5_000);
	assert.deepEqual(w.now(), { link_mbps: 1000, error_pct: 5 });
	assert.deepEqual(w.told.events, ["damaged_packets: 5.0 % of the packets are damaged: look at cable and plugs"]);
	assert.deepEqual(sensor.details(), {
		device: "eth1",
		carrier: true,
		link_mbps: 1000,
		best_mbps: 1000,
		duplex: "full",
		error_pct: 5,
		carrier_losses: 0,
		gateway: "answers",
	});
	assert.equal(w.processes.runs.length, 0);
	sensor.close();
	assert.equal(w.time.pending(), 0);
});

test("a fall to 100 Mbit/s or half duplex is an event; back again too; no points are lost by it", async () => {
	const { w, sensor, set } = wired();
	await w.time.advance(1_000);
	set("speed", "100\n");
	set("duplex", "half\n");
	await w.time.advance(5_000);
	assert.deepEqual(w.told.events, [
		"link_speed: 1000 -> 100 Mbit/s: a damaged cable or plug does this",
		"duplex: half duplex: set both ends to negotiate by themselves",
	]);
	set("speed", "1000\n");
	set("duplex", "full\n");
	await w.time.advance(60_000);
	assert.deepEqual(w.told.events.slice(2), ["link_speed: 100 -> 1000 Mbit/s", "duplex: full duplex again"]);
	assert.deepEqual([w.told.risks, w.told.suspects], [[], []]);
	sensor.close();
});

test("a link that comes back slower than it was: told although speed was unknown in between", async () => {
	const { w, sensor, set } = wired();
	await w.time.advance(1_000);
	set("carrier", "0\n");
	set("speed", "-1\n");
	set("duplex", "unknown\n");
	await w.time.advance(5_000);
	assert.deepEqual([sensor.health().text, w.now().link_mbps], ["no carrier", null]);
	set("carrier", "1\n");
	set("speed", "10\n");
	set("duplex", "full\n");
	await w.time.advance(5_000);
	assert.deepEqual(w.told.events, ["link_speed: 1000 -> 10 Mbit/s: a damaged cable or plug does this"]);
	sensor.close();
});

test("a cable that comes and goes", async () => {
	const { w, sensor, set } = wired();
	await w.time.advance(1_000);
	for (let n = 1; n <= 3; n++) {
		set("carrier_changes", `${3 + 2 * n}\n`);
		await w.time.advance(5_000);
	}
	assert.deepEqual(w.told.events, ["carrier_flaps: the cable lost its link 3 times within 10 min"]);
	set("carrier_changes", "0\n");
	await w.time.advance(5_000);
	assert.equal(sensor.details()?.carrier_losses, 0);
	sensor.close();
});

test("a gateway that does not answer on the wire: probes look, once it has been seen twice", async () => {
	const { w, sensor, set } = wired();
	await w.time.advance(1_000);
	set("/proc/net/arp", ARP.replace("0x2         02:00:00:00:00:01", "0x0         00:00:00:00:00:00"));
	await w.time.advance(5_000);
	assert.deepEqual(w.told.suspects, []);
	await w.time.advance(5_000);
	assert.deepEqual(w.told.suspects, ["the gateway 192.0.2.1 does not answer on the wire"]);
	assert.equal(sensor.details()?.gateway, "silent");
	sensor.close();
});

test("an IPv6 gateway: one program every two minutes, by argument list", async () => {
	const six = { ...wire, ipv4: null, ipv6: link({ address: "2001:db8::2", gateway: "fe80::1" }) };
	const script = () => ({
		stdout: "fe80::2 lladdr 02:00:00:00:00:02 STALE\nfe80::1 lladdr 02:00:00:00:00:01 router REACHABLE\n",
	});
	const { w, sensor } = wired({ script }, six);
	await w.time.advance(130_000);
	assert.equal(sensor.details()?.gateway, "answers");
	assert.deepEqual(
		w.processes.runs.map((run) => run.argv),
		[1, 2].map(() => ["ip", "-6", "neigh", "show", "dev", "eth1"]),
	);
	sensor.close();
});

test("a device that is gone is absent; what the kernel refuses is unknown; counters made anew say nothing", async () => {
	const { w, sensor } = wired({ files: {} });
	await w.time.advance(1_000);
	assert.deepEqual([sensor.health().state, sensor.health().text], ["absent", "eth1 is not there"]);
	sensor.close();
	const refusing = { ...fakeFiles(files()) };
	const plain = refusing.readTextIfAny;
	refusing.readTextIfAny = (path) => {
		if (path.endsWith("/speed")) throw new AutonomyError("file_io", "EINVAL");
		return plain(path);
	};
	assert.equal(readWired({ files: refusing, clock: fakeTime().clock }, "eth1")?.speedMbps, null);
	const counters = wired();
	await counters.w.time.advance(1_000);
	counters.set("/proc/net/dev", dev(100, 0));
	await counters.w.time.advance(5_000);
	counters.set("/proc/net/dev", dev(1_100, 1));
	await counters.w.time.advance(5_000);
	assert.equal(Math.round((counters.w.now().error_pct ?? 9) * 100), 10);
	counters.sensor.close();
});

test("tables of the kernel: exact outcome of malformed lines", () => {
	const rows: [string, unknown][] = [
		["", null],
		["  eth1: 1 2", null],
		["  eth1: 1 2 x 4 5 6 7 8 9 10 11 12 13 14 15 16", null],
		["  eth1: 1 -2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", null],
		["  eth1:1 20 3 4 5 6 7 8 9 10 11 12 13 14 15 16", { packets: 30, errors: 14 }],
		["eth1 1 2 3 4", null],
	];
	for (const [text, expected] of rows) assert.deepEqual(parseErrors(text, "eth1"), expected, text);
	assert.equal(errorShare({ packets: 0, errors: 0 }, { packets: 100, errors: 5 }), null);
	assert.equal(parseArp(ARP, "192.0.2.1", "eth1"), "answers");
	assert.equal(parseArp(ARP, "192.0.2.1", "eth2"), "silent");
	assert.equal(parseArp(ARP, "192.0.2.2", "eth1"), null);
	assert.equal(parseArp("192.0.2.1 0x1 two 0 * eth1", "192.0.2.1", "eth1"), null);
	const states: [string, unknown][] = [
		["fe80::1 lladdr 0:0:0:0:0:1 router STALE", "answers"],
		["FE80::1 FAILED", "silent"],
		["fe80::1 dev eth1 INCOMPLETE", "silent"],
		["fe80::1 DANCING", null],
		["fe80::1", null],
		["fe80::11 REACHABLE", null],
	];
	for (const [text, expected] of states) assert.equal(parseNeighbours(text, "fe80::1"), expected, text);
});

test("100 000 mutated tables: none throws, none gives a value outside its range", () => {
	const random = fakeRandom(11);
	const { clock } = fakeTime();
	for (let n = 0; n < 100_000; n++) {
		const text = textOf(mutate(n % 2 === 0 ? dev(5_000, 3) : ARP, random)).slice(0, 2_000);
		const counters = parseErrors(text, "eth1");
		if (counters !== null) assert.ok(counters.packets >= 0 && counters.errors >= 0);
		parseArp(text, "192.0.2.1", "eth1");
		const speed = mutate("1000", random);
		const all = readWired(
			{
				clock,
				files: fakeFiles({
					...(n % 50 === 0 ? files() : { "/sys/class/net/eth1/x": "" }),
					"/sys/class/net/eth1/speed": textOf(speed),
				}),
			},
			"eth1",
		);
		const mbps = all?.speedMbps ?? 1;
		if (!(mbps >= 1 && mbps <= 400_000)) assert.fail(textOf(speed));
	}
});

function textOf(value: unknown): string {
	return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
