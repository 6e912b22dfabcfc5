/**
 * Small files on QuickJS. Read to their end, not to their size: files of procfs have none. Errors are those of the Node
 * side.
 */
import { AutonomyError, type ErrorCode, isAutonomyError } from "../error.ts";
import type { Files } from "../platform.ts";
import { concat, decodeText, encodeText } from "../text.ts";
import { errnoName, isPassing, os } from "./engine.ts";

const CODES: Readonly<Record<string, ErrorCode>> = {
	ENOENT: "file_not_found",
	ENOTDIR: "file_not_found",
	EACCES: "file_denied",
	EPERM: "file_denied",
	EROFS: "file_denied",
	ENOSPC: "no_space",
};
const BLOCK = 16_384;
const buffer = new Uint8Array(BLOCK);

/** Passes on what is no error; throws for -errno. */
function check(result: number, path: string, doing: string): number {
	if (result >= 0) return result;
	const errno = errnoName(-result);
	throw new AutonomyError(CODES[errno] ?? "file_io", `cannot ${doing} ${path}: ${errno}`, { path, errno });
}

function readAll(fd: number, path: string): Uint8Array {
	const parts: Uint8Array[] = [];
	for (;;) {
		const count = os.read(fd, buffer.buffer, 0, BLOCK);
		if (isPassing(count)) continue;
		if (check(count, path, "read") === 0) return parts.length === 1 ? (parts[0] ?? concat(parts)) : concat(parts);
		parts.push(buffer.slice(0, count));
	}
}

function writeAll(fd: number, bytes: Uint8Array<ArrayBuffer>, path: string): void {
	for (let at = 0; at < bytes.length; ) {
		const count = os.write(fd, bytes.buffer, bytes.byteOffset + at, bytes.length - at);
		if (!isPassing(count)) at += check(count, path, "write");
	}
}

function isDirectory(mode: number): boolean {
	return (mode & os.S_IFMT) === os.S_IFDIR;
}

export const qjsFiles: Files = {
	readText: (path) => decodeText(qjsFiles.readBytes(path)),
	readBytes(path) {
		// C would open what comes before a zero byte.
		const fd = check(path.includes("\0") ? -2 : os.open(path, os.O_RDONLY), path, "read");
		try {
			return readAll(fd, path);
		} finally {
			os.close(fd);
		}
	},
	readTextIfAny(path) {
		try {
			return qjsFiles.readText(path);
		} catch (error) {
			if (isAutonomyError(error, "file_not_found")) return null;
			throw error;
		}
	},
	writeAtomic(path, content, mode = 0o600) {
		const temporary = `${path}.${os.getpid()}.tmp`;
		const bytes = typeof content === "string" ? encodeText(content) : concat([content]);
		const fd = check(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), path, "write");
		try {
			try {
				writeAll(fd, bytes, path);
			} finally {
				os.close(fd);
			}
			check(os.rename(temporary, path), path, "write");
		} catch (error) {
			os.remove(temporary);
			throw error;
		}
	},
	list(path) {
		const [names, errno] = os.readdir(path);
		if (errno !== 0) {
			if (CODES[errnoName(errno)] === "file_not_found") return [];
			check(-errno, path, "list");
		}
		return names.filter((name) => name !== "." && name !== "..").sort();
	},
	readLink(path) {
		const [target, errno] = os.readlink(path);
		return errno === 0 ? target : null; // not a link, or gone: both mean "none" to the caller
	},
	stat(path) {
		const [stat, errno] = os.stat(path);
		if (errno !== 0) return null;
		return { size: stat.size, modifiedMs: stat.mtime, isDirectory: isDirectory(stat.mode) };
	},
	makeDirectory(path) {
		// Every folder on the way; those that are there are no error.
		for (let end = path.indexOf("/", 1); ; end = path.indexOf("/", end + 1)) {
			const part = end === -1 ? path : path.slice(0, end);
			const result = part === "" ? 0 : os.mkdir(part, 0o755);
			if (result < 0) {
				const [stat, errno] = os.stat(part);
				if (errno !== 0) check(result, path, "make the folder");
				else if (!isDirectory(stat.mode)) check(-20, path, "make the folder"); // ENOTDIR
			}
			if (end === -1) return;
		}
	},
	remove(path) {
		const result = os.remove(path);
		if (result < 0 && errnoName(-result) !== "ENOENT") check(result, path, "remove");
	},
};
