/** Alerts: what is wrong now, each acknowledged with a press; who is told and how that went; what is over; maintenance. */
import type { Reply } from "../../contract/api.ts";
import { el, replace, setText, show } from "../dom.ts";
import { dateTime, when } from "../format.ts";
import { type Alert, alertRow } from "../model/alerts.ts";
import { say } from "../say.ts";
import { told } from "../told.ts";
import { createChannels } from "./channels.ts";
import { button, section } from "./controls.ts";
import { createPage, keepReading, pageApi } from "./page.ts";

const api = pageApi();
const MOST_PAST = 100;

export function createAlertsPage(): HTMLElement {
	let seen = "";
	let past = "";
	let maintained = false;

	const summary = el("p", { class: "au-headline" });
	const hush = el("p");
	const banner = el("div", { class: "au-banner au-live au-off" }, summary, hush);
	const open = el("ul", { class: "au-entries au-live" });
	const over = el("ul", { class: "au-entries au-live" });
	const nothing = el("p", {}, _("Nothing is on record yet."));
	const page = createPage(_("Alerts"), banner);
	const channels = createChannels(
		page,
		api,
		_(
			"No channel is switched on: nobody hears of alerts who does not look here. Switch one on under Settings, Alerts.",
		),
	);
	const all = button(page, _("Acknowledge all"), () => acknowledge("all"));
	const maintenance = button(page, _("Maintenance begins"), () => maintain(true), { kind: "neutral" });
	const end = button(page, _("Maintenance is over"), () => maintain(false), { kind: "apply" });
	banner.append(el("div", { class: "au-buttons" }, all, end, maintenance));
	page.root.append(
		section(_("What is wrong now"), open),
		section(_("Who is told"), channels.root),
		section(_("What is over"), nothing, over),
	);
	for (const node of [all, end, maintenance]) show(node, false);

	async function acknowledge(id: string): Promise<void> {
		const { ok, text } = await api.call("alert_ack", { id });
		page.announce(told(text));
		if (!ok) throw new Error(text);
		await refresh();
	}

	/** An option like any other: it holds over a restart. */
	async function maintain(on: boolean): Promise<void> {
		await api.order("config.set", { section: "alerts", values: { maintenance: on ? "1" : "0" } });
		seen = "";
		await refresh();
	}

	function row(alert: Alert): HTMLElement {
		const { id, tone, level, title, text, atUnixMs, notes, open: waits } = alertRow(alert);
		const time = el(
			"time",
			{ datetime: new Date(atUnixMs).toISOString(), title: dateTime(atUnixMs) },
			when(atUnixMs, Date.now()),
		);
		return el(
			"li",
			{},
			el(
				"div",
				{ class: "au-entry-head" },
				time,
				el("span", { class: `au-badge au-${tone}` }, level),
				el("strong", {}, title),
				waits ? button(page, _("Acknowledge"), () => acknowledge(id), { kind: "action", about: title }) : null,
			),
			el("p", {}, text),
			notes.length === 0 ? null : el("p", { class: "au-dim" }, notes.join(", ")),
		);
	}

	function draw({ alerts, summary: { active, acknowledged } }: Reply<"alerts">, hushed: string | undefined): void {
		const worst = alerts.map(alertRow).find((one) => one.open);
		banner.className = `au-banner au-live au-${worst?.tone ?? "good"}`;
		const headline =
			active > 0
				? say(_("Alerts that nobody takes care of yet: {count}"), { count: active })
				: acknowledged > 0
					? say(_("Alerts that hold and are taken care of: {count}"), { count: acknowledged })
					: _("All is well: no alert holds.");
		setText(summary, headline);
		page.announce(headline);
		setText(
			hush,
			hushed === "maintenance" || maintained
				? _("Maintenance: only emergencies are told, the rest as one message afterwards.")
				: hushed === "quiet_hours"
					? _("Quiet hours: only emergencies are told, the rest as one message afterwards.")
					: "",
		);
		show(all, active > 1);
		show(end, maintained);
		show(maintenance, !maintained);
		const now = JSON.stringify(alerts);
		if (open.dataset.told === now) return;
		open.dataset.told = now;
		replace(open, ...alerts.map(row));
		if (alerts.length === 0) replace(open, el("li", {}, _("Nothing.")));
	}

	async function read(): Promise<void> {
		const [given, status] = await Promise.all([api.call("alerts"), api.call("notification_status")]);
		// What is over, and whether somebody works here, is asked again only when something changed.
		const now = JSON.stringify([given.alerts.map((one) => [one.id, one.state]), status.hush]);
		if (now !== seen) {
			const [history, config] = await Promise.all([
				api.call("alert_history", { limit: MOST_PAST }),
				api.call("config.get").catch(() => null),
			]);
			maintained = config?.sections.alerts?.maintenance === "1";
			const before = JSON.stringify(history.alerts);
			if (before !== past) replace(over, ...history.alerts.map(row));
			past = before;
			show(nothing, history.alerts.length === 0);
			seen = now;
		}
		draw(given, status.hush ?? undefined);
		channels.update(status.channels);
		page.alerts(given);
	}

	const refresh = keepReading(page, 3, read, () => {
		seen = "";
		return undefined;
	});
	return page.root;
}
