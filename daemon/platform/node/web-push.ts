/**
 * Web push (../push-message.ts): a message encrypted for one browser (RFC 8291) and a token that says who sends it (RFC
 * 8292). With node:crypto alone; web-push of npm is 116 KB when bundled (measured).
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
import type { PushKeys, PushToSend, SealedPush } from "../outlets.ts";
import { claimsOf, headersOf, headOf, LAST, NAMES, noPoint, refuseSecret, refuseTooLong } from "../push-message.ts";

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

const named = (text: string): Buffer => Buffer.from(text, "latin1");

/** `sender` and `salt` are new for each message but in tests. */
export function encryptPush(
	payload: Uint8Array,
	to: Pick<PushToSend, "p256dh" | "auth">,
	sender: ECDH = newSender(),
	salt: Uint8Array = randomBytes(16),
): Uint8Array {
	refuseTooLong(payload);
	const theirs = bytes(to.p256dh);
	const auth = bytes(to.auth);
	refuseSecret(auth);
	// OpenSSL would take short forms, too, which no browser gives.
	if (theirs.length !== 65 || theirs[0] !== 4) throw noPoint();
	const ours = sender.getPublicKey();
	let shared: Buffer;
	try {
		shared = sender.computeSecret(theirs);
	} catch {
		throw noPoint();
	}
	const material = expand(hmac(auth, shared), Buffer.concat([named(NAMES.material), theirs, ours]), 32);
	const key = hmac(salt, material);
	const cipher = createCipheriv("aes-128-gcm", expand(key, named(NAMES.key), 16), expand(key, named(NAMES.nonce), 12));
	const sealed = [cipher.update(payload), cipher.update(Buffer.of(LAST)), cipher.final(), cipher.getAuthTag()];
	return Buffer.concat([headOf(salt, ours), ...sealed]);
}

function newSender(): ECDH {
	const sender = createECDH("prime256v1");
	sender.generateKeys();
	return sender;
}

function token({ keys, ...push }: PushToSend): string {
	const point = bytes(keys.publicKey);
	const [x, y] = [point.subarray(1, 33), point.subarray(33, 65)].map((one) => one.toString("base64url"));
	const jwk = { kty: "EC", crv: "P-256", x: x ?? "", y: y ?? "", d: keys.privateKey };
	const text = claimsOf(push)
		.map((part) => Buffer.from(part).toString("base64url"))
		.join(".");
	const key = createPrivateKey({ key: jwk, format: "jwk" });
	return `${text}.${sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

export function sealPush(push: PushToSend): SealedPush {
	return {
		body: encryptPush(Buffer.from(push.payload, "utf8"), push),
		headers: headersOf(token(push), push.keys.publicKey),
	};
}
