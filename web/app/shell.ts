/**
 * The frame: views side by side under one navigation within the thumb's reach, what is wrong above them, one sheet over
 * them. Asks the router every two seconds while somebody looks, rarely while it does not answer.
 */
import { createApi } from "../api.ts";
import { el, replace, setAttribute, setText, show } from "../dom.ts";
import { dateTime, duration } from "../format.ts";
import { headline } from "../model/overview.ts";
import { troubleWords } from "../model/trouble.ts";
import { say } from "../say.ts";
import { createAlerts } from "./alerts.ts";
import { type App, isOfNow, type View } from "./app.ts";
import { watchInstall } from "./device.ts";
import { createHistory } from "./history.ts";
import { type IconName, icon } from "./icons.ts";
import { nowMs, toast } from "./kit.ts";
import { createMore } from "./more.ts";
import { createOverview } from "./overview.ts";
import { isAlive, logout, type Session, transportOf } from "./session.ts";
import { type AppState, createStore, isQueued } from "./state.ts";
import { openUplinkSheet, type UplinkSheet } from "./uplink.ts";

const EVERY_MS = 2000;
const TROUBLED_MS = 3000;

type Name = "overview" | "history" | "alerts" | "more";

export function showShell(session: Session, leave: (why: string) => void): void {
	const transport = transportOf(session);
	const api = createApi(transport);
	const store = createStore(api, nowMs);
	let sheet: UplinkSheet | null = null;
	let current: Name = "overview";
	let timer: ReturnType<typeof setTimeout> | undefined;
	let over = false;

	const app: App = {
		api,
		transport,
		session,
		store,
		async refresh() {
			await running?.catch(() => undefined);
			await refresh();
		},
		openUplink(name) {
			sheet = openUplinkSheet(app, name, () => {
				sheet = null;
			});
			sheet.draw(store.state());
			void sheet.refresh().catch(() => undefined);
		},
		openDecision(id) {
			// First: what is hidden can neither be scrolled to nor be given the keyboard.
			go("history");
			history.open(id);
		},
		async logout() {
			end();
			await logout(session);
			store.forget();
			leave("");
		},
	};

	const history = createHistory(app);
	const more = createMore(app);
	const views: Readonly<Record<Name, View>> = {
		overview: createOverview(app),
		history,
		alerts: createAlerts(app),
		more,
	};
	const badge = el("span", { class: "count" });
	const link = (name: Name, text: string, picture: IconName): HTMLAnchorElement =>
		el(
			"a",
			{ href: `#${name}` },
			el("span", { class: "nav-icon" }, icon(picture), name === "alerts" ? badge : null),
			el("span", {}, text),
		);
	const links: Readonly<Record<Name, HTMLAnchorElement>> = {
		overview: link("overview", _("Overview"), "home"),
		history: link("history", _("History"), "history"),
		alerts: link("alerts", _("Alerts"), "bell"),
		more: link("more", _("More"), "more"),
	};
	const notice = el("div", { class: "trouble", role: "alert" });
	const aloud = el("p", { class: "aloud", role: "status", "aria-live": "polite" });
	const main = el("main", {}, ...Object.values(views).map((view) => view.root));
	document.body.replaceChildren(
		aloud,
		el("nav", { "aria-label": _("Pages") }, ...Object.values(links)),
		el("div", { class: "page" }, notice, main),
	);

	function go(name: Name): void {
		if (location.hash.slice(1) !== name) window.history.replaceState(null, "", `#${name}`);
		current = name;
		for (const key of Object.keys(views) as Name[]) {
			show(views[key].root, key === name);
			setAttribute(links[key], "aria-current", key === name ? "page" : null);
		}
		scrollTo(0, 0);
		views[name].draw(store.state());
		views[name].shown?.();
	}

	/** #alerts, #ack=17 (a notification's button), #overview ... */
	function follow(): void {
		const wanted = location.hash.slice(1);
		const ack = /^ack=([\w-]{1,20})$/.exec(wanted)?.[1];
		if (ack !== undefined) {
			store.acknowledge(ack).then(
				(sent) => toast(sent ? _("Acknowledged.") : _("Kept on this phone; the router is told when it answers again.")),
				() => toast(_("This alert is over."), "bad"),
			);
		}
		go(ack !== undefined ? "alerts" : wanted in views ? (wanted as Name) : "overview");
	}

	let shownTrouble = "";
	function drawTrouble(state: AppState): void {
		const { trouble, seenUnixMs } = state;
		document.body.classList.toggle("stale", !isOfNow(state));
		if (trouble === null) {
			if (shownTrouble !== "") replace(notice);
			shownTrouble = "";
			return;
		}
		const { title, advice } = troubleWords(trouble.code, trouble.text, null);
		// Read aloud again only when it is another trouble, not because time goes by.
		if (shownTrouble !== title) {
			shownTrouble = title;
			replace(notice, el("div", {}, el("strong", {}, title), el("p"), el("p", { class: "age", "aria-live": "off" })));
		}
		const [words, age] = notice.querySelectorAll("p");
		if (words) setText(words, advice);
		const old = seenUnixMs === null ? null : (Date.now() - seenUnixMs) / 1000;
		if (age) {
			setText(
				age,
				old === null
					? ""
					: say(_("What is shown is {time} old, of {when}."), { time: duration(old), when: dateTime(seenUnixMs) }),
			);
		}
	}

	function draw(): void {
		const state = store.state();
		drawTrouble(state);
		const open = state.alerts.filter((one) => one.state === "active" && !isQueued(state, one.id)).length;
		setText(badge, open === 0 ? "" : String(Math.min(open, 99)));
		const told = state.status === null || !isOfNow(state) ? "" : headline(state.status).headline;
		setText(aloud, told);
		document.title = told === "" ? "autonomy" : `autonomy: ${told}`;
		views[current].draw(state);
		sheet?.draw(state);
	}

	let running: Promise<void> | null = null;
	function refresh(): Promise<void> {
		running ??= (async () => {
			const queuedBefore = store.state().queued.length;
			const { trouble, queued } = await store.refresh();
			if (over) return;
			if (queuedBefore > 0 && queued.length === 0) toast(_("The router knows now what you acknowledged."));
			if (trouble?.code === "denied" && !(await isAlive(session))) {
				end();
				leave(_("Your session is over. Log in again."));
				return;
			}
			draw();
			if (trouble === null) await sheet?.refresh().catch(() => undefined);
		})().finally(() => {
			running = null;
		});
		return running;
	}

	function loop(): void {
		clearTimeout(timer);
		if (over || document.hidden) return;
		void refresh().then(() => {
			clearTimeout(timer);
			if (!over) timer = setTimeout(loop, store.state().trouble === null ? EVERY_MS : TROUBLED_MS);
		});
	}

	function end(): void {
		over = true;
		clearTimeout(timer);
		removeEventListener("hashchange", follow);
		document.removeEventListener("visibilitychange", loop);
		removeEventListener("online", loop);
		for (const one of document.querySelectorAll("dialog")) one.close();
	}

	watchInstall(() => more.installable());
	addEventListener("hashchange", follow);
	document.addEventListener("visibilitychange", loop);
	addEventListener("online", loop);
	follow();
	draw();
	loop();
}
