/**
 * Whether an uplink flaps: so many failures within a window; over when the window has passed without one. Pure. Between
 * the two its single failures are parts of the flapping and not told.
 */
export interface Flaps {
	/** It failed now; true when it flaps (from now on, or still). */
	failed(uplink: string, atMs: number): boolean;
	isFlapping(uplink: string): boolean;
	/** How often it failed since the flapping began to show. */
	count(uplink: string): number;
	/** It flapped before the daemon was started again. */
	recall(uplink: string, atMs: number, count: number): void;
	/** Those that have stopped by now. */
	ended(atMs: number): readonly string[];
}

interface State {
	atMs: number[];
	flapping: boolean;
	count: number;
}

/** An uplink that fails a hundred times within a window is no better known than one that fails fifty times. */
const MAX_KEPT = 128;
const MAX_UPLINKS = 64;

export function createFlaps(limits: () => { readonly flapCount: number; readonly flapWindowS: number }): Flaps {
	const states = new Map<string, State>();
	return {
		failed(uplink, atMs) {
			const { flapCount, flapWindowS } = limits();
			const state = states.get(uplink) ?? { atMs: [], flapping: false, count: 0 };
			states.set(uplink, state);
			if (states.size > MAX_UPLINKS) states.delete(states.keys().next().value ?? "");
			state.atMs = [...state.atMs.filter((one) => atMs - one < flapWindowS * 1000), atMs].slice(-MAX_KEPT);
			state.count = state.flapping ? state.count + 1 : state.atMs.length;
			state.flapping ||= state.atMs.length >= flapCount;
			return state.flapping;
		},
		isFlapping: (uplink) => states.get(uplink)?.flapping === true,
		count: (uplink) => states.get(uplink)?.count ?? 0,
		recall: (uplink, atMs, count) => void states.set(uplink, { atMs: [atMs], flapping: true, count }),
		ended(atMs) {
			const windowMs = limits().flapWindowS * 1000;
			const over = [...states].filter(([, state]) => atMs - (state.atMs.at(-1) ?? 0) >= windowMs);
			for (const [uplink] of over) states.delete(uplink);
			return over.flatMap(([uplink, state]) => (state.flapping ? [uplink] : []));
		},
	};
}
