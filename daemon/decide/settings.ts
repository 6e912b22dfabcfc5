/** What the engine is set to. Made from the configuration by config/settings.ts; times in ms, ratios in per cent. */
export interface Thresholds {
	readonly lossPct: number;
	readonly latencyMs: number;
	readonly minDurationMs: number;
}

export interface Settings {
	/** Decide and explain, but touch nothing. */
	readonly observe: boolean;
	readonly predictive: boolean;
	/** A forecast that knows less is not acted on, 0-1; absent in recordings of earlier versions: CONFIDENCE_MIN. */
	readonly confidenceMin?: number;
	/** Score points by which another uplink must be better (0-100). */
	readonly switchMargin: number;
	readonly minUptimeMs: number;
	readonly cooldownMs: number;
	/** Window of the rolling average of the score. */
	readonly historyWindowMs: number;
	readonly failover: Thresholds;
	readonly restore: Thresholds;
	/** A brown-out this bad is left after severeDurationMs instead of failover.minDurationMs. */
	readonly severeLossPct: number;
	readonly severeDurationMs: number;
	/** First hold-down after a failure; doubles with each flap up to the maximum. */
	readonly holdDownMs: number;
	readonly holdDownMaxMs: number;
	/** How long an uplink that lost the traffic in a planned switch counts as draining. */
	readonly drainMs: number;
	/** How long a manual failover stays pinned when the operator gave no time; 0 = until restore. */
	readonly pinMs: number;
}
