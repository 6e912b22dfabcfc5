/**
 * The two ends of pipes to children. Pipes of QuickJS block, so nothing is read that is not there and never more than a
 * page written at once: select() says a pipe is writable when a page fits (pipe(7): writes up to PIPE_BUF are whole).
 * Handlers are taken away before their descriptor is closed: select() on a closed one would fail for all of them.
 */
import { guarded, isPassing, noteInput, os } from "./engine.ts";
import { concat } from "./text.ts";

const READ_BYTES = 65_536;
const PAGE = 4096;
const shared = new Uint8Array(READ_BYTES);

export interface PipeReader {
	pause(): void;
	resume(): void;
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
	let isWhole = true;
	const close = (): void => {
		if (!open) return;
		open = false;
		os.setReadHandler(fd, null);
		os.close(fd);
		read = null; // it names itself: such a circle is garbage that only the collector finds
	};
	let read: (() => void) | null = guarded(() => {
		noteInput();
		// The engine serves one descriptor a turn and starts from the oldest: whoever was served goes to the end.
		os.setReadHandler(fd, null);
		os.setReadHandler(fd, read);
		const count = os.read(fd, shared.buffer, 0, READ_BYTES);
		if (count > 0) {
			const before = isWhole;
			isWhole = false; // stays so when the next line throws
			onBytes(lent ? new Uint8Array(shared.buffer, 0, count) : shared.slice(0, count));
			isWhole = before;
		} else if (!isPassing(count)) {
			close();
			onEnd(isWhole);
		}
	});
	const resume = (): void => {
		if (open) os.setReadHandler(fd, read);
	};
	resume();
	return {
		pause() {
			if (open) os.setReadHandler(fd, null);
		},
		resume,
		close,
	};
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
