/**
 * What was found wrong, odd or outdated in the configuration. Each entry is one sentence that names file, section, option
 * and value and says what is used instead. Values come from a file anybody may have edited: they are shown escaped and
 * cut, and never when they are a secret.
 */
import { isSecretName } from "../../contract/legacy.ts";

export type ReportLevel = "info" | "warning" | "error";

export interface ReportEntry {
	readonly level: ReportLevel;
	readonly file: string;
	readonly section: string | null;
	readonly option: string | null;
	/** As shown: escaped, cut, "***" for a secret. */
	readonly value: string | null;
	/** The whole sentence. */
	readonly message: string;
	/** What is used instead; null when nothing is replaced. */
	readonly used: string | null;
}

export type ConfigReport = readonly ReportEntry[];

export interface Finding {
	readonly level: ReportLevel;
	/** When it is not the configuration file itself. */
	readonly file?: string;
	/** Line from 1, when the place is known no better. */
	readonly line?: number;
	readonly section?: string;
	readonly option?: string;
	readonly value?: string | readonly string[];
	readonly secret?: boolean;
	/** What is wrong: follows the name of the thing, e.g. "is not a whole number from 0 to 100". */
	readonly problem: string;
	readonly used?: string;
	/** Instead of `used`: the option counts as not set, and this is what that means. */
	readonly unset?: string;
}

export interface Reporter {
	readonly file: string;
	add(finding: Finding): void;
	entries(): ConfigReport;
}

const MAX_ENTRIES = 200;
const MAX_SHOWN = 64;

export function createReporter(file: string): Reporter {
	const entries: ReportEntry[] = [];
	let more = 0;
	return {
		file,
		add(finding) {
			if (entries.length < MAX_ENTRIES) entries.push(makeEntry(file, finding));
			else more++;
		},
		entries() {
			if (more === 0) return Object.freeze([...entries]);
			const rest = makeEntry(file, { level: "warning", problem: `has ${more} more problems, not listed` });
			return Object.freeze([...entries, rest]);
		},
	};
}

function makeEntry(configFile: string, finding: Finding): ReportEntry {
	const { level, file = configFile, line = null, section = null, option = null, used = null } = finding;
	const secret = finding.secret === true || (option !== null && isSecretName(option));
	const value = finding.value === undefined ? null : secret ? "***" : shown(finding.value);
	const subject = [file];
	if (line !== null) subject.push(`line ${line}`);
	if (section !== null) subject.push(`section ${section}`);
	if (option !== null) subject.push(`option ${option}${value === null ? "" : ` '${value}'`}`);
	const problem = escaped(secret ? hide(finding.problem, finding.value) : finding.problem);
	const instead = finding.unset === undefined ? null : `it counts as not set (${finding.unset})`;
	const tail = used === null ? instead : `${used} is used`;
	const message = `${subject.join(", ")}${line === null ? "" : ":"} ${problem}${tail === null ? "" : `; ${tail}`}`;
	return Object.freeze({ level, file, section, option, value, message, used: used ?? instead });
}

/** A value fit for a log line: control characters escaped, long ones cut. */
export function shown(value: string | readonly string[]): string {
	const text = typeof value === "string" ? value.slice(0, MAX_SHOWN + 1) : value.slice(0, MAX_SHOWN).join(" ");
	const safe = escaped(text);
	return safe.length > MAX_SHOWN ? `${safe.slice(0, MAX_SHOWN)}...` : safe;
}

/** Control characters, and those that change the direction of text, made visible. */
function escaped(text: string): string {
	let safe = "";
	for (const char of text) {
		const code = char.codePointAt(0) ?? 0;
		const hostile = code < 32 || (code >= 127 && code < 160) || (code >= 0x200b && code <= 0x202e) || code === 0xfeff;
		safe += hostile ? `\\x${code.toString(16).padStart(2, "0")}` : char;
	}
	return safe;
}

/** A problem text may quote the value. */
function hide(problem: string, value: string | readonly string[] | undefined): string {
	let text = problem;
	for (const secret of typeof value === "string" ? [value] : (value ?? [])) {
		if (secret !== "") text = text.replaceAll(secret, "***");
	}
	return text;
}

const WORDS: Readonly<Record<ReportLevel, string>> = { info: "note", warning: "warning", error: "error" };

/** The report as lines of text, worst first, with a closing line. */
export function formatReport(report: ConfigReport): string {
	const count = (level: ReportLevel): number => report.filter((entry) => entry.level === level).length;
	const lines: string[] = [];
	for (const level of ["error", "warning", "info"] as const) {
		for (const entry of report) if (entry.level === level) lines.push(`${WORDS[level]}: ${entry.message}`);
	}
	const parts = (["error", "warning", "info"] as const)
		.filter((level) => count(level) > 0)
		.map((level) => `${count(level)} ${WORDS[level]}${count(level) === 1 ? "" : "s"}`);
	lines.push(parts.length === 0 ? "configuration is fine" : parts.join(", "));
	return `${lines.join("\n")}\n`;
}
