/**
 * What repeats: trouble at the same time of day, at the same place, or while the router looks the same way (a mast or a
 * house in the dish's view). Per uplink a bounded count, by passage: how often this context was met, and how often a silence
 * of two seconds began in it. Kept in RAM, starts anew with the daemon; a context nobody met five times says nothing.
 *
 * Probability: (hits + PRIOR * usual) / (passages + PRIOR), with the link's usual share of passages with trouble, so that a
 * link that always fails shows no pattern anywhere. Pure; +, -, *, / and comparisons only.
 */

/** What is known of the moment besides the links; null: not known. */
export interface Moment {
	/** Wall clock; null while it was never set. */
	readonly unixMs: number | null;
	readonly place: { readonly latitude: number; readonly longitude: number } | null;
	/** Where the router will be in half a minute if it goes on like this. */
	readonly ahead: { readonly latitude: number; readonly longitude: number } | null;
	readonly headingDeg: number | null;
}

export const NOWHERE: Moment = { unixMs: null, place: null, ahead: null, headingDeg: null };

export interface Repeated {
	/** 0-1: that a silence begins in this passage. */
	readonly share: number;
	readonly kind: "time" | "place" | "heading";
	readonly hits: number;
	readonly passages: number;
	readonly text: string;
}

export interface Repeat {
	/** Once per tick; `troubled`: a silence of two seconds began or goes on. */
	meet(atMs: number, moment: Moment, troubled: boolean): void;
	/** The strongest pattern of the contexts met now, and of the place ahead; null: none that is worth a word. */
	expects(moment: Moment): Repeated | null;
	/** Contexts remembered. */
	size(): number;
	reset(): void;
}

const SLOT_MINUTES = 5;
const DAY_MINUTES = 1440;
/** Cells of about 250 m, so that one is passed in 10 to 30 s on a road. */
const CELLS_PER_DEGREE = 400;
const HEADINGS = 8;
/** Places beyond the oldest of these are forgotten; slots and headings cannot be more. */
const PLACES_MAX = 256;
const CONTEXTS_MAX = PLACES_MAX + DAY_MINUTES / SLOT_MINUTES + HEADINGS;
/** Met again after so long is another passage; who stays makes one. */
const PASSAGE_MS = 20 * 60_000;
const LEAST_PASSAGES = 5;
const PRIOR = 3;
/** Before that the wall clock was not set. */
const CLOCK_SET_MS = 1_600_000_000_000;
/** Old passages count less: halved at so many. */
const PASSAGES_MAX = 32;
/** A pattern is worth a word from here on, and when its odds are this many times the usual ones. */
const WORTH = 0.3;
const TIMES = 3;

/** What was met, side by side: as objects in a map those of four uplinks were 0.3 MB of QuickJS after a day. */
interface Contexts {
	/** What makeKeys() says; NONE where there is room. */
	readonly key: Float64Array;
	readonly passages: Float64Array;
	readonly hits: Float64Array;
	readonly lastMs: Float64Array;
	/** Counts up with each passage: the lowest was entered the longest ago. */
	readonly entered: Float64Array;
	/** 1: trouble in the passage that goes on. */
	readonly hit: Uint8Array;
}

const NONE = -1;
/** Room is made for so many more. */
const MORE = 32;

/** The same with room for so many. */
function withRoom(size: number, before: Contexts | null): Contexts {
	const copy = (of: Float64Array | undefined, rest: number): Float64Array => {
		const made = new Float64Array(size).fill(rest, of?.length ?? 0);
		if (of !== undefined) made.set(of);
		return made;
	};
	const hit = new Uint8Array(size);
	if (before !== null) hit.set(before.hit);
	return {
		key: copy(before?.key, NONE),
		passages: copy(before?.passages, 0),
		hits: copy(before?.hits, 0),
		lastMs: copy(before?.lastMs, 0),
		entered: copy(before?.entered, 0),
		hit,
	};
}

type Kind = Repeated["kind"];

const words = { time: "at this time of day", place: "at this place", heading: "while heading this way" } as const;

/** Keys: first the slots of the day, then the headings, then the cells, row by row from the south pole. */
const FIRST_HEADING = DAY_MINUTES / SLOT_MINUTES;
const FIRST_CELL = FIRST_HEADING + HEADINGS;

function cellOf({ latitude, longitude }: { readonly latitude: number; readonly longitude: number }): number {
	const row = Math.floor(latitude * CELLS_PER_DEGREE) + 90 * CELLS_PER_DEGREE;
	const column = Math.floor(longitude * CELLS_PER_DEGREE) + 180 * CELLS_PER_DEGREE;
	return FIRST_CELL + row * (360 * CELLS_PER_DEGREE + 1) + column;
}

/** One moment is asked about for every uplink: its keys are made once. No WeakMap: QuickJS keeps what it holds until the collector comes. */
let asked: Moment | null = null;
let keys: readonly (readonly [Kind, number])[] = [];

function keysOf(moment: Moment): readonly (readonly [Kind, number])[] {
	if (moment === asked) return keys;
	keys = makeKeys(moment);
	asked = moment;
	return keys;
}

function makeKeys(moment: Moment): readonly (readonly [Kind, number])[] {
	const keys: (readonly [Kind, number])[] = [];
	const { unixMs, place, headingDeg } = moment;
	if (unixMs !== null && unixMs >= CLOCK_SET_MS) {
		const minute = Math.floor(unixMs / 60_000) % DAY_MINUTES;
		keys.push(["time", Math.floor(minute / SLOT_MINUTES)]);
	}
	if (place !== null && isPlace(place)) keys.push(["place", cellOf(place)]);
	if (headingDeg !== null && headingDeg >= 0 && headingDeg <= 360) {
		keys.push(["heading", FIRST_HEADING + (Math.floor((headingDeg / 360) * HEADINGS + 0.5) % HEADINGS)]);
	}
	return keys;
}

const isPlace = ({ latitude, longitude }: { readonly latitude: number; readonly longitude: number }): boolean =>
	latitude >= -90 && latitude <= 90 && longitude >= -180 && longitude <= 180;

export function createRepeat(): Repeat {
	let contexts = withRoom(0, null);
	let size = 0;
	let entries = 0;
	/** Sums over all contexts. */
	const sum = { passages: 0, hits: 0 };

	/** Where it stands; -1: it was never met. */
	const find = (key: number): number => contexts.key.indexOf(key);
	const valueAt = (of: Float64Array, at: number): number => of[at] ?? 0;

	/** A place for one more, that of the one entered the longest ago when there are enough. */
	function placeForOneMore(): number {
		if (size < CONTEXTS_MAX) {
			if (size === contexts.key.length) contexts = withRoom(Math.min(CONTEXTS_MAX, size + MORE), contexts);
			return size++;
		}
		let oldest = 0;
		for (let at = 1; at < size; at++)
			if (valueAt(contexts.entered, at) < valueAt(contexts.entered, oldest)) oldest = at;
		sum.passages -= valueAt(contexts.passages, oldest);
		sum.hits -= valueAt(contexts.hits, oldest);
		return oldest;
	}

	function enter(key: number, atMs: number): number {
		const known = find(key);
		if (known >= 0) {
			const lastMs = valueAt(contexts.lastMs, known);
			if (atMs - lastMs < PASSAGE_MS && atMs >= lastMs) return known;
			const passages = valueAt(contexts.passages, known);
			const many = passages >= PASSAGES_MAX;
			if (many) {
				const hits = valueAt(contexts.hits, known) / 2;
				contexts.hits[known] = hits;
				sum.passages -= passages / 2;
				sum.hits -= hits;
			}
			contexts.passages[known] = (many ? passages / 2 : passages) + 1;
			sum.passages++;
			contexts.hit[known] = 0;
			contexts.entered[known] = ++entries;
			return known;
		}
		const at = placeForOneMore();
		contexts.key[at] = key;
		contexts.passages[at] = 1;
		contexts.hits[at] = 0;
		contexts.hit[at] = 0;
		contexts.entered[at] = ++entries;
		sum.passages++;
		return at;
	}

	const usual = (): number => (sum.hits + 0.1) / (sum.passages + 1);

	function look(kind: Kind, key: number, mean: number, where: string): Repeated | null {
		const at = find(key);
		if (at < 0) return null;
		const hits = valueAt(contexts.hits, at);
		// The passage that goes on has not ended yet.
		const passages = valueAt(contexts.passages, at) - (contexts.hit[at] === 1 ? 0 : 1);
		if (passages < LEAST_PASSAGES) return null;
		const share = Math.min(0.95, (hits + PRIOR * mean) / (passages + PRIOR));
		if (share < WORTH || share * (1 - mean) < TIMES * mean * (1 - share)) return null;
		const text = `it fell silent ${where} in ${Math.round(hits)} of ${Math.round(passages)} passages`;
		return { share, kind, hits, passages, text };
	}

	return {
		meet(atMs, moment, troubled) {
			for (const [, key] of keysOf(moment)) {
				const at = enter(key, atMs);
				contexts.lastMs[at] = atMs;
				if (!troubled || contexts.hit[at] === 1) continue;
				contexts.hit[at] = 1;
				contexts.hits[at] = valueAt(contexts.hits, at) + 1;
				sum.hits++;
			}
		},
		expects(moment) {
			const mean = usual();
			let best: Repeated | null = null;
			for (const [kind, key] of keysOf(moment)) {
				const one = look(kind, key, mean, words[kind]);
				if (one !== null && (best === null || one.share > best.share)) best = one;
			}
			if (moment.ahead === null || !isPlace(moment.ahead)) return best;
			const ahead = look("place", cellOf(moment.ahead), mean, "at the place ahead");
			return ahead !== null && (best === null || ahead.share > best.share) ? ahead : best;
		},
		size: () => size,
		reset() {
			contexts = withRoom(0, null);
			size = 0;
			sum.passages = 0;
			sum.hits = 0;
		},
	};
}

/** A dish's slots of 15 s begin at :12, :27, :42 and :57 of each minute: what is lost there is a ping, not the link. */
export function untilSlotS(unixMs: number): number | null {
	if (!(unixMs >= CLOCK_SET_MS)) return null;
	return 15 - ((unixMs / 1000 + 18) % 15);
}
