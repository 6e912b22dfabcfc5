/** The method `report`: how a day, a week or a month went; part of api.ts. */
import { double, int32, int64, list, type MethodSpec, maybe, oneOf, table, text } from "./api-schema.ts";

export const PERIODS = ["daily", "weekly", "monthly"] as const;

export type Period = (typeof PERIODS)[number];

export const REPORT_METHODS = {
	report: {
		help: "How a day, a week or a month went, as far as it is on record (retention_hours).",
		rights: "read",
		args: {
			period: { type: "string", values: PERIODS, default: "daily", help: "how far back" },
			format: { type: "string", values: ["json", "html"], default: "json", help: "html: also as a page" },
		},
		errors: [],
		reply: {
			period: oneOf(PERIODS, "as asked"),
			from_unix_ms: int64("ms since 1970", "first sample that counts"),
			to_unix_ms: int64("ms since 1970", "now"),
			complete: { type: "bool", help: "the record reaches back so far" } as const,
			uplinks: list(
				"in the user's order",
				table("one uplink", {
					name: text("uplink"),
					availability_pct: maybe(double("%", "of the time on record in which it was not down")),
					down_s: maybe(int64("s", "the rest of it")),
					carried_s: int64("s", "how long it carried the traffic"),
					rtt_ms: maybe(double("ms", "mean round trip time")),
					loss_pct: maybe(double("%", "mean packet loss")),
					score: maybe(double("points", "mean")),
					bytes: maybe(int64("bytes", "through the interface, both directions")),
					cost: maybe(double("", "of these bytes by option price_per_gb, in the owner's currency")),
					hours: list("mean score of each hour of the period, oldest first; -: nothing known", text("points")),
				}),
			),
			switches: table("of the traffic", {
				failovers: int32("", "after an uplink failed: outages suffered, if short"),
				predictive: int32("", "before it failed: outages avoided"),
				failbacks: int32("", "back to where it belongs"),
				manual: int32("", "by the operator"),
			}),
			predictions: table("switches before a failure, judged two minutes later; since the daemon counts them", {
				right: int32("", "the trouble came in time"),
				early: int32("", "it came later than expected"),
				wrong: int32("", "it did not come"),
			}),
			offline_s: int64("s", "no uplink worked"),
			worst_hours: list(
				"hours of the day (UTC) in which the uplinks were worst",
				table("one hour", { hour: int32("", "0-23"), score: double("points", "mean of all uplinks") }),
			),
			worst_places: list(
				"square kilometres in which the uplink in use did worst; only with section gps enabled, since the daemon started",
				table("one place", {
					latitude: double("degrees", "of its middle, two decimals"),
					longitude: double("degrees", "the same"),
					minutes: int32("min", "spent there"),
					offline_minutes: int32("min", "of them without any uplink"),
					score: double("points", "mean of the uplink in use"),
				}),
			),
			hints: list("what to change, with the arithmetic", text("one hint")),
			page: maybe({ type: "string", maxLength: 262_144, help: "one self-contained HTML page" } as const),
		},
	},
} as const satisfies Readonly<Record<string, MethodSpec>>;
