/** From a dish that answers on loopback, through sensor, bus and render, to what autonomyctl prints. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Reply } from "../../contract/api.ts";
import type { Bus } from "../../daemon/bus/bus.ts";
import { createNodePlatform } from "../../daemon/platform/node/platform.ts";
import { createStarlink } from "../../daemon/sense/starlink/starlink.ts";
import { decodeBase64 } from "../../daemon/serve/base64.ts";
import { startDish } from "../../lab/dish/dish.ts";
import { until } from "../bus/support.ts";
import { uplink } from "../sense/cellular/support.ts";
import { config, listener } from "../sense/starlink/support.ts";
import { world } from "../serve/world.ts";
import { fakeLog } from "../support/fake-platform.ts";
import { hasAsh, tree } from "./shell.ts";

const skip = hasAsh ? false : "no busybox with ash here";
const HOST = "127.0.0.1";
const HOSTILE = 'ut\u001b[2J\u001b]0;owned\u0007"; reboot; $(id)\n{"level":"error"}\u202etu';
const SHOWN = 'ut?[2J?]0;owned?"; reboot; $(id)?{"level":"error"}?tu';

test("autonomyctl starlink, its map, and both as JSON", { skip }, async (t) => {
	const dish = await startDish({ host: HOST, port: 0, webPort: 0 });
	const device_info = { id: HOSTILE, hardware_version: HOSTILE, software_version: HOSTILE, country_code: HOSTILE };
	const alerts = { thermal_throttle: true };
	dish.set({ status: { device_info, alerts }, outage: "OBSTRUCTED", denied: ["get_diagnostics"] });
	const settings = config(
		`config starlink api\n option host ${HOST}\n option port ${dish.port}\n option web_port ${dish.webPort}\n`,
	);
	const link = { interface: "wan", up: true, device: "eth1", address: "127.0.0.9", prefixLength: 24 } as const;
	const ipv4 = { ...link, gateway: HOST, hasDefaultRoute: true, dnsServers: [], metric: 0 };
	const wire = { ...uplink(), id: "wan", class: "lan", classReason: "eth1 is Ethernet", device: "eth1", ipv4 } as const;
	const sensor = createStarlink({
		platform: createNodePlatform(),
		bus: null as unknown as Bus,
		log: fakeLog(),
		uplink: wire,
		config: () => settings,
		...listener().sink,
	});
	const w = await world({
		sensors: (id) => {
			const told = { why: "eth1 is a wire", cost: "little", health: sensor.health(), details: sensor.details() };
			return id === "wan" ? [{ sensor: "starlink", ...told }] : [];
		},
		picture: () => sensor.picture?.() ?? null,
	});
	const box = await tree(w.socket);
	t.after(async () => {
		box.remove();
		sensor.close();
		await w.stop();
		await dish.close();
	});
	sensor.follow(wire, true);
	await until(
		"the refusal",
		() => (sensor.details()?.refused as string[] | undefined)?.includes("get_diagnostics") === true,
	);
	await until("the map", () => sensor.picture?.() != null);

	const plain = await box.ctl(["-w", "200", "starlink"]);
	assert.equal(plain.code, 0, plain.stderr);
	assert.match(plain.stdout, /^UPLINK +STATE +DROP %/);
	assert.ok(plain.stdout.includes(SHOWN), plain.stdout);
	assert.match(plain.stdout, /^wan: the dish reports an outage: OBSTRUCTED$/m);
	assert.match(plain.stdout, /^ {2}outage for [\d.]+ s: something stands in its view \(OBSTRUCTED\)$/m);
	assert.match(plain.stdout, /^ {2}warning: the dish is hot and slows down \(thermal_throttle\)$/m);
	assert.match(plain.stdout, /^ {2}diagnostics: not told$/m);
	assert.match(plain.stdout, /^ {2}refused: get_diagnostics$/m);
	assert.match(plain.stdout, /^0 of 1 dish connected\n$/m);

	const map = await box.ctl(["-w", "120", "starlink", "map", "wan"]);
	assert.equal(map.code, 0, map.stderr);
	assert.match(
		map.stdout,
		/^wan: [\d.]+ % of what was measured is blocked, [\d.]+ % where the dish looks, \d+ % measured/,
	);
	assert.equal(map.stdout.split("\n").filter((line) => /[·░▒▓█]{5}/.test(line)).length > 20, true, map.stdout);
	for (const { stdout } of [plain, map]) {
		for (const line of stdout.split("\n")) assert.doesNotMatch(line, /[\p{Cc}\p{Cf}]/u);
	}
	for (const line of (await box.ctl(["starlink"])).stdout.split("\n")) assert.ok([...line].length <= 80, line);

	const json = await box.ctl(["-j", "starlink"]);
	const { starlink } = JSON.parse(json.stdout) as Reply<"starlink_status">;
	assert.equal(starlink.wan?.id, HOSTILE);
	assert.equal(starlink.wan?.outage?.cause, "OBSTRUCTED");
	// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
	assert.doesNotMatch(json.stdout.trimEnd(), /[\u0000-\u001f]/);
	const picture = await box.ctl(["-j", "starlink", "map", "wan"]);
	const { maps } = JSON.parse(picture.stdout) as Reply<"obstruction_map">;
	assert.deepEqual(decodeBase64(maps.wan?.cells ?? ""), sensor.picture?.()?.cells);
});
