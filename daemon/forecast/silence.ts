/**
 * A silence that has begun: will it last? Probes stay unanswered, the burst of quick ones too; most such silences of a radio
 * link end within a moment, some are the outage. The longer one goes on, the likelier it is to be one: shares read off the
 * recordings (bench/train/silences.ts), shifted by what this very uplink did before, within bounds. Pure; only + - * / and
 * comparisons.
 */

/** Counts as the outage that is meant when it lasts so long in all, ms. */
export const LASTS_MS = 2000;
/** Silences that were over sooner say nothing; ms after the suspicion. */
export const COUNTED_MS = 300;

/** Ms since the suspicion, and the share of silences still going on then that lasted LASTS_MS or more. */
export const SILENCE_TABLE: readonly (readonly [sinceMs: number, share: number])[] = [
	[100, 0.25],
	[200, 0.365],
	[300, 0.46],
	[400, 0.505],
	[500, 0.55],
	[600, 0.6],
	[700, 0.66],
	[800, 0.7],
	[1000, 0.765],
	[1500, 0.88],
	[3000, 0.98],
];

/** An uplink's own silences of COUNTED_MS and more: how many lasted, how many did not. */
export interface OwnSilences {
	readonly lasted: number;
	readonly ended: number;
}

export const NO_SILENCES: OwnSilences = { lasted: 0, ended: 0 };

/** What the recordings say weighs as much as so many silences of its own. */
const PRIOR = 10;
/** Own silences remembered; beyond, the old ones count half. */
const OWN_MAX = 24;
/** The odds are moved by at most so much, either way. */
const SHIFT_MAX = 3;

export function addSilence(own: OwnSilences, lasted: boolean): OwnSilences {
	const next = { lasted: own.lasted + (lasted ? 1 : 0), ended: own.ended + (lasted ? 0 : 1) };
	return next.lasted + next.ended <= OWN_MAX ? next : { lasted: next.lasted / 2, ended: next.ended / 2 };
}

/** How much the odds of the table are multiplied by for this uplink: 1 without a record of its own. */
export function ownShift(own: OwnSilences): number {
	const usual = shareAt(COUNTED_MS);
	const lasted = own.lasted + PRIOR * usual;
	const ended = own.ended + PRIOR * (1 - usual);
	const shift = (lasted / ended) * ((1 - usual) / usual);
	return Math.min(SHIFT_MAX, Math.max(1 / SHIFT_MAX, shift));
}

/** Probability 0-1 that a silence `sinceMs` after its suspicion lasts LASTS_MS or more in all. */
export function lastsShare(sinceMs: number, own: OwnSilences): number {
	const share = shareAt(sinceMs);
	const odds = (share / (1 - share)) * ownShift(own);
	return odds / (1 + odds);
}

function shareAt(sinceMs: number): number {
	let [before, low] = [0, 0];
	for (const [atMs, share] of SILENCE_TABLE) {
		if (sinceMs <= atMs) return low + ((share - low) * (Math.max(0, sinceMs) - before)) / (atMs - before);
		[before, low] = [atMs, share];
	}
	return low;
}
