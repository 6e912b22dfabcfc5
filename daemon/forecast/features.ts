/**
 * The numbers the model is asked with, in a fixed order. NaN = not known; the model was trained with such gaps and takes a
 * way of its own there. Only +, -, *, / and comparisons: the same on every engine, to the last digit.
 */
import { type History, isStuck } from "./history.ts";
import { type Line, lineOf, NO_LINE, type Ring } from "./ring.ts";

export const FEATURES = [
	"rtt_last",
	"rtt_max3",
	"rtt_mean3",
	"rtt_mean10",
	"rtt_rise",
	"base_ms",
	"jitter10",
	"silent_gaps",
	"silent_ms",
	"loss10",
	"loss60",
	"since_stall_s",
	"last_stall_s",
	"stalls_15",
	"stalls_60",
	"stalls_600",
	"stalled_600_s",
	"stall_every_s",
	"stall_phase",
	"since_blip_s",
	"blips_60",
	"gap_ms",
	"suspect",
	"rsrp",
	"rsrp_slope",
	"rsrp_drop",
	"sinr",
	"sinr_slope",
	"rsrq",
	"signal",
	"signal_slope",
	"signal_drop",
	"signal_low",
	"dish_outage",
	"dish_drop",
	"dish_outages",
	"load",
] as const;

export type FeatureName = (typeof FEATURES)[number];
export const FEATURE_INDEX = Object.fromEntries(FEATURES.map((name, index) => [name, index])) as Readonly<
	Record<FeatureName, number>
>;

const LONG_AGO_S = 600;
const SENSE_VALID_MS = 15_000;
const RADIO_WINDOW_MS = 10_000;
const WIFI_WINDOW_MS = 6000;
const WALK_MAX = 200;

/** Writes into `out`, which has FEATURES.length places; no memory is taken per tick. */
export function features(h: History, nowMs: number, out: Float64Array): void {
	const base = h.baseMs;
	const { times, values, length } = h.replies;
	const size = times.length;
	let place = h.replies.newest;
	let left = length;
	let rtt = values[place] as number;
	let max3 = Number.NaN;
	let sum10 = 0;
	let wander = 0;
	// From the newest back, in three stretches: three seconds, ten, thirteen. Of each reply its distance to the one before counts.
	for (; left > 0 && nowMs - (times[place] as number) <= 3000; left--) {
		max3 = left === length || rtt > max3 ? rtt : max3;
		sum10 += rtt;
		place = place === 0 ? size - 1 : place - 1;
		const older = values[place] as number;
		if (left > 1) wander += rtt < older ? older - rtt : rtt - older;
		rtt = older;
	}
	const sum3 = sum10;
	const n3 = length - left;
	let before = 0;
	for (; left > 0 && nowMs - (times[place] as number) <= 10_000; left--) {
		before += rtt;
		sum10 += rtt;
		place = place === 0 ? size - 1 : place - 1;
		const older = values[place] as number;
		if (left > 1) wander += rtt < older ? older - rtt : rtt - older;
		rtt = older;
	}
	const n10 = length - left;
	for (; left > 0 && nowMs - (times[place] as number) <= 13_000; left--) {
		before += values[place] as number;
		place = place === 0 ? size - 1 : place - 1;
	}
	const nBefore = length - left - n3;
	const mean3 = n3 === 0 ? Number.NaN : sum3 / n3;
	const mean10 = n10 === 0 ? Number.NaN : sum10 / n10;
	let lost10 = 0;
	let lost60 = 0;
	for (let back = 0; back < h.losses.length; back++) {
		const age = nowMs - h.losses.at(back);
		if (age > 60_000) break;
		lost60++;
		if (age <= 10_000) lost10++;
	}
	let stalls15 = 0;
	let stalls60 = 0;
	let stalls600 = 0;
	let stalledMs = 0;
	for (let back = 0; back < h.stalls.length; back++) {
		const age = nowMs - h.stalls.at(back);
		if (age > 600_000) break;
		stalls600++;
		stalledMs += h.stalls.value(back);
		if (age <= 60_000) stalls60++;
		if (age <= 15_000) stalls15++;
	}
	let blips60 = 0;
	for (let back = 0; back < h.blips.length && back < WALK_MAX; back++) {
		if (nowMs - h.blips.at(back) > 60_000) break;
		blips60++;
	}
	const perGap = Number.isNaN(h.gapMs) ? Number.NaN : Math.max(50, h.gapMs);
	const expected60 = 60_000 / perGap;
	const silent = nowMs - h.lastReplyMs;
	const line = (ring: Ring, name: string, windowMs: number): Line =>
		ring.length === 0 ? NO_LINE : lineOf(ring, nowMs, windowMs, isStuck(h, name) ? -1 : SENSE_VALID_MS);
	const rsrp = line(h.rsrp, "rsrp_dbm", RADIO_WINDOW_MS);
	const sinr = line(h.sinr, "sinr_db", RADIO_WINDOW_MS);
	const rsrq = line(h.rsrq, "rsrq_db", RADIO_WINDOW_MS);
	const signal = line(h.signal, "signal_dbm", WIFI_WINDOW_MS);
	const sense = (name: string): number => {
		const known = h.senses.get(name);
		return known === undefined || nowMs - known.atMs > SENSE_VALID_MS ? Number.NaN : known.value;
	};
	const ago = (atMs: number): number => (Number.isNaN(atMs) ? LONG_AGO_S : Math.min(LONG_AGO_S, (nowMs - atMs) / 1000));

	let at = 0;
	out[at++] = h.replies.value(0) / base;
	out[at++] = max3 / base;
	out[at++] = mean3 / base;
	out[at++] = mean10 / base;
	out[at++] = nBefore === 0 ? Number.NaN : (mean3 - before / nBefore) / base;
	out[at++] = base;
	out[at++] = n10 < 2 ? Number.NaN : wander / n10 / base;
	out[at++] = silent / perGap;
	out[at++] = silent;
	out[at++] = n10 + lost10 === 0 ? Number.NaN : lost10 / (n10 + lost10);
	out[at++] = Number.isNaN(expected60) ? Number.NaN : Math.min(1, lost60 / Math.max(1, expected60));
	out[at++] = ago(h.stalls.at(0));
	out[at++] = h.stalls.length === 0 ? 0 : h.stalls.value(0) / 1000;
	out[at++] = stalls15;
	out[at++] = stalls60;
	out[at++] = stalls600;
	out[at++] = stalledMs / 1000;
	const everyS = stallEveryS(h, nowMs);
	out[at++] = everyS;
	out[at++] = ago(h.stalls.at(0)) / everyS;
	out[at++] = ago(h.blips.at(0));
	out[at++] = blips60;
	out[at++] = h.gapMs;
	out[at++] = h.verdict === "dead" ? 2 : h.verdict === "suspect" ? 1 : 0;
	out[at++] = rsrp.last;
	out[at++] = rsrp.slope;
	out[at++] = rsrp.drop;
	out[at++] = sinr.last;
	out[at++] = sinr.slope;
	out[at++] = rsrq.last;
	out[at++] = signal.last;
	out[at++] = signal.slope;
	out[at++] = signal.drop;
	out[at++] = signal.low;
	out[at++] = sense("outage");
	out[at++] = sense("dish_drop_pct");
	out[at++] = sense("outages");
	out[at++] = h.usualBytesPerS > 0 ? h.bytesPerS / h.usualBytesPerS : Number.NaN;
}

/** Mean time between the last up to four silences of the last two minutes, s; NaN with fewer than three. */
function stallEveryS(h: History, nowMs: number): number {
	let oldest = 0;
	for (let back = 1; back < Math.min(5, h.stalls.length); back++) {
		if (nowMs - h.stalls.at(back) <= 120_000) oldest = back;
	}
	return oldest < 2 ? Number.NaN : Math.max(0.1, (h.stalls.at(0) - h.stalls.at(oldest)) / oldest / 1000);
}
