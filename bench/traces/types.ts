/**
 * A recording in one shape, whatever its format was: tracks of round trips that were sent at a time and came back later
 * (or never), with what the link said of itself beside them. Times are ms since the start of the trace.
 */

import type { SenseValues } from "../../daemon/health/senses.ts";
import type { UplinkClass } from "../../daemon/health/types.ts";

export interface Signal {
	readonly atMs: number;
	readonly values: Readonly<SenseValues>;
	/** Serving cell or access point; absent where the recording does not tell. */
	readonly cell?: string;
}

export interface Track {
	readonly uplink: string;
	readonly class: UplinkClass;
	readonly metered: boolean;
	/** Ascending. */
	readonly sentMs: Float64Array;
	/** NaN: never answered. Known at sentMs + rttMs only. */
	readonly rttMs: Float64Array;
	/** A probe speaks for so long after it was sent; what lies between that and the next one was not measured. */
	readonly holdMs: number;
	readonly signals: readonly Signal[];
	/** Wall clock of the trace's start, where known: the 15 s grid of a dish is tied to it. */
	readonly startUnixMs: number | null;
	/** Folder and group it was taken from, when the trace is put together of several. */
	readonly origin?: string;
}

export interface Trace {
	readonly folder: string;
	readonly name: string;
	/** What must not be torn apart between training and test: a day, a run, a drive. */
	readonly group: string;
	readonly lengthMs: number;
	readonly tracks: readonly Track[];
	/** Where pieces taken at different times were joined; what begins there was not to be foreseen. */
	readonly seamsMs: readonly number[];
	/** Set when the tracks were not recorded together, or the probes were made from something else. */
	readonly note: string | null;
}

/** Not answered within this time: nothing a person does on the internet works. */
export const UNUSABLE_MS = 1000;
/** Slow enough to be felt. */
export const SLOW_MS = 200;
