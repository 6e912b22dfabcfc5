/** Names of the contract's codes in the reader's language, and how bad each is. A code we do not know is shown as it is. */
import type { Reply } from "../contract/api.ts";

export type Member = Reply<"members">["members"][number];
export type MemberState = Member["state"];
export type LinkClass = Member["class"];
export type Decision = Reply<"decisions">["decisions"][number];
export type Tone = "good" | "warn" | "bad" | "off";

export function stateWord(state: MemberState): string {
	const words: Readonly<Record<MemberState, string>> = {
		absent: _("not plugged in"),
		disabled: _("switched off"),
		offline: _("no link"),
		warm_up: _("warming up"),
		eligible: _("good"),
		suspect: _("being checked"),
		failing: _("bad"),
		down: _("no internet"),
		hold_down: _("on probation"),
		draining: _("handing over"),
	};
	return words[state] ?? state;
}

export function stateTone(state: MemberState): Tone {
	if (state === "eligible" || state === "draining" || state === "suspect") return "good";
	if (state === "warm_up" || state === "hold_down") return "warn";
	return state === "failing" || state === "down" ? "bad" : "off";
}

export function classWord(kind: LinkClass): string {
	const words: Readonly<Record<LinkClass, string>> = {
		starlink: _("Starlink"),
		cellular: _("Cellular"),
		wifi: _("Wi-Fi"),
		lan: _("Wired"),
		other: _("Other"),
	};
	return words[kind] ?? kind;
}

export function kindWord(kind: Decision["kind"]): string {
	const words: Readonly<Record<Decision["kind"], string>> = {
		start: _("start"),
		failover: _("failover"),
		failback: _("return"),
		better: _("better uplink"),
		predictive: _("ahead of a failure"),
		manual: _("by hand"),
		restore: _("restored"),
		avoid: _("avoided"),
		none: _("no change"),
	};
	return words[kind] ?? kind;
}

/** Colour-blind people and printers need the word as well; this is for the border and the badge. */
export function scoreTone(score: number | null | undefined): Tone {
	if (typeof score !== "number") return "off";
	return score >= 75 ? "good" : score >= 40 ? "warn" : "bad";
}
