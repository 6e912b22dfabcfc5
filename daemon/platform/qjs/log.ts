/** The daemon's log on QuickJS: the lines that pino writes on Node, field for field. */
import type { LogFields, Logger, LogLevel } from "../log.ts";
import { encodeText } from "../text.ts";
import { errnoName, os, std } from "./engine.ts";

const RANK: Readonly<Record<LogLevel, number>> = { trace: 10, debug: 20, info: 30, warn: 40, error: 50 };

/** What a terminal obeys beyond the characters JSON escapes by itself: DEL, C1, line separators, marks of direction. */
const OBEYED = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

function harmless(line: string): string {
	return line.replace(OBEYED, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A root logger and its children share one level and one output. */
interface Family {
	level: LogLevel;
	file: number | null;
}

function json(value: unknown): string {
	try {
		return JSON.stringify(value) ?? "null";
	} catch {
		return '"[cannot be written as JSON]"';
	}
}

function lineOf(level: LogLevel, component: string | null, msg: string, fields: LogFields): string {
	let line = `{"level":"${level}","ts":"${new Date().toISOString()}"`;
	if (component !== null) line += `,"component":${json(component)}`;
	for (const [name, value] of Object.entries(fields)) {
		if (value !== undefined) line += `,${json(name)}:${json(value)}`;
	}
	return `${harmless(`${line},"msg":${json(msg)}}`)}\n`;
}

/** A full or vanished file ends only the copy: the system log goes on. */
function writeToFile(family: Family, line: string): void {
	if (family.file === null) return;
	const bytes = encodeText(line);
	if (os.write(family.file, bytes.buffer, 0, bytes.length) === bytes.length) return;
	os.close(family.file);
	family.file = null;
}

/** One for each room and uplink: as an object of functions each took 1.4 kB. */
class QjsLogger implements Logger {
	private readonly family: Family;
	private readonly component: string | null;

	constructor(family: Family, component: string | null) {
		this.family = family;
		this.component = component;
	}

	debug(msg: string, fields?: LogFields): void {
		this.write("debug", msg, fields);
	}

	info(msg: string, fields?: LogFields): void {
		this.write("info", msg, fields);
	}

	warn(msg: string, fields?: LogFields): void {
		this.write("warn", msg, fields);
	}

	error(msg: string, fields?: LogFields): void {
		this.write("error", msg, fields);
	}

	child(component: string): Logger {
		return new QjsLogger(this.family, component);
	}

	setLevel(level: LogLevel): void {
		this.family.level = level;
	}

	level(): LogLevel {
		return this.family.level;
	}

	alsoTo(path: string): void {
		const fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600);
		if (fd >= 0) this.family.file = fd;
		else {
			const reason = `log_file ${path} cannot be written: ${errnoName(-fd)}; only the system log is used`;
			this.write("warn", "configuration", { reason });
		}
	}

	isDebug(): boolean {
		return RANK[this.family.level] <= RANK.debug;
	}

	private write(level: LogLevel, msg: string, fields: LogFields = {}): void {
		if (RANK[level] < RANK[this.family.level]) return;
		const line = lineOf(level, this.component, msg, fields);
		std.out.puts(line);
		std.out.flush();
		writeToFile(this.family, line);
	}
}

/** Field names as users know them: ts, level, msg, component. */
export function createLogger(level: LogLevel): Logger {
	return new QjsLogger({ level, file: null }, null);
}
