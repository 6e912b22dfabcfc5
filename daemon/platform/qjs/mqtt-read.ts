/**
 * Packets of MQTT 3.1.1 and 5 from a broker. Pure. They are hostile: whatever is not as the standard says throws
 * connection_closed, and nothing is believed about lengths that the bytes do not hold. Clauses as in mqtt-write.ts.
 */
import { AutonomyError } from "../error.ts";
import { decodeText } from "../text.ts";
import { MAX_PACKET, type Version } from "./mqtt-write.ts";

/** What the broker may limit when it accepts (5: 3.2.2.3); null: it does not. */
export interface Limits {
	readonly keepaliveS: number | null;
	readonly inFlight: number | null;
	readonly packetBytes: number | null;
	readonly qos: number | null;
	readonly retain: boolean;
}

export type Packet =
	| { readonly type: "connack"; readonly code: number; readonly words: string | null; readonly limits: Limits }
	/** Payload null: too long, and not kept. */
	| {
			readonly type: "publish";
			readonly topic: string;
			readonly payload: string | null;
			readonly qos: 0 | 1;
			readonly retained: boolean;
			readonly id: number;
	  }
	| { readonly type: "puback" | "pubrec" | "pubcomp"; readonly id: number; readonly code: number }
	| { readonly type: "suback"; readonly id: number; readonly codes: Uint8Array }
	| { readonly type: "pingresp" }
	| { readonly type: "disconnect"; readonly code: number; readonly words: string | null };

export function broken(what: string): AutonomyError {
	return new AutonomyError("connection_closed", `the broker does not speak MQTT as it should: ${what}`);
}

const PUBLISH = 3;

interface Reading {
	readonly bytes: Uint8Array;
	at: number;
}

function take(from: Reading, count: number): Uint8Array {
	if (from.at + count > from.bytes.length) throw broken("a packet ends too soon");
	from.at += count;
	return from.bytes.subarray(from.at - count, from.at);
}

function takeNumber(from: Reading, size: 1 | 2 | 4): number {
	return take(from, size).reduce((value, byte) => value * 256 + byte, 0);
}

const takeText = (from: Reading): string => decodeText(take(from, takeNumber(from, 2)));

function takeVariable(from: Reading): number {
	let value = 0;
	for (let scale = 1; scale <= 128 ** 3; scale *= 128) {
		const byte = takeNumber(from, 1);
		value += (byte & 0x7f) * scale;
		if (byte < 0x80) return value;
	}
	throw broken("a number longer than four bytes");
}

/** Of the properties that a client can meet (5: 2.2.2.2), by the form of their values. */
const FORMS: readonly (readonly [form: 1 | 2 | 4 | "variable" | "text" | "pair", ids: readonly number[]])[] = [
	[1, [0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2a]],
	[2, [0x13, 0x21, 0x22, 0x23]],
	[4, [0x02, 0x11, 0x18, 0x27]],
	["variable", [0x0b]],
	["text", [0x03, 0x08, 0x09, 0x12, 0x15, 0x16, 0x1a, 0x1c, 0x1f]],
	["pair", [0x26]],
];
const REASON = 0x1f;

/** Id -> number or text; of those that come again the last. */
function takeProperties(from: Reading): Map<number, number | string> {
	const found = new Map<number, number | string>();
	const part: Reading = { bytes: take(from, takeVariable(from)), at: 0 };
	while (part.at < part.bytes.length) {
		const id = takeNumber(part, 1);
		const form = FORMS.find(([, ids]) => ids.includes(id))?.[0];
		if (form === undefined) throw broken(`a property ${id}`);
		if (form === "variable") found.set(id, takeVariable(part));
		else if (form === "text") found.set(id, takeText(part));
		else if (form === "pair") found.set(id, takeText(part) + takeText(part));
		else found.set(id, takeNumber(part, form));
	}
	return found;
}

/** Absent when the packet ends before (5: 3.4.2.2.1 and its like). */
function takeReason(version: Version, from: Reading): { readonly code: number; readonly words: string | null } {
	if (version !== "5" || from.at === from.bytes.length) return { code: 0, words: null };
	const code = takeNumber(from, 1);
	const words = from.at === from.bytes.length ? undefined : takeProperties(from).get(REASON);
	return { code, words: typeof words === "string" ? words : null };
}

function readConnack(version: Version, from: Reading): Packet {
	take(from, 1); // whether it knew us: a clean start forgets
	const code = takeNumber(from, 1);
	const properties = version === "5" && from.at < from.bytes.length ? takeProperties(from) : new Map();
	const number = (id: number): number | null => {
		const value: unknown = properties.get(id);
		return typeof value === "number" ? value : null;
	};
	const words: unknown = properties.get(REASON);
	return {
		type: "connack",
		code,
		words: typeof words === "string" ? words : null,
		limits: {
			keepaliveS: number(0x13),
			inFlight: number(0x21),
			packetBytes: number(0x27),
			qos: number(0x24),
			retain: number(0x25) !== 0,
		},
	};
}

function readPublish(version: Version, flags: number, from: Reading, isWhole: boolean): Packet {
	const qos = (flags >> 1) & 3;
	if (qos > 1) throw broken("a message of a QoS nobody asked for");
	const topic = takeText(from);
	// An empty one would be an alias (5: 3.3.2.3.4), which we do not allow.
	if (topic === "") throw broken("a message without a topic");
	const id = qos === 0 ? 0 : takeNumber(from, 2);
	if (qos === 1 && id === 0) throw broken("a message numbered 0");
	if (isWhole && version === "5") takeProperties(from);
	const payload = isWhole ? decodeText(from.bytes.subarray(from.at)) : null;
	return { type: "publish", topic, payload, qos: qos === 1 ? 1 : 0, retained: (flags & 1) === 1, id };
}

/** Whole: the body is; else its rest was skipped. */
export function readPacket(version: Version, head: number, body: Uint8Array, isWhole: boolean): Packet {
	const from: Reading = { bytes: body, at: 0 };
	const kind = head >> 4;
	const flags = head & 15;
	if (kind === PUBLISH) return readPublish(version, flags, from, isWhole);
	if (flags !== 0) throw broken(`a packet that begins with ${head}`);
	switch (kind) {
		case 2:
			return readConnack(version, from);
		case 4:
		case 5:
		case 7: {
			const id = takeNumber(from, 2);
			return {
				type: kind === 4 ? "puback" : kind === 5 ? "pubrec" : "pubcomp",
				id,
				code: takeReason(version, from).code,
			};
		}
		case 9: {
			const id = takeNumber(from, 2);
			if (version === "5") takeProperties(from);
			return { type: "suback", id, codes: body.slice(from.at) };
		}
		case 13:
			return { type: "pingresp" };
		case 14:
			if (version === "5") return { type: "disconnect", ...takeReason(version, from) };
			throw broken("a packet of version 5");
		default:
			throw broken(`a packet that begins with ${head}`);
	}
}

export interface PacketReader {
	/** Any bytes; throws connection_closed, and is of no use afterwards. */
	push(bytes: Uint8Array): void;
}

/** Cuts the stream into packets; keeps at most MAX_PACKET bytes of one. */
export function createPacketReader(version: Version, onPacket: (packet: Packet) => void): PacketReader {
	let head = -1;
	/** Of the packet's length: its value so far, the weight of the next byte; 0 when it is known. */
	let length = 0;
	let scale = 0;
	let got = 0;
	/** Grows with what has come: what was announced takes no memory. */
	let body = new Uint8Array(0);
	let kept = 0;

	function keep(bytes: Uint8Array): void {
		if (kept + bytes.length > body.length) {
			const room = new Uint8Array(Math.min(MAX_PACKET, Math.max(kept + bytes.length, 2 * body.length)));
			room.set(body);
			body = room;
		}
		body.set(bytes, kept);
		kept += bytes.length;
	}

	function done(): void {
		const packet = readPacket(version, head, body.subarray(0, kept), length <= MAX_PACKET);
		head = -1;
		body = new Uint8Array(0);
		kept = 0;
		onPacket(packet);
	}

	function takeLength(byte: number): void {
		length += (byte & 0x7f) * scale;
		if (byte >= 0x80) {
			if (scale === 128 ** 3) throw broken("a length of more than four bytes");
			scale *= 128;
			return;
		}
		scale = 0;
		got = 0;
		if (length > MAX_PACKET && head >> 4 !== PUBLISH) throw broken("a packet too long for its kind");
		if (length === 0) done();
	}

	return {
		push(bytes) {
			for (let at = 0; at < bytes.length; ) {
				if (head === -1) {
					head = bytes[at++] ?? 0;
					length = 0;
					scale = 1;
				} else if (scale > 0) takeLength(bytes[at++] ?? 0);
				else {
					const count = Math.min(length - got, bytes.length - at);
					keep(bytes.subarray(at, at + Math.min(count, MAX_PACKET - kept)));
					got += count;
					at += count;
					if (got === length) done();
				}
			}
		},
	};
}

/** Words for the codes a broker refuses with: below 6 of version 3 (3: 3.2.2.3), above 127 of version 5 (5: 2.4). */
const WORDS: Readonly<Record<number, string>> = {
	1: "Unacceptable protocol version",
	2: "Identifier rejected",
	3: "Server unavailable",
	4: "Bad username or password",
	5: "Not authorized",
	130: "Protocol error",
	132: "Unsupported protocol version",
	133: "Client identifier not valid",
	134: "Bad username or password",
	135: "Not authorized",
	136: "Server unavailable",
	137: "Server busy",
	138: "Banned",
	139: "Server shutting down",
	141: "Keep alive timeout",
	142: "Session taken over",
	143: "Topic filter invalid",
	144: "Topic name invalid",
	149: "Packet too large",
	150: "Message rate too high",
	151: "Quota exceeded",
	152: "Administrative action",
	153: "Payload format invalid",
	154: "Retain not supported",
	155: "QoS not supported",
	159: "Connection rate exceeded",
};

export function reasonWords(code: number, words: string | null = null): string {
	const text = WORDS[code] ?? `code ${code}`;
	return words === null || words === "" ? text : `${text}: ${words.slice(0, 200)}`;
}
