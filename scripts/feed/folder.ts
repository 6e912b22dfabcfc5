/**
 * Writes a folder as a whole: beside the old one, and into its place when everything is there.
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { FileEntry } from "./entry.ts";

export function writeFolder(folder: string, files: readonly FileEntry[]): void {
	const fresh = `${folder}.new.${process.pid}`;
	rmSync(fresh, { recursive: true, force: true });
	for (const { path, content, mode } of files) {
		mkdirSync(dirname(join(fresh, path)), { recursive: true });
		writeFileSync(join(fresh, path), content, { mode });
	}
	rmSync(folder, { recursive: true, force: true });
	renameSync(fresh, folder);
}
