/** The process itself: arguments, signals, memory, end. */
import type { Host } from "../platform.ts";

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
	exit: (code) => process.exit(code),
	print(text, to = "stdout") {
		process[to].write(text);
	},
};
