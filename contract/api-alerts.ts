/** Methods of the object `autonomy` about alerts and who is told of them; part of api.ts. */

import { flag, int32, int64, list, type MethodSpec, maybe, oneOf, table, text } from "./api-schema.ts";
import { ALERT_KINDS, ALERT_LEVELS, type AlertKindName } from "./options-alerts.ts";

export const CHANNEL_NAMES = [
	"pushover",
	"email",
	"slack",
	"discord",
	"telegram",
	"pagerduty",
	"webhook",
	"sms",
	"push",
] as const;

/** Phones and browsers that are told of alerts, at most. */
export const MOST_PUSH = 16;

const KIND_NAMES = Object.keys(ALERT_KINDS) as readonly AlertKindName[];

export const ALERT = {
	id: text("number of the alert, since the router started"),
	kind: oneOf(KIND_NAMES, "what it is about (docs/alerts.md)"),
	level: oneOf(ALERT_LEVELS, "how urgent it is"),
	state: oneOf(["active", "acknowledged", "cleared"], "acknowledged: somebody takes care of it"),
	name: maybe(text("the uplink it is about")),
	title: text("in few words"),
	text: text("what is wrong"),
	ts: int64("ms since 1970", "when it began"),
	changed_unix_ms: int64("ms since 1970", "last step of its life"),
	cleared_unix_ms: maybe(int64("ms since 1970", "when it ended")),
	acknowledged_by: maybe(text("ubus, or the channel it came by")),
	count: int32("", "how often it was raised while it held"),
} as const;

const ANSWER = {
	ok: flag("done"),
	text: text("what was done, or why not, in words"),
	code: maybe(text("why not: refused, not_found, rate_limited, bad_argument, ...")),
} as const;

export const ALERT_METHODS = {
	alerts: {
		help: "What is wrong now, the most urgent first.",
		rights: "read",
		args: {},
		errors: [],
		reply: {
			ts: int64("ms since 1970", "now"),
			alerts: list("alerts that hold", table("one alert", ALERT)),
			summary: table("all together", {
				active: int32("", "nobody has acknowledged them"),
				acknowledged: int32("", "somebody has"),
				highest: maybe(oneOf(ALERT_LEVELS, "the most urgent of the first")),
			}),
		},
	},
	alert_history: {
		help: "Alerts that are over, newest first; a restart of the daemon keeps the last 50, one of the router none.",
		rights: "read",
		args: { limit: { type: "int32", min: 1, max: 200, default: 50, help: "at most so many" } },
		errors: [],
		reply: { alerts: list("alerts", table("one alert", ALERT)) },
	},
	alert_ack: {
		help: "Acknowledges an alert: it is not told again until it gets worse.",
		rights: "write",
		args: { id: { type: "string", min: 1, max: 20, default: "all", help: "number of the alert, or all" } },
		errors: [],
		reply: ANSWER,
	},
	notification_status: {
		help: "Which channels are switched on, and how each of them is.",
		rights: "read",
		args: {},
		errors: [],
		reply: {
			enabled: flag("at least one channel is"),
			hush: maybe(oneOf(["quiet_hours", "maintenance"], "why only emergencies are told now")),
			channels: list(
				"those switched on",
				table("one channel", {
					name: oneOf(CHANNEL_NAMES, "channel"),
					state: oneOf(["ok", "waiting", "failing", "settings"], "settings: somebody must change something"),
					text: text("in words, with its last error"),
					queued: int32("", "messages that wait"),
					sent: int32("", "since the daemon started"),
					failed: int32("", "refused for good"),
					last_ok_unix_ms: maybe(int64("ms since 1970", "last message taken")),
					last_error: maybe(text("in words; without secrets")),
					last_error_unix_ms: maybe(int64("ms since 1970", "when")),
					next_try_s: maybe(int32("s", "until it is tried again")),
				}),
			),
			rate_limit_status: table("hourly limits and quiet hours", {
				is_limited: flag("messages wait because there were too many"),
				held: int32("", "notices that wait for the next message"),
			}),
			queue_status: table("all channels together", { pending_count: int32("", "messages that wait") }),
		},
	},
	push_status: {
		help: "Web push: whether this router can, and which phones and browsers are told.",
		rights: "read",
		args: {},
		errors: [],
		reply: {
			available: flag("this router can send it"),
			enabled: flag("the channel is switched on"),
			text: text("in words, with what to do"),
			subscriptions: list(
				"oldest first",
				table("one phone or browser", {
					label: text("as it called itself"),
					tail: text("end of its address, by which it knows itself"),
					since_unix_ms: int64("ms since 1970", "when it was added"),
				}),
			),
		},
	},
	push_key: {
		help: "The public key that browsers want before they subscribe (VAPID); made by the first call and kept.",
		rights: "write",
		args: {},
		errors: ["tool_missing: the engine the daemon runs on cannot"],
		reply: { ...ANSWER, public_key: maybe(text("P-256 point, base64url")) },
	},
	push_subscribe: {
		help: "Tells a phone or browser of alerts from now on; with a known endpoint its keys are renewed.",
		rights: "write",
		args: {
			endpoint: { type: "string", required: true, min: 10, max: 1024, help: "https address of its push service" },
			p256dh: { type: "string", required: true, min: 87, max: 88, help: "its public key, base64url" },
			auth: { type: "string", required: true, min: 22, max: 24, help: "its secret, base64url" },
			label: { type: "string", max: 64, default: "", help: "what it is called in push_status" },
		},
		errors: [],
		reply: ANSWER,
	},
	push_unsubscribe: {
		help: "Tells it no more.",
		rights: "write",
		args: { endpoint: { type: "string", required: true, min: 4, max: 1024, help: "its address, or the end of it" } },
		errors: [],
		reply: ANSWER,
	},
	send_test_notification: {
		help: "Sends a test message at once, by one channel or by all that are switched on; it is tried once and not kept.",
		rights: "write",
		args: {
			channel: { type: "string", values: CHANNEL_NAMES, help: "which; absent: all" },
			message: { type: "string", max: 200, default: "This is a test of autonomy.", help: "what it says" },
			priority: { type: "string", values: ALERT_LEVELS, default: "info", help: "as which level" },
		},
		errors: [],
		reply: ANSWER,
	},
} as const satisfies Readonly<Record<string, MethodSpec>>;
