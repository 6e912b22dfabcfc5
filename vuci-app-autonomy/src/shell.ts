/**
 * What web/pages asks of its shell (shell.d.ts), under RutOS: the build puts these names in place of LuCI's, so that the
 * pages run unchanged. Each page lives in a tab; only the one that is seen asks the router, and none after the view is left.
 */
import { el, replace } from "../../web/dom.ts";
import english from "../words/en.json";
import { mayWrite, transport } from "./host.ts";

const TABS_ROOT = "autonomy";

/** What RutOS calls otherwise than LuCI, in English. */
const RUTOS_WORDS: Readonly<Record<string, string>> = english;

/** Texts in the reader's language. */
let texts: Readonly<Record<string, string>> = {};

export function setTexts(given: Readonly<Record<string, string>>): void {
	texts = given;
}

export function _(text: string): string {
	for (const known of [texts, RUTOS_WORDS]) if (Object.hasOwn(known, text)) return known[text] || text;
	return text;
}

// --- where a link leads: the tab, and what is to be shown in it

export interface Place {
	readonly tab: string;
	readonly detail: string;
}

/** Links of the pages are L.url(..., tab) with the detail after a #. */
export function placeOf(href: string): Place | null {
	const [start, tab = "", detail = ""] = href.split("#");
	return start === "" && tab !== "" ? { tab, detail: decodeURIComponent(detail) } : null;
}

export const L = {
	url: (...parts: readonly string[]): string => (parts.includes(TABS_ROOT) ? `#${parts.at(-1)}` : "#overview"),
	hasViewPermission: mayWrite,
};

/** What the address would name; the pages read it when they are made, and write it when the reader chooses. */
let detail = "";

export function setDetail(text: string): void {
	detail = text;
}

export const location = {
	get hash(): string {
		return detail === "" ? "" : `#${encodeURIComponent(detail)}`;
	},
};

/** The address is RutOS' own: its router keeps state of its own in the history. */
export const history = {
	replaceState(_state: unknown, _title: string, hash: string): void {
		detail = decodeURIComponent(hash.replace(/^#/, ""));
	},
};

// --- calls

export const rpc = {
	declare:
		({
			object,
			method,
			params,
		}: {
			readonly object: string;
			readonly method: string;
			readonly params?: readonly string[];
		}) =>
		(...values: readonly unknown[]): Promise<unknown> =>
			transport.call(object, method, Object.fromEntries((params ?? []).map((name, index) => [name, values[index]]))),
};

// --- asking again and again

interface Entry {
	readonly run: () => Promise<unknown>;
	readonly everyMs: number;
	readonly tab: string;
	dueMs: number;
}

const entries: Entry[] = [];
/** The tab that is being made: what it asks belongs to it. */
let making = "";
let shown: string | null = null;
let timer: ReturnType<typeof setInterval> | null = null;

function step(): void {
	const now = performance.now();
	for (const entry of entries) {
		if (entry.tab !== shown || now < entry.dueMs) continue;
		entry.dueMs = now + entry.everyMs;
		void entry.run();
	}
}

export const poll = {
	add(run: () => Promise<unknown>, seconds = 5): boolean {
		if (entries.some((entry) => entry.run === run)) return false;
		entries.push({ run, everyMs: seconds * 1000, tab: making, dueMs: performance.now() + seconds * 1000 });
		return true;
	},
	/** A page asks this when the window is seen again; that is this module's business, which knows what is on show. */
	active: (): boolean => false,
};

document.addEventListener("visibilitychange", () => {
	if (!document.hidden) see(shown);
});

/** The tab is made anew: what it asked before is asked no more. */
export function forget(tab: string): void {
	for (let index = entries.length - 1; index >= 0; index--) if (entries[index]?.tab === tab) entries.splice(index, 1);
}

/** Everything asked from within `make` is asked while `tab` is seen. */
export function makeIn<T>(tab: string, make: () => T): T {
	making = tab;
	try {
		return make();
	} finally {
		making = "";
	}
}

/** A tab is seen; it asks at once. Null: none is, and nothing is asked. */
export function see(tab: string | null): void {
	shown = tab;
	if (timer !== null) clearInterval(timer);
	timer = null;
	if (tab === null) return;
	for (const entry of entries) if (entry.tab === tab) entry.dueMs = 0;
	timer = setInterval(step, 1000);
	step();
}

// --- dialogs and notices

const overlay = el("div", { class: "au-overlay", hidden: true });
const notices = el("div", { class: "au-notices", role: "status" });

/** Where they are put into the page. */
export const layers: readonly HTMLElement[] = [notices, overlay];

/** Notices stay until they are read, but not for ever. */
const MOST_NOTICES = 4;

export const ui = {
	showModal(title: string, children: readonly Node[], ...classes: readonly string[]): Element {
		const modal = el("div", { class: ["modal", ...classes].join(" ") }, el("h4", {}, title), ...children);
		replace(overlay, modal);
		overlay.hidden = false;
		return modal;
	},
	hideModal(): void {
		replace(overlay);
		overlay.hidden = true;
	},
	addNotification(title: string | null, children: Node | readonly Node[], ...classes: readonly string[]): Element {
		const nodes = [children].flat() as Node[];
		const notice = el(
			"div",
			{ class: ["alert-message", ...classes].join(" ") },
			title === null ? null : el("h4", {}, title),
			...nodes,
			el("button", { type: "button", class: "btn", onclick: () => notice.remove() }, _("Dismiss")),
		);
		while (notices.childElementCount >= MOST_NOTICES) notices.firstElementChild?.remove();
		notices.append(notice);
		return notice;
	},
};
