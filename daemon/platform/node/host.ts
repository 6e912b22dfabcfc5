/** The process itself: arguments, signals, memory, end. */
import { setFlagsFromString } from "node:v8";
import type { Host } from "../platform.ts";

/** There with --expose-gc (the wrapper sets it): V8 collects when the heap has grown, not because time has passed. */
const collect = globalThis.gc;

/**
 * A program that allocates little gets its young generation taken away by V8 after each collection: every two seconds a megabyte was
 * given back and faulted in again, page by page, a seventh of the daemon's CPU (docs/bench.md). This is the one flag under which V8
 * keeps it. Set while it runs, not by the wrapper: at the start it would fix V8's random seeds, too.
 */
export function keepYoungMemory(): void {
	if (collect !== undefined) setFlagsFromString("--predictable");
}

export const nodeHost: Host = {
	args: process.argv.slice(2),
	pid: process.pid,
	runtime: `node ${process.versions.node}`,
	env: (name) => process.env[name],
	onSignal(name, callback) {
		process.on(name, callback);
		return { close: () => void process.off(name, callback) };
	},
	onFatal(callback) {
		process.on("uncaughtException", callback);
		process.on("unhandledRejection", callback);
		return {
			close() {
				process.off("uncaughtException", callback);
				process.off("unhandledRejection", callback);
			},
		};
	},
	memory() {
		const { rss, heapUsed } = process.memoryUsage();
		return { rssBytes: rss, heapBytes: heapUsed };
	},
	...(collect === undefined
		? {}
		: { collect: () => void collect(), stopOptimizing: () => setFlagsFromString("--no-opt") }),
	exit: (code) => process.exit(code),
	print(text, to = "stdout") {
		process[to].write(text);
	},
};
