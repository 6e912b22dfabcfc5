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

interface Context {
	passages: number;
	hits: number;
	lastMs: number;
	hit: boolean;
}

type Kind = Repeated["kind"];

const words = { time: "at this time of day", place: "at this place", heading: "while heading this way" } as const;

const cellOf = ({ latitude, longitude }: { readonly latitude: number; readonly longitude: number }): string =>
	`p${Math.floor(latitude * CELLS_PER_DEGREE)},${Math.floor(longitude * CELLS_PER_DEGREE)}`;

/** One moment is asked about for every uplink: its keys are made once. */
const made = new WeakMap<Moment, readonly (readonly [Kind, string])[]>();

function keysOf(moment: Moment): readonly (readonly [Kind, string])[] {
	const before = made.get(moment);
	if (before !== undefined) return before;
	const keys = makeKeys(moment);
	made.set(moment, keys);
	return keys;
}

function makeKeys(moment: Moment): readonly (readonly [Kind, string])[] {
	const keys: (readonly [Kind, string])[] = [];
	const { unixMs, place, headingDeg } = moment;
	if (unixMs !== null && unixMs >= CLOCK_SET_MS) {
		const minute = Math.floor(unixMs / 60_000) % DAY_MINUTES;
		keys.push(["time", `t${Math.floor(minute / SLOT_MINUTES)}`]);
	}
	if (place !== null && isPlace(place)) keys.push(["place", cellOf(place)]);
	if (headingDeg !== null && headingDeg >= 0 && headingDeg <= 360) {
		keys.push(["heading", `h${Math.floor((headingDeg / 360) * HEADINGS + 0.5) % HEADINGS}`]);
	}
	return keys;
}

const isPlace = ({ latitude, longitude }: { readonly latitude: number; readonly longitude: number }): boolean =>
	latitude >= -90 && latitude <= 90 && longitude >= -180 && longitude <= 180;

export function createRepeat(): Repeat {
	const contexts = new Map<string, Context>();
	/** Sums over all contexts. */
	const sum = { passages: 0, hits: 0 };

	function enter(key: string, atMs: number): Context {
		const known = contexts.get(key);
		if (known !== undefined) {
			if (atMs - known.lastMs < PASSAGE_MS && atMs >= known.lastMs) return known;
			// The last met is the last forgotten.
			contexts.delete(key);
			contexts.set(key, known);
			if (known.passages >= PASSAGES_MAX) {
				known.passages /= 2;
				known.hits /= 2;
				sum.passages -= known.passages;
				sum.hits -= known.hits;
			}
			known.passages++;
			sum.passages++;
			known.hit = false;
			return known;
		}
		if (contexts.size >= CONTEXTS_MAX) {
			for (const [oldest, { passages, hits }] of contexts) {
				contexts.delete(oldest);
				sum.passages -= passages;
				sum.hits -= hits;
				break;
			}
		}
		const made = { passages: 1, hits: 0, lastMs: atMs, hit: false };
		contexts.set(key, made);
		sum.passages++;
		return made;
	}

	const usual = (): number => (sum.hits + 0.1) / (sum.passages + 1);

	function look(kind: Kind, key: string, mean: number, where: string): Repeated | null {
		const one = contexts.get(key);
		if (one === undefined) return null;
		// The passage that goes on has not ended yet.
		const passages = one.hit ? one.passages : one.passages - 1;
		if (passages < LEAST_PASSAGES) return null;
		const share = Math.min(0.95, (one.hits + PRIOR * mean) / (passages + PRIOR));
		if (share < WORTH || share * (1 - mean) < TIMES * mean * (1 - share)) return null;
		const text = `it fell silent ${where} in ${Math.round(one.hits)} of ${Math.round(passages)} passages`;
		return { share, kind, hits: one.hits, passages, text };
	}

	return {
		meet(atMs, moment, troubled) {
			for (const [, key] of keysOf(moment)) {
				const one = enter(key, atMs);
				one.lastMs = atMs;
				if (!troubled || one.hit) continue;
				one.hit = true;
				one.hits++;
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
		size: () => contexts.size,
		reset() {
			contexts.clear();
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
