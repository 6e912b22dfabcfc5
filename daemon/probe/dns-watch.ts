/** Asks the uplink's own DNS servers in turn, from its own address, at a slow pace. One question at a time. */
import type { Family, Observation } from "../health/types.ts";
import type { Closable, Platform } from "../platform/platform.ts";
import { about } from "../platform/together.ts";
import { isAddress } from "./address.ts";
import { askDns } from "./dns.ts";

export interface DnsWatchOptions {
	readonly uplink: string;
	readonly family: Family;
	readonly address: string;
	readonly servers: readonly string[];
	/** "" = nothing is asked. */
	readonly name: string;
	readonly everyMs: number;
	/** False while a question would prove nothing (link down, no way out of its own). */
	wanted(): boolean;
	emit(observation: Observation): void;
	spend(): void;
}

export interface DnsWatch extends Closable {
	setEvery(everyMs: number): void;
}

const FIRST_MS = 1500;
const TIMEOUT_MS = 3000;
const MAX_SERVERS = 3;

export function createDnsWatch(platform: Platform, options: DnsWatchOptions): DnsWatch {
	const servers = options.servers.filter((server) => isAddress(server, options.family)).slice(0, MAX_SERVERS);
	let question: Closable | null = null;
	let timer: Closable | null = null;
	let everyMs = options.everyMs;
	let next = 0;
	const on = servers.length > 0 && options.name !== "";

	function ask(): void {
		timer = platform.timers.after(about(platform.clock, everyMs), ask);
		const server = servers[next++ % servers.length];
		if (server === undefined || question !== null || !options.wanted()) return;
		const { uplink, family, address, name } = options;
		options.spend();
		question = askDns(platform, { family, address, server, name, timeoutMs: TIMEOUT_MS }, ({ rttMs }) => {
			question = null;
			options.emit({ kind: "dns", uplink, atMs: platform.clock.monotonicMs(), family, server, rttMs });
		});
	}

	if (on) timer = platform.timers.after(FIRST_MS, ask);
	return {
		setEvery(ms) {
			everyMs = ms;
			if (!on) return;
			timer?.close();
			timer = platform.timers.after(about(platform.clock, ms), ask);
		},
		close() {
			timer?.close();
			question?.close();
		},
	};
}
