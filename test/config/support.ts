import { type ReadResult, readConfig } from "../../daemon/config/read.ts";
import { formatReport } from "../../daemon/config/report.ts";
import { parseUci } from "../../daemon/uci/parse.ts";

export const FILE = "/etc/config/autonomy";

export function read(text: string): ReadResult {
	return readConfig(parseUci(text, { file: FILE }), FILE);
}

/** The report without its closing line, and without the file name at the start of every line. */
export function reportLines(text: string): string[] {
	return formatReport(read(text).report)
		.trimEnd()
		.split("\n")
		.slice(0, -1)
		.map((line) => line.replace(`${FILE}, `, "").replace(`${FILE} `, ""));
}

export const DEFAULTS = readConfig(null, FILE).config;
