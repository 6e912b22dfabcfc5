/**
 * A small web server for loopback on QuickJS, which has no sockets: one `socat` waits on the port, one connection after the
 * other (more wait in the kernel), and joins each to a socket of ours, on which a second one waits that is started only for
 * this connection and carries it over its standard input and output. So nothing is started while nobody asks. The one that
 * waits outlives a daemon that is killed: the next start finds the port taken and ends it.
 */
import { AutonomyError, errorText } from "../error.ts";
import type { Listening, ListenOptions } from "../outlets.ts";
import type { Argv, Closable } from "../platform.ts";
import { carries, type RawChild, spawn } from "./children.ts";
import { qjsTimers } from "./clock.ts";
import { os } from "./engine.ts";
import { qjsFiles } from "./files.ts";
import { answer } from "./http-answer.ts";
import { createLineCutter } from "./lines.ts";
import { endChild } from "./processes.ts";
import { failureOf, hostText } from "./socat.ts";
import { concat } from "./text.ts";

const START_MS = 5000;
/** For the whole request, and for the rest of the connection: the next one waits. */
const REQUEST_MS = 2000;
const ANSWER_MS = 5000;
const AGAIN_MS = 2000;
const MAX_ASKED = 16;
const FOLDER = "/tmp/autonomy";

/** -t: how long a side may take to end when the other has. The second tries until ours is there, 5 s at most. */
function portArgv(host: string, port: number, path: string): Argv {
	const kind = host.includes(":") ? "TCP6-LISTEN" : "TCP4-LISTEN";
	const address = `${kind}:${port},bind=${hostText(host)},reuseaddr,fork,max-children=1,backlog=8`;
	return ["socat", "-d", "-d", "-t", "0.5", address, `UNIX-CONNECT:${path},retry=250,interval=0.02`];
}

function serveArgv(path: string): Argv {
	const address = `UNIX-LISTEN:${path},unlink-early,unlink-close=0,mode=600,accept-timeout=5`;
	return ["socat", "-d", "-d", "-t", "0.5", "-b", "32768", address, "-"];
}

/** The port of a notice like "... N listening on AF=2 127.0.0.1:9101"; null for other lines. */
export function listeningPort(line: string): number | null {
	const port = /^\S+ \S+ socat\[\d+\] N listening on AF=\d+ \S*:(\d+)$/.exec(line)?.[1];
	return port === undefined ? null : Number(port);
}

function isAccepting(line: string): boolean {
	return line.includes(" N accepting connection from ");
}

/** Ends those of killed daemons that still wait on this port; true when there was one. */
function endOrphans(port: number): boolean {
	let found = false;
	for (const name of qjsFiles.list("/proc")) {
		if (!/^\d+$/.test(name)) continue;
		try {
			const words = qjsFiles.readText(`/proc/${name}/cmdline`).split("\0");
			const path = /^UNIX-CONNECT:(\/tmp\/autonomy\/web-[\d-]+),/.exec(words[6] ?? "")?.[1];
			if (path === undefined || !words[5]?.includes(`-LISTEN:${port},`)) continue;
			if (!/^\d+ \(socat\) \S 1 /.test(qjsFiles.readText(`/proc/${name}/stat`))) continue; // its daemon lives
			found = os.kill(Number(name), 15) === 0 || found;
			qjsFiles.remove(path);
		} catch {
			// It has just ended.
		}
	}
	return found;
}

let lastNumber = 0;

export function listen({ host, port: wanted, handle }: ListenOptions): Promise<Listening> {
	const path = `${FOLDER}/web-${os.getpid()}-${++lastNumber}`;
	let port = wanted;
	let closed = false;
	let waiter: RawChild | null = null;
	let server: RawChild | null = null;
	/** Connections that nobody has served yet. */
	let asked = 0;
	let again: Closable | null = null;

	function wait(told: (failure: string | null) => void): void {
		let failure: string | null = null;
		const notices = createLineCutter((line) => {
			failure ??= failureOf(line);
			const at = listeningPort(line);
			if (at !== null) {
				port = at;
				told(null);
			} else if (isAccepting(line)) {
				asked = Math.min(MAX_ASKED, asked + 1);
				serve();
			}
		});
		waiter = carries(
			spawn(portArgv(host, port, path), undefined, {
				onStdout: () => undefined,
				onStderr: notices.push,
				onEnd(code) {
					notices.end();
					waiter = null;
					told(failure ?? `socat ended with code ${code}`);
				},
			}),
		);
	}

	/** Whatever ended it, it is started again. */
	function keep(failure: string | null): void {
		if (closed || failure === null || again !== null) return;
		again = qjsTimers.after(AGAIN_MS, () => {
			again = null;
			attempt(keep);
		});
	}

	function attempt(told: (failure: string | null) => void): void {
		try {
			wait(told);
		} catch (error) {
			told(errorText(error));
		}
	}

	function serve(): void {
		if (closed || server !== null || asked === 0) return;
		asked--;
		let request: Uint8Array = new Uint8Array(0);
		let answered = false;
		let limit: Closable | null = null;
		const within = (ms: number): void => {
			limit?.close();
			limit = qjsTimers.after(ms, () => server !== null && endChild(server));
		};
		const notices = createLineCutter((line) => {
			if (isAccepting(line) && !answered) within(REQUEST_MS);
		});
		try {
			const child = spawn(serveArgv(path), undefined, {
				onStdout(bytes) {
					if (answered || closed) return;
					request = concat([request, bytes]);
					const out = answer(request, handle);
					if (out === null) return;
					answered = true;
					within(ANSWER_MS);
					child.stdin.write(out);
					child.stdin.end();
				},
				onStderr: notices.push,
				onEnd() {
					limit?.close();
					server = null;
					serve();
				},
			});
			server = carries(child);
			within(START_MS);
		} catch {
			// No memory, no processes: whoever asks is told by the end of the connection.
		}
	}

	function close(): void {
		closed = true;
		again?.close();
		for (const child of [waiter, server]) if (child !== null && !child.gone) endChild(child);
		qjsFiles.remove(path);
	}

	return new Promise((resolve, reject) => {
		let state: "first" | "second" | "told" = "first";
		const tell = (failure: string | null): void => {
			if (state === "told") {
				keep(failure);
				return;
			}
			if (failure !== null && state === "first" && wanted !== 0 && endOrphans(wanted)) {
				state = "second";
				qjsTimers.after(100, () => attempt(tell));
				return;
			}
			state = "told";
			limit.close();
			if (failure === null) {
				resolve({ port, close });
				return;
			}
			close();
			reject(new AutonomyError("connection_failed", `cannot listen on ${host}:${wanted}: ${failure}`));
		};
		const limit = qjsTimers.after(START_MS, () => tell(`socat does not begin within ${START_MS} ms`));
		qjsFiles.makeDirectory(FOLDER);
		attempt(tell);
	});
}
