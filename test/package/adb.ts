/**
 * A reader of ADB files for tests, written from apk's documentation (apk-v3(5)) and not from our writer: blocks, values,
 * signature.
 */
import assert from "node:assert/strict";
import { createHash, type KeyObject, verify } from "node:crypto";
import { inflateRawSync } from "node:zlib";
import { keyId } from "../../scripts/feed/adb.ts";

export interface AdbBlocks {
	readonly schema: string;
	readonly adb: Buffer;
	readonly signatures: readonly Buffer[];
	readonly data: readonly Buffer[];
}

export function plain(file: Buffer): Buffer {
	return file.toString("latin1", 0, 4) === "ADBd" ? inflateRawSync(file.subarray(4)) : file;
}

export function blocks(file: Buffer): AdbBlocks {
	const bytes = plain(file);
	assert.equal(bytes.toString("latin1", 0, 4), "ADB.");
	const found: Buffer[][] = [[], [], []];
	for (let at = 8; at < bytes.length; ) {
		const word = bytes.readUInt32LE(at);
		const length = word & 0x3fffffff;
		assert.ok(length >= 4 && at + length <= bytes.length, "a block inside the file");
		found[word >>> 30]!.push(bytes.subarray(at + 4, at + length));
		at += Math.ceil(length / 8) * 8;
	}
	assert.equal(found[0]!.length, 1);
	return { schema: bytes.toString("latin1", 4, 8), adb: found[0]![0]!, signatures: found[1]!, data: found[2]! };
}

export type AdbValue = null | number | Buffer | AdbValue[];

/** Objects and arrays as lists whose first item is a hole, so that numbers are those of the schema. */
export function value(adb: Buffer, word = adb.readUInt32LE(4)): AdbValue {
	const at = word & 0x0fffffff;
	switch (word >>> 28) {
		case 0:
			return null;
		case 1:
			return at;
		case 2:
			return adb.readUInt32LE(at);
		case 8:
			return adb.subarray(at + 1, at + 1 + adb.readUInt8(at));
		case 9:
			return adb.subarray(at + 2, at + 2 + adb.readUInt16LE(at));
		case 10:
			return adb.subarray(at + 4, at + 4 + adb.readUInt32LE(at));
		case 13:
		case 14:
			return Array.from({ length: adb.readUInt32LE(at) }, (_, slot) =>
				slot === 0 ? null : value(adb, adb.readUInt32LE(at + slot * 4)),
			);
		default:
			throw new Error(`unknown type of value ${word >>> 28}`);
	}
}

export function field(of: AdbValue, ...path: number[]): AdbValue {
	return path.reduce<AdbValue>((from, slot) => (Array.isArray(from) ? (from[slot] ?? null) : null), of);
}

export function items(of: AdbValue): AdbValue[] {
	return Array.isArray(of) ? of.slice(1) : [];
}

export function signedBy({ schema, adb, signatures }: AdbBlocks, key: KeyObject): boolean {
	const digest = createHash("sha512").update(adb).digest();
	return signatures.some((block) => {
		const head = block.subarray(0, 18);
		if (!head.subarray(2).equals(keyId(key))) return false;
		return verify("sha512", Buffer.concat([Buffer.from(schema), head, digest]), key, block.subarray(18));
	});
}
