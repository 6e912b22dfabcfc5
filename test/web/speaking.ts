/** Reading the daemon's words in another language, or in one that shows what was not understood. */
import { readFileSync } from "node:fs";
import { poFile, readPo } from "../../scripts/luci-po.ts";
import { setLocale } from "../../web/format.ts";
import { told } from "../../web/told.ts";

/** Reads with `_` as given, and as before afterwards. */
export function speaking<T>(translate: (text: string) => string, work: () => T): T {
	const before = (globalThis as { _?: unknown })._;
	Object.assign(globalThis, { _: translate });
	try {
		return work();
	} finally {
		Object.assign(globalThis, { _: before });
	}
}

/** Translates as the pages in this language do. */
export function inLanguage<T>(language: string, work: () => T): T {
	const known = readPo(readFileSync(poFile(language), "utf8"));
	setLocale(language);
	try {
		return speaking((text) => known.get(text) ?? text, work);
	} finally {
		setLocale("en-GB");
	}
}

/** A language without a single Latin letter: what is left of them was not understood. */
export const masked = (text: string): string =>
	text
		.split(/(\{\w+\})/)
		.map((part) => (part.startsWith("{") ? part : part.replace(/[A-Za-z]+/g, "\u0436")))
		.join("");

export const toldMasked = (text: string): string => speaking(masked, () => told(text));
