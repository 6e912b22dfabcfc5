/**
 * All pages of Autonomy in RutOS, as tabs of one view. Made when the view is first entered, kept while RutOS shows other
 * views, and made anew when somebody else has logged in. What the pages are is in web/pages; shell.ts carries them.
 */

import { el } from "../../web/dom.ts";
import { setLocale } from "../../web/format.ts";
import { createAlertsPage } from "../../web/pages/alerts.ts";
import { createHistoryPage } from "../../web/pages/history.ts";
import { createOverviewPage } from "../../web/pages/overview.ts";
import { createSystemPage } from "../../web/pages/system.ts";
import { createUplinkPage } from "../../web/pages/uplink.ts";
import { adopt } from "../../web/styles.ts";
import { type TextsFile, unpackTexts } from "../../web/texts.ts";
import { enter, type HostComponent, language, mayWrite } from "./host.ts";
import { createMobile } from "./mobile.ts";
import styles from "./rutos.css";
import { createSettings } from "./settings.ts";
import { forget, layers, makeIn, type Place, placeOf, see, setDetail, setTexts } from "./shell.ts";
import { watchTheme } from "./theme.ts";

/** Set by the build: language -> file of its texts. */
declare const LANGUAGE_FILES: Readonly<Record<string, string>>;

export interface App {
	/** Shows the pages in `place`; the result takes them away again. */
	open(host: HostComponent, place: HTMLElement): () => void;
}

interface Tab {
	readonly name: string;
	readonly title: () => string;
	make(): Node;
}

const TABS: readonly Tab[] = [
	{
		name: "overview",
		title: () => _("Overview"),
		make: () => el("div", {}, createOverviewPage(), createMobile()),
	},
	{ name: "uplink", title: () => _("Uplinks"), make: createUplinkPage },
	{ name: "history", title: () => _("History"), make: createHistoryPage },
	{ name: "settings", title: () => _("Settings"), make: createSettings },
	{ name: "alerts", title: () => _("Alerts"), make: createAlertsPage },
	{ name: "system", title: () => _("System"), make: createSystemPage },
];

/** What cannot be read stays English. */
async function loadTexts(tag: string): Promise<void> {
	const file = LANGUAGE_FILES[tag.slice(0, 2).toLowerCase()];
	setLocale(tag);
	setTexts({});
	if (file === undefined) return;
	try {
		const response = await fetch(file);
		if (response.ok) setTexts(unpackTexts((await response.json()) as TextsFile));
	} catch {
		// The router is out of reach; the pages say so.
	}
}

interface Frame {
	readonly root: HTMLElement;
	/** Whose rights and language it was made for. */
	readonly key: string;
	readonly tab: () => string;
}

function makeFrame(key: string): Frame {
	const bar = el("div", { class: "au-tabs", role: "tablist", "aria-label": _("Autonomy") });
	const panels = el("div", {});
	const root = el("div", { class: "au-rutos" }, bar, ...layers.slice(0, 1), panels, ...layers.slice(1));
	const made = new Map<string, HTMLElement>();
	const buttons = new Map<string, HTMLButtonElement>();
	let current = "overview";

	function go({ tab, detail }: Place): void {
		const found = TABS.find((one) => one.name === tab);
		if (found === undefined) return;
		if (detail !== "" && made.has(tab)) {
			forget(tab);
			made.get(tab)?.remove();
			made.delete(tab);
		}
		current = tab;
		for (const [name, button] of buttons) {
			button.setAttribute("aria-selected", String(name === tab));
			button.tabIndex = name === tab ? 0 : -1;
		}
		if (!made.has(tab)) {
			setDetail(detail);
			const id = `au-panel-${tab}`;
			const label = `au-tab-${tab}`;
			const panel = el("div", { id, class: "au-panel", role: "tabpanel", "aria-labelledby": label });
			made.set(tab, panel);
			panels.append(panel);
			panel.append(makeIn(tab, found.make));
		}
		for (const [name, panel] of made) panel.hidden = name !== tab;
		see(tab);
	}

	function onKey(event: KeyboardEvent): void {
		const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
		if (step === 0) return;
		const next = TABS[(TABS.findIndex((one) => one.name === current) + step + TABS.length) % TABS.length];
		if (next === undefined) return;
		event.preventDefault();
		go({ tab: next.name, detail: "" });
		buttons.get(next.name)?.focus();
	}

	for (const { name, title } of TABS) {
		const button = el(
			"button",
			{
				type: "button",
				id: `au-tab-${name}`,
				role: "tab",
				onclick: () => go({ tab: name, detail: "" }),
			},
			title(),
		);
		buttons.set(name, button);
		bar.append(button);
	}
	bar.addEventListener("keydown", onKey);
	root.addEventListener("click", (event) => {
		const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
		const place = placeOf(link?.getAttribute("href") ?? "");
		if (place === null) return;
		event.preventDefault();
		go(place);
		// The link is hidden by now, and the keyboard with it.
		buttons.get(place.tab)?.focus();
	});
	// Made when it is first shown: a page looks at its own place.
	queueMicrotask(() => go({ tab: current, detail: "" }));
	return { root, key, tab: () => current };
}

let frame: Frame | null = null;
/** Views come and go while texts are being read: the last one counts. */
let opened = 0;

const app: App = {
	open(host, place) {
		const mine = ++opened;
		adopt(styles);
		enter(host);
		const tag = language();
		const key = `${tag} ${mayWrite()}`;
		const theme = watchTheme(place);
		const show = (): void => {
			if (mine !== opened) return;
			if (frame?.key !== key) {
				for (const { name } of TABS) forget(name);
				frame = makeFrame(key);
			} else see(frame.tab());
			place.append(frame.root);
		};
		if (frame?.key === key) show();
		else void loadTexts(tag).then(show);
		return () => {
			theme.close();
			if (mine !== opened) return;
			opened++;
			see(null);
			frame?.root.remove();
		};
	},
};

export default app;
