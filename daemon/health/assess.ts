/**
 * Health at one moment: figures, score with its breakdown, and the Health with the score rolled on. Call it after each
 * observation and now and then without one; rolling by time makes the number of calls irrelevant.
 */
import type { LinkFigures } from "./figures.ts";
import { figuresOf } from "./figures.ts";
import type { Health } from "./link.ts";
import { finalScore, roll, windowMean } from "./rolling.ts";
import type { Profile, ScorePart } from "./score.ts";
import { instantScore } from "./score.ts";
import { round1 } from "./stats.ts";

/** All 0-100; null = no evidence. `value` is the final score, before any weight. */
export interface Score {
	readonly value: number | null;
	readonly instant: number | null;
	readonly ewma: number | null;
	readonly window: number | null;
	readonly parts: readonly ScorePart[];
}

export interface Assessment {
	readonly health: Health;
	readonly figures: LinkFigures;
	readonly score: Score;
}

export const NO_SCORE: Score = { value: null, instant: null, ewma: null, window: null, parts: [] };

export function assess(health: Health, nowMs: number, profile: Profile, historyWindowMs: number): Assessment {
	const figures = figuresOf(health, nowMs);
	const instant = instantScore(figures, profile);
	if (instant === null) return { health, figures, score: NO_SCORE };
	const rolling = roll(health.rolling, instant.value, nowMs, historyWindowMs);
	const ewma = rolling.ewma ?? instant.value;
	const window = windowMean(rolling, nowMs, historyWindowMs) ?? instant.value;
	const score: Score = {
		// A dead link has no good past: its score is 0 at once, while the rolling parts remember.
		value: figures.unreachable ? 0 : finalScore(instant.value, ewma, window),
		instant: round1(instant.value),
		ewma: round1(ewma),
		window: round1(window),
		parts: instant.parts,
	};
	return { health: { ...health, rolling }, figures, score };
}
