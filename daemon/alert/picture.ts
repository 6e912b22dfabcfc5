/** What the detector wants to know of the whole every few seconds. Plain data; picture-of.ts takes it. */
import type { SensorState } from "../sense/sensor.ts";

export interface Picture {
	readonly atMs: number;
	/** The engine has begun to decide. */
	readonly started: boolean;
	readonly primary: string | null;
	/** No uplink works; null: the one in use has not shown yet whether it does. */
	readonly offline: boolean | null;
	readonly degraded: boolean;
	/** Why, in words. */
	readonly reason: string;
	/** Traffic is where it would be if all uplinks were well. */
	readonly onPreferred: boolean;
	/** Why the last change of the network failed; null: it did not. */
	readonly steerError: string | null;
	/** What is wrong with the configuration. */
	readonly problems: readonly string[];
	/** All there are. */
	readonly uplinks: readonly string[];
	/** As far as they tell. */
	readonly modems: readonly {
		readonly uplink: string;
		readonly registered: boolean;
		/** Null: not known. */
		readonly roaming: boolean | null;
		/** The kernel has it, but none of the programs that ask modems knows it. */
		readonly mute: boolean;
	}[];
	/** Dishes that answer, with the names of the alerts they have now. */
	readonly dishes: readonly { readonly uplink: string; readonly alerts: readonly string[] }[];
	/** What starwatch did last; null: nothing. */
	readonly watchdog: { readonly atMs: number; readonly text: string } | null;
	readonly sensors: readonly {
		readonly uplink: string;
		readonly sensor: string;
		readonly state: SensorState;
		readonly forMs: number;
		readonly text: string;
	}[];
	readonly plans: readonly {
		readonly uplink: string;
		readonly usedPct: number;
		readonly warnPct: number;
		/** Of the period that counts now; null: not known. */
		readonly fromUnixMs: number | null;
		readonly resetUnixMs: number | null;
		readonly text: string;
	}[];
	readonly spikes: readonly { readonly uplink: string; readonly text: string }[];
	readonly obstructions: readonly { readonly uplink: string; readonly nowPct: number; readonly usualPct: number }[];
	readonly disks: readonly { readonly path: string; readonly usedPct: number }[];
	readonly freeMib: number | null;
	readonly certificates: readonly { readonly name: string; readonly daysLeft: number }[];
}
