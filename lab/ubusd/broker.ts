/**
 * The stand-in's brain: takes one message of one client and sends what ubusd would send, to whom and in which order.
 * Knows no sockets. What it leaves out: access control (every client counts as root, as on a router where all services
 * are), file descriptor passing, and object 2's list of access rules, which is empty.
 */
import { type BlobInputTable, int32 } from "../../daemon/bus/blobmsg.ts";
import { ATTR, FrameWriter, type Message, MSG, setPeer } from "../../daemon/bus/message.ts";
import { STATUS } from "../../daemon/bus/status.ts";
import { invokeEventObject } from "./events.ts";
import { addObject, continueLookup, dropObject, lookup, removeObject, subscribe, unsubscribe } from "./objects.ts";
import { type BrokerObject, type Client, createState, freshId, type Request } from "./state.ts";

const EVENT_OBJECT = 1;
const ACL_OBJECT = 2;
const MONITOR_OBJECT = 3;

/** Attributes of MONITOR frames. */
const MONITOR = { client: 0, peer: 1, send: 2, seq: 3, type: 4, data: 5 } as const;

export interface Wire {
	send(frame: Uint8Array): void;
	idle(): boolean;
}

export interface Broker {
	connect(wire: Wire, who: { user: string; group: string }): Client;
	/** `frame` is whole; `message` is it taken apart. */
	receive(client: Client, message: Message, frame: Uint8Array): void;
	/** The client's queue is empty again. */
	drained(client: Client): void;
	disconnect(client: Client): void;
	readonly clientCount: number;
	readonly objectCount: number;
}

export function createBroker(): Broker {
	const state = createState();
	const writer = new FrameWriter();
	const monitorWriter = new FrameWriter();

	function monitor(client: Client, frame: Uint8Array, sent: boolean): void {
		for (const watcher of state.clients.values()) {
			if (watcher.monitorSeq === null || frame[1] === MSG.monitor) continue;
			watcher.monitorSeq = (watcher.monitorSeq + 1) & 0xffff;
			const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
			const out = monitorWriter.begin(MSG.monitor, watcher.monitorSeq, 0);
			out.u32(MONITOR.client, client.id).u32(MONITOR.peer, view.getUint32(4)).u32(MONITOR.seq, view.getUint16(2));
			out.u32(MONITOR.type, frame[1] ?? 0).bool(MONITOR.send, sent);
			watcher.send(out.bytes(MONITOR.data, frame.subarray(12)).end());
		}
	}

	function sendStatus(client: Client, seq: number, peer: number, status: number): void {
		client.send(writer.begin(MSG.status, seq, peer).u32(ATTR.status, status).end());
	}

	/** The INVOKE an object's owner gets: the caller's seq, the caller's id as peer, and who the caller is. */
	function forward(request: Request, object: BrokerObject, method: string, noReply: boolean): void {
		const { client, message } = request;
		const out = writer.begin(MSG.invoke, message.seq, client.id);
		if (noReply) out.bool(ATTR.noReply, true);
		out
			.u32(ATTR.objId, object.id)
			.text(ATTR.method, method)
			.text(ATTR.user, client.user)
			.text(ATTR.group, client.group);
		if (message.data !== null) out.bytes(ATTR.data, message.data);
		object.client.send(out.end());
	}

	function invokeMonitorObject(client: Client, method: string): number {
		if (method !== "add" && method !== "remove") return STATUS.methodNotFound;
		client.monitorSeq = method === "add" ? 0 : null;
		return STATUS.ok;
	}

	function invokeAclObject(request: Request, method: string): number {
		if (method !== "query") return STATUS.methodNotFound;
		const { client, message } = request;
		const rules: BlobInputTable = { seq: int32(0), acl: [] };
		client.send(
			writer.begin(MSG.data, message.seq, message.peer).u32(ATTR.objId, ACL_OBJECT).table(ATTR.data, rules).end(),
		);
		return STATUS.ok;
	}

	function invoke(request: Request): number | null {
		const { client, message } = request;
		const { method, objId } = message;
		if (method === null || objId === null) return STATUS.invalidArgument;
		if (objId === EVENT_OBJECT) return invokeEventObject(state, client, method, message.data);
		if (objId === ACL_OBJECT) return invokeAclObject(request, method);
		if (objId === MONITOR_OBJECT) return invokeMonitorObject(client, method);
		const object = state.objects.get(objId);
		if (object === undefined) return STATUS.notFound;
		// Whether the method exists is the provider's business.
		forward(request, object, method, false);
		return null;
	}

	function notify(request: Request): number | null {
		const { client, message } = request;
		const { method, objId, noReply } = message;
		if (method === null || objId === null) return STATUS.invalidArgument;
		const object = state.objects.get(objId);
		if (object === undefined) return STATUS.notFound;
		if (object.client !== client) return STATUS.permissionDenied;
		if (!noReply) {
			const out = writer.begin(MSG.status, message.seq, message.peer).u32(ATTR.objId, objId);
			const at = out.out.open(ATTR.subscribers);
			for (const subscriber of object.subscribers) out.u32(0, subscriber.id);
			out.out.close(at);
			client.send(out.u32(ATTR.status, STATUS.ok).end());
		}
		for (const subscriber of object.subscribers) forward(request, subscriber, method, noReply);
		return null;
	}

	/** Answers go to whom the header names, if the sender owns the object they speak for; else nowhere. */
	function passAnswer(request: Request): null {
		const { client, message, frame } = request;
		if (message.objId === null || (message.type === MSG.status ? message.status : message.data) === null) return null;
		const object = state.objects.get(message.objId);
		const caller = state.clients.get(message.peer);
		if (object?.client !== client || caller === undefined) return null;
		const copy = frame.slice();
		setPeer(copy, object.id);
		caller.send(copy);
		return null;
	}

	function pong(request: Request): number {
		const copy = request.frame.slice();
		copy[1] = MSG.data;
		request.client.send(copy);
		return STATUS.ok;
	}

	function handle(request: Request): number | null {
		switch (request.message.type) {
			case MSG.status:
			case MSG.data:
				return passAnswer(request);
			case MSG.ping:
				return pong(request);
			case MSG.lookup:
				return lookup(state, request);
			case MSG.invoke:
				return invoke(request);
			case MSG.addObject:
				return addObject(state, request);
			case MSG.removeObject:
				return removeObject(state, request);
			case MSG.subscribe:
				return subscribe(state, request);
			case MSG.unsubscribe:
				return unsubscribe(state, request);
			case MSG.notify:
				return notify(request);
			default:
				return STATUS.invalidCommand;
		}
	}

	return {
		connect(wire, who) {
			const client: Client = {
				id: freshId(state.clients),
				...who,
				objects: [],
				lookups: [],
				monitorSeq: null,
				send(frame) {
					monitor(client, frame, true);
					wire.send(frame);
				},
				idle: () => wire.idle(),
			};
			state.clients.set(client.id, client);
			client.send(writer.begin(MSG.hello, 0, client.id).end());
			return client;
		},
		receive(client, message, frame) {
			monitor(client, frame, false);
			const status = handle({ client, message, frame });
			if (status !== null) sendStatus(client, message.seq, message.peer, status);
		},
		drained(client) {
			for (let next = client.lookups[0]; next !== undefined; next = client.lookups[0]) {
				if (!continueLookup(state, client, next)) return;
				client.lookups.shift();
				sendStatus(client, next.seq, next.peer, STATUS.ok);
			}
		},
		disconnect(client) {
			if (!state.clients.delete(client.id)) return;
			for (const object of [...client.objects]) dropObject(state, object);
		},
		get clientCount() {
			return state.clients.size;
		},
		get objectCount() {
			return state.objects.size;
		},
	};
}
