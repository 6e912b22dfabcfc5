/**
 * QuickJS' modules, and the one place where its loop calls us: an error that leaves a handler would only be printed, so
 * every handler is guarded and its error goes to host.onFatal. Promises that are rejected without anybody who listens
 * are not seen here (docs/engines.md).
 */
import * as os from "qjs:os";
import * as std from "qjs:std";

export { os, std };

const fatal = new Set<(error: unknown) => void>();

export function onFatal(callback: (error: unknown) => void): { close(): void } {
	fatal.add(callback);
	return { close: () => void fatal.delete(callback) };
}

export function guarded(run: () => void): () => void {
	return () => {
		try {
			run();
		} catch (error) {
			tell(error);
		}
	};
}

let inputs = 0;

/** Counts what was read, for those who must know whether something still waits (clock.ts). */
export function noteInput(): void {
	inputs++;
}
export const inputsSoFar = (): number => inputs;

/** How long the last orders may take when memory has run out, and the memory kept for them (untouched, so not resident). */
const LAST_MS = 5000;
let reserve: ArrayBuffer | null = new ArrayBuffer(256 * 1024);

/** An error that left a handler. */
export function tell(error: unknown): void {
	try {
		if (error === null || (error instanceof Error && error.message === "out of memory")) {
			if (reserve === null) return; // it has been told
			reserve = null;
			os.setTimeout(() => std.exit(1), LAST_MS);
		}
		for (const callback of [...fatal]) callback(error);
		if (fatal.size > 0) return;
		std.err.puts(`autonomyd: ${describe(error)}\n`);
	} catch {
		std.err.puts("autonomyd: out of memory\n");
	}
	std.exit(1);
}

/** At its memory limit the engine throws null when it cannot even make an error. */
function describe(error: unknown): string {
	if (error === null) return "out of memory";
	return error instanceof Error ? `${error.message}\n${error.stack ?? ""}` : String(error);
}

/** The numbers of Linux on every architecture (asm-generic/errno-base.h); beyond 34 they differ. */
const NAMES: Readonly<Record<number, string>> = {
	1: "EPERM",
	2: "ENOENT",
	4: "EINTR",
	5: "EIO",
	11: "EAGAIN",
	12: "ENOMEM",
	13: "EACCES",
	17: "EEXIST",
	20: "ENOTDIR",
	21: "EISDIR",
	22: "EINVAL",
	23: "ENFILE",
	24: "EMFILE",
	28: "ENOSPC",
	30: "EROFS",
	32: "EPIPE",
};

/** Of a positive errno. */
export function errnoName(errno: number): string {
	return NAMES[errno] ?? std.strerror(errno);
}

/** A call that a signal or an empty pipe ended: to be tried again, not a failure. */
export function isPassing(result: number): boolean {
	return result === -4 || result === -11;
}
