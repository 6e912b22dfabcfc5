/** What the process holds, from the kernel. */
import type { Platform } from "../../../daemon/platform/platform.ts";

export type Own = Pick<Platform, "files">;

/** kB of smaps_rollup: "Anonymous", "Rss". */
export function ownKb({ files }: Own, name: string): number {
	return Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(files.readText("/proc/self/smaps_rollup"))?.[1] ?? 0);
}

export const anonKb = (own: Own): number => ownKb(own, "Anonymous");
