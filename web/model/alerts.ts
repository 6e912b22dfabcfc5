/** Alerts and channels in words: how urgent, what, since when; how each channel is. Pure. */
import type { Reply } from "../../contract/api.ts";
import { duration, number } from "../format.ts";
import { say } from "../say.ts";
import { told, toldOf } from "../told.ts";
import type { Tone } from "../words.ts";

export type Alert = Reply<"alerts">["alerts"][number];
export type AlertLevel = Alert["level"];
export type Channel = Reply<"notification_status">["channels"][number];
export type ChannelName = Channel["name"];

export function levelWord(level: AlertLevel): string {
	const words: Readonly<Record<AlertLevel, string>> = {
		info: _("info"),
		warning: _("warning"),
		critical: _("critical"),
		emergency: _("emergency"),
	};
	return words[level] ?? level;
}

export function levelTone(level: AlertLevel): Tone {
	return level === "info" ? "off" : level === "warning" ? "warn" : "bad";
}

export interface AlertRow {
	readonly id: string;
	readonly tone: Tone;
	readonly level: string;
	/** What it is, and which uplink. */
	readonly title: string;
	readonly text: string;
	readonly atUnixMs: number;
	/** How long it held, how often it was raised, who takes care of it; what applies. */
	readonly notes: readonly string[];
	/** Nobody takes care of it yet. */
	readonly open: boolean;
}

export function alertRow(alert: Alert): AlertRow {
	const { id, level, name, title, ts, count, state, cleared_unix_ms: ended, acknowledged_by: by } = alert;
	const notes = [
		typeof ended === "number" ? say(_("lasted {time}"), { time: duration((ended - ts) / 1000) }) : "",
		count > 1 ? say(_("{count} times"), { count: number(count) }) : "",
		by ? say(_("acknowledged by {who}"), { who: by === "ubus" ? _("somebody at the router") : by }) : "",
	];
	return {
		id,
		tone: state === "active" ? levelTone(level) : "off",
		level: levelWord(level),
		title: name ? `${_(title)}: ${name}` : _(title),
		text: toldOf(name, alert.text),
		atUnixMs: ts,
		notes: notes.filter((note) => note !== ""),
		open: state === "active",
	};
}

export function channelTitle(name: ChannelName): string {
	const words: Readonly<Record<string, string>> = {
		pushover: "Pushover",
		email: _("E-mail"),
		slack: "Slack",
		discord: "Discord",
		telegram: "Telegram",
		pagerduty: "PagerDuty",
		webhook: "Webhook",
		push: _("Notifications of the phone app"),
		sms: "SMS",
	};
	return words[name] ?? name;
}

export interface ChannelRow {
	readonly title: string;
	readonly tone: Tone;
	readonly state: string;
	readonly text: string;
	/** How much waits and was refused; empty when nothing. */
	readonly notes: string;
}

export function channelRow(channel: Channel): ChannelRow {
	const { name, state, text, queued, failed } = channel;
	const states: Readonly<Record<Channel["state"], readonly [Tone, string]>> = {
		ok: ["good", _("well")],
		waiting: ["warn", _("waiting")],
		failing: ["bad", _("failing")],
		settings: ["bad", _("needs settings")],
	};
	const [tone, word] = states[state] ?? ["off", state];
	const notes = [
		queued > 0 ? say(_("{count} waiting"), { count: number(queued) }) : "",
		failed > 0 ? say(_("{count} refused for good"), { count: number(failed) }) : "",
	];
	return { title: channelTitle(name), tone, state: word, text: told(text), notes: notes.filter(Boolean).join(", ") };
}

/** How a test message went, once it is known; null: it is still on its way. */
export function testOutcome(
	before: Channel | undefined,
	now: Channel | undefined,
): { ok: boolean; text: string } | null {
	if (now === undefined) return { ok: false, text: _("The channel is switched off.") };
	if (now.sent > (before?.sent ?? 0)) return { ok: true, text: _("The message was taken.") };
	const failedAgain = now.last_error_unix_ms !== before?.last_error_unix_ms || now.failed > (before?.failed ?? 0);
	if (now.state === "settings" || failedAgain) {
		return { ok: false, text: say(_("Not sent: {why}"), { why: told(now.last_error ?? now.text) }) };
	}
	return null;
}
