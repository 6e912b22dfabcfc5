/** A daemon that dies, hangs, crashes in circles, or is stopped: with real processes, procd played by the test. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type Box, beating, box, looked, type Service, SHELLS, service, skip, until } from "./support.ts";

const PROCD_MS = 5000;
const CONF = "usr/lib/autonomy/starwatch/conf.sh";

interface Pair {
	readonly b: Box;
	readonly daemon: Service;
	readonly watch: Service;
	end(): Promise<void>;
}

function pair(shell: readonly [string, ...string[]], respawnMs = PROCD_MS, conf = ""): Pair {
	const b = box(shell);
	b.put("etc/autonomy/watch.conf", conf);
	// Shorter than an owner may set it: the test is to end.
	b.put(CONF, b.read(CONF).replace("STALE_SEC) whole 20 ", "STALE_SEC) whole 5 "));
	const daemon = service(() => b.spawn("usr/sbin/autonomyd", []), respawnMs);
	const watch = service(() => b.spawn("usr/sbin/starwatch", ["run"]), 1000);
	return {
		b,
		daemon,
		watch,
		async end() {
			await watch.stop();
			await daemon.stop();
			await until("nothing of ours runs any more", 8000, () => b.processes().length === 0, b);
			b.remove();
		},
	};
}

const running = (b: Box): boolean => b.daemons().length === 1 && b.daemons()[0] === beating(b);

/** It has looked at this daemon: what comes after is a death of one that was well. */
async function seen(b: Box): Promise<void> {
	await until("the daemon runs", 5000, () => running(b) && b.log().includes("watches autonomyd"), b);
	await looked(b);
}

/** The daemon itself and starwatch below `root`, in namespaces of their own; procd in two lines of shell. */
const NAMESPACE = `
mount --bind "$IPKG_INSTROOT/tmp/autonomy" /tmp/autonomy || exit 9
(while [ ! -e "$IPKG_INSTROOT/stop" ]; do "$@" "$IPKG_INSTROOT/usr/sbin/autonomyd"; sleep 1; done) &
exec "$@" "$IPKG_INSTROOT/usr/sbin/starwatch" run
`;

describe("with real processes", { concurrency: true, skip }, () => {
	test("the daemon itself: its heartbeat is understood, its crash and its orderly end are told apart", {
		skip,
	}, async (t) => {
		const built = new URL("../../build/", import.meta.url).pathname;
		if (!existsSync(`${built}autonomyd.node.mjs`)) {
			t.skip("not built: npm run build");
			return;
		}
		if (spawnSync("unshare", ["-m", "-p", "-n", "-f", "--mount-proc", "true"]).status !== 0) {
			t.skip("no namespaces here");
			return;
		}
		const [shell = ["sh"]] = SHELLS;
		const b = box(shell as [string, ...string[]]);
		b.put(CONF, b.read(CONF).replace("STALE_SEC) whole 20 ", "STALE_SEC) whole 5 "));
		// It beats every ten seconds.
		b.put("etc/autonomy/watch.conf", "HEARTBEAT_STALE_SEC=25\n");
		rmSync(join(b.root, "usr/bin/node"));
		symlinkSync(process.execPath, join(b.root, "usr/bin/node"));
		cpSync(`${built}autonomyd.node.mjs`, join(b.root, "usr/lib/autonomy/autonomyd.node.mjs"));
		for (const part of ["autonomyd.core", "autonomyd.node"])
			cpSync(`${built}${part}`, join(b.root, "usr/lib/autonomy", part), { recursive: true });
		mkdirSync(b.state);
		mkdirSync("/tmp/autonomy", { recursive: true });
		const argv = ["-m", "-p", "-n", "-f", "--kill-child", "--mount-proc", "sh", "-c", NAMESPACE, "sh", ...shell];
		const env = { IPKG_INSTROOT: b.root, PATH: `${b.root}/usr/bin:/usr/sbin:/usr/bin:/sbin:/bin` };
		const all = spawn("unshare", argv, { env, stdio: "ignore" });
		t.after(() => {
			all.kill("SIGKILL");
			b.remove();
		});
		await until("a heartbeat", 15_000, () => b.has("tmp/autonomy/heartbeat") && b.log().includes("watches"), b);
		await looked(b);
		const daemon = (): number => b.daemons()[0] ?? 0;
		process.kill(daemon(), "SIGKILL");
		await until("the next one is well", 15_000, () => b.log().includes("runs again after"), b);
		const starts = (): number => b.read("tmp/autonomy/starts").trimEnd().split("\n").length;
		await until("two starts are counted", 5000, () => starts() === 2, b);
		// Longer than an old heartbeat would be believed.
		const beatS = (): number => Number(/^at_s=([\d.]+)$/m.exec(b.read("tmp/autonomy/heartbeat"))?.[1]);
		const fromS = beatS();
		await until("it beats", 45_000, () => beatS() > fromS + 27, b);
		assert.doesNotMatch(b.log(), /sign of life/);
		b.put("stop", "");
		process.kill(daemon(), "SIGTERM");
		await until("noticed", 8000, () => b.log().includes("was stopped in order"), b);
		assert.equal(b.has("tmp/autonomy/starts") || b.has("tmp/autonomy/heartbeat"), false);
		all.kill("SIGKILL");
		await until("nothing is left", 6000, () => b.processes().length === 0, b);
	});

	for (const shell of SHELLS) {
		const name = shell.at(-1);
		test(`${name}: a daemon that procd brings back is let alone; its death is told`, async () => {
			const { b, daemon, end } = pair(shell);
			await seen(b);
			daemon.kill("SIGKILL");
			await until("told", 9000, () => b.log().includes("runs again after"), b);
			assert.match(b.log(), /^daemon\.warn autonomyd died; procd should/m);
			assert.doesNotMatch(b.read("story"), /give-back/);
			await until("there is one", 5000, () => running(b), b);
			await end();
			assert.doesNotMatch(b.log(), /err/);
		});

		test(`${name}: one that does not come back: the router is given back within 15 s, and it is told`, async (t) => {
			const { b, daemon, end } = pair(shell, 1_000_000);
			await seen(b);
			daemon.kill("SIGKILL");
			assert.equal(b.read("router"), "changed\n");
			const tookMs = await until("given back", 15_000, () => b.read("router") === "found\n", b);
			t.diagnostic(`given back after ${Math.round(tookMs)} ms`);
			assert.ok(tookMs > 5000, `${tookMs} ms: procd had no time to bring it back`);
			await until("told", 3000, () => b.log().includes("is given back: this router works as it does without it"), b);
			assert.equal(b.has("tmp/autonomy/hold"), false);
			await end();
		});

		test(`${name}: three crashes: held down, given back, told; the wrapper starts none until then`, async () => {
			const { b, daemon, end } = pair(shell, 400, "COOLDOWN_MINUTES=1\n");
			await seen(b);
			b.put("crashes", "");
			daemon.kill("SIGKILL");
			await until("held", 12_000, () => b.log().includes("held down for 1 min"), b);
			// At least three: procd may be quicker than the watchdog.
			assert.match(b.log(), /^daemon\.err autonomyd crashed ([3-9]|\d\d+) times within 10 min: held down/m);
			await until("given back", 8000, () => b.read("router") === "found\n", b);
			await until("none is left", 4000, () => b.daemons().length === 0, b);
			const starts = daemon.starts();
			await new Promise((resolve) => setTimeout(resolve, 2500));
			assert.ok(daemon.starts() - starts <= 1, "the wrapper does not wait");
			await end();
		});

		test(`${name}: one that hangs is ended and comes back`, async () => {
			const { b, daemon, end } = pair(shell, 400, "HEARTBEAT_STALE_SEC=6\n");
			await seen(b);
			// Stopped like a process that waits for ever: TERM does not reach it, KILL does.
			const pid = beating(b);
			process.kill(pid, "SIGSTOP");
			await until("told", 14_000, () => b.log().includes("gave no sign of life for"), b);
			await until("ended and back", 14_000, () => daemon.starts() === 2 && running(b), b);
			assert.notEqual(beating(b), pid);
			await end();
		});

		test(`${name}: stopped in order nothing is done; started again by its owner neither`, async () => {
			const { b, daemon, end } = pair(shell, 1_000_000);
			await seen(b);
			daemon.kill("SIGTERM");
			await until("noticed", 4000, () => b.log().includes("was stopped in order"), b);
			await new Promise((resolve) => setTimeout(resolve, 9000));
			assert.doesNotMatch(b.read("story"), /give-back/);
			assert.doesNotMatch(b.log(), /died|err/);
			await end();
		});

		test(`${name}: a wrapper that becomes the daemon between two looks has not died; one that is gone has`, async () => {
			const b = box(shell);
			const daemon = service(() => b.spawn("usr/sbin/autonomyd", []), 1_000_000);
			await until("the daemon runs", 5000, () => running(b), b);
			// find_daemon looked before the exec.
			const look = `say() { echo "$2"; }; find_daemon() { pid=""; began=""; return 1; }; clock; watch_daemon`;
			assert.equal(b.inside(look).stdout, "");
			daemon.kill("SIGKILL");
			await until("dead", 3000, () => daemon.pid() === null);
			assert.equal(b.inside(look).stdout, "autonomyd died; procd should start it again in 5 s\n");
			await until("nothing is left", 6000, () => b.processes().length === 0, b);
			b.remove();
		});

		test(`${name}: a second starwatch ends; a lock of a dead one, or of another process of that number, holds nobody up`, async () => {
			const b = box(shell);
			mkdirSync(join(b.state, "watch"), { recursive: true });
			// This test's own process, which began at another time than the lock says.
			symlinkSync(`${process.pid}.1`, join(b.state, "watch/lock"));
			const first = service(() => b.spawn("usr/sbin/starwatch", ["run"]), 1_000_000);
			await until("the first runs", 5000, () => b.log().includes("watches autonomyd"), b);
			const second = b.starwatch(["run"]);
			assert.equal(second.code, 1);
			assert.match(second.stderr, new RegExp(`runs already, process ${first.pid()}`));
			first.kill("SIGKILL");
			await until("dead", 3000, () => first.pid() === null);
			// Many at once over a dead one's lock: one stays.
			const crowd = Array.from({ length: 6 }, () => b.spawn("usr/sbin/starwatch", ["run"]));
			await until("one is left", 12_000, () => crowd.filter((one) => one.exitCode === null).length === 1, b);
			await new Promise((resolve) => setTimeout(resolve, 1500));
			const left = crowd.filter((one) => one.exitCode === null);
			assert.equal(left.length, 1);
			left[0]?.kill("SIGTERM");
			await until("all gone", 4000, () => b.processes().length === 0, b);
			assert.equal(b.has("tmp/autonomy/watch/lock"), false);
			b.remove();
		});
	}
});
