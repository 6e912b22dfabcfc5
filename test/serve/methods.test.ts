import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { API, type MethodName } from "../../contract/api.ts";
import type { Field, Fields, MethodSpec } from "../../contract/api-schema.ts";
import { WIRE } from "../../daemon/bus/blobmsg.ts";
import { readFields } from "./wire.ts";
import { type World, world, worldFor } from "./world.ts";

let w: World;
/** Between these two moments. */
let made: readonly [number, number];
before(async () => {
	const fromMs = Date.now();
	w = await world();
	made = [fromMs, Date.now()];
});
after(() => w.stop());

const GOOD: Readonly<Record<MethodName, Record<string, unknown>>> = {
	status: {},
	members: {},
	metrics: { name: "wanb" },
	history: { name: "wanb" },
	events: {},
	decisions: {},
	explain: {},
	what_if: { overrides: {} },
	action: { cmd: "recheck" },
	failover: { member: "wanb" },
	restore: {},
	recheck: {},
	setlog: { level: "info" },
	"config.get": {},
	"config.set": { values: { switch_margin: 12 } },
	reload: {},
	health: {},
	info: {},
	starlink_status: {},
	starlink_diagnostics: {},
	obstruction_map: {},
	cellular_status: {},
	cellular_analysis: {},
	wifi_status: {},
	data_usage: {},
	gps: {},
	gps_status: {},
	data_limit_status: {},
	data_limit_interface: { interface: "wanb" },
	alerts: {},
	alert_history: {},
	alert_ack: {},
	notification_status: {},
	push_status: {},
	push_key: {},
	push_subscribe: {
		endpoint: "https://push.example/abc",
		p256dh: `B${"A".repeat(86)}`,
		auth: "A".repeat(22),
	},
	push_unsubscribe: { endpoint: "https://push.example/abc" },
	send_test_notification: {},
	report: { format: "html" },
	forecast: {},
	forecast_reset: {},
	render: { view: "status" },
};

const WIRE_OF: Record<string, number> = {
	string: WIRE.string,
	int32: WIRE.int32,
	int64: WIRE.int64,
	double: WIRE.double,
	bool: WIRE.bool,
	table: WIRE.table,
	map: WIRE.table,
	list: WIRE.array,
};

/** Every member of a reply is in the contract, with the wire type it says; nothing that must be there is missing. */
function checkWire(fields: Fields, bytes: Uint8Array, path: string): void {
	const found = readFields(bytes);
	for (const { name, type, content } of found) {
		const field = fields[name];
		assert.ok(field, `${path}.${name} is not in the contract`);
		checkField(field, type, content, `${path}.${name}`);
	}
	for (const [name, field] of Object.entries(fields)) {
		assert.ok(field.optional || found.some((one) => one.name === name), `${path}.${name} is missing`);
	}
}

function checkField(field: Field, type: number, content: Uint8Array, path: string): void {
	if (field.type === "uci") {
		assert.ok(type === WIRE.string || type === WIRE.array, path);
		return;
	}
	assert.equal(type, WIRE_OF[field.type], `wire type of ${path}`);
	if (field.type === "table") checkWire(field.fields, content, path);
	if (field.type === "list" || field.type === "map") {
		for (const one of readFields(content)) checkField(field.of, one.type, one.content, `${path}[${one.name}]`);
	}
}

for (const name of Object.keys(API) as MethodName[]) {
	test(`${name} answers over the bus as the contract says`, async (t) => {
		const own = API[name].rights === "write" ? await worldFor(t) : w;
		const args = { ...GOOD[name], ubus_rpc_session: "0123456789abcdef0123456789abcdef" };
		const pieces = await own.client.callRaw("autonomy", name, args as never);
		assert.equal(pieces.length, 1);
		checkWire((API[name] as MethodSpec).reply, pieces[0] as Uint8Array, name);
		if (API[name].rights === "write") {
			const ok = readFields(pieces[0] as Uint8Array).find((one) => one.name === "ok");
			assert.equal(ok?.content[0], 1);
		}
	});
}

test("the signature on the bus is the contract's", async () => {
	const info = await w.client.lookup("autonomy");
	assert.deepEqual(Object.keys(info.methods).sort(), Object.keys(API).sort());
	for (const [name, spec] of Object.entries<MethodSpec>(API)) {
		assert.deepEqual(
			info.methods[name],
			Object.fromEntries(Object.entries(spec.args).map(([arg, { type }]) => [arg, WIRE_OF[type]])),
		);
	}
});

test("status tells who carries the traffic and why", async () => {
	const status = await w.call("status");
	assert.equal(status.state, "backup");
	assert.equal(status.current, "wanb");
	assert.match(String(status.text), /backup wanb.*; wan: no reply from 3 of 3 targets/);
	const [decision] = [status.last_decision as Record<string, unknown>];
	assert.equal(decision?.rule, "hard_failure");
	assert.equal(decision?.from, "wan");
	const atMs = Number(decision?.ts) + 59_000;
	assert.ok(atMs > made[0] - 1000 && atMs < made[1] + 1000, `${atMs} is not within ${made}`);
	assert.deepEqual(
		(status.rank as { name: string }[]).map((one) => one.name),
		["wanb", "mob1s1a1", "wan"],
	);
	assert.deepEqual(status.config, { predictive: true, use_mwan3: true, switch_margin: 12 });
});

test("members: figures, unknown ones absent", async () => {
	const members = (await w.call("members")).members as Record<string, Record<string, unknown>>[];
	const wan = members.find((one) => String(one.name) === "wan");
	const wanb = members.find((one) => String(one.name) === "wanb");
	assert.equal(wan?.state, "down" as unknown);
	assert.equal(wanb?.primary, true as unknown);
	assert.ok(Number(wanb?.metrics?.lat_ms) >= 35 && Number(wanb?.metrics?.lat_ms) < 45);
	assert.equal(wanb?.metrics?.rsrp, undefined, "the engine was told no signal level");
	assert.ok(!("why_not" in (wanb ?? {})));
});

test("metrics are thinned out from the newest, history has the spread", async () => {
	const few = (await w.call("metrics", { name: "wanb", since_s: 300, limit: 10 })).samples as {
		ts: number;
		lat_ms: number;
	}[];
	assert.equal(few.length, 10);
	assert.ok(made[0] - (few.at(-1)?.ts ?? 0) < 15_000);
	assert.ok(few.every((one, i) => i === 0 || one.ts > (few[i - 1]?.ts ?? 0)));
	const history = await w.call("history", { name: "wan", since_s: 600, points: 10 });
	const points = history.points as { values: Record<string, { min: number; max: number }> }[];
	assert.equal(points.length, 10);
	assert.equal(points[0]?.values.score?.max, 95);
	assert.equal(points.at(-1)?.values.score?.min, 0);
	assert.equal(points[0]?.values.rsrp, undefined);
});

test("events and decisions are limited and newest first; explain tells the whole story", async () => {
	const { decisions } = (await w.call("decisions", { limit: 1 })) as { decisions: { id: string; kind: string }[] };
	assert.equal(decisions.length, 1);
	const story = await w.call("explain", { id: decisions[0]?.id });
	assert.equal(story.kind, decisions[0]?.kind);
	const hard = (await w.call("decisions", { limit: 50 })).decisions as { id: string; rule: string }[];
	const failover = await w.call("explain", { id: hard.find((one) => one.rule === "hard_failure")?.id });
	assert.equal((failover.actions as { mode: string }[])[0]?.mode, "dead");
	assert.equal((failover.results as { method: string }[])[0]?.method, "mwan3_chains");
	assert.ok((failover.candidates as { name: string }[]).length === 3);
	const events = (await w.call("events", { limit: 500 })).events as { ts: number }[];
	assert.ok(events.every((one, i) => i === 0 || one.ts <= (events[i - 1]?.ts ?? 0)));
	const only = (await w.call("events", { type: "member_state", limit: 500 })).events as { type: string }[];
	assert.ok(only.length > 0 && only.every((one) => one.type === "member_state"));
});

test("reading what does not exist ends with the status for it", async () => {
	const table: [string, Record<string, unknown>, number][] = [
		["metrics", { name: "nobody" }, 4],
		["history", { name: "nobody" }, 4],
		["explain", { id: "d9999" }, 4],
		["metrics", {}, 2],
		["metrics", { name: "wan", since_s: -5 }, 2],
		["metrics", { name: "wan", since_s: 1e9 }, 2],
		["metrics", { name: ["wan"] }, 2],
		["events", { limit: 0 }, 2],
		["events", { limit: 501 }, 2],
		["status", { extra: true }, 2],
		["what_if", { overrides: { nonsense: 1 } }, 2],
		["what_if", { overrides: { switch_margin: "many" } }, 2],
		["what_if", { overrides: { log_level: "debug" } }, 2],
		["what_if", { overrides: { "nobody.weight": 5 } }, 2],
		["what_if", { overrides: [] }, 2],
		["nosuch", {}, 3],
	];
	for (const [method, args, status] of table) {
		await assert.rejects(w.call(method, args), (error: { context?: { status?: number } }) => {
			assert.equal(error.context?.status, status, `${method} ${JSON.stringify(args)}`);
			return true;
		});
	}
});

test("a daemon that has just started answers everything, with what is unknown left out", async (t) => {
	const fresh = await worldFor(t, { pastS: 0, names: [] });
	const status = await fresh.call("status");
	assert.equal(status.state, "starting");
	assert.ok(!("current" in status) && !("last_event" in status) && !("since_s" in status));
	assert.deepEqual(await fresh.call("members"), { members: [] });
	await assert.rejects(fresh.call("explain"), { code: "bus_status" });
	await assert.rejects(fresh.call("what_if", { overrides: {} }), { code: "bus_status" });
	for (const view of ["status", "members", "events", "config", "config_diff", "health", "info"]) {
		const { ok, text } = await fresh.call("render", { view });
		assert.equal(ok, true, `${view}: ${text}`);
	}
	assert.deepEqual(fresh.log.messages("error"), []);
});
