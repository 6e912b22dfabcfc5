/**
 * Keys and signatures of usign, OpenWrt's form of OpenBSD's signify: two lines, a comment and base64. Ed25519 over the
 * whole message. A key is named by 8 random bytes, the number; opkg looks a public key up as /etc/opkg/keys/NUMBER.
 *
 * Layout: secret "Ed" "BK" rounds(4, zero: no password) salt(16) checksum(8, of SHA-512 of the key) number(8) seed(32)
 * public(32); public "Ed" number(8) public(32); signature "Ed" number(8) signature(64).
 */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign, verify } from "node:crypto";

const ALGORITHM = "Ed";
const KDF = "BK";
const COMMENT = "untrusted comment: ";
/** DER around the 32 bytes of an Ed25519 key: RFC 8410 section 4 and 7. */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");
const SPKI = Buffer.from("302a300506032b6570032100", "hex");

export interface SecretKey {
	/** 16 hexadecimal digits. */
	readonly number: string;
	readonly key: KeyObject;
	readonly publicBytes: Buffer;
}

export interface PublicKey {
	readonly number: string;
	readonly key: KeyObject;
}

function payload(text: string, what: string, bytes: number): Buffer {
	const [comment = "", base64 = "", ...rest] = text.split("\n");
	if (!comment.startsWith(COMMENT) || rest.join("").trim() !== "" || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64))
		throw new Error(`not a ${what} of usign: two lines, "${COMMENT}..." and base64`);
	const data = Buffer.from(base64, "base64");
	if (data.length !== bytes || data.toString("latin1", 0, 2) !== ALGORITHM)
		throw new Error(`not a ${what} of usign: wrong kind or length`);
	return data;
}

function text(comment: string, data: Buffer): string {
	return `${COMMENT}${comment}\n${data.toString("base64")}\n`;
}

function checksum(seedAndPublic: Buffer): Buffer {
	return createHash("sha512").update(seedAndPublic).digest().subarray(0, 8);
}

function publicOf(key: KeyObject): Buffer {
	const from = key.type === "private" ? createPublicKey(key) : key;
	return from.export({ type: "spki", format: "der" }).subarray(SPKI.length);
}

export function parseSecretKey(fileText: string): SecretKey {
	const data = payload(fileText, "secret key", 104);
	if (data.toString("latin1", 2, 4) !== KDF) throw new Error("not a secret key of usign: unknown key derivation");
	if (data.readUInt32BE(4) !== 0) throw new Error("the secret key has a password: usign keys for a feed have none");
	const seedAndPublic = data.subarray(40);
	if (!checksum(seedAndPublic).equals(data.subarray(24, 32))) throw new Error("the secret key is damaged: checksum");
	const der = Buffer.concat([PKCS8, seedAndPublic.subarray(0, 32)]);
	const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
	const publicBytes = publicOf(key);
	if (!publicBytes.equals(seedAndPublic.subarray(32)))
		throw new Error("the secret key is damaged: its two halves differ");
	return { number: data.subarray(32, 40).toString("hex"), key, publicBytes };
}

export function parsePublicKey(fileText: string): PublicKey {
	const data = payload(fileText, "public key", 42);
	const der = Buffer.concat([SPKI, data.subarray(10)]);
	return {
		number: data.subarray(2, 10).toString("hex"),
		key: createPublicKey({ key: der, format: "der", type: "spki" }),
	};
}

export function publicKeyText(secret: SecretKey): string {
	const data = Buffer.concat([Buffer.from(ALGORITHM), Buffer.from(secret.number, "hex"), secret.publicBytes]);
	return text(`public key ${secret.number}`, data);
}

/** A new secret key, as the text of its file. */
export function generateSecretKey(seed = randomBytes(32), number = randomBytes(8)): string {
	const key = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: "der", type: "pkcs8" });
	const seedAndPublic = Buffer.concat([seed, publicOf(key)]);
	const data = Buffer.concat([
		Buffer.from(ALGORITHM + KDF),
		Buffer.alloc(4 + 16),
		checksum(seedAndPublic),
		number,
		seedAndPublic,
	]);
	return text(`private key ${number.toString("hex")}`, data);
}

export function signText(message: Buffer, secret: SecretKey): string {
	const signature = sign(null, message, secret.key);
	const data = Buffer.concat([Buffer.from(ALGORITHM), Buffer.from(secret.number, "hex"), signature]);
	return text(`signed by key ${secret.number}`, data);
}

/** False for a wrong signature and for one by another key; throws for what is no signature at all. */
export function verifyText(message: Buffer, signatureText: string, key: PublicKey): boolean {
	const data = payload(signatureText, "signature", 74);
	if (data.subarray(2, 10).toString("hex") !== key.number) return false;
	return verify(null, message, key.key, data.subarray(10));
}
