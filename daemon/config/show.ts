/** The configuration in force as plain records with UCI names, for config.get and `autonomyctl config show`. Pure. */
import { SECTIONS } from "../../contract/options.ts";
import { fieldName, type OptionValue, type SectionSpec } from "../../contract/schema.ts";
import type { Config } from "./types.ts";

export interface ShownSection {
	readonly section: string;
	readonly type: string;
	/** Option name -> value; null: unset. A secret shows only that it is set: "***". */
	readonly values: Readonly<Record<string, OptionValue>>;
}

export function showConfig(config: Config): readonly ShownSection[] {
	const shown: ShownSection[] = [];
	for (const spec of SECTIONS) {
		if (spec.key === "member") {
			for (const [name, member] of config.members) shown.push(showSection(spec, name, { ...member }));
		} else {
			shown.push(showSection(spec, spec.name ?? spec.key, { ...config[spec.key] }));
		}
	}
	return shown;
}

function showSection(spec: SectionSpec, section: string, fields: Record<string, OptionValue>): ShownSection {
	const values: Record<string, OptionValue> = {};
	for (const option of spec.options) {
		const value = fields[fieldName(option)] ?? null;
		values[option.name] = option.secret === true && value !== null ? "***" : value;
	}
	return { section, type: spec.type, values };
}
