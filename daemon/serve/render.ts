/** render: a view as text. Asks the same handlers as everybody else, so the terminal never knows more than the API tells. */
import { API, type CallArgs, type MethodName, type Reply } from "../../contract/api.ts";
import { AutonomyError } from "../platform/error.ts";
import type { Handlers } from "./deps.ts";
import { healthText, infoText } from "./text/about-text.ts";
import { alertsText, notificationsText } from "./text/alerts-text.ts";
import { cellularAnalysisText, cellularText } from "./text/cellular-text.ts";
import { configDiffText, configText } from "./text/config-text.ts";
import { eventsText, explainText } from "./text/events-text.ts";
import { forecastText } from "./text/forecast-text.ts";
import { gpsText } from "./text/gps-text.ts";
import { historyText, metricsText } from "./text/history-text.ts";
import type { TextStyle } from "./text/layout.ts";
import { reportText } from "./text/report-text.ts";
import { skyText } from "./text/sky-text.ts";
import { starlinkText } from "./text/starlink-text.ts";
import { membersText, statusText } from "./text/status-text.ts";
import { usageText } from "./text/usage-text.ts";
import { whatIfText } from "./text/what-if-text.ts";
import { wifiText } from "./text/wifi-text.ts";

type RenderArgs = CallArgs<"render">;

export async function renderReply(handlers: Handlers, nowUnixMs: number, args: RenderArgs): Promise<Reply<"render">> {
	const style: TextStyle = { width: args.width, color: args.color };
	const lines = await linesOf(handlers, nowUnixMs, args, style);
	return { ok: true, text: bounded(lines) };
}

/** The CLI hands the reply to jsonfilter as one argument, and Linux takes no more than 128 KiB there. */
const MAX_TEXT = 40_000;

function bounded(lines: readonly string[]): string {
	const kept: string[] = [];
	let length = 0;
	for (const line of lines) {
		length += line.length + 1;
		if (length > MAX_TEXT) {
			kept.push(`... ${lines.length - kept.length} more lines; ask for less, or for JSON (-j)`);
			break;
		}
		kept.push(line);
	}
	return `${kept.join("\n")}\n`;
}

async function linesOf(handlers: Handlers, nowUnixMs: number, args: RenderArgs, style: TextStyle): Promise<string[]> {
	const since_s = args.since_s;
	switch (args.view) {
		case "status":
			return statusText(await handlers.status({}), nowUnixMs, style);
		case "members":
			return membersText(await handlers.members({}), style);
		case "metrics":
			return metricsText(
				await handlers.metrics({
					name: nameOf(args),
					since_s: since_s ?? defaultOf("metrics", "since_s"),
					limit: args.limit ?? 20,
				}),
				nowUnixMs,
				style,
			);
		case "history": {
			const points = Math.max(10, Math.min(120, style.width - 40));
			const asked = { name: nameOf(args), since_s: since_s ?? defaultOf("history", "since_s"), points };
			return historyText(await handlers.history(asked), points, nowUnixMs, style);
		}
		case "events":
			return eventsText(await handlers.events({ limit: args.limit ?? 20, type: args.type }), nowUnixMs, style);
		case "explain":
			return explainText(await handlers.explain({ id: args.id }), style);
		case "what_if":
			return whatIfText(
				await handlers.what_if({
					overrides: args.overrides ?? {},
					since_s: since_s ?? defaultOf("what_if", "since_s"),
				}),
				nowUnixMs,
				style,
			);
		case "config":
			return configText(await handlers["config.get"]({}), style);
		case "config_diff":
			return configDiffText(await handlers["config.get"]({}), style);
		case "health":
			return healthText(await handlers.health({}), style);
		case "starlink":
			return starlinkText(
				await handlers.starlink_status({}),
				await handlers.starlink_diagnostics({ interface: undefined }),
				style,
			);
		case "starlink_map":
			return skyText(await handlers.obstruction_map({ interface: args.name }), style);
		case "cellular":
			if (args.name === undefined && since_s === undefined)
				return cellularText(await handlers.cellular_status({}), style);
			return cellularAnalysisText(
				await handlers.cellular_analysis({
					interface: args.name,
					window_minutes: Math.max(1, Math.min(60, Math.round((since_s ?? 600) / 60))),
				}),
				style,
			);
		case "wifi":
			return wifiText(await handlers.wifi_status({}), style);
		case "usage":
			return usageText(await handlers.data_usage({ interface: args.name }), style);
		case "forecast":
			return forecastText(await handlers.forecast({ interface: args.name }), style);
		case "gps":
			return gpsText(await handlers.gps({}), await handlers.gps_status({}), style);
		case "alerts":
			return alertsText(
				await handlers.alerts({}),
				await handlers.alert_history({ limit: Math.min(200, args.limit ?? 10) }),
				nowUnixMs,
				style,
			);
		case "notifications":
			return notificationsText(await handlers.notification_status({}), style);
		case "report":
			return reportText(await handlers.report({ period: args.period ?? "daily", format: "json" }), style);
		case "info":
			return infoText(await handlers.info({}), nowUnixMs, style);
	}
}

function nameOf(args: RenderArgs): string {
	if (args.name === undefined) {
		throw new AutonomyError("bad_argument", `${args.view} needs the name of an uplink`);
	}
	return args.name;
}

function defaultOf<M extends MethodName>(method: M, arg: keyof (typeof API)[M]["args"] & string): number {
	const spec: { readonly default?: unknown } | undefined = (API[method].args as Readonly<Record<string, object>>)[arg];
	return typeof spec?.default === "number" ? spec.default : 0;
}
