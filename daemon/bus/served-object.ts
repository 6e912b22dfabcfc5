/**
 * Objects we put on the bus: registers each again after a reconnect, keeps trying while somebody else has the path, knows
 * whether anybody is subscribed, and sends notifications only then. Calls are run by method-runner.ts.
 */
import { AutonomyError, errorText } from "../platform/error.ts";
import type { Logger } from "../platform/log.ts";
import type { Closable, Timers } from "../platform/platform.ts";
import type { BlobInputTable } from "./blobmsg.ts";
import type { ServedMethod, ServedObject, ServedObjectSpec } from "./bus.ts";
import type { Link } from "./link.ts";
import { ATTR, type Message, MSG, type Signature } from "./message.ts";
import { createMethodRunner } from "./method-runner.ts";
import type { OwnObjects } from "./objects.ts";
import { createReplies } from "./replies.ts";

/** Notifications are dropped rather than piled up behind answers. */
const NOTIFY_ROOM_BYTES = 256 * 1024;

export interface ServedObjects {
	serve(spec: ServedObjectSpec): ServedObject;
	setUp(): Promise<void>;
	/** Somebody left the bus: the path may be free now. */
	objectLeft(path: string): void;
	clear(): void;
	close(): void;
	readonly running: number;
	readonly dropped: number;
}

interface Entry {
	readonly spec: ServedObjectSpec;
	readonly methods: ReadonlyMap<string, ServedMethod>;
	readonly waiters: Set<(error: AutonomyError | null) => void>;
	id: number | null;
	subscribers: boolean;
	busy: boolean;
	complained: boolean;
	closed: boolean;
	retry: Closable | null;
}

export function createServedObjects(
	link: Link,
	objects: OwnObjects,
	timers: Timers,
	log: Logger,
	retryMs: number,
): ServedObjects {
	const entries = new Set<Entry>();
	const replies = createReplies(link, log);
	const runner = createMethodRunner(timers, log);

	function setSubscribers(entry: Entry, active: boolean): void {
		if (entry.subscribers === active) return;
		entry.subscribers = active;
		try {
			entry.spec.onSubscribers?.(active);
		} catch (error) {
			log.warn("subscriber handler failed", { object: entry.spec.path, error: errorText(error) });
		}
	}

	function onInvoke(entry: Entry, message: Message): void {
		runner.run(entry.spec.path, entry.methods, message, replies.to(message));
	}

	function signature(spec: ServedObjectSpec): Signature {
		return Object.fromEntries(Object.entries(spec.methods).map(([name, method]) => [name, method.args]));
	}

	async function register(entry: Entry): Promise<void> {
		if (!link.open || entry.busy || entry.id !== null || entry.closed) return;
		entry.busy = true;
		entry.retry?.close();
		entry.retry = null;
		const { path } = entry.spec;
		const handlers = {
			onInvoke: (message: Message) => onInvoke(entry, message),
			onSubscribers: (active: boolean) => setSubscribers(entry, active),
		};
		try {
			entry.id = await objects.add(handlers, { path, signature: signature(entry.spec) });
			entry.complained = false;
			for (const waiter of [...entry.waiters]) waiter(null);
		} catch (error) {
			if (link.open) refused(entry, error);
		}
		entry.busy = false;
		if (entry.closed) takeOff(entry);
	}

	function refused(entry: Entry, error: unknown): void {
		const { path } = entry.spec;
		if (!entry.complained) {
			entry.complained = true;
			const hint = "is another instance running, or publishing not allowed? trying again";
			log.warn("object not accepted by ubus", { object: path, error: errorText(error), hint, retry_ms: retryMs });
		}
		entry.retry = timers.after(retryMs, () => start(entry));
	}

	function start(entry: Entry): void {
		register(entry).catch((error: unknown) => log.error("serve failed", { error: errorText(error) }));
	}

	function takeOff(entry: Entry): void {
		if (entry.id !== null) objects.remove(entry.id);
		entry.id = null;
		setSubscribers(entry, false);
	}

	function notify(entry: Entry, type: string, data: BlobInputTable): boolean {
		if (entry.id === null || !entry.subscribers || !link.open) return false;
		const writer = link.writer.begin(MSG.notify, 0, 0);
		writer.u32(ATTR.objId, entry.id).text(ATTR.method, type).bool(ATTR.noReply, true).table(ATTR.data, data);
		if (link.pendingBytes > NOTIFY_ROOM_BYTES) {
			replies.countDrop("notification", entry.spec.path);
			return false;
		}
		link.post(writer.end());
		return true;
	}

	function whenRegistered(entry: Entry, timeoutMs: number): Promise<void> {
		if (entry.id !== null) return Promise.resolve();
		const { path } = entry.spec;
		return new Promise((resolve, reject) => {
			const waiter = (error: AutonomyError | null): void => {
				limit.close();
				entry.waiters.delete(waiter);
				if (error === null) resolve();
				else reject(error);
			};
			const limit = timers.after(timeoutMs, () => {
				waiter(new AutonomyError("timeout", `object ${path} is not on ubus after ${timeoutMs} ms`, { object: path }));
			});
			entry.waiters.add(waiter);
		});
	}

	function closeEntry(entry: Entry): void {
		if (entry.closed) return;
		entry.closed = true;
		entries.delete(entry);
		entry.retry?.close();
		const error = new AutonomyError("connection_closed", `object ${entry.spec.path} is closed`);
		for (const waiter of [...entry.waiters]) waiter(error);
		if (!entry.busy) takeOff(entry);
	}

	return {
		serve(spec) {
			const entry: Entry = {
				spec,
				methods: new Map(Object.entries(spec.methods)),
				waiters: new Set(),
				id: null,
				subscribers: false,
				busy: false,
				complained: false,
				closed: false,
				retry: null,
			};
			entries.add(entry);
			start(entry);
			return {
				path: spec.path,
				get registered() {
					return entry.id !== null;
				},
				get hasSubscribers() {
					return entry.subscribers;
				},
				notify: (type, data) => notify(entry, type, data),
				whenRegistered: (timeoutMs) => whenRegistered(entry, timeoutMs),
				close: () => closeEntry(entry),
			};
		},
		async setUp() {
			await Promise.all([...entries].map(register));
		},
		objectLeft(path) {
			for (const entry of entries) if (entry.spec.path === path && entry.id === null) start(entry);
		},
		clear() {
			for (const entry of entries) {
				entry.id = null;
				entry.retry?.close();
				entry.retry = null;
				setSubscribers(entry, false);
			}
		},
		close() {
			for (const entry of [...entries]) closeEntry(entry);
			runner.close();
		},
		get running() {
			return runner.running;
		},
		get dropped() {
			return replies.dropped;
		},
	};
}
