/** How often something may be done: so many times within any window of so many ms. Time comes from outside. */
export interface RateLimit {
	/** Null when it may be done now (and counts as done), else how long to wait, ms. */
	take(nowMs: number): number | null;
}

export function createRateLimit(count: number, windowMs: number): RateLimit {
	const taken: number[] = [];
	return {
		take(nowMs) {
			while (taken.length > 0 && (taken[0] ?? 0) <= nowMs - windowMs) {
				taken.shift();
			}
			if (taken.length >= count) {
				return (taken[0] ?? nowMs) + windowMs - nowMs;
			}
			taken.push(nowMs);
			return null;
		},
	};
}
