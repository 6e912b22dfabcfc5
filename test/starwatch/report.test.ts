/** Reports: only if wanted, masked, signed, kept while they cannot be sent, and what a look at the processes would show. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type Box, box, SHELLS, skip } from "./support.ts";

const SECRET = 'a "secret"; of $(32) characters \\n';
const CONF = `REPORTING_ENABLED=1\nWEBHOOK_URL=https://hook.example/x?token=tok-1234\nWATCH_SECRET=${SECRET}\nDEVICE_ID=my-router\n`;

/** Notes its arguments, its configuration and the body; fails while there is a file `offline`. */
const CURL = `#!/bin/sh
printf '%s\\n' "$*" >>"$IPKG_INSTROOT/argv"
[ ! -e "$IPKG_INSTROOT/offline" ] || { echo "curl: (6) no route" >&2; exit 6; }
for word in "$@"; do file="$word"; done
cat "$file" >>"$IPKG_INSTROOT/sent"
body="$(sed -n 's/^data-binary = "@\\(.*\\)"$/\\1/p' "$file")"
cat "$body" >"$IPKG_INSTROOT/body"
`;
const UCLIENT = `#!/bin/sh
printf '%s\\n' "$*" >>"$IPKG_INSTROOT/argv"
for word in "$@"; do case "$word" in --post-file=*) cat "\${word#*=}" >"$IPKG_INSTROOT/body" ;; esac; done
`;

const queue = (b: Box): string[] => {
	try {
		return readdirSync(join(b.state, "watch/queue"));
	} catch {
		return [];
	}
};
const FINDING = 'queue_report critical crash_loop "autonomyd at 192.168.1.1 said \\"no\\" \\\\ tab	end" hold_down;';

for (const shell of SHELLS) {
	describe(`under ${shell.at(-1)}`, { skip }, () => {
		test("nothing waits and nothing is sent unless the owner wants it", () => {
			const b = box(shell);
			b.put("usr/bin/curl", CURL, 0o755);
			b.put("etc/autonomy/watch.conf", CONF.replace("REPORTING_ENABLED=1", "REPORTING_ENABLED=0"));
			assert.equal(b.inside(`${FINDING} send_reports`).code, 0);
			assert.deepEqual(queue(b), []);
			assert.equal(b.has("argv"), false);
			const dry = b.starwatch(["report", "--dry-run"]);
			assert.match(dry.stderr, /REPORTING_ENABLED is 0: nothing is sent/);
			assert.equal(b.has("argv"), false);
			b.remove();
		});

		test("sent: the fields, the signature over time and body, no secret among the arguments", () => {
			const b = box(shell);
			b.put("usr/bin/curl", CURL, 0o755);
			b.put("etc/autonomy/watch.conf", CONF);
			b.put("etc/version", "RUTX_R_00.07.17\n");
			const ran = b.inside(
				`overlay_pct=45; mem_avail_mb=100; load1=0.50; ubus_ok=true; ${FINDING} now=$((now + 5)); send_reports`,
			);
			assert.equal(ran.code, 0, ran.stderr);
			assert.deepEqual(queue(b), []);
			const text = b.read("body");
			const body = JSON.parse(text) as Record<string, unknown>;
			const { ts, ...rest } = body;
			assert.deepEqual(rest, {
				device_id: createHmac("sha256", SECRET).update("my-router").digest("hex").slice(0, 12),
				fw: "RutOS RUTX_R_00.07.17",
				severity: "critical",
				scenario: "crash_loop",
				overlay_pct: 45,
				mem_avail_mb: 100,
				load1: 0.5,
				ubus_ok: true,
				actions: ["hold_down"],
				note: 'autonomyd at [ip] said "no" \\ tab end',
				age_s: 5,
			});
			const sent = b.read("sent");
			assert.ok(Math.abs(Number(ts) - Date.now() / 1000) < 600);
			assert.ok(sent.includes(`header = "X-Starwatch-Timestamp: ${String(ts)}"`), sent);
			const expected = createHmac("sha256", SECRET)
				.update(`${String(ts)}.${text}`)
				.digest("hex");
			assert.ok(sent.includes(`header = "X-Starwatch-Signature: sha256=${expected}"`), sent);
			assert.doesNotMatch(b.read("argv"), /secret|tok-1234|hook\.example/);
			b.remove();
		});

		test("with uclient-fetch, and no program at all", () => {
			const b = box(shell);
			b.put("etc/autonomy/watch.conf", CONF);
			const only = { PATH: `${b.root}/usr/sbin:${b.root}/usr/bin:${b.root}/base` };
			// A userland without curl.
			b.inside(
				'mkdir "$ROOT/base"; for name in sh cat date sed awk tr grep head tail rm mv mkdir sha256sum sleep cp; do ln -s "$(PATH=/usr/bin:/bin command -v "$name" | grep / || echo "/bin/$name")" "$ROOT/base/$name"; done',
			);
			b.inside(`${FINDING} send_reports`, only);
			assert.equal(queue(b).length, 1);
			assert.match(
				b.log(),
				/a report was not sent: neither curl nor uclient-fetch is installed; tried again for a day/,
			);
			b.put("usr/bin/uclient-fetch", UCLIENT, 0o755);
			b.inside("send_reports", only);
			assert.deepEqual(queue(b), []);
			assert.equal((JSON.parse(b.read("body")) as { scenario: string }).scenario, "crash_loop");
			assert.ok(!b.read("argv").includes(SECRET));
			b.remove();
		});

		test("kept while it cannot be sent, later and later; dropped after a day, and beyond twenty", () => {
			const b = box(shell);
			b.put("usr/bin/curl", CURL, 0o755);
			b.put("etc/autonomy/watch.conf", CONF);
			b.put("offline", "");
			const ran = b.inside(
				`${FINDING} for step in 1 2 3 4 5 6 7 8; do send_reports; echo "$((next_send - now))"; now=$next_send; done`,
			);
			assert.equal(ran.stdout, "120\n240\n480\n960\n1920\n3600\n3600\n3600\n");
			assert.equal(b.log().split("\n").length - 1, 1, b.log());
			assert.equal(queue(b).length, 1);
			assert.match(b.inside('now=$((now + 86401)); send_reports; ls "$QUEUE"; echo end').stdout, /^end\n$/);
			b.inside(`for n in 1 2 3 4 5; do ${FINDING} ${FINDING} ${FINDING} ${FINDING} ${FINDING} done`);
			assert.equal(queue(b).length, 20);
			rmSync(join(b.root, "offline"));
			b.inside("send_reports");
			assert.equal(queue(b).length, 19);
			// An entry somebody else has written, or half of one.
			b.put("tmp/autonomy/watch/queue/1-1", "garbage\nat_s=x\n");
			assert.equal(b.inside("send_reports").code, 0);
			assert.equal(queue(b).length, 19);
			// Before the clock was set.
			b.put("usr/bin/date", "#!/bin/sh\necho 12345\n", 0o755);
			if (shell.at(-1) !== "ash") b.inside("send_reports");
			assert.ok(queue(b).length >= 18);
			b.remove();
		});

		test("the same finding is logged and reported once in NOTIFY_COOLDOWN_MIN, its end once", () => {
			const b = box(shell);
			b.put("etc/autonomy/watch.conf", CONF);
			b.inside(
				`for n in 1 2 3; do finding k warn slow "it is slow"; now=$((now + 400)); done; over k "fast"; over k "fast"; finding k warn slow "slow again"`,
			);
			assert.equal(b.log(), "daemon.warn it is slow\ndaemon.info fast\ndaemon.warn slow again\n");
			b.remove();
		});

		test("Pushover and Telegram get the masked sentence, each once, with the token in a file only", () => {
			const b = box(shell);
			b.put("usr/bin/curl", CURL, 0o755);
			b.put(
				"etc/autonomy/watch.conf",
				"REPORTING_ENABLED=1\nPUSHOVER_TOKEN=pt\nPUSHOVER_USER=pu\nTELEGRAM_TOKEN=12:ab-c\nTELEGRAM_CHAT_ID=-77\n",
			);
			b.inside(`queue_report warn slow "10.0.0.1 is slow & late" ""; send_reports`);
			assert.deepEqual(queue(b), []);
			assert.match(
				b.read("sent"),
				/url = "https:\/\/api\.pushover\.net\/1\/messages\.json"(.|\n)*url = "https:\/\/api\.telegram\.org\/bot12:ab-c\/sendMessage"/,
			);
			assert.equal(decodeURIComponent(b.read("body")), "chat_id=-77&text=[ip] is slow & late");
			assert.doesNotMatch(b.read("argv"), /12:ab-c|pt|pu/);
			b.remove();
		});

		test("on a tmpfs that is full the lock and the hold-down work, and silence of the daemon proves nothing", (t) => {
			const b = box(shell);
			const full = (code: string): ReturnType<Box["inside"]> => {
				const [file, ...args] = shell;
				const inner = `mount -t tmpfs -o size=16k tmpfs "$IPKG_INSTROOT/tmp" && mkdir "$IPKG_INSTROOT/tmp/autonomy" "$IPKG_INSTROOT/tmp/autonomy/watch" && cat /dev/zero >"$IPKG_INSTROOT/tmp/fill" 2>/dev/null; exec "$@"`;
				const load = `ROOT="$IPKG_INSTROOT"; LIB="$ROOT/usr/lib/autonomy/starwatch"; for part in base conf system daemon mask hmac report update; do . "$LIB/$part.sh"; done; command=check; read_conf; clock`;
				const ran = spawnSync("unshare", ["-m", "sh", "-c", inner, "sh", file, ...args, "-c", `${load}\n${code}`], {
					env: { IPKG_INSTROOT: b.root, LC_ALL: "C", PATH: `${b.root}/usr/bin:/usr/bin:/bin` },
					encoding: "utf8",
					timeout: 120_000,
				});
				return { code: ran.status, stdout: ran.stdout ?? "", stderr: ran.stderr ?? "" };
			};
			if (full("can_write || echo full").stdout !== "full\n") {
				t.skip("no mount namespace here");
				b.remove();
				return;
			}
			const ran = full(
				'take_lock; echo "lock $? $(readlink "$MINE/lock")"; hold 60; read_hold; echo "held $((held - now))"; drop_lock; ls "$MINE"',
			);
			assert.match(ran.stdout, /^lock 0 \d+\.\d+\nheld 60\n$/, ran.stderr);
			const silent = full(
				'pid=$$; began=0; beat_pid=$$; beat_at=1; answers && echo let-alone; rm -f "$ROOT/tmp/fill"; answers || echo hung',
			);
			assert.equal(silent.stdout, "let-alone\nhung\n", silent.stderr);
			b.remove();
		});

		test("a full or read-only /tmp costs a report, never the watchdog", () => {
			const b = box(shell);
			b.put("etc/autonomy/watch.conf", CONF);
			// In the place of the folder a file: nothing can be made below it, not even by root.
			rmSync(b.state, { recursive: true, force: true });
			b.put("tmp/autonomy", "");
			const ran = b.inside(
				`take_lock; echo "locked $?"; ${FINDING} finding k warn slow "it is slow"; send_reports; hold 5; read_hold; read_heartbeat; read_starts; can_write || echo full; watch_daemon; echo alive`,
			);
			assert.match(ran.stdout, /^locked 0\nfull\nalive\n$/);
			assert.match(b.log(), /cannot make .*lock.*goes on without(.|\n)*it is slow/);
			b.remove();
		});
	});
}
