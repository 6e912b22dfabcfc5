/**
 * A platform under manual time for unit tests: timers fire only in `advance`, files live in a map, processes answer from
 * a script the test gives. Nothing here touches the machine.
 */
import { AutonomyError } from "../../daemon/platform/error.ts";
import type { LogFields, Logger, LogLevel } from "../../daemon/platform/log.ts";
import type {
	Argv,
	Child,
	ChildHandlers,
	Clock,
	Closable,
	Files,
	Processes,
	Random,
	RunOptions,
	RunResult,
	Timers,
} from "../../daemon/platform/platform.ts";

export interface FakeTime {
	readonly clock: Clock;
	readonly timers: Timers;
	/** Runs everything due within `ms`, in order, letting promises settle in between. */
	advance(ms: number): Promise<void>;
	/** The same without awaiting: for code that uses no promises. */
	advanceSync(ms: number): void;
	/** Makes the wall clock jump. */
	jumpWall(ms: number): void;
	pending(): number;
}

interface FakeTimer {
	dueMs: number;
	everyMs: number | null;
	callback: () => void;
	order: number;
}

export function fakeTime(startMs = 1000, wallMs = 1_760_000_000_000): FakeTime {
	let now = startMs;
	let wall = wallMs - startMs;
	let order = 0;
	const timers = new Set<FakeTimer>();

	const add = (ms: number, everyMs: number | null, callback: () => void): Closable => {
		const timer = { dueMs: now + Math.max(0, ms), everyMs, callback, order: order++ };
		timers.add(timer);
		return { close: () => void timers.delete(timer) };
	};
	const nextDue = (untilMs: number): FakeTimer | null => {
		let best: FakeTimer | null = null;
		for (const timer of timers) {
			if (timer.dueMs > untilMs) continue;
			if (!best || timer.dueMs < best.dueMs || (timer.dueMs === best.dueMs && timer.order < best.order)) best = timer;
		}
		return best;
	};
	const fire = (timer: FakeTimer): void => {
		now = Math.max(now, timer.dueMs);
		if (timer.everyMs === null) timers.delete(timer);
		else timer.dueMs += timer.everyMs;
		timer.callback();
	};

	return {
		clock: { monotonicMs: () => now, wallMs: () => Math.round(now + wall) },
		timers: {
			after: (ms, callback) => add(ms, null, callback),
			every: (ms, callback) => add(Math.max(1, ms), Math.max(1, ms), callback),
		},
		async advance(ms) {
			const until = now + ms;
			await settle();
			for (let timer = nextDue(until); timer; timer = nextDue(until)) {
				fire(timer);
				await settle();
			}
			now = until;
		},
		advanceSync(ms) {
			const until = now + ms;
			for (let timer = nextDue(until); timer; timer = nextDue(until)) fire(timer);
			now = until;
		},
		jumpWall(ms) {
			wall += ms;
		},
		pending: () => timers.size,
	};
}

/** Lets every promise that can settle do so. */
export async function settle(): Promise<void> {
	for (let i = 0; i < 20; i++) await Promise.resolve();
	await new Promise((resolve) => setImmediate(resolve));
}

/** Files in a map; directories exist when a file below them does. `full` makes every write fail with no_space. */
export function fakeFiles(initial: Readonly<Record<string, string | Uint8Array>> = {}): Files & {
	readonly content: Map<string, string | Uint8Array>;
	readonly links: Map<string, string>;
	full: boolean;
	writes: number;
	/** Path of every write, in order. */
	readonly written: string[];
} {
	const content = new Map<string, string | Uint8Array>(Object.entries(initial));
	const links = new Map<string, string>();
	const text = (value: string | Uint8Array): string =>
		typeof value === "string" ? value : Buffer.from(value).toString("utf8");
	const self = {
		content,
		links,
		full: false,
		writes: 0,
		written: [] as string[],
		readText(path: string): string {
			const value = content.get(path);
			if (value === undefined) throw new AutonomyError("file_not_found", `cannot read ${path}: ENOENT`, { path });
			return text(value);
		},
		readBytes(path: string): Uint8Array {
			const value = content.get(path);
			if (value === undefined) throw new AutonomyError("file_not_found", `cannot read ${path}: ENOENT`, { path });
			return typeof value === "string" ? new Uint8Array(Buffer.from(value)) : value;
		},
		readTextIfAny: (path: string) => {
			const value = content.get(path);
			return value === undefined ? null : text(value);
		},
		writeAtomic(path: string, value: string | Uint8Array): void {
			if (self.full) throw new AutonomyError("no_space", `cannot write ${path}: ENOSPC`, { path });
			self.writes++;
			self.written.push(path);
			content.set(path, value);
		},
		list(path: string): string[] {
			const prefix = path.endsWith("/") ? path : `${path}/`;
			const names = new Set<string>();
			for (const name of [...content.keys(), ...links.keys()]) {
				if (name.startsWith(prefix)) names.add(name.slice(prefix.length).split("/")[0] ?? "");
			}
			return [...names].sort();
		},
		readLink: (path: string) => links.get(path) ?? null,
		stat(path: string) {
			const value = content.get(path);
			if (value !== undefined) return { size: text(value).length, modifiedMs: 0, isDirectory: false };
			return self.list(path).length > 0 ? { size: self.list(path).length, modifiedMs: 0, isDirectory: true } : null;
		},
		makeDirectory: () => undefined,
		remove: (path: string) => void content.delete(path),
	};
	return self;
}

export interface FakeChild extends Child {
	readonly argv: Argv;
	readonly handlers: ChildHandlers;
	readonly written: string[];
	readonly signals: string[];
	closed: boolean;
	/** Whether its output can be left unread (the test's choice). */
	canHold: boolean;
	held: boolean;
	readonly unread: string[];
	/** Prints a line. */
	say(line: string): void;
}

export type RunScript = (argv: Argv, options: RunOptions) => Partial<RunResult> | Promise<Partial<RunResult>>;

/** Processes that never start: `run` answers from the script, `start` hands the test a child to play. */
export function fakeProcesses(script: RunScript = () => ({})): Processes & {
	readonly runs: { argv: Argv; stdin: string }[];
	readonly children: FakeChild[];
	readonly missing: Set<string>;
} {
	const runs: { argv: Argv; stdin: string }[] = [];
	const children: FakeChild[] = [];
	const missing = new Set<string>();
	return {
		runs,
		children,
		missing,
		async run(argv, options = {}) {
			runs.push({ argv, stdin: options.stdin ?? "" });
			if (missing.has(argv[0])) throw new AutonomyError("spawn_failed", `cannot start ${argv[0]}: ENOENT`);
			const base = { code: 0, stdout: "", stderr: "", timedOut: false, truncated: false, durationMs: 1 };
			return { ...base, ...(await script(argv, options)) };
		},
		start(argv, handlers) {
			const child: FakeChild = {
				argv,
				handlers,
				written: [],
				signals: [],
				closed: false,
				pid: 4000 + children.length,
				write(text) {
					child.written.push(text);
					return true;
				},
				signal: (name) => void child.signals.push(name),
				close() {
					child.closed = true;
				},
				canHold: false,
				held: false,
				unread: [],
				hold(on) {
					child.held = on && child.canHold;
					if (!child.held) child.read();
					return child.held;
				},
				waiting: () => (child.held ? child.unread.length : 0),
				read() {
					for (const line of child.unread.splice(0)) handlers.onStdoutLine?.(line);
				},
				say(line) {
					child.unread.push(line);
					if (!child.held) child.read();
				},
			};
			children.push(child);
			return child;
		},
		dear: true,
		find: (name) => (missing.has(name) ? null : `/usr/sbin/${name}`),
		started: () => runs.length + children.length,
	};
}

/** Numbers that look random and are the same in every run. */
export function fakeRandom(seed = 1): Random {
	let state = seed >>> 0 || 1;
	return {
		uint32() {
			state ^= state << 13;
			state ^= state >>> 17;
			state ^= state << 5;
			state >>>= 0;
			return state;
		},
	};
}

export interface LogLine {
	readonly level: LogLevel;
	readonly component: string;
	readonly msg: string;
	readonly fields: LogFields;
}

/** A logger that keeps its lines for assertions. */
export function fakeLog(): Logger & { readonly lines: LogLine[]; messages(level?: LogLevel): string[] } {
	const lines: LogLine[] = [];
	let current: LogLevel = "debug";
	const make = (component: string): Logger => {
		const add =
			(level: LogLevel) =>
			(msg: string, fields: LogFields = {}): void =>
				void lines.push({ level, component, msg, fields });
		return {
			debug: add("debug"),
			info: add("info"),
			warn: add("warn"),
			error: add("error"),
			child: make,
			setLevel: (level) => {
				current = level;
			},
			level: () => current,
			alsoTo: () => undefined,
			isDebug: () => current === "debug" || current === "trace",
		};
	};
	return {
		...make("test"),
		lines,
		messages: (level) => lines.filter((line) => !level || line.level === level).map((line) => line.msg),
	};
}
