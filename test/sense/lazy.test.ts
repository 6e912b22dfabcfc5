/** A kind whose code comes later: nothing it was told is lost, a failure is its own, and who closes it hears no more. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { lazyKind } from "../../daemon/sense/lazy.ts";
import type { Sensor, SensorContext, SensorKind } from "../../daemon/sense/sensor.ts";
import type { Uplink } from "../../daemon/uplink/types.ts";
import { fakeLog, fakeTime } from "../support/fake-platform.ts";

const HEAD = { name: "late", cost: "", serves: () => "yes" };
const uplink = (id: string): Uplink => ({ id }) as Uplink;

function world() {
	const told: string[] = [];
	const log = fakeLog();
	const context = { platform: fakeTime(), log, uplink: uplink("wan") } as unknown as SensorContext;
	const sensor: Sensor = {
		follow: (one, active) => void told.push(`follow ${one.id} ${active}`),
		health: () => ({ state: "ok", sinceMs: 0, lastOkMs: 0, nextTryMs: null, text: "fine" }),
		details: () => ({ a: 1 }),
		close: () => void told.push("close"),
	};
	const inner: SensorKind = {
		...HEAD,
		create() {
			told.push("create");
			return sensor;
		},
		close: () => void told.push("kind closed"),
	};
	return { told, log, context, inner };
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

test("until it is there it waits with what it was told last", async () => {
	const { told, context, inner } = world();
	let loads = 0;
	const kind = lazyKind(HEAD, () => {
		loads++;
		return Promise.resolve(inner);
	});
	const sensor = kind.create(context);
	sensor.follow(uplink("a"), false);
	sensor.follow(uplink("b"), true);
	assert.deepEqual([sensor.health().state, sensor.details(), told], ["starting", null, []]);
	await turn();
	assert.deepEqual(told, ["create", "follow b true"]);
	assert.deepEqual([sensor.health().state, sensor.details()], ["ok", { a: 1 }]);
	kind.create(context).follow(uplink("c"), true);
	assert.deepEqual(told.splice(0), ["create", "follow b true", "create", "follow c true"]);
	sensor.close();
	kind.close?.();
	assert.deepEqual([told, loads], [["close", "kind closed"], 1]);
});

test("closed before it is there, it is never made", async () => {
	const { told, context, inner } = world();
	const sensor = lazyKind(HEAD, () => Promise.resolve(inner)).create(context);
	sensor.close();
	await turn();
	assert.deepEqual(told, []);
});

test("code that does not come is said in health and log", async () => {
	const { log, context } = world();
	const sensor = lazyKind(HEAD, () => Promise.reject(new Error("no such file"))).create(context);
	await turn();
	assert.equal(sensor.health().state, "failing");
	assert.match(sensor.health().text, /the late sensor does not start: no such file/);
	assert.deepEqual(log.messages("error"), ["provider"]);
});
