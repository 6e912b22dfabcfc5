/**
 * Programs of QuickJS daemons that were killed and still wait on a port (qjs/listen.ts): nobody answers there, and whichever
 * engine runs next could not listen. Only those whose parent is gone; they are known by their arguments.
 */
import type { Files } from "./platform.ts";

export interface OrphanWorld {
	readonly files: Pick<Files, "list" | "readText">;
	/** SIGTERM; false when that was not possible. */
	end(pid: number): boolean;
}

/** How the names begin under which connections wait. */
export const WEB_NAME = "autonomy-web-";
/** After so long an orphan may have let the port go. */
export const ORPHAN_MS = 100;
/** A busy router takes its time to end it. */
const MAX_TRIES = 20;

/** True when there was one. */
function endOrphans(port: number, { files, end }: OrphanWorld): boolean {
	let found = false;
	for (const name of files.list("/proc")) {
		if (!/^\d+$/.test(name)) continue;
		try {
			const words = files.readText(`/proc/${name}/cmdline`).split("\0");
			const isOurs = words[6]?.startsWith(`ABSTRACT-LISTEN:${WEB_NAME}`);
			if (!isOurs || !words[5]?.includes(`-LISTEN:${port},`)) continue;
			if (!/^\d+ \(socat\) \S 1 /.test(files.readText(`/proc/${name}/stat`))) continue; // its daemon lives
			found = end(Number(name)) || found;
		} catch {
			// It has just ended.
		}
	}
	return found;
}

/** Asked whenever the port is taken: whether it is worth trying again after ORPHAN_MS. */
export function orphanWatch(port: number, world: OrphanWorld): () => boolean {
	let tries = 0;
	let had = false;
	return () => {
		// Between the attempt and this look the last one may have ended.
		const before = had;
		had = endOrphans(port, world);
		return (had || before) && ++tries <= MAX_TRIES;
	};
}
