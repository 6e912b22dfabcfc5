/** Alerts and their channels for the terminal. Pure. */
import type { Reply } from "../../../contract/api.ts";
import { type TextStyle, type Tone, tableLines, tint, wrap } from "./layout.ts";
import { clockTime, span } from "./words.ts";

type Alert = Reply<"alerts">["alerts"][number];

const TONES: Readonly<Record<Alert["level"], Tone>> = {
	info: "dim",
	warning: "warn",
	critical: "bad",
	emergency: "bad",
};

export function alertsText(
	now: Reply<"alerts">,
	past: Reply<"alert_history">,
	nowUnixMs: number,
	style: TextStyle,
): string[] {
	const lines: string[] = [];
	if (now.alerts.length === 0) lines.push("Nothing is wrong.");
	for (const alert of now.alerts) {
		const by = alert.state === "acknowledged" ? `, acknowledged by ${alert.acknowledged_by ?? "somebody"}` : "";
		const times = alert.count > 1 ? `, ${alert.count} times` : "";
		const since = span((nowUnixMs - alert.ts) / 1000);
		const head = `${alert.id}  ${alert.level.toUpperCase()}  ${alert.title}, for ${since}${times}${by}`;
		lines.push(...wrap(head, style).map((line) => tint(line, by === "" ? TONES[alert.level] : "dim", style)));
		lines.push(...wrap(alert.text, style, "    "));
	}
	if (now.summary.active > 0) lines.push("", "autonomyctl ack ID (or all): you take care of it");
	if (past.alerts.length === 0) return lines;
	const rows = past.alerts.map((alert) => [
		{ text: clockTime(alert.ts, nowUnixMs) },
		{ text: span(((alert.cleared_unix_ms ?? alert.ts) - alert.ts) / 1000) },
		{ text: alert.level, tone: TONES[alert.level] },
		{ text: alert.title },
		{ text: alert.text },
	]);
	const columns = [
		{ title: "BEGAN" },
		{ title: "LASTED", right: true },
		{ title: "LEVEL", optional: 1 },
		{ title: "WHAT", flexible: true },
		{ title: "WHY", flexible: true },
	];
	return [...lines, "", ...tableLines(columns, rows, style)];
}

export function notificationsText(status: Reply<"notification_status">, style: TextStyle): string[] {
	if (!status.enabled) {
		return wrap(
			"Nobody is told of alerts: no channel is switched on. Set option enabled '1' in one of the sections pushover, \
email, slack, discord, telegram, pagerduty, webhook or sms of /etc/config/autonomy.",
			style,
		);
	}
	const tone = { ok: "good", waiting: "warn", failing: "bad", settings: "bad" } as const;
	const rows = status.channels.map((one) => [
		{ text: one.name, tone: "strong" as const },
		{ text: one.state, tone: tone[one.state] },
		{ text: String(one.sent) },
		{ text: String(one.queued) },
		{ text: one.text },
	]);
	const columns = [
		{ title: "CHANNEL" },
		{ title: "STATE" },
		{ title: "SENT", right: true, optional: 1 },
		{ title: "WAIT", right: true },
		{ title: "", flexible: true },
	];
	const hush = {
		quiet_hours: "Quiet hours: only emergencies are told now.",
		maintenance: "Maintenance: only emergencies are told now.",
	};
	const held = status.rate_limit_status.held;
	const words = [
		...(status.hush == null ? [] : [hush[status.hush]]),
		...(held === 0 ? [] : [`${held} ${held === 1 ? "notice waits" : "notices wait"} for the next message.`]),
	];
	return [
		...tableLines(columns, rows, style),
		...(words.length === 0 ? [] : ["", ...words.flatMap((one) => wrap(one, style))]),
	];
}
