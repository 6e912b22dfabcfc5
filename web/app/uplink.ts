/** The sheet of one uplink: how it is and why, what can be done about it, its figures over time, its link in detail. */

import { errorCode } from "../api.ts";
import { type Child, el, replace, setAttribute, setText, show } from "../dom.ts";
import { bytes, duration, ms, number, percent, rate, withUnit } from "../format.ts";
import { MOST_DECISIONS } from "../model/day.ts";
import { forecastView } from "../model/forecast.ts";
import { card } from "../model/overview.ts";
import { createRows, type RowSource } from "../model/rows.ts";
import { askSources, type SourceFacts } from "../model/sources.ts";
import { planUse, type Use } from "../model/usage.ts";
import { say } from "../say.ts";
import { told } from "../told.ts";
import { classWord, type Member } from "../words.ts";
import { type App, canOrder } from "./app.ts";
import { createGraph, type GraphKind } from "./graph.ts";
import { linkIcon } from "./icons.ts";
import { button, choice, factList, nowMs, openSheet } from "./kit.ts";
import { askFailover, askHold, release } from "./orders.ts";
import type { AppState } from "./state.ts";

/** Cell, dish, data: asked for less often than figures. */
const DETAILS_EVERY_MS = 10_000;

function kinds(): readonly GraphKind[] {
	const dbm = (value: number | null | undefined): string => withUnit(value, "dBm");
	return [
		{ title: _("Round trip time"), key: "lat_ms", of: "mean", format: ms, from: 0, to: 20 },
		{ title: _("Packet loss"), key: "loss_pct", of: "max", format: percent, from: 0, to: 10 },
		{ title: _("Score"), key: "score", of: "mean", format: (value) => number(value), from: 0, to: 100 },
		{ title: _("Received"), key: "rx_bytes_per_s", of: "mean", format: rate, from: 0, to: 10_000 },
		{ title: _("Sent"), key: "tx_bytes_per_s", of: "mean", format: rate, from: 0, to: 10_000 },
		{ title: _("Cellular signal (RSRP)"), key: "rsrp", of: "mean", format: dbm, from: -120, to: -80 },
		{ title: _("Wi-Fi signal"), key: "signal_dbm", of: "mean", format: dbm, from: -90, to: -40 },
		{ title: _("Obstruction"), key: "obstruction_pct", of: "mean", format: percent, from: 0, to: 5 },
	];
}

async function drawForecast(app: App, of: Member): Promise<Child> {
	const reply = await app.api.call("forecast").catch(() => null);
	const one = reply?.uplinks[of.name];
	if (reply === null || one === undefined) return null;
	const { tone, headline, evidence, cause, risks, notes } = forecastView(one, reply.predictive, of.state);
	return el(
		"details",
		{},
		el("summary", {}, _("Forecast")),
		el("p", { class: `sensor ${tone}` }, headline),
		...[cause, evidence, ...notes].filter((line) => line !== "").map((line) => el("p", {}, line)),
		risks.length === 0
			? null
			: factList(
					risks.map(([soon, two, five]) => ({
						name: say(_("within {time}"), { time: soon }),
						value: `${two} / ${five}`,
					})),
				),
		risks.length === 0 ? null : el("p", { class: "quiet" }, _("Chance of being unusable for 2 s / 5 s or more.")),
	);
}

function drawSource({ title, facts }: SourceFacts): Child {
	return el("details", {}, el("summary", {}, title), factList(facts));
}

function drawUsage(use: Use): Child {
	const plan = planUse(use);
	return el(
		"details",
		{ open: plan !== null },
		el("summary", {}, _("Data use")),
		plan === null ? null : el("progress", { class: plan.tone, max: 100, value: plan.pct, "aria-label": _("Data use") }),
		el("p", {}, plan?.text ?? told(use.text)),
	);
}

export interface UplinkSheet {
	readonly name: string;
	draw(state: AppState): void;
	/** Asks for what only this sheet shows. */
	refresh(): Promise<void>;
}

export function openUplinkSheet(app: App, name: string, onClose: () => void): UplinkSheet {
	const picture = el("span", { class: "link-icon" });
	const badge = el("span", { class: "badge" });
	const marks = el("span", { class: "quiet" });
	const head = el("div", { class: "uplink-head" }, picture, el("div", {}, badge, marks));
	const reason = el("p", { class: "reason" });
	const use = button(_("Use this uplink"), () => askFailover(app, name), { kind: "main", icon: "use" });
	const aside = button(_("Set aside"), () => askHold(app, name), { icon: "hold" });
	const back = button(_("Take back"), () => release(app, name), { kind: "main", icon: "auto" });
	const spans = [600, 3600, 21_600, 86_400].map((s): [string, string] => [String(s), duration(s)]);
	const span = choice(_("Over"), spans, "600", () => {
		rows = null;
		void refresh();
	});
	const graphs = kinds().map(createGraph);
	const empty = el("p", { class: "quiet" }, _("No figures yet."));
	const sensors = el("div");
	const more = el("div", { class: "more-facts" });
	const link = el("div");
	openSheet(
		name,
		[
			head,
			reason,
			el("div", { class: "orders" }, use, aside, back),
			span.root,
			empty,
			...graphs.map((one) => one.root),
			more,
			sensors,
			el("details", {}, el("summary", {}, _("The link")), link),
		],
		onClose,
	);
	for (const { root } of graphs) root.hidden = true;
	let rows: RowSource | null = null;
	let marksMs: readonly number[] = [];
	let detailsAtMs = Number.NEGATIVE_INFINITY;
	let member: Member | undefined;
	let kind = "";
	let drawn = "";

	function drawLink(one: Member): void {
		const all = [
			{ name: _("Kind"), value: [classWord(one.class), told(one.class_reason ?? "")].filter(Boolean).join(": ") },
			{ name: _("Interface"), value: [one.iface, one.device, one.proto].filter(Boolean).join(", ") },
			...one.families.flatMap(({ family, address, gateway }) =>
				address
					? [{ name: family === "ipv4" ? "IPv4" : "IPv6", value: [address, gateway].filter(Boolean).join(" \u2192 ") }]
					: [],
			),
			{ name: _("Weight"), value: number(one.weight) },
			...(one.probe
				? [
						{
							name: _("Watched by"),
							value: say(_("{method} every {interval}; {bytes} of {budget} spent today"), {
								method: one.probe.method,
								interval: withUnit(one.probe.interval_ms, "ms"),
								bytes: bytes(one.probe.bytes_today),
								budget: bytes(one.probe.budget_bytes),
							}),
						},
					]
				: []),
		];
		const now = JSON.stringify([all, one.sensors.map(({ state, text }) => [state, text])]);
		if (now === drawn) return;
		drawn = now;
		replace(link, factList(all));
		replace(
			sensors,
			...one.sensors.map((sensor) =>
				el(
					"p",
					{
						class: `sensor ${sensor.state === "ok" ? "good" : sensor.state === "failing" || sensor.state === "denied" ? "bad" : "off"}`,
					},
					el("strong", {}, sensor.sensor),
					` ${told(sensor.text)}`,
				),
			),
		);
	}

	async function details(of: Member): Promise<void> {
		const [{ decisions }, used, sources, forecast] = await Promise.all([
			app.api.call("decisions", { limit: MOST_DECISIONS }),
			app.api.call("data_usage", { interface: name }).catch(() => null),
			askSources(app.transport, of),
			drawForecast(app, of),
		]);
		marksMs = decisions.filter((one) => one.from === name || one.to === name).map((one) => one.ts);
		const usage = used?.usage[name];
		const open = [...more.querySelectorAll("details")]
			.filter((one) => one.open)
			.map((one) => one.textContent?.slice(0, 9));
		const focused = more.contains(document.activeElement) ? document.activeElement?.textContent : null;
		replace(more, usage ? drawUsage(usage) : null, ...sources.map(drawSource), forecast);
		for (const one of more.querySelectorAll("details"))
			if (open.includes(one.textContent?.slice(0, 9))) one.open = true;
		// Whoever is on it with the keyboard stays there.
		if (focused !== null) [...more.querySelectorAll("summary")].find((one) => one.textContent === focused)?.focus();
	}

	async function refresh(): Promise<void> {
		if (member !== undefined && nowMs() - detailsAtMs >= DETAILS_EVERY_MS) {
			detailsAtMs = nowMs();
			await details(member);
		}
		const source = rows ?? createRows(app.api, name, Number(span.value()), nowMs);
		rows = source;
		try {
			const found = await source.refresh();
			// Another span was chosen meanwhile.
			if (rows !== source) return;
			for (const graph of graphs) graph.update(found, marksMs);
			show(empty, found.length === 0);
		} catch (error) {
			rows = null;
			if (errorCode(error) !== "not_found") throw error;
		}
	}

	return {
		name,
		draw(state) {
			member = state.members.find((one) => one.name === name);
			if (member === undefined) {
				setText(reason, _("This uplink is no longer there."));
				for (const node of [use, aside, back]) show(node, false);
				return;
			}
			const model = card(member, state.series.get(name)?.at(-1));
			if (kind !== member.class) replace(picture, linkIcon(member.class));
			kind = member.class;
			setAttribute(head, "class", `uplink-head ${model.tone}`);
			setText(badge, model.state);
			setText(marks, [model.kind, duration(member.state_since_s), ...model.marks].join(" \u00b7 "));
			setText(reason, model.reason);
			const orderable = canOrder(app, state);
			show(use, orderable && model.usable);
			show(aside, orderable && !model.held);
			show(back, orderable && model.held);
			drawLink(member);
		},
		refresh,
	};
}
