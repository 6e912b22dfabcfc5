/** Methods of the object `autonomy` about modems; part of api.ts. */
import { double, flag, int32, int64, list, type MethodSpec, map, maybe, oneOf, table, text } from "./api-schema.ts";

const STABILITY = oneOf(["healthy", "degraded", "unhealthy"], "how it held over the last 10 minutes");

const MODEM = {
	state: oneOf(["starting", "ok", "absent", "denied", "failing"], "how its source is"),
	text: text("the same in words, with what to do"),
	source: maybe(text("who answers: RutOS gsm, ModemManager, uqmi, sysfs")),
	resting: list("better sources that do not answer, and why", text("one source")),
	in_use: maybe(flag("the modem uses the SIM of this uplink; if not, nothing below is known")),
	model: maybe(text("of the modem")),
	technology: maybe(oneOf(["2g", "3g", "4g", "5g_nsa", "5g_sa"], "5g_nsa: 5G beside an LTE anchor")),
	band: maybe(text("as the modem names it")),
	carriers: list(
		"carrier aggregation, the primary first",
		table("one carrier", {
			band: maybe(text("number or name")),
			pci: maybe(int32("", "physical cell id")),
			channel: maybe(int32("", "EARFCN or NR-ARFCN")),
			bandwidth_mhz: maybe(double("MHz", "width")),
			rsrp: maybe(double("dBm", "its signal")),
		}),
	),
	current_signal: table("latest figures; of 5g_nsa those of the LTE anchor", {
		rsrp: maybe(double("dBm", "signal power")),
		rsrq: maybe(double("dB", "signal quality")),
		sinr: maybe(double("dB", "signal to noise")),
		rssi: maybe(double("dBm", "power over the whole channel")),
		quality_pct: maybe(int32("%", "of what is good for this technology")),
		quality: maybe(oneOf(["excellent", "good", "fair", "poor", "bad"], "the same as a word")),
	}),
	cell_id: maybe(text("serving cell, as the modem writes it")),
	tac: maybe(text("tracking or location area")),
	operator: maybe(text("name of the network, chosen by the network")),
	plmn: maybe(text("country and network code of that network")),
	registration: maybe(oneOf(["home", "roaming", "searching", "denied", "none"], "in the network")),
	roaming: maybe(flag("in a foreign network")),
	sim: maybe(oneOf(["ready", "missing", "locked", "failed"], "the card")),
	sim_slot: maybe(int32("", "slot in use, from 1")),
	sim_slots: maybe(int32("", "slots the modem has")),
	temperature_c: maybe(double("°C", "of the modem")),
	connected: maybe(flag("the data session, as the modem sees it")),
	trouble: maybe(text("why it can carry nothing")),
	status: maybe(STABILITY),
	stability_score: maybe(int32("points", "0-100: level and steadiness of the last 10 minutes")),
	spread_db: maybe(double("dB", "standard deviation within half minutes")),
	slope_db_per_min: maybe(double("dB/min", "trend over 10 minutes; falling is negative")),
	weak_pct: maybe(double("%", "of the readings were weak")),
	cell_changes: maybe(int32("", "within 10 minutes")),
	predictive_risk: maybe(double("", "0-1, that it is lost within seconds; absent: no sign of it")),
} as const;

export const CELLULAR_METHODS = {
	cellular_status: {
		help: "Every cellular uplink: signal, network, SIM, and how steady it is.",
		rights: "read",
		args: {},
		errors: [],
		reply: {
			ts: int64("ms since 1970", "now"),
			cellular: map("by uplink", table("one uplink", MODEM)),
			summary: table("all together", {
				total: int32("", "cellular uplinks"),
				in_service: int32("", "registered in a network, with the SIM of the uplink"),
				weak: int32("", "poor or bad signal"),
				lowest_score: maybe(int32("points", "worst stability score")),
				highest_risk: maybe(double("", "worst predictive risk")),
			}),
		},
	},
	cellular_analysis: {
		help: "How the signal of one cellular uplink was over the last minutes.",
		rights: "read",
		args: {
			interface: { type: "string", min: 1, max: 64, help: "name of the uplink; absent: the first cellular one" },
			window_minutes: { type: "int32", unit: "min", min: 1, max: 60, default: 10, help: "how far back" },
		},
		errors: ["not_found: no such cellular uplink, or no samples of it yet"],
		reply: {
			name: text("uplink"),
			window_minutes: int32("min", "as asked"),
			samples: int32("", "rows with a signal"),
			metrics: map(
				"rsrp (dBm), rsrq (dB), sinr (dB)",
				table("one figure", {
					min: double("", "lowest"),
					p05: double("", "5 % were lower"),
					median: double("", "half were lower"),
					mean: double("", "mean"),
					p95: double("", "5 % were higher"),
					max: double("", "highest"),
					std: double("", "standard deviation"),
				}),
			),
			healthy_pct: maybe(double("%", "of the samples with RSRP > -100 and, where known, RSRQ > -14 and SINR > 0")),
			trend: maybe(oneOf(["better", "even", "worse"], "last third against the first, RSRP, 3 dB")),
			cell_changes: maybe(int32("", "within 10 minutes")),
			stability_score: maybe(int32("points", "0-100")),
			status: maybe(STABILITY),
			hints: list("what stands out", text("one sentence")),
		},
	},
} as const satisfies Readonly<Record<string, MethodSpec>>;
