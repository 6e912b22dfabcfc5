/**
 * The frame of a page: styles, what went wrong, what is announced to screen readers, asking again and again while
 * somebody looks, buttons that show that they work.
 */

import type { Reply } from "../../../contract/api.ts";
import { type Api, createApi, errorCode, errorText } from "../../../web/api.ts";
import { type Child, el, replace, setAttribute, setText, show } from "../../../web/dom.ts";
import type { Trouble } from "../../../web/live.ts";
import { levelTone } from "../../../web/model/alerts.ts";
import { troubleWords } from "../../../web/model/trouble.ts";
import { say } from "../../../web/say.ts";
import { adopt } from "../../../web/styles.ts";
import styles from "./style.css";
import { transport } from "./transport.ts";

export const nowMs = (): number => performance.now();

export function pageApi(): Api {
	return createApi(transport);
}

/** The user may look but not change anything. */
export function readOnly(): boolean {
	return !L.hasViewPermission();
}

export function ensureStyles(): void {
	adopt(styles);
}

export interface Page {
	readonly root: HTMLElement;
	/** Read aloud; said only when it differs from what was said last. */
	announce(text: string): void;
	trouble(trouble: Trouble | null, atMs: number | null): void;
	/** Tells what went wrong when something was to be done. */
	failed(error: unknown): void;
	/** What the badge says; it asks for itself too. */
	alerts(told: Pick<Reply<"alerts">, "summary">): void;
}

/** Whoever looks at a page need not ask anew all the time whether something else is wrong. */
const ALERTS_EVERY_S = 15;

export interface AlertBadge {
	readonly root: HTMLElement;
	update(told: Pick<Reply<"alerts">, "summary">): void;
}

/** How many alerts nobody takes care of yet, as a link to them; hidden while there is none. */
export function createAlertBadge(): AlertBadge {
	const link = el("a", { class: "au-badge", href: L.url("admin", "network", "autonomy", "alerts") });
	const root = el("p", { class: "au-alerts au" }, link);
	show(root, false);
	const badge: AlertBadge = {
		root,
		update({ summary: { active, highest } }) {
			setText(link, say(_("Alerts: {count}"), { count: active }));
			setAttribute(link, "class", `au-badge au-${highest ? levelTone(highest) : "off"}`);
			show(root, active > 0);
		},
	};
	void keepFresh(ALERTS_EVERY_S, async () => {
		try {
			badge.update(await pageApi().call("alerts"));
		} catch {
			// The page itself tells what is wrong; an account may also see everything but alerts.
			show(root, false);
		}
	});
	return badge;
}

export function createPage(title: string, ...children: readonly Child[]): Page {
	ensureStyles();
	const live = el("p", { class: "au-aloud", role: "status", "aria-live": "polite" });
	const notice = el("div", { role: "alert" });
	const badge = createAlertBadge();
	const root = el(
		"div",
		{ class: "au cbi-map" },
		badge.root,
		el("h2", {}, title),
		live,
		notice,
		readOnly()
			? el(
					"p",
					{ class: "alert-message notice" },
					_("You may look but not change anything: your account has no right to write."),
				)
			: null,
		...children,
	);
	let shown = "";
	return {
		root,
		alerts: badge.update,
		announce: (text) => setText(live, text),
		trouble(trouble, atMs) {
			const age = atMs === null ? null : (nowMs() - atMs) / 1000;
			const told = trouble === null ? null : troubleWords(trouble.code, trouble.text, age);
			root.classList.toggle("au-stale", trouble !== null);
			if (told === null) {
				if (shown !== "") replace(notice);
				shown = "";
				return;
			}
			// Read aloud again only when it is another trouble, not because time goes by.
			if (shown !== told.title) {
				replace(notice, el("div", { class: `alert-message ${told.tone}` }, el("h4", {}, told.title), el("p")));
				shown = told.title;
			}
			const advice = notice.querySelector("p");
			if (advice) setText(advice, told.advice);
		},
		failed: notifyFailure,
	};
}

export function notifyFailure(error: unknown): void {
	ui.addNotification(null, el("p", {}, failureText(error)), "danger");
}

/** Refusals in the router's own words, everything else in ours. */
export function failureText(error: unknown): string {
	if (errorCode(error) === "refused") return errorText(error);
	const { title, advice } = troubleWords(errorCode(error), errorText(error), null);
	return `${title} ${advice}`;
}

/**
 * Runs `refresh` now and every `seconds`, through LuCI's own poll so that its pause button holds; never while the tab is
 * hidden, and at once when it is seen again. A failing refresh is the refresh's own business; none ends the polling.
 */
export function keepFresh(seconds: number, refresh: () => Promise<unknown>): Promise<unknown> {
	let running: Promise<void> | null = null;
	const guarded = (): Promise<void> => {
		if (document.hidden) return Promise.resolve();
		running ??= Promise.resolve()
			.then(refresh)
			.then(
				() => undefined,
				(error: unknown) => console.error(error),
			)
			.finally(() => {
				running = null;
			});
		return running;
	};
	document.addEventListener("visibilitychange", () => {
		if (!document.hidden && poll.active()) void guarded();
	});
	poll.add(guarded, seconds);
	return guarded();
}

interface ButtonOptions {
	readonly kind?: "action" | "positive" | "negative" | "neutral" | "apply" | "remove";
	/** What it is about, when several buttons say the same: for screen readers. */
	readonly about?: string;
	/** Only changes need the right to write. */
	readonly looks?: boolean;
}

/** A button that is disabled while its work is under way. */
export function button(
	page: Pick<Page, "failed">,
	text: string,
	work: () => unknown,
	{ kind = "action", about, looks = false }: ButtonOptions = {},
): HTMLButtonElement {
	const denied = !looks && readOnly();
	const node: HTMLButtonElement = el(
		"button",
		{
			type: "button",
			class: `btn cbi-button cbi-button-${kind}`,
			"aria-label": about === undefined ? null : `${text}: ${about}`,
			disabled: denied,
			title: denied ? _("Your account has no right to write.") : null,
			onclick: () => {
				node.disabled = true;
				Promise.resolve()
					.then(work)
					.catch(page.failed)
					.finally(() => {
						node.disabled = denied;
					});
			},
		},
		text,
	);
	return node;
}

export interface Field {
	readonly row: HTMLElement;
	value(): string;
}

let fields = 0;

/** A labelled choice for dialogs and filters. */
export function choice(label: string, options: readonly (readonly [string, string])[], onchange?: () => void): Field {
	const id = `au-field-${++fields}`;
	const select = el("select", { id, class: "cbi-input-select", onchange: onchange ?? null });
	for (const [value, text] of options) select.append(el("option", { value }, text));
	return { row: el("p", { class: "au-field" }, el("label", { for: id }, label), select), value: () => select.value };
}

export function textInput(label: string, attributes: Readonly<Record<string, string>>, oninput?: () => void): Field {
	const id = `au-field-${++fields}`;
	const input = el("input", { id, type: "text", class: "cbi-input-text", ...attributes, oninput: oninput ?? null });
	return { row: el("p", { class: "au-field" }, el("label", { for: id }, label), input), value: () => input.value };
}

/** Tab goes round within a dialog: what lies behind it is not to be reached. */
function keepInside(modal: Element, event: KeyboardEvent): void {
	const all = [
		...modal.querySelectorAll<HTMLElement>("a[href], button:not([disabled]), input, select, textarea, [tabindex='0']"),
	];
	const [first, last] = [all[0], all.at(-1)];
	const from = event.shiftKey ? first : last;
	if (document.activeElement !== from) return;
	event.preventDefault();
	(event.shiftKey ? last : first)?.focus();
}

/** A dialog with a way out; `work` closes it when it went well. */
export function dialog(
	page: Page,
	title: string,
	children: readonly Node[],
	/** Null: only to be read. */
	accept: { readonly text: string; readonly kind?: "apply" | "negative"; work(): unknown } | null,
): void {
	const back = document.activeElement;
	const close = (): void => {
		ui.hideModal();
		document.removeEventListener("keydown", onKey);
		if (back instanceof HTMLElement) back.focus();
	};
	const onKey = (event: KeyboardEvent): void => {
		if (event.key === "Escape") close();
		if (event.key === "Tab") keepInside(modal, event);
	};
	const cancel = button(page, accept === null ? _("Close") : _("Cancel"), close, { kind: "neutral", looks: true });
	const buttons = el("div", { class: "right au-buttons" }, cancel);
	const wrong = el("div", { role: "alert" });
	if (accept !== null) {
		const work = async (): Promise<void> => {
			try {
				await accept.work();
				close();
			} catch (error) {
				// Said here: what is behind the dialog cannot be seen.
				replace(wrong, el("p", { class: "alert-message danger" }, failureText(error)));
			}
		};
		buttons.append(button(page, accept.text, work, { kind: accept.kind ?? "apply" }));
	}
	const modal = ui.showModal(title, [...children, wrong, buttons], "au-dialog");
	modal.setAttribute("role", "dialog");
	modal.setAttribute("aria-modal", "true");
	modal.setAttribute("aria-label", title);
	document.addEventListener("keydown", onKey);
	const first = modal.querySelector<HTMLElement>("select, input, textarea, button");
	first?.focus();
}

export function factList(all: readonly { readonly name: string; readonly value: string }[]): HTMLElement {
	return el("dl", { class: "au-facts" }, ...all.flatMap((one) => [el("dt", {}, one.name), el("dd", {}, one.value)]));
}

/** A section as LuCI draws them. */
export function section(title: string, ...children: readonly Child[]): HTMLElement {
	return el("div", { class: "cbi-section" }, el("h3", {}, title), ...children);
}

/** Table in LuCI's manner: on phones each cell shows its caption. Rows are cells; cells are nodes or text. */
export function table(captions: readonly string[], rows: readonly (readonly Child[])[], empty: string): HTMLElement {
	const head = el(
		"tr",
		{ class: "tr table-titles" },
		...captions.map((caption) => el("th", { class: "th", scope: "col" }, caption)),
	);
	const body = rows.map((cells) =>
		el(
			"tr",
			{ class: "tr" },
			...cells.map((cell, index) => el("td", { class: "td left", "data-title": captions[index] ?? "" }, cell)),
		),
	);
	if (rows.length === 0) {
		body.push(
			el("tr", { class: "tr placeholder" }, el("td", { class: "td", colspan: captions.length }, el("em", {}, empty))),
		);
	}
	return el("table", { class: "table" }, el("thead", {}, head), el("tbody", {}, ...body));
}
