/**
 * The instant score, 0-100, by class of uplink, with its breakdown. The table is the traditional one users know
 * (docs/decisions.md, Score); the corrections to it are loss counted as far as it is certain, heavy loss, the cap on
 * what a dish says of itself, and a missing radio value that costs nothing.
 */
import type { LinkFigures } from "./figures.ts";
import type { SenseName } from "./senses.ts";
import { clamp, norm, round1 } from "./stats.ts";
import type { UplinkClass } from "./types.ts";

/** One cost in points; `value` is the figure that caused it. */
export interface ScorePart {
	readonly name: string;
	readonly value: number;
	readonly unit: string;
	/** Points taken, positive. */
	readonly points: number;
}

export interface InstantScore {
	readonly value: number;
	readonly parts: readonly ScorePart[];
}

export interface Profile {
	readonly class: UplinkClass;
	readonly preferRoaming: boolean;
}

interface Weights {
	readonly latency: number;
	readonly latencyGoodMs: number;
	readonly latencyBadMs: number;
	readonly loss: number;
	readonly jitter: number;
}

const COMMON: Weights = { latency: 20, latencyGoodMs: 50, latencyBadMs: 1500, loss: 30, jitter: 0 };

const WEIGHTS: Readonly<Record<UplinkClass, Weights>> = {
	starlink: { ...COMMON, jitter: 15 },
	cellular: COMMON,
	wifi: COMMON,
	lan: { latency: 25, latencyGoodMs: 1, latencyBadMs: 100, loss: 50, jitter: 0 },
	other: COMMON,
};

/** What a link says of itself and the score looks at, of whatever class it is. */
export const SCORED: readonly SenseName[] = [
	"obstruction_pct",
	"outages",
	"critical_events",
	"warning_events",
	"info_events",
	"rsrp_dbm",
	"roaming",
	"signal_dbm",
	"rssi_dbm",
	"cap_pressure_pct",
];

const LOSS_BAD_PCT = 10;
/** Here the score is 0 whatever else is good. */
const LOSS_ZERO_PCT = 50;
const SIGNAL_SHARE = 0.3;
const DNS_POINTS = 30;
/** With nothing left of the data allowance. */
const CAP_POINTS = 20;
/** Outages and events tell of the same trouble. */
const TROUBLE_MAX = 30;
/** Most that a dish's own words cost while what we measure is good. */
const WORDS_MAX = 15;

/** Heavy loss costs something before it is heavy. */
const NOTHING_TAKEN: InstantScore = { value: 100, parts: [] };

/** Null when there is nothing to judge by. */
export function instantScore(f: LinkFigures, profile: Profile): InstantScore | null {
	if (f.unreachable) return { value: 0, parts: [{ name: "unreachable", value: 100, unit: "%", points: 100 }] };
	const lossPct = f.certainLossPct;
	if (f.stale || f.loss.pct === null || lossPct === null) return null;
	const w = WEIGHTS[profile.class];
	const signal = signalPct(f, profile.class);
	const share = signal === null ? 1 : 1 - SIGNAL_SHARE;
	const parts: ScorePart[] = [];
	const cost = (name: string, value: number | null | undefined, unit: string, points: number) => {
		if (value !== null && value !== undefined && points > 0) parts.push({ name, value, unit, points });
	};
	const latency = f.latencyMs ?? 0;
	cost("latency", f.latencyMs, "ms", share * w.latency * norm(latency, w.latencyGoodMs, w.latencyBadMs));
	cost("loss", f.loss.pct, "%", share * w.loss * norm(lossPct, 0, LOSS_BAD_PCT));
	cost("jitter", f.jitterMs, "ms", w.jitter * norm(f.jitterMs ?? 0, 5, 200));
	if (signal !== null) {
		const dbm = profile.class === "cellular" ? f.sense.rsrp_dbm : (f.sense.signal_dbm ?? f.sense.rssi_dbm);
		cost("signal", dbm, "dBm", SIGNAL_SHARE * (100 - signal));
	}
	if (profile.class === "cellular" && (f.sense.roaming ?? 0) > 0 && !profile.preferRoaming) cost("roaming", 1, "", 15);
	if (profile.class === "starlink") for (const part of dishParts(f)) parts.push(part);
	const pressure = f.sense.cap_pressure_pct ?? 0;
	cost("data_cap", pressure, "%", (CAP_POINTS * pressure) / 100);
	if (f.dns === "failing") cost("dns", 1, "", DNS_POINTS);
	if (parts.length === 0) return NOTHING_TAKEN;
	const before = parts.reduce((left, p) => left - p.points, 100);
	const heavy = norm(lossPct, LOSS_BAD_PCT, LOSS_ZERO_PCT);
	cost("heavy_loss", f.loss.pct, "%", Math.max(0, before) * heavy);
	const value = parts.reduce((left, p) => left - p.points, 100);
	return { value: clamp(value, 0, 100), parts: parts.map((p) => ({ ...p, points: round1(p.points) })) };
}

function signalPct(f: LinkFigures, cls: UplinkClass): number | null {
	if (cls === "cellular") {
		const rsrp = f.sense.rsrp_dbm;
		return rsrp === undefined ? null : clamp(((rsrp + 140) / 96) * 100, 0, 100);
	}
	if (cls !== "wifi") return null;
	const dbm = f.sense.signal_dbm ?? f.sense.rssi_dbm;
	return dbm === undefined ? null : clamp(((dbm + 100) / 70) * 100, 0, 100);
}

function dishParts(f: LinkFigures): ScorePart[] {
	const s = f.sense;
	const obstruction = s.obstruction_pct ?? 0;
	const outages = Math.max(0, s.outages ?? 0);
	const critical = Math.max(0, s.critical_events ?? 0);
	const warning = Math.max(0, s.warning_events ?? 0);
	const info = Math.max(0, s.info_events ?? 0);
	const outagePoints = Math.min(10 * outages, TROUBLE_MAX);
	const eventPoints = Math.min(8 * critical + 3 * warning + info, 20, TROUBLE_MAX - outagePoints);
	const parts: ScorePart[] = [
		{ name: "obstruction", value: obstruction, unit: "%", points: 25 * norm(obstruction, 0, 10) },
		{ name: "outages", value: outages, unit: "", points: outagePoints },
		{ name: "events", value: critical + warning + info, unit: "", points: eventPoints },
	].filter((p) => p.points > 0);
	const words = parts.reduce((sum, p) => sum + p.points, 0);
	const measuredGood = f.confidence >= 1 && (f.loss.pct ?? 100) <= 1 && (f.latencyMs ?? 1_500) <= 300;
	if (!measuredGood || words <= WORDS_MAX) return parts;
	return parts.map((p) => ({ ...p, points: (p.points * WORDS_MAX) / words }));
}
