/**
 * Events. Every distinct pattern has one anonymous object on the bus, shared by all who listen to it: the broker delivers
 * one copy per object, and has no way to unregister a pattern but to remove the object.
 */
import { errorText } from "../platform/error.ts";
import type { Logger } from "../platform/log.ts";
import type { Closable } from "../platform/platform.ts";
import { int32 } from "./blobmsg.ts";
import { decodeTable } from "./blobmsg-read.ts";
import type { EventHandler } from "./bus.ts";
import type { Calls } from "./calls.ts";
import type { Link } from "./link.ts";
import { EVENT_OBJECT, type Message } from "./message.ts";
import type { OwnObjects } from "./objects.ts";

export interface Listeners {
	listen(pattern: string, handler: EventHandler): Closable;
	/** A fresh connection: registers every pattern. Resolves when all are registered or refused. */
	setUp(): Promise<void>;
	clear(): void;
	readonly size: number;
}

interface Entry {
	readonly pattern: string;
	/** One closable per listen(), so that the same function may listen twice. */
	readonly handlers: Map<Closable, EventHandler>;
	id: number | null;
	busy: boolean;
}

/** Decodes and hands a notification or event on; what the handler throws ends here. */
export function deliver(handler: EventHandler, message: Message, log: Logger): void {
	const data = message.data ?? new Uint8Array(0);
	const type = message.method ?? "";
	try {
		handler(type, decodeTable(data), data);
	} catch (error) {
		log.warn("handling of a ubus message failed", { type, error: errorText(error) });
	}
}

export function createListeners(link: Link, objects: OwnObjects, calls: Calls, log: Logger): Listeners {
	const entries = new Map<string, Entry>();

	function onEvent(entry: Entry, message: Message): void {
		for (const handler of [...entry.handlers.values()]) deliver(handler, message, log);
	}

	async function register(entry: Entry): Promise<void> {
		if (!link.open || entry.busy || entry.id !== null || entry.handlers.size === 0) return;
		entry.busy = true;
		let id: number | null = null;
		try {
			id = await objects.add({ onInvoke: (message) => onEvent(entry, message) });
			const args = { object: int32(id), pattern: entry.pattern };
			await calls.invoke(EVENT_OBJECT, "register", args, `listen to ${entry.pattern}`);
			entry.id = id;
		} catch (error) {
			if (id !== null) objects.remove(id);
			if (link.open) log.warn("cannot listen to ubus events", { pattern: entry.pattern, error: errorText(error) });
		} finally {
			entry.busy = false;
			if (entry.handlers.size === 0) discard(entry);
		}
	}

	function discard(entry: Entry): void {
		if (entry.busy) return;
		if (entries.get(entry.pattern) === entry) entries.delete(entry.pattern);
		if (entry.id !== null) objects.remove(entry.id);
		entry.id = null;
	}

	return {
		listen(pattern, handler) {
			const entry = entries.get(pattern) ?? { pattern, handlers: new Map(), id: null, busy: false };
			entries.set(pattern, entry);
			const closable = {
				close() {
					if (entry.handlers.delete(closable) && entry.handlers.size === 0) discard(entry);
				},
			};
			entry.handlers.set(closable, handler);
			register(entry).catch((error: unknown) => log.error("listen failed", { error: errorText(error) }));
			return closable;
		},
		async setUp() {
			await Promise.all([...entries.values()].map(register));
		},
		clear() {
			for (const entry of entries.values()) entry.id = null;
		},
		get size() {
			return entries.size;
		},
	};
}
