/** Child processes on Node: always an argument array, never a shell. */
import { type ChildProcess, spawn } from "node:child_process";
import fs from "node:fs";
import { createCollector } from "../collector.ts";
import { AutonomyError, errorText } from "../error.ts";
import type { Argv, Child, ChildHandlers, Processes, RunOptions, RunResult, StartOptions } from "../platform.ts";
import { makeHeldPipe } from "./held-pipe.ts";
import { createLineCutter } from "./lines.ts";

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_BYTES = 1 << 20;
const KILL_AFTER_MS = 500;
const PIPE_LIMIT = 65_536;
/** Routers keep ip, iptables and friends in sbin, which a service's PATH may lack. */
const USUAL_FOLDERS = ["/usr/local/usr/sbin", "/usr/local/usr/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

let startedCount = 0;

function searchPath(): string[] {
	const own = (process.env.PATH ?? "").split(":").filter(Boolean);
	return [...own, ...USUAL_FOLDERS.filter((folder) => !own.includes(folder))];
}

function isExecutable(path: string): boolean {
	try {
		fs.accessSync(path, fs.constants.X_OK);
		return fs.statSync(path).isFile();
	} catch {
		return false;
	}
}

function find(name: string): string | null {
	if (name.includes("/")) return isExecutable(name) ? name : null;
	for (const folder of searchPath()) {
		if (isExecutable(`${folder}/${name}`)) return `${folder}/${name}`;
	}
	return null;
}

function environment(own: Readonly<Record<string, string>> | undefined): NodeJS.ProcessEnv {
	return own ? { ...own } : { ...process.env, PATH: searchPath().join(":") };
}

function run(argv: Argv, options: RunOptions = {}): Promise<RunResult> {
	const limit = options.maxOutputBytes ?? DEFAULT_MAX_BYTES;
	const startedAt = performance.now();
	startedCount++;
	return new Promise((resolve, reject) => {
		const stdout = createCollector(limit);
		const stderr = createCollector(limit);
		let timedOut = false;
		const fail = (error: unknown): void =>
			reject(new AutonomyError("spawn_failed", `cannot start ${argv[0]}: ${errorText(error)}`, { program: argv[0] }));
		let child: ChildProcess;
		try {
			// Without input no pipe for it: most calls have none.
			const stdin = options.stdin === undefined ? "ignore" : "pipe";
			child = spawn(argv[0], argv.slice(1), { env: environment(options.env), stdio: [stdin, "pipe", "pipe"] });
		} catch (error) {
			fail(error);
			return;
		}
		const timer = setTimeout(() => {
			timedOut = true;
			child.kill("SIGKILL");
			// A grandchild may hold the pipes open: do not wait for them.
			child.stdout?.destroy();
			child.stderr?.destroy();
		}, options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
		child.stdout?.on("data", stdout.add);
		child.stderr?.on("data", stderr.add);
		child.stdin?.on("error", () => undefined); // EPIPE: it ended without reading, its exit code tells the rest
		child.on("error", (error) => {
			clearTimeout(timer);
			fail(error);
		});
		child.on("close", (code) => {
			clearTimeout(timer);
			resolve({
				code: timedOut ? null : code,
				stdout: Buffer.concat(stdout.chunks()).toString("utf8"),
				stderr: Buffer.concat(stderr.chunks()).toString("utf8"),
				timedOut,
				truncated: stdout.truncated() || stderr.truncated(),
				durationMs: performance.now() - startedAt,
			});
		});
		child.stdin?.end(options.stdin);
	});
}

/** Null when it could not be started; what the library throws at once (no memory, arguments too long) is told as the rest. */
function spawnIfAny(
	argv: Argv,
	env: StartOptions["env"],
	stdout: number | "pipe",
	onError: (error: string) => void,
): ChildProcess | null {
	try {
		return spawn(argv[0], argv.slice(1), { env: environment(env), stdio: ["pipe", stdout, "pipe"] });
	} catch (error) {
		onError(errorText(error));
		return null;
	}
}

function start(argv: Argv, handlers: ChildHandlers, options?: StartOptions): Child {
	startedCount++;
	let closed = false;
	let failure: string | null = null;
	let ended = false;
	let held = false;
	const stdout = createLineCutter((line) => !closed && handlers.onStdoutLine?.(line));
	const pipe = options?.onDemand === true ? makeHeldPipe(find("mkfifo"), stdout.push) : null;
	const child = spawnIfAny(argv, options?.env, pipe?.writeFd ?? "pipe", (error) => {
		failure = error;
		setImmediate(() => end(null));
	});
	pipe?.started();
	const stderr = createLineCutter((line) => !closed && handlers.onStderrLine?.(line));
	child?.stdout?.on("data", stdout.push);
	child?.stderr?.on("data", stderr.push);
	child?.stdin?.on("error", () => undefined); // told by onExit
	const end = (code: number | null): void => {
		if (ended) return;
		ended = true;
		pipe?.read();
		pipe?.close();
		stdout.end();
		stderr.end();
		if (!closed) handlers.onExit(code, failure);
	};
	child?.on("error", (error) => {
		failure = error.message;
		if (child.pid === undefined) end(null);
	});
	child?.on("close", end);
	return {
		pid: child?.pid ?? null,
		write(text) {
			const stdin = child?.stdin;
			if (ended || !stdin?.writable || stdin.writableLength > PIPE_LIMIT) return false;
			stdin.write(text);
			return true;
		},
		signal: (name) => void child?.kill(name),
		hold(on) {
			if (pipe === null || ended) return false;
			if (on === held) return held;
			held = on;
			pipe.flow(!on);
			return held;
		},
		waiting: () => (held ? (pipe?.waiting() ?? 0) : 0),
		read() {
			if (held) pipe?.read();
		},
		close() {
			if (closed) return;
			closed = true;
			if (ended || child === null) return;
			child.kill("SIGTERM");
			const timer = setTimeout(() => child.kill("SIGKILL"), KILL_AFTER_MS);
			child.once("close", () => clearTimeout(timer));
			child.stdin?.destroy();
		},
	};
}

export const nodeProcesses: Processes = { run, start, find, started: () => startedCount };
