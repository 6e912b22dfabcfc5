/**
 * Checks a proposed change before anything is written, and turns it into calls of ubus `uci` (rpcd takes the locks we
 * cannot take, so we never write /etc/config ourselves). Pure; serve/ makes the calls and commits.
 */
import { CONFIG_PACKAGE, SECTIONS } from "../../contract/options.ts";
import type { OptionSpec, SectionSpec } from "../../contract/schema.ts";
import { checkOption, uciText } from "../../contract/values.ts";
import { AutonomyError } from "../platform/error.ts";
import { isUciName, type UciPackage, type UciSection, type UciValue } from "../uci/package.ts";
import { ownSection, readConfig } from "./read.ts";
import { type ConfigReport, shown } from "./report.ts";

/** One call each: uci add {config, type, name, values}, uci set {config, section, values}, uci delete {...options}. */
export type UciEdit =
	| { readonly kind: "add"; readonly type: string; readonly name: string; readonly values: UciValues }
	| { readonly kind: "set"; readonly section: string; readonly values: UciValues }
	| { readonly kind: "delete"; readonly section: string; readonly options: readonly string[] };

/** Always strings: rpcd stores negative numbers wrong and refuses fractions (measured). */
export type UciValues = Readonly<Record<string, string | readonly string[]>>;

export interface ConfigChange {
	/** main, failover, restore, probe, gps, or the name of a member section. */
	readonly section: string;
	/** Option -> value; null, "" and [] remove the option (back to its default). */
	readonly values: Readonly<Record<string, unknown>>;
}

export interface EditPlan {
	/** Empty when all is as wanted already. */
	readonly edits: readonly UciEdit[];
	/** What the configuration will say of itself afterwards and does not say now. */
	readonly report: ConfigReport;
}

const MAX_CHANGES = 64;

/**
 * Throws bad_argument when any value is not right (nothing is written then), refused when there is no file to write to.
 * `pkg` is the file as it is now.
 */
export function planChange(pkg: UciPackage | null, file: string, change: ConfigChange): EditPlan {
	if (pkg === null) {
		throw new AutonomyError("refused", `there is no ${file}; create it first: touch ${file}`, { file });
	}
	const spec = specFor(pkg, change.section);
	const names = Object.keys(change.values);
	if (names.length === 0) throw bad(change.section, null, "no value is given");
	if (names.length > MAX_CHANGES) throw bad(change.section, null, `more than ${MAX_CHANGES} values at once`);
	const target =
		spec.name === null ? pkg.sections.find((one) => one.name === change.section) : ownSection(pkg.sections, spec);

	const values: Record<string, string | readonly string[]> = {};
	const removed: string[] = [];
	for (const name of names) {
		const option = spec.options.find((one) => one.name === name);
		if (option === undefined) throw bad(change.section, name, "is unknown");
		const wanted = change.values[name];
		const present = target?.options.get(name);
		if (wanted === null || wanted === "" || (Array.isArray(wanted) && wanted.length === 0)) {
			if (present !== undefined) removed.push(name);
			continue;
		}
		const text = checkedText(change.section, option, wanted);
		if (!sameValue(present, text)) values[name] = text;
	}
	const edits = editsFor(spec, change.section, target, values, removed);
	return { edits, report: newFindings(pkg, file, edits) };
}

function specFor(pkg: UciPackage, section: string): SectionSpec {
	const singleton = SECTIONS.find((spec) => spec.name === section);
	const existing = pkg.sections.find((one) => one.name === section);
	const types = [singleton?.type, ...(singleton?.legacyTypes ?? [])];
	if (singleton !== undefined && (existing === undefined || types.includes(existing.type))) return singleton;
	if (!isUciName(section)) throw bad(section, null, "is no section name: letters, digits and underscore only");
	const member = SECTIONS.find((spec) => spec.name === null);
	if (member === undefined || (existing !== undefined && existing.type !== member.type)) {
		throw bad(section, null, "is not a section whose options can be set here");
	}
	return member;
}

function checkedText(section: string, option: OptionSpec, wanted: unknown): string | readonly string[] {
	const raw = textOf(wanted);
	if (raw === null) throw bad(section, option.name, "must be text, a number, a boolean or a list of these");
	const result = checkOption(option, raw);
	const [problem] = result.problems;
	if (problem !== undefined || result.value === null) {
		const what = option.secret === true ? "is not right" : `'${shown(raw)}' ${shown(problem ?? "is not right")}`;
		throw bad(section, option.name, what);
	}
	return uciText(result.value);
}

/** JSON value -> UCI text; null for what has no such form. */
function textOf(value: unknown): string | readonly string[] | null {
	if (Array.isArray(value)) {
		const items = value.map((item) => textOf(item));
		return items.every((item) => typeof item === "string") ? items : null;
	}
	if (typeof value === "boolean") return value ? "1" : "0";
	if (typeof value === "number" && Number.isFinite(value)) return String(value);
	return typeof value === "string" ? value : null;
}

function editsFor(
	spec: SectionSpec,
	name: string,
	target: UciSection | undefined,
	values: UciValues,
	removed: readonly string[],
): UciEdit[] {
	const any = Object.keys(values).length > 0;
	if (target === undefined) return any ? [{ kind: "add", type: spec.type, name, values }] : [];
	const edits: UciEdit[] = [];
	if (any) edits.push({ kind: "set", section: target.name, values });
	if (removed.length > 0) edits.push({ kind: "delete", section: target.name, options: removed });
	return edits;
}

/** The package as it will be after the edits; what uci does with them, without uci. */
export function applyEdits(pkg: UciPackage, edits: readonly UciEdit[]): UciPackage {
	let sections = [...pkg.sections];
	for (const edit of edits) {
		if (edit.kind === "add") {
			const options = new Map<string, UciValue>(Object.entries(edit.values));
			sections = [...sections, { name: edit.name, type: edit.type, anonymous: false, options }];
			continue;
		}
		sections = sections.map((section) => {
			if (section.name !== edit.section) return section;
			const options = new Map(section.options);
			if (edit.kind === "set") for (const [name, value] of Object.entries(edit.values)) options.set(name, value);
			else for (const name of edit.options) options.delete(name);
			return { ...section, options };
		});
	}
	return { ...pkg, sections };
}

function newFindings(pkg: UciPackage, file: string, edits: readonly UciEdit[]): ConfigReport {
	const before = new Set(readConfig(pkg, file).report.map((entry) => entry.message));
	return readConfig(applyEdits(pkg, edits), file).report.filter((entry) => !before.has(entry.message));
}

function sameValue(a: UciValue | undefined, b: UciValue): boolean {
	return a !== undefined && JSON.stringify(a) === JSON.stringify(b);
}

function bad(section: string, option: string | null, problem: string): AutonomyError {
	const where = option === null ? "" : `, option ${shown(option)}`;
	return new AutonomyError("bad_argument", `${CONFIG_PACKAGE}, section ${shown(section)}${where} ${problem}`, {
		section,
		option,
	});
}
