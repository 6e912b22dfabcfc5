/**
 * A small web server for loopback on QuickJS, which has no sockets: one `socat` waits on the port and lets each connection
 * (few at a time, more wait in the kernel) wait under a name of ours for a second one, which is started for it and carries it
 * (http-served.ts). So nothing is started while nobody asks, and nothing for those who ask again on the same connection. As
 * only one can have the name, and says so, each gets its own; the name is no file, so any program of the router could come
 * first, as it could take the port. The one that waits outlives a daemon that is killed: the next start finds the port taken
 * and ends it (../web-orphans.ts).
 */
import { AutonomyError, errorText } from "../error.ts";
import { IDLE_MS, type Listening, type ListenOptions } from "../outlets.ts";
import type { Argv, Closable } from "../platform.ts";
import { ORPHAN_MS, orphanWatch, WEB_NAME } from "../web-orphans.ts";
import { carries, type RawChild, spawn } from "./children.ts";
import { qjsRandom, qjsTimers } from "./clock.ts";
import { os } from "./engine.ts";
import { qjsFiles } from "./files.ts";
import { type Served, serve } from "./http-served.ts";
import { createLineCutter } from "./lines.ts";
import { endChild } from "./processes.ts";
import { failureOf, hostText } from "./socat.ts";

const START_MS = 5000;
const AGAIN_MS = 2000;
/** Kept with nothing to do: Prometheus and one more. */
const MAX_KEPT = 2;
const MAX_CONNECTIONS = 6;
/** TCP_USER_TIMEOUT (tcp(7)): a socat that writes to who does not read waits in the kernel, where no other limit ends it. */
const UNREAD = "setsockopt-int=6:18:5000";

/**
 * -t: how long a side may take to end when the other has. Only one at a time can wait under the name; the others try until
 * it is free, 5 s at most.
 */
function portArgv(host: string, port: number, name: string): Argv {
	const kind = host.includes(":") ? "TCP6-LISTEN" : "TCP4-LISTEN";
	const address = `${kind}:${port},bind=${hostText(host)},reuseaddr,fork,max-children=${MAX_CONNECTIONS},backlog=8,${UNREAD}`;
	const other = `ABSTRACT-LISTEN:${name},backlog=1,accept-timeout=5,retry=250,interval=0.02`;
	return ["socat", "-d", "-d", "-t", "0.5", address, other];
}

function serveArgv(name: string): Argv {
	return ["socat", "-t", "0.5", "-b", "32768", "-", `ABSTRACT-CONNECT:${name}`];
}

/** The port of a notice like "... N listening on AF=2 127.0.0.1:9101"; null for other lines. */
export function listeningPort(line: string): number | null {
	const port = /^\S+ \S+ socat\[\d+\] N listening on AF=\d+ \S*:(\d+)$/.exec(line)?.[1];
	return port === undefined ? null : Number(port);
}

/** Of a connection that waits for whoever serves it. */
function isAsking(line: string): boolean {
	return line.includes(" N listening on AF=1 ");
}

const ORPHANS = { files: qjsFiles, end: (pid: number): boolean => os.kill(pid, 15) === 0 };

let lastNumber = 0;

export function listen({ host, port: wanted, handle, idleMs = IDLE_MS }: ListenOptions): Promise<Listening> {
	const name = `${WEB_NAME}${os.getpid()}-${++lastNumber}-${qjsRandom.uint32()}`;
	let port = wanted;
	let closed = false;
	let waiter: RawChild | null = null;
	/** Those that are idle in the order in which they became so. */
	const served = new Set<Served>();
	let again: Closable | null = null;

	function wait(told: (failure: string | null) => void): void {
		let failure: string | null = null;
		const notices = createLineCutter((line) => {
			failure ??= failureOf(line);
			const at = listeningPort(line);
			if (at !== null) {
				port = at;
				told(null);
			} else if (isAsking(line)) serveOne();
		});
		waiter = carries(
			spawn(portArgv(host, port, name), undefined, {
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

	function serveOne(): void {
		if (closed) return;
		try {
			const one = serve(serveArgv(name), handle, idleMs, {
				onIdle() {
					// Behind those that have been idle for longer.
					served.delete(one);
					served.add(one);
					const idle = [...served].filter((other) => other.idle);
					for (const other of idle.slice(0, Math.max(0, idle.length - MAX_KEPT))) other.end();
				},
				onEnd: () => void served.delete(one),
			});
			served.add(one);
		} catch {
			// No memory, no processes: whoever asks is told by the end of the connection.
		}
	}

	function close(): void {
		closed = true;
		again?.close();
		if (waiter !== null && !waiter.gone) endChild(waiter);
		for (const one of served) one.close();
	}

	return new Promise((resolve, reject) => {
		let told = false;
		const mayBeFreeSoon = orphanWatch(wanted, ORPHANS);
		const tell = (failure: string | null): void => {
			if (told) keep(failure);
			else if (failure !== null && wanted !== 0 && mayBeFreeSoon()) qjsTimers.after(ORPHAN_MS, retry);
			else settle(failure);
		};
		const retry = (): void => {
			if (!told) attempt(tell);
		};
		const settle = (failure: string | null): void => {
			told = true;
			limit.close();
			if (failure === null) {
				resolve({ port, close });
				return;
			}
			close();
			reject(new AutonomyError("connection_failed", `cannot listen on ${host}:${wanted}: ${failure}`));
		};
		const limit = qjsTimers.after(START_MS, () => settle(`socat does not begin within ${START_MS} ms`));
		attempt(tell);
	});
}
