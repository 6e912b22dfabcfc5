/** What the build hands to RutOS, the Lua service between it and the bus, and what the packages do when they come. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { API } from "../../contract/api.ts";
import { RPCD_API } from "../../contract/api-rpcd.ts";
import type { Field, Fields, MethodSpec } from "../../contract/api-schema.ts";
import { findLua, type Service, type ServiceRequest, startService, type Ubus } from "../../lab/rutos/service.ts";
import { type ApiError, createApi, type Transport } from "../../web/api.ts";
import { createRutosTransport } from "../../web/rutos.ts";
import { type TextsFile, unpackTexts } from "../../web/texts.ts";
import { type Built, buildPages } from "./support.ts";

const REPO = join(import.meta.dirname, "../..");
const KB = 1024;
const SERVICE = join(REPO, "vuci-app-autonomy/api/usr/lib/lua/api/services/autonomy.lua");
const lua = findLua();
const METHODS = [
	...Object.entries<MethodSpec>(API).map(([name, spec]) => ["autonomy", name, spec] as const),
	...Object.entries<MethodSpec>(RPCD_API).map(([name, spec]) => ["luci.autonomy", name, spec] as const),
];

describe("build for RutOS", () => {
	let built: Built;
	before(async () => {
		built = await buildPages();
	});
	after(() => built?.remove());
	const views = (): string => `${built.folder}/ui/www/views/services`;
	const text = (name: string): string => gunzipSync(readFileSync(`${views()}/${name}.gz`)).toString();
	const named = (start: string): string => {
		const [found, ...others] = built.files.filter((one) => one.name.startsWith(`${start}_`));
		assert.deepEqual(others, []);
		assert.ok(found, start);
		return found.name;
	};

	test("file names carry their content's sum; all together 150 KB compressed", () => {
		assert.deepEqual(readdirSync(views()).sort(), built.files.map((one) => `${one.name}.gz`).sort());
		for (const { name } of built.files) {
			const sum = createHash("md5").update(text(name)).digest("hex").slice(0, 6);
			assert.ok(name.includes(`_${sum}.`), name);
		}
		const total = built.files.reduce((sum, one) => sum + one.gzip, 0);
		assert.ok(total <= 150 * KB, `together ${total} bytes`);
		for (const start of ["Autonomy", "AutonomyScript"])
			assert.ok((built.files.find((one) => one.name === named(start))?.gzip ?? 0) < KB, start);
	});

	test("a module and a script of the same component, and the menu of each", () => {
		assert.match(text(named("Autonomy")), /export\{\w+ as default\}/);
		assert.match(text(named("AutonomyScript")), /window\["services\/AutonomyScript_js"\]=__view\.default/);
		const acls = JSON.parse(
			readFileSync(`${built.folder}/api/usr/share/rpcd/acl.d/vuci-app-autonomy.json`, "utf8"),
		) as object;
		for (const [file, start] of [
			["usr/share/vuci/menu.d/autonomy.json", "Autonomy"],
			["usr/share/autonomy/vuci/menu-script.json", "AutonomyScript"],
		] as const) {
			const menu = JSON.parse(readFileSync(`${built.folder}/ui/${file}`, "utf8")) as Record<
				string,
				{ view: string; acls: string[] }
			>;
			const entry = menu["services/autonomy"];
			assert.equal(entry?.view, `services/${named(start)}`.replace(/\.js$/, ""));
			assert.deepEqual(entry?.acls, Object.keys(acls));
		}
	});

	test("nothing that RutOS' content policy refuses, and no framework", () => {
		for (const start of ["Autonomy", "AutonomyScript", "AutonomyPages"]) {
			const code = text(named(start));
			const found = code.match(
				/\beval\(|new Function|\bstyle="|innerHTML|createVNode|__VUE|sourceMappingURL|import\(/g,
			);
			assert.deepEqual(found ?? [], [], start);
		}
	});

	test("every text is translated, and keeps its places", () => {
		const places = (one: string): string[] => (one.match(/\{\w+\}/g) ?? []).sort();
		for (const language of ["de", "es"]) {
			const known = unpackTexts(JSON.parse(text(named(`AutonomyTexts-${language}`))) as TextsFile);
			assert.deepEqual(
				built.texts.filter((one) => !known[one]),
				[],
				language,
			);
			for (const [id, translated] of Object.entries(known)) assert.deepEqual(places(translated), places(id), id);
			// What RutOS calls otherwise, and what only its pages say.
			const own = Object.keys(
				JSON.parse(readFileSync(`${REPO}/vuci-app-autonomy/words/${language}.json`, "utf8")) as object,
			);
			assert.deepEqual(
				own.filter((one) => !built.texts.includes(one)),
				[],
				`${language}: not used`,
			);
		}
	});

	test("what RutOS calls otherwise than LuCI is said otherwise in every language", () => {
		const words = (language: string): Record<string, string> =>
			JSON.parse(readFileSync(`${REPO}/vuci-app-autonomy/words/${language}.json`, "utf8")) as Record<string, string>;
		for (const id of Object.keys(words("en"))) {
			assert.ok(built.texts.includes(id), id);
			for (const language of ["en", "de", "es"]) {
				assert.ok(words(language)[id], `${language}: ${id}`);
				assert.doesNotMatch(words(language)[id] ?? "", /luci|, Interfaces|, Schnittstellen/);
			}
		}
		assert.deepEqual(
			built.texts.filter((one) => /luci-app|Network, Interfaces/.test(one) && !words("en")[one]),
			[],
		);
	});

	test("its sources are strict TypeScript", () => {
		const ran = spawnSync("node_modules/.bin/tsc", ["-p", "vuci-app-autonomy/tsconfig.json", "--noEmit"], {
			encoding: "utf8",
			cwd: REPO,
		});
		assert.equal(`${ran.stdout}${ran.stderr}`, "");
	});
});

/** A reply with every list empty, and the paths where lists are. */
function emptied(fields: Fields): Record<string, unknown> {
	const value = (field: Field): unknown => {
		if (field.type === "list") return [];
		if (field.type === "table") return emptied(field.fields);
		if (field.type === "map") return { one: value(field.of) };
		return field.type === "bool" ? true : field.type === "string" ? (field.values?.[0] ?? "text") : 7;
	};
	return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, value(field)]));
}

describe("the service", { skip: lua.path === null ? lua.why : false }, () => {
	let service: Service;
	let calls: (readonly [string, string, unknown])[] = [];
	let answer: Ubus["call"];
	let there = true;
	before(() => {
		service = startService(lua.path ?? "", SERVICE, {
			call(object, method, args) {
				calls.push([object, method, args]);
				return answer(object, method, args);
			},
			has: async () => there,
		});
	});
	after(() => service?.close());

	const hex = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("hex");
	const look = (...list: readonly unknown[]) => service.ask({ http: "GET", group: "ask", query: { q: hex(list) } });
	const order = (call: unknown) =>
		service.ask({ http: "POST", group: "actions", sid: "order", body: { data: { call: JSON.stringify(call) } } });

	/** As in a browser, without the way between. */
	function transport(): Transport {
		const told = async (request: ServiceRequest): Promise<unknown> => {
			const { code, body } = await service.ask(request);
			if (code !== 200) throw Object.assign(new Error(JSON.stringify(body)), { code });
			return body;
		};
		return createRutosTransport({
			get: (path) =>
				told({ http: "GET", group: "ask", query: { q: new URL(path, "http://router").searchParams.get("q") ?? "" } }),
			post: (_path, body) => told({ http: "POST", group: "actions", sid: "order", body }),
			statusOf: (error) => (error as { readonly code?: number }).code ?? null,
		});
	}

	test("each method of the contract goes by exactly one of both ways, the one its rights ask for", async () => {
		answer = async () => ({ status: 0, reply: {} });
		const ok = { code: 200, body: { success: true, data: { results: [{ status: 0, reply: {} }] } } };
		const denied = { code: 200, body: { success: true, data: { results: [{ status: "denied" }] } } };
		for (const [object, name, { rights }] of METHODS) {
			calls = [];
			assert.deepEqual(await look([name, {}, object]), rights === "read" ? ok : denied, name);
			assert.deepEqual(await order([name, {}, object]), rights === "write" ? ok : denied, name);
			assert.deepEqual(calls, [[object, name, {}]]);
		}
	});

	test("the user uhttpd may call exactly these", () => {
		const acl = JSON.parse(
			readFileSync(`${REPO}/vuci-app-autonomy/api/usr/share/acl.d/autonomy-uhttpd.json`, "utf8"),
		) as { user: string; access: Record<string, { methods: string[] }> };
		assert.equal(acl.user, "uhttpd");
		const listed = Object.entries(acl.access).flatMap(([object, { methods }]) => methods.map((one) => [object, one]));
		assert.deepEqual(
			listed,
			METHODS.map(([object, name]) => [object, name]),
		);
	});

	test("empty lists are lists again, empty tables tables", async () => {
		answer = async (_object, method) => ({
			status: 0,
			reply: emptied(METHODS.find(([, name]) => name === method)?.[2].reply ?? {}),
		});
		const way = transport();
		const replies = await Promise.all(METHODS.map(([object, name]) => way.call(object, name, {})));
		for (const [index, [, name, { reply }]] of METHODS.entries())
			assert.deepEqual(replies[index], emptied(reply), name);
	});

	test("texts of all kinds go there and come back", async () => {
		answer = async (_object, _method, args) => ({ status: 0, reply: args });
		const reason = "\u00e4\u20ac\u{1f600} \"'\\ %3d&=#+;\n\t</script>$(reboot)";
		assert.deepEqual(await transport().call("autonomy", "failover", { reason, for_s: 600, big: 1_763_720_000_000 }), {
			reason,
			for_s: 600,
			big: 1_763_720_000_000,
		});
		assert.deepEqual(await transport().call("autonomy", "what_if", { overrides: { [reason]: 2.5 } }), {
			overrides: { [reason]: 2.5 },
		});
	});

	test("many calls of one moment travel in few requests that uhttpd takes", async () => {
		answer = async (_object, _method, args) => ({ status: 0, reply: args });
		const lengths: number[] = [];
		const way = createRutosTransport({
			get: async (path) => {
				lengths.push(path.length);
				const q = new URL(path, "http://router").searchParams.get("q") ?? "";
				return (await service.ask({ http: "GET", group: "ask", query: { q } })).body;
			},
			post: async () => null,
			statusOf: () => null,
		});
		const names = Array.from({ length: 64 }, (_, index) => `uplink-with-a-long-name-${index}`);
		const replies = await Promise.all(names.map((name) => way.call("autonomy", "metrics", { name, limit: 200 })));
		assert.deepEqual(
			replies.map((one) => (one as { name: string }).name),
			names,
		);
		assert.ok(lengths.length < 8, `${lengths.length} requests`);
		for (const length of lengths) assert.ok(length < 2500, `${length}`);
	});

	test("what goes wrong has the code the pages have words for", async () => {
		const api = createApi(transport());
		const codeOf = (work: Promise<unknown>): Promise<string> =>
			work.then(
				() => "none",
				(error: ApiError) => error.code,
			);
		for (const [status, code] of [
			[2, "bad_argument"],
			[4, "not_found"],
			[6, "denied"],
			[7, "timeout"],
			[11, "busy"],
			[9, "failed"],
		] as const) {
			answer = async () => ({ status });
			assert.equal(await codeOf(api.call("explain", { id: "1" })), code, String(status));
		}
		answer = async () => ({ status: 4 });
		there = false;
		assert.equal(await codeOf(api.call("status")), "absent");
		there = true;
		// One of many: the others have their answers.
		answer = async (_object, method) => (method === "members" ? { status: 4 } : { status: 0, reply: {} });
		const [one, other] = await Promise.allSettled([api.call("members"), api.call("status")]);
		assert.deepEqual([one?.status, other?.status], ["rejected", "fulfilled"]);
		for (const [status, code] of [
			[401, "denied"],
			[403, "denied"],
			[404, "absent"],
			[422, "failed"],
			[502, "offline"],
			[null, "offline"],
		] as const) {
			const broken = createRutosTransport({
				get: () => Promise.reject(new Error("no")),
				post: () => Promise.reject(new Error("no")),
				statusOf: () => status,
			});
			assert.equal(await codeOf(broken.call("autonomy", "status", {})), code);
			assert.equal(await codeOf(broken.call("autonomy", "failover", {})), code);
		}
	});

	test("what is no list of calls is refused, and calls nothing", async () => {
		calls = [];
		const many = Array.from({ length: 41 }, () => ["status"]);
		const queries = [undefined, "", "zz", "5b5", hex("text"), hex({}), hex([]), hex(many)];
		for (const q of queries) {
			const asked = await service.ask({ http: "GET", group: "ask", query: q === undefined ? {} : { q } });
			assert.equal(asked.code, 422, q);
		}
		for (const body of [
			undefined,
			{},
			{ data: {} },
			{ data: { call: 5 } },
			{ data: { call: "[" } },
			{ data: { x: "" } },
		])
			assert.equal((await service.ask({ http: "POST", group: "actions", sid: "order", body })).code, 422);
		assert.equal((await order([["failover"], ["restore"]])).code, 200);
		const results = (await look(5, "status", [["status"]], [{}], ["status", {}, "uci"], ["status", {}, 5])).body;
		assert.deepEqual(
			(results as { data: { results: object[] } }).data.results,
			Array.from({ length: 6 }, () => ({ status: "denied" })),
		);
		assert.deepEqual(calls, []);
		for (const [http, group, sid] of [
			["GET", "order"],
			["PUT", "actions", "order"],
			["POST", "actions", "ask"],
			["DELETE", "ask"],
		] as const)
			assert.equal((await service.ask({ http, group, ...(sid ? { sid } : {}), body: { data: {} } })).code, 404);
	});
});

describe("the packages on a router", () => {
	const MENU = "share/vuci/menu.d/autonomy.json";

	/** Runs a script of package/scripts on a router of this version with the files below `base`; the menu, and what ran. */
	function install(script: string, version: string | null, base: string): { menu: string; ran: string; code: number } {
		const place = mkdtempSync(join(tmpdir(), "autonomy-rutos-"));
		try {
			const put = (path: string, content: string): void => {
				mkdirSync(dirname(join(place, path)), { recursive: true });
				writeFileSync(join(place, path), content);
			};
			put(`root${base}/${MENU}`, "module");
			put(`root${base}/share/autonomy/vuci/menu-script.json`, "script");
			if (version !== null) put("root/etc/version", `${version}\n`);
			for (const name of ["ubus", "killall"]) {
				put(`bin/${name}`, `#!/bin/sh\necho "${name} $*" >>"$AUTONOMY_ROOT/ran"\n`);
				chmodSync(join(place, "bin", name), 0o755);
			}
			put("root/ran", "");
			const { status } = spawnSync("sh", [join(REPO, "package/scripts", script)], {
				env: { PATH: `${join(place, "bin")}:/usr/bin:/bin`, AUTONOMY_ROOT: join(place, "root") },
			});
			return {
				menu: readFileSync(join(place, `root${base}/${MENU}`), "utf8"),
				ran: readFileSync(join(place, "root/ran"), "utf8"),
				code: status ?? -1,
			};
		} finally {
			rmSync(place, { recursive: true });
		}
	}

	for (const [version, base, menu] of [
		["RUT9_R_00.07.06.21", "/usr", "script"],
		["RUTX_R_00.07.05", "/usr", "script"],
		["RUTX_R_00.07.07.1", "/usr", "script"],
		["RUTX_R_00.07.08", "/usr", "module"],
		["RUTX_R_00.07.13.3", "/usr", "module"],
		["RUTX_R_00.07.14", "/usr/local/usr", "module"],
		["RUTX_R_00.07.20", "/usr/local/usr", "module"],
		["RUTX_R_00.08.05", "/usr/local/usr", "module"],
		[null, "/usr", "module"],
	] as const) {
		test(`${version ?? "a router that does not tell its version"}: ${menu}`, () => {
			const done = install("vuci-app-autonomy-ui/post-install.sh", version, base);
			assert.deepEqual(done, {
				menu,
				ran: `ubus call session reload_acls\nubus send vuci.notify {"event":"reload_routes"}\n`,
				code: 0,
			});
		});
	}

	test("rights are read again when the service comes and goes", () => {
		for (const moment of ["post-install", "post-remove"])
			assert.equal(
				install(`vuci-app-autonomy-api/${moment}.sh`, null, "/usr").ran,
				"ubus call session reload_acls\nkillall -HUP ubusd\n",
			);
	});
});
