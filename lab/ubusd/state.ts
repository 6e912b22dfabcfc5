/**
 * What the stand-in broker knows: clients, objects, object types, paths, subscriptions, event patterns. Ids are random
 * and at least 1024, as ubusd draws them; 1, 2 and 3 are its own objects.
 */
import { randomBytes } from "node:crypto";
import type { Message } from "../../daemon/bus/message.ts";

export const FIRST_FREE_ID = 1024;

export interface Client {
	readonly id: number;
	readonly user: string;
	readonly group: string;
	/** Newest first: the order in which a leaving client's objects go. */
	readonly objects: BrokerObject[];
	/** Lookups of everything that wait for the queue to empty. */
	readonly lookups: PendingLookup[];
	monitorSeq: number | null;
	/** Queues a frame; one that does not fit is lost, and nobody is told. */
	send(frame: Uint8Array): void;
	/** True when everything sent so far was taken by the kernel. */
	idle(): boolean;
}

export interface PendingLookup {
	readonly seq: number;
	readonly peer: number;
	/** The path to continue with; null for the beginning. */
	from: string | null;
}

export interface ObjectType {
	readonly id: number;
	/** SIGNATURE content as registered. */
	readonly signature: Uint8Array;
	users: number;
}

export interface BrokerObject {
	readonly id: number;
	readonly client: Client;
	readonly path: string | null;
	readonly type: ObjectType | null;
	/** Newest first, and as often as it was asked: subscribing twice means hearing twice. */
	readonly subscribers: BrokerObject[];
	readonly targets: BrokerObject[];
	/** Counter for the broker's own messages about this object. */
	seq: number;
}

export interface EventPattern {
	readonly text: string;
	readonly prefix: boolean;
	readonly object: BrokerObject;
}

export interface State {
	readonly clients: Map<number, Client>;
	readonly objects: Map<number, BrokerObject>;
	readonly types: Map<number, ObjectType>;
	readonly paths: Map<string, BrokerObject>;
	readonly patterns: EventPattern[];
	eventSeq: number;
}

export interface Request {
	readonly client: Client;
	readonly message: Message;
	/** The whole frame; valid while the request is handled. */
	readonly frame: Uint8Array;
}

export function createState(): State {
	return {
		clients: new Map(),
		objects: new Map(),
		types: new Map(),
		paths: new Map(),
		patterns: [],
		eventSeq: 0,
	};
}

export function freshId(taken: ReadonlyMap<number, unknown>): number {
	for (;;) {
		const id = randomBytes(4).readUInt32BE(0);
		if (id >= FIRST_FREE_ID && !taken.has(id)) return id;
	}
}

/** Removes one occurrence. */
export function removeOne<T>(list: T[], item: T): boolean {
	const index = list.indexOf(item);
	if (index < 0) return false;
	list.splice(index, 1);
	return true;
}
