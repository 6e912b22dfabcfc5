/** metrics and history: samples of one uplink. Sizes are bounded by the contract, so one call is a few milliseconds. */
import type { CallArgs, Reply } from "../../contract/api.ts";
import { AutonomyError } from "../platform/error.ts";
import type { Metric } from "../record/metrics.ts";
import type { ServeDeps } from "./deps.ts";

/** Names on ubus are those of the earlier daemon where it had one. */
const API_NAME: Readonly<Record<Metric, string>> = {
	rtt_ms: "lat_ms",
	loss_pct: "loss_pct",
	jitter_ms: "jitter_ms",
	score: "score",
	rx_bytes_per_s: "rx_bytes_per_s",
	tx_bytes_per_s: "tx_bytes_per_s",
	obstruction_pct: "obstruction_pct",
	rsrp_dbm: "rsrp",
	rsrq_db: "rsrq",
	sinr_db: "sinr",
	signal_dbm: "signal_dbm",
	dish_drop_pct: "dish_drop_pct",
	dish_latency_ms: "dish_latency_ms",
};

function renamed<V>(values: Readonly<Partial<Record<Metric, V>>>): Record<string, V> {
	const named: Record<string, V> = {};
	for (const [metric, value] of Object.entries(values)) {
		named[API_NAME[metric as Metric]] = value;
	}
	return named;
}

/** More than this is never looked at for one reply: an hour at two samples per second. */
const MAX_LOOKED_AT = 7_200;

export function metricsReply(deps: ServeDeps, args: CallArgs<"metrics">): Reply<"metrics"> {
	const sinceMs = deps.platform.clock.monotonicMs() - args.since_s * 1_000;
	const all = deps.recorder.samples(args.name, sinceMs, MAX_LOOKED_AT);
	if (all === null) {
		throw unknownUplink(deps, args.name);
	}
	// Thinned out evenly, counted from the newest, which is always among them.
	const every = Math.max(1, Math.ceil(all.length / args.limit));
	const kept = all.filter((_, index) => (all.length - 1 - index) % every === 0);
	return {
		name: args.name,
		samples: kept.map(({ atMs, values }) => ({ ts: deps.recorder.toUnixMs(atMs), ...renamed(values) })),
	};
}

export function historyReply(deps: ServeDeps, args: CallArgs<"history">): Reply<"history"> {
	const sinceMs = deps.platform.clock.monotonicMs() - args.since_s * 1_000;
	const found = deps.recorder.history(args.name, sinceMs, args.points);
	if (found === null) {
		throw unknownUplink(deps, args.name);
	}
	return {
		name: args.name,
		since_s: args.since_s,
		from_unix_ms: deps.recorder.toUnixMs(found.fromMs),
		step_ms: found.stepMs,
		resolution: found.resolution,
		points: found.points.map(({ atMs, rows, values }) => ({
			ts: deps.recorder.toUnixMs(atMs),
			rows,
			values: renamed(values),
		})),
	};
}

/** An uplink nobody has seen, or one that has just been found and has no samples yet. */
export function unknownUplink(deps: ServeDeps, name: string): AutonomyError {
	const known = deps.engine().uplinks.map((uplink) => uplink.facts.id);
	if (known.includes(name)) {
		return new AutonomyError("not_found", `there are no samples of ${name} yet`, { name });
	}
	const list = known.length === 0 ? "none" : known.join(", ");
	return new AutonomyError("not_found", `there is no uplink '${name}'; known: ${list}`, { name });
}
