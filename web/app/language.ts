/**
 * The language of the page: the reader's choice on this phone, else the browser's, as far as it is translated. Its texts
 * are one file of the shell, so they are there without the router too.
 */
import { setLocale } from "../format.ts";
import { type TextsFile, unpackTexts } from "../texts.ts";
import { keep, kept } from "./keep.ts";

export const LANGUAGES: Readonly<Record<string, string>> = { en: "English", de: "Deutsch", es: "Español" };

let texts: Readonly<Record<string, string>> = {};

export function chosenLanguage(): string | null {
	const { language } = kept("choices") ?? {};
	return typeof language === "string" && Object.hasOwn(LANGUAGES, language) ? language : null;
}

export function chooseLanguage(language: string): void {
	keep("choices", { ...kept("choices"), language: language === "" ? null : language });
}

function wanted(): string {
	const chosen = chosenLanguage();
	if (chosen !== null) return chosen;
	const spoken = navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase());
	return spoken.find((tag) => Object.hasOwn(LANGUAGES, tag)) ?? "en";
}

/** Sets the global `_` that web/ uses. What cannot be read stays English. */
export async function loadLanguage(): Promise<void> {
	const language = wanted();
	Object.assign(globalThis, { _: (text: string): string => (Object.hasOwn(texts, text) && texts[text]) || text });
	document.documentElement.lang = language;
	// Numbers as the reader's own country writes them, where that is known.
	setLocale(navigator.languages.find((tag) => tag.toLowerCase().startsWith(language)) ?? language);
	if (language === "en") return;
	try {
		const response = await fetch(`${language}.json`);
		if (response.ok) texts = unpackTexts((await response.json()) as TextsFile);
	} catch {
		document.documentElement.lang = "en";
	}
}
