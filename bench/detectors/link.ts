/**
 * A link in virtual time: seeded, so that every detector meets the same packets' fate. A probe sent at t is answered
 * rtt later unless the link is dark at either end of its way, or random loss takes it (one draw per round trip).
 */
export interface LinkSpec {
	readonly rttMs: number;
	/** Mean of an exponential tail added to the round trip. */
	readonly jitterMs: number;
	/** Random loss per round trip, 0-100. */
	readonly lossPct: number;
	/** Times during which nothing passes: [from, to). */
	readonly dark: readonly (readonly [number, number])[];
	/** Targets that never answer, and since when. */
	readonly silentTargets?: ReadonlyMap<string, number>;
}

export interface Link {
	/** When the answer to a probe sent at `atMs` arrives; null = never. */
	answerAt(target: string, atMs: number): number | null;
}

/** mulberry32: small, seeded, good enough for draws. */
export function seeded(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
	};
}

export function createLink(spec: LinkSpec, random: () => number): Link {
	const dark = (atMs: number): boolean => spec.dark.some(([from, to]) => atMs >= from && atMs < to);
	return {
		answerAt(target, atMs) {
			const lost = random() * 100 < spec.lossPct;
			const rtt = spec.rttMs - Math.log(1 - random()) * spec.jitterMs;
			if (lost || dark(atMs) || dark(atMs + rtt)) return null;
			const silentSince = spec.silentTargets?.get(target);
			return silentSince !== undefined && atMs >= silentSince ? null : atMs + rtt;
		},
	};
}
