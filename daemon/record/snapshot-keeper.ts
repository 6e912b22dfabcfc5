/**
 * The snapshot's life: read once at start, written in small steps between which the loop goes on, and once more, in one go,
 * when the daemon ends. Within a minute when there is a new event, decision or action, else every five: a daemon that was
 * killed has lost no more than that of its samples. A folder that takes no file costs history over a restart and nothing else.
 */
import { errorText, isAutonomyError } from "../platform/error.ts";
import type { Logger } from "../platform/log.ts";
import type { Closable, Platform } from "../platform/platform.ts";
import { readClocks } from "./clocks.ts";
import { buildSnapshot, restoreSnapshot } from "./snapshot.ts";

export interface SnapshotStats {
	readonly path: string;
	readonly bytes: number | null;
	readonly writtenAtMs: number | null;
	/** Why the last attempt failed; null when it did not. */
	readonly problem: string | null;
	/** What became of the file found at start: "restored", "none", or why it was ignored. */
	readonly atStart: string;
}

export interface SnapshotKeeper extends Closable {
	stats(): SnapshotStats;
	/** Writes a last one. */
	close(): void;
}

const LOOK_MS = 60_000;
/** With samples alone. Each time all rows are written anew: once a minute it was a tenth of what the daemon computes after two hours (measured). */
const LOOKS = 5;

export function createSnapshotKeeper(options: {
	platform: Pick<Platform, "clock" | "timers" | "files">;
	log: Logger;
	path: string;
	contents: Parameters<typeof buildSnapshot>[0];
	retentionHours: () => number;
	limitBytes: () => number;
}): SnapshotKeeper {
	const { log, path, contents } = options;
	const { clock, timers, files } = options.platform;
	/** Counts the daemon's runs since the router booted, as far as snapshots tell. */
	let run = 1;
	let closed = false;
	let stepper: Closable | null = null;
	let written: { bytes: number; atMs: number } | null = null;
	let problem: string | null = null;
	const atStart = restore();
	let looks = LOOKS;
	let newestWritten = "";
	const schedule = timers.every(LOOK_MS, start);

	function restore(): string {
		try {
			if (files.stat(path) === null) return "none";
			const found = restoreSnapshot(
				files.readBytes(path),
				contents,
				readClocks(clock, files),
				options.retentionHours(),
			);
			if ("refused" in found) {
				log.warn("snapshot ignored", { path, reason: found.refused });
				return found.refused;
			}
			run = found.run + 1;
			log.info("snapshot restored", {
				path,
				rows: found.rows,
				records: found.entries,
				gap_ms: Math.round(found.gapMs),
			});
			return "restored";
		} catch (error) {
			log.warn("snapshot ignored", { path, reason: errorText(error) });
			return "unreadable";
		}
	}

	function start(): void {
		const nowMs = clock.monotonicMs();
		contents.store.expire(nowMs);
		for (const list of Object.values(contents.lists)) list.expire(nowMs - options.retentionHours() * 3_600_000);
		if (stepper !== null) return;
		const newest = Object.values(contents.lists)
			.map((list) => list.latest(1)[0]?.id)
			.join();
		if (++looks < LOOKS && newest === newestWritten && problem === null) return;
		looks = 0;
		newestWritten = newest;
		goOn(newBuild());
	}

	/** The next step, when everything else that waits has had its turn. */
	function goOn(build: ReturnType<typeof newBuild>): void {
		stepper = timers.after(0, () => {
			const next = build.next();
			if (next.done) {
				stepper = null;
				write(next.value);
			} else {
				goOn(build);
			}
		});
	}

	function newBuild(): Generator<undefined, Uint8Array> {
		return buildSnapshot(contents, { ...readClocks(clock, files), run }, options.limitBytes());
	}

	/** A full or unwritable /tmp is told once, and once more when it works again. */
	function write(bytes: Uint8Array): void {
		try {
			const slash = path.lastIndexOf("/");
			if (slash > 0) files.makeDirectory(path.slice(0, slash));
			files.writeAtomic(path, bytes, 0o600);
			written = { bytes: bytes.length, atMs: clock.monotonicMs() };
			if (problem !== null) log.info("snapshot written again", { path });
			problem = null;
		} catch (error) {
			const reason = isAutonomyError(error, "no_space") ? "no space left" : errorText(error);
			if (problem === null)
				log.warn("snapshot not written; history will not survive a restart; trying again every minute", {
					path,
					reason,
				});
			problem = reason;
		}
	}

	return {
		stats: () => ({ path, bytes: written?.bytes ?? null, writtenAtMs: written?.atMs ?? null, problem, atStart }),
		close() {
			if (closed) return;
			closed = true;
			schedule.close();
			stepper?.close();
			stepper = null;
			const build = newBuild();
			let step = build.next();
			while (!step.done) step = build.next();
			write(step.value);
		},
	};
}
