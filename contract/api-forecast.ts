/** The method of the object `autonomy` about what is expected of the uplinks; part of api.ts. */
import { double, flag, int32, int64, list, type MethodSpec, map, maybe, oneOf, table, text } from "./api-schema.ts";

const RISK = (help: string) => maybe(double("", `0-1, ${help}`));

const FIGURE = { name: text("what it is"), value: double("", "in its unit"), unit: text("of the value") } as const;

const ONE = {
	known: flag("false: too little is known, nothing is foretold and nothing done because of it"),
	cause: oneOf(
		[
			"obstruction",
			"dish_outage",
			"radio_fade",
			"congestion",
			"wifi_leaving",
			"scheduled_reboot",
			"cap",
			"pattern",
			"unknown",
		],
		"why trouble is expected",
	),
	text: text("the evidence, in words"),
	confidence: double("", "0-1, how much of what the forecast wants to know is known"),
	risk_2s_in_3s: RISK("that it is unusable for 2 s or more, beginning within 3 s"),
	risk_2s_in_10s: RISK("the same within 10 s"),
	risk_2s_in_30s: RISK("the same within 30 s"),
	risk_5s_in_3s: RISK("unusable for 5 s or more, beginning within 3 s"),
	risk_5s_in_10s: RISK("the same within 10 s"),
	risk_5s_in_30s: RISK("the same within 30 s"),
	figures: list("the evidence, in numbers", table("one figure", FIGURE)),
	anomaly: maybe(text("how it behaves unlike its own last days; shown, not acted on")),
	false_alarms: int32("", "switches away from it that were not needed, since the last that was"),
	silences: maybe(
		table("its own moments without any reply, of 0.3 s and more; in memory, bounded, reset by forecast_reset", {
			lasted: int32("", "went on for 2 s or more"),
			ended: int32("", "ended by themselves before"),
			odds: double("", "what the odds of the next one to last are multiplied by because of that, 1/3 to 3"),
		}),
	),
} as const;

export const FORECAST_METHODS = {
	forecast: {
		help: "What is expected of each uplink within the next seconds, why, and how often such expectations came true.",
		rights: "read",
		args: { interface: { type: "string", min: 1, max: 64, help: "name of the uplink; absent: all" } },
		errors: ["not_found: no such uplink"],
		reply: {
			ts: int64("ms since 1970", "now"),
			predictive: flag("an uplink is left because of a forecast"),
			model_date: maybe(text("day on which the model was trained")),
			uplinks: map("by uplink", table("one uplink", ONE)),
			score: table("predictive switches since the router's start, judged two minutes later", {
				right: int32("", "the trouble came in time"),
				early: int32("", "it came later than expected"),
				wrong: int32("", "it did not come"),
				pending: int32("", "not judged yet"),
			}),
		},
	},
	forecast_reset: {
		help: "Forgets what was learnt of an uplink: its silences, patterns, what is usual; of all, with the score.",
		rights: "write",
		args: { interface: { type: "string", min: 1, max: 64, help: "name of the uplink; absent: all" } },
		errors: ["not_found: no such uplink"],
		reply: { ok: flag("always true"), text: text("what was forgotten") },
	},
} as const satisfies Readonly<Record<string, MethodSpec>>;
