/**
 * A push for one browser and the token that says who sends it (../push-message.ts), by arithmetic of our own (p256.ts,
 * aes-gcm.ts). Pure, in steps.
 */
import type { PushToSend } from "../outlets.ts";
import { claimsOf, headOf, LAST, NAMES, noPoint, refuseSecret } from "../push-message.ts";
import { concat, encodeText } from "../text.ts";
import { sealGcm } from "./aes-gcm.ts";
import { decodeBase64, encodeBase64Url } from "./base64.ts";
import { BASE, bytesOf, bytesOfPoint, multiply, type Point, pointOf, type Steps, sign } from "./p256.ts";
import { hmac, sha256 } from "./sha256.ts";

/** One block of HKDF-Expand (RFC 5869 2.3): nothing here is longer. */
function expand(key: Uint8Array, length: number, ...info: readonly Uint8Array[]): Uint8Array {
	return hmac(key, ...info, Uint8Array.of(1)).subarray(0, length);
}

export interface Browser {
	readonly point: Point;
	readonly secret: Uint8Array;
}

export function browserOf({ p256dh, auth }: Pick<PushToSend, "p256dh" | "auth">): Browser {
	const secret = decodeBase64(auth);
	refuseSecret(secret);
	const point = pointOf(decodeBase64(p256dh));
	if (point === null) throw noPoint();
	return { point, secret };
}

/** The coding aes128gcm of RFC 8188, one record. */
export function* record(
	payload: Uint8Array,
	material: Uint8Array,
	salt: Uint8Array,
	keyId: Uint8Array,
): Steps<Uint8Array<ArrayBuffer>> {
	const key = hmac(salt, material);
	yield;
	const nonce = expand(key, 12, encodeText(NAMES.nonce));
	yield;
	const text = concat([payload, Uint8Array.of(LAST)]);
	return concat([headOf(salt, keyId), yield* sealGcm(expand(key, 16, encodeText(NAMES.key)), nonce, text)]);
}

/** `sender` and `salt` are new for each message. */
export function* encrypt(
	payload: Uint8Array,
	{ point, secret }: Browser,
	sender: bigint,
	salt: Uint8Array,
): Steps<Uint8Array<ArrayBuffer>> {
	const ours = bytesOfPoint(yield* multiply(sender, BASE));
	const shared = bytesOf((yield* multiply(sender, point)).x);
	const start = hmac(secret, shared);
	yield;
	const material = expand(start, 32, encodeText(NAMES.material), bytesOfPoint(point), ours);
	yield;
	return yield* record(payload, material, salt, ours);
}

export function* tokenOf(push: PushToSend, key: bigint): Steps<string> {
	const text = claimsOf(push)
		.map((part) => encodeBase64Url(encodeText(part)))
		.join(".");
	const hash = sha256(encodeText(text));
	yield;
	return `${text}.${encodeBase64Url(yield* sign(hash, key))}`;
}
