/**
 * How much silence it takes on a link that loses packets at random. n probes in a row go unanswered by chance with
 * probability loss^n: a verdict wants that below CHANCE. Pure.
 */

/** Probability at which silence is no longer put down to random loss. */
const CHANCE = 1e-7;
const MIN_UNANSWERED = 9;
const MAX_UNANSWERED = 24;

/** Unanswered probes, of all targets together, that make a link dead; `loss` 0-1. */
export function unansweredNeeded(loss: number): number {
	const exact = Math.ceil(Math.log(CHANCE) / Math.log(Math.min(0.9, Math.max(0.01, loss))));
	return Math.min(MAX_UNANSWERED, Math.max(MIN_UNANSWERED, exact));
}

/** Steady probes overdue in a row that raise suspicion: each suspicion costs a burst. */
export function lateNeeded(loss: number): number {
	return loss < 0.05 ? 1 : loss < 0.2 ? 2 : 3;
}
