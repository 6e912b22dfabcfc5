/** Alerts that hold, the most urgent first, each acknowledged with one tap; and those that are over. */
import { el, replace, setText, show } from "../dom.ts";
import { when } from "../format.ts";
import { alertRow } from "../model/alerts.ts";
import type { App, View } from "./app.ts";
import { button, failureText, toast } from "./kit.ts";
import { type Alert, type AppState, isQueued } from "./state.ts";

const MOST_PAST = 50;

export function createAlerts(app: App): View {
	const list = el("ul", { class: "alerts" });
	const none = el("p", { class: "quiet calm" }, _("All is well: no alert holds."));
	const all = button(_("Acknowledge all"), () => acknowledge("all"), { icon: "check" });
	const past = el("ul", { class: "alerts past" });
	const before = el("details", { class: "why" }, el("summary", {}, _("Alerts that are over")), past);
	const root = el("div", { class: "view" }, el("h1", { tabindex: "-1" }, _("Alerts")), none, list, all, before);
	let drawn = "";

	before.addEventListener("toggle", () => {
		if (!before.open) return;
		app.api.call("alert_history", { limit: MOST_PAST }).then(
			({ alerts }) =>
				replace(
					past,
					...(alerts.length > 0
						? alerts.map((one) => row(one, false, false))
						: [el("li", { class: "quiet" }, _("None yet."))]),
				),
			(error: unknown) => replace(past, el("li", {}, failureText(error))),
		);
	});

	async function acknowledge(id: string): Promise<void> {
		const sent = await app.store.acknowledge(id);
		toast(sent ? _("Acknowledged.") : _("Kept on this phone; the router is told when it answers again."));
		draw(app.store.state());
	}

	function row(alert: Alert, queued: boolean, mayAct: boolean): HTMLElement {
		const { id, tone, level, title, text, atUnixMs, notes, open } = alertRow(alert);
		const facts = [
			when(atUnixMs, Date.now()),
			...notes,
			...(queued ? [_("acknowledged here, the router is not told yet")] : []),
		];
		return el(
			"li",
			{ class: `alert ${tone}` },
			el("div", { class: "alert-head" }, el("h2", {}, title), el("span", { class: "badge" }, level)),
			el("p", {}, text),
			el("p", { class: "quiet" }, facts.join(" \u00b7 ")),
			mayAct && open && !queued
				? button(_("Acknowledge"), () => acknowledge(id), { kind: "main", icon: "check", about: title })
				: null,
		);
	}

	function draw(state: AppState): void {
		const { alerts, queued } = state;
		const writes = app.session.write;
		const now = JSON.stringify([alerts, queued]);
		if (now !== drawn) {
			drawn = now;
			replace(list, ...alerts.map((one) => row(one, isQueued(state, one.id), writes)));
		}
		setText(none, state.seenUnixMs === null ? _("Nothing is known yet.") : _("All is well: no alert holds."));
		show(none, alerts.length === 0);
		const open = alerts.filter((one) => one.state === "active" && !isQueued(state, one.id));
		show(all, writes && open.length > 1);
		show(before, state.trouble === null);
	}

	return { root, draw };
}
