/** The card of one uplink: built once, then only what changed is touched. */
import { el, replace, setAttribute, setText, show, svg } from "../dom.ts";
import { ms } from "../format.ts";
import type { Card } from "../model/overview.ts";
import { say } from "../say.ts";
import { type Sample, spark } from "../series.ts";
import { button } from "./controls.ts";
import type { Page } from "./page.ts";

const WIDTH = 300;
const HEIGHT = 44;
const SPAN_MS = 600_000;
const GAP_MS = 8000;

export interface CardView {
	readonly root: HTMLElement;
	update(card: Card, samples: readonly Sample[]): void;
}

export interface CardOrders {
	use(): unknown;
	hold(): unknown;
	release(): unknown;
}

export function createCard(page: Page, name: string, orders: CardOrders): CardView {
	const kind = el("span", { class: "au-kind" });
	const badge = el("span", { class: "au-badge" });
	const marks = el("ul", { class: "au-marks" });
	const figures = el("dl", { class: "au-figures" });
	const reason = el("p", { class: "au-reason" });
	const line = svg("path");
	const losses = svg("g");
	const drawing = svg(
		"svg",
		{ class: "au-spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" },
		losses,
		line,
	);
	const top = el("span");
	const use = button(page, _("Use this uplink"), orders.use, { about: name });
	const hold = button(page, _("Set aside"), orders.hold, {
		kind: "neutral",
		about: name,
	});
	const release = button(page, _("Take back"), orders.release, {
		kind: "apply",
		about: name,
	});
	const link = el(
		"a",
		{
			href: `${L.url("admin", "network", "autonomy", "uplink")}#${encodeURIComponent(name)}`,
			"aria-label": say(_("Details of {name}"), { name }),
		},
		name,
	);
	const card = el(
		"div",
		{ class: "au-card" },
		el("div", { class: "au-card-head" }, el("h4", {}, link, " ", kind), badge),
		marks,
		figures,
		drawing,
		el("p", { class: "au-small" }, el("span", {}, _("Round trip, 10 minutes")), top),
		reason,
		el("div", { class: "au-buttons" }, use, hold, release),
	);
	const root = el("li", {}, card);
	let shownMarks = "";
	let shownFigures = "";

	return {
		root,
		update(model, samples) {
			setAttribute(card, "class", `au-card au-${model.tone}${model.primary ? " au-primary" : ""}`);
			setText(kind, model.kind);
			setText(badge, model.state);
			setText(reason, model.reason);
			if (shownMarks !== model.marks.join("\n")) {
				shownMarks = model.marks.join("\n");
				replace(marks, ...model.marks.map((mark) => el("li", {}, mark)));
			}
			show(marks, model.marks.length > 0);
			const all = [{ name: _("Score"), value: model.score }, ...model.figures];
			const names = all.map((one) => one.name).join("\n");
			if (shownFigures !== names) {
				shownFigures = names;
				replace(figures, ...all.map((one) => el("div", {}, el("dt", {}, one.name), el("dd"))));
			}
			for (const [index, dd] of figures.querySelectorAll("dd").entries()) setText(dd, all[index]?.value ?? "");
			drawSpark(samples);
			show(use, model.usable);
			show(hold, !model.held);
			show(release, model.held);
		},
	};

	function drawSpark(samples: readonly Sample[]): void {
		const toMs = samples.at(-1)?.ts ?? 0;
		const drawn = spark(samples, { width: WIDTH, height: HEIGHT, fromMs: toMs - SPAN_MS, toMs, gapMs: GAP_MS });
		setAttribute(line, "d", drawn.line);
		if (losses.childElementCount !== drawn.bad.length || drawn.bad.length > 0) {
			replace(losses, ...drawn.bad.map(({ x, width }) => svg("rect", { x, y: 0, width, height: HEIGHT })));
		}
		const known = samples.length > 1;
		setText(top, known ? say(_("up to {time}"), { time: ms(drawn.max) }) : _("no figures yet"));
		setAttribute(
			drawing,
			"aria-label",
			known
				? say(_("Round trip time of {name} over the last 10 minutes, {now} now, at most {max}"), {
						name,
						now: ms(samples.at(-1)?.lat_ms),
						max: ms(drawn.max),
					})
				: say(_("No round trip times of {name} yet"), { name }),
		);
	}
}
