/** Runs on QuickJS with little memory: takes more and more. Its error must be told, and the process end. */
import { createQjsPlatform } from "../../../daemon/platform/qjs/platform.ts";

const { host, timers } = createQjsPlatform();
const kept: number[][] = [];
host.onFatal(() => {
	host.print('{"name":"told","ok":true}\n');
	greed.close();
});
const greed = timers.every(5, () => {
	kept.push(new Array<number>(50_000).fill(kept.length + 0.5));
});
