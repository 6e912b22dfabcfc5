/**
 * What we think of the targets themselves, seen over one family of one uplink. A target may be down, filtered, or limit
 * pings; that must not be blamed on the link. Rule: a loss is the target's own fault when its peers answered probes sent
 * later and it keeps failing alone. Such a target stops counting (nobody waits for it) until it answers again; it is
 * still asked, since any answer proves life. When all are silent nobody is to blame but the link. Pure.
 */
export type Standing = "new" | "good" | "lossy" | "silent";

export interface TargetReport {
	readonly target: string;
	readonly standing: Standing;
	readonly answered: number;
	readonly lost: number;
	/** Share of probes lost while peers answered, 0-100; null before ten such probes. */
	readonly lossAlonePct: number | null;
}

export interface TargetBook {
	answered(target: string): void;
	/**
	 * A loss while a peer answered a later probe, on a link that loses `linkLoss` (0-1) at random. Returns true when it
	 * is the target's own fault.
	 */
	lostAlone(target: string, linkLoss: number): boolean;
	/** A loss in silence of all: the link's. */
	lostWithAll(target: string): void;
	/** True when a missing reply of this target means something. */
	counts(target: string): boolean;
	standing(target: string): Standing;
	report(): TargetReport[];
}

interface Entry {
	answered: number;
	lost: number;
	/** Lost in a row while peers answered. */
	alone: number;
	/** Answered in a row. */
	row: number;
	lossAlone: number;
	samples: number;
	silent: boolean;
}

/** So many in a row alone that the link's own random loss explains it once in ten thousand times, but at least four. */
const SILENT_CHANCE = 1e-4;
const SILENT_AFTER = 4;
const SILENT_AFTER_MAX = 16;
const BACK_AFTER = 2;
const MIN_SAMPLES = 10;
const GAIN = 1 / 16;
/** A target is called lossy when it loses this much, and four times more than its best peer. */
const LOSSY = 0.2;
const LOSSY_FACTOR = 4;

function silentAfter(linkLoss: number): number {
	const exact = Math.ceil(Math.log(SILENT_CHANCE) / Math.log(Math.min(0.9, Math.max(0.01, linkLoss))));
	return Math.min(SILENT_AFTER_MAX, Math.max(SILENT_AFTER, exact));
}

export function createTargetBook(targets: readonly string[]): TargetBook {
	const entries = new Map<string, Entry>();
	const fresh = (): Entry => ({ answered: 0, lost: 0, alone: 0, row: 0, lossAlone: 0, samples: 0, silent: false });
	for (const target of targets) entries.set(target, fresh());
	const entry = (target: string): Entry => entries.get(target) ?? fresh();

	const isLossy = (one: Entry): boolean => {
		if (one.samples < MIN_SAMPLES || one.lossAlone < LOSSY) return false;
		for (const peer of entries.values()) {
			if (peer !== one && peer.samples >= MIN_SAMPLES && peer.lossAlone * LOSSY_FACTOR < one.lossAlone) return true;
		}
		return false;
	};
	const standingOf = (one: Entry): Standing => {
		if (one.silent) return "silent";
		if (one.answered + one.lost === 0) return "new";
		return isLossy(one) ? "lossy" : "good";
	};

	return {
		answered(target) {
			const one = entry(target);
			one.answered++;
			one.row++;
			one.alone = 0;
			one.samples++;
			one.lossAlone -= one.lossAlone * GAIN;
			if (one.silent && one.row >= BACK_AFTER) one.silent = false;
		},
		lostAlone(target, linkLoss) {
			const one = entry(target);
			one.lost++;
			one.row = 0;
			one.alone++;
			one.samples++;
			one.lossAlone += (1 - one.lossAlone) * GAIN;
			if (one.alone >= silentAfter(linkLoss)) one.silent = true;
			return one.silent || isLossy(one);
		},
		lostWithAll(target) {
			const one = entry(target);
			one.lost++;
			one.row = 0;
		},
		counts(target) {
			const one = entries.get(target);
			return one !== undefined && !one.silent && !isLossy(one);
		},
		standing: (target) => standingOf(entry(target)),
		report: () =>
			[...entries].map(([target, one]) => ({
				target,
				standing: standingOf(one),
				answered: one.answered,
				lost: one.lost,
				lossAlonePct: one.samples < MIN_SAMPLES ? null : Math.round(one.lossAlone * 1000) / 10,
			})),
	};
}
