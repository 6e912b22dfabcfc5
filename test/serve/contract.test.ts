import assert from "node:assert/strict";
import { test } from "node:test";
import { API, NOTIFICATIONS } from "../../contract/api.ts";
import { checkCall } from "../../contract/api-check.ts";
import type { Field, Fields, MethodSpec } from "../../contract/api-schema.ts";
import { TypedNumber } from "../../daemon/bus/blobmsg.ts";
import { encodeReply } from "../../daemon/serve/encode.ts";

const methods = Object.entries<MethodSpec>(API);

test("every method says who may call it, what for, and what it answers", () => {
	for (const [name, spec] of methods) {
		assert.match(name, /^[a-z][a-z_.]*$/);
		assert.ok(["read", "write"].includes(spec.rights), name);
		assert.ok(spec.help.endsWith("."), `${name}: ${spec.help}`);
		assert.ok(Object.keys(spec.reply).length > 0, name);
		for (const [arg, one] of Object.entries(spec.args)) {
			assert.ok(one.help.length > 0 && !one.help.endsWith("."), `${name}.${arg}`);
			assert.ok(!(one.required && one.default !== undefined), `${name}.${arg} is required and has a default`);
			if (one.type === "int32")
				assert.ok(one.min !== undefined && one.max !== undefined, `${name}.${arg} has no range`);
		}
	}
});

test("everything that changes something has right write and answers with ok and words", () => {
	const writes = methods.filter(([, spec]) => spec.rights === "write").map(([name]) => name);
	assert.deepEqual(writes, [
		"action",
		"failover",
		"restore",
		"recheck",
		"setlog",
		"config.set",
		"reload",
		"alert_ack",
		"push_key",
		"push_subscribe",
		"push_unsubscribe",
		"send_test_notification",
		"forecast_reset",
	]);
	for (const name of writes) {
		const { reply } = API[name as keyof typeof API] as MethodSpec;
		assert.equal(reply.ok?.type, "bool");
		assert.equal(reply.text?.type, "string");
		// A refusal leaves out everything that is no list; it must be allowed to.
		for (const [field, spec] of Object.entries(reply)) {
			assert.ok(["ok", "text"].includes(field) || spec.optional || spec.type === "list", `${name}.${field}`);
		}
	}
});

function eachField(fields: Fields, path: string, visit: (path: string, field: Field) => void): void {
	for (const [name, field] of Object.entries(fields)) {
		let inner: Field = field;
		visit(`${path}.${name}`, field);
		while (inner.type === "list" || inner.type === "map") inner = inner.of;
		if (inner.type === "table") eachField(inner.fields, `${path}.${name}`, visit);
	}
}

test("numbers carry their unit, or are counts and figures of any unit", () => {
	const all: Fields[] = [
		...methods.map(([, spec]) => spec.reply),
		...Object.values(NOTIFICATIONS).map((one) => one.fields),
	];
	for (const fields of all) {
		eachField(fields, "", (path, field) => {
			if (/_(ms|s|pct|bytes|dbm)$/.test(path)) assert.ok("unit" in field && field.unit !== "", path);
			if (path.endsWith(".ts")) assert.equal(field.type, "int64", path);
		});
	}
});

test("bad arguments, each with the words the caller gets", () => {
	const table: [keyof typeof API, Record<string, unknown>, RegExp][] = [
		["metrics", {}, /^argument 'name' is missing: name of the uplink$/],
		["metrics", { name: "" }, /^argument 'name' has 0 characters, not 1 to 64$/],
		["metrics", { name: "x".repeat(65) }, /^argument 'name' has 65 characters/],
		["metrics", { name: 5 }, /^argument 'name' is not a text$/],
		["metrics", { name: "wan", since_s: 0 }, /^argument 'since_s' is not a whole number from 1 to 604800$/],
		["metrics", { name: "wan", since_s: 1.5 }, /is not a whole number/],
		["metrics", { name: "wan", since_s: Number.NaN }, /is not a whole number/],
		["metrics", { name: "wan", since_s: "60" }, /is not a whole number/],
		["metrics", { name: "wan", nme: 1 }, /^unknown argument 'nme'; known: name, since_s, limit$/],
		["metrics", { name: "wan", "e\u001b[2Jx": 1 }, /^unknown argument 'e\?\[2Jx'/],
		["metrics", { name: "wan", ["y".repeat(5000)]: 1 }, /^unknown argument 'y{64}\.\.\.'/],
		["status", { a: 1 }, /^unknown argument 'a'; known: none$/],
		["action", { cmd: "explode" }, /^argument 'cmd' is 'explode', not one of failover, restore/],
		["action", { cmd: "failover", for_s: -1 }, /^argument 'for_s' is not a whole number from 0 to 604800$/],
		["setlog", { level: "LOUD" }, /^argument 'level' is 'LOUD', not one of trace, debug, info, warn, error$/],
		["config.set", { values: [] }, /^argument 'values' is not a table$/],
		["config.set", { section: "main" }, /^argument 'values' is missing/],
		["render", { view: "status", color: "yes" }, /^argument 'color' is not true or false$/],
		["render", { view: "status", width: 10 }, /^argument 'width' is not a whole number from 40 to 400$/],
	];
	for (const [method, args, words] of table) {
		const result = checkCall(API[method].args, args);
		assert.ok("problem" in result, `${method} ${JSON.stringify(args)}`);
		assert.match(result.problem, words);
	}
});

test("the session of an HTTP call is tolerated, null is absence, defaults are filled in", () => {
	const result = checkCall(API.metrics.args, { name: "wan", ubus_rpc_session: "0".repeat(32), since_s: null });
	assert.deepEqual(result, { args: { name: "wan", since_s: 600, limit: 300 } });
});

test("names of Object.prototype are unknown arguments like any other", () => {
	for (const name of ["constructor", "__proto__", "toString"]) {
		const given = JSON.parse(`{"${name}": 1}`) as Record<string, unknown>;
		assert.ok("problem" in checkCall(API.status.args, given), name);
	}
});

const FIELDS: Fields = {
	score: { type: "double", help: "" },
	count: { type: "int32", help: "" },
	big: { type: "int64", help: "", optional: true },
	note: { type: "string", help: "", optional: true, maxLength: 10 },
	map: { type: "map", help: "", optional: true, of: { type: "double", help: "" } },
};

test("the wire type of a number comes from the contract, never from its value", () => {
	for (const score of [2, 2.5, -0, 1e12]) {
		for (const count of [7, 6.6]) {
			const reply = encodeReply(FIELDS, { score, count, big: 5, map: { a: 1, b: 1.5 } }, "m");
			assert.equal((reply.score as TypedNumber).type, "double");
			assert.deepEqual(reply.count, new TypedNumber("int32", 7));
			assert.equal((reply.big as TypedNumber).type, "int64");
			for (const one of Object.values(reply.map as Record<string, TypedNumber>)) assert.equal(one.type, "double");
		}
	}
});

test("unknown is left out; what must be there and is not is an error that names it; extra fields stay inside", () => {
	const reply = encodeReply(FIELDS, { score: 1, count: 1, big: null, note: undefined, password: "secret" }, "m");
	assert.deepEqual(Object.keys(reply), ["score", "count"]);
	assert.throws(() => encodeReply(FIELDS, { score: Number.NaN, count: 1 }, "m"), /reply field m\.score/);
	assert.throws(() => encodeReply(FIELDS, { count: 1 }, "m"), /reply field m\.score cannot be undefined/);
	assert.throws(() => encodeReply(FIELDS, { score: "1", count: 1 }, "m"), /reply field m\.score cannot be string/);
	assert.equal(encodeReply(FIELDS, { score: 1, count: 1, note: "x".repeat(99) }, "m").note, "xxxxxxx...");
});
