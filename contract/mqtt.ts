/**
 * What is sent over MQTT, declared once: topics below <topic_prefix>/<name of the router>/ with their payloads, and the
 * commands taken there. daemon/publish encodes by it; docs/reference/mqtt.schema.json is made from it. What is not known is
 * left out.
 */
import { ALERT } from "./api-alerts.ts";
import { double, type Fields, flag, int32, int64, list, maybe, oneOf, text } from "./api-schema.ts";

export interface TopicSpec {
	readonly help: string;
	/** Stays at the broker (if option retain is on). */
	readonly retained: boolean;
	/** Null: always this; configured: option qos. */
	readonly qos: 0 | 1 | "configured";
	readonly payload: Fields;
}

const TS = int64("ms since 1970", "when, by the router's clock");

export const TOPICS = {
	state: {
		help: "Which uplink carries the traffic; at once when it changes, and every 30 s.",
		retained: true,
		qos: 0,
		payload: {
			ts: TS,
			state: oneOf(["primary", "backup", "degraded", "offline", "starting"], "as in the ubus method status"),
			online: flag("an uplink works"),
			current: maybe(text("uplink that carries new traffic")),
			pinned: text("uplink of a manual failover that holds, else auto"),
			held: flag("no automatic switches"),
			text: text("the same in one sentence"),
			alerts: int32("", "alerts nobody has acknowledged"),
		},
	},
	"uplinks/<name>": {
		help: "One uplink; at once when its state changes, and every 30 s.",
		retained: true,
		qos: 0,
		payload: {
			ts: TS,
			name: text("uplink"),
			class: oneOf(["starlink", "cellular", "wifi", "lan", "other"], "kind of link"),
			state: text("state of the uplink (docs/decisions.md)"),
			reason: text("why it is in this state"),
			eligible: flag("may carry traffic"),
			primary: flag("carries new traffic"),
			score: maybe(double("points", "0-100")),
			rtt_ms: maybe(double("ms", "round trip time")),
			loss_pct: maybe(double("%", "packet loss")),
			jitter_ms: maybe(double("ms", "change between round trip times")),
			signal_dbm: maybe(double("dBm", "RSRP of a modem, else the signal of Wi-Fi")),
			obstruction_pct: maybe(double("%", "of the dish's view")),
			risk_pct: maybe(double("%", "risk of failing soon, where it is known")),
			usage_pct: maybe(double("%", "of the data plan")),
			rx_bytes_per_s: maybe(double("bytes/s", "received")),
			tx_bytes_per_s: maybe(double("bytes/s", "sent")),
		},
	},
	decisions: {
		help: "Something was decided.",
		retained: false,
		qos: "configured",
		payload: {
			id: text("number of the decision"),
			ts: TS,
			kind: text("kind of decision"),
			rule: text("the rule that fired"),
			from: maybe(text("uplink before")),
			to: maybe(text("uplink after")),
			text: text("what was decided and why"),
			observed: flag("nothing was touched"),
		},
	},
	events: {
		help: "Something happened.",
		retained: false,
		qos: "configured",
		payload: {
			id: text("number of the event"),
			ts: TS,
			type: text("what happened"),
			name: maybe(text("uplink")),
			from: maybe(text("before")),
			to: maybe(text("after")),
			reason: text("why"),
		},
	},
	alerts: {
		help: "A step in the life of an alert.",
		retained: false,
		qos: "configured",
		payload: {
			...ALERT,
			change: oneOf(["raised", "repeated", "escalated", "unacknowledged", "acknowledged", "cleared"], "the step"),
		},
	},
	health: {
		help: "Whether the daemon itself is well, every 30 s.",
		retained: true,
		qos: 0,
		payload: {
			ts: TS,
			status: oneOf(["ok", "degraded"], "degraded: some part works by a fallback or not at all"),
			version: text("of the daemon"),
			uptime_s: int64("s", "since the daemon started"),
			rss_bytes: int64("bytes", "memory"),
			problems: list("what does not work", text("one problem")),
		},
	},
	"command/result": {
		help: "What came of a command.",
		retained: false,
		qos: 1,
		payload: { ts: TS, name: text("command"), ok: flag("done"), text: text("in words") },
	},
} as const satisfies Readonly<Record<string, TopicSpec>>;

export type TopicName = keyof typeof TOPICS;

/** online or offline, retained; offline is also what the broker sends when the router is gone. */
export const AVAILABILITY = "availability";

/**
 * Below command/: the payload is JSON {"uplink": "wan", "for_s": 600}, or the name of the uplink alone, or empty. pin takes
 * the name of an uplink, or auto.
 */
export const COMMANDS = ["failover", "restore", "hold", "release", "recheck", "pin"] as const;

export type MqttCommand = (typeof COMMANDS)[number];
