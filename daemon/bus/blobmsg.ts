/**
 * blobmsg: the typed, named values inside ubus messages: their types, and how plain JavaScript is encoded. Decoding is in
 * blobmsg-read.ts.
 *
 * What has no explicit type follows one rule. Whole numbers that fit int32 -> INT32; other safe integers and
 * bigint -> INT64; every other finite number -> DOUBLE; undefined members are left out. Where the wire type must not
 * hang on the value, wrap it: int32(n), int64(n), double(n). NaN and Infinity are refused: nobody can print them.
 */
import { AutonomyError } from "../platform/error.ts";
import type { BlobWriter } from "./blob.ts";

/** Numbers of the wire types. INT8 is the boolean. */
export const WIRE = {
	any: 0,
	array: 1,
	table: 2,
	string: 3,
	int64: 4,
	int32: 5,
	int16: 6,
	bool: 7,
	double: 8,
} as const;

/** Deeper nesting is refused both ways; libubox itself has no limit and would recurse. */
export const MAX_DEPTH = 32;

export type BlobValue = null | boolean | number | bigint | string | readonly BlobValue[] | BlobTable;

/** What comes off the bus. Names are hostile: look up dynamic ones with Object.hasOwn. */
export interface BlobTable {
	readonly [name: string]: BlobValue;
}

export type NumberType = "int16" | "int32" | "int64" | "double";

/** A number that knows its wire type. */
export class TypedNumber {
	readonly type: NumberType;
	readonly value: number | bigint;

	constructor(type: NumberType, value: number | bigint) {
		this.type = type;
		this.value = value;
	}
}

/** What may be sent: plain values and typed numbers; undefined members are left out. */
export type BlobInput =
	| null
	| undefined
	| boolean
	| number
	| bigint
	| string
	| TypedNumber
	| readonly BlobInput[]
	| BlobInputTable;

export interface BlobInputTable {
	readonly [name: string]: BlobInput;
}

function badNumber(value: unknown, type: string): AutonomyError {
	return new AutonomyError("bus_bad_argument", `${String(value)} is no ${type}`, { value: String(value), type });
}

/** A whole number -32768..65535; values over 32767 are read back as negative by signed readers. */
export function int16(value: number): TypedNumber {
	if (!Number.isInteger(value) || value < -0x8000 || value > 0xffff) throw badNumber(value, "int16");
	return new TypedNumber("int16", value);
}

/** A whole number -2^31..2^32-1: object ids are unsigned on the same wire type. */
export function int32(value: number): TypedNumber {
	if (!Number.isInteger(value) || value < -0x80000000 || value > 0xffffffff) throw badNumber(value, "int32");
	return new TypedNumber("int32", value);
}

/** A safe integer, or a bigint -2^63..2^63-1. */
export function int64(value: number | bigint): TypedNumber {
	if (typeof value === "number" ? !Number.isSafeInteger(value) : BigInt.asIntN(64, value) !== value) {
		throw badNumber(value, "int64");
	}
	return new TypedNumber("int64", value);
}

/** Any finite number. */
export function double(value: number): TypedNumber {
	if (!Number.isFinite(value)) throw badNumber(value, "double");
	return new TypedNumber("double", value);
}

/** For symmetry: booleans always travel as INT8. */
export function bool(value: boolean): boolean {
	return value;
}

function typeOfNumber(value: number): NumberType {
	if (Number.isSafeInteger(value)) return value >= -0x80000000 && value <= 0x7fffffff ? "int32" : "int64";
	if (!Number.isFinite(value)) throw badNumber(value, "number the bus can carry");
	return "double";
}

function openField(out: BlobWriter, type: number, name: string): number {
	const at = out.open(type, true);
	const lengthAt = out.length;
	out.u16(0);
	const length = out.cString(name);
	if (length > 0xffff) throw new AutonomyError("bus_bad_argument", "member name longer than 65535 bytes", { length });
	out.patchU16(lengthAt, length);
	out.pad();
	return at;
}

function writeNumber(out: BlobWriter, name: string, type: NumberType, value: number | bigint): void {
	const at = openField(out, WIRE[type], name);
	if (type === "int64") out.i64(BigInt(value));
	else if (type === "double") out.f64(Number(value));
	else if (type === "int32") out.u32(Number(value));
	else out.u16(Number(value));
	out.close(at);
}

function isArray(value: readonly BlobInput[] | BlobInputTable): value is readonly BlobInput[] {
	return Array.isArray(value);
}

function writeContainer(
	out: BlobWriter,
	name: string,
	value: readonly BlobInput[] | BlobInputTable,
	depth: number,
): void {
	if (depth > MAX_DEPTH) {
		throw new AutonomyError("bus_bad_argument", `value nested deeper than ${MAX_DEPTH} levels`, { name });
	}
	if (isArray(value)) {
		const at = openField(out, WIRE.array, name);
		for (const member of value) writeValue(out, "", member, depth);
		out.close(at);
	} else {
		const at = openField(out, WIRE.table, name);
		writeMembers(out, value, depth);
		out.close(at);
	}
}

function writeValue(out: BlobWriter, name: string, value: BlobInput, depth: number): void {
	if (value === null || value === undefined) {
		out.close(openField(out, WIRE.any, name));
	} else if (typeof value === "boolean") {
		const at = openField(out, WIRE.bool, name);
		out.u8(value ? 1 : 0);
		out.close(at);
	} else if (typeof value === "string") {
		const at = openField(out, WIRE.string, name);
		out.cString(value);
		out.close(at);
	} else if (typeof value === "number") {
		writeNumber(out, name, typeOfNumber(value), value);
	} else if (typeof value === "bigint") {
		writeNumber(out, name, "int64", int64(value).value);
	} else if (value instanceof TypedNumber) {
		writeNumber(out, name, value.type, value.value);
	} else if (typeof value === "object") {
		writeContainer(out, name, value, depth + 1);
	} else {
		throw new AutonomyError("bus_bad_argument", `a ${typeof value} cannot travel on the bus`, { name });
	}
}

function writeMembers(out: BlobWriter, table: BlobInputTable, depth: number): void {
	for (const name of Object.keys(table)) {
		const value = table[name];
		if (value !== undefined) writeValue(out, name, value, depth);
	}
}

/** Writes the members of `table` one after the other, without a header of their own (the DATA attribute's content). */
export function writeTable(out: BlobWriter, table: BlobInputTable): void {
	writeMembers(out, table, 1);
}
