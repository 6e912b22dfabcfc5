/**
 * Subscriptions to other objects' notifications. Each has an anonymous object of its own. It waits for its target to
 * appear, subscribes exactly once per life of the target (a second SUBSCRIBE would double every notification, measured),
 * and starts over when the target or the connection went away.
 */
import { AutonomyError, errorText, isAutonomyError } from "../platform/error.ts";
import type { Logger } from "../platform/log.ts";
import type { Closable } from "../platform/platform.ts";
import type { EventHandler, SubscribeOptions } from "./bus.ts";
import type { Calls } from "./calls.ts";
import type { Link } from "./link.ts";
import { deliver } from "./listeners.ts";
import { ATTR, type Message, MSG } from "./message.ts";
import { askBroker, type OwnObjects } from "./objects.ts";

export interface Subscriptions {
	subscribe(path: string, handler: EventHandler, options: SubscribeOptions): Closable;
	/** A fresh connection: subscribes to what is there. */
	setUp(): Promise<void>;
	objectSeen(path: string, id: number): void;
	objectLeft(path: string, id: number): void;
	clear(): void;
	readonly size: number;
}

interface Entry {
	readonly path: string;
	readonly handler: EventHandler;
	readonly options: SubscribeOptions;
	ownId: number | null;
	/** The target we asked to be subscribed to. */
	targetId: number | null;
	/** Id the target was last seen with, when we were told without asking. */
	seenId: number | null;
	active: boolean;
	busy: boolean;
	again: boolean;
	closed: boolean;
}

export function createSubscriptions(
	link: Link,
	objects: OwnObjects,
	calls: Calls,
	log: Logger,
	answer: (message: Message) => void,
): Subscriptions {
	const entries = new Set<Entry>();

	function setActive(entry: Entry, active: boolean): void {
		if (entry.active === active) return;
		entry.active = active;
		if (entry.closed) return;
		try {
			entry.options.onActive?.(active);
		} catch (error) {
			log.warn("subscription handler failed", { object: entry.path, error: errorText(error) });
		}
	}

	function lost(entry: Entry, targetId: number): void {
		if (entry.targetId !== targetId) return;
		entry.targetId = null;
		setActive(entry, false);
	}

	function onInvoke(entry: Entry, message: Message): void {
		answer(message);
		if (!entry.closed) deliver(entry.handler, message, log);
	}

	async function attachOnce(entry: Entry): Promise<void> {
		entry.ownId ??= await objects.add({
			onInvoke: (message) => onInvoke(entry, message),
			onTargetGone: (targetId) => lost(entry, targetId),
		});
		if (entry.targetId !== null || entry.closed) return;
		const told = entry.seenId;
		const target = told ?? (await calls.lookup(entry.path, {})).id;
		entry.seenId = null;
		// Set before the request: a target that dies right behind the answer must be noticed.
		entry.targetId = target;
		const writer = link.writer.begin(MSG.subscribe, 0, 0);
		const frame = writer.u32(ATTR.objId, entry.ownId).u32(ATTR.target, target).end();
		try {
			await askBroker(link, frame, `subscribe ${entry.path}`);
		} catch (error) {
			if (entry.targetId === target) entry.targetId = null;
			// What we were told may be old by now: ask.
			if (told !== null) entry.again = true;
			throw error;
		}
		if (entry.targetId === target) setActive(entry, true);
	}

	function isAbsence(error: unknown): boolean {
		return isAutonomyError(error, "bus_not_found") || (error instanceof AutonomyError && error.context.status === 4);
	}

	async function attach(entry: Entry): Promise<void> {
		if (entry.busy) {
			entry.again = true;
			return;
		}
		entry.busy = true;
		do {
			entry.again = false;
			try {
				await attachOnce(entry);
			} catch (error) {
				// Not there (yet): ubus.object.add will tell.
				if (isAbsence(error)) log.debug("object to subscribe to is not there", { object: entry.path });
				else if (link.open) log.warn("cannot subscribe", { object: entry.path, error: errorText(error) });
			}
		} while (entry.again && link.open && !entry.closed);
		entry.busy = false;
		if (entry.closed) removeOwn(entry);
	}

	function start(entry: Entry): void {
		if (!link.open || entry.closed) return;
		attach(entry).catch((error: unknown) => log.error("subscribe failed", { error: errorText(error) }));
	}

	function removeOwn(entry: Entry): void {
		if (entry.ownId !== null) objects.remove(entry.ownId);
		entry.ownId = null;
	}

	return {
		subscribe(path, handler, options) {
			const entry: Entry = {
				path,
				handler,
				options,
				ownId: null,
				targetId: null,
				seenId: null,
				active: false,
				busy: false,
				again: false,
				closed: false,
			};
			entries.add(entry);
			start(entry);
			return {
				close() {
					if (!entries.delete(entry)) return;
					entry.closed = true;
					if (!entry.busy) removeOwn(entry);
				},
			};
		},
		async setUp() {
			await Promise.all([...entries].map(attach));
		},
		objectSeen(path, id) {
			for (const entry of entries) {
				if (entry.path !== path || entry.targetId === id) continue;
				// A path has one owner: another id means the one we knew is gone, even if nobody told us.
				if (entry.targetId !== null) lost(entry, entry.targetId);
				entry.seenId = id;
				start(entry);
			}
		},
		objectLeft(path, id) {
			for (const entry of entries) {
				if (entry.path !== path) continue;
				if (entry.seenId === id) entry.seenId = null;
				lost(entry, id);
			}
		},
		clear() {
			for (const entry of entries) {
				entry.ownId = null;
				entry.seenId = null;
				if (entry.targetId !== null) lost(entry, entry.targetId);
			}
		},
		get size() {
			return entries.size;
		},
	};
}
