/**
 * Rows of figures over a span of time, kept fresh by asking only for what is missing: the samples themselves for short
 * spans, `history` for long ones. Pure, but for the questions.
 */
import type { Reply } from "../../contract/api.ts";
import type { Api } from "../api.ts";

export interface Spread {
	readonly min: number;
	readonly mean: number;
	readonly max: number;
}

export interface Row {
	readonly ts: number;
	readonly values: Readonly<Record<string, Spread>>;
}

/** Up to this span the samples are shown as they were measured. */
const RAW_S = 600;
const POINTS = 240;
const MOST_SAMPLES = 600;

export interface RowSource {
	readonly spanS: number;
	/** Asks for what is new. */
	refresh(): Promise<readonly Row[]>;
}

/** `nowMs` is monotonic. */
export function createRows(api: Api, name: string, spanS: number, nowMs: () => number): RowSource {
	let rows: readonly Row[] = [];
	let askedMs: number | null = null;
	const stepS = spanS / POINTS;

	async function ask(missingS: number): Promise<readonly Row[]> {
		if (spanS <= RAW_S) {
			const since_s = Math.min(spanS, Math.ceil(missingS) + 1);
			return (await api.call("metrics", { name, since_s, limit: MOST_SAMPLES })).samples.map(sampleRow);
		}
		const points = Math.min(POINTS, Math.ceil(missingS / stepS) + 1);
		const since_s = Math.min(spanS, Math.ceil(points * stepS));
		return (await api.call("history", { name, since_s, points })).points.map(({ ts, values }) => ({ ts, values }));
	}

	return {
		spanS,
		async refresh() {
			const atMs = nowMs();
			// Between two points of a long span there is nothing new to ask for.
			if (askedMs !== null && spanS > RAW_S && atMs - askedMs < stepS * 1000) return rows;
			const fresh = await ask(askedMs === null ? spanS : (atMs - askedMs) / 1000);
			askedMs = atMs;
			rows = merge(rows, fresh, spanS, spanS <= RAW_S ? 0 : stepS * 500);
			return rows;
		},
	};
}

function sampleRow({ ts, ...values }: Reply<"metrics">["samples"][number]): Row {
	const spread: Record<string, Spread> = {};
	for (const [name, value] of Object.entries(values)) {
		if (typeof value === "number") spread[name] = { min: value, mean: value, max: value };
	}
	return { ts, values: spread };
}

/** What is less than `apartMs` after the last row was counted before. A clock that was set back starts anew. */
export function merge(have: readonly Row[], fresh: readonly Row[], keepS: number, apartMs: number): readonly Row[] {
	const newest = fresh.at(-1)?.ts;
	if (newest === undefined) return have;
	const last = have.at(-1)?.ts ?? Number.NEGATIVE_INFINITY;
	const base = newest < last - 60_000 ? [] : have;
	const from = base.at(-1)?.ts ?? Number.NEGATIVE_INFINITY;
	const all = [...base, ...fresh.filter((row) => row.ts > from + apartMs)];
	return all.filter((row) => row.ts >= newest - keepS * 1000);
}

export interface Summary {
	readonly fromMs: number;
	readonly toMs: number;
	readonly min: number;
	readonly mean: number;
	readonly max: number;
}

/** The same as a text table: at most `parts` spans of equal length with lowest, mean and highest. */
export function summarize(rows: readonly Row[], key: string, parts: number): readonly Summary[] {
	const known = rows.flatMap((row) => (row.values[key] ? [{ ts: row.ts, ...row.values[key] }] : []));
	const fromMs = known[0]?.ts;
	const toMs = known.at(-1)?.ts;
	if (fromMs === undefined || toMs === undefined) return [];
	const step = Math.max(1, (toMs - fromMs) / parts);
	const found: Summary[] = [];
	for (let part = 0; part < parts; part++) {
		const start = fromMs + part * step;
		const last = part === parts - 1;
		const inside = known.filter((one) => one.ts >= start && (one.ts < start + step || last));
		if (inside.length === 0) continue;
		found.push({
			fromMs: start,
			toMs: start + step,
			min: Math.min(...inside.map((one) => one.min)),
			mean: inside.reduce((sum, one) => sum + one.mean, 0) / inside.length,
			max: Math.max(...inside.map((one) => one.max)),
		});
	}
	return found;
}
