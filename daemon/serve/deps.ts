/**
 * What serve/ needs to know and may ask for. daemon/loop implements it; serve/ keeps no state of its own but rate limits
 * and the replay that is running. Everything here is cheap to ask: answers are what is known, nothing is measured.
 */
import type { CallArgs, MethodName, Reply } from "../../contract/api.ts";
import type { ReloadResult } from "../config/store.ts";
import type { Config } from "../config/types.ts";
import type { EngineState } from "../decide/state.ts";
import type { CommandName } from "../decide/types.ts";
import type { Forecast } from "../forecast/types.ts";
import type { Logger, LogLevel } from "../platform/log.ts";
import type { Platform } from "../platform/platform.ts";
import type { Recorder } from "../record/recorder.ts";
import type { GpsPicture } from "../sense/gps/gps.ts";
import type { SensorStatus } from "../sense/senses.ts";
import type { SensorPicture } from "../sense/sensor.ts";
import type { SteerStatus } from "../steer/types.ts";
import type { UciPackage } from "../uci/package.ts";
import type { Discovered } from "../uplink/types.ts";
import type { AlertAccess, PushAccess } from "./alert-access.ts";

export interface ServeDeps {
	readonly platform: Pick<Platform, "clock" | "timers" | "host" | "processes">;
	readonly log: Logger;
	readonly version: string;
	/** Name of the router's system, e.g. "OpenWrt 23.05.5"; null when not known. */
	readonly system: () => string | null;
	/** What the daemon costs: share of one core, and how late a timer came; null in its first seconds. */
	load(): { readonly cpuPct: number; readonly lagMs: number } | null;
	/** Monotonic time at which the daemon started. */
	readonly startedAtMs: number;
	readonly engine: () => EngineState;
	readonly discovered: () => Discovered;
	readonly probes: () => readonly ProbeView[];
	/** What each sensor of this uplink knows, and how it is. */
	readonly sensors: (uplink: string) => readonly SensorStatus[];
	/** The dish's map of the sky; null while there is none. */
	readonly picture: (uplink: string) => SensorPicture | null;
	/** Where the router is, as far as the owner wants to know. */
	readonly gps: () => GpsPicture;
	/** What is expected of the uplinks, and when the model that says so was trained. */
	readonly forecast: () => {
		readonly uplinks: readonly Forecast[];
		readonly modelDate: string | null;
		/** How predictive switches ended, this run and those before. */
		readonly score: { readonly right: number; readonly early: number; readonly wrong: number };
	};
	/** Forgets what was learnt of the uplink; null: of all, and the score. */
	readonly forgetForecast: (uplink: string | null) => void;
	/** Where the uplink in use did worst, as far as the owner has positions on. */
	readonly places?: (count: number) => readonly Place[];
	readonly steering: () => SteerStatus;
	readonly recorder: Recorder;
	readonly alerts: AlertAccess;
	readonly push: PushAccess;
	readonly config: ConfigAccess;
	/** Feeds the engine an operator's command and tells what came of it. */
	command(request: CommandRequest): Promise<CommandOutcome>;
	setLogLevel(level: LogLevel): void;
	/** What else the owner should know, one sentence each; discovery's and steering's own problems need not be repeated. */
	readonly problems: () => readonly string[];
}

/** One handler per method; it gives the reply as the contract describes it, at once or later. */
export type Handlers = {
	readonly [M in MethodName]: (args: CallArgs<M>) => Reply<M> | Promise<Reply<M>>;
};

/** Some square kilometre. */
export interface Place {
	readonly latitude: number;
	readonly longitude: number;
	readonly minutes: number;
	readonly offlineMinutes: number;
	/** Mean of the uplink in use, 0 while none worked. */
	readonly score: number;
}

/** How one uplink is watched. */
export interface ProbeView {
	readonly uplink: string;
	/** "fping", "ping", "tcp", "dns", "carrier" or "none". */
	readonly method: string;
	readonly intervalMs: number | null;
	readonly bytesToday: number | null;
	readonly budgetBytes: number | null;
	/** Anything out of the ordinary, in words; null when all is well. */
	readonly text: string | null;
}

export interface ConfigAccess {
	current(): Config;
	/** What the last reading found wrong, one sentence each. */
	problems(): readonly string[];
	/** The file as it is now; null when there is none. Throws uci_parse and file errors. */
	readPackage(): UciPackage | null;
	/** Path of the file, for messages. */
	readonly file: string;
	/** Reads the file again and takes over what changed. */
	reload(): ReloadResult;
}

export interface CommandRequest {
	readonly name: CommandName;
	readonly uplink: string | null;
	/** Null: the default; 0: until restore or release. */
	readonly forMs: number | null;
	readonly reason: string;
}

export interface CommandOutcome {
	readonly ok: boolean;
	readonly text: string;
	readonly decisionId: string | null;
}
