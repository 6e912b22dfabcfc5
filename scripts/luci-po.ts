/**
 * Texts of the LuCI pages for translators: po/templates/autonomy.pot from `_("...")` in the sources, the texts of
 * contract/ that the pages show, and the menu. Run it after a change of texts: `npx tsx scripts/luci-po.ts`; it also puts
 * new texts into the languages, untranslated, and takes out those that are gone.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CELLULAR_METHODS } from "../contract/api-cellular.ts";
import type { Fields } from "../contract/api-schema.ts";
import { STARLINK_METHODS } from "../contract/api-starlink.ts";
import { WIFI_METHODS } from "../contract/api-wifi.ts";
import { SECTIONS } from "../contract/options.ts";
import { ALERT_KINDS } from "../contract/options-alerts.ts";
import { fieldLabel } from "../web/labels.ts";
import { EVENT_TYPES, FIGURES, PATTERNS, RULES, WORDS } from "../web/sentences.ts";
import { PLUGIN } from "../web/sentences-plugin.ts";

const REPO = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
export const PO = `${REPO}/luci-app-autonomy/po`;
export const LANGUAGES = ["de", "es"] as const;

/** Text -> where it is used. */
export type Texts = ReadonlyMap<string, readonly string[]>;

export function findTexts(): Texts {
	const found = new Map<string, Set<string>>();
	const add = (text: string, where: string): void => {
		if (text !== "") found.set(text, (found.get(text) ?? new Set()).add(where));
	};
	for (const folder of ["web", "luci-app-autonomy/src"]) {
		for (const name of readdirSync(`${REPO}/${folder}`, { recursive: true, encoding: "utf8" })) {
			// The phone app has a table of its own for what is said nowhere else.
			if (!name.endsWith(".ts") || (folder === "web" && name.startsWith("app/"))) continue;
			const source = readFileSync(`${REPO}/${folder}/${name}`, "utf8");
			for (const [, text = ""] of source.matchAll(/\b_\(\s*("(?:[^"\\\n]|\\.)*")\s*,?\s*\)/g)) {
				add(JSON.parse(text) as string, `${folder}/${name}`);
			}
		}
	}
	for (const section of SECTIONS) {
		add(section.help, "contract/options.ts");
		for (const option of section.options) {
			add(fieldLabel(option.name), "contract/options.ts");
			add(option.help, "contract/options.ts");
			// Told in problems of the configuration too, which the phone app shows.
			add(option.unset ?? "", "contract/");
		}
	}
	const links = [
		CELLULAR_METHODS.cellular_status.reply.cellular.of.fields,
		WIFI_METHODS.wifi_status.reply.wifi.of.fields,
		STARLINK_METHODS.starlink_status.reply.starlink.of.fields,
	];
	const labels = (fields: Fields): void => {
		for (const [name, field] of Object.entries(fields)) {
			add(fieldLabel(name), "contract/");
			// The sensor's own state has words elsewhere.
			if (field.type === "string" && name !== "state")
				for (const one of field.values ?? []) add(one.replaceAll("_", " "), "contract/");
			if (field.type === "table") labels(field.fields);
			if (field.type === "list" && field.of.type === "table") labels(field.of.fields);
		}
	};
	for (const fields of links) labels(fields);
	for (const pattern of PATTERNS) add(pattern, "web/sentences.ts");
	for (const pattern of PLUGIN) add(pattern, "web/sentences-plugin.ts");
	for (const word of [...Object.keys(RULES), ...WORDS, ...EVENT_TYPES])
		add(word.replaceAll("_", " "), "web/sentences.ts");
	for (const name of FIGURES) add(fieldLabel(name), "web/sentences.ts");
	for (const { title } of Object.values(ALERT_KINDS)) add(title, "contract/options-alerts.ts");
	const menu = `${REPO}/luci-app-autonomy/root/usr/share/luci/menu.d/luci-app-autonomy.json`;
	const entries = JSON.parse(readFileSync(menu, "utf8")) as Record<string, { title: string }>;
	for (const { title } of Object.values(entries)) add(title, "menu.d");
	const acl = `${REPO}/rpcd/acl.d/luci-app-autonomy.json`;
	if (existsSync(acl)) {
		const groups = JSON.parse(readFileSync(acl, "utf8")) as Record<string, { description: string }>;
		for (const { description } of Object.values(groups)) add(description, "acl.d");
	}
	return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([text, where]) => [text, [...where].sort()]));
}

const quoted = (text: string): string => JSON.stringify(text);

export function templateText(texts: Texts): string {
	const entries = [...texts].map(([text, where]) => `#: ${where.join(" ")}\nmsgid ${quoted(text)}\nmsgstr ""\n`);
	return `msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8"\n\n${entries.join("\n")}`;
}

/** One text, one translation each; our files have no plurals and no contexts. */
export function readPo(source: string): Map<string, string> {
	const found = new Map<string, string>();
	for (const [, id = '""', text = '""'] of source.matchAll(/^msgid (".*")\nmsgstr (".*")$/gm)) {
		if (id !== '""') found.set(JSON.parse(id) as string, JSON.parse(text) as string);
	}
	return found;
}

export function poText(language: string, texts: Texts, translations: ReadonlyMap<string, string>): string {
	const head = [
		'msgid ""',
		'msgstr ""',
		`"Language: ${language}\\n"`,
		'"Content-Type: text/plain; charset=UTF-8\\n"',
		'"Content-Transfer-Encoding: 8bit\\n"',
		"",
		"",
	].join("\n");
	const entries = [...texts].map(
		([text, where]) => `#: ${where.join(" ")}\nmsgid ${quoted(text)}\nmsgstr ${quoted(translations.get(text) ?? "")}\n`,
	);
	return head + entries.join("\n");
}

export function poFile(language: string): string {
	return `${PO}/${language}/autonomy.po`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const texts = findTexts();
	writeFileSync(`${PO}/templates/autonomy.pot`, templateText(texts));
	for (const language of LANGUAGES) {
		const file = poFile(language);
		const known = existsSync(file) ? readPo(readFileSync(file, "utf8")) : new Map<string, string>();
		writeFileSync(file, poText(language, texts, known));
		const missing = [...texts.keys()].filter((text) => !known.get(text)).length;
		console.log(`${language}: ${texts.size} texts, ${missing} not translated`);
	}
}
