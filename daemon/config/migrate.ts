/**
 * The configuration of the first generation, /etc/config/starfail, is taken over once: option names were the same, the
 * dish's address stood in dish_ip and dish_port. The result is a list of edits; serve/ makes them and commits, together
 * with `migrated_from 'starfail'` in section main. That mark is what "once" means: it costs one flash write, and a
 * router whose /etc/config/autonomy already has settings of its own is never touched. Pure.
 */
import { isLegacyOption, isLegacySection, isSecretName } from "../../contract/legacy.ts";
import { SECTIONS, sectionSpec } from "../../contract/options.ts";
import type { OptionSpec, SectionSpec } from "../../contract/schema.ts";
import { checkOption, isIpv4, uciText } from "../../contract/values.ts";
import { optionText, type UciPackage, type UciSection, type UciValue } from "../uci/package.ts";
import type { UciEdit, UciValues } from "./edit.ts";
import { ownSection } from "./read.ts";
import { shown } from "./report.ts";

export const LEGACY_PACKAGE = "starfail";

export interface Migration {
	readonly edits: readonly UciEdit[];
	/** What was taken over and what was not, one sentence each. */
	readonly notes: readonly string[];
}

/** Null: nothing to do (no old file, already done, or the owner has set something since). */
export function planMigration(starfail: UciPackage | null, autonomy: UciPackage | null): Migration | null {
	if (starfail === null || autonomy === null || starfail.sections.length === 0) return null;
	if (hasOwnValues(autonomy)) return null;
	const notes: string[] = [];
	const wanted = new Map<string, { type: string; values: Record<string, string | readonly string[]> }>();
	const put = (name: string, type: string, values: UciValues): void => {
		const entry = wanted.get(name) ?? { type, values: {} };
		Object.assign(entry.values, values);
		wanted.set(name, entry);
	};
	for (const section of starfail.sections) takeSection(section, put, notes);
	const main = sectionSpec("main");
	put(main.name ?? "main", main.type, { migrated_from: LEGACY_PACKAGE });

	const edits: UciEdit[] = [];
	let count = -1;
	for (const [name, { type, values }] of wanted) {
		count += Object.keys(values).length;
		const existing = autonomy.sections.find((section) => section.name === name);
		if (existing === undefined) edits.push({ kind: "add", type, name, values });
		else if (Object.keys(values).length > 0) edits.push({ kind: "set", section: name, values });
	}
	notes.unshift(`${count} settings of /etc/config/${LEGACY_PACKAGE} were taken over; that file is not used any more`);
	return { edits, notes };
}

/** Anything the owner, or an earlier migration, wrote that differs from what a fresh installation has. */
export function hasOwnValues(pkg: UciPackage): boolean {
	for (const section of pkg.sections) {
		const spec = SECTIONS.find((one) => one.name !== null && ownSection(pkg.sections, one) === section);
		if (spec === undefined) return true;
		for (const [name, value] of section.options) {
			const option = spec.options.find((one) => one.name === name);
			if (option === undefined || !isDefault(option, value)) return true;
		}
	}
	return false;
}

function isDefault(option: OptionSpec, value: UciValue): boolean {
	const checked = checkOption(option, value);
	return checked.problems.length === 0 && JSON.stringify(checked.value) === JSON.stringify(option.default);
}

type Put = (name: string, type: string, values: UciValues) => void;

function takeSection(section: UciSection, put: Put, notes: string[]): void {
	if (section.name === "starlink" || section.type === "starlink") {
		takeDish(section, put, notes);
		return;
	}
	const spec =
		SECTIONS.find((one) => one.name === section.name && [one.type, ...one.legacyTypes].includes(section.type)) ??
		(section.type === "member" ? sectionSpec("member") : null);
	if (spec !== null && !section.anonymous) {
		takeOptions(spec, section, put, notes);
	} else if (!section.anonymous && isLegacySection(section.type, section.name)) {
		put(section.name, section.type, Object.fromEntries(section.options));
	} else {
		const why = section.anonymous ? "it has no name" : "it is unknown";
		notes.push(`section ${shown(section.name)} of type ${shown(section.type)} was not taken over: ${why}`);
	}
}

function takeOptions(spec: SectionSpec, section: UciSection, put: Put, notes: string[]): void {
	const values: Record<string, string | readonly string[]> = {};
	for (const [name, value] of section.options) {
		const option = spec.options.find((one) => one.name === name || one.legacy?.includes(name) === true);
		const moved = spec.key === "main" ? movedTarget(name) : null;
		if (moved !== null) {
			takeOptions(
				moved.spec,
				{ ...section, name: moved.spec.name ?? "", options: new Map([[moved.option, value]]) },
				put,
				notes,
			);
		} else if (option !== undefined) {
			const checked = checkOption(option, value);
			if (checked.value !== null && checked.problems.length === 0) values[option.name] = uciText(checked.value);
			else
				notes.push(
					`${section.name}.${name} '${hidden(name, value)}' was not taken over: it ${shown(checked.problems[0] ?? "")}`,
				);
		} else if (isLegacyOption(spec.key, name)) {
			values[name] = value;
		} else {
			notes.push(`${section.name}.${shown(name)} was not taken over: it is unknown`);
		}
	}
	put(section.name, spec.type, values);
}

function movedTarget(name: string): { readonly spec: SectionSpec; readonly option: string } | null {
	for (const spec of SECTIONS) {
		const option = spec.name === null ? undefined : spec.options.find((one) => one.legacy?.includes(name) === true);
		if (option !== undefined) return { spec, option: option.name };
	}
	return null;
}

/** Later versions read the dish's address from `config starlink 'api'`. */
function takeDish(section: UciSection, put: Put, notes: string[]): void {
	const values: Record<string, string> = {};
	const host = optionText(section, "dish_ip");
	const port = optionText(section, "dish_port");
	if (host !== undefined) {
		if (isIpv4(host)) values.host = host;
		else notes.push(`starlink.dish_ip '${shown(host)}' was not taken over: it is not an IPv4 address`);
	}
	if (port !== undefined) {
		if (/^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65_535) values.port = port;
		else notes.push(`starlink.dish_port '${shown(port)}' was not taken over: it is not a port`);
	}
	for (const name of section.options.keys()) {
		if (name !== "dish_ip" && name !== "dish_port")
			notes.push(`starlink.${shown(name)} was not taken over: it is unknown`);
	}
	if (Object.keys(values).length > 0) put("api", "starlink", values);
}

function hidden(name: string, value: UciValue): string {
	return isSecretName(name) ? "***" : shown(value);
}
