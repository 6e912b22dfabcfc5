/**
 * ADB, the container of apk-tools 3 (packages and indexes alike): after the header blocks, each with type and length and
 * padded to 8 bytes. The first block holds values that refer to each other by offset; a word tells type (4 bits) and value
 * or offset (28 bits), all little endian. Equal values are written once. Signature blocks cover the first block; data
 * blocks, one a file, follow. Checked byte by byte against the real `apk mkpkg` (test/package/real.test.ts).
 */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { deflateRawSync } from "node:zlib";

export type AdbSchema = "pckg" | "indx";

const MAGIC = "ADB.";
const TYPE = { int: 1, int32: 2, blob8: 8, blob16: 9, blob32: 10, object: 14 } as const;
const BLOCK = { adb: 0, signature: 1, data: 2 } as const;
const SHA512 = 4;
/** Version bytes, two reserved ones and the word of the root. */
const HEAD = 8;
const IMMEDIATE_MAX = 0x0fffffff;
export const NONE = 0;

function word(type: number, value: number): number {
	return ((type << 28) | value) >>> 0;
}

export class AdbWriter {
	#bytes = Buffer.alloc(HEAD);
	readonly #seen = new Map<string, number>();

	#put(data: Buffer, align: number, share: boolean): number {
		const key = `${align}:${data.toString("latin1")}`;
		const known = this.#seen.get(key);
		if (share && known !== undefined) return known;
		const pad = (align - (this.#bytes.length % align)) % align;
		const offset = this.#bytes.length + pad;
		if (offset + data.length > IMMEDIATE_MAX) throw new Error("too much for one ADB block");
		this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(pad), data]);
		if (share) this.#seen.set(key, offset);
		return offset;
	}

	/** `share` false: a place of its own, to be filled in later. */
	blob(data: Buffer | string, share = true): number {
		const bytes = typeof data === "string" ? Buffer.from(data, "utf8") : data;
		if (bytes.length === 0) return NONE;
		if (bytes.length <= 0xff)
			return word(TYPE.blob8, this.#put(Buffer.concat([Buffer.from([bytes.length]), bytes]), 1, share));
		const wide = bytes.length > 0xffff;
		const length = Buffer.alloc(wide ? 4 : 2);
		if (wide) length.writeUInt32LE(bytes.length);
		else length.writeUInt16LE(bytes.length);
		const offset = this.#put(Buffer.concat([length, bytes]), length.length, share);
		return word(wide ? TYPE.blob32 : TYPE.blob16, offset);
	}

	int(value: number): number {
		if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) throw new Error(`not a number for ADB: ${value}`);
		if (value <= IMMEDIATE_MAX) return word(TYPE.int, value);
		const bytes = Buffer.alloc(4);
		bytes.writeUInt32LE(value);
		return word(TYPE.int32, this.#put(bytes, 4, true));
	}

	/** Fields by their number, from 1; what is missing at the end is not written. */
	object(fields: readonly (number | undefined)[]): number {
		let count = fields.length;
		while (count > 1 && (fields[count - 1] ?? NONE) === NONE) count--;
		if (count <= 1) return NONE;
		const bytes = Buffer.alloc(count * 4);
		bytes.writeUInt32LE(count);
		for (let at = 1; at < count; at++) bytes.writeUInt32LE(fields[at] ?? NONE, at * 4);
		return word(TYPE.object, this.#put(bytes, 4, true));
	}

	array(items: readonly number[]): number {
		return this.object([NONE, ...items.filter((item) => item !== NONE)]);
	}

	finish(root: number): Buffer {
		this.#bytes.writeUInt32LE(root, 4);
		return this.#bytes;
	}
}

function block(type: number, payload: Buffer): Buffer {
	const head = Buffer.alloc(4);
	head.writeUInt32LE(((type << 30) | (4 + payload.length)) >>> 0);
	return Buffer.concat([head, payload, Buffer.alloc((8 - ((4 + payload.length) % 8)) % 8)]);
}

/** First 16 bytes of the SHA-512 of the bare public key: PKCS#1 for RSA, the point for elliptic curves. */
export function keyId(key: KeyObject): Buffer {
	const publicKey = key.type === "private" ? createPublicKey(key) : key;
	let bare: Buffer;
	if (publicKey.asymmetricKeyType === "rsa") bare = publicKey.export({ type: "pkcs1", format: "der" });
	else if (publicKey.asymmetricKeyType === "ec") {
		const { x = "", y = "" } = publicKey.export({ format: "jwk" });
		bare = Buffer.concat([Buffer.from([4]), Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]);
	} else throw new Error(`apk knows keys of RSA and of elliptic curves, not ${publicKey.asymmetricKeyType}`);
	return createHash("sha512").update(bare).digest().subarray(0, 16);
}

function signatureBlock(schema: AdbSchema, adb: Buffer, key: KeyObject): Buffer {
	const head = Buffer.concat([Buffer.from([0, SHA512]), keyId(key)]);
	const digest = createHash("sha512").update(adb).digest();
	const signature = sign("sha512", Buffer.concat([Buffer.from(schema), head, digest]), key);
	return block(BLOCK.signature, Buffer.concat([head, signature]));
}

export interface AdbFile {
	readonly schema: AdbSchema;
	readonly adb: Buffer;
	/** Null: not signed. */
	readonly key: KeyObject | null;
	/** What stands in data blocks, in order. */
	readonly data: readonly Buffer[];
}

export function adbFile({ schema, adb, key, data }: AdbFile): Buffer {
	return Buffer.concat([
		Buffer.from(MAGIC + schema),
		block(BLOCK.adb, adb),
		...(key === null ? [] : [signatureBlock(schema, adb, key)]),
		...data.map((one) => block(BLOCK.data, one)),
	]);
}

/** As files on a server are: deflate, which every apk reads (OpenWrt's is built without zstd). */
export function compressed(file: Buffer): Buffer {
	return Buffer.concat([Buffer.from("ADBd"), deflateRawSync(file, { level: 9 })]);
}

/** A private key in PEM. Signatures of RSA are the same each time; those of elliptic curves have chance in them. */
export function parsePrivateKey(pem: string): KeyObject {
	const key = createPrivateKey(pem);
	keyId(key);
	return key;
}

export function publicKeyPem(key: KeyObject): string {
	return createPublicKey(key).export({ type: "spki", format: "pem" }).toString();
}
