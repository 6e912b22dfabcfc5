/** What the engine remembers of its own predictions. */
export interface Pending {
	readonly uplink: string;
	readonly decisionId: string;
	readonly atMs: number;
	/** Trouble until then makes it true; later, until lateUntilMs, early. */
	readonly untilMs: number;
	readonly lateUntilMs: number;
	readonly cause: string;
}

export interface Foresight {
	readonly pending: readonly Pending[];
	/** Ended as expected in time, later than expected, or not at all. */
	readonly right: number;
	readonly early: number;
	readonly wrong: number;
}

export const NO_FORESIGHT: Foresight = { pending: [], right: 0, early: 0, wrong: 0 };

/** A forecast speaks of the next seconds; without a newer one nothing is known any more. */
export const FORECAST_VALID_MS = 15_000;
