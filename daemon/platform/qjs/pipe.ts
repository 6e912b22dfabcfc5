/**
 * The two ends of pipes to children. Pipes of QuickJS block, so nothing is read that is not there and never more than a
 * page written at once: select() says a pipe is writable when a page fits (pipe(7): writes up to PIPE_BUF are whole).
 * Handlers are taken away before their descriptor is closed: select() on a closed one would fail for all of them.
 */

import { concat } from "../text.ts";
import { guarded, isPassing, noteInput, os } from "./engine.ts";
import { qjsFiles } from "./files.ts";

const READ_BYTES = 16_384;
const PAGE = 4096;
const NEWLINE = 10;
const NOTHING = new Uint8Array(0);
/** For what is looked at and left to wait: some lines, mostly all of a second. */
const ROOM = 512;
const shared = new Uint8Array(READ_BYTES);

export interface PipeReader {
	pause(): void;
	resume(): void;
	/** Stops reading until resume(); false where the kernel lets nobody look into a pipe without waiting. */
	hold(): boolean;
	readonly held: boolean;
	/** Line ends among what is there; while held. */
	waiting(): number;
	/** Hands over what is there, at once; while held. */
	read(): void;
	/** Without onEnd. */
	close(): void;
}

/** `onBytes` gets memory of its own, or lent for the call. `onEnd` once: the last writer is gone; not whole: some of it was lost (no memory). */
export function readPipe(
	fd: number,
	onBytes: (bytes: Uint8Array) => void,
	onEnd: (isWhole: boolean) => void,
	lent = false,
): PipeReader {
	let open = true;
	/** Null: closed. Whoever listens knows the reader: such a circle is garbage that only the collector finds. */
	let listener: typeof onBytes | null = onBytes;
	let isWhole = true;
	let waits = true;
	let canHold = true;
	let held = false;
	const close = (): void => {
		if (!open) return;
		open = false;
		os.setReadHandler(fd, null);
		os.close(fd);
		onReadable = null; // it names itself
		listener = null;
	};
	let taking = false;
	/** Counted, and not handed over yet: so many bytes, and lines, of this memory. */
	let ahead = NOTHING;
	let bytesAhead = 0;
	let linesAhead = 0;
	/** All that is there now: after a standstill that is more than the usual lines. */
	const look = (): void => {
		for (let isFull = true; isFull; isFull = bytesAhead === ahead.length) {
			if (ahead.length - bytesAhead < ROOM) ahead = concat([ahead, new Uint8Array(Math.max(2 * ROOM, ahead.length))]);
			const count = os.read(fd, ahead.buffer, bytesAhead, ahead.length - bytesAhead);
			if (count <= 0) return;
			noteInput();
			const end = bytesAhead + count;
			for (let at = ahead.indexOf(NEWLINE, bytesAhead); at !== -1 && at < end; at = ahead.indexOf(NEWLINE, at + 1))
				linesAhead++;
			bytesAhead = end;
		}
	};
	const handOver = (): void => {
		if (bytesAhead === 0) return;
		const bytes = lent ? ahead.subarray(0, bytesAhead) : ahead.slice(0, bytesAhead);
		bytesAhead = 0;
		linesAhead = 0;
		tell(bytes);
	};
	/** Not by itself again, through one of the lines it tells. */
	const tell = (bytes: Uint8Array): void => {
		taking = true;
		try {
			listener?.(bytes);
		} finally {
			taking = false;
		}
	};
	const take = (): void => {
		noteInput();
		const count = os.read(fd, shared.buffer, 0, READ_BYTES);
		if (count > 0) {
			const before = isWhole;
			isWhole = false; // stays so when the next line throws
			tell(lent ? new Uint8Array(shared.buffer, 0, count) : shared.slice(0, count));
			isWhole = before;
		} else if (!isPassing(count)) {
			close();
			onEnd(isWhole);
		}
	};
	let onReadable: (() => void) | null = guarded(() => {
		// The engine serves one descriptor a turn and starts from the oldest: whoever was served goes to the end.
		os.setReadHandler(fd, null);
		os.setReadHandler(fd, onReadable);
		take();
	});
	const resume = (): void => {
		if (held) handOver();
		held = false;
		if (open) os.setReadHandler(fd, onReadable);
	};
	resume();
	return {
		pause() {
			if (open) os.setReadHandler(fd, null);
		},
		resume,
		hold() {
			if (!open || !canHold) return false;
			if (waits) {
				const other = withoutWaiting(fd);
				canHold = other !== null;
				if (other === null) return false;
				os.setReadHandler(fd, null);
				os.close(fd);
				fd = other;
				waits = false;
			}
			os.setReadHandler(fd, null);
			held = true;
			return true;
		},
		get held() {
			return held;
		},
		waiting() {
			if (open && held && !taking) look();
			return linesAhead;
		},
		read() {
			if (!open || !held || taking) return;
			if (bytesAhead === 0) take();
			else {
				look();
				handOver();
			}
		},
		close,
	};
}

/**
 * O_NONBLOCK of most processors and of MIPS. Each is something else to the other (asm/fcntl.h: O_NOCTTY, O_EXCL) that
 * means nothing for a pipe and is not kept among its flags.
 */
const NONBLOCK = 0o4000 | 0o200;

/** The same end of a pipe once more, where reading an empty one does not wait; null where that cannot be had. */
function withoutWaiting(fd: number): number | null {
	const other = os.open(`/proc/self/fd/${fd}`, os.O_RDONLY | NONBLOCK);
	if (other < 0) return null;
	const flags = /^flags:\s*([0-7]+)$/m.exec(qjsFiles.readTextIfAny(`/proc/self/fdinfo/${other}`) ?? "")?.[1] ?? "0";
	if ((Number.parseInt(flags, 8) & NONBLOCK) !== 0) return other;
	os.close(other);
	return null;
}

export interface PipeWriter {
	write(bytes: Uint8Array): void;
	readonly pendingBytes: number;
	/** False after close, or when the reader is gone. */
	readonly open: boolean;
	/** Closes when all is written. */
	end(): void;
	close(): void;
}

export function writePipe(fd: number, onEmpty: () => void): PipeWriter {
	let open = true;
	let ending = false;
	let queue: Uint8Array[] = [];
	/** Of the first in the queue. */
	let offset = 0;
	let pending = 0;
	const close = (): void => {
		if (!open) return;
		open = false;
		queue = [];
		pending = 0;
		os.setWriteHandler(fd, null);
		os.close(fd);
	};
	const write = guarded(() => {
		const head = queue[0];
		if (head === undefined) return;
		const count = os.write(
			fd,
			head.buffer as ArrayBuffer,
			head.byteOffset + offset,
			Math.min(PAGE, head.length - offset),
		);
		if (count < 0) {
			if (!isPassing(count)) close(); // EPIPE: its end is told by whoever waits for the process
			return;
		}
		offset += count;
		pending -= count;
		if (offset < head.length) return;
		queue.shift();
		offset = 0;
		if (queue.length > 0) return;
		os.setWriteHandler(fd, null);
		if (ending) close();
		else onEmpty();
	});
	return {
		write(bytes) {
			if (!open || ending || bytes.length === 0) return;
			// A copy: the caller may use its memory again.
			queue.push(concat([bytes]));
			pending += bytes.length;
			if (queue.length === 1) os.setWriteHandler(fd, write);
		},
		get pendingBytes() {
			return pending;
		},
		get open() {
			return open && !ending;
		},
		end() {
			ending = true;
			if (queue.length === 0) close();
		},
		close,
	};
}
