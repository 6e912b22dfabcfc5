/** Discovery listens, looks once for a burst of notifications, survives a silent netifd, and tells link trouble at once. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Bus, EventHandler } from "../../daemon/bus/bus.ts";
import type { LinkEvent } from "../../daemon/decide/types.ts";
import { AutonomyError } from "../../daemon/platform/error.ts";
import { createDiscovery, type Discovery } from "../../daemon/uplink/discovery.ts";
import type { Discovered } from "../../daemon/uplink/types.ts";
import { fakeFiles, fakeLog, fakeTime } from "../support/fake-platform.ts";

const DUMP = readFileSync("test/samples/openwrt/network.interface.dump.json", "utf8");
const MWAN3 = readFileSync("test/samples/openwrt/uci-export-mwan3.txt", "utf8").replace(/^package .*$/m, "");

interface Rig {
	discovery: Discovery;
	time: ReturnType<typeof fakeTime>;
	files: ReturnType<typeof fakeFiles>;
	log: ReturnType<typeof fakeLog>;
	changes: Discovered[];
	links: LinkEvent[];
	rebuilds: string[];
	dumps: () => number;
	answer: (reply: () => unknown) => void;
	notify: (object: string, type: string, data: object) => void;
	reconnect: () => void;
}

function rig(connected = true, named: readonly string[] = []): Rig {
	const time = fakeTime();
	const log = fakeLog();
	const files = fakeFiles({
		"/sys/class/net/eth1/carrier": "1\n",
		"/sys/class/net/eth2/carrier": "1\n",
		"/sys/class/net/eth3/carrier": "1\n",
	});
	const subscribers = new Map<string, EventHandler>();
	let onState: (state: "connected" | "disconnected", reason: string) => void = () => undefined;
	let reply: () => unknown = () => JSON.parse(DUMP);
	let dumps = 0;
	const bus = {
		connected,
		call: async () => {
			dumps++;
			return reply();
		},
		subscribe: (path: string, handler: EventHandler) => {
			subscribers.set(path, handler);
			return { close: () => void subscribers.delete(path) };
		},
		onState: (callback: typeof onState) => {
			onState = callback;
			return { close: () => undefined };
		},
	} as unknown as Bus;
	const discovery = createDiscovery({
		platform: { ...time, files },
		bus,
		log,
		member: () => ({
			detect: "auto",
			class: null,
			weight: null,
			metered: null,
			minUptimeMs: 0,
			cooldownMs: 0,
			preferRoaming: false,
		}),
		named: () => named,
		useMwan3: () => true,
		intervalMs: () => 30_000,
	});
	const changes: Discovered[] = [];
	const links: LinkEvent[] = [];
	const rebuilds: string[] = [];
	discovery.onChange((found) => changes.push(found));
	discovery.onLink((event) => links.push(event));
	discovery.onRebuild((reason) => rebuilds.push(reason));
	discovery.start();
	return {
		discovery,
		time,
		files,
		log,
		changes,
		links,
		rebuilds,
		dumps: () => dumps,
		answer: (next) => {
			reply = next;
		},
		notify: (object, type, data) => subscribers.get(object)?.(type, data as never, new Uint8Array()),
		reconnect: () => onState("connected", "test"),
	};
}

test("finds the uplinks at start and says nothing when nothing changed", async () => {
	const { time, changes, dumps } = rig();
	await time.advance(100);
	assert.deepEqual(
		changes.map((found) => found.uplinks.map((one) => one.id)),
		[["wan", "wanb", "wanc"]],
	);
	await time.advance(120_000);
	assert.equal(changes.length, 1);
	assert.equal(dumps(), 5);
});

test("carrier loss is told before netifd is asked, and a burst of notifications is one look", async () => {
	const { time, links, dumps, notify } = rig();
	await time.advance(100);
	notify("network.device", "link_down", { name: "eth1", link_active: false });
	assert.deepEqual(
		links.map((event) => [event.uplink, event.event]),
		[["wan", "carrier_lost"]],
	);
	notify("network.interface", "interface.down", { interface: "wan", up: false });
	notify("network.interface", "interface.down", { interface: "wan", up: false });
	assert.equal(dumps(), 1);
	await time.advance(100);
	assert.equal(dumps(), 2);
	assert.deepEqual(
		links.map((event) => event.event),
		["carrier_lost", "ifdown", "ifdown"],
	);
});

test("netifd says 'down' when it begins and when it is done: one ifdown, also while IPv6 is up all along", async () => {
	const { time, links, answer, notify } = rig();
	await time.advance(100);
	const dump = JSON.parse(DUMP);
	for (const one of dump.interface) if (one.interface === "wan") one.up = false;
	answer(() => dump);
	notify("network.interface", "interface.down", { interface: "wan", up: false });
	await time.advance(100);
	notify("network.interface", "interface.down", { interface: "wan", up: false });
	await time.advance(100);
	answer(() => JSON.parse(DUMP));
	notify("network.interface", "interface.update", { interface: "wan", up: true });
	await time.advance(100);
	notify("network.interface", "interface.down", { interface: "wan", up: false });
	assert.deepEqual(
		links.map((event) => event.event),
		["ifdown", "ifup", "ifdown"],
	);
});

test("notifications about others, or without sense, do no harm", async () => {
	const { time, links, notify } = rig();
	await time.advance(100);
	notify("network.device", "link_down", { name: "br-lan" });
	notify("network.device", "link_down", {});
	notify("network.interface", "interface.down", { interface: 7 });
	notify("service", "config.change", {});
	await time.advance(100);
	assert.deepEqual(links, []);
});

test("netifd silent or answering nonsense: the known uplinks stay, it is said, it is tried again", async () => {
	const { time, changes, log, answer, notify, discovery } = rig();
	await time.advance(100);
	answer(() => {
		throw new AutonomyError("timeout", "network.interface dump: no answer within 5000 ms");
	});
	notify("network.device", "link_up", { name: "eth9" });
	await time.advance(1000);
	assert.equal(discovery.current().uplinks.length, 3);
	assert.match(JSON.stringify(log.lines.at(-1)?.fields), /keeping the known uplinks/);
	answer(() => ({ interface: "?" }));
	await time.advance(5000);
	assert.equal(changes.length, 1);
	assert.match(JSON.stringify(log.lines.at(-1)?.fields), /no list of interfaces/);
	answer(() => ({
		interface: (JSON.parse(DUMP) as { interface: object[] }).interface.map((one) => ({ ...one, up: 1 })),
	}));
	await time.advance(5000);
	assert.match(changes.at(-1)?.problems.join() ?? "", /does not say whether interface wan is up/);
	assert.ok(changes.at(-1)?.uplinks.every((one) => one.up));
	answer(() => JSON.parse(DUMP));
	await time.advance(30_000);
	assert.ok(changes.at(-1)?.uplinks.every((one) => one.up));
	assert.deepEqual(changes.at(-1)?.problems, []);
});

test("mwan3 appears, is stopped, and its config breaks", async () => {
	const { time, changes, files, rebuilds, notify } = rig();
	await time.advance(100);
	assert.equal(changes.at(-1)?.mwan3, null);
	files.content.set("/etc/config/mwan3", MWAN3);
	files.content.set("/var/run/mwan3/iface_state/wan", "online");
	notify("service", "service.start", { service: "mwan3" });
	await time.advance(100);
	assert.deepEqual(rebuilds, ["mwan3: service.start"]);
	assert.equal(changes.at(-1)?.mwan3?.links.length, 3);
	files.content.set("/etc/config/mwan3", "config interface 'wan\n");
	notify("service", "config.change", { config: "mwan3" });
	await time.advance(100);
	assert.equal(changes.at(-1)?.mwan3, null);
	assert.match(changes.at(-1)?.problems[0] ?? "", /mwan3/);
	files.content.delete("/var/run/mwan3/iface_state/wan");
	notify("service", "service.stop", { service: "mwan3" });
	await time.advance(100);
	assert.deepEqual(changes.at(-1)?.problems, []);
});

test("a configuration of the same size is read when its change is told, whatever is told right after", async () => {
	const { time, changes, files, notify, discovery } = rig();
	files.content.set("/etc/config/mwan3", MWAN3);
	files.content.set("/var/run/mwan3/iface_state/wan", "online\n");
	await time.advance(100);
	const before = changes.at(-1)?.mwan3?.members[0]?.name ?? "";
	assert.notEqual(before, "");
	const other = `${before.slice(0, -1)}9`;
	files.content.set("/etc/config/mwan3", MWAN3.replaceAll(before, other));
	notify("service", "config.change", { config: "mwan3" });
	discovery.peer("wan", { host: "192.168.100.1", direct: false });
	await time.advance(100);
	assert.equal(changes.at(-1)?.mwan3?.members[0]?.name, other);
});

test("mwan3 counts as running once it has set an interface up; asking it for its status is not enough", async () => {
	const { time, changes, files } = rig();
	files.content.set("/etc/config/mwan3", MWAN3);
	files.content.set("/var/run/mwan3/mmx_mask", "0x3f00\n");
	await time.advance(3000);
	assert.equal(changes.at(-1)?.mwan3, null);
	files.content.set("/var/run/mwan3/iface_state/wanb", "online\n");
	await time.advance(1100);
	assert.equal(changes.at(-1)?.mwan3?.links.length, 3);
});

test("mwan3 ifdown and ifup: noticed within a second, without a word from anybody", async () => {
	const { time, changes, files, dumps } = rig();
	files.content.set("/etc/config/mwan3", MWAN3);
	// All are up: nothing but what mwan3 writes is a reason to look further.
	for (const name of ["wanb", "wanc"]) files.content.set(`/var/run/mwan3/iface_state/${name}`, "online\n");
	files.content.set("/var/run/mwan3/iface_state/wan", "online\n");
	files.content.set("/var/run/mwan3track/wan/STATUS", "online\n");
	await time.advance(100);
	const down = () => changes.at(-1)?.uplinks.find((one) => one.id === "wan")?.mwan3.ipv4?.takenDown;
	assert.equal(down(), undefined);
	files.content.set("/var/run/mwan3track/wan/STATUS", "disabled\n");
	await time.advance(1100);
	assert.equal(down(), undefined, "the tracker alone has no say: mwan3 still calls it online");
	files.content.set("/var/run/mwan3/iface_state/wan", "offline\n");
	await time.advance(1100);
	assert.equal(down(), true);
	const looked = dumps();
	await time.advance(10_000);
	assert.equal(dumps(), looked);
	files.content.set("/var/run/mwan3/iface_state/wan", "online\n");
	files.content.set("/var/run/mwan3track/wan/STATUS", "online\n");
	await time.advance(1100);
	assert.equal(down(), undefined);
});

test("started before ubus is connected: no call, no complaint, the first look when it is", async () => {
	const { time, dumps, log, changes, reconnect } = rig(false);
	await time.advance(1000);
	assert.equal(dumps(), 0);
	assert.deepEqual(log.lines, []);
	reconnect();
	await time.advance(1);
	assert.equal(dumps(), 1);
	assert.equal(changes.length, 1);
});

test("a new connection to ubus means looking again; after close nothing runs", async () => {
	const { time, dumps, reconnect, discovery } = rig();
	await time.advance(100);
	reconnect();
	await time.advance(100);
	assert.equal(dumps(), 2);
	discovery.close();
	await time.advance(120_000);
	assert.equal(dumps(), 2);
	assert.equal(time.pending(), 0);
});

test("the network's configuration changed: netifd takes its time and tells of no metric, so it is looked at again", async () => {
	const { discovery, time, notify, dumps, rebuilds } = rig();
	discovery.start();
	await time.advance(100);
	const before = dumps();
	notify("service", "config.change", { config: "network" });
	assert.deepEqual(rebuilds, ["config network"]);
	for (const [afterMs, looks] of [
		[100, 1],
		[1000, 2],
		[5000, 3],
		[15_000, 3],
	] as const) {
		await time.advance(afterMs);
		assert.equal(dumps() - before, looks, `${afterMs} ms later`);
	}
	notify("service", "config.change", { config: "dhcp" });
	assert.equal(rebuilds.length, 1);
	discovery.close();
});

test("settings for an uplink that there is not are told, with those there are; not for one that may come", async () => {
	const { discovery, time, files, changes } = rig(true, ["wan", "wam", "mob1"]);
	files.content.set("/etc/config/network", "config interface mob1\n option proto qmi\n");
	discovery.start();
	await time.advance(100);
	assert.deepEqual(changes.at(-1)?.problems, [
		"/etc/config/autonomy, section wam is of no use: no uplink is called so; there are wan, wanb, wanc",
	]);
	discovery.close();
});
