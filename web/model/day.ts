/**
 * The last 24 hours: who carried the traffic, from the decisions, and when each uplink was bad, from its history. Pure.
 * What nothing is known about stays empty.
 */
import type { Reply } from "../../contract/api.ts";
import type { Decision } from "../words.ts";

export interface Span {
	readonly fromMs: number;
	readonly toMs: number;
}

export interface Lane {
	readonly name: string;
	readonly carried: readonly Span[];
	readonly bad: readonly Span[];
	/** Times with figures of it. */
	readonly seen: readonly Span[];
	/** Of the time since it is known who carried the traffic. */
	readonly carriedPct: number;
}

export type History = Reply<"history">;

/** Loss or score from which a span of history counts as bad. */
const BAD_LOSS_PCT = 5;
const BAD_SCORE = 40;
/** Decisions the daemon hands out at most: if there are as many, there may have been more. */
export const MOST_DECISIONS = 200;

/** Newest decision first, as the daemon lists them. */
export function carriers(decisions: readonly Decision[], fromMs: number, toMs: number): Map<string, Span[]> {
	const switches = decisions.filter((one) => !one.observed && one.kind !== "avoid" && one.kind !== "none" && one.to);
	const found = new Map<string, Span[]>();
	const add = (name: string, start: number, end: number): void => {
		const from = Math.max(start, fromMs);
		if (end <= from) return;
		const spans = found.get(name) ?? [];
		found.set(name, spans);
		const first = spans[0];
		// Going back in time: what touches the span found before belongs to it.
		if (first && first.fromMs <= end) spans[0] = { fromMs: from, toMs: first.toMs };
		else spans.unshift({ fromMs: from, toMs: end });
	};
	let end = toMs;
	for (const { ts, to } of switches) {
		if (to) add(to, ts, end);
		end = Math.min(end, ts);
	}
	const oldest = switches.at(-1);
	if (oldest?.from && decisions.length >= MOST_DECISIONS) add(oldest.from, fromMs, end);
	return found;
}

export function lanes(
	names: readonly string[],
	decisions: readonly Decision[],
	histories: ReadonlyMap<string, History>,
	fromMs: number,
	toMs: number,
): readonly Lane[] {
	const carried = carriers(decisions, fromMs, toMs);
	const knownMs = toMs - Math.min(toMs, ...[...carried.values()].map((spans) => spans[0]?.fromMs ?? toMs));
	return names.map((name) => {
		const history = histories.get(name);
		const points = history?.points ?? [];
		const step = history?.step_ms ?? 0;
		const span = ({ ts }: { readonly ts: number }): Span => ({ fromMs: ts, toMs: Math.min(toMs, ts + step) });
		const spans = carried.get(name) ?? [];
		const total = spans.reduce((sum, one) => sum + one.toMs - one.fromMs, 0);
		return {
			name,
			carried: spans,
			bad: joined(points.filter(isBad).map(span)),
			seen: joined(points.map(span)),
			carriedPct: knownMs > 0 ? (100 * total) / knownMs : 0,
		};
	});
}

function isBad({ values }: History["points"][number]): boolean {
	return (values.loss_pct?.mean ?? 0) >= BAD_LOSS_PCT || (values.score?.mean ?? 100) < BAD_SCORE;
}

function joined(spans: readonly Span[]): readonly Span[] {
	const all: Span[] = [];
	for (const span of spans) {
		const last = all.at(-1);
		if (last && span.fromMs <= last.toMs)
			all[all.length - 1] = { fromMs: last.fromMs, toMs: Math.max(last.toMs, span.toMs) };
		else all.push(span);
	}
	return all;
}
