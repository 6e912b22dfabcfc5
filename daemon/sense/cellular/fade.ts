/**
 * Does the signal fade so fast that the link will be lost within seconds? A straight line through the last ten seconds of
 * RSRP, and where it reaches the limit. Chosen on recorded links (docs/cellular.md): with these limits a ship's two 5G
 * routers give one alarm in ten hours and sixty laps of a test track none; by SINR instead they would give over 90.
 * Too few readings, another cell in between, or a line that fits badly: no answer. Pure.
 */
export const LIMIT_DBM = -122;
const WINDOW_MS = 10_000;
const LEAST_SPAN_MS = 5_000;
const LEAST_READINGS = 5;
/** Above this there is room for a corner or a bridge, however steep. */
const GATE_DBM = -95;
const LEAST_SLOPE = 0.8;
const HORIZON_MS = 10_000;
const LEAST_FIT = 0.7;
/** A fall of so much within these seconds is looked into by probing, whatever the line says. */
const DROP_DB = 15;
const DROP_MS = 4_000;

export interface Fade {
	/** Positive: falling. */
	readonly dbPerS: number;
	readonly toLimitMs: number;
	readonly risk: number;
	readonly confidence: number;
}

interface Point {
	readonly atMs: number;
	readonly dbm: number;
}

export interface FadeWatch {
	/** Null: nothing to fear, or not enough known. */
	take(atMs: number, rsrpDbm: number | null, cellId: string | null): Fade | null;
	/** Falling, slowly or fast: worth a closer look. */
	falling(): boolean;
	/** dB lost within the last seconds, when that is much; else null. */
	drop(): number | null;
}

export function createFadeWatch(): FadeWatch {
	let points: Point[] = [];
	let cell: string | null = null;
	let slope = 0;

	return {
		take(atMs, rsrpDbm, cellId) {
			// The figures of two cells do not lie on one line.
			if (cellId !== null && cell !== null && cellId !== cell) points = [];
			cell = cellId ?? cell;
			slope = 0;
			if (rsrpDbm === null) {
				points = [];
				return null;
			}
			points = points.filter((point) => point.atMs > atMs - WINDOW_MS);
			points.push({ atMs, dbm: rsrpDbm });
			if (points.length > 40) points.shift();
			const first = points[0];
			if (points.length < LEAST_READINGS || first === undefined || atMs - first.atMs < LEAST_SPAN_MS) return null;
			const line = fit(points);
			slope = line.perS;
			const dbPerS = -line.perS;
			if (rsrpDbm > GATE_DBM || dbPerS < LEAST_SLOPE || line.fit < LEAST_FIT) return null;
			const toLimitMs = Math.max(0, ((rsrpDbm - LIMIT_DBM) / dbPerS) * 1000);
			if (toLimitMs > HORIZON_MS) return null;
			return {
				dbPerS,
				toLimitMs,
				risk: 0.95 - 0.25 * (toLimitMs / HORIZON_MS),
				confidence: line.fit * Math.min(1, points.length / (LEAST_READINGS + 1)),
			};
		},
		falling: () => slope < -LEAST_SLOPE / 2,
		drop() {
			const last = points[points.length - 1];
			if (last === undefined || last.dbm > GATE_DBM) return null;
			const recent = points.filter((point) => point.atMs >= last.atMs - DROP_MS);
			const fall = Math.max(...recent.map((point) => point.dbm)) - last.dbm;
			return fall >= DROP_DB ? fall : null;
		},
	};
}

/** Least squares; `fit` is r squared. */
function fit(points: readonly Point[]): { perS: number; fit: number } {
	const n = points.length;
	const meanMs = points.reduce((sum, p) => sum + p.atMs, 0) / n;
	const meanDb = points.reduce((sum, p) => sum + p.dbm, 0) / n;
	let xx = 0;
	let xy = 0;
	let yy = 0;
	for (const p of points) {
		const x = (p.atMs - meanMs) / 1000;
		const y = p.dbm - meanDb;
		xx += x * x;
		xy += x * y;
		yy += y * y;
	}
	if (xx === 0 || yy === 0) return { perS: 0, fit: 0 };
	return { perS: xy / xx, fit: (xy * xy) / (xx * yy) };
}
