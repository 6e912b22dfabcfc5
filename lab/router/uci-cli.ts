/**
 * The `uci` command of the lab's router, the part that is not on a hot path (lab/router/uci.sh does set and revert into
 * a state folder by itself): get, show, export, changes, set, add, delete, revert, commit, batch.
 */
import { readFileSync } from "node:fs";
import { SAVE_DIR } from "../../daemon/uci/load.ts";
import type { UciPackage, UciSection, UciValue } from "../../daemon/uci/package.ts";
import { formatUci, quoteUci } from "../../daemon/uci/write.ts";
import { changes, commit, configs, load, revert, stage, stageAdd } from "./uci-store.ts";

const state = { saveDirs: [SAVE_DIR], isState: false, quiet: false };

function fail(text: string): never {
	if (!state.quiet) process.stderr.write(`uci: ${text}\n`);
	process.exit(1);
}

interface Path {
	readonly config: string;
	readonly section: string | null;
	readonly option: string | null;
	readonly value: string | null;
}

function parsePath(text: string): Path {
	const equals = text.indexOf("=");
	const value = equals < 0 ? null : text.slice(equals + 1).replace(/^'(.*)'$/s, "$1");
	const [config = "", section = null, option = null] = (equals < 0 ? text : text.slice(0, equals)).split(".");
	return { config, section, option, value };
}

function loaded(config: string): UciPackage {
	return load(config, state.saveDirs) ?? fail("Entry not found");
}

function find(pkg: UciPackage, name: string): UciSection {
	const extended = /^@([^[]*)\[(-?\d+)\]$/.exec(name);
	if (!extended) return pkg.sections.find((section) => section.name === name) ?? fail("Entry not found");
	const all = pkg.sections.filter((section) => extended[1] === "" || section.type === extended[1]);
	return all.at(Number(extended[2])) ?? fail("Entry not found");
}

function shown(value: UciValue): string {
	return typeof value === "string" ? quoteUci(value) : value.map(quoteUci).join(" ");
}

function show(config: string, only: string | null): string {
	const pkg = loaded(config);
	const lines: string[] = [];
	const counts = new Map<string, number>();
	for (const section of pkg.sections) {
		const index = counts.get(section.type) ?? 0;
		counts.set(section.type, index + 1);
		if (only !== null && find(pkg, only) !== section) continue;
		const name = section.anonymous ? `@${section.type}[${index}]` : section.name;
		lines.push(`${config}.${name}=${section.type}`);
		for (const [option, value] of section.options) lines.push(`${config}.${name}.${option}=${shown(value)}`);
	}
	return lines.length > 0 ? `${lines.join("\n")}\n` : "";
}

function get(path: Path): string {
	const section = find(loaded(path.config), path.section ?? fail("Invalid argument"));
	if (path.option === null) return `${section.type}\n`;
	const value = section.options.get(path.option) ?? fail("Entry not found");
	return `${typeof value === "string" ? value : value.join(" ")}\n`;
}

function command(words: readonly string[]): void {
	const [name = "", first = "", second = ""] = words;
	const target = state.saveDirs.at(-1) ?? SAVE_DIR;
	const path = parsePath(first);
	if (name === "get") process.stdout.write(get(path));
	else if (name === "show") {
		for (const config of first === "" ? configs() : [path.config]) process.stdout.write(show(config, path.section));
	} else if (name === "export") {
		for (const config of first === "" ? configs() : [first])
			process.stdout.write(formatUci(loaded(config), { header: true }));
	} else if (name === "changes") {
		for (const change of changes(first, target)) {
			process.stdout.write(
				`${first}.${change.section}${change.option ? `.${change.option}` : ""}=${quoteUci(change.value ?? "")}\n`,
			);
		}
	} else if (name === "set" || name === "add_list") {
		if (path.section === null || path.value === null) fail("Invalid argument");
		if (path.option !== null) find(loaded(path.config), path.section);
		const op = name === "set" ? "set" : "list_add";
		stage(path.config, target, [{ op, section: path.section, option: path.option, value: path.value }]);
	} else if (name === "add")
		process.stdout.write(`${stageAdd(first, second, state.saveDirs) ?? fail("Entry not found")}\n`);
	else if (name === "delete" || name === "del") {
		const section = find(loaded(path.config), path.section ?? fail("Invalid argument"));
		stage(path.config, target, [{ op: "remove", section: section.name, option: path.option, value: null }]);
	} else if (name === "revert") revert(path.config, target, path.section, path.option);
	else if (name === "commit") {
		if (!state.isState) for (const config of first === "" ? configs() : [first]) commit(config, target);
	} else if (name === "batch") {
		for (const line of readFileSync(0, "utf8").split("\n")) {
			const parts = line.trim().match(/(?:[^\s']|'[^']*')+/g);
			if (parts) command(parts);
		}
	} else fail(`unknown command ${name}`);
}

const words = process.argv.slice(2);
while (words[0]?.startsWith("-")) {
	const flag = words.shift();
	if (flag === "-q") state.quiet = true;
	else if (flag === "-P") {
		state.saveDirs.push(words.shift() ?? fail("Invalid argument"));
		state.isState = true;
	} else if (flag === "-p") state.saveDirs.unshift(words.shift() ?? fail("Invalid argument"));
	else if (flag === "-t") state.saveDirs.push(words.shift() ?? fail("Invalid argument"));
}
command(words);
