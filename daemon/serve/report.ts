/** report: figures of a period from what is on record, and what follows from them. */
import type { CallArgs, Reply } from "../../contract/api.ts";
import { memberSettings } from "../config/settings.ts";
import type { Decision } from "../decide/types.ts";
import type { Point } from "../record/query.ts";
import type { ServeDeps } from "./deps.ts";
import { forecastReply } from "./forecast.ts";
import { hintsOf } from "./report-hints.ts";
import { viewOf } from "./status.ts";
import { reportPage } from "./text/report-page.ts";

type Report = Reply<"report">;
type Uplink = Report["uplinks"][number];

const HOUR_MS = 3_600_000;
const SPAN_MS = { daily: 24 * HOUR_MS, weekly: 168 * HOUR_MS, monthly: 720 * HOUR_MS } as const;
/** Spans per uplink: five minutes each in a day. */
const POINTS = 288;
const MAX_EVENTS = 1_000;
const GONE: ReadonlySet<string> = new Set(["down", "offline", "absent"]);
const MAX_DECISIONS = 500;
const MOVES: ReadonlySet<string> = new Set([
	"start",
	"failover",
	"failback",
	"better",
	"predictive",
	"manual",
	"restore",
]);

export function reportReply(deps: ServeDeps, { period, format }: CallArgs<"report">): Report {
	const now = deps.platform.clock.monotonicMs();
	const wanted = now - SPAN_MS[period];
	const found = deps.discovered().uplinks;
	const names = found.map((one) => one.id);
	const prices = new Map(found.map((one) => [one.id, memberSettings(deps.config.current(), one).pricePerGb]));
	const from = beginning(deps, names, wanted, now);
	const points = names.map((name) => deps.recorder.history(name, from, POINTS));
	const down = downMs(deps, from, now);
	const decisions = deps.recorder
		.decisions(MAX_DECISIONS)
		.filter((one) => one.atMs >= wanted)
		.reverse();
	const carried = carriedMs(decisions, from, now);
	const count = (kind: Decision["kind"]): number =>
		decisions.filter((one) => one.kind === kind && one.from !== one.to).length;
	const uplinks = names.map((name, index) => {
		const seen = points[index];
		const price = prices.get(name) ?? null;
		const used = { carriedMs: carried.get(name) ?? 0, downMs: down.get(name) ?? 0, price };
		return uplinkOf(name, seen?.points ?? [], seen?.stepMs ?? 1, used, from, now);
	});
	const { right, early, wrong } = forecastReply(deps, { interface: undefined }).score;
	const places = deps.places?.(3) ?? [];
	const report: Report = {
		period,
		from_unix_ms: deps.recorder.toUnixMs(from),
		to_unix_ms: deps.recorder.toUnixMs(now),
		complete: from <= wanted + HOUR_MS,
		uplinks,
		switches: {
			failovers: count("failover"),
			predictive: count("predictive"),
			failbacks: count("failback"),
			manual: count("manual"),
		},
		predictions: { right, early, wrong },
		worst_places: places.map(({ latitude, longitude, minutes, offlineMinutes, score }) => ({
			latitude,
			longitude,
			minutes,
			offline_minutes: offlineMinutes,
			score,
		})),
		offline_s: offlineMs(deps, wanted, now) / 1000,
		worst_hours: worstHours(
			points.flatMap((one) => one?.points ?? []),
			deps.recorder.toUnixMs,
		),
		hints: hintsOf(deps, uplinks, now - from, prices),
	};
	return format === "html" ? { ...report, page: reportPage(report) } : report;
}

function mean(values: readonly (number | undefined)[]): number | null {
	const known = values.filter((one) => one !== undefined);
	return known.length === 0 ? null : known.reduce((sum, one) => sum + one, 0) / known.length;
}

/** Where the record begins. Asked twice: the first answer is as coarse as the whole period's spans. */
function beginning(deps: ServeDeps, names: readonly string[], wanted: number, now: number): number {
	let from = wanted;
	for (let tries = 0; tries < 2; tries++) {
		const firsts = names.flatMap((name) => deps.recorder.history(name, from, POINTS)?.points[0]?.atMs ?? []);
		if (firsts.length === 0) return now;
		from = Math.max(wanted, Math.min(...firsts));
	}
	return from;
}

/** How long each uplink was of no use, by the changes of its state. */
function downMs(deps: ServeDeps, from: number, now: number): ReadonlyMap<string, number> {
	const result = new Map<string, number>();
	const since = new Map<string, number>();
	const changes = deps.recorder.events(MAX_EVENTS, "member_state").filter((one) => one.atMs >= from);
	for (const { uplink, from: before, to, atMs } of [...changes].reverse()) {
		if (uplink === null || to === null) continue;
		// It was down already when the record began; in the first minute the daemon only gets to know it.
		if (!result.has(uplink)) {
			result.set(uplink, 0);
			if (before !== null && GONE.has(before) && atMs - from > 60_000) since.set(uplink, from);
		}
		const begun = since.get(uplink);
		if (GONE.has(to)) since.set(uplink, begun ?? atMs);
		else if (begun !== undefined) {
			result.set(uplink, (result.get(uplink) ?? 0) + atMs - begun);
			since.delete(uplink);
		}
	}
	for (const [uplink, begun] of since) result.set(uplink, (result.get(uplink) ?? 0) + now - begun);
	for (const { id, state } of viewOf(deps).uplinks) if (!result.has(id) && GONE.has(state)) result.set(id, now - from);
	return result;
}

interface Use {
	readonly carriedMs: number;
	readonly downMs: number;
	/** Of a gigabyte; null: not known. */
	readonly price: number | null;
}

function uplinkOf(
	name: string,
	points: readonly Point[],
	stepMs: number,
	{ carriedMs, downMs, price }: Use,
	from: number,
	now: number,
): Uplink {
	const judged = points.length > 0 && now > from;
	const bytes = points.map(({ values }) => {
		const rx = values.rx_bytes_per_s?.mean;
		const tx = values.tx_bytes_per_s?.mean;
		return rx === undefined && tx === undefined ? undefined : (((rx ?? 0) + (tx ?? 0)) * stepMs) / 1000;
	});
	const known = bytes.filter((one) => one !== undefined);
	const all = known.length === 0 ? null : known.reduce((sum, one) => sum + one, 0);
	return {
		name,
		availability_pct: judged ? 100 * (1 - Math.min(1, downMs / (now - from))) : null,
		down_s: judged ? downMs / 1000 : null,
		carried_s: carriedMs / 1000,
		rtt_ms: mean(points.map(({ values }) => values.rtt_ms?.mean)),
		loss_pct: mean(points.map(({ values }) => values.loss_pct?.mean)),
		score: mean(points.map(({ values }) => values.score?.mean)),
		bytes: all,
		cost: all === null || price === null ? null : (all / 1e9) * price,
		hours: hoursOf(points, from, now),
	};
}

function hoursOf(points: readonly Point[], from: number, now: number): string[] {
	const hours = Math.min(168, Math.ceil((now - from) / HOUR_MS));
	return Array.from({ length: hours }, (_, index) => {
		const begins = now - (hours - index) * HOUR_MS;
		const inside = points.filter(({ atMs }) => atMs >= begins && atMs < begins + HOUR_MS);
		const score = mean(inside.map(({ values }) => values.score?.mean));
		return score === null ? "-" : String(Math.round(score));
	});
}

/** Time on each uplink by the decisions that moved the traffic; before the first of them by where it came from. */
export function carriedMs(decisions: readonly Decision[], from: number, now: number): ReadonlyMap<string, number> {
	const moves = decisions.filter((one) => MOVES.has(one.kind) && one.from !== one.to);
	const result = new Map<string, number>();
	let current = moves[0]?.from ?? null;
	let since = from;
	const add = (untilMs: number): void => {
		if (current !== null) result.set(current, (result.get(current) ?? 0) + Math.max(0, untilMs - since));
		since = Math.max(since, untilMs);
	};
	for (const { atMs, to } of moves) {
		add(atMs);
		current = to;
	}
	add(now);
	return result;
}

function offlineMs(deps: ServeDeps, from: number, now: number): number {
	const all = [...deps.alerts.active(), ...deps.alerts.history(200)].filter((one) => one.kind === "offline");
	return all.reduce((sum, one) => sum + Math.max(0, (one.clearedAtMs ?? now) - Math.max(from, one.raisedAtMs)), 0);
}

function worstHours(points: readonly Point[], unixMs: (atMs: number) => number): Report["worst_hours"] {
	const byHour = new Map<number, number[]>();
	for (const { atMs, values } of points) {
		if (values.score === undefined) continue;
		const hour = new Date(unixMs(atMs)).getUTCHours();
		byHour.set(hour, [...(byHour.get(hour) ?? []), values.score.mean]);
	}
	const means = [...byHour].map(([hour, scores]) => ({ hour, score: mean(scores) ?? 0 }));
	return means.sort((a, b) => a.score - b.score || a.hour - b.hour).slice(0, 3);
}
