/** alerts, alert_history, alert_ack, notification_status, send_test_notification; and the notification `alert`. */

import type { CallArgs, Notification, Reply } from "../../contract/api.ts";
import { ALERT_KINDS, ALERT_LEVELS } from "../../contract/options-alerts.ts";
import { AutonomyError } from "../platform/error.ts";
import type { AlertView } from "./alert-access.ts";
import type { ServeDeps } from "./deps.ts";

type AlertReply = Reply<"alerts">["alerts"][number];

export function alertReply(alert: AlertView, unixMs: (atMs: number) => number): AlertReply {
	return {
		id: alert.id,
		kind: alert.kind,
		level: alert.level,
		state: alert.state,
		name: alert.uplink,
		title: ALERT_KINDS[alert.kind].title,
		text: alert.text,
		ts: unixMs(alert.raisedAtMs),
		changed_unix_ms: unixMs(alert.changedAtMs),
		cleared_unix_ms: alert.clearedAtMs === null ? null : unixMs(alert.clearedAtMs),
		acknowledged_by: alert.acknowledgedBy,
		count: alert.count,
	};
}

export function alertNotification(
	change: Notification<"alert">["change"],
	alert: AlertView,
	unixMs: (atMs: number) => number,
): Notification<"alert"> {
	return { ...alertReply(alert, unixMs), change };
}

export function alertsReply(deps: ServeDeps): Reply<"alerts"> {
	const rank = ({ state, level }: AlertView): number => (state === "active" ? 10 : 0) + ALERT_LEVELS.indexOf(level);
	const alerts = [...deps.alerts.active()].sort((a, b) => rank(b) - rank(a) || b.changedAtMs - a.changedAtMs);
	const open = alerts.filter((one) => one.state === "active");
	const highest = Math.max(-1, ...open.map((one) => ALERT_LEVELS.indexOf(one.level)));
	return {
		ts: deps.platform.clock.wallMs(),
		alerts: alerts.map((one) => alertReply(one, deps.recorder.toUnixMs)),
		summary: { active: open.length, acknowledged: alerts.length - open.length, highest: ALERT_LEVELS[highest] ?? null },
	};
}

export function alertHistoryReply(deps: ServeDeps, args: CallArgs<"alert_history">): Reply<"alert_history"> {
	return { alerts: deps.alerts.history(args.limit).map((one) => alertReply(one, deps.recorder.toUnixMs)) };
}

export function alertAckReply(deps: ServeDeps, { id }: CallArgs<"alert_ack">): Reply<"alert_ack"> {
	const known = deps.alerts.active().find((one) => one.id === id);
	if (id !== "all" && known === undefined) {
		throw new AutonomyError("not_found", `no alert ${id} holds; 'autonomyctl alerts' lists those that do`);
	}
	const count = deps.alerts.acknowledge(id, "ubus");
	const words = count === 1 ? "1 alert is acknowledged" : `${count} alerts are acknowledged`;
	return { ok: true, text: count === 0 ? "nothing to acknowledge" : words };
}

export function notificationStatusReply(deps: ServeDeps): Reply<"notification_status"> {
	const { channels, hush, waiting, limited } = deps.alerts.status();
	const unixMs = (atMs: number | null): number | null => (atMs === null ? null : deps.recorder.toUnixMs(atMs));
	const now = deps.platform.clock.monotonicMs();
	return {
		enabled: channels.length > 0,
		hush,
		channels: channels.map((one) => ({
			name: one.name,
			state: one.state,
			text: one.text,
			queued: one.queued,
			sent: one.sent,
			failed: one.failed,
			last_ok_unix_ms: unixMs(one.lastOkMs),
			last_error: one.lastError,
			last_error_unix_ms: unixMs(one.lastErrorMs),
			next_try_s: one.nextTryMs === null ? null : Math.max(0, Math.ceil((one.nextTryMs - now) / 1000)),
		})),
		rate_limit_status: { is_limited: limited > 0, held: waiting },
		queue_status: { pending_count: channels.reduce((sum, one) => sum + one.queued, 0) },
	};
}

export function testReply(
	deps: ServeDeps,
	{ channel, message, priority }: CallArgs<"send_test_notification">,
): Reply<"send_test_notification"> {
	const channels = deps.alerts.test(channel ?? null, message, priority);
	const names = channels.flatMap((one) => (one.missing ? [] : [one.name]));
	const text = `on its way by ${names.join(", ")}; notification_status tells how it went`;
	const troubles = channels.flatMap((one) => (one.state === "ok" ? [] : [`${one.name}: ${one.text}`]));
	return { ok: true, text: troubles.length === 0 ? text : `${text}; until now ${troubles.join("; ")}` };
}
