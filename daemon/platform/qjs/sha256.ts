/** SHA-256 and HMAC (FIPS 180-4, RFC 2104). Pure. For single short messages: signatures, keys of web push. */
import { concat, encodeText } from "../text.ts";

const BLOCK = 64;

function primes(count: number): number[] {
	const found: number[] = [];
	for (let n = 2; found.length < count; n++) if (found.every((p) => n % p !== 0)) found.push(n);
	return found;
}

/** The first 32 bits of the fraction of a root: how the standard derives its constants. */
function fraction(root: number): number {
	return ((root - Math.floor(root)) * 2 ** 32) | 0;
}

const K = Int32Array.from(primes(64), (p) => fraction(Math.cbrt(p)));
const START = Int32Array.from(primes(8), (p) => fraction(Math.sqrt(p)));

function rotate(word: number, bits: number): number {
	return (word >>> bits) | (word << (32 - bits));
}

const at = (words: Int32Array, index: number): number => words[index] ?? 0;

export function sha256(message: Uint8Array): Uint8Array<ArrayBuffer> {
	const padded = new Uint8Array(Math.ceil((message.length + 9) / BLOCK) * BLOCK);
	padded.set(message);
	padded[message.length] = 0x80;
	const view = new DataView(padded.buffer);
	view.setUint32(padded.length - 8, Math.floor((message.length * 8) / 2 ** 32));
	view.setUint32(padded.length - 4, (message.length * 8) >>> 0);
	const state = START.slice();
	const w = new Int32Array(BLOCK);
	for (let start = 0; start < padded.length; start += BLOCK) {
		for (let i = 0; i < 16; i++) w[i] = view.getInt32(start + i * 4);
		for (let i = 16; i < BLOCK; i++) {
			const x = at(w, i - 15);
			const y = at(w, i - 2);
			const s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3);
			const s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10);
			w[i] = at(w, i - 16) + s0 + at(w, i - 7) + s1;
		}
		compress(state, w);
	}
	const out = new DataView(new ArrayBuffer(32));
	for (let i = 0; i < 8; i++) out.setInt32(i * 4, at(state, i));
	return new Uint8Array(out.buffer);
}

/** One assignment after the other: a list of eight per round takes QuickJS three times as long (measured). */
function compress(state: Int32Array, w: Int32Array): void {
	let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
	for (let i = 0; i < BLOCK; i++) {
		const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
		const t1 = (h + s1 + ((e & f) ^ (~e & g)) + at(K, i) + at(w, i)) | 0;
		const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
		const t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
		h = g;
		g = f;
		f = e;
		e = (d + t1) | 0;
		d = c;
		c = b;
		b = a;
		a = (t1 + t2) | 0;
	}
	for (const [i, word] of [a, b, c, d, e, f, g, h].entries()) state[i] = at(state, i) + word;
}

export function hmac(secret: Uint8Array, ...message: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
	const key = new Uint8Array(BLOCK);
	key.set(secret.length > BLOCK ? sha256(secret) : secret);
	const inner = sha256(concat([key.map((byte) => byte ^ 0x36), ...message]));
	return sha256(concat([key.map((byte) => byte ^ 0x5c), inner]));
}

/** In lower case hex. */
export function hmacSha256(secret: string, text: string): string {
	const made = hmac(encodeText(secret), encodeText(text));
	return [...made].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
