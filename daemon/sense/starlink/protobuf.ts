/**
 * Protocol Buffers (https://protobuf.dev/programming-guides/encoding), as much of it as reading a dish takes: messages by a
 * table as protobufjs writes it (dish-schema.json). What the table does not name, or has on another wire, is passed over.
 * 64-bit numbers come as numbers. Throws a RangeError on bytes that are no message; hostile bytes cost no more than their
 * length.
 */
import { readUtf8 } from "../../platform/utf8.ts";
import type { Raw } from "./raw.ts";

export interface Table {
	readonly fields?: Readonly<Record<string, FieldRow>>;
	/** Of an enumeration. */
	readonly values?: Readonly<Record<string, number>>;
	readonly nested?: Readonly<Record<string, Table>>;
}

interface FieldRow {
	readonly type: string;
	readonly id: number;
	readonly rule?: string;
}

interface Field {
	readonly name: string;
	readonly type: string;
	readonly wire: number;
	readonly repeated: boolean;
	/** What is inside, when it is a message. */
	readonly table: Table | null;
}

interface Plan {
	readonly byId: ReadonlyMap<number, Field>;
	/** proto3 does not send what is zero: absent numbers are. */
	readonly zeros: object;
}

export type ReadMessage = (bytes: Uint8Array, message: string) => Raw;

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const GROUP = 3;
const GROUP_END = 4;
const FIXED32 = 5;
const WIRES: Readonly<Record<string, number>> = { float: FIXED32, double: FIXED64, string: BYTES };
const MAX_DEPTH = 32;
const TWO_32 = 2 ** 32;

/** `root` holds the messages; one inside another is looked for there first. */
export function createReader(root: Table): ReadMessage {
	const plans = new Map<Table, Plan>();

	function planOf(table: Table): Plan {
		const known = plans.get(table);
		if (known !== undefined) return known;
		const byId = new Map<number, Field>();
		const zeros: Record<string, number> = {};
		for (const [name, { type, id, rule }] of Object.entries(table.fields ?? {})) {
			const inner = table.nested?.[type] ?? root.nested?.[type];
			const isMessage = inner?.fields !== undefined || (inner !== undefined && inner.values === undefined);
			const wire = isMessage ? BYTES : (WIRES[type] ?? VARINT);
			const repeated = rule === "repeated";
			byId.set(id, { name, type, wire, repeated, table: isMessage ? inner : null });
			if (!repeated && !isMessage && type !== "string" && type !== "bool") zeros[name] = 0;
		}
		const plan = { byId, zeros };
		plans.set(table, plan);
		return plan;
	}

	function read(from: Cursor, end: number, table: Table, depth: number): Raw {
		if (depth > MAX_DEPTH) throw new RangeError("messages within messages without end");
		const { byId, zeros } = planOf(table);
		const message: Record<string, unknown> = Object.create(zeros);
		while (from.at < end) {
			const tag = low(from, end);
			const wire = tag & 7;
			const field = byId.get(tag >>> 3);
			if (field === undefined) skip(from, end, wire, depth);
			else if (wire === field.wire) {
				const value = one(from, end, field, depth);
				if (!field.repeated) message[field.name] = value;
				else listOf(message, field.name).push(value);
			} else if (field.repeated && wire === BYTES) {
				const stop = lengthOf(from, end);
				const list = listOf(message, field.name);
				while (from.at < stop) list.push(one(from, stop, field, depth));
			} else skip(from, end, wire, depth);
		}
		return message;
	}

	function one(from: Cursor, end: number, field: Field, depth: number): unknown {
		const { type, table, wire } = field;
		if (wire === FIXED32) return from.view.getFloat32(advance(from, end, 4), true);
		if (wire === FIXED64) return from.view.getFloat64(advance(from, end, 8), true);
		if (wire === VARINT) return numberOf(from, end, type);
		const stop = lengthOf(from, end);
		if (table !== null) return read(from, stop, table, depth + 1);
		const text = readUtf8(from.bytes, from.at, stop);
		from.at = stop;
		return text;
	}

	return (bytes, message) => {
		const table = root.nested?.[message];
		if (table === undefined) throw new RangeError(`no message ${message}`);
		const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
		return read({ bytes, view, at: 0, high: 0 }, bytes.length, table, 0);
	};
}

interface Cursor {
	readonly bytes: Uint8Array;
	readonly view: DataView;
	at: number;
	/** Upper half of the varint read last. */
	high: number;
}

/** The place before it moved on. */
function advance(from: Cursor, end: number, by: number): number {
	const at = from.at;
	if (at + by > end) throw new RangeError("it ends too early");
	from.at += by;
	return at;
}

function lengthOf(from: Cursor, end: number): number {
	const stop = (low(from, end) >>> 0) + from.at;
	if (stop > end) throw new RangeError("it ends too early");
	return stop;
}

/** A varint: its lower 32 bits, signed; the upper ones in `high`. Most are one byte: a tag, a length, a flag. */
function low(from: Cursor, end: number): number {
	const { bytes } = from;
	let value = 0;
	from.high = 0;
	for (let shift = 0; shift < 70; shift += 7) {
		if (from.at >= end) throw new RangeError("it ends too early");
		const byte = bytes[from.at++] ?? 0;
		if (byte < 0x80 && shift === 0) return byte;
		const bits = byte & 0x7f;
		if (shift < 28) value |= bits << shift;
		else if (shift === 28) {
			value |= bits << 28;
			from.high = bits >>> 4;
		} else from.high |= bits << (shift - 32);
		if (byte < 0x80) return value;
	}
	throw new RangeError("a number without end");
}

function numberOf(from: Cursor, end: number, type: string): number | boolean {
	const value = low(from, end);
	if (type === "bool") return value !== 0 || from.high !== 0;
	if (type === "uint32") return value >>> 0;
	if (type === "int64") return from.high * TWO_32 + (value >>> 0);
	if (type === "uint64") return (from.high >>> 0) * TWO_32 + (value >>> 0);
	return value;
}

function listOf(message: Record<string, unknown>, name: string): unknown[] {
	const known = message[name];
	if (Array.isArray(known)) return known;
	const list: unknown[] = [];
	message[name] = list;
	return list;
}

function skip(from: Cursor, end: number, wire: number, depth: number): void {
	if (wire === VARINT) low(from, end);
	else if (wire === FIXED64) advance(from, end, 8);
	else if (wire === FIXED32) advance(from, end, 4);
	else if (wire === BYTES) from.at = lengthOf(from, end);
	else if (wire === GROUP) {
		if (depth > MAX_DEPTH) throw new RangeError("groups within groups without end");
		for (let inner = low(from, end) & 7; inner !== GROUP_END; inner = low(from, end) & 7) {
			skip(from, end, inner, depth + 1);
		}
	} else throw new RangeError(`nothing is on wire ${wire}`);
}

/** A message with one empty message in it. */
export function emptyPart(root: Table, message: string, part: string): Uint8Array {
	const id = root.nested?.[message]?.fields?.[part]?.id ?? 0;
	const bytes: number[] = [];
	let tag = id * 8 + BYTES;
	for (; tag > 0x7f; tag >>>= 7) bytes.push((tag & 0x7f) | 0x80);
	bytes.push(tag, 0);
	return Uint8Array.from(bytes);
}
