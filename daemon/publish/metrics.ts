/**
 * All figures as metrics. Names of earlier versions where they had them (autonomy_member_*, autonomy_interface_health_score,
 * autonomy_failover_events_total ...); beside those in ms and % the same in base units. Pure.
 */
import type { Reply } from "../../contract/api.ts";
import type { Metric, Series } from "./exposition.ts";
import type { Counters, Source } from "./source.ts";

type Member = Reply<"members">["members"][number];

const MAX_MEMBERS = 64;
const STATES = [
	"absent",
	"disabled",
	"offline",
	"warm_up",
	"eligible",
	"suspect",
	"failing",
	"down",
	"hold_down",
	"draining",
];
const SWITCHES = ["failover", "failback", "better", "predictive", "manual", "restore"];

export function metricsOf(source: Source, counters: Counters): readonly Metric[] {
	const members = source.members().members.slice(0, MAX_MEMBERS);
	return [...memberMetrics(members, counters), ...usageMetrics(source.usage()), ...daemonMetrics(source, counters)];
}

function labelsOf(member: Member): Record<string, string> {
	return { member: member.name, class: member.class, interface: member.iface ?? member.name };
}

type Read = (member: Member) => Series["value"];

function memberMetrics(members: readonly Member[], counters: Counters): Metric[] {
	const gauge = (name: string, help: string, read: Read): Metric => ({
		name: `autonomy_${name}`,
		type: "gauge",
		help,
		series: members.map((member) => ({ labels: labelsOf(member), value: read(member) })),
	});
	const counter = (name: string, help: string, read: Read): Metric => ({ ...gauge(name, help, read), type: "counter" });
	const ratio = (pct: number | null | undefined): number | null => (pct == null ? null : pct / 100);
	const seconds = (ms: number | null | undefined): number | null => (ms == null ? null : ms / 1000);
	return [
		gauge("interface_health_score", "Score of the uplink, 0-100", ({ score }) => score?.final),
		gauge(
			"member_score",
			"Score of the uplink, 0-100 (the same as autonomy_interface_health_score)",
			({ score }) => score?.final,
		),
		gauge("member_latency_ms", "Round trip time in milliseconds", ({ metrics }) => metrics.lat_ms),
		gauge("member_latency_seconds", "Round trip time", ({ metrics }) => seconds(metrics.lat_ms)),
		gauge("member_jitter_seconds", "Change between round trip times", ({ metrics }) => seconds(metrics.jitter_ms)),
		gauge("member_loss_percent", "Packet loss, 0-100", ({ metrics }) => metrics.loss_pct),
		gauge("member_loss_ratio", "Packet loss, 0-1", ({ metrics }) => ratio(metrics.loss_pct)),
		gauge(
			"member_signal_dbm",
			"Signal of the radio: RSRP of a modem, else that of Wi-Fi",
			({ metrics }) => metrics.rsrp ?? metrics.signal_dbm,
		),
		gauge(
			"member_obstruction_percent",
			"Blocked part of the dish's view, 0-100",
			({ metrics }) => metrics.obstruction_pct,
		),
		gauge("member_receive_bytes_per_second", "Received through the interface", ({ metrics }) => metrics.rx_bytes_per_s),
		gauge("member_transmit_bytes_per_second", "Sent through the interface", ({ metrics }) => metrics.tx_bytes_per_s),
		gauge("member_eligible", "1 while it may carry traffic", ({ eligible }) => eligible),
		gauge("member_primary", "1 for the uplink that carries new traffic", ({ primary }) => primary),
		gauge("member_state_seconds", "How long it has been in its state", ({ state_since_s }) => state_since_s),
		counter(
			"member_outages_total",
			"How often it went down since the daemon started",
			({ name }) => counters.downs.get(name) ?? 0,
		),
		counter(
			"member_switches_total",
			"How often traffic left it since the daemon started",
			({ name }) => counters.left.get(name) ?? 0,
		),
		{
			name: "autonomy_member_status",
			type: "gauge",
			help: "1 for the state the uplink is in",
			series: members.flatMap((member) =>
				STATES.map((state) => ({ labels: { member: member.name, state }, value: member.state === state })),
			),
		},
		{
			name: "autonomy_member_probe_bytes",
			type: "gauge",
			help: "Bytes spent on probes within the last 24 hours",
			series: members.map((member) => ({ labels: labelsOf(member), value: member.probe?.bytes_today })),
		},
		{
			name: "autonomy_sensor_up",
			type: "gauge",
			help: "1 while a source of facts about the uplink answers; none for those that do not exist",
			series: members.flatMap((member) =>
				member.sensors
					.filter(({ state }) => state !== "absent")
					.map(({ sensor, state }) => ({ labels: { member: member.name, sensor }, value: state === "ok" })),
			),
		},
	];
}

function usageMetrics({ usage }: Reply<"data_usage">): Metric[] {
	const all = Object.entries(usage).slice(0, MAX_MEMBERS);
	return [
		{
			name: "autonomy_data_used_bytes",
			type: "gauge",
			help: "Used of the data plan, without one in this month",
			series: all.map(([member, use]) => ({ labels: { member }, value: use.used_bytes })),
		},
		{
			name: "autonomy_data_limit_bytes",
			type: "gauge",
			help: "The data plan",
			series: all.map(([member, use]) => ({ labels: { member }, value: use.limit_bytes })),
		},
	];
}

function daemonMetrics(source: Source, counters: Counters): Metric[] {
	const status = source.status();
	const info = source.info();
	const { alerts } = source.alerts();
	const { channels } = source.channels();
	const one = (name: string, type: Metric["type"], help: string, value: Series["value"]): Metric => ({
		name: `autonomy_${name}`,
		type,
		help,
		series: [{ labels: {}, value }],
	});
	const by = (
		name: string,
		type: Metric["type"],
		help: string,
		label: string,
		values: Iterable<readonly [string, number]>,
	): Metric => ({
		name: `autonomy_${name}`,
		type,
		help,
		series: [...values].map(([key, value]) => ({ labels: { [label]: key }, value })),
	});
	const levels = ["info", "warning", "critical", "emergency"];
	return [
		one("online", "gauge", "1 while an uplink works", status.state !== "offline" && status.state !== "starting"),
		by(
			"failover_events_total",
			"counter",
			"Switches of the traffic since the daemon started",
			"kind",
			SWITCHES.map((kind) => [kind, counters.switches.get(kind) ?? 0]),
		),
		by("predictive_failover_total", "counter", "Switches before the uplink failed", "reason", counters.predictive),
		one("steering_in_force", "gauge", "1 while the network is as decided", status.steering.in_force),
		one("telemetry_samples", "gauge", "Samples on record", info.record.samples),
		one("telemetry_events", "gauge", "Events on record", info.record.events),
		one(
			"telemetry_memory_bytes",
			"gauge",
			"Memory of the record",
			info.record.samples_bytes + info.record.inputs_bytes,
		),
		one("daemon_events_total", "counter", "Events since the daemon started", counters.events),
		one("daemon_uptime_seconds", "gauge", "Since the daemon started", status.uptime_s),
		one("daemon_resident_memory_bytes", "gauge", "Memory of the daemon in RAM", info.memory.rss_bytes),
		one("daemon_processes_started_total", "counter", "Programs the daemon has started", info.started_processes),
		{
			name: "autonomy_daemon_version_info",
			type: "gauge",
			help: "Always 1; the version is a label",
			series: [{ labels: { version: info.version, runtime: info.runtime }, value: 1 }],
		},
		by(
			"alerts",
			"gauge",
			"Alerts that hold and nobody has acknowledged",
			"level",
			levels.map((level) => [
				level,
				alerts.filter((alert) => alert.level === level && alert.state === "active").length,
			]),
		),
		by(
			"notifications_sent_total",
			"counter",
			"Messages taken by a channel",
			"channel",
			channels.map(({ name, sent }) => [name, sent]),
		),
		by(
			"notifications_queued",
			"gauge",
			"Messages that wait for a channel",
			"channel",
			channels.map(({ name, queued }) => [name, queued]),
		),
	];
}
