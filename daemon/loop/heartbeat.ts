/**
 * The sign of life that starwatch reads: /tmp/autonomy/heartbeat, lines of NAME=NUMBER for a shell, rewritten every 10 s
 * and removed by an orderly end. Times are seconds since boot as /proc/uptime counts them: the wall clock jumps, and the
 * engine's own clock means nothing to another process. The file `starts` beside it belongs to the wrapper `autonomyd`,
 * which adds a line at each start; it stays when an end was not orderly, and that is how starwatch counts crashes.
 */
import { errorText } from "../platform/error.ts";
import type { Logger } from "../platform/log.ts";
import type { Closable, Files, Platform } from "../platform/platform.ts";

const EVERY_MS = 10_000;
/** How often it is looked how late a timer is; in step with the daemon's own tick, so that nothing wakes up for it. */
const LOOK_MS = 1000;

/** Ticks of /proc/PID/stat a second: USER_HZ, 100 on every Linux there is. */
const TICKS_PER_S = 100;

export interface Heartbeat extends Closable {
	/** Of the last whole span between two beats: share of one core, and the latest a timer came; null before there is one. */
	load(): { readonly cpuPct: number; readonly lagMs: number } | null;
}

/** Starts beating at once; a file system that is full is told once, and tried again with every beat. */
export function startHeartbeat(options: {
	readonly platform: Pick<Platform, "clock" | "timers" | "files" | "host">;
	readonly log: Logger;
	/** Folder that exists. */
	readonly folder: string;
}): Heartbeat {
	const { clock, timers, files, host } = options.platform;
	const path = `${options.folder}/heartbeat`;
	let lastLookMs = clock.monotonicMs();
	let nextBeatMs = lastLookMs + EVERY_MS;
	let lagMs = 0;
	let failed = false;
	let load: ReturnType<Heartbeat["load"]> = null;
	let ticks = cpuTicks();
	let beatMs = lastLookMs;

	/** utime + stime, the 12th and 13th word behind the name, which is in brackets and may hold anything; null: unknown. */
	function cpuTicks(): number | null {
		const stat = files.readTextIfAny("/proc/self/stat") ?? "";
		const words = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
		const sum = Number(words[11]) + Number(words[12]);
		return Number.isFinite(sum) ? sum : null;
	}

	function measure(now: number): void {
		const next = cpuTicks();
		const seconds = (now - beatMs) / 1000;
		if (ticks !== null && next !== null && seconds > 0) {
			load = { cpuPct: (100 * (next - ticks)) / TICKS_PER_S / seconds, lagMs: Math.round(lagMs) };
		}
		ticks = next;
		beatMs = now;
	}

	function beat(): void {
		try {
			// Of "12345.67 9876.54" the first: seconds since boot.
			const [atS = ""] = files.readText("/proc/uptime").split(" ");
			const rssKb = Math.round(host.memory().rssBytes / 1024);
			files.writeAtomic(path, `at_s=${atS}\npid=${host.pid}\nrss_kb=${rssKb}\nlag_ms=${Math.round(lagMs)}\n`);
			failed = false;
		} catch (error) {
			if (!failed) options.log.warn("heartbeat", { reason: `starwatch sees no sign of life: ${errorText(error)}` });
			failed = true;
		}
		lagMs = 0;
	}

	beat();
	const timer = timers.every(LOOK_MS, () => {
		const now = clock.monotonicMs();
		lagMs = Math.max(lagMs, now - lastLookMs - LOOK_MS);
		lastLookMs = now;
		if (now < nextBeatMs) return;
		nextBeatMs = now + EVERY_MS;
		measure(now);
		beat();
	});
	return {
		load: () => load,
		close() {
			timer.close();
			removeQuietly(files, path);
		},
	};
}

/** The end that is to come is no crash. */
export function endsInOrder(files: Files, folder: string): void {
	removeQuietly(files, `${folder}/starts`);
}

/** On a file system that became read-only it stays: that must not stop the daemon from giving the router back. */
function removeQuietly(files: Files, path: string): void {
	try {
		files.remove(path);
	} catch {
		// starwatch then takes this end for a crash, and looks after a router that was given back already.
	}
}
