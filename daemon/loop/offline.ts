/** What autonomyd can do without running: check a configuration, clean up after a daemon that died. */
import { CONFIG_PACKAGE } from "../../contract/options.ts";
import { readConfig } from "../config/read.ts";
import { formatReport } from "../config/report.ts";
import { errorText } from "../platform/error.ts";
import type { Logger } from "../platform/log.ts";
import type { Files, Platform } from "../platform/platform.ts";
import { createSteerer } from "../steer/steerer.ts";
import { loadPackage } from "../uci/load.ts";
import type { UciPackage } from "../uci/package.ts";
import { parseUci } from "../uci/parse.ts";

/** What was found, and 0 when nothing had to be corrected, else 1. `file` null: the configuration in force. */
export function validate(
	files: Files,
	file: string | null,
	configDir: string | null,
): { readonly text: string; readonly code: 0 | 1 } {
	const name = file ?? `${configDir ?? "/etc/config"}/${CONFIG_PACKAGE}`;
	let pkg: UciPackage | null;
	try {
		pkg =
			file === null
				? loadPackage(files, CONFIG_PACKAGE, configDir === null ? {} : { configDir })
				: parseUci(files.readText(file), { file });
	} catch (error) {
		return { text: `error: ${errorText(error)}\nnothing of this file would be used\n`, code: 1 };
	}
	if (pkg === null) return { text: `${name} does not exist: every option has its default\n`, code: 0 };
	const { report } = readConfig(pkg, name);
	return { text: formatReport(report), code: report.some((entry) => entry.level !== "info") ? 1 : 0 };
}

/** Undoes what the state file of a dead daemon lists. The text says what was put back and what could not be. */
export async function giveBackLeftovers(
	platform: Platform,
	log: Logger,
	stateFile: string,
): Promise<{ readonly text: string; readonly code: 0 | 1 }> {
	const steerer = createSteerer({ platform, log, stateFile });
	const found = steerer.recover();
	if (!found.found) return { text: "nothing to give back\n", code: 0 };
	const report = await steerer.giveBack();
	steerer.close();
	const lines = [...report.changed, ...report.problems.map((problem) => `problem: ${problem}`)];
	return { text: `${[found.text, ...lines].join("\n")}\n`, code: report.ok ? 0 : 1 };
}
