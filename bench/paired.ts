/**
 * Two ways of doing the same thing, measured in pairs: first one, then the other, in alternating order and within seconds,
 * so that whatever else goes on at the machine falls on both. What comes out is the ratio of the means with its 95 %
 * interval (bootstrap over pairs), which proves a bound, refutes it, or says that more pairs are needed.
 */
import { percentile } from "./failover/measure.ts";

export interface Pair {
	readonly first: number;
	readonly second: number;
}

export interface Compared {
	readonly pairs: number;
	readonly first: { readonly median: number; readonly p25: number; readonly p75: number };
	readonly second: { readonly median: number; readonly p25: number; readonly p75: number };
	/** Mean of the second over that of the first. */
	readonly ratio: number;
	readonly ci95: readonly [number, number];
}

const ROUNDS = 4000;

/** The same numbers in every run: an interval that changes from look to look convinces nobody. */
function makeRandom(): () => number {
	let state = 0x9e3779b9;
	return () => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return state / 2 ** 32;
	};
}

function median(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	const at = Math.floor(sorted.length / 2);
	return sorted.length % 2 === 1 ? (sorted[at] ?? 0) : ((sorted[at - 1] ?? 0) + (sorted[at] ?? 0)) / 2;
}

const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;

/** Of means, not of medians: gaps spread evenly over a probe's interval, where a mean needs half as many pairs. */
function ratioOf(pairs: readonly Pair[]): number {
	return mean(pairs.map((one) => one.second)) / mean(pairs.map((one) => one.first));
}

export function compare(pairs: readonly Pair[]): Compared {
	const random = makeRandom();
	const ratios = Array.from({ length: ROUNDS }, () => {
		const drawn = pairs.map(() => pairs[Math.floor(random() * pairs.length)] ?? { first: 1, second: 1 });
		return ratioOf(drawn);
	}).sort((a, b) => a - b);
	const round = (value: number): number => Math.round(value * 1000) / 1000;
	const spread = (values: readonly number[]) => ({
		median: Math.round(median(values) * 10) / 10,
		p25: percentile(values, 25),
		p75: percentile(values, 75),
	});
	return {
		pairs: pairs.length,
		first: spread(pairs.map((one) => one.first)),
		second: spread(pairs.map((one) => one.second)),
		ratio: round(ratioOf(pairs)),
		ci95: [round(ratios[Math.floor(ROUNDS * 0.025)] ?? 0), round(ratios[Math.floor(ROUNDS * 0.975)] ?? 0)],
	};
}

/** In words, for a bound such as 0.05. */
export function verdict({ ci95: [low, high] }: Compared, bound: number): string {
	const pct = `${Math.round(bound * 100)} %`;
	if (low >= 1 - bound && high <= 1 + bound) return `proven to be within ${pct}`;
	if (low > 1 + bound) return `slower by more than ${pct}`;
	if (high < 1 - bound) return `quicker by more than ${pct}`;
	// Quicker is not what was to be refuted.
	return high <= 1 + bound
		? `proven to be slower by no more than ${pct}`
		: `not decided at ${pct}: more pairs are needed`;
}
