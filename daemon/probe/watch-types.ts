/** What a watch over one family of one uplink needs and offers (watch.ts). */
import type { Family, Observation, ProbeMethod, ReachVerdict } from "../health/types.ts";
import type { Logger } from "../platform/log.ts";
import type { Platform } from "../platform/platform.ts";
import type { Pace } from "./budget.ts";
import type { TrafficState } from "./detector-types.ts";
import type { FpingPair } from "./fping-pair.ts";
import type { TargetReport } from "./targets.ts";

export interface WatchOptions {
	readonly platform: Platform;
	readonly log: Logger;
	readonly uplink: string;
	readonly family: Family;
	readonly device: string;
	readonly address: string;
	readonly gateway: string | null;
	readonly dnsServers: readonly string[];
	readonly targets: readonly string[];
	readonly dnsName: string;
	readonly tcpPorts: readonly number[];
	readonly metered: boolean;
	readonly pace: Pace;
	/** Shared by the families of the uplink. */
	readonly pair: FpingPair;
	/** False while sockets of ours would leave by another uplink: TCP and DNS prove nothing then. */
	pathProven(): boolean;
	emit(observation: Observation): void;
	spend(bytes: number, packets: number): void;
	/** The method changed: the pace must be reckoned anew. */
	onMethod(): void;
	/** Watch.judgedAtMs of the other family. */
	otherJudgedAtMs(): number | null;
}

export interface WatchStatus {
	readonly family: Family;
	readonly verdict: ReachVerdict;
	readonly method: ProbeMethod;
	/** What sends the pings; null when there is neither fping nor ping. */
	readonly program: "fping" | "ping" | null;
	readonly spacingMs: number;
	readonly rtoMs: number;
	readonly srttMs: number | null;
	readonly lossPct: number;
	readonly targets: readonly TargetReport[];
	readonly problems: readonly string[];
}

export interface Watch {
	setPace(pace: Pace): void;
	setPatience(ms: number): void;
	link(up: boolean, text: string): void;
	recheck(): void;
	/** The pipes have just been read (FpingPair.read): what was in them is judged. */
	catchUp(): void;
	/** The other family is silent. */
	doubt(): void;
	/** In doubt: when its silence is judged; null: it is not in doubt, or its moment has come. */
	judgedAtMs(): number | null;
	/** The other family is dead: if this one waits for that, it is judged now. */
	join(): void;
	traffic(state: TrafficState, hint: boolean): void;
	/** The wall clock jumped: fping's schedule is lost. */
	restart(): void;
	verdict(): ReachVerdict;
	method(): ProbeMethod;
	status(): WatchStatus;
	close(): void;
}
