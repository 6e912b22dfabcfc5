/** The platform on QuickJS 2025-04-26 and later: its own modules `os` and `std`, and small programs for sockets. */
import type { Platform } from "../platform.ts";
import { qjsClock, qjsRandom, qjsTimers } from "./clock.ts";
import { qjsDatagrams } from "./datagrams.ts";
import { qjsFiles } from "./files.ts";
import { qjsHost } from "./host.ts";
import { qjsHttp } from "./http.ts";
import { createQjsOutlets } from "./outlets.ts";
import { qjsProcesses } from "./processes.ts";
import { qjsRpc } from "./rpc.ts";
import { qjsStreams } from "./streams.ts";

export function createQjsPlatform(): Platform {
	return {
		clock: qjsClock,
		timers: qjsTimers,
		files: qjsFiles,
		processes: qjsProcesses,
		streams: qjsStreams,
		datagrams: qjsDatagrams,
		http: qjsHttp,
		rpc: qjsRpc,
		random: qjsRandom,
		host: qjsHost,
		outlets: createQjsOutlets(qjsProcesses.find),
	};
}
