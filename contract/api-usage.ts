/** Methods of the object `autonomy` about data use and data plans; part of api.ts. */
import { double, int32, int64, type MethodSpec, map, maybe, oneOf, table, text } from "./api-schema.ts";

const USE = {
	state: oneOf(["starting", "ok", "absent", "denied", "failing"], "how its source is"),
	text: text("the same in words, with what to do"),
	cap: maybe(oneOf(["no_cap", "free", "near", "reached"], "near: from the warning on; reached: last resort only")),
	source: maybe(oneOf(["counters", "quota_limit", "mdcollect"], "who counts: we, or RutOS")),
	used_bytes: maybe(int64("bytes", "of the plan, both directions; without one: this month")),
	limit_bytes: maybe(int64("bytes", "the plan")),
	left_bytes: maybe(int64("bytes", "what is left of it")),
	used_pct: maybe(double("%", "of the plan")),
	warn_pct: maybe(double("%", "from here on it is spared")),
	period: maybe(oneOf(["day", "week", "month"], "after which the plan begins anew")),
	from_unix_ms: maybe(int64("ms since 1970", "when this period began")),
	reset_unix_ms: maybe(int64("ms since 1970", "when the next one begins")),
	days_left: maybe(double("days", "until then")),
	daily_bytes: maybe(int64("bytes/day", "what may be used on each of these days")),
	today_rx_bytes: maybe(int64("bytes", "received since midnight UTC")),
	today_tx_bytes: maybe(int64("bytes", "sent since midnight UTC")),
	month_rx_bytes: maybe(int64("bytes", "received in this calendar month")),
	month_tx_bytes: maybe(int64("bytes", "sent in this calendar month")),
	counted_since: maybe(text("first day of which anything is known")),
	problem: maybe(text("why counts would not survive a restart")),
} as const;

const ONE = { type: "string", min: 1, max: 64, help: "name of the uplink; absent: all" } as const;

export const USAGE_METHODS = {
	data_usage: {
		help: "Bytes of every uplink today, this month and of its plan.",
		rights: "read",
		args: { interface: ONE },
		errors: ["not_found: no such uplink"],
		reply: { ts: int64("ms since 1970", "now"), usage: map("by uplink", table("one uplink", USE)) },
	},
	data_limit_status: {
		help: "The uplinks that have a data plan, and how much of it is left.",
		rights: "read",
		args: {},
		errors: [],
		reply: {
			ts: int64("ms since 1970", "now"),
			limits: map("by uplink", table("one uplink", USE)),
			summary: table("all together", {
				total: int32("", "uplinks with a plan"),
				near: int32("", "of them near the end"),
				reached: int32("", "of them used up"),
			}),
		},
	},
	data_limit_interface: {
		help: "The data plan of one uplink.",
		rights: "read",
		args: { interface: { type: "string", required: true, min: 1, max: 64, help: "name of the uplink" } },
		errors: ["not_found: no such uplink"],
		reply: { name: text("uplink"), ...USE },
	},
} as const satisfies Readonly<Record<string, MethodSpec>>;
