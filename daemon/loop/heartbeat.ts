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

/** Starts beating at once; a file system that is full is told once, and tried again with every beat. */
export function startHeartbeat(options: {
	readonly platform: Pick<Platform, "clock" | "timers" | "files" | "host">;
	readonly log: Logger;
	/** Folder that exists. */
	readonly folder: string;
}): Closable {
	const { clock, timers, files, host } = options.platform;
	const path = `${options.folder}/heartbeat`;
	let lastLookMs = clock.monotonicMs();
	let nextBeatMs = lastLookMs + EVERY_MS;
	let lagMs = 0;
	let failed = false;

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
		beat();
	});
	return {
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
