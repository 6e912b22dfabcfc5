/**
 * blobmsg off the wire into plain JavaScript. INT16/32/64 are signed; INT64 becomes a number when it is a safe integer,
 * else a bigint; INT8 is the bus's boolean; UNSPEC is null. Of duplicate names the last one wins. Every length is checked
 * before it is used; anything malformed throws bus_protocol with the offset.
 */
import { AutonomyError } from "../platform/error.ts";
import { readUtf8 } from "../platform/utf8.ts";
import { readAttr, readU16, readU32 } from "./blob.ts";
import { type BlobTable, type BlobValue, MAX_DEPTH, WIRE } from "./blobmsg.ts";

/** One member as it stands on the wire. */
export interface Field {
	/** One of WIRE. */
	readonly type: number;
	readonly name: string;
	/** The value: bytes[start] up to, not including, bytes[end]. */
	readonly start: number;
	readonly end: number;
	readonly next: number;
}

const EXACT_BYTES: Readonly<Record<number, number>> = {
	[WIRE.int16]: 2,
	[WIRE.int32]: 4,
	[WIRE.int64]: 8,
	[WIRE.bool]: 1,
	[WIRE.double]: 8,
};

function malformed(text: string, offset: number, name: string): AutonomyError {
	return new AutonomyError("bus_protocol", text, { offset, name });
}

/** Where the text ends. Its last byte was found to be NUL before, so it is not looked for beyond. */
function textEnd(bytes: Uint8Array, start: number, end: number): number {
	const at = bytes.indexOf(0, start);
	return at === -1 || at > end ? end : at;
}

/**
 * The member at `at` of a table or array that ends at `limit`, checked: name inside and NUL-terminated, known type, size
 * fitting the type, strings NUL-terminated. An array member may come without a name header (not extended).
 */
export function readField(bytes: Uint8Array, at: number, limit: number, inArray: boolean): Field {
	const attr = readAttr(bytes, at, limit);
	let name = "";
	let start = attr.start;
	if (attr.extended) {
		if (attr.end - attr.start < 3) throw malformed("member too short for its name", at, name);
		const nameEnd = attr.start + 2 + readU16(bytes, attr.start);
		if (nameEnd >= attr.end) throw malformed("member name reaches past the member", at, name);
		if (bytes[nameEnd] !== 0) throw malformed("member name does not end with NUL", at, name);
		name = readUtf8(bytes, attr.start + 2, textEnd(bytes, attr.start + 2, nameEnd));
		start = attr.start + ((nameEnd + 1 - attr.start + 3) & ~3);
		// A value-less member may end before the padding of its name.
		if (start > attr.end) start = attr.end;
	} else if (!inArray) {
		throw malformed("table member without a name", at, name);
	}
	const size = attr.end - start;
	if (attr.id > WIRE.double) throw malformed(`unknown value type ${attr.id}`, at, name);
	const wanted = EXACT_BYTES[attr.id];
	if (wanted !== undefined && size !== wanted) {
		throw malformed(`value of type ${attr.id} has ${size} bytes, ${wanted} wanted`, at, name);
	}
	if (attr.id === WIRE.string && (size < 1 || bytes[attr.end - 1] !== 0)) {
		throw malformed("string does not end with NUL", at, name);
	}
	return { type: attr.id, name, start, end: attr.end, next: attr.next };
}

const scratch = new DataView(new ArrayBuffer(8));

function loadScratch(bytes: Uint8Array, at: number): void {
	for (let i = 0; i < 8; i++) scratch.setUint8(i, bytes[at + i] ?? 0);
}

export function readInt64(bytes: Uint8Array, at: number): bigint {
	loadScratch(bytes, at);
	return scratch.getBigInt64(0);
}

export function readDouble(bytes: Uint8Array, at: number): number {
	loadScratch(bytes, at);
	return scratch.getFloat64(0);
}

/** The string of a STRING field, cut at its first NUL. */
export function readText(bytes: Uint8Array, field: Field): string {
	return readUtf8(bytes, field.start, textEnd(bytes, field.start, field.end));
}

/** The value of a field that readField has checked. */
export function readValue(bytes: Uint8Array, field: Field, depth = 1): BlobValue {
	switch (field.type) {
		case WIRE.string:
			return readText(bytes, field);
		case WIRE.int32:
			return readU32(bytes, field.start) | 0;
		case WIRE.bool:
			return bytes[field.start] !== 0;
		case WIRE.table:
			return readTable(bytes, field.start, field.end, depth + 1);
		case WIRE.array:
			return readArray(bytes, field.start, field.end, depth + 1);
		case WIRE.int64: {
			const value = readInt64(bytes, field.start);
			const number = Number(value);
			return Number.isSafeInteger(number) ? number : value;
		}
		case WIRE.int16:
			return (readU16(bytes, field.start) << 16) >> 16;
		case WIRE.double:
			return readDouble(bytes, field.start);
		default:
			return null;
	}
}

function checkDepth(depth: number, offset: number): void {
	if (depth > MAX_DEPTH) throw malformed(`value nested deeper than ${MAX_DEPTH} levels`, offset, "");
}

function readArray(bytes: Uint8Array, start: number, end: number, depth: number): BlobValue[] {
	checkDepth(depth, start);
	const values: BlobValue[] = [];
	let at = start;
	while (at < end) {
		const field = readField(bytes, at, end, true);
		values.push(readValue(bytes, field, depth));
		at = field.next;
	}
	return values;
}

/** Sets a member also when a hostile sender calls it __proto__. */
export function setMember(table: Record<string, BlobValue>, name: string, value: BlobValue): void {
	if (name === "__proto__") {
		Object.defineProperty(table, name, { value, writable: true, enumerable: true, configurable: true });
	} else {
		table[name] = value;
	}
}

function readTable(bytes: Uint8Array, start: number, end: number, depth: number): BlobTable {
	checkDepth(depth, start);
	const table: Record<string, BlobValue> = {};
	let at = start;
	while (at < end) {
		const field = readField(bytes, at, end, false);
		setMember(table, field.name, readValue(bytes, field, depth));
		at = field.next;
	}
	return table;
}

/** Members standing one after the other (the content of a DATA attribute). Throws bus_protocol. */
export function decodeTable(bytes: Uint8Array, start = 0, end = bytes.length): BlobTable {
	return readTable(bytes, start, end, 1);
}
