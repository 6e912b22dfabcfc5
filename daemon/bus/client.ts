/**
 * createBus: puts the parts together. Order on a fresh connection: first our own watch on ubus.object.*, so that nothing
 * that appears from then on is missed, then served objects, listeners and subscriptions; only then is "connected"
 * announced, so that who asks for the state on that signal cannot miss an event that follows.
 */
import { AutonomyError, errorText } from "../platform/error.ts";
import type { Logger } from "../platform/log.ts";
import type { Closable, Platform } from "../platform/platform.ts";
import type { BlobTable } from "./blobmsg.ts";
import type { Bus, BusState } from "./bus.ts";
import { createCalls } from "./calls.ts";
import { createLink } from "./link.ts";
import { createListeners } from "./listeners.ts";
import { EVENT_OBJECT, type Message, MSG } from "./message.ts";
import { createOwnObjects } from "./objects.ts";
import { createReplies } from "./replies.ts";
import { createServedObjects } from "./served-object.ts";
import { STATUS } from "./status.ts";
import { createSubscriptions } from "./subscriptions.ts";

export interface BusOptions {
	readonly platform: Pick<Platform, "streams" | "timers" | "clock">;
	readonly log: Logger;
	/** Broker sockets, tried in turn. Default: where OpenWrt has had them since 21.02, and before. */
	readonly paths?: readonly string[];
	/** Pause between attempts to connect, default 1000 (what libubus does). */
	readonly reconnectMs?: number;
}

const DEFAULT_PATHS = ["/var/run/ubus/ubus.sock", "/var/run/ubus.sock"];

function objectOf(data: BlobTable): { path: string; id: number } | null {
	const { path, id } = data;
	// INT32 on the wire, unsigned in meaning.
	return typeof path === "string" && typeof id === "number" ? { path, id: id >>> 0 } : null;
}

export function createBus(options: BusOptions): Bus {
	const { clock, timers } = options.platform;
	const log = options.log.child("bus");
	const reconnectMs = options.reconnectMs ?? 1000;
	const paths = options.paths ?? DEFAULT_PATHS;
	const stateHandlers = new Map<Closable, (state: BusState, reason: string) => void>();
	const waiters = new Set<(error: AutonomyError | null) => void>();
	let ready = false;
	let closed = false;

	const link = createLink({ platform: options.platform, log, paths, reconnectMs }, { onOpen, onLost, onMessage });
	const objects = createOwnObjects(link);
	const calls = createCalls(link, clock, (path, id) => subscriptions.objectSeen(path, id));
	const replies = createReplies(link, log);
	const listeners = createListeners(link, objects, calls, log);
	const served = createServedObjects(link, objects, timers, log, reconnectMs);
	const subscriptions = createSubscriptions(link, objects, calls, log, answerNotification);
	const watch = listeners.listen("ubus.object.*", onObjectEvent);

	/** A publisher that asked for answers to its notification gets a plain OK. */
	function answerNotification(message: Message): void {
		replies.to(message).finish(STATUS.ok);
	}

	function onObjectEvent(type: string, data: BlobTable): void {
		const object = objectOf(data);
		if (object === null) return;
		if (type === "ubus.object.add") {
			subscriptions.objectSeen(object.path, object.id);
		} else if (type === "ubus.object.remove") {
			calls.objectLeft(object.path, object.id);
			subscriptions.objectLeft(object.path, object.id);
			served.objectLeft(object.path);
		}
	}

	function onMessage(message: Message): void {
		if (message.type === MSG.invoke || message.type === MSG.notify || message.type === MSG.unsubscribe) {
			objects.dispatch(message);
		}
	}

	function announce(state: BusState, reason: string): void {
		for (const handler of [...stateHandlers.values()]) {
			try {
				handler(state, reason);
			} catch (error) {
				log.error("bus state handler failed", { state, error: errorText(error) });
			}
		}
	}

	async function setUp(): Promise<void> {
		const { generation } = link;
		// The first listener is our own watch, and requests are answered in order.
		await listeners.setUp();
		await served.setUp();
		await subscriptions.setUp();
		if (closed || !link.open || generation !== link.generation) return;
		ready = true;
		log.info("connected to ubus", { path: link.path, client_id: link.clientId });
		announce("connected", link.path ?? "");
		for (const waiter of [...waiters]) waiter(null);
	}

	function onOpen(): void {
		setUp().catch((error: unknown) => link.drop(`set-up failed: ${errorText(error)}`));
	}

	function onLost(reason: string): void {
		const wasReady = ready;
		ready = false;
		objects.clear();
		calls.clear();
		listeners.clear();
		served.clear();
		subscriptions.clear();
		if (!wasReady) return;
		log.warn("connection to ubus lost", { path: link.path, reason, retry_ms: reconnectMs });
		announce("disconnected", reason);
	}

	function whenConnected(timeoutMs: number): Promise<void> {
		if (ready) return Promise.resolve();
		return new Promise((resolve, reject) => {
			const waiter = (error: AutonomyError | null): void => {
				limit.close();
				waiters.delete(waiter);
				if (error === null) resolve();
				else reject(error);
			};
			const limit = timers.after(timeoutMs, () => {
				waiter(new AutonomyError("timeout", `ubus is not reachable after ${timeoutMs} ms`, { paths, timeoutMs }));
			});
			waiters.add(waiter);
		});
	}

	function onState(handler: (state: BusState, reason: string) => void): Closable {
		const closable = { close: () => void stateHandlers.delete(closable) };
		stateHandlers.set(closable, handler);
		return closable;
	}

	return {
		get connected() {
			return ready;
		},
		whenConnected,
		call: (object, method, args = {}, callOptions = {}) => calls.call(object, method, args, callOptions),
		callRaw: (object, method, args = {}, callOptions = {}) => calls.callRaw(object, method, args, callOptions),
		lookup: (path, callOptions = {}) => calls.lookup(path, callOptions),
		list: (pattern, callOptions = {}) => calls.list(pattern, callOptions),
		listen: (pattern, handler) => listeners.listen(pattern, handler),
		send: (type, data = {}, callOptions = {}) =>
			calls.invoke(EVENT_OBJECT, "send", { id: type, data }, `send ${type}`, callOptions),
		subscribe: (path, handler, subscribeOptions = {}) => subscriptions.subscribe(path, handler, subscribeOptions),
		serve: (spec) => served.serve(spec),
		onState,
		stats: () => ({
			...link.counters,
			connected: ready,
			path: link.path,
			clientId: link.clientId,
			calls: calls.started,
			failedCalls: calls.failed,
			pending: link.pending,
			dropped: served.dropped + replies.dropped,
			runningHandlers: served.running,
			objects: objects.size,
			// Without our own watch.
			listeners: listeners.size - 1,
			subscriptions: subscriptions.size,
		}),
		close() {
			if (closed) return;
			closed = true;
			ready = false;
			watch.close();
			served.close();
			link.close();
			stateHandlers.clear();
			for (const waiter of [...waiters]) waiter(new AutonomyError("connection_closed", "the bus client is closed"));
		},
	};
}
