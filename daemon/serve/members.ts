/** members: every uplink with what discovery, the engine and the prober know of it. */
import type { Reply } from "../../contract/api.ts";
import type { UplinkView } from "../decide/describe.ts";
import type { Uplink as EngineUplink } from "../decide/state.ts";
import type { Family } from "../health/types.ts";
import { FAMILIES } from "../health/types.ts";
import type { SensorStatus } from "../sense/senses.ts";
import type { Uplink } from "../uplink/types.ts";
import type { ProbeView, ServeDeps } from "./deps.ts";
import { riskOf } from "./risk.ts";
import { viewOf } from "./status.ts";

type Member = Reply<"members">["members"][number];

/** What is known of one uplink, by whoever knows it. */
interface Known {
	readonly atMs: number;
	readonly view: UplinkView;
	readonly engine: EngineUplink | undefined;
	readonly found: Uplink | undefined;
	readonly probe: ProbeView | undefined;
}

export function membersReply(deps: ServeDeps): Reply<"members"> {
	const { atMs, uplinks } = viewOf(deps);
	const engine = deps.engine().uplinks;
	const found = deps.discovered().uplinks;
	const probes = deps.probes();
	const known = uplinks.map((view) => ({
		atMs,
		view,
		engine: engine.find((one) => one.facts.id === view.id),
		found: found.find((one) => one.id === view.id),
		probe: probes.find((one) => one.uplink === view.id),
	}));
	return { members: known.map((one) => memberReply(deps, one)) };
}

function memberReply(deps: ServeDeps, { atMs, view, engine, found, probe }: Known): Member {
	const { value, instant, ewma, window } = view.score;
	const facts = engine?.facts;
	return {
		name: view.id,
		class: view.class,
		class_reason: found?.classReason,
		iface: (found?.ipv4 ?? found?.ipv6)?.interface,
		device: found?.device,
		proto: found?.proto,
		state: view.state,
		state_since_s: (atMs - view.sinceMs) / 1_000,
		reason: view.reason,
		eligible: view.eligible,
		primary: view.primary,
		why_not: view.whyNot,
		risk: riskOf(deps)(view.id),
		present: facts?.present ?? false,
		up: facts?.up ?? false,
		carrier: facts?.carrier,
		metered: facts?.metered ?? false,
		cap_reached: facts?.capReached === true,
		weight: facts?.weight ?? 0,
		held: view.held !== null,
		hold_down_s:
			view.holdDownUntilMs === null || view.holdDownUntilMs <= atMs ? null : (view.holdDownUntilMs - atMs) / 1_000,
		score: value === null ? null : { instant, ewma, window, final: value },
		breakdown: view.score.parts.map((part) => ({ ...part, points: -part.points })),
		metrics: { ...figuresOf(view, engine), ...latestTraffic(deps, view.id) },
		families: FAMILIES.flatMap((family) => familyReply(family, view, found)),
		probe: probe === undefined ? null : probeReply(probe),
		sensors: deps.sensors(view.id).map((one) => sensorReply(one, atMs)),
		last_update: view.lastProbeMs === null ? null : deps.recorder.toUnixMs(view.lastProbeMs),
	};
}

function figuresOf(view: UplinkView, engine: EngineUplink | undefined): Member["metrics"] {
	const sense = engine?.assessment.figures.sense ?? {};
	return {
		lat_ms: view.latencyMs,
		loss_pct: view.lossPct,
		jitter_ms: view.jitterMs,
		score: view.score.value,
		obstruction_pct: sense.obstruction_pct,
		rsrp: sense.rsrp_dbm,
		rsrq: sense.rsrq_db,
		sinr: sense.sinr_db,
		signal_dbm: sense.signal_dbm,
		outages: sense.outages,
		dish_drop_pct: sense.dish_drop_pct,
		dish_latency_ms: sense.dish_latency_ms,
		sky_blocked_pct: sense.sky_blocked_pct,
		noise_dbm: sense.noise_dbm,
		bitrate_mbps: sense.bitrate_mbps,
		retry_pct: sense.retry_pct,
		channel_busy_pct: sense.channel_busy_pct,
		link_mbps: sense.link_mbps,
		error_pct: sense.error_pct,
		usage_pct: sense.usage_pct,
	};
}

function probeReply(probe: ProbeView): NonNullable<Member["probe"]> {
	return {
		method: probe.method,
		interval_ms: probe.intervalMs,
		bytes_today: probe.bytesToday,
		budget_bytes: probe.budgetBytes,
		text: probe.text,
	};
}

function sensorReply({ sensor, why, cost, health }: SensorStatus, atMs: number): Member["sensors"][number] {
	const { state, text, sinceMs, nextTryMs } = health;
	return {
		sensor,
		state,
		text,
		why,
		cost,
		since_s: (atMs - sinceMs) / 1_000,
		next_try_s: nextTryMs === null ? null : Math.max(0, nextTryMs - atMs) / 1_000,
	};
}

/** Throughput as recorded within the last ten seconds; older says nothing about now. */
function latestTraffic(deps: ServeDeps, id: string): { rx_bytes_per_s?: number; tx_bytes_per_s?: number } {
	const nowMs = deps.platform.clock.monotonicMs();
	const sample = deps.recorder
		.samples(id, nowMs - 10_000, 5)
		?.findLast((one) => one.values.rx_bytes_per_s !== undefined);
	const { rx_bytes_per_s, tx_bytes_per_s } = sample?.values ?? {};
	return {
		...(rx_bytes_per_s === undefined ? {} : { rx_bytes_per_s }),
		...(tx_bytes_per_s === undefined ? {} : { tx_bytes_per_s }),
	};
}

function familyReply(family: Family, view: UplinkView, uplink: Uplink | undefined): Member["families"] {
	const link = uplink?.[family] ?? null;
	const reach = view.families.find((one) => one.family === family);
	if (link === null && reach === undefined) {
		return [];
	}
	return [
		{
			family,
			interface: link?.interface,
			address: link?.address,
			gateway: link?.gateway,
			verdict: reach?.verdict ?? "unknown",
			text: reach?.evidence?.text,
		},
	];
}
