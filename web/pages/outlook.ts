/** What of a link is asked beside itself: its sources, what is expected of it, its data, the dish's picture of the sky. */
import type { Reply } from "../../contract/api.ts";
import type { ReplyOf } from "../../contract/api-schema.ts";
import type { STARLINK_METHODS } from "../../contract/api-starlink.ts";
import { callTable, type Transport } from "../api.ts";
import { el, replace } from "../dom.ts";
import { bytes, duration, percent } from "../format.ts";
import { forecastView, scoreText } from "../model/forecast.ts";
import { readSky, skyPixels } from "../model/sky.ts";
import { askSources } from "../model/sources.ts";
import { planUse, type Use } from "../model/usage.ts";
import { say } from "../say.ts";
import { told } from "../told.ts";
import type { Member } from "../words.ts";
import { factList, section, table } from "./controls.ts";

export async function drawSources(transport: Transport, into: HTMLElement, member: Member): Promise<void> {
	const found = await askSources(transport, member);
	replace(into, ...found.map(({ title, facts }) => section(title, factList(facts))));
}

/** What will probably happen to it in the next seconds, and why. An earlier daemon foretells nothing. */
export function drawForecast(into: HTMLElement, reply: Reply<"forecast"> | null, of: Member): void {
	const one = reply?.uplinks[of.name];
	if (reply === null || one === undefined) {
		replace(into);
		return;
	}
	const view = forecastView(one, reply.predictive, of.state);
	replace(
		into,
		section(
			_("Forecast"),
			el("p", { class: `au-${view.tone}` }, el("span", { class: "au-badge" }, view.headline)),
			el("p", {}, el("strong", {}, _("Evidence")), " ", view.evidence, view.cause === "" ? "" : `; ${view.cause}`, "."),
			el(
				"div",
				{ class: "au-grid" },
				view.risks.length === 0
					? null
					: table([_("Beginning within"), _("Unusable for 2 s or more"), _("For 5 s or more")], view.risks, ""),
				view.figures.length === 0 ? null : table([_("What"), _("Measured")], view.figures, ""),
			),
			...view.notes.map((note) => el("p", { class: "au-dim" }, note)),
			el(
				"p",
				{ class: "au-dim" },
				scoreText(reply.score),
				reply.model_date ? ` ${say(_("The model is of {day}."), { day: reply.model_date })}` : "",
			),
		),
	);
}

/** A plan as a line and a bar. */
export function planBar(use: Use): HTMLElement | null {
	const plan = planUse(use);
	if (plan === null) return null;
	const fill = el("div");
	fill.style.width = `${plan.pct}%`;
	return el(
		"div",
		{ class: `au-${plan.tone}` },
		el("p", {}, plan.text),
		el("div", { class: "au-bar", "aria-hidden": "true" }, fill),
	);
}

export function drawUsage(into: HTMLElement, use: Use | undefined): void {
	if (use === undefined) {
		replace(into);
		return;
	}
	replace(
		into,
		section(
			_("Data use"),
			planBar(use) ?? el("p", {}, told(use.text)),
			table(
				[_("Time"), _("Received"), _("Sent")],
				[
					[_("Today (UTC)"), bytes(use.today_rx_bytes), bytes(use.today_tx_bytes)],
					[_("This month"), bytes(use.month_rx_bytes), bytes(use.month_tx_bytes)],
				],
				"",
			),
			use.problem ? el("p", { class: "alert-message warning" }, use.problem) : null,
		),
	);
}

/** The picture of the sky; asked for once, since the dish renews it slowly. */
export async function drawSky(transport: Transport, into: HTMLElement, name: string): Promise<void> {
	const reply = await callTable(transport, "autonomy", "obstruction_map", { interface: name });
	const map = (reply as unknown as ReplyOf<typeof STARLINK_METHODS.obstruction_map.reply>).maps[name];
	if (map === undefined) return;
	const sky = readSky(map.rows, map.columns, map.cells);
	if (sky === null) {
		const said = map.state === "absent" ? null : map.text;
		replace(into, said ? section(_("Obstruction map"), el("p", {}, said)) : null);
		return;
	}
	const text = say(
		_("{blocked} of the {measured} of the sky that were measured are blocked; where the dish looks, {toward}."),
		{
			blocked: percent(map.blocked_pct),
			measured: percent(map.measured_pct),
			toward: percent(map.toward_pct),
		},
	);
	const canvas = el("canvas", {
		width: sky.columns,
		height: sky.rows,
		class: "au-sky",
		role: "img",
		"aria-label": text,
	});
	const context = canvas.getContext("2d");
	const picture = context?.createImageData(sky.columns, sky.rows);
	if (context && picture) {
		picture.data.set(skyPixels(sky));
		context.putImageData(picture, 0, 0);
	}
	const frame = map.frame === "earth" ? _("Up is north, right is east.") : _("Directions as seen from the dish.");
	replace(
		into,
		section(
			_("Obstruction map"),
			canvas,
			el("p", {}, text, " ", frame),
			el(
				"p",
				{ class: "au-small" },
				say(_("Fetched {time} ago; red is blocked, blue is clear."), { time: duration(map.age_s) }),
			),
		),
	);
}
