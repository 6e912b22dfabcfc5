/** Text and bytes, without TextDecoder: what is only ASCII, nearly everything here, takes the short way. */
import { readUtf8, utf8Length, writeUtf8 } from "./utf8.ts";

/** Arguments of one call: 16 bytes each while it lasts, and what is large comes fresh from the kernel each time. */
const PER_CALL = 1024;
const BEYOND_ASCII = /[^\0-\x7f]/;

export function decodeText(bytes: Uint8Array): string {
	let text = "";
	for (let at = 0; at < bytes.length; at += PER_CALL) {
		text += String.fromCharCode.apply(null, bytes.subarray(at, at + PER_CALL) as unknown as number[]);
	}
	return BEYOND_ASCII.test(text) ? readUtf8(bytes, 0, bytes.length) : text;
}

/** Null when it is more than that, or long. */
export function asciiText(bytes: Uint8Array): string | null {
	if (bytes.length > PER_CALL) return null;
	const text = String.fromCharCode.apply(null, bytes as unknown as number[]);
	return BEYOND_ASCII.test(text) ? null : text;
}

export function encodeText(text: string): Uint8Array<ArrayBuffer> {
	const ascii = new Uint8Array(text.length);
	let at = 0;
	for (; at < text.length; at++) {
		const code = text.charCodeAt(at);
		if (code > 0x7f) break;
		ascii[at] = code;
	}
	if (at === text.length) return ascii;
	const bytes = new Uint8Array(utf8Length(text));
	writeUtf8(text, bytes, 0);
	return bytes;
}

export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
	const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
	let at = 0;
	for (const part of parts) {
		whole.set(part, at);
		at += part.length;
	}
	return whole;
}
