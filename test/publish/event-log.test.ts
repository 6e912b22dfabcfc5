/** RutOS' event log: what gets an entry there and how, and that nothing is written where there is none. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlobInputTable } from "../../daemon/bus/blobmsg.ts";
import type { Bus } from "../../daemon/bus/bus.ts";
import type { Decision } from "../../daemon/decide/types.ts";
import { AutonomyError } from "../../daemon/platform/error.ts";
import { createEventLog } from "../../daemon/publish/event-log.ts";
import { fakeLog } from "../support/fake-platform.ts";

const decision = (change: Partial<Decision>): Decision => ({
	id: "d",
	atMs: 0,
	kind: "failover",
	rule: "hard_failure",
	from: "wan",
	to: "wanb",
	text: "wanb carries the traffic",
	figures: [],
	candidates: [],
	observed: false,
	...change,
});

function world(methods: readonly string[] | "absent" | "failing") {
	const calls: BlobInputTable[] = [];
	const log = fakeLog();
	let nowMs = 0;
	let connect: (() => void) | null = null;
	let connected: Promise<void> = Promise.resolve();
	const bus = {
		whenConnected: () => connected,
		async lookup(path: string) {
			if (methods === "absent") throw new AutonomyError("bus_not_found", `no object ${path}`);
			const list = methods === "failing" ? ["write_ext"] : methods;
			return { path, id: 1, typeId: null, methods: Object.fromEntries(list.map((name) => [name, {}])) };
		},
		async call(object: string, method: string, args: BlobInputTable = {}) {
			assert.deepEqual([object, method], ["log", "write_ext"]);
			if (methods === "failing") throw new AutonomyError("bus_status", "status 9");
			calls.push(args);
			return {};
		},
	} as unknown as Pick<Bus, "whenConnected" | "lookup" | "call">;
	const eventLog = createEventLog({ bus, log, clock: { monotonicMs: () => nowMs } });
	return {
		eventLog,
		calls,
		lines: log.lines,
		at: (ms: number) => {
			nowMs = ms;
		},
		disconnect(): void {
			connected = new Promise((done) => {
				connect = done;
			});
		},
		connect: (): void => connect?.(),
		unreachable(): void {
			connected = Promise.reject(new AutonomyError("timeout", "ubus is not reachable after 60000 ms"));
			connected.catch(() => undefined);
		},
		/** Everything asked has been answered. */
		settle: () => new Promise((done) => setImmediate(done)),
	};
}

test("a switch gets an entry; what is only observed or changes nothing gets none", async () => {
	const { eventLog, calls, settle } = world(["read", "write", "write_ext"]);
	eventLog.decisions([
		decision({}),
		decision({ observed: true, text: "observed" }),
		decision({ kind: "none", text: "none" }),
		decision({ kind: "avoid", text: "avoid" }),
		decision({ from: "wan", to: "wan", text: "stays" }),
		decision({ kind: "start", from: null, to: "wan", text: `Start:\n\u0007${"x".repeat(400)}` }),
	]);
	await settle();
	const entry = { sender: "Autonomy", table: 2, write_db: 1 };
	assert.deepEqual(calls, [
		{ event: "wanb carries the traffic", ...entry },
		{ event: `Start: ${"x".repeat(240)}...`, ...entry },
	]);
});

test("alerts from critical on that are not about a switch, when they begin and when they are over", async () => {
	const { eventLog, calls, settle } = world(["write_ext"]);
	const alert = { kind: "offline", title: "No internet", text: "nothing works" } as const;
	eventLog.alert({ change: "raised", level: "warning", ...alert });
	eventLog.alert({ change: "raised", level: "critical", ...alert });
	eventLog.alert({ change: "repeated", level: "critical", ...alert });
	eventLog.alert({ change: "cleared", level: "critical", ...alert });
	// The switch itself has an entry.
	eventLog.alert({ change: "raised", level: "critical", ...alert, kind: "failover" });
	await settle();
	assert.deepEqual(
		calls.map(({ event }) => event),
		["No internet: nothing works", "No internet: over"],
	);
});

test("a link that flaps does not wear out the flash; what was left out is told", async () => {
	const { eventLog, calls, settle, at } = world(["write_ext"]);
	eventLog.decisions(Array.from({ length: 25 }, () => decision({})));
	await settle();
	assert.equal(calls.length, 20);
	at(3_600_001);
	eventLog.decisions([decision({})]);
	await settle();
	assert.equal(calls.at(-1)?.event, "wanb carries the traffic (5 earlier entries left out)");
});

test("OpenWrt's logd has no such method: nothing is written, nothing is said", async () => {
	const { eventLog, calls, lines, settle } = world(["read", "write"]);
	eventLog.decisions([decision({})]);
	await settle();
	assert.deepEqual([calls, lines], [[], []]);
});

test("a log that takes nothing is told once, none at all not", async () => {
	for (const [how, count] of [
		["failing", 1],
		["absent", 0],
	] as const) {
		const { eventLog, lines, settle } = world(how);
		eventLog.decisions([decision({}), decision({})]);
		await settle();
		assert.equal(lines.length, count, how);
	}
});

test("what is told before the bus is there is written when it is, the oldest first", async () => {
	const { eventLog, calls, lines, settle, disconnect, connect } = world(["write_ext"]);
	disconnect();
	const alert = { kind: "watchdog", level: "critical", title: "Started again", text: "after a crash" } as const;
	eventLog.alert({ change: "raised", ...alert });
	eventLog.decisions([decision({})]);
	await settle();
	assert.deepEqual(calls, []);
	connect();
	await settle();
	assert.deepEqual(
		calls.map(({ event }) => event),
		["Started again: after a crash", "wanb carries the traffic"],
	);
	assert.deepEqual(lines, []);
});

test("as long as nobody knows of such a log, nothing is said of one", async () => {
	const { eventLog, lines, settle, unreachable } = world(["write_ext"]);
	unreachable();
	eventLog.decisions([decision({})]);
	await settle();
	assert.deepEqual(lines, []);
});
