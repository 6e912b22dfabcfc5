/**
 * Reading what a source outside printed: members of a JSON value, numbers within their physical range, words people may
 * see. Nothing throws; what is absent, of another type or impossible is null. Shared by all sensors.
 */
import { errorText } from "../platform/error.ts";

type Table = Readonly<Record<string, unknown>>;

export function tableOf(value: unknown): Table {
	return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Table) : {};
}

export function tablesOf(value: unknown): readonly Table[] {
	return Array.isArray(value) ? value.slice(0, 32).map(tableOf) : [];
}

/** Own members only: a source must not reach what objects inherit. */
export function at(value: unknown, ...path: readonly string[]): unknown {
	let current: unknown = value;
	for (const name of path) {
		const table = tableOf(current);
		current = Object.hasOwn(table, name) ? table[name] : undefined;
	}
	return current;
}

const NUMBER = /^\s*[-+]?\d{1,12}(?:\.\d{1,9})?\s*(?:dBm|dB|C)?\s*$/i;

/** A number, also one written as text (mmcli, RutOS ids); null outside low..high. */
export function numberIn(value: unknown, low: number, high: number): number | null {
	let number = Number.NaN;
	if (typeof value === "number") number = value;
	else if (typeof value === "string" && NUMBER.test(value)) number = Number.parseFloat(value);
	return number >= low && number <= high ? number : null;
}

export function wholeIn(value: unknown, low: number, high: number): number | null {
	const number = numberIn(value, low, high);
	return number === null || !Number.isInteger(number) ? null : number;
}

const EMPTY: ReadonlySet<string> = new Set(["", "-", "--", "n/a", "unknown", "invalid", "none", "null"]);
const MAX_WORD = 64;

/** A text people may see; what stands for "not known" becomes null. */
export function wordOf(value: unknown): string | null {
	if (typeof value !== "string") return null;
	const word = value.trim();
	if (EMPTY.has(word.toLowerCase())) return null;
	return cut(word, MAX_WORD);
}

const MAX_SAID = 200;

/** What went wrong, for health, events and log: a source's own words may be in it, as many as it likes. */
export function saidOf(error: unknown): string {
	return cut(errorText(error), MAX_SAID);
}

function cut(text: string, most: number): string {
	return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
