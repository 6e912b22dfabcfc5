/** Rows for the record, one per uplink each poll interval: its figures at this moment. Unknown stays unknown. */
import type { EngineState } from "../decide/state.ts";
import type { SampleValues } from "../record/metrics.ts";
import type { Recorder } from "../record/recorder.ts";

export interface Throughput {
	readonly rxBytesPerS: number;
	readonly txBytesPerS: number;
}

export interface Sampler {
	/** What an uplink carried lately; goes into its next row. */
	traffic(seen: Throughput & { readonly uplink: string }): void;
	/** Call often: a row is written when it is due. */
	tick(state: EngineState, atMs: number): void;
}

export function createSampler(recorder: Pick<Recorder, "sample">, everyMs: () => number): Sampler {
	const throughput = new Map<string, Throughput>();
	let lastDueMs = Number.NEGATIVE_INFINITY;
	return {
		traffic: (seen) => void throughput.set(seen.uplink, seen),
		tick(state, atMs) {
			const every = everyMs();
			if (atMs < lastDueMs + every) return;
			// From when it was due, not from the tick that came after it: else 1.5 s would become 2 s.
			lastDueMs = atMs - lastDueMs < 2 * every ? lastDueMs + every : atMs;
			for (const [uplink, values] of sampleOf(state, throughput)) recorder.sample(uplink, atMs, values);
		},
	};
}

export function sampleOf(
	state: EngineState,
	throughput: ReadonlyMap<string, Throughput>,
): ReadonlyMap<string, SampleValues> {
	const samples = new Map<string, SampleValues>();
	for (const uplink of state.uplinks) {
		const { figures, score } = uplink.assessment;
		const rate = throughput.get(uplink.facts.id);
		if (!uplink.facts.up && score.value === null) continue;
		samples.set(uplink.facts.id, {
			rtt_ms: figures.latencyMs,
			loss_pct: figures.unreachable ? 100 : figures.loss.pct,
			jitter_ms: figures.jitterMs,
			score: score.value,
			rx_bytes_per_s: rate?.rxBytesPerS ?? null,
			tx_bytes_per_s: rate?.txBytesPerS ?? null,
			obstruction_pct: figures.sense.obstruction_pct ?? null,
			dish_drop_pct: figures.sense.dish_drop_pct ?? null,
			dish_latency_ms: figures.sense.dish_latency_ms ?? null,
			rsrp_dbm: figures.sense.rsrp_dbm ?? null,
			rsrq_db: figures.sense.rsrq_db ?? null,
			sinr_db: figures.sense.sinr_db ?? null,
			signal_dbm: figures.sense.signal_dbm ?? null,
		});
	}
	return samples;
}
