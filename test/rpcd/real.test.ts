/**
 * The plugin and its access list under a real rpcd, on the userland OPENWRT_ROOT names: what procd, ubus, uci and rpcd's
 * sessions really do with them.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { API, API_OBJECT } from "../../contract/api.ts";
import { RPCD_API, RPCD_OBJECT, type RpcdMethod } from "../../contract/api-rpcd.ts";
import type { MethodSpec } from "../../contract/api-schema.ts";
import { missing } from "../../lab/net/possible.ts";
import { startOpenwrt } from "../../lab/router/openwrt.ts";
import type { RouterUnderTest } from "../../lab/under-test.ts";
import { unfit } from "./unfit.ts";

const REPO = join(import.meta.dirname, "../..");
const ROOT = process.env.OPENWRT_ROOT;
const skip = ROOT === undefined || ROOT === "" ? "needs a real userland: set OPENWRT_ROOT" : (missing()[0] ?? false);

/** Users of this test and what their login may do with the group luci-app-autonomy. */
const ROLES = { none: [], viewer: ["read"], owner: ["read", "write"] } as const;

let router: RouterUnderTest;

async function sh(script: string, stdin?: string): Promise<string> {
	const ran = await router.run(["sh", "-c", script], { timeoutMs: 60_000, ...(stdin === undefined ? {} : { stdin }) });
	assert.equal(ran.code, 0, `${script}: ${ran.code} ${ran.stdout}${ran.stderr}`);
	return ran.stdout;
}

async function call(object: string, method: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
	const ran = await router.run(["ubus", "-S", "call", object, method, JSON.stringify(args)], { timeoutMs: 30_000 });
	assert.equal(ran.code, 0, `${object} ${method}: ${ran.code} ${ran.stderr}`);
	return ran.stdout.trim() === "" ? null : JSON.parse(ran.stdout);
}

async function plugin(
	method: RpcdMethod,
	args: Readonly<Record<string, unknown>> = {},
): Promise<Record<string, unknown>> {
	const answer = (await call(RPCD_OBJECT, method, args)) as Record<string, unknown>;
	assert.deepEqual(unfit(RPCD_API[method].reply, answer), [], JSON.stringify(answer).slice(0, 400));
	return answer;
}

before(async () => {
	if (skip !== false || ROOT === undefined) return;
	router = await startOpenwrt(ROOT, { isps: 1 });
	const put = (from: string, to: string, mode: number): Promise<void> =>
		router.put(to, readFileSync(join(REPO, from), "utf8"), mode);
	await sh("mkdir -p /usr/libexec/rpcd /usr/share/autonomy/rpcd /usr/share/rpcd/acl.d");
	await put("rpcd/luci.autonomy", "/usr/libexec/rpcd/luci.autonomy", 0o755);
	for (const name of readdirSync(join(REPO, "rpcd/lib")))
		await put(`rpcd/lib/${name}`, `/usr/share/autonomy/rpcd/${name}`, 0o644);
	await put("rpcd/acl.d/luci-app-autonomy.json", "/usr/share/rpcd/acl.d/luci-app-autonomy.json", 0o644);
	await put("package/files/etc/init.d/autonomy", "/etc/init.d/autonomy", 0o755);
	await put("package/files/etc/config/autonomy", "/etc/config/autonomy", 0o600);
	// Not the daemon: something that procd runs, and that finds every configuration fine.
	await router.put(
		"/usr/sbin/autonomyd",
		'#!/bin/sh\ncase "$1" in\n--validate) echo "configuration is fine"; exit 0 ;;\nesac\necho \'{"level":"info","msg":"startup"}\'\nexec sleep 1000\n',
		0o755,
	);
	const hash = (await sh("openssl passwd -5 secret 2>/dev/null || mkpasswd -m sha256 secret")).trim();
	const logins = Object.entries(ROLES).map(
		([name, rights]) =>
			`config login\n\toption username '${name}'\n\toption password '${hash}'\n${rights
				.map((right) => `\tlist ${right} 'luci-app-autonomy'\n`)
				.join("")}`,
	);
	await router.put("/etc/config/rpcd", `config rpcd\n\toption timeout '30'\n\n${logins.join("\n")}`);
	await sh("/etc/init.d/rpcd restart");
	await sh("for i in 1 2 3 4 5 6 7 8 9 10; do ubus -S list luci.autonomy && exit 0; sleep 1; done; exit 1");
});
after(async () => {
	if (skip === false) await router?.close();
});

test("rpcd registers every method", { skip }, async () => {
	const shown = await sh("ubus -v list luci.autonomy");
	const methods = [...shown.matchAll(/^\t"([a-z_]+)":/gm)].map(([, name]) => name);
	assert.deepEqual(methods.sort(), Object.keys(RPCD_API).sort());
});

test("every method by every role, in sessions of rpcd", { skip }, async () => {
	const objects: readonly (readonly [string, Readonly<Record<string, MethodSpec>>])[] = [
		[API_OBJECT, API],
		[RPCD_OBJECT, RPCD_API],
	];
	for (const role of Object.keys(ROLES) as (keyof typeof ROLES)[]) {
		const login = (await call("session", "login", { username: role, password: "secret" })) as Record<string, unknown>;
		const sid = login.ubus_rpc_session;
		const questions = objects.flatMap(([object, api]) =>
			Object.entries(api).map(([method, { rights }]) => ({
				object,
				method,
				wanted: ROLES[role].includes(rights as never),
			})),
		);
		const others = ["system reboot", "file exec", "uci get", "service list", "autonomy nope", "autonomy :subscribe"];
		for (const other of others) {
			const [object = "", method = ""] = other.split(" ");
			questions.push({ object, method, wanted: false });
		}
		// One process for all questions: they are many.
		const asked = questions.map(({ object, method }) => `${object} ${method}`).join("\n");
		const answers = await sh(
			`while read -r o m; do ubus -S call session access "{\\"ubus_rpc_session\\":\\"${sid}\\",\\"scope\\":\\"ubus\\",\\"object\\":\\"$o\\",\\"function\\":\\"$m\\"}"; done`,
			`${asked}\n`,
		);
		const got = answers.trim().split("\n");
		assert.equal(got.length, questions.length);
		for (const [i, { object, method, wanted }] of questions.entries()) {
			assert.equal((JSON.parse(got[i] ?? "") as { access: boolean }).access, wanted, `${role} ${object} ${method}`);
		}
	}
});

test("the service under procd: enable, start, look, log, stop", { skip }, async () => {
	assert.equal((await plugin("service")).text, "Stopped, and not started at boot");
	await plugin("service_control", { action: "enable" });
	await plugin("service_control", { action: "start" });
	const runs = await plugin("service");
	assert.deepEqual([runs.running, runs.enabled, runs.wanted, runs.responding], [true, true, true, false]);
	assert.ok((runs.pid as number) > 1);
	const { lines } = (await plugin("log")) as { lines?: unknown };
	assert.match(JSON.stringify(lines), /"tag":"autonomyd","text":"\{\\"level\\":\\"info\\",\\"msg\\":\\"startup\\"\}"/);
	await plugin("service_control", { action: "stop" });
	assert.equal((await plugin("service")).running, false);
	await sh("uci set autonomy.main.enable=0; uci commit autonomy");
	const refused = (await call(RPCD_OBJECT, "service_control", { action: "start" })) as { error: { code: string } };
	assert.equal(refused.error.code, "disabled");
	await sh("uci set autonomy.main.enable=1; uci commit autonomy");
});

test("restore reaches the service through procd's trigger", { skip }, async () => {
	await plugin("service_control", { action: "start" });
	const before = await sh("cat /etc/config/autonomy");
	const done = await plugin("backup_restore", { text: "config autonomy 'main'\n\toption enable '0'\n" });
	await sh("for i in 1 2 3 4 5 6 7 8 9 10; do pgrep -f '^sleep 1000' >/dev/null || exit 0; sleep 1; done; exit 1");
	assert.equal((await plugin("service")).running, false);
	await plugin("backup_restore", { id: done.undo });
	assert.equal(await sh("cat /etc/config/autonomy"), before);
	await sh("for i in 1 2 3 4 5 6 7 8 9 10; do pgrep -f '^sleep 1000' >/dev/null && exit 0; sleep 1; done; exit 1");
});

test("without the daemon uci checks the syntax, and changes that are not committed do not count", {
	skip,
}, async () => {
	await sh("mv /usr/sbin/autonomyd /tmp/away; uci set autonomy.main.mode=observe");
	try {
		const fine = await plugin("config_validate", { text: "config autonomy main\n" });
		assert.deepEqual([fine.checked, fine.readable], ["syntax", true]);
		const broken = await plugin("config_validate", { text: "config 'autonomy\n" });
		assert.deepEqual([broken.readable, broken.clean], [false, false]);
		assert.match(String(broken.report), /Parse error/);
		assert.match(await sh("uci changes autonomy"), /observe/);
	} finally {
		await sh("mv /tmp/away /usr/sbin/autonomyd; uci revert autonomy");
	}
});

test("every section of the diagnostics and the versions fit the contract", { skip }, async () => {
	const { sections } = (await plugin("diagnostics_list")) as { sections?: unknown };
	for (const { name } of sections as { name: string }[]) {
		const { text } = await plugin("diagnostics", { section: name });
		assert.doesNotMatch(String(text), /[0-9a-f]{2}(:[0-9a-f]{2}){5}/, name);
	}
	const versions = await plugin("versions");
	assert.match(String(versions.system), /OpenWrt/);
});
