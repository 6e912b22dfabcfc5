/**
 * The broker's object 1: event patterns and the sending of events. One copy per listening object however many of its
 * patterns match, none back to the sender; patterns are gone through in alphabetical order.
 */

import { readU32 } from "../../daemon/bus/blob.ts";
import { type BlobInputTable, int32, WIRE } from "../../daemon/bus/blobmsg.ts";
import { readField, readText } from "../../daemon/bus/blobmsg-read.ts";
import { ATTR, FrameWriter, MSG } from "../../daemon/bus/message.ts";
import { STATUS } from "../../daemon/bus/status.ts";
import { type BrokerObject, type Client, FIRST_FREE_ID, type State } from "./state.ts";

const writer = new FrameWriter();

function matches(pattern: { text: string; prefix: boolean }, name: string): boolean {
	return name === pattern.text || (pattern.prefix && name.startsWith(pattern.text));
}

function deliver(
	state: State,
	sender: Client | null,
	name: string,
	frameFor: (object: BrokerObject) => Uint8Array,
): void {
	const seen = new Set<BrokerObject>();
	for (const pattern of [...state.patterns]) {
		const { object } = pattern;
		if (!matches(pattern, name) || object.client === sender || seen.has(object)) continue;
		seen.add(object);
		object.client.send(frameFor(object));
	}
}

function begin(state: State, object: BrokerObject, name: string): FrameWriter {
	state.eventSeq = (state.eventSeq + 1) & 0xffff;
	return writer.begin(MSG.invoke, state.eventSeq, 0).u32(ATTR.objId, object.id).text(ATTR.method, name);
}

/** Also the owner of the object gets this one. */
export function sendObjectEvent(state: State, name: string, id: number, path: string): void {
	const data: BlobInputTable = { id: int32(id), path };
	deliver(state, null, name, (object) => begin(state, object, name).table(ATTR.data, data).end());
}

interface Args {
	object: number | null;
	pattern: string | null;
	id: string | null;
	data: Uint8Array | null;
}

/** Wrong types count as missing, unknown names are skipped, what follows something broken is not seen. */
function readArgs(bytes: Uint8Array): Args {
	const args: Args = { object: null, pattern: null, id: null, data: null };
	try {
		for (let at = 0; at < bytes.length; ) {
			const field = readField(bytes, at, bytes.length, false);
			at = field.next;
			if (field.name === "object" && field.type === WIRE.int32) args.object = readU32(bytes, field.start);
			if (field.name === "pattern" && field.type === WIRE.string) args.pattern = readText(bytes, field);
			if (field.name === "id" && field.type === WIRE.string) args.id = readText(bytes, field);
			if (field.name === "data" && field.type === WIRE.table) args.data = bytes.subarray(field.start, field.end);
		}
	} catch {
		return args;
	}
	return args;
}

function register(state: State, client: Client, args: Args): number {
	if (args.object === null || args.pattern === null) return STATUS.invalidArgument;
	if (args.object < FIRST_FREE_ID) return STATUS.permissionDenied;
	const object = state.objects.get(args.object);
	if (object === undefined) return STATUS.notFound;
	if (object.client !== client || args.pattern === "") return STATUS.permissionDenied;
	const prefix = args.pattern.endsWith("*");
	const text = prefix ? args.pattern.slice(0, -1) : args.pattern;
	const at = state.patterns.findIndex((entry) => entry.text > text);
	state.patterns.splice(at < 0 ? state.patterns.length : at, 0, { text, prefix, object });
	return STATUS.ok;
}

function send(state: State, client: Client, args: Args): number {
	const { id, data } = args;
	if (id === null || data === null) return STATUS.invalidArgument;
	if (id.startsWith("ubus.")) return STATUS.permissionDenied;
	deliver(state, client, id, (object) => begin(state, object, id).bytes(ATTR.data, data).end());
	return STATUS.ok;
}

/** An INVOKE of object 1. */
export function invokeEventObject(state: State, client: Client, method: string, data: Uint8Array | null): number {
	if (method !== "register" && method !== "send") return STATUS.invalidCommand;
	if (data === null) return STATUS.invalidArgument;
	const args = readArgs(data);
	return method === "register" ? register(state, client, args) : send(state, client, args);
}
