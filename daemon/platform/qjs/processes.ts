/** Child processes on QuickJS: always an argument array, never a shell. */
import { createCollector } from "../collector.ts";
import { AutonomyError, errorText } from "../error.ts";
import type { Argv, Child, ChildHandlers, Processes, RunOptions, RunResult, StartOptions } from "../platform.ts";
import { concat, decodeText, encodeText } from "../text.ts";
import { find, type RawChild, spawn, started } from "./children.ts";
import { qjsClock, qjsTimers } from "./clock.ts";
import { os } from "./engine.ts";
import { createLineCutter } from "./lines.ts";

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_BYTES = 1 << 20;
const KILL_AFTER_MS = 500;
const PIPE_LIMIT = 65_536;
/** The same on every architecture. */
const SIGNALS = { SIGHUP: 1, SIGQUIT: 3, SIGKILL: 9, SIGTERM: 15 } as const;

function run(argv: Argv, options: RunOptions = {}): Promise<RunResult> {
	const limit = options.maxOutputBytes ?? DEFAULT_MAX_BYTES;
	const startedAt = qjsClock.monotonicMs();
	return new Promise((resolve, reject) => {
		const stdout = createCollector(limit);
		const stderr = createCollector(limit);
		let timedOut = false;
		let child: RawChild;
		try {
			child = spawn(argv, options.env, {
				onStdout: stdout.add,
				onStderr: stderr.add,
				onEnd(code) {
					timer.close();
					resolve({
						code: timedOut ? null : code,
						stdout: decodeText(concat(stdout.chunks())),
						stderr: decodeText(concat(stderr.chunks())),
						timedOut,
						truncated: stdout.truncated() || stderr.truncated(),
						durationMs: qjsClock.monotonicMs() - startedAt,
					});
				},
			});
		} catch (error) {
			const text = `cannot start ${argv[0]}: ${errorText(error)}`;
			reject(new AutonomyError("spawn_failed", text, { program: argv[0] }));
			return;
		}
		const timer = qjsTimers.after(options.timeoutMs ?? DEFAULT_TIMEOUT_MS, () => {
			timedOut = true;
			child.kill(SIGNALS.SIGKILL);
			child.dropOutput();
		});
		child.stdin.write(encodeText(options.stdin ?? ""));
		child.stdin.end();
	});
}

function start(argv: Argv, handlers: ChildHandlers, options?: StartOptions): Child {
	let closed = false;
	let ended = false;
	/** Let go of at the end, as in children.ts. */
	let told: ChildHandlers | null = handlers;
	const stdout = createLineCutter((line) => told?.onStdoutLine?.(line));
	const stderr = createLineCutter((line) => told?.onStderrLine?.(line));
	const end = (code: number | null, error: string | null): void => {
		if (ended) return;
		ended = true;
		stdout.end();
		stderr.end();
		const last = told;
		told = null;
		last?.onExit(code, error);
	};
	let child: RawChild | null = null;
	try {
		child = spawn(argv, options?.env, {
			lent: true,
			onStdout: stdout.push,
			onStderr: stderr.push,
			onEnd: (code) => end(code, null),
		});
	} catch (error) {
		const text = `cannot start ${argv[0]}: ${errorText(error)}`;
		qjsTimers.after(0, () => end(null, text));
	}
	return {
		pid: child?.pid ?? null,
		write(text) {
			if (ended || closed || !child?.stdin.open || child.stdin.pendingBytes > PIPE_LIMIT) return false;
			child.stdin.write(encodeText(text));
			return true;
		},
		signal: (name) => child?.kill(SIGNALS[name]),
		hold(on) {
			if (options?.onDemand !== true || ended || child === null || child.gone) return false;
			if (on) return child.stdout.held || child.stdout.hold();
			if (child.stdout.held) child.stdout.resume();
			return false;
		},
		waiting: () => child?.stdout.waiting() ?? 0,
		read: () => child?.stdout.read(),
		close() {
			if (closed) return;
			closed = true;
			told = null;
			if (ended || child === null) return;
			endChild(child);
		},
	};
}

/** SIGTERM, later SIGKILL; collected when it ends. */
export function endChild(child: RawChild): void {
	child.kill(SIGNALS.SIGTERM);
	child.stdin.close();
	child.dropOutput();
	os.setTimeout(() => child.kill(SIGNALS.SIGKILL), KILL_AFTER_MS);
}

export const qjsProcesses: Processes = { dear: true, run, start, find, started };
