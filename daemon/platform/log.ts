/**
 * What every room logs through. JSON lines with the field names of docs/logging.md: ts, level, msg, component, then the
 * caller's fields. Messages are short and fixed; what varies goes into fields, so that logread can be filtered.
 */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error";

export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
	debug(msg: string, fields?: LogFields): void;
	info(msg: string, fields?: LogFields): void;
	warn(msg: string, fields?: LogFields): void;
	error(msg: string, fields?: LogFields): void;
	/** A logger whose lines carry `component`. */
	child(component: string): Logger;
	setLevel(level: LogLevel): void;
	level(): LogLevel;
	/** Also writes every line to a file (option log_file). Told, not thrown, when that cannot be. */
	alsoTo(path: string): void;
	/** True when debug lines are written: guards fields that are dear to compute. */
	isDebug(): boolean;
}
