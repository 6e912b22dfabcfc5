/** docs/reference/grafana-dashboard.json and prometheus-rules.json, for the metrics of daemon/publish/metrics.ts. */
import type { GeneratedFile } from "./generated-file.ts";

export function generateGrafana(): readonly GeneratedFile[] {
	return [
		{ path: "docs/reference/grafana-dashboard.json", text: `${JSON.stringify(dashboard(), null, "\t")}\n` },
		{ path: "docs/reference/prometheus-rules.json", text: `${JSON.stringify(rules(), null, "\t")}\n` },
	];
}

interface PanelSpec {
	readonly title: string;
	readonly type: "timeseries" | "stat" | "state-timeline";
	readonly unit: string;
	readonly width: number;
	readonly queries: readonly (readonly [expr: string, legend: string])[];
	/** What a stat shows: the value, or whose it is. */
	readonly shows?: "name";
	/** Words for the values 0 and 1. */
	readonly words?: readonly [string, string];
}

/** The routers chosen at the top of the dashboard. */
const ROUTER = '{instance=~"$router"}';

const PANELS: readonly PanelSpec[] = [
	{ title: "Internet", type: "stat", unit: "bool_on_off", width: 4, queries: [[`autonomy_online${ROUTER}`, "online"]] },
	{
		title: "Uplink in use",
		type: "stat",
		unit: "none",
		width: 8,
		shows: "name",
		queries: [[`autonomy_member_primary${ROUTER} == 1`, "{{member}}"]],
	},
	{
		title: "Open alerts",
		type: "stat",
		unit: "none",
		width: 6,
		queries: [[`sum by (level) (autonomy_alerts${ROUTER})`, "{{level}}"]],
	},
	{
		title: "Switches in 24 h",
		type: "stat",
		unit: "none",
		width: 6,
		queries: [[`sum by (kind) (increase(autonomy_failover_events_total${ROUTER}[24h]))`, "{{kind}}"]],
	},
	{
		title: "Score",
		type: "timeseries",
		unit: "none",
		width: 12,
		queries: [[`autonomy_interface_health_score${ROUTER}`, "{{member}}"]],
	},
	{
		title: "Round trip time",
		type: "timeseries",
		unit: "s",
		width: 12,
		queries: [[`autonomy_member_latency_seconds${ROUTER}`, "{{member}}"]],
	},
	{
		title: "Packet loss",
		type: "timeseries",
		unit: "percentunit",
		width: 12,
		queries: [[`autonomy_member_loss_ratio${ROUTER}`, "{{member}}"]],
	},
	{
		title: "Who carries the traffic",
		words: ["ready", "carries"],
		type: "state-timeline",
		unit: "none",
		width: 12,
		queries: [[`autonomy_member_primary${ROUTER}`, "{{member}}"]],
	},
	{
		title: "Throughput",
		type: "timeseries",
		unit: "Bps",
		width: 12,
		queries: [
			[`autonomy_member_receive_bytes_per_second${ROUTER}`, "{{member}} in"],
			[`-autonomy_member_transmit_bytes_per_second${ROUTER}`, "{{member}} out"],
		],
	},
	{
		title: "Signal",
		type: "timeseries",
		unit: "dBm",
		width: 6,
		queries: [[`autonomy_member_signal_dbm${ROUTER}`, "{{member}}"]],
	},
	{
		title: "Data plan",
		type: "timeseries",
		unit: "percentunit",
		width: 6,
		queries: [[`autonomy_data_used_bytes${ROUTER} / autonomy_data_limit_bytes${ROUTER}`, "{{member}}"]],
	},
	{
		title: "Memory of the daemon",
		type: "timeseries",
		unit: "bytes",
		width: 12,
		queries: [[`autonomy_daemon_resident_memory_bytes${ROUTER}`, "{{instance}}"]],
	},
	{
		title: "Messages that wait",
		type: "timeseries",
		unit: "none",
		width: 12,
		queries: [[`autonomy_notifications_queued${ROUTER}`, "{{channel}}"]],
	},
];

const HEIGHT = 8;
const COLUMNS = 24;

export function dashboard(): object {
	let x = 0;
	let y = 0;
	const datasource = { type: "prometheus", uid: `\${datasource}` };
	const panels = PANELS.map(({ title, type, unit, width, queries, shows, words }, index) => {
		if (x + width > COLUMNS) {
			x = 0;
			y += HEIGHT;
		}
		const gridPos = { h: HEIGHT, w: width, x, y };
		x += width;
		const targets = queries.map(([expr, legendFormat], at) => ({
			refId: String.fromCharCode(65 + at),
			expr,
			legendFormat,
			datasource,
			// What it was hours ago is no answer to what it is.
			...(type === "stat" ? { instant: true, range: false } : {}),
		}));
		const mappings =
			words === undefined
				? []
				: [{ type: "value", options: { 0: { index: 0, text: words[0] }, 1: { index: 1, text: words[1] } } }];
		return {
			id: index + 1,
			type,
			title,
			gridPos,
			datasource,
			targets,
			fieldConfig: { defaults: { unit, mappings }, overrides: [] },
			options:
				type === "stat"
					? { textMode: shows ?? "auto", reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false } }
					: {},
		};
	});
	const router = {
		name: "router",
		type: "query",
		label: "Router",
		datasource,
		query: { query: "label_values(autonomy_online, instance)", refId: "router" },
		refresh: 2,
		multi: true,
		includeAll: true,
		current: { selected: true, text: ["All"], value: ["$__all"] },
	};
	return {
		id: null,
		title: "autonomy",
		uid: "autonomy",
		schemaVersion: 39,
		version: 1,
		tags: ["autonomy"],
		refresh: "30s",
		time: { from: "now-6h", to: "now" },
		annotations: { list: [] },
		templating: {
			list: [{ name: "datasource", type: "datasource", query: "prometheus", label: "Prometheus" }, router],
		},
		panels,
	};
}

/** Thresholds of the earlier operations guide where it had them. */
export function rules(): object {
	const rule = (alert: string, expr: string, wait: string, severity: string, summary: string): object => ({
		alert,
		expr,
		for: wait,
		labels: { severity },
		annotations: { summary },
	});
	return {
		groups: [
			{
				name: "autonomy",
				rules: [
					rule(
						"AutonomyOffline",
						"autonomy_online == 0",
						"1m",
						"critical",
						"No uplink of {{ $labels.instance }} works",
					),
					rule("AutonomySilent", "absent(autonomy_online)", "10m", "warning", "No router sends figures"),
					rule(
						"AutonomyUplinkDown",
						'autonomy_member_status{state="down"} == 1',
						"5m",
						"critical",
						"{{ $labels.member }} is down",
					),
					rule(
						"AutonomyScoreLow",
						"autonomy_interface_health_score < 50",
						"2m",
						"warning",
						"{{ $labels.member }} is not well",
					),
					rule(
						"AutonomyLatencyHigh",
						"autonomy_member_latency_seconds > 0.2",
						"1m",
						"warning",
						"{{ $labels.member }} is slow",
					),
					rule(
						"AutonomyFlapping",
						'increase(autonomy_failover_events_total{kind="failover"}[1d]) > 10',
						"0m",
						"critical",
						"More than ten failovers within a day",
					),
					rule(
						"AutonomyDataPlan",
						"autonomy_data_used_bytes / autonomy_data_limit_bytes > 0.95",
						"0m",
						"warning",
						"The data plan of {{ $labels.member }} is nearly used up",
					),
					rule(
						"AutonomyNotInForce",
						"autonomy_steering_in_force == 0",
						"5m",
						"warning",
						"The network does not do what was decided",
					),
					rule(
						"AutonomyMessagesWait",
						"autonomy_notifications_queued > 0",
						"15m",
						"warning",
						"Alerts cannot leave by {{ $labels.channel }}",
					),
				],
			},
		],
	};
}
