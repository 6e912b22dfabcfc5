/**
 * Putting an older run's times on this run's clock. A monotonic clock may begin anew with each process, and the wall clock
 * of a router jumps by decades, so a snapshot carries three: ours, the wall's and the kernel's time since boot together
 * with the id of that boot. Within one boot only the kernel's is used; after a reboot the wall clock is believed when the
 * gap it shows is possible (0 to the retention), else nobody knows how old the snapshot is and it is not used.
 */
import type { Clock, Files } from "../platform/platform.ts";

export interface ClockReading {
	readonly monotonicMs: number;
	readonly wallMs: number;
	/** Kernel time since boot; null where /proc does not tell. */
	readonly uptimeMs: number | null;
	readonly bootId: string | null;
}

export function readClocks(clock: Clock, files: Files): ClockReading {
	const uptime = Number.parseFloat(readAny(files, "/proc/uptime")?.split(" ")[0] ?? "");
	return {
		monotonicMs: clock.monotonicMs(),
		wallMs: clock.wallMs(),
		uptimeMs: Number.isFinite(uptime) ? Math.round(uptime * 1_000) : null,
		bootId: readAny(files, "/proc/sys/kernel/random/boot_id")?.trim() || null,
	};
}

function readAny(files: Files, path: string): string | null {
	try {
		return files.readTextIfAny(path);
	} catch {
		return null; // not readable is as good as not there: the wall clock decides
	}
}

/** What to add to a monotonic time of the old run to get one of this run, or why that cannot be known. */
export function shiftBetween(
	old: ClockReading,
	now: ClockReading,
	maxGapMs: number,
): { readonly shiftMs: number } | { readonly unknown: string } {
	const sameBoot = old.bootId !== null && old.bootId === now.bootId;
	if (sameBoot && old.uptimeMs !== null && now.uptimeMs !== null && now.uptimeMs >= old.uptimeMs) {
		const gapMs = now.uptimeMs - old.uptimeMs;
		return gapMs > maxGapMs ? { unknown: "too old" } : { shiftMs: now.monotonicMs - gapMs - old.monotonicMs };
	}
	const gapMs = now.wallMs - old.wallMs;
	if (!(gapMs >= 0)) {
		return { unknown: "from the future: the wall clock was set back since" };
	}
	if (gapMs > maxGapMs) {
		return { unknown: "too old, or the wall clock was set since" };
	}
	return { shiftMs: now.monotonicMs - gapMs - old.monotonicMs };
}

/** The head of a snapshot as a reading; null when a field is missing or of the wrong kind. */
export function clockReadingFrom(value: unknown): ClockReading | null {
	if (typeof value !== "object" || value === null) {
		return null;
	}
	const { monotonicMs, wallMs, uptimeMs, bootId } = value as Partial<Record<keyof ClockReading, unknown>>;
	if (typeof monotonicMs !== "number" || typeof wallMs !== "number") {
		return null;
	}
	return {
		monotonicMs,
		wallMs,
		uptimeMs: typeof uptimeMs === "number" ? uptimeMs : null,
		bootId: typeof bootId === "string" ? bootId : null,
	};
}
