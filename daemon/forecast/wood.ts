/**
 * Decision trees in lists of numbers as the machine has them: a quarter of the memory (measured), no object on the way.
 * What changes little from one tick to the next lands in the same leaves of most trees: a Follower remembers them for one
 * uplink, and walks those trees again of which a limit was crossed; it adds up again what got other leaves by that, which is rare.
 * The sums are the same, number by number.
 */

/**
 * Nodes of a tree by index: feature (-1: a leaf), limit or value of the leaf, index of the left child. The right child
 * follows it. Features are places in the list that is asked; what is at most the limit goes left.
 */
export type Tree = readonly [feature: readonly number[], value: readonly number[], left: readonly number[]];

/** Stands for an unknown figure where such go left. No figure is as low as that. */
export const BELOW_ALL = Number.NEGATIVE_INFINITY;

export interface Wood {
	/** Where each tree begins. */
	readonly roots: Uint16Array;
	readonly feature: Int16Array;
	readonly value: Float64Array;
	/** Index of the left child in these lists. */
	readonly left: Uint16Array;
}

export function plant(trees: readonly Tree[]): Wood {
	const size = trees.reduce((sum, [feature]) => sum + feature.length, 0);
	if (size > 0xffff) throw new Error("the model is too large");
	const feature = new Int16Array(size);
	const value = new Float64Array(size);
	const left = new Uint16Array(size);
	const roots = new Uint16Array(trees.length);
	let at = 0;
	for (const [i, tree] of trees.entries()) {
		const root = at;
		roots[i] = root;
		feature.set(tree[0], at);
		value.set(tree[1], at);
		left.set(
			tree[2].map((child) => child + root),
			at,
		);
		at += tree[0].length;
	}
	return { roots, feature, value, left };
}

/** Indices are known to be inside, children come after their parents (model.ts). */
function leafOf({ roots, feature, value, left }: Wood, tree: number, asked: Float64Array): number {
	let at = roots[tree] as number;
	let f = feature[at] as number;
	while (f >= 0) {
		at = (asked[f] as number) <= (value[at] as number) ? (left[at] as number) : (left[at] as number) + 1;
		f = feature[at] as number;
	}
	return value[at] as number;
}

/** Of the trees from `from` to before `to`, in their order. */
export function sumOfLeaves(wood: Wood, from: number, to: number, base: number, asked: Float64Array): number {
	let sum = base;
	for (let tree = from; tree < to; tree++) sum += leafOf(wood, tree, asked);
	return sum;
}

/** Every limit of some trees: by the place that is asked, rising; and whose it is. */
export interface Limits {
	readonly trees: number;
	/** Where the limits of each place begin; one more at the end. */
	readonly starts: Uint16Array;
	readonly limit: Float64Array;
	readonly tree: Uint16Array;
}

/** Of the first so many trees, which ask so many places. */
export function limitsOf({ roots, feature, value }: Wood, trees: number, places: number): Limits {
	const all: (readonly [place: number, limit: number, tree: number])[] = [];
	for (let tree = 0; tree < trees; tree++) {
		const end = roots[tree + 1] ?? feature.length;
		for (let at = roots[tree] as number; at < end; at++) {
			const place = feature[at] as number;
			if (place >= 0) all.push([place, value[at] as number, tree]);
		}
	}
	all.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
	const starts = new Uint16Array(places + 1);
	for (const [place] of all)
		for (let behind = place + 1; behind <= places; behind++) starts[behind] = (starts[behind] ?? 0) + 1;
	return {
		trees,
		starts,
		limit: Float64Array.from(all, (one) => one[1]),
		tree: Uint16Array.from(all, (one) => one[2]),
	};
}

/** Trees that are added up together: from `from` to before `to`. */
export interface Stand {
	readonly from: number;
	readonly to: number;
	readonly base: number;
}

export interface Follower {
	/** From now on sums are those of these figures; NaN: not known. */
	ask(figures: Float64Array): void;
	/** As sumOfLeaves(), of the stand at this place of the list. */
	sum(stand: number): number;
}

/** `unknown`: what is asked while nothing is known, every figure twice as model.ts lays them out. */
export function createFollower(
	wood: Wood,
	{ trees, starts, limit, tree }: Limits,
	unknown: Float64Array,
	stands: readonly Stand[],
): Follower {
	const asked = unknown.slice();
	const half = asked.length / 2;
	/** By place: behind the last limit that is below what is asked; what is not known in the first half is below none. */
	const passed = starts.slice(0, asked.length);
	for (let place = 0; place < half; place++) passed[place] = starts[place + 1] as number;
	const leaves = new Float64Array(trees);
	for (let one = 0; one < trees; one++) leaves[one] = leafOf(wood, one, asked);
	/** NaN: to be added up again. */
	const sums = new Float64Array(stands.length).fill(Number.NaN);
	let crossed: number[] = [];

	function walkAgain(one: number): void {
		const leaf = leafOf(wood, one, asked);
		if (leaf === leaves[one]) return;
		leaves[one] = leaf;
		for (let i = 0; i < stands.length; i++) {
			const { from, to } = stands[i] as Stand;
			if (one >= from && one < to) sums[i] = Number.NaN;
		}
	}

	function move(place: number, value: number): void {
		asked[place] = value;
		const before = passed[place] as number;
		let at = before;
		const end = starts[place + 1] as number;
		while (at < end && !(value <= (limit[at] as number))) crossed.push(tree[at++] as number);
		const start = starts[place] as number;
		if (at === before) while (at > start && value <= (limit[at - 1] as number)) crossed.push(tree[--at] as number);
		if (at !== before) passed[place] = at;
	}

	return {
		ask(figures) {
			for (let i = 0; i < half; i++) {
				const figure = figures[i] as number;
				if (figure === asked[i]) continue;
				if (figure > BELOW_ALL) {
					move(i, figure);
					move(half + i, figure);
				} else if (asked[half + i] !== BELOW_ALL) {
					move(i, Number.NaN);
					move(half + i, BELOW_ALL);
				}
			}
			if (crossed.length === 0) return;
			for (let i = 0; i < crossed.length; i++) walkAgain(crossed[i] as number);
			crossed = [];
		},
		sum(stand) {
			const known = sums[stand] as number;
			if (!Number.isNaN(known)) return known;
			const { from, to, base } = stands[stand] as Stand;
			let sum = base;
			for (let one = from; one < to; one++) sum += leaves[one] as number;
			sums[stand] = sum;
			return sum;
		},
	};
}
