/**
 * Holds the configuration in force. A missing file means defaults; a file that cannot be read leaves the last good
 * configuration in force (at start: the defaults), and says so once, not at every reload. Never writes anything.
 */
import { CONFIG_PACKAGE } from "../../contract/options.ts";
import { errorText } from "../platform/error.ts";
import type { Logger } from "../platform/log.ts";
import type { Files } from "../platform/platform.ts";
import { type LoadOptions, loadPackage, packagePath } from "../uci/load.ts";
import type { UciPackage } from "../uci/package.ts";
import { readConfig } from "./read.ts";
import type { ConfigReport, ReportEntry } from "./report.ts";
import type { Config } from "./types.ts";

export interface ReloadResult {
	/** A new configuration is in force. */
	readonly changed: boolean;
	readonly report: ConfigReport;
	/** What stays in force because the file cannot be read; null when it could be. */
	readonly kept: "last good" | "defaults" | null;
}

export interface ConfigStore {
	/** Frozen; the same object until something changes. Defaults before the first load(). */
	current(): Config;
	/** The report of the last load or reload. */
	report(): ConfigReport;
	/** The first reading. */
	load(): ReloadResult;
	/** Reads again. Nothing but the returned result tells of a change: the caller hands it on. */
	reload(): ReloadResult;
	/** The file as text sections, fresh from disk; null when there is none. Throws uci_parse and file errors. */
	readPackage(): UciPackage | null;
}

export interface ConfigStoreOptions extends LoadOptions {
	readonly files: Files;
	readonly log: Logger;
}

export function createConfigStore(options: ConfigStoreOptions): ConfigStore {
	const { files, log } = options;
	let current = readConfig(null, CONFIG_PACKAGE).config;
	let report: ConfigReport = [];
	let everGood = false;
	let told: ReadonlySet<string> = new Set();

	/** Problems that are new since the last reading; those that went away may be told again later. */
	const tell = (entries: ConfigReport): void => {
		for (const entry of entries) {
			if (told.has(entry.message)) continue;
			const fields = { file: entry.file, section: entry.section, option: entry.option, used: entry.used };
			if (entry.level === "error") log.error(entry.message, fields);
			else if (entry.level === "warning") log.warn(entry.message, fields);
			else log.info(entry.message, fields);
		}
		told = new Set(entries.map((entry) => entry.message));
	};
	const finish = (entries: ConfigReport, changed: boolean, kept: ReloadResult["kept"]): ReloadResult => {
		report = entries;
		tell(entries);
		return { changed, report, kept };
	};
	const reload = (): ReloadResult => {
		let file = `${options.configDir ?? "/etc/config"}/${CONFIG_PACKAGE}`;
		let pkg: UciPackage | null;
		try {
			file = packagePath(files, CONFIG_PACKAGE, options);
			pkg = loadPackage(files, CONFIG_PACKAGE, options);
		} catch (error) {
			const kept = everGood ? "last good" : "defaults";
			return finish([unreadable(file, error, kept)], false, kept);
		}
		const result = readConfig(pkg, file);
		const entries = pkg === null ? [missing(file), ...result.report] : result.report;
		everGood = true;
		const changed = !sameConfig(current, result.config);
		if (changed) current = result.config;
		return finish(entries, changed, null);
	};
	return {
		current: () => current,
		report: () => report,
		load: reload,
		reload,
		readPackage: () => loadPackage(files, CONFIG_PACKAGE, options),
	};
}

function unreadable(file: string, error: unknown, kept: "last good" | "defaults"): ReportEntry {
	const used = kept === "last good" ? "the last good configuration" : "the default of every option";
	return {
		level: "error",
		file,
		section: null,
		option: null,
		value: null,
		message: `${errorText(error)}; ${used} is used until the file is put right`,
		used,
	};
}

function missing(file: string): ReportEntry {
	const used = "the default of every option";
	const message = `there is no ${file}; ${used} is used`;
	return { level: "info", file, section: null, option: null, value: null, message, used };
}

/** Same values, whatever the file looks like. */
export function sameConfig(a: Config, b: Config): boolean {
	const text = (config: Config): string => JSON.stringify({ ...config, members: [...config.members] });
	return a === b || text(a) === text(b);
}
