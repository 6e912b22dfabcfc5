/**
 * Reads files of the repository into entries. A script is what begins with "#!"; that decides its mode, not the mode it
 * happens to have on the machine that builds. What the owner's secrets may stand in is readable by root alone.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type FileEntry, file } from "./entry.ts";

const PRIVATE = /^etc\/(config|autonomy)\//;

function modeOf(path: string, content: Buffer): number {
	if (PRIVATE.test(path)) return 0o600;
	return content.toString("latin1", 0, 2) === "#!" ? 0o755 : 0o644;
}

/** Every file below `folder`, put below `target` in the package. */
export function tree(folder: string, target: string): FileEntry[] {
	if (!existsSync(folder)) throw new Error(`${folder} is missing: build first`);
	return readdirSync(folder, { recursive: true, encoding: "utf8" })
		.filter((name) => statSync(join(folder, name)).isFile())
		.map((name) => one(join(folder, name), [target, name].filter((part) => part !== "").join("/")));
}

export function one(source: string, path: string): FileEntry {
	const content = readFileSync(source);
	return file(path, content, modeOf(path, content));
}

/** A script of package/scripts without its first line, which each package manager's form has itself. */
export function scriptBody(source: string): string {
	const text = readFileSync(source, "utf8");
	if (!text.startsWith("#!/bin/sh\n")) throw new Error(`${source} does not begin with #!/bin/sh`);
	return text.slice("#!/bin/sh\n".length);
}
