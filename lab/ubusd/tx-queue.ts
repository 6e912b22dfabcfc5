/**
 * What waits to be sent to one client. Holds 1 MiB on top of the kernel's buffer; a message that does not fit is lost,
 * and nobody is told: ubusd's way. Written in pieces, so that what the kernel has taken counts as gone.
 */
import type { Socket } from "node:net";
import { MAX_BLOB_BYTES } from "../../daemon/bus/blob.ts";

const PIECE_BYTES = 64 * 1024;

export interface TxQueue {
	/** False when the message was dropped. */
	send(frame: Uint8Array): boolean;
	/** Nothing waits, neither here nor in Node. */
	readonly empty: boolean;
}

export function createTxQueue(socket: Socket, onEmpty: () => void): TxQueue {
	const waiting: Uint8Array[] = [];
	let waitingBytes = 0;

	function isEmpty(): boolean {
		return waiting.length === 0 && socket.writableLength === 0;
	}

	function pump(): void {
		while (socket.writableLength === 0) {
			const head = waiting.shift();
			if (head === undefined) return;
			const piece = head.subarray(0, PIECE_BYTES);
			if (piece.length < head.length) waiting.unshift(head.subarray(PIECE_BYTES));
			waitingBytes -= piece.length;
			socket.write(piece, written);
		}
	}

	function written(): void {
		if (socket.destroyed) return;
		pump();
		if (isEmpty()) onEmpty();
	}

	return {
		send(frame) {
			if (socket.destroyed) return false;
			// With an empty queue the kernel takes at least a part: nothing is too long then.
			if (!isEmpty() && waitingBytes + socket.writableLength + frame.length > MAX_BLOB_BYTES) return false;
			waiting.push(frame);
			waitingBytes += frame.length;
			pump();
			return true;
		},
		get empty() {
			return isEmpty();
		},
	};
}
