/**
 * What the forecast would have known of one recorded track, moment by moment, and what came after. The daemon's own
 * detector probes the recording at the daemon's own pace; a tick sees only what had arrived by then.
 */
import { FEATURES, features } from "../../daemon/forecast/features.ts";
import { newHistory, remember } from "../../daemon/forecast/history.ts";
import { TARGETS } from "../../daemon/forecast/types.ts";
import type { Role } from "../../daemon/probe/budget.ts";
import { createQueue } from "../replay/queue.ts";
import { createTrackWatch } from "../replay/watch.ts";
import { type Span, stalls } from "../traces/link.ts";
import type { Trace, Track } from "../traces/types.ts";

export interface Tick {
	readonly atMs: number;
	/** Reused: copy what you keep. */
	readonly features: Float64Array;
	/** Per target: 1 it came true, 0 it did not, NaN cannot be said. */
	readonly labels: Float64Array;
}

/** Not enough is known before. */
const WARM_UP_MS = 5000;
const SEAM_MS = 300;

/** Calls `see` for each moment at which the link was usable. */
export function ticks(trace: Trace, track: Track, role: Role, tickMs: number, see: (tick: Tick) => void): void {
	const queue = createQueue();
	let now = 0;
	const history = newHistory();
	createTrackWatch({
		track,
		queue,
		role,
		untilMs: trace.lengthMs,
		now: () => now,
		observe: (observation) => remember(history, observation),
	});
	const tell = (n: number): void => {
		const signal = track.signals[n];
		if (signal === undefined) return;
		queue.at(signal.atMs, () => {
			remember(history, { kind: "sense", uplink: track.uplink, atMs: now, values: signal.values });
			tell(n + 1);
		});
	};
	tell(0);
	const out = new Float64Array(FEATURES.length);
	const label = createLabels(trace, track);
	for (let atMs = WARM_UP_MS; atMs + tickMs < trace.lengthMs; atMs += tickMs) {
		while (queue.nextMs() <= atMs) {
			now = Math.max(now, queue.nextMs());
			queue.step();
		}
		now = atMs;
		const labels = label(atMs);
		if (labels === null) continue;
		features(history, atMs, out);
		see({ atMs, features: out, labels });
	}
}

/** Starts of the silences of at least so long; those at a seam were not to be foreseen, nor those before the warm-up. */
export function foreseeable(trace: Trace, track: Track, leastMs: number): number[] {
	return stalls(track, leastMs)
		.filter((span) => span[0] > WARM_UP_MS && !atSeam(trace, span))
		.map(([from]) => from);
}

function atSeam(trace: Trace, [from]: Span): boolean {
	return trace.seamsMs.some((seam) => from >= seam - SEAM_MS && from <= seam + SEAM_MS);
}

/** Null while the link is unusable: that is no forecast. */
export function createLabels(trace: Trace, track: Track): (atMs: number) => Float64Array | null {
	const any = stalls(track, 1000);
	const events = TARGETS.map((target) => stalls(track, target.lastsMs));
	const labels = new Float64Array(TARGETS.length);
	let inside = 0;
	const next = TARGETS.map(() => 0);
	return (atMs) => {
		while ((any[inside]?.[1] ?? Number.POSITIVE_INFINITY) <= atMs) inside++;
		if ((any[inside]?.[0] ?? Number.POSITIVE_INFINITY) <= atMs) return null;
		TARGETS.forEach((target, i) => {
			const list = events[i] ?? [];
			while ((list[next[i] ?? 0]?.[0] ?? Number.POSITIVE_INFINITY) <= atMs) next[i] = (next[i] ?? 0) + 1;
			const event = list[next[i] ?? 0];
			const soon = event !== undefined && event[0] <= atMs + target.withinMs;
			if (soon) labels[i] = atSeam(trace, event) ? Number.NaN : 1;
			// The recording ends before it can be said.
			else labels[i] = atMs + target.withinMs > trace.lengthMs ? Number.NaN : 0;
		});
		return labels;
	};
}
