/**
 * The figures for net-snmp and collectd: the package's scripts under the shells and awks a router may have, on a file the
 * daemon's own code wrote; then the real snmpd and collectd, where they are installed, read with their own programs.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
	cpSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createScrape } from "../../daemon/publish/scrape.ts";
import { createCounters } from "../../daemon/publish/source.ts";
import { platform } from "../alert/support.ts";
import { FILES, SHELLS, skip } from "../starwatch/support.ts";
import { fakeLog } from "../support/fake-platform.ts";
import { freePort, until } from "./broker.ts";
import { parseExposition } from "./parser.ts";
import { sourceFor } from "./support.ts";

const BASE = ".1.3.6.1.4.1.8072.9999.9999.101";
const NAMES = ["wan", 'e"vil}\\n\u0007,x="', "mob1s1a1"];
const program = (...paths: readonly string[]): string | null => paths.find((path) => existsSync(path)) ?? null;
const SNMPD = program("/usr/sbin/snmpd");
const WALK = program("/usr/bin/snmpwalk");
const COLLECTD = program("/usr/sbin/collectd");

interface Entry {
	readonly kind: string;
	readonly value: string;
}

describe("figures for snmpd and collectd", { skip }, () => {
	let folder = "";
	let file = "";
	let lib = "";
	/** Folder with one awk -> PATH. */
	const awks = new Map<string, string>();
	let samples: ReturnType<typeof parseExposition> = [];
	const metric = (name: string, member?: string): number | undefined =>
		samples.find((one) => one.name === `autonomy_${name}` && one.labels.member === member)?.value;

	before(async () => {
		folder = mkdtempSync(join(tmpdir(), "autonomy-figures-"));
		spawnSync("chmod", ["755", folder]);
		file = join(folder, "autonomy.prom");
		lib = join(folder, "lib");
		cpSync(`${FILES}usr/lib/autonomy/figures`, lib, { recursive: true });
		for (const words of ["busybox awk", "mawk", "gawk"]) {
			const [name = "", ...args] = words.split(" ");
			const path = program(`/bin/${name}`, `/usr/bin/${name}`);
			if (path === null || spawnSync(path, [...args, "BEGIN { exit }"]).status !== 0) continue;
			const bin = join(folder, name);
			mkdirSync(bin);
			writeFileSync(join(bin, "awk"), `#!/bin/sh\nexec ${path} ${args.join(" ")} "$@"\n`, { mode: 0o755 });
			awks.set(words, `${bin}:/usr/bin:/bin`);
		}
	});
	after(() => rmSync(folder, { recursive: true, force: true }));

	test("the tree as documented, value by value, in each shell and awk; hostile names are one line", async (t) => {
		const { source } = await sourceFor(t, { names: NAMES });
		const scrape = createScrape({
			platform,
			log: fakeLog(),
			config: () => ({ enabled: false, port: 9101, textfile: file }),
			source,
			counters: createCounters(),
		});
		t.after(() => scrape.close());
		scrape.configure();
		samples = parseExposition(readFileSync(file, "utf8"));
		assert.ok(awks.size > 0 && SHELLS.length > 0);
		let first: string | null = null;
		for (const [shell, ...args] of SHELLS) {
			for (const [name, PATH] of awks) {
				const walked = walk(ask(shell, args, PATH));
				first ??= JSON.stringify([...walked]);
				assert.equal(JSON.stringify([...walked]), first, `${shell} ${name}`);
				check(walked);
			}
		}
	});

	/** As the daemon leaves it every few seconds: what is older than two minutes is not read. */
	const fresh = (): void => utimesSync(file, Date.now() / 1000, Date.now() / 1000);

	/** Asks a program of pass_persist. */
	function ask(shell: string, args: readonly string[], PATH: string) {
		return (lines: readonly string[]): string[] => {
			const { stdout, stderr } = spawnSync(shell, [...args, join(lib, "snmp"), file], {
				input: `${lines.join("\n")}\n`,
				env: { PATH },
				encoding: "utf8",
			});
			assert.equal(stderr, "");
			return stdout.trimEnd().split("\n");
		};
	}

	function walk(send: (lines: readonly string[]) => string[]): Map<string, Entry> {
		const found = new Map<string, Entry>();
		fresh();
		// As often as there can be entries: all in one go, since the program is one process.
		const first = send(["PING", "getnext", BASE]);
		assert.equal(first[0], "PONG");
		let oid = first[1] ?? "";
		found.set(oid, { kind: first[2] ?? "", value: first[3] ?? "" });
		const all = send(columns().flatMap((one) => ["get", one]));
		for (let at = 0; at < all.length; ) {
			if (all[at] === "NONE") {
				at++;
				continue;
			}
			oid = all[at] ?? "";
			found.set(oid, { kind: all[at + 1] ?? "", value: all[at + 2] ?? "" });
			at += 3;
		}
		// What follows each is the next that exists; after the last there is nothing.
		const order = [...found.keys()];
		const next = send(order.flatMap((one) => ["getnext", one]));
		assert.deepEqual(
			next.filter((line) => line.startsWith(".") || line === "NONE"),
			[...order.slice(1), "NONE"],
		);
		assert.deepEqual(send(["set", `${BASE}.1.1.0`, "integer 1", "get", "x", "get", ".1.2.3", "getnext", ".1.9"]), [
			"not-writable",
			"NONE",
			"NONE",
			"NONE",
		]);
		return found;
	}

	const columns = (): string[] => [
		...[1, 2, 3, 4, 5, 6, 7].map((one) => `${BASE}.1.${one}.0`),
		...Array.from({ length: 16 }, (_, column) => [1, 2, 3, 4].map((row) => `${BASE}.2.1.${column + 1}.${row}`)).flat(),
	];

	function check(walked: ReadonlyMap<string, Entry>): void {
		const of = (path: string): Entry | undefined => walked.get(`${BASE}.${path}`);
		assert.deepEqual(of("1.1.0"), { kind: "integer", value: "1" });
		assert.equal(of("1.6.0")?.value, "1.2.3");
		assert.equal(of("1.7.0")?.value, "3");
		const names = [1, 2, 3].map((row) => of(`2.1.2.${row}`)?.value);
		assert.deepEqual(names, ["wan", 'e"vil}\\n ,x="', "mob1s1a1"]);
		const samplesOf = (row: number): string => NAMES[row - 1] ?? "";
		const rows: readonly (readonly [number, string, number, string])[] = [
			[5, "member_primary", 1, "integer"],
			[6, "interface_health_score", 1, "gauge"],
			[7, "member_latency_ms", 1, "gauge"],
			[8, "member_loss_percent", 10, "gauge"],
			[9, "member_signal_dbm", 1, "integer"],
			[13, "member_outages_total", 1, "counter"],
			[15, "data_used_bytes", 1e-6, "gauge"],
			[16, "data_limit_bytes", 1e-6, "gauge"],
		];
		let known = 0;
		for (const [column, name, factor, kind] of rows) {
			for (const row of [1, 2, 3]) {
				const value = metric(name, parsed(samplesOf(row)));
				const entry = of(`2.1.${column}.${row}`);
				if (value === undefined) assert.equal(entry, undefined, `${name} ${row}`);
				else {
					known++;
					assert.equal(entry?.kind, kind);
					assert.ok(
						Math.abs(Number(entry?.value) - value * factor) <= 0.501,
						`${name} ${row}: ${entry?.value} is ${value}`,
					);
				}
			}
		}
		assert.ok(known > 10);
	}

	/** As it stands in the file. */
	function parsed(name: string): string | undefined {
		return samples.find((one) => one.labels.member === name)?.labels.member;
	}

	test("a file that is old, missing or not ours gives nothing, and no error", () => {
		const [shell = "sh", ...args] = SHELLS[0] ?? [];
		const [PATH = "/usr/bin:/bin"] = awks.values();
		const text = readFileSync(file, "utf8");
		const send = ask(shell, args, PATH);
		utimesSync(file, Date.now() / 1000 - 300, Date.now() / 1000 - 300);
		assert.deepEqual(send(["getnext", BASE]), ["NONE"]);
		for (const strange of [
			"",
			"\u0000\u0001\n",
			"autonomy_online\n",
			'autonomy_online{a="\n',
			"autonomy_online $(reboot)\n",
			`autonomy_online{${"x".repeat(5000)}\n`,
		]) {
			writeFileSync(file, strange);
			assert.ok(
				["NONE", `${BASE}.1.5.0`, `${BASE}.1.7.0`].includes(send(["getnext", BASE])[0] ?? ""),
				JSON.stringify(strange),
			);
		}
		rmSync(file);
		assert.deepEqual(send(["getnext", BASE]), ["NONE"]);
		writeFileSync(file, text);
	});

	test("collectd's lines: one identifier each, only what is known", async () => {
		const [shell = "sh", ...args] = SHELLS[0] ?? [];
		for (const PATH of awks.values()) {
			fresh();
			const child = spawn(shell, [...args, join(lib, "collectd"), file], {
				env: { PATH, COLLECTD_HOSTNAME: "bo at/x", COLLECTD_INTERVAL: "3600.000" },
				detached: true,
			});
			const lines = await firstLines(child, 20);
			for (const line of lines)
				assert.match(
					line,
					/^PUTVAL "bo_at_x\/autonomy(-[A-Za-z0-9_.]+)?\/[a-z_]+(-[a-z]+)?" interval=3600 N:-?[0-9.e+-]+$/,
				);
			assert.ok(
				lines.some((line) => line.includes("/autonomy-e_vil__n__x__/gauge-score")),
				lines.join("\n"),
			);
			assert.equal(
				lines.find((line) => line.includes('autonomy-wan/gauge-score"'))?.split("N:")[1],
				String(metric("interface_health_score", "wan")),
			);
			// With the sleep it started.
			process.kill(-(child.pid ?? 0), "SIGKILL");
		}
	});

	async function firstLines(child: ChildProcess, count: number): Promise<string[]> {
		let text = "";
		child.stdout?.setEncoding("utf8").on("data", (part: string) => {
			text += part;
		});
		await until("lines", () => text.split("\n").length > count, 120_000);
		return text.split("\n").slice(0, count);
	}

	test("the real snmpd walks the tree", {
		skip: SNMPD === null || WALK === null ? "snmpd is not installed" : false,
	}, async (t) => {
		const port = await freePort();
		const conf = join(folder, "snmpd.conf");
		writeFileSync(conf, `rocommunity public 127.0.0.1\npass_persist ${BASE} ${join(lib, "snmp")} ${file}\n`);
		const flags = ["-f", "-Lo", "-C", "-c", conf, "-I", "-smux", `udp:127.0.0.1:${port}`];
		const snmpd = spawn(SNMPD ?? "", flags, {
			stdio: "ignore",
			env: { PATH: "/usr/bin:/bin", SNMP_PERSISTENT_DIR: folder },
		});
		t.after(() => snmpd.kill("SIGKILL"));
		const words = ["-v2c", "-c", "public", "-On", "-Oq", "-t", "5", "-r", "1", `127.0.0.1:${port}`, BASE];
		let text = "";
		await until(
			"snmpd, and a walk to the end",
			() => {
				fresh();
				const walked = spawnSync(WALK ?? "", words, { encoding: "utf8" });
				text = walked.stdout;
				return walked.status === 0 && text.includes(`${BASE}.2.1.2.3`);
			},
			300_000,
		);
		const lines = new Map(
			text
				.trimEnd()
				.split("\n")
				.map((line) => [line.split(" ")[0] ?? "", line.slice(line.indexOf(" ") + 1)]),
		);
		assert.equal(lines.get(`${BASE}.2.1.2.1`), '"wan"');
		assert.equal(lines.get(`${BASE}.1.7.0`), "3");
		assert.equal(Number(lines.get(`${BASE}.2.1.6.1`)), Math.round(metric("interface_health_score", "wan") ?? -1));
		const [shell = "sh", ...args] = SHELLS[0] ?? [];
		const [PATH = ""] = awks.values();
		assert.equal(lines.size, walk(ask(shell, args, PATH)).size, "all of it");
	});

	test("the real collectd takes every value", {
		skip:
			COLLECTD === null
				? "collectd is not installed"
				: process.getuid?.() === 0
					? false
					: "exec needs root to change its user",
	}, async (t) => {
		const data = join(folder, "csv");
		const conf = join(folder, "collectd.conf");
		writeFileSync(
			conf,
			`Hostname "boat"\nFQDNLookup false\nInterval 1\nBaseDir "${folder}"\nPIDFile "${join(folder, "pid")}"\nTypesDB "/usr/share/collectd/types.db"
LoadPlugin exec\nLoadPlugin csv\nLoadPlugin logfile\n<Plugin logfile>\n\tFile "${join(folder, "log")}"\n</Plugin>
<Plugin csv>\n\tDataDir "${data}"\n</Plugin>\n<Plugin exec>\n\tExec "nobody" "${join(lib, "collectd")}" "${file}"\n</Plugin>\n`,
		);
		const collectd = spawn(COLLECTD ?? "", ["-f", "-C", conf], { stdio: "ignore" });
		t.after(() => collectd.kill("SIGKILL"));
		const seen = (): string[] =>
			existsSync(data)
				? readdirSync(data, { recursive: true, encoding: "utf8" }).filter((name) => /\d{4}-\d\d-\d\d$/.test(name))
				: [];
		const wanted = /^boat\/autonomy-mob1s1a1\/gauge-score-/;
		/** The first value; collectd makes the file before it writes there. */
		const score = (): string | undefined => {
			const name = seen().find((one) => one.includes("autonomy-wan/gauge-score"));
			return name && readFileSync(join(data, name), "utf8").split("\n").slice(0, -1)[1]?.split(",")[1];
		};
		const has = (pattern: RegExp): boolean => seen().some((name) => pattern.test(name));
		await until(
			"values",
			() => {
				fresh();
				return has(wanted) && has(/derive-outages/) && score() !== undefined;
			},
			300_000,
		);
		const log = readFileSync(join(folder, "log"), "utf8");
		assert.doesNotMatch(log, /exec plugin: .*(error|fail|invalid)|Cannot parse|types\.db|not found/i);
		assert.equal(Number(score()), metric("interface_health_score", "wan"));
	});
});
