/** Encryption by AES-128-GCM (FIPS 197, NIST SP 800-38D), for web push. Pure, in steps of one block (p256.ts: `Steps`). */

import { concat } from "../text.ts";
import type { Steps } from "./p256.ts";

const BLOCK = 16;
const ROUNDS = 10;

/** Times x in the field of AES. */
function doubled(byte: number): number {
	return ((byte << 1) ^ ((byte >> 7) * 0x11b)) & 0xff;
}

function rotate(word: number, bits: number): number {
	return (word << bits) | (word >>> (32 - bits));
}

/** The S-box: inverses, found by going through the powers of 3, and the affine step (FIPS 197 5.1.1). */
function substitutions(): Uint8Array {
	const box = new Uint8Array(256);
	box[0] = 0x63;
	const powers = [1];
	for (let i = 1; i < 255; i++) {
		const last = powers[i - 1] ?? 0;
		powers.push(last ^ doubled(last));
	}
	for (const [i, power] of powers.entries()) {
		const of = powers[(255 - i) % 255] ?? 0;
		const twice = of | (of << 8);
		box[power] = (twice ^ (twice >> 4) ^ (twice >> 5) ^ (twice >> 6) ^ (twice >> 7) ^ 0x63) & 0xff;
	}
	return box;
}

const BOX = substitutions();
/** SubBytes and MixColumns of the first byte of a column; the others are turned. */
const MIXED = Int32Array.from(BOX, (s) => (doubled(s) << 24) | (s << 16) | (s << 8) | (s ^ doubled(s)));

const sub = (byte: number): number => BOX[byte & 0xff] ?? 0;
const mix = (byte: number): number => MIXED[byte & 0xff] ?? 0;

function roundKeys(key: Uint8Array): Int32Array {
	const view = new DataView(key.buffer, key.byteOffset, BLOCK);
	const words = new Int32Array(4 * (ROUNDS + 1));
	for (let i = 0; i < 4; i++) words[i] = view.getInt32(4 * i);
	let constant = 1;
	for (let i = 4; i < words.length; i++) {
		let word = words[i - 1] ?? 0;
		if (i % 4 === 0) {
			word = rotate(word, 8);
			word = (sub(word >>> 24) << 24) | (sub(word >>> 16) << 16) | (sub(word >>> 8) << 8) | sub(word);
			word ^= constant << 24;
			constant = doubled(constant);
		}
		words[i] = (words[i - 4] ?? 0) ^ word;
	}
	return words;
}

/** One block, in place. */
function encrypt(block: DataView, keys: Int32Array): void {
	const key = (i: number): number => keys[i] ?? 0;
	let a = block.getInt32(0) ^ key(0);
	let b = block.getInt32(4) ^ key(1);
	let c = block.getInt32(8) ^ key(2);
	let d = block.getInt32(12) ^ key(3);
	const column = (p: number, q: number, r: number, s: number): number =>
		mix(p >>> 24) ^ rotate(mix(q >>> 16), 24) ^ rotate(mix(r >>> 8), 16) ^ rotate(mix(s), 8);
	for (let at = 4; at < 4 * ROUNDS; at += 4) {
		const [p, q, r] = [a, b, c];
		a = column(p, q, r, d) ^ key(at);
		b = column(q, r, d, p) ^ key(at + 1);
		c = column(r, d, p, q) ^ key(at + 2);
		d = column(d, p, q, r) ^ key(at + 3);
	}
	const last = (p: number, q: number, r: number, s: number): number =>
		(sub(p >>> 24) << 24) | (sub(q >>> 16) << 16) | (sub(r >>> 8) << 8) | sub(s);
	block.setInt32(0, last(a, b, c, d) ^ key(40));
	block.setInt32(4, last(b, c, d, a) ^ key(41));
	block.setInt32(8, last(c, d, a, b) ^ key(42));
	block.setInt32(12, last(d, a, b, c) ^ key(43));
}

/** What the four bits beyond the end add, shifted by four (SP 800-38D 6.3: R). */
const REDUCED = Array.from({ length: 16 }, (_, nibble) => {
	let value = BigInt(nibble);
	for (let i = 0; i < 4; i++) value = (value >> 1n) ^ ((value & 1n) * (0xe1n << 120n));
	return value;
});

function blockOf(view: DataView, at: number): bigint {
	return (view.getBigUint64(at) << 64n) | view.getBigUint64(at + 8);
}

/** Multiplies by `hash` in the field of GCM, four bits at a time. */
function multiplier(hash: bigint): (block: bigint) => bigint {
	const times = new Array<bigint>(16).fill(0n);
	// Bits stand in reverse: 8 is one.
	let power = hash;
	for (let bit = 8; bit > 0; bit >>= 1) {
		for (let i = 0; i < 16; i++) if (i & bit) times[i] = (times[i] ?? 0n) ^ power;
		power = (power >> 1n) ^ ((power & 1n) * (0xe1n << 120n));
	}
	return (block) => {
		let sum = 0n;
		for (let left = block, i = 0; i < 32; i++, left >>= 4n) {
			sum = (sum >> 4n) ^ (REDUCED[Number(sum & 15n)] ?? 0n) ^ (times[Number(left & 15n)] ?? 0n);
		}
		return sum;
	};
}

/** `key` of 16, `nonce` of 12 bytes; the tag (16 bytes) stands behind the text. */
export function* sealGcm(key: Uint8Array, nonce: Uint8Array, text: Uint8Array): Steps<Uint8Array<ArrayBuffer>> {
	const keys = roundKeys(key);
	const stream = new Uint8Array(BLOCK);
	const block = new DataView(stream.buffer);
	encrypt(block, keys);
	const times = multiplier(blockOf(block, 0));
	yield;
	const count = (number: number): void => {
		stream.set(nonce);
		block.setUint32(12, number);
		encrypt(block, keys);
	};
	// Whole blocks, the rest of the last one zero.
	const sealed = new Uint8Array(Math.ceil(text.length / BLOCK) * BLOCK);
	const view = new DataView(sealed.buffer);
	let sum = 0n;
	for (let at = 0; at < text.length; at += BLOCK) {
		count(2 + at / BLOCK);
		for (let i = at; i < Math.min(at + BLOCK, text.length); i++) sealed[i] = (text[i] ?? 0) ^ (stream[i - at] ?? 0);
		sum = times(sum ^ blockOf(view, at));
		yield;
	}
	sum = times(sum ^ BigInt(8 * text.length));
	count(1);
	const tag = sum ^ blockOf(block, 0);
	block.setBigUint64(0, tag >> 64n);
	block.setBigUint64(8, BigInt.asUintN(64, tag));
	return concat([sealed.subarray(0, text.length), stream]);
}
