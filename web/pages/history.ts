/** History: decisions and events, searched and filtered; each decision explained; what if the settings were others. */
import type { Reply } from "../../contract/api.ts";
import { errorCode } from "../api.ts";
import { el, replace, setText } from "../dom.ts";
import { dateTime, when } from "../format.ts";
import { MOST_DECISIONS } from "../model/day.ts";
import { type Entry, entries, type Filter, matching } from "../model/journal.ts";
import { say } from "../say.ts";
import { button, choice, section, textInput } from "./controls.ts";
import { fillExplanation } from "./explain.ts";
import { createPage, keepReading, pageApi } from "./page.ts";
import { createWhatIf } from "./what-if.ts";

const api = pageApi();
const MOST_EVENTS = 500;
/** Rows drawn at first, and with each press of the button. */
const PAGE_ROWS = 60;

export function createHistoryPage(): HTMLElement {
	let all: readonly Entry[] = [];
	let names: readonly string[] = [];
	let seen = "";
	let rows = PAGE_ROWS;
	const opened = new Set<string>();
	if (location.hash.length > 1) opened.add(decodeURIComponent(location.hash.slice(1)));

	const again = (): void => {
		rows = PAGE_ROWS;
		draw();
	};
	const what = choice(
		_("Show"),
		[
			["", _("everything")],
			["decision", _("decisions")],
			["event", _("events")],
		],
		again,
	);
	const name = choice(_("Uplink"), [["", _("all")]], again);
	const search = textInput(_("Search"), { inputmode: "search", maxlength: "64" }, again);
	const count = el("p", { class: "au-small", role: "status" });
	const list = el("ul", { class: "au-entries au-live" });
	const more = el("div", { class: "au-buttons" });
	const page = createPage(
		_("History"),
		section(
			_("What happened and why"),
			el("div", { class: "au-filter" }, what.row, name.row, search.row),
			count,
			list,
			more,
		),
	);
	const whatIf = createWhatIf(page, api);
	page.root.append(section(_("What if"), whatIf.root));
	let whatIfLoaded = false;

	function filter(): Filter {
		return { what: what.value() as Filter["what"], name: name.value(), search: search.value() };
	}

	const drawn = new Map<string, HTMLElement>();

	function row(entry: Entry): HTMLElement {
		const known = drawn.get(entry.id);
		if (known) return known;
		const time = el(
			"time",
			{ datetime: new Date(entry.atUnixMs).toISOString(), title: dateTime(entry.atUnixMs) },
			when(entry.atUnixMs, Date.now()),
		);
		const place = el("div", { class: "au-explained", hidden: true });
		const id = entry.decisionId;
		const why =
			id === null
				? null
				: button(page, _("Why?"), () => toggle(entry.id, id, place), {
						kind: "neutral",
						looks: true,
						about: `${entry.title} ${id}`,
					});
		why?.setAttribute("aria-expanded", "false");
		const node = el(
			"li",
			{},
			el("div", { class: "au-entry-head" }, time, el("strong", { class: `au-${entry.tone}` }, entry.title), why),
			el("p", {}, entry.text),
			place,
		);
		drawn.set(entry.id, node);
		if (id !== null && opened.delete(entry.id)) {
			void toggle(entry.id, id, place).then(() => node.scrollIntoView({ block: "center" }), page.failed);
		}
		return node;
	}

	async function toggle(entryId: string, id: string, place: HTMLElement): Promise<void> {
		place.hidden = !place.hidden;
		drawn.get(entryId)?.querySelector("button")?.setAttribute("aria-expanded", String(!place.hidden));
		if (!place.hidden && place.childElementCount === 0) {
			try {
				await fillExplanation(api, id, place);
			} catch (error) {
				place.hidden = true;
				if (errorCode(error) !== "not_found") throw error;
				place.hidden = false;
				replace(place, el("p", {}, _("This decision is no longer on record.")));
			}
		}
	}

	function draw(): void {
		const found = matching(all, filter());
		// What the address names is shown even if it lies further down.
		rows = Math.max(rows, ...[...opened].map((id) => found.findIndex((one) => one.id === id) + 1));
		const shown = found.slice(0, rows).map(row);
		for (const [index, node] of shown.entries()) {
			if (list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null);
		}
		while (list.children.length > shown.length) list.lastElementChild?.remove();
		setText(
			count,
			all.length === 0
				? _("Nothing is on record yet.")
				: say(_("{found} of {all} entries; the record reaches back to {time}."), {
						found: found.length,
						all: all.length,
						time: dateTime(all.at(-1)?.atUnixMs),
					}),
		);
		replace(
			more,
			found.length > rows
				? button(
						page,
						_("Show more"),
						() => {
							rows += PAGE_ROWS;
							draw();
						},
						{ kind: "neutral", looks: true },
					)
				: null,
		);
	}

	function offerNames(): void {
		const found = [...new Set(all.flatMap((entry) => entry.names))].sort();
		if (found.join("\n") === names.join("\n")) return;
		names = found;
		const select = name.row.querySelector("select");
		const value = select?.value ?? "";
		if (!select) return;
		replace(select, el("option", { value: "" }, _("all")), ...found.map((one) => el("option", { value: one }, one)));
		select.value = found.includes(value) ? value : "";
	}

	async function read(): Promise<void> {
		// Cheap to ask; the long lists only when something is new.
		const status: Reply<"status"> = await api.call("status");
		const now = `${status.last_event?.id} ${status.last_decision?.id} ${status.uptime_s < 30}`;
		if (now !== seen) {
			const [{ decisions }, { events }] = await Promise.all([
				api.call("decisions", { limit: MOST_DECISIONS }),
				api.call("events", { limit: MOST_EVENTS }),
			]);
			all = entries(decisions, events);
			seen = now;
			offerNames();
			draw();
		}
		if (!whatIfLoaded) {
			await whatIf.load();
			whatIfLoaded = true;
		}
	}

	keepReading(page, 3, read, () => {
		seen = "";
		return undefined;
	});
	return page.root;
}
