/** The daemon's log on Node: pino, one JSON object a line on stdout, which procd hands to logread. */
import { pino } from "pino";
import type { Logger, LogLevel } from "../log.ts";

const LEVELS: Readonly<Record<LogLevel, true>> = { trace: true, debug: true, info: true, warn: true, error: true };

function isLevel(name: string): name is LogLevel {
	return name in LEVELS;
}

function wrap(log: pino.Logger): Logger {
	return {
		debug: (msg, fields) => log.debug(fields ?? {}, msg),
		info: (msg, fields) => log.info(fields ?? {}, msg),
		warn: (msg, fields) => log.warn(fields ?? {}, msg),
		error: (msg, fields) => log.error(fields ?? {}, msg),
		child: (component) => {
			const next = log.child({ component });
			children.add(next);
			return wrap(next);
		},
		setLevel(level) {
			// pino children copy the level when they are made: all of them follow.
			for (const one of children) one.level = level;
		},
		level: () => (isLevel(log.level) ? log.level : "info"),
		isDebug: () => log.isLevelEnabled("debug"),
	};
}

const children = new Set<pino.Logger>();

/** Field names as users know them: ts, level, msg, component. */
export function createLogger(level: LogLevel): Logger {
	const root = pino(
		{
			level,
			base: null,
			messageKey: "msg",
			timestamp: () => `,"ts":"${new Date().toISOString()}"`,
			formatters: { level: (label) => ({ level: label }) },
		},
		pino.destination({ fd: 1, sync: true }),
	);
	children.add(root);
	return wrap(root);
}
