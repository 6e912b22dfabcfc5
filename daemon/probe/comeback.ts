/**
 * Is a dead link back? Three replies that are three in five of what was due since the first one: one lucky packet is no link.
 * Targets that were dead or lossy by themselves before the link was are left out, or a link of which half the targets are would stay
 * dead for ever. One that died meanwhile is found by the others: nearly all of what those owe that answer at all, and twice as much.
 */
const REPLIES = 3;
/** So many need no waiting for the end of the burst; and it takes so many where not all targets are heard. */
const MANY_REPLIES = 6;

interface Tally {
	sent: number;
	answered: number;
}

export interface Comeback {
	/** The link died: these were good until then. */
	trust(targets: readonly string[]): void;
	/** Nothing has come yet. */
	begin(): void;
	sent(target: string): void;
	answered(target: string): void;
	isBack(inBurst: boolean): boolean;
	/** More probes would tell. */
	isLikely(): boolean;
}

export function createComeback(): Comeback {
	const tallies = new Map<string, Tally>();
	let trusted: ReadonlySet<string> = new Set();

	function of(target: string): Tally {
		const known = tallies.get(target) ?? { sent: 0, answered: 0 };
		tallies.set(target, known);
		return known;
	}

	function sum(wanted: (target: string, tally: Tally) => boolean): Tally {
		const all = { sent: 0, answered: 0 };
		for (const [target, tally] of tallies) {
			if (!wanted(target, tally)) continue;
			all.sent += tally.sent;
			all.answered += tally.answered;
		}
		return all;
	}

	const isHeard = (replies: number): boolean => {
		const { sent, answered } = sum((_, tally) => tally.answered > 0);
		return answered >= replies && answered * 5 >= sent * 4;
	};

	return {
		trust(targets) {
			trusted = new Set(targets);
		},
		begin: () => tallies.clear(),
		sent(target) {
			of(target).sent++;
		},
		answered(target) {
			of(target).answered++;
		},
		isBack(inBurst) {
			const { sent, answered } = sum((target) => trusted.has(target));
			const isMost = answered >= (inBurst ? MANY_REPLIES : REPLIES) && answered * 5 >= sent * 3;
			return isMost || isHeard(MANY_REPLIES);
		},
		isLikely: () => isHeard(REPLIES),
	};
}
