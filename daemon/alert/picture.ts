/** What the detector wants to know of the whole every few seconds. Plain data; picture-of.ts takes it. */
import type { SensorState } from "../sense/sensor.ts";

export interface Picture {
	readonly atMs: number;
	readonly primary: string | null;
	/** The engine has begun to decide, and no uplink works. */
	readonly offline: boolean;
	readonly degraded: boolean;
	/** Why, in words. */
	readonly reason: string;
	/** Traffic is where it would be if all uplinks were well. */
	readonly onPreferred: boolean;
	/** Why the last change of the network failed; null: it did not. */
	readonly steerError: string | null;
	/** What is wrong with the configuration. */
	readonly problems: readonly string[];
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
		readonly text: string;
	}[];
	readonly spikes: readonly { readonly uplink: string; readonly text: string }[];
	readonly obstructions: readonly { readonly uplink: string; readonly nowPct: number; readonly usualPct: number }[];
	readonly disks: readonly { readonly path: string; readonly usedPct: number }[];
	readonly freeMib: number | null;
	readonly certificates: readonly { readonly name: string; readonly daysLeft: number }[];
}
