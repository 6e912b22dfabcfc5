/** What starwatch is made of, one by one: options, HMAC, masks, and what it says of a router. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type Box, box, FILES, SHELLS, skip } from "./support.ts";

const LIB = `${FILES}usr/lib/autonomy/starwatch/`;
const SCRIPTS = [
	`${FILES}usr/sbin/starwatch`,
	`${FILES}etc/init.d/starwatch`,
	...readdirSync(LIB)
		.filter((name) => name.endsWith(".sh"))
		.map((name) => LIB + name),
];

function withBox(shell: readonly [string, ...string[]], work: (b: Box) => void): void {
	const b = box(shell);
	try {
		work(b);
	} finally {
		b.remove();
	}
}

test("every script is read by busybox ash and dash, and evaluates nothing", { skip }, () => {
	for (const path of SCRIPTS) {
		for (const [program, ...args] of SHELLS)
			assert.equal(spawnSync(program, [...args, "-n", path], { encoding: "utf8" }).stderr, "");
		const code = readFileSync(path, "utf8").replace(/^\s*#.*$/gm, "");
		assert.doesNotMatch(code, /\beval\b|`/, path);
		assert.doesNotMatch(code, /init\.d\/(network|firewall|rpcd|ubus|mwan3)|killall|\bifup\b|\bifdown\b/, path);
	}
});

test("no script has anything that shellcheck objects to", (t) => {
	if (spawnSync("shellcheck", ["--version"]).status !== 0) {
		t.skip("no shellcheck here");
		return;
	}
	const found = spawnSync("shellcheck", ["-s", "dash", "-e", "SC3043,SC2034", ...SCRIPTS], { encoding: "utf8" });
	assert.equal(found.stdout, "");
});

test("the init script asks procd for what the watchdog needs", { skip }, () => {
	const stubs = `procd_open_instance() { echo "open $1"; }; procd_set_param() { echo "$*"; }; procd_close_instance() { echo close; }
		logger() { echo "logger $*"; }; find_starwatch() { echo /usr/sbin/starwatch; }`;
	const [program, ...args] = SHELLS[0] ?? ["sh"];
	const ran = spawnSync(program, [...args, "-c", `. ${FILES}etc/init.d/starwatch\n${stubs}\nstart_service`], {
		encoding: "utf8",
	});
	assert.deepEqual(ran.stdout.trimEnd().split("\n"), [
		"open starwatch",
		"command /usr/sbin/starwatch run",
		"file /etc/autonomy/watch.conf",
		"reload_signal HUP",
		"respawn 3600 1 0",
		"stdout 1",
		"stderr 1",
		"close",
	]);
});

const BAD: readonly (readonly [string, RegExp])[] = [
	[
		"HEARTBEAT_STALE_SEC=5",
		/line 1: HEARTBEAT_STALE_SEC '5' is not a whole number from 20 to 3600; the default is used/,
	],
	["HEARTBEAT_STALE_SEC=", /'' is not a whole number/],
	["HEARTBEAT_STALE_SEC=060", /'060' is not a whole/],
	["HEARTBEAT_STALE_SEC=99999999999999999999", /is not a whole number/],
	["HEARTBEAT_STALE_SEC=$(reboot)", /'\$\(reboot\)' is not a whole number/],
	["REPORTING_ENABLED=yes", /'yes' is not 0 or 1/],
	["PRIVACY_LEVEL=stan*", /is not one of: standard strict/],
	["LOAD_CRIT_PER_CORE=0.0", /is not a number above 0/],
	["LOAD_CRIT_PER_CORE=3.000", /is not a number above 0/],
	["WEBHOOK_URL=http://x/", /WEBHOOK_URL '\(not shown\)' is not a URL that begins with https/],
	['WEBHOOK_URL=https://x/"; reboot', /not shown.*is not a URL/],
	["WATCH_SECRET=a\u0007bcdefghijklmnopqrst", /WATCH_SECRET '\(not shown\)' is longer than 500 bytes, or with control/],
	["PUSHOVER_TOKEN=a&b=c", /PUSHOVER_TOKEN '\(not shown\)' is not made of letters/],
	["PATH=/tmp", /PATH '\/tmp' is no option of starwatch/],
	["ROOT=/", /ROOT '\/' is no option/],
	["reboot", /reboot '' is no option/],
	["export MIN_MEM_MB=5", /no option/],
	["DISK_CRIT_PERCENT=60", /DISK_CRIT_PERCENT is below DISK_WARN_PERCENT; both are 60 now/],
	["REPORTING_ENABLED=1\nWEBHOOK_URL=https://h/x\nWATCH_SECRET=short", /WATCH_SECRET is shorter than 16/],
];

for (const shell of SHELLS) {
	describe(`under ${shell.join(" ")}`, { skip }, () => {
		test("options: read as data, also with quotes, comments, CR and no line end", () =>
			withBox(shell, (b) => {
				b.put(
					"etc/autonomy/watch.conf",
					`# MIN_MEM_MB=1\n\n  MIN_MEM_MB = 9\nMIN_MEM_MB="24" \r\nDEVICE_ID='a b; $(touch ${b.root}/owned) \`id\` "x"'\nUPDATE_CHANNEL=beta # mine\nLOAD_CRIT_PER_CORE=2.05\nREBOOT_ON_HARD_HANG=1`,
				);
				const ran = b.starwatch(["config"]);
				assert.equal(
					ran.stderr,
					"starwatch: /etc/autonomy/watch.conf, line 3: MIN_MEM_MB  ' 9' is no option of starwatch; the default is used\n",
				);
				assert.match(ran.stdout, /^MIN_MEM_MB=24$/m);
				assert.match(ran.stdout, /^UPDATE_CHANNEL=beta$/m);
				assert.match(ran.stdout, /^LOAD_CRIT_PER_CORE=2\.05$/m);
				assert.match(ran.stdout, /^REBOOT_ON_HARD_HANG=1$/m);
				assert.ok(ran.stdout.includes(`\nDEVICE_ID=a b; $(touch ${b.root}/owned) \`id\` "x"\n`), ran.stdout);
				assert.equal(b.has("owned"), false);
			}));

		test("options: what is wrong is told with file, line and name, and is not used", () =>
			withBox(shell, (b) => {
				const before = b.starwatch(["config"]);
				assert.equal(before.stderr, "");
				for (const [text, expected] of BAD) {
					b.put("etc/autonomy/watch.conf", `${text}\n`);
					const ran = b.starwatch(["config"]);
					assert.match(ran.stderr, expected, text);
					assert.equal(ran.stderr.trimEnd().split("\n").length, 1, ran.stderr);
					if (!text.includes("\n") && !text.startsWith("DISK")) assert.equal(ran.stdout, before.stdout, text);
				}
				// Shipped: all commented, so exactly the defaults.
				b.put("etc/autonomy/watch.conf", readFileSync(`${FILES}etc/autonomy/watch.conf`, "utf8"));
				assert.deepEqual(b.starwatch(["config"]), before);
				b.put(
					"etc/autonomy/watch.conf",
					readFileSync(`${FILES}etc/autonomy/watch.conf`, "utf8").replace(/^#([A-Z_]+=)/gm, "$1"),
				);
				assert.deepEqual(b.starwatch(["config"]), before, "the comments do not show the defaults");
				b.put("etc/autonomy/watch.conf", randomBytes(20_000).toString("latin1"));
				assert.equal(b.starwatch(["config"]).stdout, before.stdout);
			}));

		test("HMAC-SHA256: the vectors of RFC 4231, and random keys", () =>
			withBox(shell, (b) => {
				const bytes = (value: number, count: number): Buffer => Buffer.alloc(count, value);
				const vectors: [Buffer, Buffer, string][] = [
					[
						bytes(0x0b, 20),
						Buffer.from("Hi There"),
						"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
					],
					[
						Buffer.from("Jefe"),
						Buffer.from("what do ya want for nothing?"),
						"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
					],
					[bytes(0xaa, 20), bytes(0xdd, 50), "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"],
					[
						Buffer.from(Array.from({ length: 25 }, (_, at) => at + 1)),
						bytes(0xcd, 50),
						"82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
					],
					[
						bytes(0xaa, 131),
						Buffer.from("Test Using Larger Than Block-Size Key - Hash Key First"),
						"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
					],
					[
						bytes(0xaa, 131),
						Buffer.from(
							"This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.",
						),
						"9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
					],
				];
				for (const length of [1, 63, 64, 65, 200]) {
					const key = Buffer.from(randomBytes(length).map((byte) => (byte === 0 || byte === 10 ? 1 : byte)));
					const data = randomBytes(length * 3);
					vectors.push([key, data, createHmac("sha256", key).update(data).digest("hex")]);
				}
				for (const [key, data, expected] of vectors) {
					writeFileSync(join(b.root, "key"), key);
					writeFileSync(join(b.root, "data"), data);
					const [program, ...args] = shell;
					const code = `. ${LIB}hmac.sh; hmac_sha256 "$(cat "$1/key")" <"$1/data"`;
					const ran = spawnSync(program, [...args, "-c", code, "sh", b.root], {
						encoding: "utf8",
						env: { LC_ALL: "C", PATH: "/usr/bin:/bin" },
					});
					assert.equal(ran.stdout, expected, `${ran.stderr} key of ${key.length} bytes`);
				}
			}));

		test("masks: what must not leave the router does not; times of day and figures stay", () =>
			withBox(shell, (b) => {
				b.put("etc/config/autonomy", "config gps 'gps'\n\toption opencellid_api_key 'pk.0123456789'\n");
				const secret = "our very own secret";
				const lines: [string, string, string][] = [
					["from 192.168.1.23 to 10.0.0.0/8", "from [ip] to [ip]", "from [ip] to [ip]"],
					["at 2001:db8::1 and fe80::1%br-lan", "at [ip] and [ip]", "at [ip] and [ip]"],
					["2001:db8:0:1:2:3:4:5 up", "[ip] up", "[ip] up"],
					[
						"Sat Nov 21 07:22:58 2026 load 3.25",
						"Sat Nov 21 07:22:58 2026 load 3.25",
						"Sat Nov 21 07:22:58 2026 load 3.25",
					],
					["mac aa:bb:cc:dd:ee:ff", "mac [mac]", "mac [mac]"],
					['ssid="My Home" ok', "ssid=[redacted] ok", "ssid=[redacted] ok"],
					["SSID: Cafe, next", "SSID: [redacted], next", "SSID: [redacted], next"],
					["key pk.0123456789 end", "key *** end", "key *** end"],
					[`x ${secret} y`, "x *** y", "x *** y"],
					["password=hunter22 z", 'password="***" z', 'password="***" z'.replace('"***"', '"[name]"')],
					["call +46 70 123 45 67 now", "call [phone] now", "call [phone] now"],
					[
						"see /etc/config/network of bob@example.com",
						"see /etc/config/network of bob@example.com",
						"see [path] of [user]",
					],
					['name "Anna\'s phone"', 'name "Anna\'s phone"', 'name "[name]"'],
				];
				for (const level of ["standard", "strict"]) {
					b.put(
						"etc/autonomy/watch.conf",
						`PRIVACY_LEVEL=${level}\nREPORTING_ENABLED=1\nWEBHOOK_URL=https://h.example/x\nWATCH_SECRET=${secret}\n`,
					);
					for (const [text, standard, strict] of lines) {
						b.put("tmp/entry", "");
						spawnSync("mkdir", ["-p", join(b.state, "watch/queue")]);
						b.put("tmp/autonomy/watch/queue/1000000000001-101", `severity=info\nscenario=test\nat_s=1\nnote=${text}\n`);
						const ran = b.starwatch(["report", "--dry-run"]);
						const body = JSON.parse(ran.stdout.split("\n\n")[1] ?? "") as { note: string };
						assert.equal(body.note, level === "strict" ? strict : standard, ran.stderr);
						assert.ok(!ran.stdout.includes(secret) && !ran.stdout.includes("pk.0123456789"));
					}
				}
				// Without the filters nothing of the text is sent.
				rmSync(join(b.root, "usr/share/autonomy/rpcd"), { recursive: true });
				const ran = b.starwatch(["report", "--dry-run"]);
				assert.equal((JSON.parse(ran.stdout.split("\n\n")[1] ?? "") as { note: string }).note, "");
			}));

		test("check: room, memory, load, ubus of a sick router are told, of a healthy one nothing", () =>
			withBox(shell, (b) => {
				spawnSync("mkdir", ["-p", `${b.root}/proc`, `${b.root}/overlay`]);
				const router = (free: number, load: string, used: number, ubus: string): string => {
					b.put("proc/meminfo", `MemTotal: 250000 kB\nMemFree: 1 kB\nMemAvailable:   ${free} kB\n`);
					b.put("proc/loadavg", `${load} 1.00 1.00 1/99 1234\n`);
					b.put("proc/stat", "cpu  1 2 3\ncpu0 1 2 3\ncpu1 1 2 3\nintr 5\n");
					b.put(
						"usr/bin/df",
						`#!/bin/sh\necho "Filesystem 1K-blocks Used Available Use% Mounted on"\necho "/dev/a-very-long-name"\necho "     100 1 1 ${used}% $1"\n`,
						0o755,
					);
					b.put("usr/bin/ubus", `#!/bin/sh\n${ubus}\n`, 0o755);
					return b.starwatch(["check"]).stdout;
				};
				// As high as it may be: on a busy machine any program is slow.
				b.put("etc/autonomy/watch.conf", "SLOW_UBUS_MS=3000\n");
				const daemon = "warn: autonomyd does not run\n";
				assert.equal(router(100_000, "5.99", 94, "exit 0"), daemon);
				const sick = router(31 * 1024, "6.01", 98, "exec sleep 60");
				assert.match(sick, /^critical: \/overlay is full to 98 %: settings cannot be saved any more$/m);
				assert.match(sick, /^critical: \/tmp is full to 98 %/m);
				assert.match(sick, /^warn: only 31 MB of memory are available \(MIN_MEM_MB 32\)$/m);
				assert.match(sick, /^warn: load 6\.01 on 2 processors \(LOAD_CRIT_PER_CORE 3\.0\)$/m);
				assert.match(sick, /^warn: ubus does not answer within 3 s \(code 137\)/m);
				assert.match(
					router(100_000, "1.00", 95, "exit 4"),
					/^warn: \/overlay is full to 95 %\nwarn: \/tmp(.|\n)*\(code 4\)/m,
				);
				b.put("etc/autonomy/watch.conf", "SLOW_UBUS_MS=50\n");
				assert.match(router(100_000, "1.00", 5, "sleep 0.3"), /warn: ubus took [0-9]+ ms to answer/);
				rmSync(`${b.root}/usr/bin/ubus`);
				rmSync(`${b.root}/proc`, { recursive: true });
				spawnSync("mkdir", ["-p", `${b.root}/proc`]);
				assert.match(b.starwatch(["check"]).stdout, /ubus does not answer within 3 s \(code 127\)/);
				assert.deepEqual(b.processes(), []);
			}));

		test("a daemon that outgrows its memory is ended thrice an hour, then left alone; one served late is told", () =>
			withBox(shell, (b) => {
				const code = `end_daemon() { echo ended; }; pid=$$; began=0; DAEMON_MAX_RSS_MB=0
					for minute in 1 2 3 4 5 6 7 8 9 10 11 12; do watch_daemon_size; now=$((now + 60)); done
					now=$((now + 3600)); for minute in 1 2 3; do watch_daemon_size; done`;
				assert.equal(b.inside(code).stdout, "ended\n".repeat(4));
				assert.match(b.log(), /^daemon\.warn autonomyd holds \d+ MB \(limit DAEMON_MAX_RSS_MB 0\): ended/);
				b.put("log", "");
				b.inside(
					"NOTIFY_COOLDOWN_MIN=1; end_daemon() { echo ended; }; pid=$$; DAEMON_MAX_RSS_MB=0; for minute in 1 2 3 4 5 6 7 8 9 10 11 12; do watch_daemon_size; now=$((now + 60)); done",
				);
				assert.match(b.log(), /left alone; raise the limit or lower max_ram_mb\n$/);
				b.put("log", "");
				b.inside("pid=$$; for lag in 5000 5000 3 5000 5000 2001 4; do beat_lag=$lag; watch_daemon_size; done");
				assert.equal(
					b.log(),
					"daemon.warn autonomyd is served late by 2001 ms: the processor is too busy\ndaemon.info autonomyd is served in time again\n",
				);
			}));

		test("reboots only if wanted, after its time, not in the first hour, once; and tells afterwards", () =>
			withBox(shell, (b) => {
				const hang = (uptime: number, minutes: number, wanted: number): string => {
					b.put("story", "");
					b.inside(
						`sync() { :; }; REBOOT_ON_HARD_HANG=${wanted}; now=${uptime}; too_busy=1; mem_avail_mb=15; load1=9.00
						for minute in $(seq 0 ${minutes}); do watch_hang; now=$((now + 60)); done`,
					);
					return b.read("story");
				};
				assert.equal(hang(10_000, 60, 0), "");
				assert.equal(hang(10_000, 19, 1), "");
				assert.equal(hang(60, 50, 1), "");
				assert.equal(b.has("etc/autonomy/rebooted"), false);
				assert.equal(hang(10_000, 40, 1), "reboot\n");
				assert.match(b.log(), /daemon\.err load 9\.00 and 15 MB for 20 min: reboots/);
				b.put("etc/autonomy/watch.conf", "REPORTING_ENABLED=1\n");
				assert.equal(
					b.inside('after_reboot; after_reboot; grep -h scenario "$QUEUE"/*').stdout,
					"scenario=post_reboot\n",
				);
				assert.match(b.log(), /starwatch has rebooted this router: load 9\.00, 15 MB\n$/);
			}));

		test("a full /tmp: what is autonomy's own goes, what is younger or somebody else's stays", () =>
			withBox(shell, (b) => {
				b.inside(`mkdir -p "$QUEUE" "$ROOT/tmp/autonomy-rpcd.old" "$ROOT/tmp/autonomy-rpcd.new" "$ROOT/tmp/other"
					echo x >"$QUEUE/1-1"; touch -d '2020-01-01 00:00' "$ROOT/tmp/autonomy-rpcd.old"; tidy_tmp`);
				assert.deepEqual(readdirSync(join(b.root, "tmp")).sort(), ["autonomy", "autonomy-rpcd.new", "other"]);
				assert.deepEqual(readdirSync(join(b.state, "watch/queue")), []);
				assert.match(b.log(), /removed 2 files of autonomy's own/);
			}));

		test("wrong usage, a hostile environment, a tree that is not whole", () =>
			withBox(shell, (b) => {
				for (const args of [[], ["x"], ["report"], ["report", "--send"]]) {
					const ran = b.starwatch(args);
					assert.deepEqual([ran.code, ran.stdout], [2, ""], args.join());
					assert.match(ran.stderr, /^usage: starwatch run/);
				}
				const plain = b.starwatch(["config"]);
				const hostile = {
					PATH: "/nowhere",
					IFS: "=0a",
					LC_ALL: "tr_TR.UTF-8",
					LANG: "xx",
					CDPATH: "/",
					ENV: "/dev/tty",
					LIB: "/",
					WATCH_SECRET: "x",
					command: "run",
					now: "x",
					POSIXLY_CORRECT: "1",
				};
				assert.deepEqual(b.starwatch(["config"], hostile), plain);
				rmSync(join(b.root, "usr/lib/autonomy/starwatch"), { recursive: true });
				const ran = b.starwatch(["config"]);
				assert.equal(ran.code, 1);
				assert.match(ran.stderr, /\/lib\/autonomy\/starwatch is missing: install the package autonomy again/);
			}));
	});
}
