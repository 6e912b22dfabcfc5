/**
 * A router that the daemon can be put on, as tests, benches and the demo see it. Two kinds: the lab's stand-ins
 * (lab/router/stand-in.ts) and a real OpenWrt userland in the same network (lab/router/openwrt.ts). What one of them
 * cannot do says so in `cannot`, and the test is skipped with that reason.
 */

import type { ReceiverState } from "./gps/receiver.ts";
import type { ModemState } from "./modem/modem.ts";
import type { Lab, LabProcess } from "./net/lab.ts";
import type { RunResult } from "./net/run.ts";
import type { RadioState } from "./radio/radio.ts";

export type Ability =
	| "wedge_broker"
	| "stop_broker"
	| "mangle_netifd"
	| "change_address"
	| "modem"
	| "radio"
	| "receiver";

export interface RouterUnderTest {
	readonly kind: "stand-in" | "openwrt";
	readonly lab: Lab;
	/** Why this router cannot do something; null when it can. */
	cannot(ability: Ability): string | null;
	run(
		argv: readonly string[],
		options?: { stdin?: string; timeoutMs?: number; env?: Record<string, string> },
	): Promise<RunResult>;
	spawn(
		argv: readonly string[],
		options?: { env?: Record<string, string>; onLine?: (line: string, stream: "stdout" | "stderr") => void },
	): Promise<LabProcess>;
	/** Files of the router, by its own paths. */
	read(path: string): Promise<string | null>;
	put(path: string, text: string, mode?: number): Promise<void>;
	remove(path: string): Promise<void>;
	/** How the daemon's bundle and Node are called inside. */
	readonly node: string;
	readonly repo: string;
	/** Broker socket as the host sees it, for a bus client of the test's own; null when it cannot be reached. */
	readonly socket: string | null;

	ifup(name: string): Promise<void>;
	ifdown(name: string): Promise<void>;
	renew(name: string): Promise<void>;
	networkReload(): Promise<void>;
	mwan3(command: "start" | "stop" | "restart"): Promise<void>;
	/** Makes mwan3 rebuild its policies by one of its events. */
	mwan3Event(action: "connected" | "disconnected", name: string): Promise<void>;
	broker(command: "restart" | "start" | "stop" | "wedge" | "unwedge"): Promise<void>;
	/** Makes a program as good as not installed, and back. */
	hideProgram(path: string, hidden: boolean): Promise<void>;
	/** Changes what the modem towards an ISP measures (LabOptions.modems). */
	modem(isp: number, state: Partial<ModemState>): Promise<void>;
	/** Changes what the radio towards an ISP measures (LabOptions.radios). */
	radio(isp: number, state: Partial<RadioState>): Promise<void>;
	/** Where the router is, as its receiver says (LabOptions.receiver). */
	receiver(state: Partial<ReceiverState>): Promise<void>;
	mangleNetifd(how: "missing" | "wrong" | null): Promise<void>;
	close(): Promise<void>;
}
