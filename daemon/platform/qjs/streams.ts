/**
 * Byte streams on QuickJS, which has no sockets: one long-lived program per connection carries the bytes, `socat` where
 * there is no TLS (tls.ts has the other). What becomes of the connection it says in its notices; its death is a connection
 * loss like any other.
 */
import { AutonomyError, errorText } from "../error.ts";
import type { Argv, ByteStream, StreamHandlers, Streams, StreamTarget } from "../platform.ts";
import { carries, type RawChild, spawn } from "./children.ts";
import { qjsTimers } from "./clock.ts";
import { createLineCutter } from "./lines.ts";
import { endChild } from "./processes.ts";
import { failureOf, isBegun, isConnected, socatAddresses } from "./socat.ts";

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

export function carry(program: Carrier, told: StreamHandlers): ByteStream {
	const [name] = program.argv;
	/** Null: closed. Whoever listens knows the stream, and such a circle is garbage that only the collector finds. */
	let handlers: StreamHandlers | null = told;
	let begun = false;
	let opened = false;
	let full = false;
	let failure: string | null = null;
	let child: RawChild | null = null;
	const begin = (): void => {
		if (begun || handlers === null) return;
		begun = true;
		handlers.onBegin?.();
	};
	/** Data can overtake the notice: they come by different pipes. */
	const open = (): void => {
		begin();
		if (opened || handlers === null) return;
		opened = true;
		handlers.onOpen();
	};
	const notices = createLineCutter((line) => {
		if (program.isBegun?.(line)) begin();
		if (program.isConnected(line)) open();
		failure ??= program.failureOf(line);
		if (handlers === null || !program.isHopeless?.(line)) return;
		ended(failure);
		if (child !== null && !child.gone) endChild(child);
	});
	const ended = (error: string | null): void => {
		if (handlers === null) return;
		const last = handlers;
		handlers = null;
		last.onClose(error);
	};
	// Made first: when memory runs out after the start, nobody may be told of a stream he never got.
	const stream: ByteStream = {
		write(bytes) {
			if (handlers === null || child === null || !child.stdin.open) return false;
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
			if (handlers === null) return;
			handlers = null;
			if (child !== null && !child.gone) endChild(child);
		},
	};
	try {
		const made = spawn(program.argv, undefined, {
			onStdout(bytes) {
				open();
				handlers?.onData(bytes);
			},
			onStderr: notices.push,
			onStdinEmpty() {
				if (handlers === null || !full) return;
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
		handlers = null;
		const text = `cannot start ${name}: ${errorText(error)}`;
		qjsTimers.after(0, () => ended(text));
		handlers = told;
	}
	return stream;
}

function carryTo(address: string, handlers: StreamHandlers): ByteStream {
	// -t: how long it waits for the other side after one has ended; nobody here closes half a connection.
	const argv: Argv = ["socat", "-d", "-d", "-t", "0.1", "-b", "32768", "-", address];
	return carry({ argv, isBegun, isConnected, failureOf }, handlers);
}

/** One after the other, the next when one could not be reached; what was written meanwhile goes to the one that can. */
function carryToFirst(
	[address, ...others]: readonly string[],
	told: StreamHandlers,
	before: readonly string[],
): ByteStream {
	if (address === undefined) throw new AutonomyError("connection_failed", "no address");
	if (others.length === 0 && before.length === 0) return carryTo(address, told);
	let waiting: Uint8Array[] | null = [];
	let paused = false;
	let current = carryTo(address, {
		onBegin: () => before.length === 0 && told.onBegin?.(),
		onOpen() {
			waiting = null;
			told.onOpen();
		},
		onData: (bytes) => told.onData(bytes),
		onDrain: () => told.onDrain?.(),
		onClose(error) {
			const errors = error === null || before.includes(error) ? before : [...before, error];
			if (waiting === null || error === null) told.onClose(error);
			else if (others.length === 0) told.onClose(errors.join("; "));
			else {
				current = carryToFirst(others, told, errors);
				for (const bytes of waiting) current.write(bytes);
				if (paused) current.pause();
				waiting = null;
			}
		},
	});
	return {
		write(bytes) {
			waiting?.push(bytes);
			return current.write(bytes);
		},
		get pendingBytes() {
			return current.pendingBytes;
		},
		pause() {
			paused = true;
			current.pause();
		},
		resume() {
			paused = false;
			current.resume();
		},
		close: () => current.close(),
	};
}

/** All of one machine, in this order. */
export function connectAny(targets: readonly StreamTarget[], handlers: StreamHandlers): ByteStream {
	return carryToFirst(targets.flatMap(socatAddresses), handlers, []);
}

export const qjsStreams: Streams = { beginsLater: true, connect: (target, handlers) => connectAny([target], handlers) };
