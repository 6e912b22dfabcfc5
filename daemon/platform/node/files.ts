/** Small files on Node. Synchronous by contract (platform.ts): no thread pool, no extra stacks in RAM. */
import fs from "node:fs";
import { AutonomyError, type ErrorCode } from "../error.ts";
import type { Files } from "../platform.ts";

const CODES: Readonly<Record<string, ErrorCode>> = {
	ENOENT: "file_not_found",
	ENOTDIR: "file_not_found",
	EACCES: "file_denied",
	EPERM: "file_denied",
	EROFS: "file_denied",
	ENOSPC: "no_space",
	EDQUOT: "no_space",
};

function errnoOf(error: unknown): string {
	return error instanceof Error && "code" in error ? String(error.code) : "";
}

function wrap<T>(path: string, doing: string, work: () => T): T {
	try {
		return work();
	} catch (error) {
		const errno = errnoOf(error);
		throw new AutonomyError(CODES[errno] ?? "file_io", `cannot ${doing} ${path}: ${errno || String(error)}`, {
			path,
			errno,
		});
	}
}

function isMissing(error: unknown): boolean {
	return error instanceof AutonomyError && error.code === "file_not_found";
}

export const nodeFiles: Files = {
	readText: (path) => wrap(path, "read", () => fs.readFileSync(path, "utf8")),
	readBytes: (path) => wrap(path, "read", () => new Uint8Array(fs.readFileSync(path))),
	readTextIfAny(path) {
		try {
			return nodeFiles.readText(path);
		} catch (error) {
			if (isMissing(error)) return null;
			throw error;
		}
	},
	writeAtomic(path, content, mode = 0o600) {
		const temporary = `${path}.${process.pid}.tmp`;
		wrap(path, "write", () => {
			try {
				fs.writeFileSync(temporary, content, { mode });
				fs.renameSync(temporary, path);
			} catch (error) {
				fs.rmSync(temporary, { force: true });
				throw error;
			}
		});
	},
	list(path) {
		try {
			return wrap(path, "list", () => fs.readdirSync(path).sort());
		} catch (error) {
			if (isMissing(error)) return [];
			throw error;
		}
	},
	readLink(path) {
		try {
			return fs.readlinkSync(path);
		} catch {
			return null; // not a link, or gone: both mean "none" to the caller
		}
	},
	stat(path) {
		const stat = fs.statSync(path, { throwIfNoEntry: false });
		return stat ? { size: stat.size, modifiedMs: stat.mtimeMs, isDirectory: stat.isDirectory() } : null;
	},
	makeDirectory(path) {
		wrap(path, "make the folder", () => fs.mkdirSync(path, { recursive: true, mode: 0o755 }));
	},
	remove(path) {
		wrap(path, "remove", () => fs.rmSync(path, { force: true }));
	},
	usedPct(path) {
		try {
			const { blocks, bavail } = fs.statfsSync(path);
			return blocks === 0 ? null : 100 * (1 - bavail / blocks);
		} catch {
			return null; // no such folder on this router
		}
	},
};
