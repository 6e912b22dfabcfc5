/**
 * The curve P-256 (SEC 2 2.4.2, FIPS 186-5): shared secrets and signatures, for web push. Pure. All of it is many small
 * steps, and whoever reckons may stop after each (`yield`): a multiplication by a number takes a slow router a second.
 *
 * How long it takes depends on the numbers. The keys it is used for are a sender's identity at push services, and one more
 * for each message; what somebody who measures could learn, over a network and from slices (slices.ts), is to send us alerts.
 */

import { concat } from "../text.ts";
import { hmac } from "./sha256.ts";

/** Work in steps. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Neither is ever the point at infinity. */
export interface Point {
	readonly x: bigint;
	readonly y: bigint;
}

const P = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
/** How many points there are; prime. */
export const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
export const BASE: Point = {
	x: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
	y: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
};
const BITS = 256;
const BYTES = 32;

/** Of 32 bytes. */
export function numberOf(bytes: Uint8Array): bigint {
	const view = new DataView(bytes.buffer, bytes.byteOffset, BYTES);
	let number = 0n;
	for (let at = 0; at < BYTES; at += 8) number = (number << 64n) | view.getBigUint64(at);
	return number;
}

/** In 32 bytes. Not by way of hex: QuickJS 2025-04-26 writes some numbers with a zero in front. */
export function bytesOf(number: bigint): Uint8Array<ArrayBuffer> {
	const view = new DataView(new ArrayBuffer(BYTES));
	for (let at = 0; at < BYTES; at += 8) {
		view.setBigUint64(at, BigInt.asUintN(64, number >> BigInt(8 * (BYTES - 8 - at))));
	}
	return new Uint8Array(view.buffer);
}

/** Of a point in its long form (SEC 1 2.3.4); null when these are none, or not on the curve. */
export function pointOf(bytes: Uint8Array): Point | null {
	if (bytes.length !== 1 + 2 * BYTES || bytes[0] !== 4) return null;
	const x = numberOf(bytes.subarray(1, 1 + BYTES));
	const y = numberOf(bytes.subarray(1 + BYTES));
	return x < P && y < P && (y * y - (x * x - 3n) * x - B) % P === 0n ? { x, y } : null;
}

export function bytesOfPoint({ x, y }: Point): Uint8Array<ArrayBuffer> {
	return concat([Uint8Array.of(4), bytesOf(x), bytesOf(y)]);
}

/** A private key; null: these bytes are none (to be drawn again). */
export function privateOf(bytes: Uint8Array): bigint | null {
	const number = bytes.length === BYTES ? numberOf(bytes) : 0n;
	return number > 0n && number < ORDER ? number : null;
}

function positive(number: bigint, modulus: bigint): bigint {
	const rest = number % modulus;
	return rest < 0n ? rest + modulus : rest;
}

/** By Euclid's algorithm; `modulus` is prime, `number` not its multiple. */
function* inverse(number: bigint, modulus: bigint): Steps<bigint> {
	let [a, b] = [positive(number, modulus), modulus];
	let [s, t] = [1n, 0n];
	while (a !== 1n) {
		const whole = b / a;
		[a, b] = [b - whole * a, a];
		[s, t] = [t - whole * s, s];
		yield;
	}
	return positive(s, modulus);
}

/**
 * `number` (1 to ORDER - 1) times a point of the curve, bit by bit, in Jacobian coordinates (x / z^2, y / z^3), whose rests
 * may be negative. Bits before the first are doubled for nothing: a short number is not seen by how long it takes. What has
 * been summed up is never the point itself, its opposite or nothing when the point is added: that would take a number beyond.
 */
export function* multiply(number: bigint, point: Point): Steps<Point> {
	let { x, y } = point;
	let z = 1n;
	let begun = false;
	for (let bit = BITS - 1; bit >= 0; bit--) {
		// Doubling for a = -3 (Bernstein and Lange, dbl-2001-b).
		const zz = (z * z) % P;
		const yy = (y * y) % P;
		const xyy = (x * yy) % P;
		const slope = (3n * (x - zz) * (x + zz)) % P;
		z = (2n * y * z) % P;
		x = (slope * slope - 8n * xyy) % P;
		y = (slope * (4n * xyy - x) - 8n * yy * yy) % P;
		const isSet = ((number >> BigInt(bit)) & 1n) === 1n;
		if (!begun) {
			begun = isSet;
			({ x, y } = point);
			z = 1n;
		} else if (isSet) {
			// What is added has z = 1 (madd).
			const square = (z * z) % P;
			const width = (point.x * square - x) % P;
			const height = (point.y * z * square - y) % P;
			const ww = (width * width) % P;
			const www = (ww * width) % P;
			const xww = (x * ww) % P;
			z = (z * width) % P;
			x = (height * height - www - 2n * xww) % P;
			y = (height * (xww - x) - y * www) % P;
		}
		yield;
	}
	const per = yield* inverse(z, P);
	const perSquare = (per * per) % P;
	return { x: positive(x * perSquare, P), y: positive(y * perSquare * per, P) };
}

/** The number that signs a hash: the same for the same key and hash (RFC 6979 3.2), so no bad random number can give the key away. */
function* nonces(hash: Uint8Array, key: bigint): Generator<bigint | undefined, never, undefined> {
	const given = concat([bytesOf(key), bytesOf(numberOf(hash) % ORDER)]);
	let k = new Uint8Array(BYTES);
	let v = new Uint8Array(BYTES).fill(1);
	for (const round of [0, 1]) {
		k = hmac(k, v, Uint8Array.of(round), given);
		yield;
		v = hmac(k, v);
		yield;
	}
	for (;;) {
		v = hmac(k, v);
		yield privateOf(v) ?? undefined;
		k = hmac(k, v, Uint8Array.of(0));
		v = hmac(k, v);
	}
}

/** ECDSA (FIPS 186-5 6.4.1): r and s, 32 bytes each, of a SHA-256. */
export function* sign(hash: Uint8Array, key: bigint): Steps<Uint8Array<ArrayBuffer>> {
	for (const nonce of nonces(hash, key)) {
		yield;
		if (nonce === undefined) continue;
		const r = (yield* multiply(nonce, BASE)).x % ORDER;
		const s = ((yield* inverse(nonce, ORDER)) * (numberOf(hash) + r * key)) % ORDER;
		if (r !== 0n && s !== 0n) return concat([bytesOf(r), bytesOf(s)]);
	}
	throw new Error("no end of numbers");
}
