/** What bench footprint reckons with: a router's /proc, bytes on flash, slopes, goals, and its virtual time and kernel. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { createKernel } from "../../bench/footprint/day/kernel.ts";
import { virtualTime } from "../../bench/footprint/day/time.ts";
import { type Hour, liveDay, slope } from "../../bench/footprint/day.ts";
import { jffs2Bytes } from "../../bench/footprint/flash.ts";
import { engineProgram } from "../../bench/footprint/programs.ts";
import { ALL_ON, type AtRest } from "../../bench/footprint/rest.ts";
import { rowsOf, tableLines } from "../../bench/footprint/table.ts";
import { familyUsage, parseLook } from "../../bench/footprint/usage.ts";
import { parseRules } from "../../daemon/steer/source-rules.ts";
import { engineFlags } from "../../lab/autonomyd.ts";

const stat = (pid: number, name: string, parent: number, ticks: number): string =>
	`${pid} (${name}) S ${parent} 1 1 0 -1 4194560 1 2 3 4 ${ticks} 1 2 3 20 0 1 0 100 1 1`;
const look = (pid: number, name: string, parent: number, rss: number, anon: number, files: string[]): string =>
	`@pid ${pid}
${stat(pid, name, parent, 10)}
Exe: /usr/bin/${name}
Rss:      ${rss} kB
Pss:      ${rss / 2} kB
Anonymous:  ${anon} kB
${files.map((file) => `File: ${file}\n`).join("")}voluntary_ctxt_switches:	7
voluntary_ctxt_switches:	5
`;

test("a family's memory: what is shared counts once, strangers do not", () => {
	const text = [
		look(40, "qjs", 1, 1000, 600, ["300 /usr/bin/qjs", "100 /lib/libc.so"]),
		look(41, "a ) S 1 b", 40, 200, 50, ["70 /usr/bin/fping", "80 /lib/libc.so"]),
		look(42, "fping", 41, 210, 60, ["90 /usr/bin/fping", "60 /lib/libc.so"]),
		look(43, "qjs", 1, 5000, 5000, []),
	].join("");
	const everyone = parseLook(text);
	assert.equal(everyone[1]?.parent, 40, "a name may hold anything");
	const { all, daemon, aloneKb, programs } = familyUsage(everyone, 40);
	assert.deepEqual([all.processes, all.rssKb, all.pssKb, all.anonKb], [3, 1410, 705, 710]);
	assert.equal(all.cpuTicks, 3 * (10 + 1 + 2 + 3));
	assert.equal(all.wakeups, 36);
	assert.equal(daemon.rssKb, 1000);
	assert.equal(aloneKb, 710 + 300 + 100 + 90);
	assert.deepEqual(
		programs.map(({ path, count, rssKb }) => [path, count, rssKb]),
		[
			["/usr/bin/qjs", 1, 1000],
			["/usr/bin/fping", 1, 210],
			["/usr/bin/a ) S 1 b", 1, 200],
		],
	);
	assert.throws(() => familyUsage(everyone, 99), /the daemon ended/);
});

test("JFFS2: page by page, and never more than the page", () => {
	assert.equal(jffs2Bytes(new Uint8Array(0)), 0);
	const noise = randomBytes(5000);
	assert.equal(jffs2Bytes(noise), 2 * 68 + 5000);
	assert.ok(jffs2Bytes(new Uint8Array(8192)) < 200);
});

test("a slope is that of the second half, of the lowest looks", () => {
	const hours = (of: (hour: number) => number): Hour[] =>
		Array.from({ length: 25 }, (_, hour) => ({ hour, low_kb: of(hour), anon_kb: 1e6 * hour, rss_kb: 0, record_kb: 0 }));
	assert.equal(slope(hours((hour) => (hour < 12 ? 1000 * hour : 12_000))), 0);
	assert.equal(slope(hours((hour) => 5000 + 30 * hour)), 30);
	assert.equal(slope(hours(() => 1).slice(0, 1)), 0);
});

const REST: AtRest = {
	rss_kb: 12_289,
	pss_kb: 9000,
	alone_kb: 9100,
	anon_kb: 8000,
	daemon_rss_kb: 11_000,
	daemon_anon_kb: 7000,
	cpu_pct: 0.5,
	daemon_cpu_pct: 0.4,
	wakeups_per_s: 20,
	daemon_wakeups_per_s: 10,
	start_ms: 300,
	processes: 7,
	programs: [],
	sensors: ["wan starlink"],
};

test("goals: met up to the last digit, missed above, open while not measured; both engines side by side", () => {
	const flash = { files: 1, bytes: 900_000, squashfs_bytes: 400_000, jffs2_bytes: 500_000 };
	const none = { day: null, flash, programsFlash: null, step: null, failover: null };
	const rows = [
		...rowsOf("quickjs", { ...none, rest: new Map([[4, REST]]) }),
		...rowsOf("node", {
			...none,
			rest: new Map([[4, { ...REST, rss_kb: 80_000 }]]),
			step: { median_ms: 0.2, p95_ms: 0.4, mean_ms: 0.1 },
		}),
	];
	const met = (engine: string, what: string): boolean | null | undefined =>
		rows.find((row) => row.engine === engine && row.what.startsWith(what))?.met;
	assert.equal(met("quickjs", "RSS"), true, "12 MB and a page are 12 MB in the table");
	assert.equal(met("node", "RSS"), false);
	assert.equal(met("quickjs", "CPU at rest, 4"), true);
	assert.equal(met("quickjs", "flash: bundle"), true);
	assert.equal(met("quickjs", "anonymous"), null);
	assert.equal(met("quickjs", "engine step"), null);
	assert.equal(met("node", "engine step"), true);
	assert.equal(met("node", "failover"), undefined);
	const lines = tableLines(rows);
	assert.match(lines[0] ?? "", /QuickJS .*Node$/);
	const first = /^RSS, daemon and helpers, 4 uplinks +12 MB {2}<= 12 +met +78.13 MB {2}<= 65 +MISSED$/;
	assert.match(lines[1] ?? "", first);
	assert.ok(lines.some((line) => /^failover, times Node's +not measured +<= 1.2$/.test(line)));
});

test("virtual time: in order, what is closed never fires, promises settle between two timers", async () => {
	const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
	const time = virtualTime(1000, 5_000_000, turn);
	const seen: string[] = [];
	const note = (text: string) => (): void => void seen.push(`${text} ${time.clock.monotonicMs()}`);
	for (let ms = 50; ms > 0; ms--) time.timers.after(ms * 10, note(`t${ms}`)).close();
	time.timers.after(20, note("b"));
	time.timers.after(10, () => {
		note("a")();
		void Promise.resolve()
			.then(() => Promise.resolve())
			.then(() => time.timers.after(5, note("promised")));
	});
	time.timers.after(20, note("c"));
	const beat = time.timers.every(15, note("beat"));
	await time.liveUntil(1040);
	beat.close();
	await time.liveUntil(2000);
	const expected = ["a 1010", "beat 1015", "promised 1015", "b 1020", "c 1020", "beat 1030"];
	assert.deepEqual(seen, expected);
	assert.equal(time.clock.monotonicMs(), 2000);
	assert.equal(time.clock.wallMs(), 5_001_000);
});

test("the kernel of the virtual day shows rules as `ip` does, and knows what is gone", () => {
	const ip = createKernel([]);
	const lines = [
		"rule add pref 900 from 192.0.2.2 lookup main suppress_prefixlength 0",
		"rule add pref 901 from 192.0.2.2 lookup 9000",
		"rule add pref 31991 iif lo lookup 9001",
		"route replace default via 192.0.2.1 dev eth1 table 9000",
		"route replace default via 192.0.2.1 dev eth1 proto 212 metric 5",
	];
	assert.equal(ip(["ip", "-4", "-force", "-batch", "-"], { stdin: `${lines.join("\n")}\n` }).code, 0);
	const rules = parseRules(ip(["ip", "-4", "rule", "show"]).stdout);
	assert.deepEqual(
		rules.map(({ pref, selector, table }) => [pref, selector, table]),
		[
			[0, "from all", "local"],
			[900, "from 192.0.2.2", "main"],
			[901, "from 192.0.2.2", "9000"],
			[31_991, "from all iif lo", "9001"],
			[32_766, "from all", "main"],
		],
	);
	assert.equal(parseRules(ip(["ip", "-6", "rule", "show"]).stdout).length, 2);
	assert.equal(
		ip(["ip", "-4", "route", "show", "default"]).stdout,
		"default via 192.0.2.1 dev eth1 proto 212 metric 5\n",
	);
	const gone = ip(["ip", "-4", "rule", "del", "pref", "901", "from", "192.0.2.2", "lookup", "9000"]);
	assert.equal(gone.code, 0);
	assert.match(ip(["ip", "-4", "rule", "del", "pref", "901", "from", "192.0.2.2", "lookup", "9000"]).stderr, /No such/);
});

for (const engine of ["node", "quickjs"] as const) {
	test(`the first minutes of the virtual day on ${engine}: every uplink good, the dish answers`, async (t) => {
		const program = engineProgram(engine, "system", engineFlags("node"));
		if (typeof program === "string") return t.skip(program);
		const { hours, sensors, decisions } = await liveDay({ engine, program, hours: 0, uplinks: 4, config: ALL_ON });
		assert.equal(hours.length, 1);
		assert.ok((hours[0]?.anon_kb ?? 0) > 1000 && (hours[0]?.record_kb ?? 0) > 10, JSON.stringify(hours));
		assert.ok(sensors.includes("wan starlink"), sensors.join());
		assert.ok(decisions > 0);
	});
}
