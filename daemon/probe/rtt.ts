/**
 * Round trip time of one target over one link, and from it the time within which a reply is due: the retransmission
 * timer of RFC 6298 (srtt + 4 rttvar), with bounds fit for pings. Pure.
 */
export interface RttEstimator {
	add(rttMs: number): void;
	/** Smoothed round trip time; null before the first sample. */
	srttMs(): number | null;
	/** Within this time a reply is due, ms. */
	rtoMs(): number;
	samples(): number;
}

/** Nothing known yet: TCP's own start value (RFC 6298 2.1). */
export const INITIAL_RTO_MS = 1000;
/** Less would call a garbage collection or a busy queue a late reply. */
export const MIN_RTO_MS = 80;
/** More would let a link that had one bad minute hide a blackhole. */
export const MAX_RTO_MS = 3000;
/** Room for the scheduling of the ping program and of ourselves, on top of the mean. */
const MIN_SPREAD_MS = 40;

export function createRttEstimator(): RttEstimator {
	let srtt: number | null = null;
	let variation = 0;
	let count = 0;
	return {
		add(rttMs) {
			count++;
			if (srtt === null) {
				srtt = rttMs;
				variation = rttMs / 2;
				return;
			}
			variation += (Math.abs(srtt - rttMs) - variation) / 4;
			srtt += (rttMs - srtt) / 8;
		},
		srttMs: () => srtt,
		rtoMs: () =>
			srtt === null
				? INITIAL_RTO_MS
				: Math.min(MAX_RTO_MS, Math.max(MIN_RTO_MS, srtt + Math.max(MIN_SPREAD_MS, 4 * variation))),
		samples: () => count,
	};
}
