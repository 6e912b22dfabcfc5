/**
 * The learned model: sums of small decision trees, and a table from the sum to a probability. Trained offline
 * (bench/train); here only comparisons, additions and one division, so that every engine gets the same digits.
 */
import { FEATURE_INDEX, FEATURES } from "./features.ts";
import { type Glance, type Risks, TARGETS, type TargetName } from "./types.ts";

/**
 * Nodes of a tree by index: feature (-1: a leaf; from 100 on: where the feature is unknown go left), threshold or value of
 * the leaf, index of the left child. The right child follows it.
 */
export type Tree = readonly [feature: readonly number[], value: readonly number[], left: readonly number[]];

export interface TargetModel {
	readonly base: number;
	/** One per line: the three lists of a Tree, separated by semicolons, their numbers by commas. */
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
	/** Two of them: mostly nothing else is asked, and it is less than half the work. */
	glance(features: Float64Array): Glance;
}

const UNKNOWN_LEFT = 100;

/** Throws when the file was made for other features or targets than these. */
export function createModel(file: ModelFile): Model {
	if (file.features.join() !== FEATURES.join()) throw new Error("the model was trained on other features");
	const models = new Map<TargetName, Ready>();
	for (const { name } of TARGETS) {
		const model = file.targets[name];
		if (model === undefined) throw new Error(`the model knows nothing of ${name}`);
		const wood = plant(model.trees.map(parseTree));
		models.set(name, { base: model.base, table: model.table, rhythm: model.rhythm ?? null, ...wood });
	}
	const asked = new Float64Array(2 * FEATURES.length);
	const of = (name: TargetName, x: Float64Array): number => {
		const model = models.get(name);
		return model === undefined ? 0 : probability(model, x, asked);
	};
	return {
		risks(x) {
			put(x, asked);
			const found: Partial<Record<TargetName, number>> = {};
			for (const { name } of TARGETS) found[name] = of(name, x);
			return ordered(found as Risks);
		},
		glance(x) {
			put(x, asked);
			const soon = Math.max(of("any_2s_in_10s", x), of("any_2s_in_3s", x));
			return { soon, later: Math.max(of("any_2s_in_30s", x), soon) };
		},
	};
}

/** What is not known goes right, or left where a node says so: every figure twice, beyond all limits on the one side or the other. */
function put(x: Float64Array, asked: Float64Array): void {
	for (let i = 0; i < FEATURES.length; i++) {
		const value = x[i] as number;
		const known = !Number.isNaN(value);
		asked[i] = known ? value : Number.POSITIVE_INFINITY;
		asked[i + FEATURES.length] = known ? value : Number.NEGATIVE_INFINITY;
	}
}

/** All trees in three lists of numbers as the machine has them: a quarter of the memory (measured), and no object on the way. */
interface Wood {
	/** Where each tree begins. */
	readonly roots: Uint16Array;
	/** As put() lays them out. */
	readonly feature: Int16Array;
	readonly value: Float64Array;
	/** Index of the left child in these lists. */
	readonly left: Uint16Array;
}

function plant(trees: readonly Tree[]): Wood {
	const size = trees.reduce((sum, [feature]) => sum + feature.length, 0);
	if (size > 0xffff) throw new Error("the model is too large");
	const feature = new Int16Array(size);
	const value = new Float64Array(size);
	const left = new Uint16Array(size);
	const roots = new Uint16Array(trees.length);
	let at = 0;
	for (const [i, tree] of trees.entries()) {
		roots[i] = at;
		feature.set(
			tree[0].map((f) => (f >= UNKNOWN_LEFT ? f - UNKNOWN_LEFT + FEATURES.length : f)),
			at,
		);
		value.set(tree[1], at);
		left.set(
			tree[2].map((child) => child + (roots[i] ?? 0)),
			at,
		);
		at += tree[0].length;
	}
	return { roots, feature, value, left };
}

interface Ready extends Wood {
	readonly base: number;
	readonly table: Table;
	readonly rhythm: Table | null;
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

function probability(model: Ready, x: Float64Array, asked: Float64Array): number {
	const sum = sumOfLeaves(model, asked);
	const learned = read(model.table, sum);
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

/** Half of all that the daemon computes at rest: indices are known to be inside, children come after their parents (parseTree). */
function sumOfLeaves({ base, roots, feature, value, left }: Ready, asked: Float64Array): number {
	const trees = roots.length;
	let sum = base;
	for (let tree = 0; tree < trees; tree++) {
		let at = roots[tree] as number;
		let f = feature[at] as number;
		while (f >= 0) {
			at = (asked[f] as number) <= (value[at] as number) ? (left[at] as number) : (left[at] as number) + 1;
			f = feature[at] as number;
		}
		sum += value[at] as number;
	}
	return sum;
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
