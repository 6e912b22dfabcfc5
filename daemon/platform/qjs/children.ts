/**
 * Starts programs and collects them. Only our own children are waited for, each by its number; SIGCHLD wakes the loop.
 * Our handlers, unlike ignored signals, are not inherited: a child dies of SIGPIPE as it should.
 */
import { guarded, os, std } from "./engine.ts";
import { type PipeReader, type PipeWriter, readPipe, writePipe } from "./pipe.ts";

/** Routers keep ip, iptables and friends in sbin, which a service's PATH may lack. */
const USUAL_FOLDERS = ["/usr/local/usr/sbin", "/usr/local/usr/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
const ANY_EXECUTE = 0o111;

/** Nothing changes our own environment: where programs are looked for, and what they are given, is made once. */
let folders: readonly string[] | null = null;
let inherited: Record<string, string> | null = null;

export function searchPath(): readonly string[] {
	if (folders !== null) return folders;
	const own = (std.getenv("PATH") ?? "").split(":").filter(Boolean);
	folders = [...own, ...USUAL_FOLDERS.filter((folder) => !own.includes(folder))];
	return folders;
}

function environment(): Record<string, string> {
	inherited ??= { ...std.getenviron(), PATH: searchPath().join(":") };
	return inherited;
}

function isExecutable(path: string): boolean {
	const [stat, errno] = os.stat(path);
	return errno === 0 && (stat.mode & os.S_IFMT) === os.S_IFREG && (stat.mode & ANY_EXECUTE) !== 0;
}

export function find(name: string): string | null {
	if (name.includes("/")) return isExecutable(name) ? name : null;
	for (const folder of searchPath()) {
		if (isExecutable(`${folder}/${name}`)) return `${folder}/${name}`;
	}
	return null;
}

const waiting = new Map<number, (status: number) => void>();
let listening = false;

const reap = guarded(() => {
	for (const [pid, done] of [...waiting]) {
		const [result, status] = os.waitpid(pid, os.WNOHANG);
		if (result === 0) continue;
		waiting.delete(pid);
		done(result === pid ? status : 0);
	}
});

function listen(): void {
	if (listening) return;
	listening = true;
	os.signal(os.SIGCHLD, reap);
	os.signal(os.SIGPIPE, () => undefined); // write() tells
}

/** Those that only carry a connection of ours: without us they are of no use, and would wait for their peers for minutes. */
const carriers = new Set<RawChild>();

export function carries(child: RawChild): RawChild {
	for (const one of [...carriers]) if (one.gone) carriers.delete(one);
	carriers.add(child);
	return child;
}

/** At the end of the process. */
export function killCarriers(): void {
	for (const one of carriers) one.kill(SIGTERM);
}

const SIGTERM = 15;

export interface RawChild {
	readonly pid: number;
	readonly stdin: PipeWriter;
	readonly stdout: Pick<PipeReader, "pause" | "resume" | "hold" | "held" | "waiting" | "read">;
	/** No more of its output, and no waiting for grandchildren that hold it open. */
	dropOutput(): void;
	/** True when it has been collected: its number may belong to somebody else now. */
	readonly gone: boolean;
	kill(signal: number): void;
}

export interface RawHandlers {
	onStdout(bytes: Uint8Array): void;
	onStderr(bytes: Uint8Array): void;
	/** What is told of its output is gone after the call. */
	readonly lent?: true;
	onStdinEmpty?(): void;
	/** Its output has ended, too. Code: null when a signal ended it, or a part of its output was lost. */
	onEnd(code: number | null): void;
}

let startedCount = 0;
export const started = (): number => startedCount;

function exitCode(status: number): number | null {
	return (status & 0x7f) === 0 ? (status >> 8) & 0xff : null;
}

function makePipes(): [number, number][] {
	const pipes: [number, number][] = [];
	for (let i = 0; i < 3; i++) {
		const pipe = os.pipe();
		if (pipe === null) {
			for (const fd of pipes.flat()) os.close(fd);
			throw new Error("no more file descriptors");
		}
		pipes.push(pipe);
	}
	return pipes;
}

/** Throws an Error with the reason when it cannot be started. */
export function spawn(
	argv: readonly [string, ...string[]],
	env: Readonly<Record<string, string>> | undefined,
	handlers: RawHandlers,
): RawChild {
	startedCount++;
	const file = find(argv[0]);
	if (file === null) throw new Error("no such program");
	// C would see only what comes before.
	if (argv.some((word) => word.includes("\0"))) throw new Error("an argument with a zero byte");
	listen();
	const [stdin, stdout, stderr] = makePipes() as [[number, number], [number, number], [number, number]];
	const theirs = [stdin[0], stdout[1], stderr[1]];
	let pid: number;
	try {
		pid = os.exec(argv, {
			block: false,
			usePath: false,
			file,
			env: env ?? environment(),
			stdin: stdin[0],
			stdout: stdout[1],
			stderr: stderr[1],
		});
	} catch (error) {
		for (const fd of [stdin[1], stdout[0], stderr[0]]) os.close(fd);
		throw error;
	} finally {
		for (const fd of theirs) os.close(fd);
	}
	/** Let go of at the end: whoever listens knows the child, and such a circle is garbage that only the collector finds. */
	let listener: RawHandlers | null = handlers;
	let open = 2;
	let status: number | null = null;
	let told = false;
	let damaged = false;
	const settle = (): void => {
		if (told || open > 0 || status === null) return;
		told = true;
		writer.close();
		const last = listener;
		listener = null;
		last?.onEnd(damaged ? null : exitCode(status));
	};
	const streamEnded = (isWhole: boolean): void => {
		if (!isWhole) damaged = true;
		open--;
		settle();
		// The signal may have come between the engine's look at it and its sleep.
		if (open === 0 && status === null) os.setTimeout(reap, 1);
	};
	const stdoutReader = readPipe(stdout[0], handlers.onStdout, streamEnded, handlers.lent);
	const stderrReader = readPipe(stderr[0], handlers.onStderr, streamEnded, handlers.lent);
	const writer = writePipe(stdin[1], () => listener?.onStdinEmpty?.());
	const child: RawChild = {
		pid,
		stdin: writer,
		stdout: stdoutReader,
		dropOutput() {
			stdoutReader.close();
			stderrReader.close();
			open = 0;
			settle();
		},
		get gone() {
			return status !== null;
		},
		kill(signal) {
			if (status === null) os.kill(pid, signal);
		},
	};
	waiting.set(pid, (result) => {
		status = result;
		if (stdoutReader.held) stdoutReader.resume(); // its end is to be seen, too
		settle();
	});
	return child;
}
