/**
 * The referee: what a user of the router had, given who carried the traffic when. Outages are the blackouts of the link in
 * use that last at least so long (each second of them spent there counts); slow are answers after more than 200 ms.
 */
import { blackouts, type Span, slowTimes } from "../traces/link.ts";
import type { Trace } from "../traces/types.ts";

/** Who carries the traffic from atMs on; null: nobody. */
export interface Turn {
	readonly atMs: number;
	readonly uplink: number | null;
}

export interface Figures {
	outageMs: number;
	slowMs: number;
	switches: number;
	/** Of them because of a forecast. */
	predicted: number;
	meteredMs: number;
	probeBytes: number;
	lengthMs: number;
}

export const NOTHING: Figures = {
	outageMs: 0,
	slowMs: 0,
	switches: 0,
	predicted: 0,
	meteredMs: 0,
	probeBytes: 0,
	lengthMs: 0,
};

export interface Truth {
	readonly trace: Trace;
	readonly dark: readonly (readonly Span[])[];
	readonly slow: readonly (readonly Span[])[];
}

export function truthOf(trace: Trace, leastMs: number): Truth {
	return {
		trace,
		dark: trace.tracks.map((track) => blackouts(track, leastMs)),
		slow: trace.tracks.map(slowTimes),
	};
}

export function overlapMs(spans: readonly Span[], from: number, to: number): number {
	let low = 0;
	let high = spans.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if ((spans[middle]?.[1] ?? 0) <= from) low = middle + 1;
		else high = middle;
	}
	let sum = 0;
	for (let i = low; i < spans.length; i++) {
		const [start, end] = spans[i] as Span;
		if (start >= to) break;
		sum += Math.min(end, to) - Math.max(start, from);
	}
	return sum;
}

export function judge(truth: Truth, turns: readonly Turn[], probeBytes: number, predicted = 0): Figures {
	const { trace } = truth;
	const sum = { ...NOTHING, probeBytes, predicted, lengthMs: trace.lengthMs };
	let last: number | null | undefined;
	turns.forEach((turn, i) => {
		const from = Math.max(0, turn.atMs);
		const to = Math.min(turns[i + 1]?.atMs ?? trace.lengthMs, trace.lengthMs);
		if (last !== undefined && turn.uplink !== last && turn.uplink !== null) sum.switches++;
		if (turn.uplink !== null) last = turn.uplink;
		if (to <= from) return;
		if (turn.uplink === null) {
			sum.outageMs += to - from;
			return;
		}
		sum.outageMs += overlapMs(truth.dark[turn.uplink] ?? [], from, to);
		sum.slowMs += overlapMs(truth.slow[turn.uplink] ?? [], from, to);
		if (trace.tracks[turn.uplink]?.metered) sum.meteredMs += to - from;
	});
	return sum;
}

export function add(a: Figures, b: Figures): Figures {
	return {
		outageMs: a.outageMs + b.outageMs,
		slowMs: a.slowMs + b.slowMs,
		switches: a.switches + b.switches,
		predicted: a.predicted + b.predicted,
		meteredMs: a.meteredMs + b.meteredMs,
		probeBytes: a.probeBytes + b.probeBytes,
		lengthMs: a.lengthMs + b.lengthMs,
	};
}
