/**
 * Bytes of the input log. Numbers come back exactly as they went in: a number that is a whole multiple of 0.001 is
 * written as a short integer, any other as its eight bytes. Strings are numbers into the table of the log's chunk.
 */
export interface LogWriter {
	byte(value: number): void;
	/** Any number or null, exactly. */
	number(value: number | null): void;
	/** A whole number 0 <= n < 2^53. */
	count(value: number): void;
	readonly length: number;
}

export interface LogReader {
	byte(): number;
	number(): number | null;
	count(): number;
	readonly offset: number;
}

/** Longest encoding of one number. */
export const MAX_NUMBER_BYTES = 9;

/** Beyond this thousandths are not exact. */
const MOST = 2 ** 50;
const NULL = 0;
const RAW = 1;

function isMinusZero(value: number): boolean {
	return value === 0 && 1 / value < 0;
}

export interface OwnedLogWriter extends LogWriter {
	bytes(): Uint8Array;
	capacity(): number;
	/** Gives back what was reserved for more; bytes handed out before stay as they are. */
	fit(): void;
}

/** A buffer that grows up to what is asked of it; the owner decides when it is full. */
export function createLogWriter(initialBytes: number): OwnedLogWriter {
	let buffer = new Uint8Array(initialBytes);
	let view = new DataView(buffer.buffer);
	let length = 0;

	function reserve(more: number): void {
		if (length + more <= buffer.length) {
			return;
		}
		const larger = new Uint8Array(Math.max(buffer.length * 2, length + more));
		larger.set(buffer);
		buffer = larger;
		view = new DataView(buffer.buffer);
	}

	function count(value: number): void {
		reserve(MAX_NUMBER_BYTES);
		let rest = value;
		// Division instead of shifts: the value may need more than 32 bits.
		while (rest >= 128) {
			buffer[length++] = (rest % 128) | 128;
			rest = Math.floor(rest / 128);
		}
		buffer[length++] = rest;
	}

	return {
		byte(value) {
			reserve(1);
			buffer[length++] = value;
		},
		number(value) {
			if (value === null) {
				count(NULL);
				return;
			}
			const thousandths = Math.round(value * 1_000);
			if (thousandths < MOST && thousandths > -MOST && thousandths / 1_000 === value && !isMinusZero(value)) {
				// Zigzag, then past the two marks.
				count((thousandths < 0 ? -thousandths * 2 - 1 : thousandths * 2) + 2);
				return;
			}
			count(RAW);
			reserve(8);
			view.setFloat64(length, value);
			length += 8;
		},
		count,
		get length() {
			return length;
		},
		bytes: () => buffer.subarray(0, length),
		capacity: () => buffer.length,
		fit() {
			buffer = buffer.slice(0, length);
			view = new DataView(buffer.buffer);
		},
	};
}

export function createLogReader(bytes: Uint8Array): LogReader {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	let offset = 0;

	function count(): number {
		let value = 0;
		let factor = 1;
		for (;;) {
			const byte = view.getUint8(offset++);
			value += (byte % 128) * factor;
			if (byte < 128) {
				return value;
			}
			factor *= 128;
		}
	}

	return {
		byte: () => view.getUint8(offset++),
		number() {
			const mark = count();
			if (mark === NULL) {
				return null;
			}
			if (mark === RAW) {
				const value = view.getFloat64(offset);
				offset += 8;
				return value;
			}
			const zigzag = mark - 2;
			const thousandths = zigzag % 2 === 1 ? -(zigzag + 1) / 2 : zigzag / 2;
			return thousandths / 1_000;
		},
		count,
		get offset() {
			return offset;
		},
	};
}
