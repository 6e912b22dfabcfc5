/**
 * A file of translations as scripts/texts.mjs makes it: text -> translation, and beside it those of PATTERNS in their order,
 * which every bundle has as texts already; "" for what is not translated. Pure.
 */
import { PATTERNS } from "./sentences.ts";

export interface TextsFile {
	readonly words: Readonly<Record<string, string>>;
	readonly said: readonly string[];
}

/** Text -> translation. */
export function unpackTexts({ words, said }: TextsFile): Readonly<Record<string, string>> {
	return { ...Object.fromEntries(PATTERNS.map((pattern, at) => [pattern, said[at] ?? ""])), ...words };
}
