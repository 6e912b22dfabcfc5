/**
 * How full the file systems are that a router can fill. Asked of the kernel where the engine can (Node, each time); else
 * of df, rarely, since a process is dear on the routers that run the other engine.
 */
import type { Platform } from "../platform/platform.ts";

const DISKS = ["/overlay", "/tmp"] as const;
const DF_EVERY_MS = 600_000;
const DF_LIMIT_MS = 10_000;
/** Blocks, used, available, use in percent; what stands before and behind may hold spaces. */
const LINE = /\s(\d{1,15})\s+\d{1,15}\s+(\d{1,15})\s+\d{1,3}%\s/;

export interface Disk {
	readonly path: string;
	readonly usedPct: number;
}

export interface Disks {
	/** As they are now, or were at the last look; those not known are left out. */
	look(): readonly Disk[];
}

export function createDisks({ clock, files, processes }: Pick<Platform, "clock" | "files" | "processes">): Disks {
	let known: readonly Disk[] = [];
	let askedMs = Number.NEGATIVE_INFINITY;

	async function ask(): Promise<void> {
		const paths = DISKS.filter((path) => files.stat(path)?.isDirectory === true);
		const [first, ...others] = paths;
		if (first === undefined) return;
		const { stdout } = await processes.run(["df", "-P", first, ...others], { timeoutMs: DF_LIMIT_MS });
		// A line for each, in the order they were asked for.
		const lines = stdout.split("\n").slice(1);
		known = paths.flatMap((path, index) => {
			const [, blocks, free] = LINE.exec(`${lines[index] ?? ""} `) ?? [];
			const [all, left] = [Number(blocks ?? 0), Number(free)];
			return all === 0 || left > all ? [] : [{ path, usedPct: 100 * (1 - left / all) }];
		});
	}

	return {
		look() {
			const { usedPct } = files;
			if (usedPct !== undefined) {
				return DISKS.flatMap((path) => {
					const pct = usedPct(path);
					return pct === null ? [] : [{ path, usedPct: pct }];
				});
			}
			const now = clock.monotonicMs();
			if (now - askedMs >= DF_EVERY_MS) {
				askedMs = now;
				// Without df nobody is told of disks; the rest works.
				ask().catch(() => {
					known = [];
				});
			}
			return known;
		},
	};
}
