/**
 * What a piece of source says in words: its texts of two words or more, with a mark where a value goes in. Reads
 * TypeScript as far as that needs it: comments, regular expressions, texts and templates within templates.
 */
import { readdirSync, readFileSync } from "node:fs";

/** Stands for a value. */
export const HOLE = "\u25e6";

export interface Prose {
	readonly file: string;
	readonly text: string;
}

const isProse = (text: string): boolean => /[A-Za-z'] [A-Za-z']/.test(text);

/** Values and marks at the ends are left out: what goes there is found where it is made. */
const trimmed = (text: string): string => text.replace(/^[\s\u25e6,;:()]+|[\s\u25e6,;:(]+$/g, "");

/** What goes to the log alone is read by who reads logs. */
const LOGGED = /\blog\.\w+\($/;
/** A slash behind one of these begins a regular expression. */
const BEFORE_REGEX = /(?:[(,=:[!&|?{};+]|\breturn|=>)\s*$/;

function unescaped(text: string): string {
	return text.replace(/\\(u\{?[0-9a-fA-F]+\}?|.)/g, (_whole, one: string) =>
		one.startsWith("u") ? "?" : ({ n: "\n", t: "\t" }[one] ?? one),
	);
}

/** Texts of `source` from `from` on, up to the bracket that closes; returns where that is. */
function scan(source: string, from: number, closing: string | null, found: (text: string) => void): number {
	let at = from;
	let depth = 0;
	while (at < source.length) {
		const char = source[at] ?? "";
		if (source.startsWith("//", at)) at = (source.indexOf("\n", at) + 1 || source.length + 1) - 1;
		else if (source.startsWith("/*", at)) at = source.indexOf("*/", at) + 1;
		else if (char === '"' || char === "'") {
			let to = at + 1;
			while (source[to] !== char) to += source[to] === "\\" ? 2 : 1;
			found(unescaped(source.slice(at + 1, to)));
			at = to;
		} else if (char === "`") at = template(source, at + 1, found);
		else if (char === "/" && BEFORE_REGEX.test(source.slice(Math.max(0, at - 20), at))) {
			let inClass = false;
			for (at++; source[at] !== "/" || inClass; at++) {
				if (source[at] === "\\") at++;
				else if (source[at] === "[") inClass = true;
				else if (source[at] === "]") inClass = false;
			}
		} else if (char === "(" && LOGGED.test(source.slice(Math.max(0, at - 20), at + 1))) {
			at = scan(source, at + 1, ")", () => undefined);
		} else if ("([{".includes(char)) depth++;
		else if (")]}".includes(char)) {
			if (depth === 0 && char === closing) return at;
			depth--;
		}
		at++;
	}
	return at;
}

function template(source: string, from: number, found: (text: string) => void): number {
	let text = "";
	let at = from;
	for (; source[at] !== "`"; at++) {
		if (source[at] === "\\") text += source[++at] ?? "";
		else if (source.startsWith("${", at)) {
			text += HOLE;
			at = scan(source, at + 2, "}", found);
		} else text += source[at];
	}
	found(text);
	return at;
}

export function proseOf(places: readonly string[]): readonly Prose[] {
	const files = places.flatMap((place) =>
		place.endsWith(".ts")
			? [place]
			: readdirSync(place, { recursive: true, encoding: "utf8" })
					.filter((name) => name.endsWith(".ts"))
					.map((name) => `${place}/${name}`),
	);
	return files.sort().flatMap((file) => {
		const all: Prose[] = [];
		scan(readFileSync(file, "utf8"), 0, null, (text) => {
			if (isProse(text)) all.push({ file, text: trimmed(text) });
		});
		return all;
	});
}
