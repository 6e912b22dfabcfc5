/**
 * Byte streams on QuickJS, which has no sockets: one long-lived program per connection carries the bytes, `socat` where
 * there is no TLS (tls.ts has the other). What becomes of the connection it says in its notices; its death is a connection
 * loss like any other.
 */
import { errorText } from "../error.ts";
import type { Argv, ByteStream, StreamHandlers, Streams, StreamTarget } from "../platform.ts";
import { carries, type RawChild, spawn } from "./children.ts";
import { qjsTimers } from "./clock.ts";
import { createLineCutter } from "./lines.ts";
import { endChild } from "./processes.ts";
import { failureOf, isBegun, isConnected, socatAddress } from "./socat.ts";

const HIGH_WATER = 65_536;

/** A program that carries one connection between its standard input and output, and what its notices mean. */
export interface Carrier {
	readonly argv: Argv;
	isBegun?(line: string): boolean;
	isConnected(line: string): boolean;
	/** The reason, when this line tells of a failure. */
	failureOf(line: string): string | null;
	/** It goes on although nothing can come of it. */
	isHopeless?(line: string): boolean;
}

export function carry(program: Carrier, handlers: StreamHandlers): ByteStream {
	const [name] = program.argv;
	let closed = false;
	let begun = false;
	let opened = false;
	let full = false;
	let failure: string | null = null;
	let child: RawChild | null = null;
	const begin = (): void => {
		if (begun || closed) return;
		begun = true;
		handlers.onBegin?.();
	};
	/** Data can overtake the notice: they come by different pipes. */
	const open = (): void => {
		begin();
		if (opened || closed) return;
		opened = true;
		handlers.onOpen();
	};
	const notices = createLineCutter((line) => {
		if (program.isBegun?.(line)) begin();
		if (program.isConnected(line)) open();
		failure ??= program.failureOf(line);
		if (closed || !program.isHopeless?.(line)) return;
		ended(failure);
		if (child !== null && !child.gone) endChild(child);
	});
	const ended = (error: string | null): void => {
		if (closed) return;
		closed = true;
		handlers.onClose(error);
	};
	try {
		const made = spawn(program.argv, undefined, {
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
				const killed = code === null ? `its ${name} was killed` : null;
				ended(failure ?? killed ?? (opened ? null : `${name} ended with code ${code}`));
			},
		});
		child = carries(made);
	} catch (error) {
		const text = `cannot start ${name}: ${errorText(error)}`;
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

function connect(target: StreamTarget, handlers: StreamHandlers): ByteStream {
	// -t: how long it waits for the other side after one has ended; nobody here closes half a connection.
	const argv: Argv = ["socat", "-d", "-d", "-t", "0.1", "-b", "32768", "-", socatAddress(target)];
	return carry({ argv, isBegun, isConnected, failureOf }, handlers);
}

export const qjsStreams: Streams = { beginsLater: true, connect };
