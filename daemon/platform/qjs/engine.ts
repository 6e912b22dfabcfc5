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

/** How long the last orders may take when memory has run out. */
const LAST_MS = 5000;
/** Kept for them, where asking for memory can fail: the engine writes zeros, so all of it is resident. */
const RESERVE_BYTES = 256 * 1024;
const reserve = memoryIsLimited() ? [new ArrayBuffer(RESERVE_BYTES)] : [];
let ranOut = false;

/** By the engine's flag, the process's limits or a kernel that counts what is promised; elsewhere it ends a process instead. */
function memoryIsLimited(): boolean {
	const limits = lines("/proc/self/limits").some((line) => /^Max (address space|data size) +\d/.test(line));
	const counted = lines("/proc/sys/vm/overcommit_memory")[0] === "2";
	return limits || counted || lines("/proc/self/cmdline").some((line) => line.includes("--memory-limit"));
}

/** Before files.ts, which needs this module. */
function lines(path: string): string[] {
	const file = std.open(path, "r");
	const found: string[] = [];
	for (let line = file?.getline() ?? null; line !== null; line = file?.getline() ?? null) found.push(line);
	file?.close();
	return found;
}

/** An error that left a handler. */
export function tell(error: unknown): void {
	try {
		if (error === null || (error instanceof Error && error.message.startsWith("out of memory"))) {
			if (ranOut) return; // it has been told
			ranOut = true;
			reserve.length = 0;
			os.setTimeout(() => std.exit(1), LAST_MS);
		}
		// Null: there was not even room for an error. Now there is.
		const said = error ?? new Error("out of memory");
		for (const callback of [...fatal]) callback(said);
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
