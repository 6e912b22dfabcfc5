/**
 * Web push: a message encrypted for one browser (RFC 8291 over the coding aes128gcm of RFC 8188, one record) and a token
 * that says who sends it (VAPID, RFC 8292). With node:crypto alone; web-push of npm is 116 KB when bundled (measured).
 * test/alert/push.test.ts has the vector of RFC 8291.
 */
import {
	createCipheriv,
	createECDH,
	createHmac,
	createPrivateKey,
	type ECDH,
	generateKeyPairSync,
	randomBytes,
	sign,
} from "node:crypto";
import { AutonomyError } from "../error.ts";
import type { PushKeys, PushToSend, SealedPush } from "../outlets.ts";

const RECORD_BYTES = 4096;
/** A record holds 86 bytes of header, a delimiter and a tag of 16 besides (RFC 8188 2, 2.1). */
const MOST_BYTES = RECORD_BYTES - 86 - 17;
/** A token is good for a day at most (RFC 8292 2); clocks differ. */
const TOKEN_S = 12 * 3600;

const bytes = (base64url: string): Buffer => Buffer.from(base64url, "base64url");

export function newPushKeys(): PushKeys {
	const {
		x = "",
		y = "",
		d = "",
	} = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({
		format: "jwk",
	});
	return { publicKey: Buffer.concat([Buffer.of(4), bytes(x), bytes(y)]).toString("base64url"), privateKey: d };
}

function hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Buffer {
	const made = createHmac("sha256", key);
	for (const part of parts) made.update(part);
	return made.digest();
}

/** One block of HKDF-Expand (RFC 5869 2.3): nothing here is longer. */
const expand = (key: Uint8Array, info: Uint8Array, length: number): Buffer =>
	hmac(key, info, Buffer.of(1)).subarray(0, length);

const named = (text: string): Buffer => Buffer.from(`${text}\0`, "latin1");

/** `sender` and `salt` are new for each message but in tests. */
export function encryptPush(
	payload: Uint8Array,
	to: Pick<PushToSend, "p256dh" | "auth">,
	sender: ECDH = newSender(),
	salt: Uint8Array = randomBytes(16),
): Uint8Array {
	if (payload.length > MOST_BYTES)
		throw new AutonomyError("bad_argument", `${payload.length} bytes are too long for a push`);
	const theirs = bytes(to.p256dh);
	const auth = bytes(to.auth);
	if (auth.length !== 16) throw new AutonomyError("bad_argument", "the secret of the browser does not have 16 bytes");
	const ours = sender.getPublicKey();
	let shared: Buffer;
	try {
		shared = sender.computeSecret(theirs);
	} catch {
		throw new AutonomyError("bad_argument", "the key of the browser is not a point of P-256");
	}
	const material = expand(hmac(auth, shared), Buffer.concat([named("WebPush: info"), theirs, ours]), 32);
	const key = hmac(salt, material);
	const cipher = createCipheriv(
		"aes-128-gcm",
		expand(key, named("Content-Encoding: aes128gcm"), 16),
		expand(key, named("Content-Encoding: nonce"), 12),
	);
	const head = Buffer.alloc(21);
	head.set(salt);
	head.writeUInt32BE(RECORD_BYTES, 16);
	head[20] = ours.length;
	// 2: the last record.
	const sealed = [cipher.update(payload), cipher.update(Buffer.of(2)), cipher.final(), cipher.getAuthTag()];
	return Buffer.concat([head, ours, ...sealed]);
}

function newSender(): ECDH {
	const sender = createECDH("prime256v1");
	sender.generateKeys();
	return sender;
}

function token({ endpoint, keys, contact, nowMs }: PushToSend): string {
	const point = bytes(keys.publicKey);
	const [x, y] = [point.subarray(1, 33), point.subarray(33, 65)].map((one) => one.toString("base64url"));
	const jwk = { kty: "EC", crv: "P-256", x: x ?? "", y: y ?? "", d: keys.privateKey };
	const claims = {
		aud: new URL(endpoint).origin,
		exp: Math.floor(nowMs / 1000) + TOKEN_S,
		...(contact === null ? {} : { sub: contact }),
	};
	const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
	const text = `${encode({ typ: "JWT", alg: "ES256" })}.${encode(claims)}`;
	const key = createPrivateKey({ key: jwk, format: "jwk" });
	return `${text}.${sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

export function sealPush(push: PushToSend): SealedPush {
	return {
		body: encryptPush(Buffer.from(push.payload, "utf8"), push),
		headers: {
			authorization: `vapid t=${token(push)}, k=${push.keys.publicKey}`,
			"content-encoding": "aes128gcm",
			"content-type": "application/octet-stream",
		},
	};
}
