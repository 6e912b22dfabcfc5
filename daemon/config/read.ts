/**
 * UCI package -> typed configuration by the tables of contract/. Pure. What makes no sense is replaced by its default and
 * told; nothing in a file can stop the daemon. The result is frozen.
 */
import { isLegacyOption, isLegacySection, MOVED_OPTIONS } from "../../contract/legacy.ts";
import { SECTIONS, sectionSpec } from "../../contract/options.ts";
import { fieldName, type OptionSpec, type OptionValue, type SectionSpec } from "../../contract/schema.ts";
import { checkOption, uciText } from "../../contract/values.ts";
import type { UciPackage, UciSection, UciValue } from "../uci/package.ts";
import { crossCheck } from "./cross-check.ts";
import { type ConfigReport, createReporter, type Reporter, shown } from "./report.ts";
import { nearestWord } from "./suggest.ts";
import type { Config, MemberConfig } from "./types.ts";

export interface ReadResult {
	readonly config: Config;
	readonly report: ConfigReport;
}

const MAX_MEMBERS = 64;
const MAX_UNKNOWN = 20;
const CLASS_WILDCARDS = ["starlink_any", "cellular_any", "wifi_any", "lan_any", "other_any"] as const;

/** Null (no file) gives the defaults. `file` is for messages. */
export function readConfig(pkg: UciPackage | null, file: string): ReadResult {
	const reporter = createReporter(file);
	const sections = pkg?.sections ?? [];
	for (const warning of pkg?.warnings ?? []) {
		reporter.add({ level: "warning", file: warning.file, line: warning.line, problem: warning.text });
	}
	const moved = movedOptions(ownSection(sections, sectionSpec("main")));
	const used = new Set<UciSection | undefined>();
	const parts: Record<string, unknown> = {};
	// Each is taken from the table once: in the daemon it is made of a text at that moment (contract/api-compact.ts).
	for (const spec of SECTIONS) {
		if (spec.name === null) continue;
		const own = ownSection(sections, spec);
		used.add(own);
		parts[spec.key] = readSection(spec, own, moved.get(spec.key) ?? new Map(), reporter);
	}
	// The interfaces in types.ts are generated from the very tables by which readSection fills these records.
	const config = { ...parts, members: readMembers(sections, reporter) } as unknown as Config;
	reportSections(sections, used, reporter);
	return { config: freeze(crossCheck(config, reporter)), report: reporter.entries() };
}

/** The section an option table belongs to: by name and type, else the only one of its type without a name. */
export function ownSection(sections: readonly UciSection[], spec: SectionSpec): UciSection | undefined {
	const types = [spec.type, ...spec.legacyTypes];
	const byName = sections.find((section) => section.name === spec.name && types.includes(section.type));
	if (byName !== undefined) return byName;
	if (spec.legacyName !== undefined)
		return sections.find((section) => section.name === spec.legacyName && section.type === spec.type);
	if (spec.type === "thresholds" || spec.type === "notifications") return undefined;
	return sections.find((section) => section.anonymous && section.type === spec.type);
}

type Extra = ReadonlyMap<string, { readonly from: string; readonly value: UciValue }>;

/** Thresholds that earlier versions kept in section main, by the section and name they have now. */
function movedOptions(main: UciSection | undefined): ReadonlyMap<string, Extra> {
	const result = new Map<string, Map<string, { from: string; value: UciValue }>>();
	for (const { option, key, target } of MOVED_OPTIONS) {
		const value = main?.options.get(option);
		if (value === undefined) continue;
		const section = result.get(key) ?? new Map<string, { from: string; value: UciValue }>();
		result.set(key, section.set(target, { from: option, value }));
	}
	return result;
}

function readSection(
	spec: SectionSpec,
	section: UciSection | undefined,
	moved: Extra,
	reporter: Reporter,
): Record<string, OptionValue> {
	const label = section?.anonymous === true ? `@${section.type}[0]` : (section?.name ?? spec.name ?? spec.key);
	const record: Record<string, OptionValue> = {};
	for (const option of spec.options) {
		const source = findValue(option, section, moved.get(option.name), label, reporter);
		record[fieldName(option)] = source === null ? option.default : checked(option, source, reporter);
	}
	if (section !== undefined) reportOptions(spec, section, label, reporter);
	return record;
}

interface Source {
	readonly section: string;
	readonly option: string;
	readonly value: UciValue;
}

/** Where the value stands: under its name, else under an old one, else in section main. */
function findValue(
	option: OptionSpec,
	section: UciSection | undefined,
	moved: { readonly from: string; readonly value: UciValue } | undefined,
	label: string,
	reporter: Reporter,
): Source | null {
	const candidates: Source[] = [];
	for (const name of [option.name, ...(option.legacy ?? [])]) {
		const value = section?.options.get(name);
		if (value !== undefined) candidates.push({ section: label, option: name, value });
	}
	if (moved !== undefined) candidates.push({ section: "main", option: moved.from, value: moved.value });
	const [used, ...ignored] = candidates;
	if (used === undefined) return null;
	if (used.option !== option.name) {
		reporter.add({
			level: "info",
			...used,
			secret: option.secret === true,
			problem: `is an old name; it is read as ${label}.${option.name}`,
		});
	}
	for (const other of ignored) {
		reporter.add({
			level: "info",
			...other,
			secret: option.secret === true,
			problem: `is an old name and ignored, ${label}.${option.name} is set`,
		});
	}
	return used;
}

function checked(option: OptionSpec, source: Source, reporter: Reporter): OptionValue {
	const result = checkOption(option, source.value);
	const value = result.value ?? option.default;
	for (const problem of result.problems) {
		reporter.add({
			level: "warning",
			...source,
			secret: option.secret === true,
			problem,
			...(value === null ? { unset: option.unset ?? "as without it" } : { used: `'${shown(uciText(value))}'` }),
		});
	}
	return value;
}

/** Options nobody reads: old ones in one note, unknown ones each with the likely meaning. */
function reportOptions(spec: SectionSpec, section: UciSection, label: string, reporter: Reporter): void {
	const known = new Set(spec.options.flatMap((option) => [option.name, ...(option.legacy ?? [])]));
	if (spec.key === "main") for (const { option } of MOVED_OPTIONS) known.add(option);
	const names = [...section.options.keys()].filter((name) => !known.has(name));
	const old = names.filter((name) => isLegacyOption(spec.key, name));
	const unknown = names.filter((name) => !isLegacyOption(spec.key, name));
	if (old.length > 0) {
		reporter.add({
			level: "info",
			section: label,
			problem: `has options of an earlier version that are not used and kept as they are: ${shown(old.join(", "))}`,
		});
	}
	for (const name of unknown.slice(0, MAX_UNKNOWN)) {
		const near = nearestWord(name, [...known]);
		const problem = `is unknown and ignored${near === null ? "" : `; did you mean ${near}?`}`;
		reporter.add({ level: "warning", section: label, option: name, value: section.options.get(name) ?? "", problem });
	}
	if (unknown.length > MAX_UNKNOWN) {
		reporter.add({
			level: "warning",
			section: label,
			problem: `has ${unknown.length - MAX_UNKNOWN} more unknown options, ignored`,
		});
	}
}

function readMembers(sections: readonly UciSection[], reporter: Reporter): ReadonlyMap<string, MemberConfig> {
	const members = new Map<string, MemberConfig>();
	const spec = sectionSpec("member");
	for (const section of sections) {
		if (section.type !== spec.type) continue;
		if (section.anonymous) {
			const problem = `needs a name: config member 'wan', or a class such as ${CLASS_WILDCARDS[0]}; it is ignored`;
			reporter.add({ level: "warning", section: "@member", problem });
		} else if (members.size >= MAX_MEMBERS) {
			const problem = `is ignored: there are more than ${MAX_MEMBERS} member sections`;
			reporter.add({ level: "warning", section: section.name, problem });
		} else {
			members.set(section.name, readSection(spec, section, new Map(), reporter) as unknown as MemberConfig);
		}
	}
	return members;
}

function reportSections(
	sections: readonly UciSection[],
	used: ReadonlySet<UciSection | undefined>,
	reporter: Reporter,
): void {
	const old: string[] = [];
	for (const section of sections) {
		if (used.has(section)) {
			const spec = SECTIONS.find((one) => one.legacyTypes.includes(section.type));
			if (section.anonymous) {
				reporter.add({
					level: "info",
					section: `@${section.type}[0]`,
					problem: "has no name and is taken as the one meant",
				});
			} else if (spec !== undefined) {
				const problem = `has the old type ${section.type}; new ones are written as config ${spec.type} '${section.name}'`;
				reporter.add({ level: "info", section: section.name, problem });
			}
		} else if (isLegacySection(section.type, section.name)) {
			old.push(section.anonymous ? `@${section.type}` : section.name);
		} else if (section.type !== "member") {
			reporter.add({ level: "warning", section: section.name, problem: unknownSection(section.type) });
		}
	}
	if (old.length === 0) return;
	const problem = `has sections of an earlier version that are not used and kept as they are: ${shown(old.join(", "))}`;
	reporter.add({ level: "info", problem });
}

function unknownSection(type: string): string {
	const names = SECTIONS.filter((spec) => spec.type === type).map((spec) => `'${spec.name}'`);
	if (names.length > 0) return `is ignored: a section of type ${type} is named ${names.join(" or ")}`;
	const near = nearestWord(
		type,
		SECTIONS.map((spec) => spec.type),
	);
	return `of type ${shown(type)} is unknown and ignored${near === null ? "" : `; did you mean config ${near}?`}`;
}

function freeze(config: Config): Config {
	const { members, ...parts } = config;
	for (const part of [...Object.values(parts), ...members.values()]) {
		for (const value of Object.values(part)) if (typeof value === "object") Object.freeze(value);
		Object.freeze(part);
	}
	return Object.freeze(config);
}
