/**
 * What the rest of the daemon sees of ubus. createBus() in client.ts makes one; it lives as long as the daemon and hides
 * restarts of ubusd: objects, listeners and subscriptions are registered again, only calls in flight fail.
 *
 * Delivery of events and notifications is not guaranteed by ubus (a full queue drops them silently, measured): whoever
 * needs the truth asks for it with a call when onState says "connected" or a subscription becomes active.
 */
import type { Closable } from "../platform/platform.ts";
import type { BlobInputTable, BlobTable } from "./blobmsg.ts";
import type { ArgType } from "./message.ts";

export type BusState = "connected" | "disconnected";

export interface CallOptions {
	/** How long to wait for the answer, lookup included. 1..600000, default 5000. */
	readonly timeoutMs?: number;
}

export interface ObjectInfo {
	readonly path: string;
	/** Changes whenever the provider restarts. */
	readonly id: number;
	readonly typeId: number | null;
	/** Method -> argument -> wire type number (WIRE in blobmsg.ts). Methods we may not call are missing. */
	readonly methods: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** Who called a served method. */
export interface Caller {
	readonly method: string;
	/** Random number of the caller's connection. */
	readonly clientId: number;
	/** Unix user and group names ubusd found for the caller; null when the broker sent none. */
	readonly user: string | null;
	readonly group: string | null;
	/** `ubus_rpc_session` of a call that came over HTTP, else null. Not a proof of anything by itself. */
	readonly session: string | null;
	/** Argument names that are not declared; they were dropped. */
	readonly unknownArgs: readonly string[];
}

export interface ServedMethod {
	/**
	 * Argument name -> type. Declared arguments of another wire type make the call fail with INVALID_ARGUMENT; whole
	 * numbers are taken for int64 and double too, and null counts as absent.
	 */
	readonly args: Readonly<Record<string, ArgType>>;
	/**
	 * The answer, at once or later (at most 30 s); null answers with a bare status. A thrown AutonomyError becomes the
	 * matching ubus status (status.ts), anything else UNKNOWN_ERROR and a log line.
	 */
	handle(args: BlobTable, caller: Caller): BlobInputTable | null | Promise<BlobInputTable | null>;
}

export interface ServedObjectSpec {
	readonly path: string;
	readonly methods: Readonly<Record<string, ServedMethod>>;
	/** First subscriber came / last one left; also called with false when the connection is lost. */
	onSubscribers?(active: boolean): void;
}

export interface ServedObject extends Closable {
	readonly path: string;
	/** On the bus now; false while disconnected or while somebody else has the path. */
	readonly registered: boolean;
	readonly hasSubscribers: boolean;
	/**
	 * Sends a notification without asking for answers. False when nobody listens, when we are not on the bus, or when the
	 * outgoing queue is too full to take it (counted in stats).
	 */
	notify(type: string, data: BlobInputTable): boolean;
	/** Resolves when registered; rejects with timeout. */
	whenRegistered(timeoutMs: number): Promise<void>;
	close(): void;
}

/** `raw` holds the members as they came, valid during the call only: for tools that print wire types exactly. */
export type EventHandler = (type: string, data: BlobTable, raw: Uint8Array) => void;

export interface SubscribeOptions {
	/** True when notifications flow (again): time to ask for the state. False when the object or the bus is gone. */
	onActive?(active: boolean): void;
}

export interface BusStats {
	readonly connected: boolean;
	/** Socket in use or tried last; null before the first try. */
	readonly path: string | null;
	readonly clientId: number | null;
	readonly connects: number;
	readonly calls: number;
	readonly failedCalls: number;
	readonly timeouts: number;
	readonly pending: number;
	readonly framesIn: number;
	readonly framesOut: number;
	readonly bytesIn: number;
	readonly bytesOut: number;
	/** Messages that could not be read, and answers nobody waited for. */
	readonly malformed: number;
	readonly strays: number;
	/** Answers and notifications we could not queue. */
	readonly dropped: number;
	readonly runningHandlers: number;
	readonly objects: number;
	readonly listeners: number;
	readonly subscriptions: number;
}

export interface Bus extends Closable {
	/** True when connected and everything registered. */
	readonly connected: boolean;
	/** Resolves when connected; rejects with timeout or connection_closed. */
	whenConnected(timeoutMs: number): Promise<void>;
	/**
	 * Calls a method. When the answer comes in several pieces their members are merged, later ones win.
	 * Rejects with: bus_not_found (no such object), bus_status (any other status, context.status), bus_bad_argument,
	 * bus_denied, timeout, connection_failed (not connected, or lost meanwhile), connection_closed (the provider left
	 * the bus before it answered), queue_full, bus_protocol (unreadable answer).
	 */
	call(object: string, method: string, args?: BlobInputTable, options?: CallOptions): Promise<BlobTable>;
	/** Like call, but gives the members of each piece undecoded (blobmsg-read.ts has decodeTable). */
	callRaw(object: string, method: string, args?: BlobInputTable, options?: CallOptions): Promise<Uint8Array[]>;
	/** Asks the broker, never the cache. Rejects with bus_not_found, or bus_denied when it has no method for us. */
	lookup(path: string, options?: CallOptions): Promise<ObjectInfo>;
	/** Objects matching an exact path or `prefix*`, all without a pattern. Empty when none match. */
	list(pattern?: string, options?: CallOptions): Promise<ObjectInfo[]>;
	/** Events whose name matches exactly, or by prefix when the pattern ends in `*`. Own events do not come back. */
	listen(pattern: string, handler: EventHandler): Closable;
	send(type: string, data?: BlobInputTable, options?: CallOptions): Promise<void>;
	/** Notifications of an object; waits for it to appear, and again when it comes back. */
	subscribe(objectPath: string, handler: EventHandler, options?: SubscribeOptions): Closable;
	serve(spec: ServedObjectSpec): ServedObject;
	onState(handler: (state: BusState, reason: string) => void): Closable;
	stats(): BusStats;
	close(): void;
}
