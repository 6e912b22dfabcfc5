/** The rooms of a running daemon, for those who connect them to the outside. */
import type { Bus } from "../bus/bus.ts";
import type { ConfigStore } from "../config/store.ts";
import type { Logger } from "../platform/log.ts";
import type { Platform } from "../platform/platform.ts";
import type { Prober } from "../probe/prober.ts";
import type { Recorder } from "../record/recorder.ts";
import type { Gps } from "../sense/gps/gps.ts";
import type { Senses } from "../sense/senses.ts";
import type { Steerer } from "../steer/types.ts";
import type { Discovery } from "../uplink/discovery.ts";
import type { Foresee } from "./foresee.ts";
import type { Loop } from "./loop.ts";
import type { ScoreMemory } from "./score-memory.ts";

/** Everything serve/ may ask of the running daemon. */
export interface Rooms {
	readonly platform: Platform;
	readonly log: Logger;
	readonly store: ConfigStore;
	readonly version: string;
	readonly startedAtMs: number;
	readonly bus: Bus;
	readonly discovery: Discovery;
	readonly prober: Prober;
	readonly steerer: Steerer;
	readonly recorder: Recorder;
	readonly senses: Senses;
	readonly gps: Gps;
	readonly loop: Loop;
	readonly foresee: Foresee;
	readonly score: ScoreMemory;
	/** What the daemon costs and how late it is; null in its first seconds. */
	load(): { readonly cpuPct: number; readonly lagMs: number } | null;
	reload(): ReturnType<ConfigStore["reload"]>;
	/** What the owner should know and nobody else tells. */
	problems(): readonly string[];
}
