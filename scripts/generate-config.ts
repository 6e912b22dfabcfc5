/**
 * From the option tables of contract/options.ts: the typed Config, the /etc/config/autonomy of a fresh installation, and
 * the reference page.
 */
import { CONFIG_PACKAGE, SECTIONS } from "../contract/options.ts";
import { fieldName, type OptionSpec, type SectionSpec } from "../contract/schema.ts";
import { expectation, uciText } from "../contract/values.ts";
import type { GeneratedFile } from "./generated-file.ts";

export function generateConfig(): readonly GeneratedFile[] {
	return [
		{ path: "daemon/config/types.ts", text: configTypes() },
		{ path: `package/files/etc/config/${CONFIG_PACKAGE}`, text: defaultFile() },
		{ path: "docs/reference/configuration.md", text: referencePage() },
	];
}

const NOTICE = "Made from contract/options.ts by `npm run generate`; changes here are lost.";

// --- daemon/config/types.ts

function configTypes(): string {
	const interfaces = SECTIONS.map((section) => sectionType(section)).join("\n");
	const parts = SECTIONS.filter((section) => section.name !== null)
		.map((section) => `\treadonly ${section.key}: ${typeName(section)};\n`)
		.join("");
	return `/**
 * The typed configuration. ${NOTICE}
 * Null: not set, which is a value of its own; the comment says what it means.
 */
export interface Config {
${parts}\t/** By section name: an uplink, or a class such as starlink_any. */
	readonly members: ReadonlyMap<string, MemberConfig>;
}

${interfaces}`;
}

function typeName(section: SectionSpec): string {
	return `${section.key.charAt(0).toUpperCase()}${section.key.slice(1)}Config`;
}

function sectionType(section: SectionSpec): string {
	const title = `config ${section.type} '${section.name ?? "<name>"}'`;
	const fields = section.options.map((option) => {
		const facts = [option.help, ...(option.unset === undefined ? [] : [`unset: ${option.unset}`]), ...range(option)];
		return `\t/** ${facts.join("; ")}. */\n\treadonly ${fieldName(option)}: ${valueType(option)};\n`;
	});
	return `/** ${title} */\nexport interface ${typeName(section)} {\n${fields.join("")}}\n`;
}

function range(option: OptionSpec): string[] {
	if (option.type !== "int" && option.type !== "number") return [];
	return [`${option.min}-${option.max}${option.unit === undefined ? "" : ` ${option.unit}`}`];
}

function valueType(option: OptionSpec): string {
	const bare = bareType(option);
	return option.default === null ? `${bare} | null` : bare;
}

function bareType(option: OptionSpec): string {
	switch (option.type) {
		case "bool":
			return "boolean";
		case "int":
		case "number":
			return "number";
		case "enum":
			return option.values.map((value) => `"${value}"`).join(" | ");
		case "text":
			return "string";
		case "list":
			return option.format === "port" ? "readonly number[]" : "readonly string[]";
	}
}

// --- package/files/etc/config/autonomy

/** Options written out, so that `uci show` has something to show; all others stand behind a `#` with their default. */
const WRITTEN_OUT: ReadonlySet<string> = new Set(["enable", "mode"]);

/** Options that only the daemon sets. */
const INTERNAL: ReadonlySet<string> = new Set(["migrated_from"]);

function defaultFile(): string {
	const sections = SECTIONS.map((section) => (section.name === null ? memberSample(section) : fileSection(section)));
	return `# autonomy keeps this router online. What stands behind a '#' is the default; remove the '#' to change it.
# Options with their ranges: docs/reference/configuration.md in the sources.
# Check your changes: autonomyctl config validate

${sections.join("\n")}`;
}

/** Sections of many options that most routers leave alone: the file is copied into flash, so it only names them. */
const NAMED_ONLY: ReadonlySet<string> = new Set(["notifications", "mqtt", "metrics"]);

function fileSection(section: SectionSpec): string {
	if (NAMED_ONLY.has(section.type)) return shortSection(section);
	const options = section.options
		.filter((option) => !INTERNAL.has(option.name))
		.map((option) => fileOption(option, WRITTEN_OUT.has(option.name)));
	return `# ${section.help}\nconfig ${section.type} '${section.name}'\n${options.join("")}`;
}

function shortSection(section: SectionSpec): string {
	const lines = [""];
	for (const { name } of section.options) {
		const last = lines.at(-1) ?? "";
		if (`${last} ${name}`.length <= 110) lines[lines.length - 1] = last === "" ? name : `${last} ${name}`;
		else lines.push(name);
	}
	return `# ${section.help}\nconfig ${section.type} '${section.name}'\n${lines.map((line) => `\t# ${line}\n`).join("")}`;
}

function fileOption(option: OptionSpec, written: boolean): string {
	const mark = written ? "" : "#";
	const note = `\t# ${option.help}${option.unset === undefined ? "" : ` (unset: ${option.unset})`}\n`;
	if (option.default === null) return `${note}\t#option ${option.name} ''\n`;
	const text = uciText(option.default);
	if (typeof text === "string") return `${note}\t${mark}option ${option.name} '${text}'\n`;
	return note + text.map((item) => `\t${mark}list ${option.name} '${item}'\n`).join("");
}

function memberSample(section: SectionSpec): string {
	const notes = section.options.map(
		(option) => `#\t${option.name}: ${option.help}; ${expectation(option)} (unset: ${option.unset ?? "-"})\n`,
	);
	return `# ${section.help}.
# Options:
${notes.join("")}#
#config member 'starlink_any'
#	option weight '100'
#
#config member 'cellular_any'
#	option weight '80'
#	option metered '1'
#
#config member 'guest_wan'
#	option detect 'disable'
`;
}

// --- docs/reference/configuration.md

function referencePage(): string {
	const sections = SECTIONS.map((section) => {
		const rows = section.options.map((option) => `| ${referenceRow(option).join(" | ")} |`).join("\n");
		return `## config ${section.type} '${section.name ?? "<name>"}'

${section.help}.

| Option | Takes | Unit | Default | Meaning |
|---|---|---|---|---|
${rows}
`;
	});
	return `# Configuration

<!-- ${NOTICE} -->

\`/etc/config/${CONFIG_PACKAGE}\`, written by hand, with \`uci\`, in the web interface or with \`autonomyctl\`. Every section and every
option may be left out. A change is taken over without a restart: \`uci commit ${CONFIG_PACKAGE}; /etc/init.d/autonomy reload\`
(\`reload_config\` does it as well, but not the first time after the installation: it only compares with what it saw before).
A value that makes no sense is replaced by its default with a warning that names it; a file that cannot be read at all leaves the last good
configuration in force. \`autonomyctl config validate\` tells both beforehand.

Options that an earlier version wrote and this one does not use stay in the file, untouched.

${sections.join("\n")}`;
}

function referenceRow(option: OptionSpec): string[] {
	const unit = option.type === "int" || option.type === "number" ? (option.unit ?? "") : "";
	const old = option.legacy === undefined ? "" : `; formerly \`${option.legacy.join("`, `")}\``;
	return [`\`${option.name}\``, expectation(option), unit, defaultText(option), `${option.help}${old}`];
}

function defaultText(option: OptionSpec): string {
	if (option.default === null) return `unset: ${option.unset ?? "-"}`;
	const text = uciText(option.default);
	return typeof text === "string" ? `\`${text}\`` : text.map((item) => `\`${item}\``).join(" ");
}
