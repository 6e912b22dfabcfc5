/**
 * A pipe for a child's output that can be left alone, so that what comes wakes nobody, and read when asked. Node's own pipes
 * are read ahead by its loop; this is a FIFO, opened once for the loop and once without waiting for us. Its name is gone
 * before anybody writes to it: it needs no room on the disk, only a place for a name for a moment.
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { Socket, type SocketConstructorOpts, type TcpSocketConnectOpts } from "node:net";

const BLOCK_BYTES = 4096;
const NEWLINE = 10;
const NOTHING = Buffer.alloc(0);
const MAKING_MS = 1000;
const WITHOUT_WAITING = fs.constants.O_RDONLY | fs.constants.O_NONBLOCK;
const shared = Buffer.alloc(BLOCK_BYTES);

export interface HeldPipe {
	/** For the child; ours is closed by started(), which lets what comes be read as it comes. */
	readonly writeFd: number;
	started(): void;
	/** Off: nothing is read but by read(). */
	flow(on: boolean): void;
	/** Line ends among what is there now. */
	waiting(): number;
	/** Hands over what is there now. */
	read(): void;
	close(): void;
}

/** Null where none can be made: no mkfifo, no folder for it. `onBytes`: the memory is lent for the call. */
export function makeHeldPipe(mkfifo: string | null, onBytes: (bytes: Buffer) => void): HeldPipe | null {
	const fds = mkfifo === null ? null : openFifo(mkfifo);
	if (fds === null) return null;
	const [readFd, loopFd, writeFd] = fds;
	let open = true;
	let reading = false;
	/** Read, and not handed over yet. */
	let ahead: Buffer = NOTHING;

	function fetch(): void {
		for (let count = BLOCK_BYTES; open && count === BLOCK_BYTES; ) {
			count = readNow(readFd);
			if (count > 0) ahead = Buffer.concat([ahead, shared.subarray(0, count)]);
		}
	}

	function read(): void {
		if (reading) return; // by one of the lines it is just telling
		reading = true;
		fetch();
		const bytes = ahead;
		ahead = NOTHING;
		try {
			if (bytes.length > 0) onBytes(bytes);
		} finally {
			reading = false;
		}
	}

	/** With `onread` a pause leaves what comes in the pipe; without, it is read ahead all the same. */
	const options: SocketConstructorOpts & Pick<TcpSocketConnectOpts, "onread"> = {
		fd: loopFd,
		writable: false,
		onread: {
			buffer: Buffer.alloc(BLOCK_BYTES),
			callback(count, buffer) {
				if (open && count > 0) onBytes(Buffer.from(buffer.buffer, buffer.byteOffset, count));
				return true;
			},
		},
	};
	const reader = new Socket(options);
	reader.on("error", () => undefined); // the child's end is told by the child
	return {
		writeFd,
		started() {
			fs.closeSync(writeFd);
			reader.resume();
		},
		flow(on) {
			if (!open) return;
			if (!on) {
				reader.pause();
				return;
			}
			read();
			reader.resume();
		},
		waiting() {
			fetch();
			let lines = 0;
			for (let at = ahead.indexOf(NEWLINE); at !== -1; at = ahead.indexOf(NEWLINE, at + 1)) lines++;
			return lines;
		},
		read,
		close() {
			if (!open) return;
			open = false;
			reader.destroy();
			fs.closeSync(readFd);
		},
	};
}

/** 0: nothing there, or nobody writes any more. */
function readNow(fd: number): number {
	try {
		return fs.readSync(fd, shared, 0, BLOCK_BYTES, null);
	} catch {
		return 0;
	}
}

/** Two ends to read from, one to write to. */
function openFifo(mkfifo: string): [number, number, number] | null {
	let folder: string | null = null;
	const fds: number[] = [];
	try {
		folder = fs.mkdtempSync("/tmp/autonomy-");
		const path = `${folder}/pipe`;
		if (spawnSync(mkfifo, [path], { stdio: "ignore", timeout: MAKING_MS }).status !== 0) return null;
		for (const flags of [WITHOUT_WAITING, WITHOUT_WAITING, fs.constants.O_WRONLY]) fds.push(fs.openSync(path, flags));
		return fds as [number, number, number];
	} catch {
		for (const fd of fds) fs.closeSync(fd);
		return null;
	} finally {
		if (folder !== null) fs.rmSync(folder, { recursive: true, force: true });
	}
}
