/** The whole sensor on real sockets, against dishes on loopback. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, test } from "node:test";
import type { Bus } from "../../../daemon/bus/bus.ts";
import { createNodePlatform } from "../../../daemon/platform/node/platform.ts";
import type { Platform } from "../../../daemon/platform/platform.ts";
import type { Sensor } from "../../../daemon/sense/sensor.ts";
import { createStarlink, starlinkKind } from "../../../daemon/sense/starlink/starlink.ts";
import type { Uplink } from "../../../daemon/uplink/types.ts";
import { type Dish, type DishOptions, startDish } from "../../../lab/dish/dish.ts";
import { fakeLog, fakeTime } from "../../support/fake-platform.ts";
import { uplink } from "../cellular/support.ts";
import { config, type Heard, listener } from "./support.ts";

const HOST = "127.0.0.1";
const platform = createNodePlatform();

function wire(address: string | null, id = "wan"): Uplink {
	const ipv4 = {
		interface: id,
		up: address !== null,
		device: "eth1",
		address,
		prefixLength: 24,
		gateway: "127.0.0.1",
		hasDefaultRoute: true,
		dnsServers: [],
		metric: 0,
	};
	return { ...uplink(), id, class: "lan", classReason: "eth1 is Ethernet", device: "eth1", ipv4 };
}

interface World {
	readonly change: (uci: string) => void;
	readonly dish: Dish;
	readonly sensor: Sensor;
	readonly heard: Heard;
	readonly logged: () => string;
}

interface Options extends Partial<DishOptions> {
	readonly uci?: string;
	readonly local?: string | null;
	readonly before?: (dish: Dish) => void;
}

async function world(t: { after(work: () => unknown): void }, options: Options = {}): Promise<World> {
	const dish = await startDish({ host: HOST, port: 0, webPort: 0, ...options });
	options.before?.(dish);
	const { heard, sink } = listener();
	const log = fakeLog();
	const ports = `option host ${HOST}\n option port ${dish.port || 1}\n option web_port ${dish.webPort || 2}`;
	const written = `config starlink api\n ${ports}\n option timeout_s 3\n${options.uci ?? ""}`;
	let settings = config(written);
	const { local = "127.0.0.9" } = options;
	const sensor = createStarlink({
		platform,
		bus: null as unknown as Bus,
		log,
		uplink: wire(local),
		config: () => settings,
		...sink,
	});
	t.after(() => {
		sensor.close();
		return dish.close();
	});
	sensor.follow(wire(local), true);
	const change = (uci: string): void => {
		settings = config(written + uci);
	};
	return { change, dish, sensor, heard, logged: () => JSON.stringify(log.lines) };
}

async function until(what: string, holds: () => boolean, limitMs = 120_000): Promise<void> {
	const end = Date.now() + limitMs;
	while (!holds()) {
		if (Date.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}

describe("a dish that answers", () => {
	test("makes its uplink Starlink, tells its figures, its history, its map; not its position", async (t) => {
		const { sensor, heard, dish } = await world(t);
		await until("an answer", () => sensor.health().state === "ok");
		assert.deepEqual(heard.classes, ["starlink"]);
		await until("the map", () => sensor.picture?.() !== null);
		const details = sensor.details();
		assert.equal(details?.source, "grpc-web");
		assert.equal(details?.firmware, "2026.07.06.mr81950");
		assert.match(JSON.stringify(details?.last_15_min), /^\{"seconds":900,"drop_pct":/);
		assert.equal(sensor.picture?.()?.facts.rows, 123);
		assert.equal(dish.asked.get_location, undefined);
		assert.equal(details?.location, undefined);
		assert.equal(dish.asked.get_history, 1);
		await until("the next second", () => (dish.asked.get_status ?? 0) >= 3);
	});

	test("tells its position where the owner wants positions", async (t) => {
		const location = { lla: { lat: 59.4, lon: 17.9, alt: 30 }, sigma_m: 2 };
		const before = (dish: Dish): void => dish.set({ location });
		const { sensor, logged } = await world(t, { uci: "config gps gps\n option enabled 1\n", before });
		await until("the position", () => sensor.details()?.location !== undefined);
		assert.deepEqual(sensor.details()?.location, {
			latitude: 59.4,
			longitude: 17.9,
			altitude_m: 30,
			accuracy_m: 2,
			speed_mps: 0,
		});
		assert.doesNotMatch(logged(), /59\.4|17\.9/);
	});

	test("a refusal is told once and not asked for again", async (t) => {
		const { sensor, dish, logged } = await world(t, { uci: "config gps gps\n option enabled 1\n" });
		await until(
			"the refusal",
			() => (sensor.details()?.refused as string[] | undefined)?.includes("get_location") ?? false,
		);
		await until("some seconds", () => (dish.asked.get_status ?? 0) >= 4);
		assert.equal(dish.asked.get_location, 1);
		assert.equal(logged().split("get_location").length - 1, 1);
	});

	test("a closed first door: the second one serves", async (t) => {
		const { sensor } = await world(t, { webPort: null });
		await until("an answer", () => sensor.health().state === "ok");
		assert.equal(sensor.details()?.source, "grpc");
		const { sensor: other } = await world(t, { port: null });
		await until("an answer", () => other.health().state === "ok");
		assert.equal(other.details()?.source, "grpc-web");
	});

	test("somebody else behind the first door: the second one serves", async (t) => {
		const server = createServer((_request, response) => response.end("<html>hello</html>"));
		await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
		t.after(() => server.close());
		const { port } = server.address() as AddressInfo;
		const { sensor } = await world(t, { webPort: null, uci: `option web_port ${port}\n` });
		await until("an answer", () => sensor.health().state === "ok", 20_000);
		assert.equal(sensor.details()?.source, "grpc");
	});

	test("new firmware: fields and numbers nobody knows, and what it refused is asked again", async (t) => {
		const before = (dish: Dish): void =>
			dish.set({ denied: ["get_diagnostics"], extra: [0xc2, 0xbb, 0x01, 0x02, 0x68, 0x69] });
		const { sensor, dish, heard } = await world(t, { before });
		await until("the refusal", () => (sensor.details()?.refused as string[] | undefined)?.[0] === "get_diagnostics");
		dish.set({ denied: [], status: { device_info: { software_version: "2027.01.01" }, outage: { cause: 77 } } });
		await until("the new one", () => sensor.details()?.firmware === "2027.01.01");
		assert.equal(sensor.details()?.state, "unknown_77");
		assert.deepEqual(sensor.details()?.refused, []);
		assert.ok(heard.events.some((one) => one.startsWith("dish_firmware: ")));
	});
});

describe("trouble", () => {
	test("nobody there: absent, and the uplink stays what it was", async (t) => {
		const { sensor, heard } = await world(t, { port: null, webPort: null });
		await until("a verdict", () => sensor.health().state === "absent");
		assert.match(sensor.health().text, /^no dish: nobody answers at 127\.0\.0\.1, port 1 or 2$/);
		assert.deepEqual(heard.classes, []);
		assert.equal(sensor.details(), null);
	});

	test("nobody by the gateway: by the device alone, and in turn from then on", async (t) => {
		const { sensor, heard, dish } = await world(t, { port: null });
		await until("an answer", () => sensor.health().state === "ok");
		assert.deepEqual(heard.reached, [false], "found at once: nothing else is tried");
		await dish.close();
		const second = await world(t, { port: null, webPort: null });
		await until("the other way", () => second.heard.reached.length >= 3);
		assert.deepEqual(second.heard.reached, [false, true, false]);
		assert.equal(second.sensor.health().state, "absent");
	});

	test("no address: absent, nothing is tried", async (t) => {
		const { sensor } = await world(t, { local: null });
		await until("a verdict", () => sensor.health().state === "absent");
		assert.match(sensor.health().text, /has no IPv4 address now/);
	});

	test("switched off", async (t) => {
		const { sensor, dish } = await world(t, { uci: " option enabled 0\n" });
		await until("a verdict", () => sensor.health().state === "absent");
		assert.match(sensor.health().text, /starlink\.api\.enabled is 0/);
		assert.deepEqual(dish.asked, {});
	});

	test("switched off while it answers: nothing is asked any more, and the uplink is what it was before", async (t) => {
		const { sensor, dish, heard, change } = await world(t);
		await until("an answer", () => sensor.health().state === "ok");
		change(" option enabled 0\n");
		await until("a verdict", () => sensor.health().state === "absent");
		assert.deepEqual([heard.classes, heard.reached.at(-1)], [["starlink", null], null]);
		assert.deepEqual(heard.suspects, []);
		const asked = dish.asked.get_status ?? 0;
		await new Promise((resolve) => setTimeout(resolve, 2500));
		const more = (dish.asked.get_status ?? 0) - asked;
		assert.ok(more <= 1, `${more} questions; one may have been on its way`);
	});

	test("something else on that port is no dish", async (t) => {
		const { sensor, heard } = await world(t, { before: (dish) => dish.set({ mode: "garbage" }) });
		await until("a verdict", () => sensor.health().state === "failing");
		assert.match(sensor.health().text, /cannot be read/);
		assert.deepEqual(heard.classes, []);
	});

	test("it falls silent and comes back: suspicion, unknown figures, then all again", async (t) => {
		const { sensor, dish, heard } = await world(t);
		await until("an answer", () => sensor.health().state === "ok");
		dish.set({ mode: "silent" });
		await until("silence", () => sensor.health().state === "failing");
		assert.match(sensor.health().text, /^the dish is silent: /);
		assert.deepEqual(heard.suspects, ["the dish does not answer any more"]);
		assert.equal(heard.values.at(-1)?.outage, null);
		assert.equal(sensor.details(), null);
		dish.set({ mode: "answering", status: { device_info: { bootcount: 13, software_version: "x" } } });
		await until("an answer", () => sensor.health().state === "ok");
		assert.ok(
			heard.events.some((one) => one.startsWith("dish_restart: ")),
			heard.events.join("\n"),
		);
		assert.deepEqual(heard.classes, ["starlink"], "it was never anything else");
	});

	test("slow questions beside it do not hold the status up", async (t) => {
		const { sensor, dish } = await world(t, { before: (one) => one.set({ delayMs: 300 }) });
		await until("an answer", () => sensor.health().state === "ok");
		await until("statuses go on", () => (dish.asked.get_status ?? 0) >= 4);
		assert.equal(sensor.health().state, "ok");
	});
});

test("two dishes at one address, told apart by the uplink", async (t) => {
	const first = await startDish({ host: "127.0.0.21", port: 0, webPort: null });
	const second = await startDish({ host: "127.0.0.22", port: first.port, webPort: null });
	t.after(() => Promise.all([first.close(), second.close()]));
	first.set({ status: { device_info: { id: "ut-one" } } });
	second.set({ status: { device_info: { id: "ut-two" } } });
	const sensors = ["127.0.0.21", "127.0.0.22"].map((host) => {
		const { sink } = listener();
		const settings = config(
			`config starlink api\n option host ${host}\n option port ${first.port}\n option web_port 2`,
		);
		const context = { platform, bus: null as unknown as Bus, log: fakeLog(), config: () => settings, ...sink };
		return createStarlink({ ...context, uplink: wire(host) });
	});
	t.after(() => sensors.map((one) => one.close()));
	await until("both", () => sensors.every((one) => one.health().state === "ok"));
	assert.deepEqual(
		sensors.map((one) => one.details()?.id),
		["ut-one", "ut-two"],
	);
});

test("where no dish is: knocks for half an hour, then one an hour; anew when the link comes", async () => {
	const time = fakeTime();
	const knocks: number[] = [];
	const streams: Platform["streams"] = {
		connect(target, handlers) {
			if (target.kind === "tcp" && target.port === 9200) knocks.push(time.clock.monotonicMs());
			time.timers.after(5, () => handlers.onClose("refused"));
			return { write: () => true, pendingBytes: 0, pause() {}, resume() {}, close() {} };
		},
	};
	const { heard, sink } = listener();
	const sensor = createStarlink({
		platform: { ...platform, ...time, streams },
		bus: null as unknown as Bus,
		log: fakeLog(),
		uplink: wire("192.0.2.9"),
		config: () => config(),
		...sink,
	});
	/** Knocks, and changes of the way, within so many minutes. */
	const within = async (minutes: number): Promise<[number, number]> => {
		const before = [knocks.length, heard.reached.length] as const;
		await time.advance(minutes * 60_000);
		return [knocks.length - before[0], heard.reached.length - before[1]];
	};
	sensor.follow(wire("192.0.2.9"), true);
	const [first, ways] = await within(10);
	assert.ok(first >= 4 && first <= 10, `${first} knocks in ten minutes`);
	assert.equal(heard.reached[0], false);
	assert.ok(ways >= 2 && ways <= 10, `${ways} changes of the way`);
	assert.deepEqual(await within(20), [4, 0], "one every five minutes, by the gateway");
	await within(60);
	assert.deepEqual(await within(180), [6, 6], "one an hour, both ways");
	assert.equal(heard.reached.at(-1), false);
	for (const [what, link] of [
		["another address", wire("192.0.2.10")],
		["the link down", { ...wire("192.0.2.10"), carrier: false }],
		["the cable back", { ...wire("192.0.2.10"), carrier: true }],
	] as const) {
		const count = knocks.length;
		sensor.follow(link, true);
		await time.advance(2_500);
		assert.equal(knocks.length - count, what === "the link down" ? 0 : 2, what);
	}
	const [again] = await within(10);
	assert.ok(again >= 3, `${again} knocks in the ten minutes after`);
	sensor.close();
	assert.equal(time.pending(), 0);
});

test("which uplinks may have a dish", () => {
	const { serves } = starlinkKind();
	assert.match(serves(wire("192.0.2.1")) ?? "", /is a wire/);
	assert.match(serves({ ...wire("192.0.2.1"), class: "wifi" }) ?? "", /Wi-Fi/);
	assert.equal(serves({ ...wire("192.0.2.1"), class: "cellular" }), null);
	assert.equal(serves({ ...wire("192.0.2.1"), tunnel: true }), null);
});
