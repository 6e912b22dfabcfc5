/**
 * The objects this client owns on the bus, named ones and the anonymous ones that events and notifications are
 * delivered to, and the way from an incoming message to its object. Ids are known synchronously with the broker's
 * answer, so that a message right behind it in the same read finds its object.
 */
import { AutonomyError } from "../platform/error.ts";
import { BROKER_LIMIT_MS, type Link } from "./link.ts";
import { ATTR, type Message, MSG, type Signature, signatureTable } from "./message.ts";
import { statusError } from "./status.ts";

export interface ObjectHandlers {
	onInvoke(message: Message): void;
	/** The first subscriber came, or the last one left. */
	onSubscribers?(active: boolean): void;
	/** An object this one is subscribed to has left the bus. */
	onTargetGone?(targetId: number): void;
}

export interface OwnObjects {
	/** Registers an object; rejects as a request does, with bus_bad_argument when the path is taken or not allowed. */
	add(handlers: ObjectHandlers, named?: { readonly path: string; readonly signature: Signature }): Promise<number>;
	/** Takes it off the bus; messages still under way to it are ignored. */
	remove(id: number): void;
	dispatch(message: Message): void;
	/** The connection is gone, and all objects with it. */
	clear(): void;
	readonly size: number;
}

/** A request the broker answers itself; rejects when its status is not OK. */
export async function askBroker(
	link: Link,
	frame: Uint8Array,
	what: string,
	onData?: (message: Message) => void,
): Promise<void> {
	const generation = link.generation;
	const status = await link.request({
		frame,
		peer: 0,
		what,
		timeoutMs: BROKER_LIMIT_MS,
		...(onData === undefined ? {} : { onData }),
	});
	if (status !== 0) throw statusError(status, what);
	if (generation !== link.generation) {
		throw new AutonomyError("connection_failed", `ubus ${what}: connection lost meanwhile`);
	}
}

export function createOwnObjects(link: Link): OwnObjects {
	const byId = new Map<number, ObjectHandlers>();

	function forget(id: number | null): void {
		if (id !== null) byId.delete(id);
	}

	return {
		async add(handlers, named) {
			let id: number | null = null;
			const writer = link.writer.begin(MSG.addObject, 0, 0);
			if (named !== undefined) {
				writer.text(ATTR.objPath, named.path).table(ATTR.signature, signatureTable(named.signature));
			}
			const what = `add object ${named?.path ?? "(anonymous)"}`;
			try {
				await askBroker(link, writer.end(), what, (message) => {
					if (message.objId === null) return;
					id = message.objId;
					byId.set(message.objId, handlers);
				});
			} catch (error) {
				forget(id);
				throw error;
			}
			if (id === null) throw new AutonomyError("bus_protocol", `ubus ${what}: answer without an object id`);
			return id;
		},
		remove(id) {
			if (!byId.delete(id) || !link.open) return;
			const frame = link.writer.begin(MSG.removeObject, 0, 0).u32(ATTR.objId, id).end();
			// Whatever comes of it, the object is not ours any more: it has no handlers.
			askBroker(link, frame, "remove object").catch(() => undefined);
		},
		dispatch(message) {
			const handlers = message.objId === null ? undefined : byId.get(message.objId);
			if (handlers === undefined) return;
			if (message.type === MSG.invoke) handlers.onInvoke(message);
			else if (message.type === MSG.notify) {
				if (message.active !== null) handlers.onSubscribers?.(message.active);
			} else if (message.type === MSG.unsubscribe && message.target !== null) {
				handlers.onTargetGone?.(message.target);
			}
		},
		clear: () => byId.clear(),
		get size() {
			return byId.size;
		},
	};
}
