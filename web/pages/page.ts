/**
 * The frame of a page: styles, what went wrong, what is announced to screen readers, asking again and again while
 * somebody looks. What a page asks of the shell it is shown in, LuCI's or RutOS', is in shell.d.ts.
 */

import type { Reply } from "../../contract/api.ts";
import { type Api, createApi, errorCode, errorText } from "../api.ts";
import { type Child, el, replace, setAttribute, setText, show } from "../dom.ts";
import type { Trouble } from "../live.ts";
import { levelTone } from "../model/alerts.ts";
import { troubleWords } from "../model/trouble.ts";
import { say } from "../say.ts";
import { adopt } from "../styles.ts";
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

/**
 * Reads now and every `seconds`; what went wrong stands in the page's head until it goes well again. `wrong` may forget
 * what is to be read anew, and may have better words. The result reads at once, but never beside a reading that is under
 * way: what was asked before would be drawn over what was asked later.
 */
export function keepReading(
	page: Pick<Page, "trouble">,
	seconds: number,
	read: () => Promise<void>,
	wrong: (error: unknown) => Pick<Trouble, "code" | "text"> | undefined,
): () => Promise<void> {
	let atMs: number | null = null;
	let sinceMs: number | null = null;
	let last = Promise.resolve();
	async function once(): Promise<void> {
		try {
			await read();
			atMs = nowMs();
			sinceMs = null;
			page.trouble(null, atMs);
		} catch (error) {
			sinceMs ??= nowMs();
			const told = wrong(error) ?? { code: errorCode(error), text: errorText(error) };
			page.trouble({ ...told, sinceMs }, atMs);
		}
	}
	function refresh(): Promise<void> {
		last = last.then(once, once);
		return last;
	}
	void keepFresh(seconds, refresh);
	return refresh;
}
