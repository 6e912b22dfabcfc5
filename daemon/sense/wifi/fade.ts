/**
 * Will the access point be out of reach within seconds? Two signs, tried on recorded walks (docs/wifi.md): a weak signal
 * that keeps falling, and one so weak that hardly anything passes. Confidence is how often each was followed by trouble in
 * those recordings, not a wish. Pure.
 */
const WINDOW_MS = 6_000;
const LEAST_SPAN_MS = 3_500;
const LEAST_READINGS = 4;
/** Above this there is room for a corner, however steep the fall. */
const GATE_DBM = -78;
/** Here hardly anything passes. */
const LIMIT_DBM = -86;
const LEAST_SLOPE = 0.5;
const HORIZON_MS = 10_000;
const EDGE_DBM = -82;

export interface WifiFade {
	/** Positive: falling. */
	readonly dbPerS: number;
	/** 0: it is there already. */
	readonly toLimitMs: number;
	readonly risk: number;
	readonly confidence: number;
}

export interface WifiFadeWatch {
	take(atMs: number, signalDbm: number | null, bssid: string | null): WifiFade | null;
	/** Weak or falling: worth a closer look. */
	worrying(): boolean;
}

export function createWifiFade(): WifiFadeWatch {
	let points: { readonly atMs: number; readonly dbm: number }[] = [];
	let ap: string | null = null;
	let slope = 0;

	return {
		take(atMs, signalDbm, bssid) {
			// The figures of two access points do not lie on one line.
			if (bssid !== null && ap !== null && bssid !== ap) points = [];
			ap = bssid ?? ap;
			if (signalDbm === null) {
				points = [];
				slope = 0;
				return null;
			}
			points = points.filter((point) => point.atMs > atMs - WINDOW_MS);
			points.push({ atMs, dbm: signalDbm });
			if (points.length > 30) points.shift();
			slope = slopeOf(points);
			const dbPerS = -slope;
			if (signalDbm <= EDGE_DBM && dbPerS > -LEAST_SLOPE) return { dbPerS, toLimitMs: 0, risk: 0.9, confidence: 0.9 };
			const spanMs = atMs - (points[0]?.atMs ?? atMs);
			if (points.length < LEAST_READINGS || spanMs < LEAST_SPAN_MS) return null;
			if (signalDbm > GATE_DBM || dbPerS < LEAST_SLOPE) return null;
			const toLimitMs = Math.max(0, ((signalDbm - LIMIT_DBM) / dbPerS) * 1000);
			return toLimitMs > HORIZON_MS ? null : { dbPerS, toLimitMs, risk: 0.75, confidence: 0.6 };
		},
		worrying: () => slope < -LEAST_SLOPE || (points[points.length - 1]?.dbm ?? 0) <= GATE_DBM + 8,
	};
}

/** dB per second by least squares; 0 with too little. */
function slopeOf(points: readonly { readonly atMs: number; readonly dbm: number }[]): number {
	const n = points.length;
	const meanMs = points.reduce((sum, p) => sum + p.atMs, 0) / n;
	const meanDb = points.reduce((sum, p) => sum + p.dbm, 0) / n;
	const xx = points.reduce((sum, p) => sum + (p.atMs - meanMs) ** 2, 0);
	const xy = points.reduce((sum, p) => sum + (p.atMs - meanMs) * (p.dbm - meanDb), 0);
	return xx === 0 ? 0 : (xy / xx) * 1000;
}
