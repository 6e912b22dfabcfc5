/** Every method by every role, by the access list that ships. The same against a real rpcd: real.test.ts. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { API, API_OBJECT, NOTIFICATIONS } from "../../contract/api.ts";
import { RPCD_API, RPCD_OBJECT } from "../../contract/api-rpcd.ts";
import type { MethodSpec } from "../../contract/api-schema.ts";
import { access, fnmatch, type Group, type Login } from "./access.ts";

const GROUP = "luci-app-autonomy";
const lists = JSON.parse(
	readFileSync(join(import.meta.dirname, "../../rpcd/acl.d/luci-app-autonomy.json"), "utf8"),
) as Record<string, Group>;

const OBJECTS: readonly (readonly [string, Readonly<Record<string, MethodSpec>>])[] = [
	[API_OBJECT, API],
	[RPCD_OBJECT, RPCD_API],
];

const NOBODY: Login = { read: [], write: [] };
const OTHERS: Login = { read: ["luci-app-upnp"], write: ["unauthenticated"] };
const VIEWER: Login = { read: [GROUP], write: [] };
const OWNER: Login = { read: [], write: [GROUP] };
const ROOT: Login = { read: ["*"], write: ["*"] };
const ALL_BUT: Login = { read: ["*", `!${GROUP}`], write: ["*", `!${GROUP}`] };

const can = (login: Login, object: string, fn: string): boolean => access(lists, login, "ubus", object, fn);

for (const [object, api] of OBJECTS) {
	for (const [method, { rights }] of Object.entries(api)) {
		test(`${object}.${method}: ${rights}`, () => {
			for (const login of [NOBODY, OTHERS, ALL_BUT]) assert.equal(can(login, object, method), false);
			assert.equal(can(VIEWER, object, method), rights === "read");
			for (const login of [OWNER, ROOT]) assert.equal(can(login, object, method), true);
		});
	}
}

test("every method is granted exactly once, by its name and nothing wider", () => {
	assert.deepEqual(Object.keys(lists), [GROUP]);
	const group = lists[GROUP];
	const names = (["read", "write"] as const).flatMap((side) =>
		Object.entries(group?.[side]?.ubus ?? {}).flatMap(([object, fns]) =>
			(fns as readonly string[]).map((fn) => `${object} ${fn}`),
		),
	);
	const wanted = OBJECTS.flatMap(([object, api]) => Object.keys(api).map((method) => `${object} ${method}`));
	assert.deepEqual([...names].sort(), [...wanted].sort());
	for (const name of names) assert.doesNotMatch(name, /[*?[\]!]/);
});

test("nothing else is granted", () => {
	const group = lists[GROUP];
	assert.deepEqual(Object.keys(group ?? {}), ["description", "read", "write"]);
	assert.deepEqual(Object.keys(group?.read ?? {}), ["ubus"]);
	assert.deepEqual(Object.keys(group?.write ?? {}), ["ubus", "uci"]);
	const uci = (login: Login, config: string, fn: string): boolean => access(lists, login, "uci", config, fn);
	assert.deepEqual([uci(VIEWER, "autonomy", "read"), uci(VIEWER, "autonomy", "write")], [false, false]);
	assert.deepEqual([uci(OWNER, "autonomy", "read"), uci(OWNER, "autonomy", "write")], [true, true]);
	assert.equal(uci(NOBODY, "autonomy", "read"), false);
	for (const config of ["network", "mwan3", "autonomy2", "rpcd", "*"]) assert.equal(uci(OWNER, config, "read"), false);
	for (const [object, fn] of [
		["system", "reboot"],
		["file", "exec"],
		["file", "read"],
		["uci", "get"],
		["service", "list"],
		["session", "login"],
		["autonomy2", "status"],
		["luci.autonomy.x", "service"],
		["luci", "autonomy"],
		["autonomy", "nope"],
		["autonomy", ":subscribe"],
		["autonomy", ""],
		["autonomy", "*"],
	] as const) {
		assert.equal(can(OWNER, object, fn), false, `${object} ${fn}`);
	}
	for (const [scope, object] of [
		["file", "/etc/config/autonomy"],
		["cgi-io", "exec"],
	] as const) {
		for (const fn of ["read", "write", "exec"]) assert.equal(access(lists, OWNER, scope, object, fn), false);
	}
	assert.ok(!Object.keys(NOTIFICATIONS).some((name) => can(OWNER, "autonomy", `:${name}`)));
});

test("what changes something is not open to readers", () => {
	const harmless = Object.entries<MethodSpec>({ ...API, ...RPCD_API }).filter(([, { rights }]) => rights === "read");
	for (const [method] of harmless) {
		assert.doesNotMatch(
			method,
			/set|control|restore|delete|download|failover|recheck|action|reload|promote|hold/,
			method,
		);
	}
});

test("the reader itself: globs, denials, both forms of a scope", () => {
	assert.ok(fnmatch("a*", "a/b") && fnmatch("?[ab]", "xb") && fnmatch("[!a]", "b") && !fnmatch("a.b", "axb"));
	const two: Record<string, Group> = {
		one: { description: "", read: { ubus: { "net*": ["get*"] }, uci: ["n*"] }, write: { uci: ["n*"] } },
		two: { description: "", write: { ubus: { system: ["reboot"] } } },
	};
	const login: Login = { read: ["o*"], write: ["t?o", "!two"] };
	assert.deepEqual(
		[
			access(two, login, "ubus", "network.wan", "get_status"),
			access(two, login, "ubus", "network.wan", "set"),
			access(two, login, "uci", "network", "read"),
			access(two, login, "uci", "network", "write"),
			access(two, login, "ubus", "system", "reboot"),
			access(two, { read: [], write: ["two"] }, "ubus", "system", "reboot"),
		],
		[true, false, true, false, false, true],
	);
});
