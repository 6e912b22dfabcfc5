/**
 * ubus messages: their types, their attributes, and the frames this client sends. Reading is as forgiving as libubus:
 * unknown attributes are skipped, an attribute of the wrong size counts as absent, of duplicates the last one wins;
 * after a broken attribute the rest is unreadable, which `malformed` says.
 */
import { errorText } from "../platform/error.ts";
import { readUtf8 } from "../platform/utf8.ts";
import { type Attr, BlobWriter, FRAME_HEADER_BYTES, readAttr, readU16, readU32, writeU32 } from "./blob.ts";
import { type BlobInputTable, int32, WIRE, writeTable } from "./blobmsg.ts";

export const MSG = {
	hello: 0,
	status: 1,
	data: 2,
	ping: 3,
	lookup: 4,
	invoke: 5,
	addObject: 6,
	removeObject: 7,
	subscribe: 8,
	unsubscribe: 9,
	notify: 10,
	monitor: 11,
} as const;

export const ATTR = {
	status: 1,
	objPath: 2,
	objId: 3,
	method: 4,
	objType: 5,
	signature: 6,
	data: 7,
	target: 8,
	active: 9,
	noReply: 10,
	subscribers: 11,
	user: 12,
	group: 13,
} as const;

/** The broker's own object for events; reserved ids are below 1024. */
export const EVENT_OBJECT = 1;

/** A message taken apart. Absent attributes are null; `signature` and `data` are views into the frame. */
export interface Message {
	readonly type: number;
	readonly seq: number;
	readonly peer: number;
	status: number | null;
	objPath: string | null;
	objId: number | null;
	method: string | null;
	objType: number | null;
	signature: Uint8Array | null;
	data: Uint8Array | null;
	target: number | null;
	active: boolean | null;
	noReply: boolean;
	subscribers: Uint8Array | null;
	user: string | null;
	group: string | null;
	/** Why the attributes could not be read to the end, else null. */
	malformed: string | null;
}

function u32Of(frame: Uint8Array, attr: Attr, before: number | null): number | null {
	return attr.end - attr.start === 4 ? readU32(frame, attr.start) : before;
}

function boolOf(frame: Uint8Array, attr: Attr, before: boolean | null): boolean | null {
	return attr.end - attr.start === 1 ? frame[attr.start] !== 0 : before;
}

function textOf(frame: Uint8Array, attr: Attr, before: string | null): string | null {
	if (attr.end === attr.start || frame[attr.end - 1] !== 0) return before;
	let end = attr.start;
	while (frame[end] !== 0) end++;
	return readUtf8(frame, attr.start, end);
}

function takeAttr(message: Message, frame: Uint8Array, attr: Attr): void {
	switch (attr.id) {
		case ATTR.status:
			message.status = u32Of(frame, attr, message.status);
			break;
		case ATTR.objPath:
			message.objPath = textOf(frame, attr, message.objPath);
			break;
		case ATTR.objId:
			message.objId = u32Of(frame, attr, message.objId);
			break;
		case ATTR.method:
			message.method = textOf(frame, attr, message.method);
			break;
		case ATTR.objType:
			message.objType = u32Of(frame, attr, message.objType);
			break;
		case ATTR.signature:
			message.signature = frame.subarray(attr.start, attr.end);
			break;
		case ATTR.data:
			message.data = frame.subarray(attr.start, attr.end);
			break;
		case ATTR.target:
			message.target = u32Of(frame, attr, message.target);
			break;
		case ATTR.active:
			message.active = boolOf(frame, attr, message.active);
			break;
		case ATTR.noReply:
			message.noReply = boolOf(frame, attr, message.noReply) ?? false;
			break;
		case ATTR.subscribers:
			message.subscribers = frame.subarray(attr.start, attr.end);
			break;
		case ATTR.user:
			message.user = textOf(frame, attr, message.user);
			break;
		case ATTR.group:
			message.group = textOf(frame, attr, message.group);
			break;
		default:
			break;
	}
}

/** Takes a whole frame (as FrameReader gives it) apart. Never throws. */
export function parseMessage(frame: Uint8Array): Message {
	const message: Message = {
		type: frame[1] ?? 0,
		seq: readU16(frame, 2),
		peer: readU32(frame, 4),
		status: null,
		objPath: null,
		objId: null,
		method: null,
		objType: null,
		signature: null,
		data: null,
		target: null,
		active: null,
		noReply: false,
		subscribers: null,
		user: null,
		group: null,
		malformed: null,
	};
	let at = FRAME_HEADER_BYTES + 4;
	try {
		while (at < frame.length) {
			const attr = readAttr(frame, at, frame.length);
			takeAttr(message, frame, attr);
			at = attr.next;
		}
	} catch (error) {
		message.malformed = errorText(error);
	}
	return message;
}

/** Builds frames one at a time in a shared buffer. */
export class FrameWriter {
	readonly out = new BlobWriter();
	#top = 0;

	begin(type: number, seq: number, peer: number): this {
		this.out.reset();
		this.out.u8(0);
		this.out.u8(type);
		this.out.u16(seq & 0xffff);
		this.out.u32(peer);
		this.#top = this.out.open(0);
		return this;
	}

	u32(id: number, value: number): this {
		const at = this.out.open(id);
		this.out.u32(value);
		this.out.close(at);
		return this;
	}

	bool(id: number, value: boolean): this {
		const at = this.out.open(id);
		this.out.u8(value ? 1 : 0);
		this.out.close(at);
		return this;
	}

	text(id: number, value: string): this {
		const at = this.out.open(id);
		this.out.cString(value);
		this.out.close(at);
		return this;
	}

	bytes(id: number, value: Uint8Array): this {
		const at = this.out.open(id);
		this.out.raw(value);
		this.out.close(at);
		return this;
	}

	/** A nested attribute with blobmsg members: DATA, SIGNATURE. */
	table(id: number, table: BlobInputTable): this {
		const at = this.out.open(id);
		writeTable(this.out, table);
		this.out.close(at);
		return this;
	}

	/** The finished frame, the caller's own copy. */
	end(): Uint8Array {
		this.out.close(this.#top);
		return this.out.finish();
	}
}

/** Changes the seq of a finished frame in place. */
export function setSeq(frame: Uint8Array, seq: number): void {
	frame[2] = seq >>> 8;
	frame[3] = seq;
}

/** Changes the peer of a finished frame in place. */
export function setPeer(frame: Uint8Array, peer: number): void {
	writeU32(frame, 4, peer);
}

export type ArgType = "any" | "array" | "table" | "string" | "int64" | "int32" | "int16" | "bool" | "double";

/** Method name -> argument name -> type, as an object announces it. */
export interface Signature {
	readonly [method: string]: Readonly<Record<string, ArgType>>;
}

/** SIGNATURE content: per method a table of INT32 type numbers. */
export function signatureTable(signature: Signature): BlobInputTable {
	const methods: Record<string, BlobInputTable> = {};
	for (const [method, args] of Object.entries(signature)) {
		methods[method] = Object.fromEntries(Object.entries(args).map(([name, type]) => [name, int32(WIRE[type])]));
	}
	return methods;
}
