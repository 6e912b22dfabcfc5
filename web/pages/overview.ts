/** Overview: is the internet up, over which uplink, what comes next, what was last; and the orders of the operator. */
import { el, replace, setText, show } from "../dom.ts";
import { when } from "../format.ts";
import { createLive, type LiveState } from "../live.ts";
import { type Overview, overview } from "../model/overview.ts";
import { say } from "../say.ts";
import type { Sample } from "../series.ts";
import { told } from "../told.ts";
import { type CardView, createCard } from "./cards.ts";
import { button, choice, section, textInput } from "./controls.ts";
import { createDay } from "./day.ts";
import { dialog } from "./dialog.ts";
import { createPage, keepFresh, nowMs, pageApi } from "./page.ts";

const api = pageApi();
const live = createLive(api, nowMs);

const HOW_LONG: () => readonly (readonly [string, string])[] = () => [
	["", _("as set (pin_s)")],
	["600", _("10 minutes")],
	["3600", _("1 hour")],
	["86400", _("1 day")],
	["0", _("until I restore it")],
];

export function createOverviewPage(): HTMLElement {
	const headline = el("p", { class: "au-headline" });
	const text = el("p");
	const next = el("p");
	const last = el("p");
	const banner = el("div", { class: "au-banner au-live au-off" }, headline, text, next, last);
	const notes = el("div", { class: "au-notes" });
	const cards = el("ul", { class: "au-cards au-live" });
	const strip = createDay(api);
	const page = createPage(
		_("Autonomy"),
		banner,
		notes,
		section(_("Uplinks"), cards),
		section(_("The last 24 hours"), strip.root),
	);

	function failover(name: string): void {
		const forS = choice(_("For how long"), HOW_LONG());
		const reason = textInput(_("Why (optional)"), { maxlength: "200" });
		dialog(page, say(_("Move the traffic to {name}"), { name }), [forS.row, reason.row], {
			text: _("Move the traffic"),
			async work() {
				const order = { member: name, reason: reason.value() };
				await api.order("failover", forS.value() === "" ? order : { ...order, for_s: Number(forS.value()) });
				await again();
			},
		});
	}

	function holdAll(): void {
		const forS = choice(_("For how long"), HOW_LONG().slice(1));
		dialog(
			page,
			_("No automatic switches"),
			[el("p", {}, _("The traffic stays where it is, unless its uplink dies.")), forS.row],
			{
				text: _("Hold"),
				async work() {
					await api.order("action", { cmd: "hold", for_s: Number(forS.value()) });
					await again();
				},
			},
		);
	}

	async function order(cmd: "hold" | "release" | "restore" | "recheck", name?: string): Promise<void> {
		await api.order("action", name === undefined ? { cmd } : { cmd, name });
		await again();
	}

	const restore = button(page, _("Back to the automatic choice"), () => order("restore"), { kind: "apply" });
	const hold = button(page, _("No automatic switches"), holdAll, { kind: "neutral" });
	const release = button(page, _("Allow automatic switches"), () => order("release"), { kind: "apply" });
	const recheck = button(page, _("Check all now"), () => order("recheck"), { kind: "neutral" });
	banner.append(el("div", { class: "au-buttons" }, restore, release, hold, recheck));
	for (const node of [restore, release, hold, recheck]) show(node, false);

	const views = new Map<string, CardView>();

	function drawCards(model: Overview, state: LiveState): void {
		for (const [name, view] of views) {
			if (model.cards.some((card) => card.name === name)) continue;
			view.root.remove();
			views.delete(name);
		}
		for (const [index, card] of model.cards.entries()) {
			let one = views.get(card.name);
			if (one === undefined) {
				one = createCard(page, card.name, {
					use: () => failover(card.name),
					hold: () => order("hold", card.name),
					release: () => order("release", card.name),
				});
				views.set(card.name, one);
			}
			// Moved only when its place is another one: moving takes the focus away.
			if (cards.children[index] !== one.root) cards.insertBefore(one.root, cards.children[index] ?? null);
			one.update(card, state.series.get(card.name) ?? []);
		}
	}

	function draw(state: LiveState): void {
		page.trouble(state.trouble, state.atMs);
		const { status } = state;
		if (status === null) {
			setText(headline, state.trouble === null ? _("Asking the router ...") : _("Nothing is known yet."));
			return;
		}
		const latest = (name: string): Sample | undefined => state.series.get(name)?.at(-1);
		const model = overview(status, state.members, latest, state.risks, Date.now());
		banner.className = `au-banner au-live au-${model.tone}`;
		setText(headline, model.headline);
		setText(text, told(status.text));
		setText(next, model.next);
		const line = model.last === null ? "" : `${when(model.last.atUnixMs, Date.now())}: ${model.last.text}`;
		if (last.dataset.told !== line) {
			last.dataset.told = line;
			replace(
				last,
				line === "" ? null : el("strong", {}, _("Last decision"), " "),
				line,
				model.last === null
					? null
					: el(
							"a",
							{ href: `${L.url("admin", "network", "autonomy", "history")}#${encodeURIComponent(model.last.id)}` },
							` ${_("Why?")}`,
						),
			);
		}
		const orders = state.trouble === null;
		show(restore, orders && model.restorable);
		show(release, orders && model.held);
		show(hold, orders && !model.held && status.rank.length > 0);
		show(recheck, orders && status.rank.length > 0);
		if (notes.dataset.told !== model.notes.join("\n")) {
			notes.dataset.told = model.notes.join("\n");
			replace(notes, ...model.notes.map((note) => el("p", { class: "alert-message notice" }, note)));
		}
		page.announce(state.trouble === null ? model.headline : "");
		drawCards(model, state);
		if (state.trouble === null)
			strip.update(
				model.cards.map((card) => card.name),
				model.last?.id ?? "",
			);
	}

	async function again(): Promise<void> {
		draw(await live.again());
	}

	void keepFresh(2, async () => draw(await live.refresh()));
	return page.root;
}
