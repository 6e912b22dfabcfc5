/**
 * Delta files: changes that were made (`uci set`) but not committed, one file per package in /tmp/.uci, and state laid
 * over the configuration without touching it in /var/state. A line is a prefix, a path and perhaps a quoted value:
 *
 *     network.wan.metric='20'     set          +network.cfg0422f1='rule'  add anonymous
 *     -network.wan.metric         remove       @network.wan='uplink'      rename
 *     ^network.wan='0'            reorder      |network.wan.dns='9.9.9.9' add to list      ~ take from list
 *
 * A line that cannot be applied is passed over, as libuci does; unlike libuci we leave a warning.
 */
import { isAutonomyError } from "../platform/error.ts";
import type { PackageDraft } from "./build.ts";
import { isUciName, isUciText, isUciType, type UciWarning } from "./package.ts";
import { refuseUnreadable } from "./parse.ts";
import { UciScanner } from "./scan.ts";
import { quoteUci } from "./write.ts";

export type UciOperation = "set" | "add" | "remove" | "rename" | "reorder" | "list_add" | "list_del";

export interface UciChange {
	readonly op: UciOperation;
	readonly section: string;
	/** Null: the section itself (its type, name or place). */
	readonly option: string | null;
	/** Null only with remove. */
	readonly value: string | null;
}

interface NumberedChange {
	readonly change: UciChange;
	readonly line: number;
}

const PREFIXES: ReadonlyMap<string, UciOperation> = new Map([
	["+", "add"],
	["-", "remove"],
	["@", "rename"],
	["^", "reorder"],
	["|", "list_add"],
	["~", "list_del"],
]);

/** Applies a delta file; returns what was passed over. Throws uci_parse only for text that is no text. */
export function applyDelta(draft: PackageDraft, text: string, file: string): readonly UciWarning[] {
	const warnings: UciWarning[] = [];
	for (const { change, line } of scanDelta(draft.name, text, file, warnings)) {
		const problem = apply(draft, change);
		if (problem !== null) warnings.push({ file, line, text: `change ignored: ${problem}` });
	}
	return warnings.sort((a, b) => a.line - b.line);
}

/** The changes in a delta file of this package; lines that are none are left out. */
export function parseDelta(packageName: string, text: string, file: string): UciChange[] {
	return scanDelta(packageName, text, file, []).map((entry) => entry.change);
}

/** Delta lines as libuci appends them to a file. */
export function formatDelta(packageName: string, changes: readonly UciChange[]): string {
	let text = "";
	for (const change of changes) {
		const prefix = [...PREFIXES].find(([, op]) => op === change.op)?.[0] ?? "";
		const path = [packageName, change.section, ...(change.option === null ? [] : [change.option])].join(".");
		text += `${prefix}${path}${change.value === null ? "" : `=${quoteUci(change.value)}`}\n`;
	}
	return text;
}

function scanDelta(packageName: string, text: string, file: string, warnings: UciWarning[]): NumberedChange[] {
	refuseUnreadable(text, file);
	const changes: NumberedChange[] = [];
	const scan = new UciScanner(text, file);
	while (scan.nextLine()) {
		const line = scan.line;
		const result = readLine(scan, packageName);
		if (typeof result === "string") warnings.push({ file, line, text: `change ignored: ${result}` });
		else changes.push({ change: result, line });
	}
	return changes;
}

/** One change, or what is wrong with the line. */
function readLine(scan: UciScanner, packageName: string): UciChange | string {
	let tuple: string;
	try {
		tuple = scan.argument();
	} catch (error) {
		if (isAutonomyError(error, "uci_parse")) return String(error.context.reason);
		throw error;
	}
	if (!scan.atEnd()) return "more than one word";
	const op = PREFIXES.get(tuple.charAt(0));
	const change = readTuple(op === undefined ? tuple : tuple.slice(1), packageName, op ?? "set");
	return typeof change === "string" ? change : (problemOf(change) ?? change);
}

function readTuple(tuple: string, packageName: string, op: UciOperation): UciChange | string {
	const equals = tuple.indexOf("=");
	const path = (equals < 0 ? tuple : tuple.slice(0, equals)).split(".");
	const [name, section, option] = path;
	if (path.length > 3 || section === undefined) return "no path of the form package.section.option";
	if (name !== packageName) return "another package";
	return { op, section, option: option ?? null, value: equals < 0 ? null : tuple.slice(equals + 1) };
}

function problemOf(change: UciChange): string | null {
	const { op, section, option, value } = change;
	if (!isUciName(section)) return "invalid section name";
	if (option !== null && !isUciName(option)) return "invalid option name";
	if (value === null) return op === "remove" ? null : "no value";
	if (!isUciText(value)) return "control character in value";
	if (op === "rename" && !isUciName(value)) return "invalid new name";
	if (op === "reorder" && option !== null) return "only sections have a place";
	if ((op === "list_add" || op === "list_del") && option === null) return "no option name";
	return null;
}

/** Null when it was applied. */
function apply(draft: PackageDraft, change: UciChange): string | null {
	const { op, option, value } = change;
	const section = draft.find(change.section);
	if (section === undefined) return op === "add" || op === "set" ? set(draft, change) : "no such section";
	switch (op) {
		case "add":
		case "set":
			return set(draft, change);
		case "remove":
			if (option === null) draft.remove(section);
			else return removeOption(section.options, option, value ?? "");
			return null;
		case "rename":
			if (option === null) draft.rename(section, value ?? "");
			else if (section.options.has(option)) draft.renameOption(section, option, value ?? "");
			else return "no such option";
			return null;
		case "reorder":
			draft.move(section, placeOf(value ?? ""));
			return null;
		case "list_add":
			draft.addToList(section, option ?? "", value ?? "");
			return null;
		case "list_del": {
			const list = section.options.get(option ?? "");
			if (!Array.isArray(list)) return null;
			const rest = list.filter((item) => item !== value);
			list.splice(0, list.length, ...rest);
			return null;
		}
	}
}

function set(draft: PackageDraft, change: UciChange): string | null {
	const { op, section: name, option } = change;
	const value = change.value ?? "";
	const section = draft.find(name);
	if (option !== null) {
		if (section === undefined) return "no such section";
		if (value !== "") draft.setOption(section, option, value);
		else section.options.delete(option);
		return null;
	}
	if (value === "") {
		if (section !== undefined) draft.remove(section);
		return null;
	}
	if (!isUciType(value)) return "invalid character in type field";
	if (section !== undefined) draft.setType(section, value);
	const target = section ?? draft.addNamed(name, value);
	if (op === "add") target.anonymous = true;
	return null;
}

/** With a value: the item of that number is taken from a list; a number beyond it does nothing. */
function removeOption(options: Map<string, string | string[]>, name: string, value: string): string | null {
	const old = options.get(name);
	if (old === undefined) return "no such option";
	if (typeof old === "string" || value === "") {
		options.delete(name);
		return null;
	}
	const index = /^\s*([+-]?\d+)/.exec(value);
	if (index === null) return "no list position";
	const position = Number(index[1]);
	if (position >= 0 && position < old.length) old.splice(position, 1);
	return null;
}

function placeOf(value: string): number {
	const digits = /^\s*([+-]?\d+)/.exec(value);
	return digits === null ? 0 : Number(digits[1]);
}
