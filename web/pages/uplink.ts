/** All evidence of one uplink: charts over a span, how it is watched, its sensors, its cell, access point or dish, its data. */
import type { Mark } from "../chart.ts";
import { el, replace, setText } from "../dom.ts";
import { MOST_DECISIONS } from "../model/day.ts";
import { createRows, type RowSource } from "../model/rows.ts";
import { say } from "../say.ts";
import { told } from "../told.ts";
import { kindWord, type Member, stateWord } from "../words.ts";
import { createCharts } from "./charts.ts";
import { choice, section } from "./controls.ts";
import { drawMember } from "./details.ts";
import { drawForecast, drawSky, drawSources, drawUsage } from "./outlook.ts";
import { createPage, keepReading, nowMs, pageApi } from "./page.ts";
import { transport } from "./transport.ts";

const api = pageApi();
/** The rest of the page: addresses, sensors, cell, dish, data. */
const DETAILS_EVERY_MS = 10_000;

export function createUplinkPage(): HTMLElement {
	let members: readonly Member[] = [];
	let rows: RowSource | null = null;
	let marks: readonly Mark[] = [];
	let detailsAtMs = Number.NEGATIVE_INFINITY;
	let skyFor = "";
	let turn = 0;

	const anew = (): void => {
		turn++;
		rows = null;
		detailsAtMs = Number.NEGATIVE_INFINITY;
		const name = uplink.value();
		if (name !== "") history.replaceState(null, "", `#${encodeURIComponent(name)}`);
		void refresh();
	};
	const uplink = choice(_("Uplink"), [], anew);
	const span = choice(
		_("Over"),
		[
			["600", _("10 minutes")],
			["3600", _("1 hour")],
			["21600", _("6 hours")],
			["86400", _("24 hours")],
		],
		anew,
	);
	const state = el("div");
	const graphs = el("div", { class: "au-grid" });
	const forecast = el("div");
	const sources = el("div");
	const usage = el("div");
	const sky = el("div");
	const empty = el("p", {}, _("Asking the router ..."));
	const page = createPage(
		_("Uplink"),
		el("div", { class: "au-filter" }, uplink.row, span.row),
		empty,
		el(
			"div",
			{ class: "au-live" },
			section(
				_("Figures"),
				el(
					"p",
					{ class: "au-small" },
					_("Drag over a chart to zoom, double click to see all again. Dashed lines are decisions."),
				),
				graphs,
			),
			section(_("The link"), state),
			forecast,
			sources,
			sky,
			usage,
		),
	);
	const charts = createCharts(graphs);

	function offer(): void {
		const select = uplink.row.querySelector("select");
		if (!select) return;
		const names = members.map((one) => one.name);
		if ([...select.options].map((one) => one.value).join("\n") === names.join("\n")) return;
		const wanted = select.value || decodeURIComponent(location.hash.slice(1));
		replace(select, ...names.map((name) => el("option", { value: name }, name)));
		select.value = names.includes(wanted) ? wanted : (names[0] ?? "");
	}

	async function details(): Promise<void> {
		const [given, { decisions }] = await Promise.all([
			api.call("members"),
			api.call("decisions", { limit: MOST_DECISIONS }),
		]);
		members = given.members;
		offer();
		const member = members.find((one) => one.name === uplink.value());
		setText(
			empty,
			members.length === 0 ? _("No uplink was found. Give the router a WAN interface under Network, Interfaces.") : "",
		);
		if (member === undefined) return;
		drawMember(state, member);
		page.announce(say(_("{name}: {state}"), { name: member.name, state: stateWord(member.state) }));
		marks = decisions
			.filter((one) => one.from === member.name || one.to === member.name)
			.map((one) => ({ atMs: one.ts, text: `${kindWord(one.kind)}: ${told(one.text)}` }));
		const [foretold, used] = await Promise.all([
			api.call("forecast", { interface: member.name }).catch(() => null),
			api.call("data_usage", { interface: member.name }).catch(() => null),
			drawSources(transport, sources, member),
			skyFor === member.name ? null : showSky(member),
		]);
		drawForecast(forecast, foretold, member);
		drawUsage(usage, used?.usage[member.name]);
	}

	async function showSky(member: Member): Promise<void> {
		skyFor = member.name;
		replace(sky);
		// Only where a dish is looked for; one without a map says so itself.
		if (member.class === "starlink" || member.sensors.some((one) => one.sensor === "starlink")) {
			await drawSky(transport, sky, member.name).catch(() => undefined);
		}
	}

	async function read(): Promise<void> {
		const mine = turn;
		if (nowMs() - detailsAtMs >= DETAILS_EVERY_MS) {
			await details();
			if (mine === turn) detailsAtMs = nowMs();
		}
		const name = uplink.value();
		if (name === "" || mine !== turn) return;
		rows ??= createRows(api, name, Number(span.value()), nowMs);
		const found = await rows.refresh();
		if (mine === turn) charts.update(found, marks);
	}

	const refresh = keepReading(page, 2, read, () => {
		rows = null;
		return undefined;
	});
	return page.root;
}
