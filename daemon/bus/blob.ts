/**
 * Blob attributes, the building block of every ubus message: a 32-bit big-endian word (bit 31 extended, bits 30-24 id,
 * bits 23-0 length with this header but without padding), the payload, zero bytes up to the next multiple of 4.
 * A container's length includes the padding of its children.
 *
 * BlobWriter builds messages in one reused buffer; readAttr checks every length before anything is touched.
 */
import { AutonomyError } from "../platform/error.ts";
import { utf8Length, writeUtf8 } from "../platform/utf8.ts";

/** Largest top blob ubusd takes; a longer one makes it close the connection (measured). */
export const MAX_BLOB_BYTES = 1024 * 1024;
export const FRAME_HEADER_BYTES = 8;

const EXTENDED = 0x80000000;
const LENGTH_MASK = 0x00ffffff;
const START_BYTES = 2048;
/** A buffer that grew beyond this for one long message is given back afterwards. */
const KEEP_BYTES = 64 * 1024;

export interface Attr {
	readonly id: number;
	readonly extended: boolean;
	/** Payload: bytes[start] up to, not including, bytes[end]. */
	readonly start: number;
	readonly end: number;
	/** Where the next attribute begins. */
	readonly next: number;
}

export function readU16(bytes: Uint8Array, at: number): number {
	return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

export function readU32(bytes: Uint8Array, at: number): number {
	return (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | readU16(bytes, at + 2)) >>> 0;
}

export function writeU32(bytes: Uint8Array, at: number, value: number): void {
	bytes[at] = value >>> 24;
	bytes[at + 1] = value >>> 16;
	bytes[at + 2] = value >>> 8;
	bytes[at + 3] = value;
}

export function padded(length: number): number {
	return (length + 3) & ~3;
}

/** The attribute at `at` inside a container that ends at `limit`. Throws bus_protocol with the offset. */
export function readAttr(bytes: Uint8Array, at: number, limit: number): Attr {
	const left = limit - at;
	if (left < 4) {
		throw new AutonomyError("bus_protocol", `${left} stray bytes where a blob attribute should begin`, { offset: at });
	}
	const word = readU32(bytes, at);
	const length = word & LENGTH_MASK;
	if (length < 4) {
		throw new AutonomyError("bus_protocol", `blob attribute says it is ${length} bytes long, 4 is the least`, {
			offset: at,
		});
	}
	if (padded(length) > left) {
		throw new AutonomyError("bus_protocol", `blob attribute of ${length} bytes in a container with ${left} left`, {
			offset: at,
		});
	}
	return {
		id: (word >>> 24) & 0x7f,
		extended: word >= EXTENDED,
		start: at + 4,
		end: at + length,
		next: at + padded(length),
	};
}

export class BlobWriter {
	#bytes = new Uint8Array(START_BYTES);
	#view = new DataView(this.#bytes.buffer);
	#length = 0;

	get length(): number {
		return this.#length;
	}

	/** Forgets everything written so far. */
	reset(): void {
		this.#length = 0;
		if (this.#bytes.length > KEEP_BYTES) this.#resize(START_BYTES);
	}

	/** A copy of what was written. */
	finish(): Uint8Array {
		return this.#bytes.slice(0, this.#length);
	}

	u8(value: number): void {
		// claim() may replace buffer and view, so in all of these neither may be named before.
		const at = this.#claim(1);
		this.#bytes[at] = value;
	}

	u16(value: number): void {
		const at = this.#claim(2);
		this.#view.setUint16(at, value);
	}

	u32(value: number): void {
		const at = this.#claim(4);
		this.#view.setUint32(at, value);
	}

	i64(value: bigint): void {
		const at = this.#claim(8);
		this.#view.setBigInt64(at, value);
	}

	f64(value: number): void {
		const at = this.#claim(8);
		this.#view.setFloat64(at, value);
	}

	raw(bytes: Uint8Array): void {
		const at = this.#claim(bytes.length);
		this.#bytes.set(bytes, at);
	}

	/** Text and its closing NUL. Cut at a U+0000 inside, as every C reader would. Returns the bytes without NUL. */
	cString(text: string): number {
		const nul = text.indexOf("\0");
		const kept = nul < 0 ? text : text.slice(0, nul);
		const length = utf8Length(kept);
		const at = this.#claim(length + 1);
		writeUtf8(kept, this.#bytes, at);
		this.#bytes[at + length] = 0;
		return length;
	}

	pad(): void {
		while ((this.#length & 3) !== 0) this.u8(0);
	}

	/** Begins an attribute; hand the returned offset to close(). */
	open(id: number, extended = false): number {
		const at = this.#length;
		this.u32(((id << 24) | (extended ? EXTENDED : 0)) >>> 0);
		return at;
	}

	close(at: number): void {
		const word = this.#view.getUint32(at);
		this.#view.setUint32(at, (word | (this.#length - at)) >>> 0);
		this.pad();
	}

	/** Overwrites two bytes written before. */
	patchU16(at: number, value: number): void {
		this.#view.setUint16(at, value);
	}

	#claim(count: number): number {
		const at = this.#length;
		const needed = at + count;
		if (needed > MAX_BLOB_BYTES + FRAME_HEADER_BYTES) {
			throw new AutonomyError("bus_bad_argument", "message is longer than the 1 MiB a ubus message may have", {
				limitBytes: MAX_BLOB_BYTES,
			});
		}
		if (needed > this.#bytes.length) this.#resize(Math.max(needed, this.#bytes.length * 2));
		this.#length = needed;
		return at;
	}

	#resize(size: number): void {
		const bytes = new Uint8Array(size);
		bytes.set(this.#bytes.subarray(0, this.#length));
		this.#bytes = bytes;
		this.#view = new DataView(bytes.buffer);
	}
}
