/**
 * Frames: an 8-byte header (version, type, seq, peer) followed by one top blob, and their reassembly from a byte stream
 * cut at any place. A frame is handed on as the bytes it came in where possible; what must be kept for later is copied.
 * A length below 4 or above 1 MiB cannot be recovered from: the reader throws bus_protocol and the connection must go.
 */
import { AutonomyError } from "../platform/error.ts";
import { FRAME_HEADER_BYTES, MAX_BLOB_BYTES, padded, readU32 } from "./blob.ts";

/** Header and the top blob's own word: the least there can be. */
export const MIN_FRAME_BYTES = 12;

/** Whole size of the frame that begins at `at`; 12 bytes must be there. Throws bus_protocol. */
function frameBytes(bytes: Uint8Array, at: number): number {
	const length = readU32(bytes, at + FRAME_HEADER_BYTES) & 0x00ffffff;
	if (length < 4 || padded(length) > MAX_BLOB_BYTES) {
		throw new AutonomyError("bus_protocol", `ubus message of ${length} bytes; 4 to ${MAX_BLOB_BYTES} are allowed`, {
			lengthBytes: length,
		});
	}
	return FRAME_HEADER_BYTES + length;
}

export interface FrameReader {
	/**
	 * Takes the next piece of the stream and calls `onFrame` for every frame it completes. The bytes of a frame belong to
	 * the stream: they are valid during the call only.
	 */
	push(chunk: Uint8Array): void;
	/** Bytes kept for a frame that is not whole yet. */
	readonly heldBytes: number;
}

export function createFrameReader(onFrame: (frame: Uint8Array) => void): FrameReader {
	// A frame that began in an earlier piece: its first `have` bytes. Without the length only the 12 first bytes have room.
	let partial: Uint8Array | null = null;
	let have = 0;

	/** Moves bytes into the partial frame; returns how many were taken. */
	function fill(into: Uint8Array, chunk: Uint8Array, at: number): number {
		const count = Math.min(into.length - have, chunk.length - at);
		into.set(chunk.subarray(at, at + count), have);
		have += count;
		return count;
	}

	function finishPartial(chunk: Uint8Array): number {
		let at = 0;
		while (partial !== null) {
			at += fill(partial, chunk, at);
			if (have < partial.length) return at;
			const whole = frameBytes(partial, 0);
			if (whole === partial.length) {
				const frame = partial;
				partial = null;
				onFrame(frame);
			} else {
				const larger = new Uint8Array(whole);
				larger.set(partial);
				partial = larger;
			}
		}
		return at;
	}

	return {
		get heldBytes() {
			return partial === null ? 0 : partial.length;
		},
		push(chunk) {
			let at = finishPartial(chunk);
			while (chunk.length - at >= MIN_FRAME_BYTES) {
				const whole = frameBytes(chunk, at);
				if (chunk.length - at < whole) break;
				at += whole;
				onFrame(chunk.subarray(at - whole, at));
			}
			if (at === chunk.length) return;
			const left = chunk.length - at;
			partial = new Uint8Array(left < MIN_FRAME_BYTES ? MIN_FRAME_BYTES : frameBytes(chunk, at));
			have = 0;
			fill(partial, chunk, at);
		},
	};
}
