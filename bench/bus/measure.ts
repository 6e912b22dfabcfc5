/** What both processes of the bus bench need. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Logger } from "../../daemon/platform/log.ts";

export const quiet: Logger = {
	debug: () => undefined,
	info: () => undefined,
	warn: () => undefined,
	error: () => undefined,
	child: () => quiet,
	setLevel: () => undefined,
	level: () => "error",
	alsoTo: () => undefined,
	isDebug: () => false,
};

/** Bytes in use on the heap and in buffers once all garbage is gone; buffers are freed a turn after a collection. */
export async function usedBytes(): Promise<number> {
	setFlagsFromString("--expose-gc");
	const collect = runInNewContext("gc") as () => void;
	for (let i = 0; i < 4; i++) {
		collect();
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
	const { heapUsed, arrayBuffers } = process.memoryUsage();
	return heapUsed + arrayBuffers;
}

export function percentile(sorted: Float64Array, part: number): number {
	return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
