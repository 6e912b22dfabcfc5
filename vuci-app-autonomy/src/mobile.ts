/** SIM cards, modems and data plans of the mobile uplinks, below the overview; nothing where there is no mobile uplink. */

import type { Reply } from "../../contract/api.ts";
import { CELLULAR_METHODS } from "../../contract/api-cellular.ts";
import type { Fields } from "../../contract/api-schema.ts";
import { el, replace } from "../../web/dom.ts";
import { facts } from "../../web/facts.ts";
import { bytes, dateTime, number, percent } from "../../web/format.ts";
import { factList, section } from "../../web/pages/controls.ts";
import { planBar } from "../../web/pages/outlook.ts";
import { keepFresh, pageApi } from "../../web/pages/page.ts";
import { say } from "../../web/say.ts";
import { told } from "../../web/told.ts";
import type { Tone } from "../../web/words.ts";

type Modem = Reply<"cellular_status">["cellular"][string];
type Use = Reply<"data_usage">["usage"][string];

const EVERY_S = 10;
const ALL: Fields = CELLULAR_METHODS.cellular_status.reply.cellular.of.fields;
/** What the owner of a SIM card asks first; the page of the uplink has the rest. */
const SHOWN = ["model", "operator", "registration", "technology", "band", "temperature_c"] as const;
const FIELDS: Fields = Object.fromEntries(
	SHOWN.flatMap((name) => (ALL[name] === undefined ? [] : [[name, ALL[name]] as const])),
);

function state(modem: Modem): { readonly tone: Tone; readonly word: string } {
	if (modem.state !== "ok") return { tone: "off", word: _("unknown") };
	if (modem.in_use === false) return { tone: "off", word: _("other SIM card in use") };
	if (modem.trouble) return { tone: "bad", word: _("trouble") };
	if (modem.sim === "missing") return { tone: "bad", word: _("no SIM card") };
	if (modem.sim === "locked") return { tone: "bad", word: _("SIM card locked") };
	if (modem.connected === false) return { tone: "warn", word: _("not connected") };
	if (modem.roaming === true) return { tone: "warn", word: _("roaming") };
	return { tone: "good", word: modem.connected === true ? _("connected") : _("ready") };
}

function simText({ sim, sim_slot, sim_slots }: Modem): string {
	const words: Readonly<Record<NonNullable<Modem["sim"]>, string>> = {
		ready: _("ready"),
		missing: _("missing"),
		locked: _("locked"),
		failed: _("failed"),
	};
	const word = sim ? words[sim] : "";
	if (typeof sim_slot !== "number") return word;
	const slot =
		typeof sim_slots === "number"
			? say(_("slot {slot} of {slots}"), { slot: sim_slot, slots: sim_slots })
			: say(_("slot {slot}"), { slot: sim_slot });
	return [slot, word].filter((part) => part !== "").join(", ");
}

function signalText({ current_signal: { rsrp, quality, quality_pct } }: Modem): string {
	const words: Readonly<Record<NonNullable<Modem["current_signal"]["quality"]>, string>> = {
		excellent: _("excellent"),
		good: _("good"),
		fair: _("fair"),
		poor: _("poor"),
		bad: _("bad"),
	};
	const parts = [
		quality ? words[quality] : "",
		typeof quality_pct === "number" ? percent(quality_pct) : "",
		typeof rsrp === "number" ? `RSRP ${number(rsrp)}\u00a0dBm` : "",
	];
	return parts.filter((part) => part !== "").join(", ");
}

/** Who counts, and how much of the plan is left; without a plan, this month's bytes. */
function drawPlan(use: Use | undefined): HTMLElement | null {
	if (use === undefined) return null;
	const counted = use.source === "quota_limit" || use.source === "mdcollect" ? _("Counted by RutOS.") : "";
	const bar = planBar(use);
	if (bar === null) {
		const month = (use.month_rx_bytes ?? 0) + (use.month_tx_bytes ?? 0);
		return el("p", { class: "au-small" }, say(_("No data limit; {bytes} this month."), { bytes: bytes(month) }));
	}
	if (counted !== "") bar.append(el("p", { class: "au-small", title: dateTime(use.from_unix_ms) }, counted));
	return bar;
}

function drawModem(name: string, modem: Modem, use: Use | undefined): HTMLElement {
	const { tone, word } = state(modem);
	const told_ = modem.trouble || (modem.state === "ok" ? "" : modem.text);
	const rows = [
		{ name: _("SIM card"), value: simText(modem) },
		{ name: _("Signal"), value: signalText(modem) },
		...facts(modem, FIELDS),
	].filter(({ value }) => value !== "");
	return el(
		"li",
		{},
		el(
			"div",
			{ class: `au-card au-${tone}` },
			el("div", { class: "au-card-head" }, el("h4", {}, name), el("span", { class: "au-badge" }, word)),
			told_ === "" ? null : el("p", { class: "au-reason" }, told(told_)),
			factList(rows),
			drawPlan(use),
		),
	);
}

export function createMobile(): HTMLElement {
	const api = pageApi();
	const cards = el("ul", { class: "au-cards au-mobile" });
	const root = section(_("Mobile: SIM cards, modems and data limits"), cards);
	const frame = el("div", { class: "au", hidden: true }, root);
	void keepFresh(EVERY_S, async () => {
		try {
			const [{ cellular }, { usage }] = await Promise.all([api.call("cellular_status"), api.call("data_usage")]);
			const all = Object.entries(cellular);
			replace(cards, ...all.map(([name, modem]) => drawModem(name, modem, usage[name])));
			frame.hidden = all.length === 0;
		} catch {
			// The page above tells what is wrong; the last figures stay, as its own do.
		}
	});
	return frame;
}
