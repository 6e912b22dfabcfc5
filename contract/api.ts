/**
 * The ubus object `autonomy`, declared once. Arguments, replies with their wire types, and who may call what; from here
 * come the checks and encoders of daemon/serve/, the access lists and docs/reference/ubus.md.
 *
 * Names of the earlier daemon are kept where they existed (lat_ms, ts, iface, final ...). Times called `ts` and those
 * ending in _unix_ms are ms since 1970 by the router's wall clock. What is not known is left out, never 0 or -1.
 */
import { ALERT, ALERT_METHODS } from "./api-alerts.ts";
import { CELLULAR_METHODS } from "./api-cellular.ts";
import { FORECAST_METHODS } from "./api-forecast.ts";
import { GPS_METHODS } from "./api-gps.ts";
import { PERIODS, REPORT_METHODS } from "./api-report.ts";
import {
	type ArgsOf,
	double,
	flag,
	int32,
	int64,
	list,
	type MethodSpec,
	map,
	maybe,
	oneOf,
	type ReplyOf,
	table,
	text,
	uci,
} from "./api-schema.ts";
import { STARLINK_METHODS } from "./api-starlink.ts";
import { USAGE_METHODS } from "./api-usage.ts";
import { WIFI_METHODS } from "./api-wifi.ts";

export const API_OBJECT = "autonomy";

const NAME = { type: "string", required: true, min: 1, max: 64, help: "name of the uplink" } as const;
const RISK = maybe(double("", "0-1, that it is unusable for 2 s or more, beginning within 10 s; absent: not known"));

const MAYBE_NAME = { type: "string", min: 1, max: 64, help: "name of the uplink" } as const;
const LEVELS = ["trace", "debug", "info", "warn", "error"] as const;
const LEVEL = { type: "string", values: LEVELS, help: "how much is logged" } as const;
const REASON = { type: "string", max: 200, default: "", help: "why, for the record" } as const;
const FOR_S = {
	type: "int32",
	unit: "s",
	min: 0,
	max: 604_800,
	help: "how long it holds; 0: until restore or release; absent: pin_s",
} as const;
const DAY_S = 604_800;

const TS = int64("ms since 1970", "when, by the wall clock");
const CLASS = oneOf(["starlink", "cellular", "wifi", "lan", "other"], "kind of link");
const STATE = oneOf(
	["absent", "disabled", "offline", "warm_up", "eligible", "suspect", "failing", "down", "hold_down", "draining"],
	"state of the uplink (docs/decisions.md)",
);

const EVENT = {
	id: text("number of the event"),
	ts: TS,
	type: text("what happened, e.g. member_state"),
	name: maybe(text("the uplink it is about")),
	from: maybe(text("before")),
	to: maybe(text("after")),
	reason: text("why, in words"),
	decision_id: maybe(text("the decision it belongs to")),
} as const;

const DECISION = {
	id: text("number of the decision"),
	ts: TS,
	kind: oneOf(
		["start", "failover", "failback", "better", "predictive", "manual", "restore", "avoid", "none"],
		"what kind of decision",
	),
	rule: text("the rule that fired (docs/decisions.md)"),
	from: maybe(text("uplink before")),
	to: maybe(text("uplink after")),
	text: text("what was decided and why, in words"),
	observed: flag("decided only, nothing was touched (mode observe)"),
} as const;

const VALUES = {
	lat_ms: maybe(double("ms", "round trip time")),
	loss_pct: maybe(double("%", "packet loss")),
	jitter_ms: maybe(double("ms", "change between round trip times")),
	score: maybe(double("points", "0-100")),
	rx_bytes_per_s: maybe(double("bytes/s", "received through the interface")),
	tx_bytes_per_s: maybe(double("bytes/s", "sent through the interface")),
	obstruction_pct: maybe(double("%", "of the dish's view")),
	rsrp: maybe(double("dBm", "cellular signal power")),
	rsrq: maybe(double("dB", "cellular signal quality")),
	sinr: maybe(double("dB", "cellular signal to noise")),
	signal_dbm: maybe(double("dBm", "Wi-Fi signal")),
	dish_drop_pct: maybe(double("%", "of the dish's own pings, later than its outage")),
	dish_latency_ms: maybe(double("ms", "of the dish's own pings")),
} as const;

const SPREAD = table("over the span", {
	min: double("", "lowest"),
	mean: double("", "mean"),
	max: double("", "highest"),
});

const ANSWER = {
	ok: flag("done, or nothing had to be done"),
	text: text("what was done, or why not, in words"),
	code: maybe(text("why not: refused, not_found, rate_limited, bad_argument, ...")),
	decision_id: maybe(text("the decision that came of it; see explain")),
} as const;

const PROBLEMS = list("what is wrong with the configuration and what is used instead", text("one problem"));

const SWITCHES = table("one switch of the primary uplink", {
	ts: TS,
	kind: DECISION.kind,
	rule: DECISION.rule,
	from: DECISION.from,
	to: DECISION.to,
	text: DECISION.text,
});

const METHODS = {
	status: {
		help: "Which uplink carries the traffic and why, in short.",
		rights: "read",
		args: {},
		errors: [],
		reply: {
			state: oneOf(
				["primary", "backup", "degraded", "offline", "starting"],
				"on the preferred uplink; on another; on one that is not good; none works; nothing decided yet",
			),
			current: maybe(text("uplink that carries new traffic")),
			risk: RISK,
			since_s: maybe(int64("s", "how long it does")),
			text: text("the same in one sentence"),
			mode: oneOf(["control", "observe"], "observe: decides and explains, touches nothing"),
			rank: list(
				"every uplink, best first",
				table("one uplink", {
					name: text("uplink"),
					class: CLASS,
					state: STATE,
					final: maybe(double("points", "score 0-100")),
					eligible: flag("may carry traffic now"),
					why_not: maybe(text("why it does not carry the traffic")),
					risk: RISK,
				}),
			),
			last_event: maybe(table("latest event", EVENT)),
			last_decision: maybe(table("latest decision", DECISION)),
			config: table("what it is set to", {
				predictive: flag("leaves an uplink before it fails"),
				use_mwan3: flag("steers through mwan3"),
				switch_margin: double("points", "how much better another uplink must be"),
			}),
			mwan3: table("mwan3 on this router", {
				enabled: flag("found, running and used"),
				policy: list("policies it has", text("name")),
				details: text("in words"),
			}),
			pin: maybe(
				table("manual failover that holds", {
					name: text("uplink"),
					until_unix_ms: maybe(int64("ms since 1970", "absent: until restore")),
					reason: text("as given"),
				}),
			),
			promoted: maybe(text("uplink preferred until restore")),
			hold: maybe(
				table("no automatic switches", {
					until_unix_ms: maybe(int64("ms since 1970", "absent: until release")),
					reason: text("as given"),
				}),
			),
			cooldown_s: maybe(double("s", "rest of the pause after a switch")),
			steering: table("whether the network follows", {
				in_force: flag("what was decided is in force"),
				method: maybe(text("how it was done last")),
				pending: flag("a change is on its way"),
				error: maybe(text("why the last change failed; it is tried again")),
			}),
			problems: list("what the owner should know", text("one problem")),
			uptime_s: int64("s", "since the daemon started"),
		},
	},
	members: {
		help: "Every uplink with its state, score and figures.",
		rights: "read",
		args: {},
		errors: [],
		reply: {
			members: list(
				"in the user's order",
				table("one uplink", {
					name: text("uplink"),
					class: CLASS,
					class_reason: maybe(text("how that was found out")),
					iface: maybe(text("netifd interface")),
					device: maybe(text("network device")),
					proto: maybe(text("netifd protocol")),
					state: STATE,
					state_since_s: int64("s", "how long"),
					reason: text("why it is in this state"),
					eligible: flag("may carry traffic now"),
					primary: flag("carries new traffic"),
					why_not: maybe(text("why it does not carry the traffic")),
					risk: RISK,
					present: flag("its device exists"),
					up: flag("netifd calls it up"),
					carrier: maybe(flag("physical link")),
					metered: flag("data costs money: probed sparingly"),
					cap_reached: flag("its data plan is used up: it carries traffic only when nothing else does"),
					weight: int32("points", "preference 0-100"),
					held: flag("held by the operator"),
					hold_down_s: maybe(double("s", "rest of the time it must prove itself")),
					score: maybe(
						table("points, 0-100", {
							instant: maybe(double("points", "from the latest figures")),
							ewma: maybe(double("points", "moving average")),
							window: maybe(double("points", "average over history_window_s")),
							final: double("points", "what is compared"),
						}),
					),
					breakdown: list(
						"what the instant score is made of",
						table("one part", {
							name: text("part"),
							points: double("points", "added or taken away"),
							value: maybe(double("", "the figure behind it")),
							unit: maybe(text("of the figure")),
						}),
					),
					metrics: table("latest figures", {
						...VALUES,
						outages: maybe(double("", "outages the dish counted")),
						dish_drop_pct: maybe(double("%", "of the dish's own pings were lost")),
						dish_latency_ms: maybe(double("ms", "of the dish's own pings")),
						sky_blocked_pct: maybe(double("%", "of the sky where the dish looks")),
						noise_dbm: maybe(double("dBm", "Wi-Fi noise")),
						bitrate_mbps: maybe(double("Mbit/s", "rate of the last Wi-Fi frames")),
						retry_pct: maybe(double("%", "of the Wi-Fi frames had to be sent again")),
						channel_busy_pct: maybe(double("%", "of the time the Wi-Fi channel is in use")),
						link_mbps: maybe(double("Mbit/s", "speed of the wire")),
						error_pct: maybe(double("%", "of the packets on the wire are damaged")),
						usage_pct: maybe(double("%", "of the data allowance is used")),
					}),
					families: list(
						"address families",
						table("one family", {
							family: oneOf(["ipv4", "ipv6"], "address family"),
							interface: maybe(text("netifd interface")),
							address: maybe(text("own address")),
							gateway: maybe(text("next hop")),
							verdict: oneOf(["unknown", "up", "suspect", "dead"], "does the internet answer"),
							text: maybe(text("evidence in words")),
						}),
					),
					probe: maybe(
						table("how it is watched", {
							method: text("fping, ping, tcp, dns, carrier or none"),
							interval_ms: maybe(double("ms", "time between probes at rest")),
							bytes_today: maybe(int64("bytes", "spent on probes within the last 24 hours")),
							budget_bytes: maybe(int64("bytes/day", "what may be spent")),
							text: maybe(text("in words")),
						}),
					),
					sensors: list(
						"who asks the link about itself",
						table("one sensor", {
							sensor: text("starlink, cellular, wifi, wired, usage"),
							state: oneOf(["starting", "ok", "absent", "denied", "failing"], "how its source is"),
							text: text("the same in words, with what to do"),
							why: text("why it serves this uplink"),
							cost: text("what asking costs"),
							since_s: double("s", "how long in this state"),
							next_try_s: maybe(double("s", "until it asks again")),
						}),
					),
					last_update: maybe(int64("ms since 1970", "latest figures")),
				}),
			),
		},
	},
	metrics: {
		help: "Latest samples of one uplink as measured, oldest first; thinned out when there are many.",
		rights: "read",
		args: {
			name: NAME,
			since_s: { type: "int32", unit: "s", min: 1, max: DAY_S, default: 600, help: "how far back" },
			limit: { type: "int32", min: 1, max: 1000, default: 300, help: "at most so many samples" },
		},
		errors: ["not_found: nothing is known of this uplink"],
		reply: { name: text("uplink"), samples: list("samples", table("one sample", { ts: TS, ...VALUES })) },
	},
	history: {
		help: "How one uplink did over time, in spans of equal length; spans without a sample are left out.",
		rights: "read",
		args: {
			name: NAME,
			since_s: { type: "int32", unit: "s", min: 1, max: DAY_S, default: 600, help: "how far back" },
			points: { type: "int32", min: 1, max: 500, default: 120, help: "number of spans" },
		},
		errors: ["not_found: nothing is known of this uplink"],
		reply: {
			name: text("uplink"),
			since_s: int32("s", "as asked"),
			from_unix_ms: int64("ms since 1970", "start of the first span"),
			step_ms: double("ms", "length of a span"),
			resolution: oneOf(["raw", "10s", "60s"], "what it was computed from"),
			points: list(
				"spans, oldest first",
				table("one span", {
					ts: TS,
					rows: int32("", "samples in it"),
					values: map("by name as in metrics", SPREAD),
				}),
			),
		},
	},
	events: {
		help: "What happened, newest first.",
		rights: "read",
		args: {
			limit: { type: "int32", min: 1, max: 500, default: 100, help: "at most so many" },
			type: { type: "string", min: 1, max: 40, help: "only of this type" },
		},
		errors: [],
		reply: { events: list("events", table("one event", EVENT)) },
	},
	decisions: {
		help: "What was decided, newest first.",
		rights: "read",
		args: { limit: { type: "int32", min: 1, max: 200, default: 20, help: "at most so many" } },
		errors: [],
		reply: { decisions: list("decisions", table("one decision", DECISION)) },
	},
	explain: {
		help: "One decision with everything that led to it: the rule, the numbers against their thresholds, every candidate.",
		rights: "read",
		args: { id: { type: "string", min: 1, max: 40, help: "number of the decision; absent: the latest" } },
		errors: ["not_found: no such decision is on record"],
		reply: {
			...DECISION,
			figures: list(
				"numbers that counted",
				table("one number", {
					name: text("what"),
					value: maybe(double("", "as measured")),
					threshold: maybe(double("", "what it was held against")),
					unit: text("of both"),
				}),
			),
			candidates: list(
				"every uplink at that moment",
				table("one uplink", {
					name: text("uplink"),
					state: STATE,
					score: maybe(double("points", "0-100")),
					eligible: flag("could carry traffic"),
					why_not: maybe(text("absent: the chosen one")),
				}),
			),
			actions: list(
				"what the network was told",
				table("one action", {
					id: text("number of the action"),
					mode: oneOf(["planned", "dead"], "dead: flows stuck on the dead uplink are freed"),
					primary: maybe(text("uplink that was to carry the traffic")),
					released: list("uplinks whose stuck flows were freed", text("uplink")),
				}),
			),
			results: list(
				"what came of it",
				table("one report", {
					action_id: text("number of the action"),
					ts: TS,
					ok: flag("it took"),
					method: text("how"),
					duration_ms: double("ms", "how long it took"),
					text: text("in words"),
				}),
			),
		},
	},
	what_if: {
		help: "Decides the recorded past again with other settings and says what would have differed.",
		rights: "read",
		args: {
			overrides: {
				type: "table",
				required: true,
				help: "option -> value, such as switch_margin, failover.loss or wan.weight",
			},
			since_s: { type: "int32", unit: "s", min: 1, max: DAY_S, default: 3600, help: "how far back" },
		},
		errors: [
			"bad_argument: an option the engine does not have, or a value it does not take",
			"not_found: nothing is recorded yet",
			"rate_limited: another replay is running",
			"timeout: more was recorded than can be replayed in time; ask for less",
		],
		reply: {
			from_unix_ms: int64("ms since 1970", "replayed from"),
			inputs: int64("", "recorded inputs replayed"),
			differs: flag("something would have been different"),
			text: text("in words"),
			settings: map("option as it would have been", text("value")),
			actual: list("switches as they were", SWITCHES),
			what_if: list("switches as they would have been", SWITCHES),
			share: list(
				"time on each uplink",
				table("one uplink", {
					name: text("uplink"),
					actual_s: double("s", "as it was"),
					what_if_s: double("s", "as it would have been"),
				}),
			),
		},
	},
	action: {
		help: "Tells the daemon to do something. Doing it twice does no harm.",
		rights: "write",
		args: {
			cmd: {
				type: "string",
				required: true,
				values: ["failover", "restore", "recheck", "promote", "hold", "release", "set_level"],
				help: "what to do",
			},
			name: MAYBE_NAME,
			level: { ...LEVEL, help: "for set_level" },
			for_s: FOR_S,
			reason: REASON,
		},
		errors: [],
		reply: ANSWER,
	},
	failover: {
		help: "The same as action failover.",
		rights: "write",
		args: { member: MAYBE_NAME, interface: MAYBE_NAME, for_s: FOR_S, reason: REASON },
		errors: [],
		reply: ANSWER,
	},
	restore: { help: "The same as action restore.", rights: "write", args: {}, errors: [], reply: ANSWER },
	recheck: { help: "The same as action recheck.", rights: "write", args: {}, errors: [], reply: ANSWER },
	setlog: {
		help: "The same as action set_level.",
		rights: "write",
		args: { level: { ...LEVEL, required: true } },
		errors: [],
		reply: ANSWER,
	},
	"config.get": {
		help: "The configuration in force, defaults included; secrets are left out.",
		rights: "read",
		args: {},
		errors: [],
		reply: {
			sections: map("by section name", map("by option", uci("as UCI has it"))),
			set: list("options that are not at their default", text("section.option")),
			secrets: list("secrets that are set; their values are never told", text("section.option")),
			problems: PROBLEMS,
		},
	},
	"config.set": {
		help: "Checks, writes and commits options of one section, then takes them over without a restart.",
		rights: "write",
		args: {
			section: {
				type: "string",
				min: 1,
				max: 64,
				default: "main",
				help: "main, failover, restore, probe, gps or the name of a member",
			},
			values: {
				type: "table",
				required: true,
				help: "option -> text, number, truth value or list; null or an empty text unsets it",
			},
		},
		errors: [],
		reply: { ...ANSWER, changed: list("options that were written", text("section.option")), problems: PROBLEMS },
	},
	reload: {
		help: "Reads the configuration again.",
		rights: "write",
		args: {},
		errors: [],
		reply: { ...ANSWER, problems: PROBLEMS },
	},
	health: {
		help: "Whether the daemon itself is well.",
		rights: "read",
		args: {},
		errors: [],
		reply: {
			status: oneOf(["ok", "degraded"], "degraded: some part works by a fallback or not at all"),
			uptime_s: int64("s", "since the daemon started"),
			components: list(
				"its parts",
				table("one part", {
					name: text("part"),
					ok: flag("works as it should"),
					text: text("in words"),
				}),
			),
		},
	},
	info: {
		help: "Version, runtime and what the daemon uses.",
		rights: "read",
		args: {},
		errors: [],
		reply: {
			version: text("of the daemon"),
			runtime: text("engine it runs on"),
			platform: maybe(text("the router's system")),
			pid: int32("", "process id"),
			uptime_s: int64("s", "since the daemon started"),
			log_level: oneOf(LEVELS, "how much is logged"),
			cpu_pct: maybe(double("%", "of one core, over the last ten seconds")),
			lag_ms: maybe(int32("ms", "the latest a timer came in them")),
			memory: table("of the daemon", { rss_bytes: int64("bytes", "in RAM"), heap_bytes: int64("bytes", "objects") }),
			record: table("what is on record", {
				max_bytes: int64("bytes", "max_ram_mb"),
				samples: int64("", "rows"),
				samples_bytes: int64("bytes", "their size"),
				inputs: int64("", "recorded inputs"),
				inputs_bytes: int64("bytes", "their size"),
				inputs_since_unix_ms: maybe(int64("ms since 1970", "what_if reaches back to here")),
				events: int32("", "kept"),
				decisions: int32("", "kept"),
				snapshot_bytes: maybe(int64("bytes", "last snapshot in /tmp")),
				snapshot_problem: maybe(text("why it cannot be written")),
				at_start: text("what became of the snapshot found at start"),
			}),
			started_processes: int64("", "since the daemon started"),
			calls: int64("", "of this object since the daemon started"),
		},
	},
	...STARLINK_METHODS,
	...CELLULAR_METHODS,
	...WIFI_METHODS,
	...USAGE_METHODS,
	...GPS_METHODS,
	...ALERT_METHODS,
	...REPORT_METHODS,
	...FORECAST_METHODS,
	render: {
		help: "A view as text for the terminal; what autonomyctl prints. Refusals come as text too, with ok false.",
		rights: "read",
		args: {
			view: {
				type: "string",
				required: true,
				values: [
					"status",
					"members",
					"metrics",
					"history",
					"events",
					"explain",
					"what_if",
					"config",
					"config_diff",
					"health",
					"info",
					"starlink",
					"starlink_map",
					"cellular",
					"wifi",
					"usage",
					"forecast",
					"gps",
					"alerts",
					"notifications",
					"report",
				],
				help: "what to show",
			},
			name: MAYBE_NAME,
			since_s: { type: "int32", unit: "s", min: 1, max: DAY_S, help: "as in the method of that name" },
			limit: { type: "int32", min: 1, max: 500, help: "as in the method of that name" },
			type: { type: "string", min: 1, max: 40, help: "for events" },
			id: { type: "string", min: 1, max: 40, help: "for explain" },
			period: { type: "string", values: PERIODS, help: "for report" },
			overrides: { type: "table", help: "for what_if" },
			width: { type: "int32", unit: "columns", min: 40, max: 400, default: 80, help: "of the terminal" },
			color: { type: "bool", default: false, help: "use colours" },
		},
		errors: [],
		reply: {
			ok: flag("shown"),
			text: { type: "string", maxLength: 65_536, help: "lines, each ended by a newline" },
			code: maybe(text("why not")),
		},
	},
} as const satisfies Readonly<Record<string, MethodSpec>>;

export const API = METHODS;

export type MethodName = keyof typeof METHODS;

export type Reply<M extends MethodName> = ReplyOf<(typeof METHODS)[M]["reply"]>;

export type CallArgs<M extends MethodName> = ArgsOf<(typeof METHODS)[M]["args"]>;

/** Notifications of the object, for subscribers. */
export const NOTIFICATIONS = {
	status: {
		help: "The state changed; same fields as the start of status.",
		fields: {
			ts: TS,
			state: METHODS.status.reply.state,
			current: METHODS.status.reply.current,
			text: text("in one sentence"),
		},
	},
	event: { help: "Something happened.", fields: { ...EVENT, text: text("in one sentence") } },
	decision: { help: "Something was decided.", fields: DECISION },
	alert: {
		help: "A step in the life of an alert; the event autonomy.alert on the bus tells the same in short.",
		fields: {
			...ALERT,
			change: oneOf(
				["raised", "repeated", "escalated", "unacknowledged", "acknowledged", "cleared"],
				"repeated: it happened again while it held; escalated: it got worse",
			),
		},
	},
	heartbeat: {
		help: "Every 20 s while somebody listens, so that uhttpd keeps its event stream open.",
		fields: { ts: TS, lost: int64("", "notifications that were too many and left out") },
	},
} as const;

export type NotificationName = keyof typeof NOTIFICATIONS;

export type Notification<N extends NotificationName> = ReplyOf<(typeof NOTIFICATIONS)[N]["fields"]>;
