/** The first view: is the internet up, over which uplink, what comes next; every uplink as a card; the day. */
import { el, replace, setAttribute, setText, show, svg } from "../dom.ts";
import { duration, when } from "../format.ts";
import { type Card, overview } from "../model/overview.ts";
import { say } from "../say.ts";
import { type Sample, spark } from "../series.ts";
import { type App, canOrder, isOfNow, type View } from "./app.ts";
import { createDay } from "./day.ts";
import { icon, linkIcon } from "./icons.ts";
import { button } from "./kit.ts";
import { askHold, askRestore, recheck, release } from "./orders.ts";
import type { AppState } from "./state.ts";

const WIDTH = 300;
const HEIGHT = 36;
const SPAN_MS = 600_000;
const GAP_MS = 8000;

interface CardView {
	readonly root: HTMLElement;
	update(card: Card, kind: string, samples: readonly Sample[]): void;
}

function createCard(name: string, open: () => void): CardView {
	const picture = el("span", { class: "link-icon" });
	const kind = el("span", { class: "quiet" });
	const badge = el("span", { class: "badge" });
	const marks = el("p", { class: "marks" });
	const figures = el("dl", { class: "figures" });
	const reason = el("p", { class: "reason" });
	const line = svg("path");
	const losses = svg("g");
	const title = el("button", { type: "button", class: "cover", onclick: open }, name);
	const drawing = svg(
		"svg",
		{ class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
		losses,
		line,
	);
	const root = el(
		"li",
		{ class: "card" },
		el(
			"div",
			{ class: "card-head" },
			picture,
			el("div", { class: "card-name" }, el("h3", {}, title), kind),
			badge,
			icon("go"),
		),
		marks,
		figures,
		drawing,
		reason,
	);
	let drawnKind = "";
	let drawnFigures = "";

	return {
		root,
		update(card, linkKind, samples) {
			setAttribute(root, "class", `card ${card.tone}${card.primary ? " primary" : ""}`);
			if (drawnKind !== linkKind) replace(picture, linkIcon(linkKind));
			drawnKind = linkKind;
			setText(kind, card.kind);
			setText(badge, card.state);
			setText(reason, card.reason);
			setText(marks, card.marks.join(" \u00b7 "));
			show(marks, card.marks.length > 0);
			const all = [...card.figures, { name: _("Score"), value: card.score }];
			const names = all.map((one) => one.name).join("\n");
			if (drawnFigures !== names) {
				drawnFigures = names;
				replace(figures, ...all.map((one) => el("div", {}, el("dt", {}, one.name), el("dd"))));
			}
			for (const [index, dd] of figures.querySelectorAll("dd").entries()) setText(dd, all[index]?.value ?? "");
			const toMs = samples.at(-1)?.ts ?? 0;
			const drawn = spark(samples, { width: WIDTH, height: HEIGHT, fromMs: toMs - SPAN_MS, toMs, gapMs: GAP_MS });
			setAttribute(line, "d", drawn.line);
			replace(losses, ...drawn.bad.map(({ x, width }) => svg("rect", { x, y: 0, width, height: HEIGHT })));
			drawing.classList.toggle("gone", samples.length < 2);
		},
	};
}

export function createOverview(app: App): View {
	const mark = el("span", { class: "hero-mark" }, icon("off"));
	const headline = el("h1", { tabindex: "-1" });
	const next = el("p");
	const since = el("p", { class: "quiet" });
	const last = el("div", { class: "last" });
	const notes = el("div", { class: "notes" });
	const cards = el("ul", { class: "cards" });
	const day = createDay(app.api);
	const restore = button(_("Back to the automatic choice"), () => askRestore(app), { kind: "main", icon: "auto" });
	const letGo = button(_("Allow automatic switches"), () => release(app), { kind: "main", icon: "auto" });
	const hold = button(_("No automatic switches"), () => askHold(app), { icon: "hold" });
	const check = button(_("Check all now"), () => recheck(app), { icon: "check" });
	const hero = el(
		"section",
		{ class: "hero off" },
		mark,
		el("div", { class: "hero-text" }, headline, next, since, el("div", { class: "orders" }, restore, letGo)),
	);
	/** Headings of nothing say nothing: they come with what is known. */
	const rest = [
		el("h2", {}, _("Uplinks")),
		cards,
		el("div", { class: "orders" }, hold, check),
		el("h2", {}, _("The last 24 hours")),
		day.root,
		el("h2", {}, _("Last decision")),
		last,
	];
	const root = el("div", { class: "view overview" }, hero, notes, ...rest);
	const views = new Map<string, CardView>();
	let tone = "";

	function drawCards(all: readonly Card[], state: AppState): void {
		for (const [name, view] of views) {
			if (all.some((card) => card.name === name)) continue;
			view.root.remove();
			views.delete(name);
		}
		for (const [index, card] of all.entries()) {
			let one = views.get(card.name);
			if (one === undefined) {
				one = createCard(card.name, () => app.openUplink(card.name));
				views.set(card.name, one);
			}
			// Moved only when its place is another one: moving takes the focus away.
			if (cards.children[index] !== one.root) cards.insertBefore(one.root, cards.children[index] ?? null);
			const kind = state.members.find((member) => member.name === card.name)?.class ?? "other";
			one.update(card, kind, state.series.get(card.name) ?? []);
		}
	}

	return {
		root,
		draw(state) {
			const { status } = state;
			for (const node of [restore, letGo, hold, check]) show(node, false);
			for (const node of rest) show(node, status !== null);
			if (status === null) {
				setText(headline, state.trouble === null ? _("Asking the router ...") : _("Nothing is known yet."));
				return;
			}
			const latest = (name: string): Sample | undefined => state.series.get(name)?.at(-1);
			const model = overview(status, state.members, latest, state.risks, Date.now());
			const orderable = canOrder(app, state);
			// What is old is not called good.
			const shownTone = isOfNow(state) ? model.tone : "off";
			if (tone !== shownTone) {
				tone = shownTone;
				hero.className = `hero ${shownTone}`;
				replace(mark, icon(shownTone));
			}
			setText(headline, model.headline);
			setText(next, model.next);
			const { since_s } = status;
			setText(
				since,
				typeof since_s === "number" && status.current && status.state !== "offline"
					? say(_("{name} has carried the traffic for {time}."), { name: status.current, time: duration(since_s) })
					: "",
			);
			show(restore, orderable && model.restorable);
			show(letGo, orderable && model.held);
			show(hold, orderable && !model.held && !model.restorable && status.rank.length > 0);
			show(check, orderable && status.rank.length > 0);
			if (notes.dataset.told !== model.notes.join("\n")) {
				notes.dataset.told = model.notes.join("\n");
				replace(notes, ...model.notes.map((note) => el("p", { class: "note" }, note)));
			}
			const told =
				model.last === null ? _("None yet.") : `${when(model.last.atUnixMs, Date.now())}: ${model.last.text}`;
			if (last.dataset.told !== told) {
				last.dataset.told = told;
				const id = model.last?.id;
				replace(
					last,
					el("p", {}, told),
					id === undefined ? null : button(_("Why?"), () => app.openDecision(id), { icon: "history" }),
				);
			}
			drawCards(model.cards, state);
			if (state.trouble === null) {
				day.update(
					model.cards.map((card) => card.name),
					model.last?.id ?? "",
				);
			}
		},
	};
}
