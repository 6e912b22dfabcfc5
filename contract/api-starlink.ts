/** Methods of the object `autonomy` about Starlink dishes; part of api.ts. No reply here holds a position: only `gps` does. */
import { double, flag, int32, int64, list, type MethodSpec, map, maybe, oneOf, table, text } from "./api-schema.ts";

const STATE = oneOf(
	["starting", "ok", "absent", "denied", "failing"],
	"how its source is; absent: no dish answers there",
);
const TEXT = text("the same in words, with what to do");
const INTERFACE = { type: "string", min: 1, max: 64, help: "name of the uplink; absent: all" } as const;
const NOT_FOUND = "not_found: no uplink of this name behind which a dish is looked for";

/** 512 x 512 cells, two a byte, in base64. */
const CELLS_MAX = 175_000;

const DISH = {
	state: STATE,
	text: TEXT,
	source: maybe(oneOf(["grpc", "grpc-web"], "the door of the dish in use")),
	host: maybe(text("where it is asked")),
	id: maybe(text("of the dish")),
	hardware: maybe(text("version of the hardware")),
	firmware: maybe(text("version of the software")),
	country: maybe(text("country code it works for")),
	bootcount: maybe(int64("", "starts in its life")),
	uptime_s: maybe(int64("s", "since it started")),
	restarts_seen: maybe(int32("", "restarts since the daemon watches")),
	reboot_reason: maybe(text("why it started last, as it calls it")),
	dish_state: maybe(text("CONNECTED, or the cause of the outage that goes on, as it calls it")),
	drop_pct: maybe(double("%", "of its own pings were lost in the last second")),
	latency_ms: maybe(double("ms", "of its own pings")),
	down_mbps: maybe(double("Mbit/s", "received now")),
	up_mbps: maybe(double("Mbit/s", "sent now")),
	outage: maybe(
		table("the outage that goes on; absent: none", {
			cause: text("as the dish calls it"),
			text: text("the same in words"),
			duration_ms: int64("ms", "so far"),
		}),
	),
	outages: list(
		"of a second or more within the last ten minutes, the oldest first",
		table("one outage", { cause: text("as the dish calls it"), duration_ms: int64("ms", "how long") }),
	),
	obstruction: maybe(
		table("what stands in its view", {
			sky_pct: maybe(double("%", "of the surveyed sky")),
			time_pct: maybe(double("%", "of the time")),
			now: flag("at this moment"),
			valid_s: maybe(int64("s", "of survey behind the figures")),
			patches: maybe(int32("", "parts of the sky that were surveyed")),
			prolonged_s: maybe(double("s", "mean length of obstructions of a second or more")),
			prolonged_every_s: maybe(double("s", "mean time between them")),
			toward_pct: maybe(double("%", "of the sky where it looks, from its map")),
		}),
	),
	alerts: list(
		"that are on",
		table("one alert", {
			name: text("as the dish calls it"),
			grade: oneOf(["critical", "warning", "info"], "how grave"),
			text: text("the same in words"),
		}),
	),
	signal_above_noise: maybe(flag("false alone is no fault: it is so now and then on a healthy link")),
	signal_persistently_low: maybe(flag("the signal is too weak for long")),
	ready: maybe(map("parts of the dish, as it calls them", flag("ready"))),
	ethernet_mbps: maybe(int32("Mbit/s", "of its cable")),
	mobility: maybe(text("how it may move: STATIONARY, NOMADIC, MOBILE")),
	moving_fast: maybe(flag("it moves fast")),
	service: maybe(text("class of service")),
	disablement: maybe(text("OKAY, or why Starlink gives it no service")),
	down_limit: maybe(text("why its downlink is limited")),
	up_limit: maybe(text("why its uplink is limited")),
	stow_requested: maybe(flag("it was told to stow itself")),
	update: maybe(
		table("its software", {
			state: text("as the dish calls it"),
			progress_pct: maybe(double("%", "of what is being loaded")),
			requires_reboot: flag("it must restart for it"),
			reboot_ready: flag("it is ready to restart for it"),
			reboot_possible_in_s: maybe(int64("s", "until it may restart")),
			reboot_in_s: maybe(int64("s", "until the restart it has announced; negative: it is late")),
			reboot_hour: maybe(int32("h", "of the day, in which it restarts for updates")),
		}),
	),
	gps: maybe(
		table("its receiver", {
			valid: flag("it knows where it is"),
			satellites: maybe(int32("", "in use")),
			inhibited: flag("switched off by the owner"),
		}),
	),
	azimuth_deg: maybe(double("°", "where it looks, from north over east")),
	elevation_deg: maybe(double("°", "where it looks, over the horizon")),
	tilt_deg: maybe(double("°", "of the dish")),
	wanted_azimuth_deg: maybe(double("°", "where it should look")),
	wanted_elevation_deg: maybe(double("°", "where it should look")),
	power_w: maybe(double("W", "it takes")),
	router_power_w: maybe(double("W", "its router takes")),
	battery: maybe(
		table("of a power supply that has one", {
			charge_pct: double("%", "charge"),
			charging: flag("it is being charged"),
			source: text("where its power comes from"),
		}),
	),
	slot_phase_s: maybe(double("s", "since satellites were last assigned anew (every 15 s)")),
	last_15_min: maybe(
		table("from the dish's own record", {
			seconds: int32("s", "it covers"),
			drop_pct: maybe(double("%", "mean")),
			latency_ms: maybe(double("ms", "mean")),
			power_w: maybe(double("W", "mean")),
			outages_12h: int32("", "in its list of the last hours"),
		}),
	),
	refused: list("questions it refuses or does not know", text("as the dish calls it")),
	danger: maybe(
		table("why traffic should leave it", { cause: text("the rule (docs/starlink.md)"), text: text("in words") }),
	),
	predictive_risk: maybe(double("", "0-1, that it is lost within seconds; absent: no sign of it")),
} as const;

const DIAGNOSIS = {
	state: STATE,
	text: TEXT,
	asked: flag("the dish has told its diagnostics; if not, the next lines are not known"),
	self_test: maybe(text("NO_RESULT, PASSED or FAILED")),
	self_test_faults: list("what failed in it", text("as the dish calls it")),
	alerts: list("of the diagnostics", text("as the dish calls it")),
	disablement: maybe(text("OKAY, or why Starlink gives it no service")),
	stowed: maybe(flag("it is stowed")),
	rate_limited: maybe(flag("the data of the plan are used up")),
	refused: list("questions it refuses or does not know", text("as the dish calls it")),
	healthy: maybe(flag("nothing below; absent: it cannot be told")),
	findings: list("what is not as it should be, the gravest first", text("one sentence")),
} as const;

const MAP = {
	state: STATE,
	text: maybe(text("why there is no map")),
	rows: maybe(int32("", "of the picture, the first on top")),
	columns: maybe(int32("", "of the picture")),
	frame: maybe(
		oneOf(["earth", "dish", "unknown"], "earth: up is north, right is east; dish: directions as seen from the dish"),
	),
	max_theta_deg: maybe(double("°", "from the middle to the edge")),
	measured_pct: maybe(double("%", "of the cells were measured")),
	blocked_pct: maybe(double("%", "of those are blocked")),
	toward_pct: maybe(double("%", "of those where the dish looks are blocked")),
	age_s: maybe(int64("s", "since it was fetched")),
	cells: maybe({
		type: "string",
		maxLength: CELLS_MAX,
		help: "base64 of the cells row by row, two a byte, the first in the high half: 0 not measured, 1 blocked to 15 clear; left out when the maps together are too large for one reply: ask for one uplink",
	}),
} as const;

export const STARLINK_METHODS = {
	starlink_status: {
		help: "Every uplink behind which a dish is looked for, and all that the dish tells; no position.",
		rights: "read",
		args: {},
		errors: [],
		reply: {
			ts: int64("ms since 1970", "now"),
			starlink: map("by uplink", table("one uplink", DISH)),
			summary: table("all together", {
				total: int32("", "dishes that answer"),
				connected: int32("", "without an outage"),
				alerts: int32("", "critical and warning alerts"),
				highest_risk: maybe(double("", "worst predictive risk")),
			}),
		},
	},
	starlink_diagnostics: {
		help: "Self test and health of dishes, and what is wrong with them in words.",
		rights: "read",
		args: { interface: INTERFACE },
		errors: [NOT_FOUND],
		reply: {
			ts: int64("ms since 1970", "now"),
			starlink: map("by uplink", table("one uplink", DIAGNOSIS)),
		},
	},
	obstruction_map: {
		help: "The sky as dishes see it, as a picture.",
		rights: "read",
		args: { interface: INTERFACE },
		errors: [NOT_FOUND],
		reply: {
			ts: int64("ms since 1970", "now"),
			maps: map("by uplink", table("one uplink", MAP)),
		},
	},
} as const satisfies Readonly<Record<string, MethodSpec>>;
