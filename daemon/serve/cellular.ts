/** cellular_status and cellular_analysis: what the cellular sensor knows now, and what was recorded of it. */
import type { CallArgs, Reply } from "../../contract/api.ts";
import { AutonomyError } from "../platform/error.ts";
import type { SensorStatus } from "../sense/senses.ts";
import type { Details } from "../sense/sensor.ts";
import type { ServeDeps } from "./deps.ts";
import { unknownUplink } from "./series.ts";

type Modem = Reply<"cellular_status">["cellular"][string];
type Analysis = Reply<"cellular_analysis">;

/** Two samples a second for the longest window. */
const MAX_LOOKED_AT = 7_200;
const EVEN_DB = 3;

function sensorOf(deps: ServeDeps, uplink: string): SensorStatus | undefined {
	return deps.sensors(uplink).find((one) => one.sensor === "cellular");
}

function cellularUplinks(deps: ServeDeps): readonly (readonly [string, SensorStatus])[] {
	return deps.discovered().uplinks.flatMap(({ id }) => {
		const sensor = sensorOf(deps, id);
		return sensor === undefined ? [] : [[id, sensor] as const];
	});
}

export function cellularStatusReply(deps: ServeDeps): Reply<"cellular_status"> {
	const modems = cellularUplinks(deps).map(([id, sensor]) => [id, modemOf(sensor)] as const);
	const all = modems.map(([, modem]) => modem);
	const scores = all.flatMap((one) => one.stability_score ?? []);
	const risks = all.flatMap((one) => one.predictive_risk ?? []);
	const registered = (one: Modem): boolean => one.registration === "home" || one.registration === "roaming";
	const weak = (one: Modem): boolean => one.current_signal.quality === "poor" || one.current_signal.quality === "bad";
	return {
		ts: deps.platform.clock.wallMs(),
		cellular: Object.fromEntries(modems),
		summary: {
			total: all.length,
			in_service: all.filter((one) => one.in_use === true && registered(one) && !one.trouble).length,
			weak: all.filter(weak).length,
			lowest_score: scores.length === 0 ? null : Math.min(...scores),
			highest_risk: risks.length === 0 ? null : Math.max(...risks),
		},
	};
}

/** The sensor names its details as the contract does (sense/cellular/details.ts); signal and status are put in their place. */
function modemOf({ health, details }: SensorStatus): Modem {
	const { rsrp, rsrq, sinr, rssi, quality_pct, quality, stability_status, ...rest } = details ?? ({} as Details);
	const known = {
		resting: [],
		carriers: [],
		...rest,
		status: stability_status,
		state: health.state,
		text: health.text,
		current_signal: { rsrp, rsrq, sinr, rssi, quality_pct, quality },
	};
	// Details are plain JSON: that they are what the contract says is checked when the reply is encoded.
	return known as unknown as Modem;
}

export function cellularAnalysisReply(deps: ServeDeps, args: CallArgs<"cellular_analysis">): Analysis {
	const known = cellularUplinks(deps);
	const found = args.interface === undefined ? known[0] : known.find(([id]) => id === args.interface);
	if (found === undefined) {
		const list = known.length === 0 ? "none" : known.map(([id]) => id).join(", ");
		const wanted =
			args.interface === undefined ? "there is no cellular uplink" : `'${args.interface}' is no cellular uplink`;
		throw new AutonomyError("not_found", `${wanted}; known: ${list}`);
	}
	const [name, sensor] = found;
	const sinceMs = deps.platform.clock.monotonicMs() - args.window_minutes * 60_000;
	const rows = deps.recorder.samples(name, sinceMs, MAX_LOOKED_AT);
	if (rows === null) throw unknownUplink(deps, name);
	const signals = rows.map((row) => row.values).filter((values) => typeof values.rsrp_dbm === "number");
	const column = (metric: "rsrp_dbm" | "rsrq_db" | "sinr_db"): number[] => signals.flatMap((row) => row[metric] ?? []);
	const columns = { rsrp: column("rsrp_dbm"), rsrq: column("rsrq_db"), sinr: column("sinr_db") };
	const metrics = Object.fromEntries(
		Object.entries(columns).flatMap(([one, values]) => (values.length === 0 ? [] : [[one, spreadOf(values)] as const])),
	);
	const healthy = signals.filter(
		(row) => (row.rsrp_dbm ?? 0) > -100 && (row.rsrq_db ?? 0) > -14 && (row.sinr_db ?? 1) > 0,
	).length;
	const { cell_changes, stability_score, stability_status } = sensor.details ?? ({} as Details);
	const trend = trendOf(columns.rsrp);
	const reply = {
		name,
		window_minutes: args.window_minutes,
		samples: signals.length,
		metrics,
		healthy_pct: signals.length === 0 ? null : (100 * healthy) / signals.length,
		trend,
		cell_changes,
		stability_score,
		status: stability_status,
		hints: hintsOf(metrics, trend),
	};
	return reply as unknown as Analysis; // the sensor's details, as above
}

function spreadOf(values: readonly number[]): Analysis["metrics"][string] {
	const sorted = [...values].sort((a, b) => a - b);
	const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
	const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
	const variance = sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / sorted.length;
	return { min: at(0), p05: at(0.05), median: at(0.5), mean, p95: at(0.95), max: at(1), std: Math.sqrt(variance) };
}

/** Null with too little to compare. */
function trendOf(rsrp: readonly number[]): "better" | "even" | "worse" | null {
	const third = Math.floor(rsrp.length / 3);
	if (third < 5) return null;
	const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
	const change = mean(rsrp.slice(-third)) - mean(rsrp.slice(0, third));
	if (Math.abs(change) < EVEN_DB) return "even";
	return change > 0 ? "better" : "worse";
}

function hintsOf(metrics: Analysis["metrics"], trend: string | null): string[] {
	const hints: string[] = [];
	const mean = (name: string): number | undefined => metrics[name]?.mean;
	if ((mean("rsrp") ?? 0) < -110) hints.push("weak signal: an outdoor antenna or another place for it would help most");
	if ((mean("rsrq") ?? 0) < -15)
		hints.push("poor quality: the cell is crowded or disturbed; another band may be better");
	if ((mean("sinr") ?? 1) < 0) hints.push("more noise than signal: turn a directed antenna, or lock another band");
	if ((metrics.rsrp?.std ?? 0) > 8) hints.push("the signal varies a lot: moving, or something moves in the way");
	if (trend === "worse") hints.push("the signal has been getting weaker");
	return hints;
}
