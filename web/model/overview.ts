/**
 * The overview in words and figures: is the internet up, over which uplink, what is likely to happen next, how well is
 * each. Pure; texts come translated, names and reasons as the router gave them.
 */
import type { Reply } from "../../contract/api.ts";
import { duration, ms, number, percent, rate, when, withUnit } from "../format.ts";
import type { Risk } from "../live.ts";
import { say } from "../say.ts";
import type { Sample } from "../series.ts";
import { told } from "../told.ts";
import { classWord, type Member, scoreTone, stateTone, stateWord, type Tone } from "../words.ts";
import { LIKELY, NOTABLE } from "./forecast.ts";

export type Status = Reply<"status">;

export interface Figure {
	readonly name: string;
	readonly value: string;
}

export interface Card {
	readonly name: string;
	readonly kind: string;
	readonly primary: boolean;
	readonly held: boolean;
	readonly tone: Tone;
	readonly state: string;
	/** Why it is as it is, and why it does not carry the traffic. */
	readonly reason: string;
	readonly score: string;
	readonly scoreTone: Tone;
	readonly figures: readonly Figure[];
	readonly marks: readonly string[];
	/** Traffic can be put on it by hand. */
	readonly usable: boolean;
}

export interface Overview {
	readonly tone: Tone;
	readonly headline: string;
	readonly next: string;
	readonly last: { readonly atUnixMs: number; readonly text: string; readonly id: string } | null;
	/** What the owner should know and can do something about. */
	readonly notes: readonly string[];
	readonly cards: readonly Card[];
	/** Something was ordered by hand and can be taken back. */
	readonly restorable: boolean;
	readonly held: boolean;
}

export function overview(
	status: Status,
	members: readonly Member[],
	latest: (name: string) => Sample | undefined,
	risks: Readonly<Record<string, Risk>>,
	nowUnixMs: number,
): Overview {
	const last = status.last_decision;
	const ordered = byPreference(members, status.promoted);
	return {
		...headline(status),
		next: next(status, ordered, risks, nowUnixMs),
		last: last ? { atUnixMs: last.ts, text: told(last.text), id: last.id } : null,
		notes: notes(status),
		cards: ordered.map((member) => card(member, latest(member.name))),
		restorable: Boolean(status.pin) || Boolean(status.promoted),
		held: Boolean(status.hold),
	};
}

/** Promoted first, then by weight; equal ones in the user's own order. */
export function byPreference(members: readonly Member[], promoted: string | null | undefined): readonly Member[] {
	const place = (member: Member): number => (member.name === promoted ? 1000 : member.weight);
	return [...members].sort((a, b) => place(b) - place(a));
}

export function headline(status: Status): { readonly tone: Tone; readonly headline: string } {
	const name = status.current ?? "";
	if (status.rank.length === 0) return { tone: "bad", headline: _("No uplink was found.") };
	switch (status.state) {
		case "primary":
			return { tone: "good", headline: say(_("The internet is up, over {name}."), { name }) };
		case "backup":
			return { tone: "good", headline: say(_("The internet is up, over {name}, not the first choice."), { name }) };
		case "degraded":
			return { tone: "warn", headline: say(_("The internet works, but badly, over {name}."), { name }) };
		case "offline":
			return { tone: "bad", headline: _("The internet is down: no uplink reaches it.") };
		case "starting":
			return { tone: "off", headline: _("Just started: the uplinks are being looked at.") };
		default:
			return { tone: "off", headline: told(status.text) };
	}
}

/** The likeliest thing to happen next; the first that applies. */
function next(
	status: Status,
	members: readonly Member[],
	risks: Readonly<Record<string, Risk>>,
	nowUnixMs: number,
): string {
	const name = status.current ?? "";
	const { pin, hold, steering } = status;
	if (steering.error)
		return say(_("The last change did not take and is tried again: {error}"), { error: steering.error });
	if (pin) {
		return pin.until_unix_ms
			? say(_("By hand on {name} until {time}."), { name: pin.name, time: when(pin.until_unix_ms, nowUnixMs) })
			: say(_("By hand on {name} until you restore the automatic choice."), { name: pin.name });
	}
	if (hold) {
		return hold.until_unix_ms
			? say(_("No automatic switches until {time}."), { time: when(hold.until_unix_ms, nowUnixMs) })
			: _("No automatic switches until you allow them again.");
	}
	if (members.length === 0 || name === "" || status.state === "offline")
		return _("The first uplink that answers is used at once.");
	// The best of the others, as the daemon ranks them.
	const backup = status.rank.find((one) => one.name !== name && one.eligible)?.name;
	const risk = risks[name];
	const danger = { name, backup: backup ?? "", risk: percent(100 * (risk?.share ?? 0)), why: told(risk?.text ?? "") };
	if (risk !== undefined && risk.share >= LIKELY) {
		return backup === undefined
			? say(_("{name} may be lost within seconds ({risk}: {why}), and nothing else could take over."), danger)
			: say(_("{name} may be lost within seconds ({risk}: {why}); {backup} would take over."), danger);
	}
	const preferred = members[0];
	if (preferred && preferred.name !== name) {
		if (typeof preferred.hold_down_s === "number" && preferred.hold_down_s > 0) {
			return say(_("{name} must prove itself for another {time}; then the traffic can return to it."), {
				name: preferred.name,
				time: duration(preferred.hold_down_s),
			});
		}
		if (preferred.eligible && !preferred.held) {
			return say(_("Traffic returns to {name} once it has stayed good."), { name: preferred.name });
		}
	}
	if (risk !== undefined && risk.share >= NOTABLE && backup !== undefined) {
		return say(_("Nothing is due to change, but {name} is at risk ({risk}: {why}); {backup} would take over."), danger);
	}
	return backup === undefined
		? say(_("Nothing else could take over if {name} fails."), { name })
		: say(_("Nothing is due to change. If {name} fails, {backup} takes over."), { name, backup });
}

function notes(status: Status): readonly string[] {
	const found: string[] = [];
	if (status.rank.length === 0) {
		found.push(
			_("Give the router a WAN interface under Network, Interfaces, with a default route. It is found by itself."),
		);
	}
	if (status.mode === "observe") found.push(_("Mode observe: it decides and explains, but moves no traffic."));
	if (status.config.use_mwan3 && !status.mwan3.enabled) {
		found.push(
			say(_("mwan3 is not used ({details}); traffic is moved by route metrics."), { details: status.mwan3.details }),
		);
	}
	if (status.uptime_s < 60 && status.rank.length > 0) {
		found.push(_("The daemon runs for less than a minute: figures are still being gathered."));
	}
	return [...found, ...status.problems.map(told)];
}

export function card(member: Member, latest: Sample | undefined): Card {
	const score = latest?.score ?? member.score?.final;
	return {
		name: member.name,
		kind: classWord(member.class),
		primary: member.primary,
		held: member.held,
		tone: stateTone(member.state),
		state: stateWord(member.state),
		reason: told(member.primary || !member.why_not ? member.reason : member.why_not),
		score: number(score),
		scoreTone: scoreTone(score),
		figures: figures({ ...member.metrics, ...known(latest) }),
		marks: [
			...(member.primary ? [_("carries the traffic")] : []),
			...(member.held ? [_("held by hand")] : []),
			...(member.metered ? [_("metered")] : []),
			...(member.cap_reached ? [_("data plan used up")] : []),
		],
		usable: !member.primary && member.present && member.state !== "disabled",
	};
}

function known(sample: Sample | undefined): Partial<Sample> {
	return Object.fromEntries(Object.entries(sample ?? {}).filter(([, value]) => value !== null && value !== undefined));
}

function figures(values: Member["metrics"]): readonly Figure[] {
	const all: Figure[] = [
		{ name: _("Round trip"), value: ms(values.lat_ms) },
		{ name: _("Loss"), value: percent(values.loss_pct) },
	];
	const signal = values.rsrp ?? values.signal_dbm;
	if (typeof signal === "number") all.push({ name: _("Signal"), value: withUnit(signal, "dBm") });
	else if (typeof values.obstruction_pct === "number") {
		all.push({ name: _("Obstructed"), value: percent(values.obstruction_pct) });
	} else if (typeof values.link_mbps === "number") {
		all.push({ name: _("Wire"), value: rate(values.link_mbps * 125_000) });
	} else all.push({ name: _("Jitter"), value: ms(values.jitter_ms) });
	return all;
}
