/** The platform on Node 20 and later. */
import type { Platform } from "../platform.ts";
import { nodeClock, nodeRandom, nodeTimers } from "./clock.ts";
import { nodeFiles } from "./files.ts";
import { keepYoungMemory, nodeHost } from "./host.ts";
import { nodeHttp } from "./http.ts";
import { nodeOutlets } from "./outlets.ts";
import { nodeProcesses } from "./processes.ts";
import { nodeRpc } from "./rpc.ts";
import { nodeDatagrams, nodeStreams } from "./streams.ts";

export function createNodePlatform(): Platform {
	keepYoungMemory();
	return {
		clock: nodeClock,
		timers: nodeTimers,
		files: nodeFiles,
		processes: nodeProcesses,
		streams: nodeStreams,
		datagrams: nodeDatagrams,
		http: nodeHttp,
		rpc: nodeRpc,
		random: nodeRandom,
		host: nodeHost,
		outlets: nodeOutlets,
	};
}
