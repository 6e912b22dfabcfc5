/** Methods of the object `autonomy` about where the router is; part of api.ts. */
import { double, flag, int32, int64, list, type MethodSpec, maybe, oneOf, table, text } from "./api-schema.ts";

const SOURCES = ["rutos", "gpsd", "dish", "opencellid"] as const;
const STATES = ["starting", "ok", "absent", "denied", "failing"] as const;

export const GPS_METHODS = {
	gps: {
		help: "Where the router is, if section gps is enabled.",
		rights: "read",
		args: {},
		errors: [],
		reply: {
			ts: int64("ms since 1970", "now"),
			available: flag("the position is known and not too old"),
			text: text("in words, without the position"),
			source: maybe(oneOf(SOURCES, "who knows")),
			latitude: maybe(double("°", "WGS 84, north is positive")),
			longitude: maybe(double("°", "WGS 84, east is positive")),
			altitude_m: maybe(double("m", "over the sea")),
			accuracy_m: maybe(double("m", "how far off it may have been then")),
			accuracy_now_m: maybe(double("m", "how far off it may be now")),
			age_s: maybe(double("s", "how old it is")),
			speed_mps: maybe(double("m/s", "as the receiver says")),
			heading_deg: maybe(double("°", "clockwise from north")),
			satellites: maybe(int32("", "in use")),
			fix_status: text("2: within 5 m, 1: within 50 m, 0: worse or unknown; as earlier versions had it"),
			moving: maybe(flag("the router moves")),
		},
	},
	gps_status: {
		help: "Who is asked for the position, and how that goes.",
		rights: "read",
		args: {},
		errors: [],
		reply: {
			enabled: flag("section gps"),
			active_source: maybe(oneOf(SOURCES, "whose position is used")),
			last_update: maybe(int64("ms since 1970", "when it was true")),
			moving: maybe(flag("the router moves")),
			travelled_m: double("m", "since it last stood"),
			sources: list(
				"best first",
				table("one source", {
					source: oneOf(SOURCES, "who is asked"),
					state: oneOf(STATES, "how it is"),
					text: text("the same in words, with what to do"),
					active: flag("its position is used"),
					since_s: double("s", "how long in this state"),
					next_try_s: maybe(double("s", "until it is asked again")),
				}),
			),
			opencellid: table("what is asked of and told to opencellid.org", {
				lookups_last_hour: int32("", "questions"),
				contributions_last_day: int32("", "uploads"),
				cached: int32("", "cells that need not be asked for again"),
				waiting: int32("", "measurements to be told"),
				resting: flag("it asked for less, or did not answer"),
			}),
		},
	},
} as const satisfies Readonly<Record<string, MethodSpec>>;
