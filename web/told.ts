/**
 * The daemon's words in the reader's language. What it says is recognized by the patterns of sentences.ts, and its parts -
 * names, numbers, reasons within reasons - are put into the translated pattern. What is not recognized stays as the daemon
 * said it. Linear in the length of the text: an operator's reason may be anything. Pure.
 */

import { number } from "./format.ts";
import { fieldLabel } from "./labels.ts";
import { say } from "./say.ts";
import { EVENT_TYPES, FIGURES, PATTERNS, RULES, WORDS } from "./sentences.ts";
import { problem } from "./told-problem.ts";
import { classWord, type LinkClass, type MemberState, stateWord } from "./words.ts";

export interface Pattern {
	readonly text: string;
	/** What stands before, between and after the names. */
	readonly fixed: readonly string[];
	readonly names: readonly string[];
}

/** Reasons within reasons go no deeper. */
const DEPTH = 5;
const LONGEST = 2000;
/** A number alone, with its unit. */
const NUMBER = /^(-?\d+)(\.\d+)?((?:\s?(?:ms|s|min|h|%|dBm|dB|dB\/s|MiB|Mbit\/s|m|km|points))?)$/;
const STATES: ReadonlySet<string> = new Set([
	"absent",
	"disabled",
	"offline",
	"warm_up",
	"eligible",
	"suspect",
	"failing",
	"down",
	"hold_down",
	"draining",
]);

const CLASSES: ReadonlySet<string> = new Set(["starlink", "cellular", "wifi", "lan", "other"]);

/** Names of parts that are somebody else's words: options, devices, files. They stay even where they look like ours. */
const AS_IS: ReadonlySet<string> = new Set(["word", "words", "item", "file", "device", "option", "question"]);
/** The same everywhere. */
const SAME: ReadonlySet<string> = new Set(["2G", "3G", "LTE"]);
/** Who says it: a program, a source, what is spoken of. */
const SPEAKER = /^([\w./-]+(?: gsm| \(rpcd\))?): (.+)$/s;

let compiled: readonly Pattern[] | null = null;

export function compile(text: string): Pattern {
	const parts = text.split(/\{(\w+)\}/);
	return { text, fixed: parts.filter((_part, i) => i % 2 === 0), names: parts.filter((_part, i) => i % 2 === 1) };
}

/**
 * Those that begin with words of their own come first, then those that say most themselves: "{why}; next try in {time}"
 * fits much.
 */
function patterns(): readonly Pattern[] {
	const own = ({ fixed }: Pattern): number => (fixed[0] === "" ? 0 : 1000) + fixed.join("").length;
	compiled ??= PATTERNS.map(compile).sort((a, b) => own(b) - own(a));
	return compiled;
}

/** The parts of `text` by name; null when the pattern does not fit. Each part is as short as can be, and never empty. */
export function fit({ fixed, names }: Pattern, text: string): Readonly<Record<string, string>> | null {
	const first = fixed[0] ?? "";
	if (names.length === 0) return text === first ? {} : null;
	if (!text.startsWith(first)) return null;
	const parts: Record<string, string> = {};
	let at = first.length;
	for (const [index, name] of names.entries()) {
		const next = fixed[index + 1] ?? "";
		const last = index === names.length - 1;
		const end = last ? text.length - next.length : text.indexOf(next, at + 1);
		if (end <= at || !text.startsWith(next, end)) return null;
		parts[name] = text.slice(at, end);
		at = end + next.length;
	}
	return parts;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Null: not understood. */
function clause(text: string, depth: number): string | null {
	if (depth > DEPTH) return null;
	if (Object.hasOwn(RULES, text) || WORDS.includes(text)) return _(text.replaceAll("_", " "));
	if (SAME.has(text)) return text;
	// "down" and "offline" are causes too, and those are words of their own.
	if (STATES.has(text)) return stateWord(text as MemberState);
	if (CLASSES.has(text)) return classWord(text as LinkClass);
	const figure = NUMBER.exec(text);
	if (figure) {
		const [, whole = "", fraction = "", unit = ""] = figure;
		return `${fraction === "" ? whole : number(Number(whole + fraction), 3)}${unit}`;
	}
	const wrong = problem(text, (part) => clause(part, depth + 1));
	if (wrong !== null) return wrong;
	for (const pattern of patterns()) {
		const parts = fit(pattern, text);
		if (parts === null) continue;
		const read = Object.entries(parts).map(([name, part]) => [name, AS_IS.has(name) ? part : inside(part, depth + 1)]);
		return say(_(pattern.text), Object.fromEntries(read));
	}
	return listed(text, "; ", depth) ?? spoken(text, depth) ?? listed(text, ", ", depth);
}

function inside(text: string, depth: number): string {
	const found = clause(text, depth);
	if (found !== null) return found;
	// Within a sentence a clause may begin with a capital.
	const lower = text.charAt(0).toLowerCase() + text.slice(1);
	const small = lower === text ? null : clause(lower, depth);
	return small === null ? text : capital(small);
}

/** "iwinfo: signal -71 dBm": a name stays, when all behind it is understood. */
function spoken(text: string, depth: number): string | null {
	const [, name, rest = ""] = SPEAKER.exec(text) ?? [];
	const told = name === undefined ? null : clause(rest, depth + 1);
	return told === null ? null : `${name}: ${told}`;
}

/** "score 92, loss 0 %, 31 ms" and "wanb (no carrier), wanc (declared dead)": all of it, or nothing. */
function listed(text: string, mark: ", " | "; ", depth: number): string | null {
	const parts = split(text, mark);
	const found = parts.map((part) => {
		const open = part.indexOf(" (");
		const named = open > 0 && part.endsWith(")");
		const known = parts.length > 1 ? clause(part, depth + 1) : null;
		if (known !== null || !named || mark === "; ") return known;
		const why = clause(part.slice(open + 2, -1), depth + 1);
		return why === null ? null : `${part.slice(0, open)} (${why})`;
	});
	return found.includes(null) ? null : found.join(mark);
}

/** At marks outside of brackets. */
function split(text: string, mark: string): readonly string[] {
	const parts: string[] = [];
	let depth = 0;
	let from = 0;
	for (let at = 0; at < text.length; at++) {
		const char = text[at];
		if (char === "(") depth++;
		else if (char === ")") depth--;
		else if (depth === 0 && text.startsWith(mark, at)) {
			parts.push(text.slice(from, at));
			from = at + mark.length;
		}
	}
	return [...parts, text.slice(from)];
}

/** Sentences one after another; a clause alone is one too. */
function sentences(text: string): readonly string[] {
	return text.split(/(?<=\.) (?=\S)/);
}

/** What an operator wrote may have full stops of its own: a sentence reaches over so many. */
const PIECES = 4;

/** A text of the daemon, sentence by sentence. */
export function told(text: string): string {
	if (text === "" || text.length > LONGEST) return text;
	const pieces = sentences(text);
	const found: string[] = [];
	for (let at = 0; at < pieces.length; ) {
		let read: string | null = null;
		let to = at;
		while (read === null && to < Math.min(pieces.length, at + PIECES))
			read = sentence(pieces.slice(at, ++to).join(" "));
		found.push(read ?? pieces[at] ?? "");
		at = read === null ? at + 1 : to;
	}
	return found.join(" ");
}

/** A sentence, or a clause written as one. */
function sentence(text: string): string | null {
	const found = clause(text, 0);
	if (found !== null || !text.endsWith(".")) return found;
	const inner = inside(text.slice(0, -1), 0);
	return inner === text.slice(0, -1) ? null : `${capital(inner)}.`;
}

/** A text about an uplink, which the daemon puts before it: "wan: no carrier". */
export function toldOf(name: string | null | undefined, text: string): string {
	const head = `${name}: `;
	if (name && text.startsWith(head)) return head + told(text.slice(head.length));
	return told(text);
}

/** hard_failure -> hard failure, as far as the rule is known. */
export function ruleWord(rule: string): string {
	const words = rule.replaceAll("_", " ");
	return Object.hasOwn(RULES, rule) ? _(words) : words;
}

/** member_discovered -> member discovered. */
export function eventWord(type: string): string {
	const words = type.replaceAll("_", " ");
	return EVENT_TYPES.includes(type) ? _(words) : words;
}

/** candidate_good_for -> candidate good for. */
export function figureWord(name: string): string {
	return FIGURES.includes(name) ? _(fieldLabel(name)) : fieldLabel(name);
}
