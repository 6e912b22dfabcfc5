/**
 * Objects coming and going, lookups, subscriptions: the stand-in's side of ADD_OBJECT, REMOVE_OBJECT, LOOKUP, SUBSCRIBE
 * and UNSUBSCRIBE. The order of messages is ubusd's: the event about a new object goes out before its owner gets the id,
 * a removed object first leaves its targets, then its subscribers are told, then the event goes out.
 */
import { readField } from "../../daemon/bus/blobmsg-read.ts";
import { ATTR, FrameWriter, MSG } from "../../daemon/bus/message.ts";
import { STATUS } from "../../daemon/bus/status.ts";
import { sendObjectEvent } from "./events.ts";
import {
	type BrokerObject,
	type Client,
	freshId,
	type ObjectType,
	type PendingLookup,
	type Request,
	removeOne,
	type State,
} from "./state.ts";

const writer = new FrameWriter();

/** Every member must be a well-formed, named value, or the whole type is dropped. */
function isSignature(bytes: Uint8Array): boolean {
	try {
		for (let at = 0; at < bytes.length; ) {
			const field = readField(bytes, at, bytes.length, false);
			if (field.name === "") return false;
			at = field.next;
		}
		return true;
	} catch {
		return false;
	}
}

function typeFor(state: State, request: Request): ObjectType | null {
	const { objType, signature } = request.message;
	if (objType !== null) return state.types.get(objType) ?? null;
	if (signature === null || !isSignature(signature)) return null;
	const type: ObjectType = { id: freshId(state.types), signature: signature.slice(), users: 0 };
	state.types.set(type.id, type);
	return type;
}

export function addObject(state: State, request: Request): number {
	const { client, message } = request;
	const path = message.objPath;
	if (path !== null && state.paths.has(path)) return STATUS.invalidArgument;
	const type = typeFor(state, request);
	const id = freshId(state.objects);
	const object: BrokerObject = { id, client, path, type, subscribers: [], targets: [], seq: 0 };
	if (type !== null) type.users++;
	state.objects.set(id, object);
	client.objects.unshift(object);
	if (path !== null) {
		state.paths.set(path, object);
		sendObjectEvent(state, "ubus.object.add", id, path);
	}
	writer.begin(MSG.data, message.seq, message.peer).u32(ATTR.objId, id);
	if (message.signature !== null && type !== null) writer.u32(ATTR.objType, type.id);
	client.send(writer.end());
	return STATUS.ok;
}

function tellActive(object: BrokerObject): void {
	const frame = writer.begin(MSG.notify, ++object.seq, 0).u32(ATTR.objId, object.id);
	object.client.send(frame.bool(ATTR.active, object.subscribers.length > 0).end());
}

function endSubscription(subscriber: BrokerObject, target: BrokerObject): void {
	removeOne(target.subscribers, subscriber);
	removeOne(subscriber.targets, target);
	if (target.subscribers.length === 0) tellActive(target);
}

function tellTargetGone(subscriber: BrokerObject, target: BrokerObject): void {
	writer.begin(MSG.unsubscribe, ++subscriber.seq, 0).u32(ATTR.objId, subscriber.id);
	subscriber.client.send(writer.u32(ATTR.target, target.id).end());
}

export function dropObject(state: State, object: BrokerObject): void {
	for (const target of [...object.targets]) endSubscription(object, target);
	for (const subscriber of [...object.subscribers]) {
		tellTargetGone(subscriber, object);
		endSubscription(subscriber, object);
	}
	for (const pattern of state.patterns.filter((entry) => entry.object === object)) removeOne(state.patterns, pattern);
	if (object.path !== null) {
		sendObjectEvent(state, "ubus.object.remove", object.id, object.path);
		state.paths.delete(object.path);
	}
	removeOne(object.client.objects, object);
	state.objects.delete(object.id);
	if (object.type !== null && --object.type.users === 0) state.types.delete(object.type.id);
}

export function removeObject(state: State, request: Request): number {
	const { client, message } = request;
	if (message.objId === null) return STATUS.invalidArgument;
	const object = state.objects.get(message.objId);
	if (object === undefined) return STATUS.notFound;
	if (object.client !== client) return STATUS.permissionDenied;
	writer.begin(MSG.data, message.seq, message.peer).u32(ATTR.objId, object.id);
	if (object.type?.users === 1) writer.u32(ATTR.objType, object.type.id);
	client.send(writer.end());
	dropObject(state, object);
	return STATUS.ok;
}

/** Objects without a type are on the bus, but nobody is ever shown them. */
function sendInfo(client: Client, object: BrokerObject, seq: number, peer: number): void {
	if (object.type === null || object.path === null) return;
	writer.begin(MSG.data, seq, peer).text(ATTR.objPath, object.path).u32(ATTR.objId, object.id);
	client.send(writer.u32(ATTR.objType, object.type.id).bytes(ATTR.signature, object.type.signature).end());
}

function sortedPaths(state: State): string[] {
	return [...state.paths.keys()].sort();
}

/** Sends as much of the list as the client's queue takes at once; false when it must go on later. */
export function continueLookup(state: State, client: Client, lookup: PendingLookup): boolean {
	for (const path of sortedPaths(state)) {
		if (lookup.from !== null && path < lookup.from) continue;
		if (!client.idle()) {
			lookup.from = path;
			return false;
		}
		const object = state.paths.get(path);
		if (object !== undefined) sendInfo(client, object, lookup.seq, lookup.peer);
	}
	return true;
}

/** The status, or null when the list goes on once the client has read what is queued. */
export function lookup(state: State, request: Request): number | null {
	const { client, message } = request;
	const { objPath, seq, peer } = message;
	if (objPath === null) {
		const all: PendingLookup = { seq, peer, from: null };
		if (continueLookup(state, client, all)) return STATUS.ok;
		client.lookups.push(all);
		return null;
	}
	if (objPath === "") return STATUS.invalidArgument;
	if (!objPath.endsWith("*")) {
		const object = state.paths.get(objPath);
		if (object === undefined) return STATUS.notFound;
		sendInfo(client, object, seq, peer);
		return STATUS.ok;
	}
	const prefix = objPath.slice(0, -1);
	const paths = sortedPaths(state).filter((path) => path.startsWith(prefix));
	for (const path of paths) {
		const object = state.paths.get(path);
		if (object !== undefined) sendInfo(client, object, seq, peer);
	}
	return paths.length > 0 ? STATUS.ok : STATUS.notFound;
}

export function subscribe(state: State, request: Request): number {
	const { client, message } = request;
	if (message.objId === null || message.target === null) return STATUS.invalidArgument;
	const own = state.objects.get(message.objId);
	if (own === undefined) return STATUS.notFound;
	if (own.client !== client) return STATUS.invalidArgument;
	const target = state.objects.get(message.target);
	if (target === undefined) return STATUS.notFound;
	if (target.client === client) return STATUS.invalidArgument;
	target.subscribers.unshift(own);
	own.targets.unshift(target);
	if (target.subscribers.length === 1) tellActive(target);
	return STATUS.ok;
}

export function unsubscribe(state: State, request: Request): number {
	const { client, message } = request;
	if (message.objId === null || message.target === null) return STATUS.invalidArgument;
	const own = state.objects.get(message.objId);
	if (own === undefined) return STATUS.notFound;
	if (own.client !== client) return STATUS.invalidArgument;
	const target = own.targets.find((entry) => entry.id === message.target);
	if (target === undefined) return STATUS.notFound;
	endSubscription(own, target);
	return STATUS.ok;
}
