/**
 * kill -9 of daemon and watchdog at random: afterwards one of each runs, or the daemon is held down and the router given
 * back; nothing else is left. STARWATCH_KILLS=200 for the long run (about three minutes); 20 otherwise.
 */
import assert from "node:assert/strict";
import { readlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { box, SHELLS, service, skip, until } from "./support.ts";

const KILLS = Number(process.env.STARWATCH_KILLS ?? "20");

/** Reproducible: the seed is in the name of the test. */
function numbers(seed: number): () => number {
	let state = seed;
	return () => {
		state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
		return state / 2 ** 32;
	};
}

describe("kill -9", { concurrency: true, skip }, () => {
	for (const shell of SHELLS) {
		const seed = 20_261_121;
		test(`${KILLS} times kill -9 at random, under ${shell.at(-1)}, seed ${seed}`, {
			skip,
			timeout: 900_000,
		}, async () => {
			const b = box(shell, "star kill");
			b.put("etc/autonomy/watch.conf", "COOLDOWN_MINUTES=1\nCRASH_LOOP_THRESHOLD=9\nCRASH_LOOP_WINDOW_SEC=60\n");
			const random = numbers(seed);
			const daemon = service(() => b.spawn("usr/sbin/autonomyd", []), 500);
			const watch = service(() => b.spawn("usr/sbin/starwatch", ["run"]), 300);
			let held = 0;
			for (let round = 0; round < KILLS; round++) {
				await new Promise((resolve) => setTimeout(resolve, 50 + random() * 1400));
				if (random() < 0.6) daemon.kill("SIGKILL");
				if (random() < 0.6) watch.kill("SIGKILL");
				// The stand-in forks: for a moment its child looks the same.
				await until("one daemon at most", 6000, () => b.daemons().length <= 1, b);
				if (b.has("tmp/autonomy/hold")) held++;
				// Time that passes: a crash loop ends what this test is about.
				if (round % 4 === 3) b.put("tmp/autonomy/starts", "1\n");
			}
			await until(
				"the daemon runs, one watchdog watches",
				// A watchdog that was killed while it gave the router back leaves a hold-down of 40 s.
				60_000,
				() => {
					const [pid] = b.daemons();
					if (b.daemons().length !== 1 || !b.read("tmp/autonomy/heartbeat").includes(`pid=${pid}\n`)) return false;
					const lock = b.has("tmp/autonomy/watch/lock") ? readlinkSync(join(b.state, "watch/lock")) : "";
					return lock.startsWith(`${watch.pid()}.`);
				},
				b,
			);
			assert.equal(b.read("router"), "changed\n");
			assert.ok(b.has("tmp/autonomy/steer.json"));
			await until("not held down", 60_000, () => !b.has("tmp/autonomy/hold"), b);
			// What is killed leaves a sleep of two seconds at most; between two of them there is none for a moment.
			const kind = (lines: readonly string[], pattern: RegExp): number =>
				lines.filter((line) => pattern.test(line)).length;
			await until(
				"one of each and what they wait with, nothing else",
				30_000,
				() => {
					const lines = b.processes().map(({ line }) => line);
					const each = [kind(lines, /starwatch run/), kind(lines, /usr\/bin\/node/), kind(lines, /sleep/)];
					return each.join() === "1,1,2" && lines.length === 4;
				},
				b,
			);
			await watch.stop();
			await daemon.stop();
			await until("all ended", 5000, () => b.processes().length === 0, b);
			assert.equal(b.read("router"), "found\n");
			assert.equal(b.has("tmp/autonomy/steer.json"), false);
			assert.equal(b.has("tmp/autonomy/watch/lock"), false);
			assert.ok(held < KILLS);
			b.remove();
		});
	}
});
