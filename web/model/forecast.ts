/** What is expected of an uplink in the next seconds: how likely, why, on what evidence, and how good such words have been. Pure. */
import type { Reply } from "../../contract/api.ts";
import { number, percent, withUnit } from "../format.ts";
import { say } from "../say.ts";
import { figureWord, told } from "../told.ts";
import type { MemberState, Tone } from "../words.ts";

export type Forecast = Reply<"forecast">["uplinks"][string];
export type Cause = Forecast["cause"];

/** From here on something is likelier to happen than not; from the lower one it is worth a word. */
export const LIKELY = 0.5;
export const NOTABLE = 0.15;

export function causeWord(cause: Cause): string {
	const words: Readonly<Record<Cause, string>> = {
		obstruction: _("something blocks the view of the dish"),
		dish_outage: _("the dish has an outage"),
		radio_fade: _("the cellular signal fades"),
		congestion: _("the link is congested"),
		wifi_leaving: _("the Wi-Fi access point is getting out of reach"),
		scheduled_reboot: _("a restart is scheduled"),
		cap: _("the data plan is nearly used up"),
		pattern: _("it has been falling silent again and again"),
		unknown: _("no known cause"),
	};
	return words[cause] ?? cause;
}

const LOST: readonly MemberState[] = ["down", "offline", "absent", "disabled"];

export interface ForecastView {
	readonly tone: Tone;
	/** In one sentence. */
	readonly headline: string;
	readonly evidence: string;
	readonly cause: string;
	/** Rows of: how soon, unusable for 2 s or more, for 5 s or more; empty while nothing is known. */
	readonly risks: readonly (readonly [string, string, string])[];
	/** Rows of: what, how much. */
	readonly figures: readonly (readonly [string, string])[];
	readonly notes: readonly string[];
}

/** `state`: of the uplink; the model foretells losses, of one that is lost already it knows nothing. */
export function forecastView(one: Forecast, predictive: boolean, state: MemberState): ForecastView {
	const { known, risk_2s_in_10s: soon, cause, confidence, anomaly, false_alarms: wrong } = one;
	const lost = LOST.includes(state);
	const share = known && !lost && typeof soon === "number" ? soon : null;
	const risk = (value: number | null | undefined): string =>
		typeof value === "number" ? percent(100 * value) : withUnit(null, "");
	const rows: readonly (readonly [number, number | null | undefined, number | null | undefined])[] = [
		[3, one.risk_2s_in_3s, one.risk_5s_in_3s],
		[10, one.risk_2s_in_10s, one.risk_5s_in_10s],
		[30, one.risk_2s_in_30s, one.risk_5s_in_30s],
	];
	return {
		tone: share === null ? "off" : share >= LIKELY ? "bad" : share >= NOTABLE ? "warn" : "good",
		headline: lost ? _("It has no internet now, so there is nothing to forecast.") : headline(share),
		evidence: told(one.text),
		cause: share === null || cause === "unknown" ? "" : causeWord(cause),
		risks: share === null ? [] : rows.map(([s, two, five]) => [withUnit(s, "s"), risk(two), risk(five)] as const),
		figures: one.figures.map(({ name, value, unit }) => [
			figureWord(name),
			unit === "" ? number(value, 1) : withUnit(value, unit, 1),
		]),
		notes: [
			...(share === null
				? []
				: [say(_("What the forecast wants to know is known to {pct}."), { pct: percent(100 * confidence) })]),
			...(anomaly
				? [
						say(_("Unlike its last days: {what}. This is shown only, nothing is done because of it."), {
							what: told(anomaly),
						}),
					]
				: []),
			...(wrong > 0
				? [say(_("It was left {count} times without need since the last time it was right."), { count: number(wrong) })]
				: []),
			...(predictive ? [] : [_("Nothing is done because of forecasts: predictive is switched off in the settings.")]),
		],
	};
}

function headline(share: number | null): string {
	if (share === null) return _("Too little is known for a forecast.");
	const risk = percent(100 * share);
	if (share >= LIKELY) return say(_("It will probably be lost within seconds ({risk})."), { risk });
	if (share >= NOTABLE) return say(_("It may be lost within seconds ({risk})."), { risk });
	return say(_("It will probably stay as it is ({risk} that it fails within 10 s)."), { risk });
}

/** How the switches made because of forecasts ended, in one sentence. */
export function scoreText({ right, early, wrong, pending }: Reply<"forecast">["score"]): string {
	const all = right + early + wrong;
	if (all + pending === 0) return _("No uplink was left because of a forecast since the daemon started.");
	const judged = say(
		_(
			"Uplinks were left because of a forecast {all} times: {right} times rightly, {early} times too early, {wrong} times without need.",
		),
		{ all: number(all), right: number(right), early: number(early), wrong: number(wrong) },
	);
	return pending === 0 ? judged : `${judged} ${say(_("Not judged yet: {count}."), { count: number(pending) })}`;
}
