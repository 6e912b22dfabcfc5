/** The daemon's log on Node: pino, one JSON object a line on stdout, which procd hands to logread. */
import { closeSync, openSync, writeSync } from "node:fs";
import { pino } from "pino";
import type { Logger, LogLevel } from "../log.ts";

const LEVELS: Readonly<Record<LogLevel, true>> = { trace: true, debug: true, info: true, warn: true, error: true };

function isLevel(name: string): name is LogLevel {
	return name in LEVELS;
}

/** `root`: a child's child takes its place, its component does not add to ours (JSON keys come once). */
function wrap(log: pino.Logger, root: pino.Logger, family: Family): Logger {
	return {
		debug: (msg, fields) => log.debug(fields ?? {}, msg),
		info: (msg, fields) => log.info(fields ?? {}, msg),
		warn: (msg, fields) => log.warn(fields ?? {}, msg),
		error: (msg, fields) => log.error(fields ?? {}, msg),
		child: (component) => {
			const next = root.child({ component });
			next.level = log.level;
			family.members.add(next);
			return wrap(next, root, family);
		},
		setLevel(level) {
			// pino children copy the level when they are made: all of them follow.
			for (const one of family.members) one.level = level;
		},
		level: () => (isLevel(log.level) ? log.level : "info"),
		alsoTo(path) {
			try {
				family.file = openSync(path, "a", 0o600);
			} catch (error) {
				log.warn(
					{ reason: `log_file ${path} cannot be written: ${String(error)}; only the system log is used` },
					"configuration",
				);
			}
		},
		isDebug: () => log.isLevelEnabled("debug"),
	};
}

/** A root logger and its children share one output. */
interface Family {
	readonly members: Set<pino.Logger>;
	file: number | null;
}

/** What a terminal obeys beyond the characters JSON escapes by itself: DEL, C1, line separators, marks of direction. */
const OBEYED = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

function harmless(line: string): string {
	return line.replace(OBEYED, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Field names as users know them: ts, level, msg, component. */
export function createLogger(level: LogLevel): Logger {
	const family: Family = { members: new Set(), file: null };
	const stdout = pino.destination({ fd: 1, sync: true });
	const output = {
		write(text: string): void {
			const line = harmless(text);
			stdout.write(line);
			if (family.file !== null) writeToFile(family, line);
		},
	};
	const root = pino(
		{
			level,
			base: null,
			messageKey: "msg",
			timestamp: () => `,"ts":"${new Date().toISOString()}"`,
			formatters: { level: (label) => ({ level: label }) },
		},
		output,
	);
	family.members.add(root);
	return wrap(root, root, family);
}

/** A full or vanished file ends only the copy: the system log goes on. */
function writeToFile(family: Family, line: string): void {
	if (family.file === null) return;
	try {
		writeSync(family.file, line);
	} catch {
		closeSync(family.file);
		family.file = null;
	}
}
