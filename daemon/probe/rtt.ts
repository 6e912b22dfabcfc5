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

/** One for each target of each family: as an object of functions each took 0.9 kB of QuickJS. */
class Estimator implements RttEstimator {
	private srtt: number | null = null;
	private variation = 0;
	private count = 0;

	add(rttMs: number): void {
		this.count++;
		if (this.srtt === null) {
			this.srtt = rttMs;
			this.variation = rttMs / 2;
			return;
		}
		this.variation += (Math.abs(this.srtt - rttMs) - this.variation) / 4;
		this.srtt += (rttMs - this.srtt) / 8;
	}

	srttMs(): number | null {
		return this.srtt;
	}

	rtoMs(): number {
		if (this.srtt === null) return INITIAL_RTO_MS;
		return Math.min(MAX_RTO_MS, Math.max(MIN_RTO_MS, this.srtt + Math.max(MIN_SPREAD_MS, 4 * this.variation)));
	}

	samples(): number {
		return this.count;
	}
}

export function createRttEstimator(): RttEstimator {
	return new Estimator();
}
