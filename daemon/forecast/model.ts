/**
 * The learned model: sums of small decision trees, and a table from the sum to a probability. Trained offline
 * (bench/train); here only comparisons, additions and one division, so that every engine gets the same digits.
 */
import { FEATURE_INDEX, FEATURES } from "./features.ts";
import { type Glance, type Risks, TARGETS, type TargetName } from "./types.ts";
import { BELOW_ALL, createFollower, limitsOf, plant, sumOfLeaves, type Tree } from "./wood.ts";

export interface TargetModel {
	readonly base: number;
	/**
	 * One per line: the three lists of a Tree (wood.ts), separated by semicolons, their numbers by commas. A feature from 100 on:
	 * where it is unknown go left.
	 */
	readonly trees: readonly string[];
	/** Rising sums, and the probability at each; a line between them. */
	readonly table: Table;
	/**
	 * Silences that repeat: from (silences of the last 15 s + 0.3) / (1 + seconds since the last) to a probability; nothing
	 * below the first point. Counts when it says more than the trees.
	 */
	readonly rhythm?: Table;
}

/** Rising numbers, and the probability at each; a line between them. */
export type Table = readonly [readonly number[], readonly number[]];

export interface ModelFile {
	readonly features: readonly string[];
	readonly targets: Readonly<Record<string, TargetModel>>;
}

export interface Model {
	risks(features: Float64Array): Risks;
	/** For one uplink, asked at each tick: two of the risks, mostly nothing else is wanted. */
	follow(): (features: Float64Array) => Glance;
}

const UNKNOWN_LEFT = 100;

/** Throws when the file was made for other features or targets than these. */
export function createModel(file: ModelFile): Model {
	if (file.features.join() !== FEATURES.join()) throw new Error("the model was trained on other features");
	const models = {} as Record<TargetName, Ready>;
	const trees: Tree[] = [];
	for (const name of [...GLANCED, ...TARGETS.map((one) => one.name).filter((one) => !GLANCED.includes(one))]) {
		const model = file.targets[name];
		if (model === undefined) throw new Error(`the model knows nothing of ${name}`);
		const from = trees.length;
		for (const line of model.trees) trees.push(placed(parseTree(line)));
		const { base, table, rhythm = null } = model;
		models[name] = { base, table, rhythm, from, to: trees.length };
	}
	const wood = plant(trees);
	const asked = new Float64Array(2 * FEATURES.length);
	const limits = limitsOf(wood, models.any_2s_in_30s.to, asked.length);
	return {
		risks(x) {
			put(x, asked);
			const found: Partial<Record<TargetName, number>> = {};
			for (const { name } of TARGETS) {
				const model = models[name];
				const sum = sumOfLeaves(wood, model.from, model.to, model.base, asked);
				found[name] = withRhythm(model, x, read(model.table, sum));
			}
			return ordered(found as Risks);
		},
		follow() {
			put(new Float64Array(FEATURES.length).fill(Number.NaN), asked);
			const glanced = GLANCED.map((name) => models[name]);
			const follower = createFollower(wood, limits, asked, glanced);
			const learned = glanced.map(() => ({ sum: Number.NaN, share: 0 }));
			function of(stand: number, x: Float64Array): number {
				const model = glanced[stand] as Ready;
				const last = learned[stand] as { sum: number; share: number };
				const sum = follower.sum(stand);
				if (sum !== last.sum) {
					last.sum = sum;
					last.share = read(model.table, sum);
				}
				return withRhythm(model, x, last.share);
			}
			return (x) => {
				follower.ask(x);
				// By their places in GLANCED.
				const soon = Math.max(of(1, x), of(0, x));
				return { soon, later: Math.max(of(2, x), soon) };
			};
		},
	};
}

/** What a glance needs comes first, the last of it any_2s_in_30s. */
const GLANCED: readonly TargetName[] = ["any_2s_in_3s", "any_2s_in_10s", "any_2s_in_30s"];

/** Its features as places in the list that put() makes. */
function placed([feature, value, left]: Tree): Tree {
	return [feature.map((f) => (f >= UNKNOWN_LEFT ? f - UNKNOWN_LEFT + FEATURES.length : f)), value, left];
}

/**
 * What is not known goes right, as no comparison with it is true, or left where a node says so: every figure is there twice, the
 * second time, when it is not known, below all limits.
 */
function put(x: Float64Array, asked: Float64Array): void {
	asked.set(x);
	asked.set(x, x.length);
	for (let at = x.length; at < asked.length; at++) {
		if (!((asked[at] as number) > BELOW_ALL)) asked[at] = BELOW_ALL;
	}
}

interface Ready {
	readonly base: number;
	readonly table: Table;
	readonly rhythm: Table | null;
	/** Its trees, the last one not included. */
	readonly from: number;
	readonly to: number;
}

/** Throws on anything that is no tree. */
export function parseTree(line: string): Tree {
	const lists = line.split(";").map((list) => list.split(",").map(Number));
	const [feature = [], value = [], left = []] = lists;
	const even = lists.length === 3 && feature.length === value.length && feature.length === left.length;
	const sound = feature.every((f, at) => {
		const child = left[at] ?? 0;
		if (!Number.isFinite(value[at]) || !Number.isInteger(f)) return false;
		if (f < 0) return true;
		return f % UNKNOWN_LEFT < FEATURES.length && child > at && child + 1 < feature.length;
	});
	if (!even || !sound) throw new Error("the model holds a tree that is none");
	return [feature, value, left];
}

/** The probability that was learnt for the sum, or that of a rhythm which says more. */
function withRhythm(model: Ready, x: Float64Array, learned: number): number {
	if (model.rhythm === null) return learned;
	const rhythm = ((x[STALLS] ?? Number.NaN) + 0.3) / (1 + (x[SINCE] ?? Number.NaN));
	// Slow probes see but a part of the silences. On links without a modem's figures silences say much less of the next one.
	if (Number.isNaN(x[RSRP] ?? Number.NaN)) return learned;
	if (!(rhythm >= (model.rhythm[0][0] ?? Number.POSITIVE_INFINITY) && (x[GAP] ?? Number.NaN) < CLOSE_MS))
		return learned;
	return Math.max(learned, read(model.rhythm, rhythm));
}

const STALLS = FEATURE_INDEX.stalls_15;
const SINCE = FEATURE_INDEX.since_stall_s;
const RSRP = FEATURE_INDEX.rsrp;
const GAP = FEATURE_INDEX.gap_ms;
const CLOSE_MS = 900;

function read([xs, shares]: Table, at: number): number {
	const last = xs.length - 1;
	if (!(at > (xs[0] ?? 0))) return shares[0] ?? 0;
	for (let i = 1; i <= last; i++) {
		const high = xs[i] ?? 0;
		if (at > high) continue;
		const low = xs[i - 1] ?? 0;
		const from = shares[i - 1] ?? 0;
		return from + (((shares[i] ?? 0) - from) * (at - low)) / (high - low);
	}
	return shares[last] ?? 0;
}

/** A longer outage, or one sooner, cannot be likelier than a shorter or later one; each model was trained by itself. */
function ordered(r: Risks): Risks {
	const two10 = Math.max(r.any_2s_in_10s, r.any_2s_in_3s);
	const two30 = Math.max(r.any_2s_in_30s, two10);
	const five10 = Math.min(two10, Math.max(r.any_5s_in_10s, r.any_5s_in_3s));
	return {
		any_1s_in_3s: Math.max(r.any_1s_in_3s, r.any_2s_in_3s),
		any_2s_in_3s: r.any_2s_in_3s,
		any_2s_in_10s: two10,
		any_2s_in_30s: two30,
		any_5s_in_3s: Math.min(r.any_2s_in_3s, r.any_5s_in_3s),
		any_5s_in_10s: five10,
		any_5s_in_30s: Math.min(two30, Math.max(r.any_5s_in_30s, five10)),
	};
}
