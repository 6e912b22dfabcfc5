/** Rows of samples over time: merging what is new into what is there, and points for small drawings. Pure. */
import type { Reply } from "../contract/api.ts";

export type Sample = Reply<"metrics">["samples"][number];

/** The router's clock was set back by more than this: what lies ahead of it is from another time. */
const CLOCK_JUMP_MS = 60_000;

/** Both oldest first. Keeps what is not older than `keepS` before the newest. */
export function mergeSamples(have: readonly Sample[], fresh: readonly Sample[], keepS: number): readonly Sample[] {
	const newest = fresh.at(-1);
	if (newest === undefined) return have;
	const last = have.at(-1);
	const base = last !== undefined && newest.ts < last.ts - CLOCK_JUMP_MS ? [] : have;
	const from = base.at(-1)?.ts ?? Number.NEGATIVE_INFINITY;
	const all = [...base, ...fresh.filter((sample) => sample.ts > from)];
	return all.filter((sample) => sample.ts >= newest.ts - keepS * 1000);
}

export interface Spark {
	/** Path data of the line; interrupted where nothing was measured for a while. */
	readonly line: string;
	/** Spans with loss, in units of the drawing. */
	readonly bad: readonly { readonly x: number; readonly width: number }[];
	readonly max: number;
}

interface SparkSpace {
	readonly width: number;
	readonly height: number;
	readonly fromMs: number;
	readonly toMs: number;
	/** A longer pause between two samples is a gap. */
	readonly gapMs: number;
}

/** The round trip time as a line from 0 up, loss as spans. */
export function spark(samples: readonly Sample[], space: SparkSpace): Spark {
	const { width, height, fromMs, toMs, gapMs } = space;
	const inside = samples.filter((sample) => sample.ts >= fromMs && sample.ts <= toMs);
	const known = inside.flatMap(({ ts, lat_ms }) => (typeof lat_ms === "number" ? [{ ts, lat_ms }] : []));
	// Never a range so small that noise of a quiet line looks like mountains.
	const max = Math.max(10, ...known.map((one) => one.lat_ms));
	const x = (ts: number): number => Math.round(((ts - fromMs) / (toMs - fromMs)) * width * 10) / 10;
	let line = "";
	let before = Number.NEGATIVE_INFINITY;
	for (const { ts, lat_ms } of known) {
		const y = Math.round((height - (lat_ms / max) * (height - 2) - 1) * 10) / 10;
		line += `${ts - before > gapMs ? "M" : "L"}${x(ts)} ${y}`;
		before = ts;
	}
	const bad = inside
		.filter(({ loss_pct }) => typeof loss_pct === "number" && loss_pct >= 5)
		.map(({ ts }) => ({ x: Math.max(0, x(ts - gapMs / 4)), width: Math.max(1, x(fromMs + gapMs / 2)) }));
	return { line, bad, max };
}
