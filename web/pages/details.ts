/** What is known of one link besides its figures: how it is watched, its addresses, cell, access point, dish, data. */

import type { Reply } from "../../contract/api.ts";
import { CELLULAR_METHODS } from "../../contract/api-cellular.ts";
import type { Fields, ReplyOf } from "../../contract/api-schema.ts";
import { STARLINK_METHODS } from "../../contract/api-starlink.ts";
import type { USAGE_METHODS } from "../../contract/api-usage.ts";
import { WIFI_METHODS } from "../../contract/api-wifi.ts";
import { callTable, errorCode, type Transport } from "../api.ts";
import { type Child, el, replace } from "../dom.ts";
import { type Fact, facts } from "../facts.ts";
import { bytes, day, duration, number, percent, withUnit } from "../format.ts";
import { forecastView, scoreText } from "../model/forecast.ts";
import { readSky, skyPixels } from "../model/sky.ts";
import { say } from "../say.ts";
import { told } from "../told.ts";
import { classWord, type Member, stateTone, stateWord } from "../words.ts";
import { factList, section, table } from "./controls.ts";

function verdictWord(verdict: Member["families"][number]["verdict"]): string {
	const words: Readonly<Record<typeof verdict, string>> = {
		unknown: _("unknown"),
		up: _("answers"),
		suspect: _("being checked"),
		dead: _("does not answer"),
	};
	return words[verdict] ?? verdict;
}

function sensorWord(state: Member["sensors"][number]["state"]): string {
	const words: Readonly<Record<typeof state, string>> = {
		starting: _("starting"),
		ok: _("well"),
		absent: _("not there"),
		denied: _("denied"),
		failing: _("failing"),
	};
	return words[state] ?? state;
}

/** Parts of the score, as daemon/health/score.ts names them. */
function partWord(name: string): string {
	const words: Readonly<Record<string, string>> = {
		unreachable: _("nothing answers"),
		latency: _("round trip time"),
		loss: _("loss"),
		heavy_loss: _("heavy loss"),
		jitter: _("jitter"),
		obstruction: _("obstruction"),
		outages: _("outages of the dish"),
		events: _("events of the dish"),
		signal: _("signal"),
		roaming: _("roaming"),
		dns: _("DNS does not answer"),
		data_cap: _("data plan nearly used up"),
	};
	return words[name] ?? name.replaceAll("_", " ");
}

/** How the link is, what it is, how it is watched. */
export function drawMember(into: HTMLElement, member: Member): void {
	const { score, probe } = member;
	const basics: Fact[] = [
		{ name: _("Kind"), value: [classWord(member.class), told(member.class_reason ?? "")].filter(Boolean).join(": ") },
		{ name: _("Interface"), value: [member.iface, member.device, member.proto].filter(Boolean).join(", ") },
		{ name: _("Weight"), value: number(member.weight) },
		...(score
			? [
					{
						name: _("Score"),
						value: say(_("{final}, from now {instant}, average {ewma}, window {window}"), {
							final: number(score.final),
							instant: number(score.instant),
							ewma: number(score.ewma),
							window: number(score.window),
						}),
					},
				]
			: []),
		...(probe
			? [
					{
						name: _("Watched by"),
						value: say(_("{method} every {interval}; {bytes} of {budget} spent today"), {
							method: probe.method,
							interval: withUnit(probe.interval_ms, "ms"),
							bytes: bytes(probe.bytes_today),
							budget: bytes(probe.budget_bytes),
						}),
					},
				]
			: []),
	];
	const families = member.families.map((one) => [
		one.family === "ipv6" ? "IPv6" : "IPv4",
		one.address ?? "",
		one.gateway ?? "",
		verdictWord(one.verdict),
		told(one.text ?? ""),
	]);
	const costs = member.breakdown.map((one) => [
		partWord(one.name),
		withUnit(one.points, _("points"), 1),
		withUnit(one.value, one.unit ?? "", 1),
	]);
	replace(
		into,
		el(
			"p",
			{ class: `au-${stateTone(member.state)}` },
			el("span", { class: "au-badge" }, stateWord(member.state)),
			" ",
			say(_("for {time}: {reason}"), { time: duration(member.state_since_s), reason: told(member.reason) }),
			member.why_not && member.why_not !== member.reason ? ` (${told(member.why_not)})` : null,
		),
		factList(basics),
		table([_("Family"), _("Address"), _("Gateway"), _("Internet"), _("Evidence")], families, _("It has no address.")),
		el("h4", {}, _("What the score is made of")),
		table([_("Part"), _("Points"), _("Figure")], costs, _("Nothing costs it points.")),
		el("h4", {}, _("Sensors")),
		table(
			[_("Sensor"), _("State"), _("What it says"), _("Why, and what asking costs")],
			member.sensors.map((one) => [
				one.sensor,
				el(
					"span",
					{
						class: `au-badge au-${one.state === "ok" ? "good" : one.state === "failing" || one.state === "denied" ? "bad" : "off"}`,
					},
					sensorWord(one.state),
				),
				told(one.text),
				`${told(one.why)}; ${told(one.cost)}`,
			]),
			_("Nothing asks this link about itself."),
		),
	);
}

interface Source {
	readonly title: () => string;
	readonly method: string;
	/** Name of the map in the reply, and what one entry of it holds. */
	readonly map: string;
	readonly fields: Fields;
	readonly skip: readonly string[];
}

const SOURCES: Readonly<Record<string, Source>> = {
	cellular: {
		title: () => _("Cell and modem"),
		method: "cellular_status",
		map: "cellular",
		fields: CELLULAR_METHODS.cellular_status.reply.cellular.of.fields,
		skip: ["state", "text"],
	},
	wifi: {
		title: () => _("Wi-Fi"),
		method: "wifi_status",
		map: "wifi",
		fields: WIFI_METHODS.wifi_status.reply.wifi.of.fields,
		skip: ["state", "text"],
	},
	starlink: {
		title: () => _("Dish"),
		method: "starlink_status",
		map: "starlink",
		fields: STARLINK_METHODS.starlink_status.reply.starlink.of.fields,
		skip: ["state", "text"],
	},
};

/** Which of them belong to this link: by the sensors that serve it. */
export function sourcesOf(member: Member): readonly Source[] {
	return Object.entries(SOURCES)
		.filter(([kind]) => member.class === kind || member.sensors.some((one) => one.sensor === kind))
		.map(([, source]) => source);
}

export async function drawSources(transport: Transport, into: HTMLElement, member: Member): Promise<void> {
	const parts = await Promise.all(
		sourcesOf(member).map(async (source): Promise<Child> => {
			try {
				const reply = await callTable(transport, "autonomy", source.method, {});
				const all = reply[source.map] as Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined;
				const one = all?.[member.name];
				const found = one ? facts(one, source.fields, source.skip) : [];
				// Where none answers the sensor's line says so.
				return found.length > 0 && one?.state !== "absent" ? section(source.title(), factList(found)) : null;
			} catch (error) {
				// An older daemon does not know the method, a narrower right does not allow it: the sensor's line tells the rest.
				if (["absent", "denied", "not_found"].includes(errorCode(error))) return null;
				throw error;
			}
		}),
	);
	replace(into, ...parts);
}

/** What will probably happen to it in the next seconds, and why. An earlier daemon foretells nothing. */
export function drawForecast(into: HTMLElement, reply: Reply<"forecast"> | null, name: string): void {
	const one = reply?.uplinks[name];
	if (reply === null || one === undefined) {
		replace(into);
		return;
	}
	const view = forecastView(one, reply.predictive);
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

type Use = ReplyOf<typeof USAGE_METHODS.data_usage.reply>["usage"][string];

export function drawUsage(into: HTMLElement, use: Use | undefined): void {
	if (use === undefined) {
		replace(into);
		return;
	}
	const share = use.used_pct;
	const tone = use.cap === "reached" ? "bad" : use.cap === "near" ? "warn" : "good";
	const bar = el("div");
	if (typeof share === "number") bar.style.width = `${Math.min(100, Math.max(0, share))}%`;
	replace(
		into,
		section(
			_("Data use"),
			typeof share === "number"
				? el(
						"div",
						{ class: `au-${tone}` },
						el(
							"p",
							{},
							say(_("{used} of {limit} used ({pct}); {left} left until {day}."), {
								used: bytes(use.used_bytes),
								limit: bytes(use.limit_bytes),
								pct: percent(share),
								left: bytes(use.left_bytes),
								day: day(use.reset_unix_ms),
							}),
						),
						el("div", { class: "au-bar", "aria-hidden": "true" }, bar),
					)
				: el("p", {}, told(use.text)),
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
