/** Decisions and events as one list, newest first; what is searched for; a what-if compared. Pure. */
import type { Reply } from "../../contract/api.ts";
import { say } from "../say.ts";
import { eventWord, told, toldOf } from "../told.ts";
import { type Decision, kindWord, type MemberState, stateWord, type Tone } from "../words.ts";
import type { Span } from "./day.ts";

export type Event = Reply<"events">["events"][number];
export type WhatIf = Reply<"what_if">;

export interface Entry {
	readonly id: string;
	readonly atUnixMs: number;
	/** A decision can be explained; of an event, the decision it belongs to. */
	readonly decisionId: string | null;
	readonly what: "decision" | "event";
	readonly title: string;
	readonly text: string;
	/** Uplinks it is about. */
	readonly names: readonly string[];
	readonly tone: Tone;
}

export interface Filter {
	readonly what: "" | Entry["what"];
	readonly name: string;
	readonly search: string;
}

export function entries(decisions: readonly Decision[], events: readonly Event[]): readonly Entry[] {
	const known = new Set(decisions.map((one) => one.id));
	const all = [
		...decisions.map(decisionEntry),
		// A decision is told once, with its own words.
		...events.filter((one) => !(one.type === "decision" && known.has(one.decision_id ?? ""))).map(eventEntry),
	];
	return all.sort((a, b) => b.atUnixMs - a.atUnixMs);
}

function decisionEntry(one: Decision): Entry {
	const names = [one.from, one.to].filter((name): name is string => Boolean(name));
	return {
		id: one.id,
		atUnixMs: one.ts,
		decisionId: one.id,
		what: "decision",
		title: one.observed ? say(_("{kind} (only observed)"), { kind: kindWord(one.kind) }) : kindWord(one.kind),
		text: told(one.text),
		names: [...new Set(names)],
		tone: one.kind === "failover" ? "bad" : one.kind === "none" || one.kind === "avoid" ? "warn" : "good",
	};
}

function eventEntry(one: Event): Entry {
	const change = one.from && one.to ? `${word(one.from)} \u2192 ${word(one.to)}` : "";
	return {
		id: one.id,
		atUnixMs: one.ts,
		decisionId: one.decision_id ?? null,
		what: "event",
		title: [one.name, change === "" ? eventWord(one.type) : change].filter(Boolean).join(": "),
		text: toldOf(one.name, one.reason),
		names: one.name ? [one.name] : [],
		tone: "off",
	};
}

/** From and to of an event are states, or anything else. */
function word(code: string): string {
	return stateWord(code as MemberState);
}

export function matching(all: readonly Entry[], { what, name, search }: Filter): readonly Entry[] {
	const wanted = search.trim().toLocaleLowerCase();
	return all.filter(
		(one) =>
			(what === "" || one.what === what) &&
			(name === "" || one.names.includes(name)) &&
			(wanted === "" || `${one.id} ${one.title} ${one.text}`.toLocaleLowerCase().includes(wanted)),
	);
}

/** Who carried the traffic by a list of switches; without any, whoever had a share of the time. */
export function switchSpans(
	switches: WhatIf["actual"],
	onlyName: string | undefined,
	fromMs: number,
	toMs: number,
): ReadonlyMap<string, readonly Span[]> {
	const found = new Map<string, Span[]>();
	const ordered = [...switches].sort((a, b) => a.ts - b.ts);
	const add = (name: string | null | undefined, start: number, end: number): void => {
		const from = Math.max(fromMs, start);
		if (name && end > from) found.set(name, [...(found.get(name) ?? []), { fromMs: from, toMs: end }]);
	};
	const first = ordered[0];
	add(first === undefined ? onlyName : first.from, fromMs, first?.ts ?? toMs);
	for (const [index, one] of ordered.entries()) add(one.to, one.ts, ordered[index + 1]?.ts ?? toMs);
	return found;
}

export interface Compared {
	readonly name: string;
	readonly actual: readonly Span[];
	readonly whatIf: readonly Span[];
	readonly actualS: number;
	readonly whatIfS: number;
}

export function compared(answer: WhatIf, toMs: number): readonly Compared[] {
	const fromMs = answer.from_unix_ms;
	const only = (key: "actual_s" | "what_if_s"): string | undefined => answer.share.find((one) => one[key] > 0)?.name;
	const actual = switchSpans(answer.actual, only("actual_s"), fromMs, toMs);
	const whatIf = switchSpans(answer.what_if, only("what_if_s"), fromMs, toMs);
	return answer.share.map(({ name, actual_s, what_if_s }) => ({
		name,
		actual: actual.get(name) ?? [],
		whatIf: whatIf.get(name) ?? [],
		actualS: actual_s,
		whatIfS: what_if_s,
	}));
}
