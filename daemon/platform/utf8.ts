/**
 * UTF-8 for engines without TextEncoder (QuickJS). Decoding never fails: a byte that belongs to no valid sequence
 * (overlong, surrogate, beyond U+10FFFF, cut short) becomes U+FFFD, because SSIDs and operator names on a bus may be any
 * bytes. Lone surrogates are encoded as U+FFFD.
 */

const REPLACEMENT = 0xfffd;
/** String.fromCharCode takes its units as arguments; engines limit how many. */
const UNITS_PER_CALL = 4096;
const ASCII_MAX = 1024;

/** The code point at `index`, with lone surrogates replaced. */
function codePointAt(text: string, index: number): number {
	const code = text.codePointAt(index) ?? REPLACEMENT;
	return code >= 0xd800 && code <= 0xdfff ? REPLACEMENT : code;
}

/** How many bytes `text` takes. */
export function utf8Length(text: string): number {
	let length = 0;
	for (let i = 0; i < text.length; i++) {
		const code = text.charCodeAt(i);
		if (code < 0x80) length += 1;
		else if (code < 0x800) length += 2;
		else if (codePointAt(text, i) > 0xffff) {
			length += 4;
			i++;
		} else length += 3;
	}
	return length;
}

/** Writes `text` from `at` on; there must be room for utf8Length(text) bytes. Returns the offset behind it. */
export function writeUtf8(text: string, into: Uint8Array, at: number): number {
	let out = at;
	for (let i = 0; i < text.length; i++) {
		const code = text.charCodeAt(i);
		if (code < 0x80) {
			into[out++] = code;
			continue;
		}
		const point = code < 0xd800 || code > 0xdfff ? code : codePointAt(text, i);
		if (point < 0x800) {
			into[out++] = 0xc0 | (point >> 6);
		} else {
			if (point > 0xffff) {
				into[out++] = 0xf0 | (point >> 18);
				into[out++] = 0x80 | ((point >> 12) & 0x3f);
				i++;
			} else {
				into[out++] = 0xe0 | (point >> 12);
			}
			into[out++] = 0x80 | ((point >> 6) & 0x3f);
		}
		into[out++] = 0x80 | (point & 0x3f);
	}
	return out;
}

/** Length of the sequence a lead byte announces, 0 when it can lead none. */
function sequenceLength(lead: number): number {
	if (lead >= 0xc2 && lead <= 0xdf) return 2;
	if (lead >= 0xe0 && lead <= 0xef) return 3;
	if (lead >= 0xf0 && lead <= 0xf4) return 4;
	return 0;
}

/** The code point of a sequence of `length` bytes at `at`, or -1 when it is not a valid one. */
function readSequence(bytes: Uint8Array, at: number, end: number, length: number): number {
	if (length === 0 || at + length > end) return -1;
	let point = (bytes[at] ?? 0) & (0xff >> (length + 1));
	for (let i = 1; i < length; i++) {
		const next = bytes[at + i] ?? 0;
		if ((next & 0xc0) !== 0x80) return -1;
		point = (point << 6) | (next & 0x3f);
	}
	if (length === 3 && (point < 0x800 || (point >= 0xd800 && point <= 0xdfff))) return -1;
	if (length === 4 && (point < 0x10000 || point > 0x10ffff)) return -1;
	return point;
}

/** Names and words, nearly all that is read: ASCII, and short. Null when it is not. */
function readAscii(bytes: Uint8Array, start: number, end: number): string | null {
	if (end - start > ASCII_MAX) return null;
	for (let at = start; at < end; at++) if ((bytes[at] as number) >= 0x80) return null;
	return String.fromCharCode.apply(null, bytes.subarray(start, end) as unknown as number[]);
}

export function readUtf8(bytes: Uint8Array, start: number, end: number): string {
	const ascii = readAscii(bytes, start, end);
	if (ascii !== null) return ascii;
	let text = "";
	let units: number[] = [];
	let at = start;
	while (at < end) {
		const byte = bytes[at] ?? 0;
		if (byte < 0x80) {
			units.push(byte);
			at++;
		} else {
			const length = sequenceLength(byte);
			const point = readSequence(bytes, at, end, length);
			if (point < 0) {
				units.push(REPLACEMENT);
				at++;
			} else {
				if (point > 0xffff) units.push(0xd7c0 + (point >> 10), 0xdc00 | (point & 0x3ff));
				else units.push(point);
				at += length;
			}
		}
		if (units.length >= UNITS_PER_CALL) {
			text += String.fromCharCode(...units);
			units = [];
		}
	}
	return text + String.fromCharCode(...units);
}
