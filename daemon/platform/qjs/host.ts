/** The process itself: arguments, signals, memory, end. */
import type { Host, HostSignal } from "../platform.ts";
import { killCarriers } from "./children.ts";
import { guarded, onFatal, os, std } from "./engine.ts";
import { qjsFiles } from "./files.ts";

/** Set by qjs: the script, then its arguments. */
declare const scriptArgs: readonly string[];

const NUMBERS: Readonly<Record<HostSignal, number>> = {
	SIGHUP: 1,
	SIGINT: 2,
	SIGTERM: 15,
	SIGUSR1: os.SIGUSR1,
	SIGUSR2: os.SIGUSR2,
};
const handlers = new Map<HostSignal, Set<() => void>>();

function kilobytes(status: string, name: string): number {
	return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0);
}

const version = std.getenv("AUTONOMY_QJS_VERSION");

export const qjsHost: Host = {
	args: scriptArgs.slice(1),
	pid: os.getpid(),
	// The engine does not tell its version; the wrapper does.
	runtime: version === undefined ? "quickjs" : `quickjs ${version}`,
	env: (name) => std.getenv(name),
	onSignal(name, callback) {
		const all = handlers.get(name) ?? new Set();
		if (all.size === 0) {
			handlers.set(name, all);
			os.signal(
				NUMBERS[name],
				guarded(() => {
					for (const one of [...all]) one();
				}),
			);
		}
		all.add(callback);
		return {
			close() {
				if (all.delete(callback) && all.size === 0) os.signal(NUMBERS[name], null);
			},
		};
	},
	onFatal,
	/** heapBytes: anonymous memory, since the engine does not tell its own. */
	memory() {
		const status = qjsFiles.readText("/proc/self/status");
		return { rssBytes: kilobytes(status, "VmRSS") * 1024, heapBytes: kilobytes(status, "RssAnon") * 1024 };
	},
	collect: () => std.gc(),
	exit(code) {
		killCarriers();
		return std.exit(code);
	},
	print(text, to = "stdout") {
		const output = to === "stdout" ? std.out : std.err;
		output.puts(text);
		output.flush();
	},
};
