/**
 * Byte streams on QuickJS, which has no sockets: one long-lived `socat` per connection carries the bytes. What becomes of
 * the connection it says in its notices; its death is a connection loss like any other.
 */
import { errorText } from "../error.ts";
import type { ByteStream, StreamHandlers, Streams, StreamTarget } from "../platform.ts";
import { carries, type RawChild, spawn } from "./children.ts";
import { qjsTimers } from "./clock.ts";
import { createLineCutter } from "./lines.ts";
import { endChild } from "./processes.ts";
import { failureOf, isConnected, socatAddress } from "./socat.ts";

const HIGH_WATER = 65_536;

function argvOf(target: StreamTarget): [string, ...string[]] {
	// -t: how long it waits for the other side after one has ended; nobody here closes half a connection.
	return ["socat", "-d", "-d", "-t", "0.1", "-b", "32768", "-", socatAddress(target)];
}

function connect(target: StreamTarget, handlers: StreamHandlers): ByteStream {
	let closed = false;
	let opened = false;
	let full = false;
	let failure: string | null = null;
	let child: RawChild | null = null;
	/** Data can overtake the notice: they come by different pipes. */
	const open = (): void => {
		if (opened || closed) return;
		opened = true;
		handlers.onOpen();
	};
	const notices = createLineCutter((line) => {
		if (isConnected(line)) open();
		failure ??= failureOf(line);
	});
	const ended = (error: string | null): void => {
		if (closed) return;
		closed = true;
		handlers.onClose(error);
	};
	try {
		const made = spawn(argvOf(target), undefined, {
			onStdout(bytes) {
				open();
				if (!closed) handlers.onData(bytes);
			},
			onStderr: notices.push,
			onStdinEmpty() {
				if (closed || !full) return;
				full = false;
				handlers.onDrain?.();
			},
			onEnd(code) {
				notices.end();
				const killed = code === null ? "its socat was killed" : null;
				ended(failure ?? killed ?? (opened ? null : `socat ended with code ${code}`));
			},
		});
		child = carries(made);
	} catch (error) {
		const text = `cannot start socat: ${errorText(error)}`;
		qjsTimers.after(0, () => ended(text));
	}
	return {
		write(bytes) {
			if (closed || child === null || !child.stdin.open) return false;
			child.stdin.write(bytes);
			full = child.stdin.pendingBytes >= HIGH_WATER;
			return !full;
		},
		get pendingBytes() {
			return child?.stdin.pendingBytes ?? 0;
		},
		pause: () => child?.stdout.pause(),
		resume: () => child?.stdout.resume(),
		close() {
			if (closed) return;
			closed = true;
			if (child !== null && !child.gone) endChild(child);
		},
	};
}

export const qjsStreams: Streams = { connect };
