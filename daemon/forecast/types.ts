/**
 * What the forecast says of one uplink at one moment. Risks are probabilities that the uplink becomes unusable for at
 * least so long, beginning within so many seconds; a risk of 0.7 comes true 7 times in 10. Unknown is an answer: `risks`
 * is null while there is too little evidence, and nobody acts on that.
 */
export const TARGETS = [
	{ name: "any_1s_in_3s", lastsMs: 1000, withinMs: 3000 },
	{ name: "any_2s_in_3s", lastsMs: 2000, withinMs: 3000 },
	{ name: "any_2s_in_10s", lastsMs: 2000, withinMs: 10_000 },
	{ name: "any_2s_in_30s", lastsMs: 2000, withinMs: 30_000 },
	{ name: "any_5s_in_3s", lastsMs: 5000, withinMs: 3000 },
	{ name: "any_5s_in_10s", lastsMs: 5000, withinMs: 10_000 },
	{ name: "any_5s_in_30s", lastsMs: 5000, withinMs: 30_000 },
] as const;

export type TargetName = (typeof TARGETS)[number]["name"];

export type Risks = Readonly<Record<TargetName, number>>;

/** any_2s_in_10s and any_2s_in_30s, ahead of the others. */
export interface Glance {
	readonly soon: number;
	readonly later: number;
}

export type Cause =
	| "obstruction"
	| "dish_outage"
	| "radio_fade"
	| "congestion"
	| "wifi_leaving"
	| "scheduled_reboot"
	| "cap"
	| "pattern"
	| "unknown";

export interface EvidenceFigure {
	readonly name: string;
	readonly value: number;
	readonly unit: string;
}

export interface Forecast {
	readonly uplink: string;
	readonly atMs: number;
	/** Worked out when they are looked at. */
	readonly risks: Risks | null;
	/** Absent where the risks are known already. */
	readonly glance?: Glance;
	readonly cause: Cause;
	/** 0-1: how much of what the model wants to know is known and fresh. */
	readonly confidence: number;
	/** A clause for people, without a full stop. */
	readonly text: string;
	readonly figures: readonly EvidenceFigure[];
	/** It behaves unlike its own last days, and how: shown, never acted on. */
	readonly anomaly: string | null;
}
