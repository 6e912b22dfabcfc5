/** What happened and why: decisions and events, newest first, each decision explained where it stands. */
import { errorCode } from "../api.ts";
import { type Child, el, replace, setText, show } from "../dom.ts";
import { day, when } from "../format.ts";
import { MOST_DECISIONS } from "../model/day.ts";
import { candidateRows, type Explanation, figureRows, followExplanation, outcomes } from "../model/explanation.ts";
import { type Entry, entries, type Filter, matching } from "../model/journal.ts";
import { say } from "../say.ts";
import { ruleWord } from "../told.ts";
import type { App, View } from "./app.ts";
import { button, choice, failureText } from "./kit.ts";
import type { AppState } from "./state.ts";

const MOST_EVENTS = 300;
const PAGE_ROWS = 40;

function table(captions: readonly string[], rows: readonly (readonly string[])[]): Child {
	const cells = (row: readonly string[]): Child[] =>
		row.map((cell, at) => (at === 0 ? el("th", { scope: "row" }, cell) : el("td", {}, cell)));
	return el(
		"div",
		{ class: "scroll", tabindex: 0, role: "group", "aria-label": captions[0] ?? "" },
		el(
			"table",
			{},
			el("thead", {}, el("tr", {}, ...captions.map((one) => el("th", { scope: "col" }, one)))),
			el("tbody", {}, ...rows.map((row) => el("tr", {}, ...cells(row)))),
		),
	);
}

function drawExplanation(told: Explanation, place: HTMLElement): void {
	const figures = figureRows(told);
	replace(
		place,
		el(
			"p",
			{ class: "quiet" },
			say(_("Decision {id}, by the rule {rule}."), { id: told.id, rule: ruleWord(told.rule) }),
		),
		figures.length > 0 ? table([_("What"), _("Measured"), _("Held against")], figures) : null,
		table([_("Uplink"), _("State"), _("Score"), _("Why not")], candidateRows(told)),
		...outcomes(told).map((line) => el("p", {}, line)),
	);
}

async function explain(app: App, id: string, place: HTMLElement): Promise<void> {
	try {
		await followExplanation(
			() => app.api.call("explain", { id }),
			(told) => drawExplanation(told, place),
			() => place.isConnected,
		);
	} catch (error) {
		// What was read before stays.
		if (place.childElementCount > 0) return;
		if (errorCode(error) === "not_found") replace(place, el("p", {}, _("This decision is no longer on record.")));
		else replace(place, el("p", { class: "wrong" }, failureText(error)));
	}
}

export function createHistory(app: App): View & { open(id: string): void } {
	let all: readonly Entry[] = [];
	let seen = "";
	let rows = PAGE_ROWS;
	let wanted = "";
	let what: Filter["what"] = "";
	const drawn = new Map<string, { readonly node: HTMLElement; open(): void }>();
	const filter = choice(
		_("Show"),
		[
			["", _("everything")],
			["decision", _("decisions")],
			["event", _("events")],
		],
		"",
		(value) => {
			what = value as Filter["what"];
			rows = PAGE_ROWS;
			fill();
		},
	);
	const search = el("input", {
		type: "search",
		maxlength: 64,
		placeholder: _("Search"),
		"aria-label": _("Search"),
		oninput: () => fill(),
	});
	const list = el("ol", { class: "entries" });
	const count = el("p", { class: "quiet", role: "status" }, _("Asking the router ..."));
	const more = button(_("Show more"), () => {
		rows += PAGE_ROWS;
		fill();
	});
	const root = el(
		"div",
		{ class: "view" },
		el("h1", { tabindex: "-1" }, _("History")),
		el("div", { class: "filter" }, filter.root, search),
		list,
		count,
		more,
	);

	function row(entry: Entry): HTMLElement {
		const known = drawn.get(entry.id);
		if (known) return known.node;
		const { decisionId } = entry;
		const place = el("div", { class: "explained" });
		const summary = el("summary", { "aria-label": `${_("Why?")} ${entry.title}` }, _("Why?"));
		const why = el("details", { class: "why" }, summary, place);
		why.addEventListener("toggle", () => {
			if (!why.open || decisionId === null || place.childElementCount > 0) return;
			void explain(app, decisionId, place);
		});
		const node = el(
			"li",
			{ class: `entry ${entry.tone}` },
			el("time", { datetime: new Date(entry.atUnixMs).toISOString() }, when(entry.atUnixMs, Date.now())),
			el("h2", {}, entry.title),
			el("p", {}, entry.text),
			decisionId === null ? null : why,
		);
		const open = (): void => {
			why.open = true;
			// The button that led here is hidden by now, and the keyboard with it.
			summary.focus({ preventScroll: true });
			node.scrollIntoView({ block: "center" });
		};
		drawn.set(entry.id, { node, open });
		return node;
	}

	function fill(): void {
		const found = matching(all, { what, name: "", search: search.value });
		const at = wanted === "" ? -1 : found.findIndex((one) => one.id === wanted);
		rows = Math.max(rows, at + 1);
		const shown = found.slice(0, rows);
		for (const [index, entry] of shown.entries()) {
			const node = row(entry);
			if (list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null);
		}
		while (list.children.length > shown.length) list.lastElementChild?.remove();
		const oldest = all.at(-1);
		setText(
			count,
			oldest === undefined
				? _("Nothing is on record yet.")
				: say(_("{found} of {all} entries; the record reaches back to {time}."), {
						found: found.length,
						all: all.length,
						time: `${day(oldest.atUnixMs)}, ${when(oldest.atUnixMs, oldest.atUnixMs)}`,
					}),
		);
		show(more, found.length > rows);
		if (at >= 0) {
			drawn.get(wanted)?.open();
			wanted = "";
		}
	}

	async function read(): Promise<void> {
		const [{ decisions }, { events }] = await Promise.all([
			app.api.call("decisions", { limit: MOST_DECISIONS }),
			app.api.call("events", { limit: MOST_EVENTS }),
		]);
		all = entries(decisions, events);
		const ids = new Set(all.map((one) => one.id));
		for (const id of drawn.keys()) if (!ids.has(id)) drawn.delete(id);
		fill();
	}

	let visible = false;
	function update(state: AppState): void {
		const { status, trouble } = state;
		const now = `${status?.last_event?.id} ${status?.last_decision?.id}`;
		if (!visible || status === null || trouble !== null || now === seen) return;
		seen = now;
		read().catch((error: unknown) => {
			seen = "";
			setText(count, failureText(error));
		});
	}

	return {
		root,
		draw: update,
		shown() {
			visible = true;
			update(app.store.state());
			if (app.store.state().trouble !== null && all.length === 0) {
				setText(count, _("The history is on the router, which does not answer now."));
			}
		},
		open(id) {
			wanted = id;
			fill();
		},
	};
}
