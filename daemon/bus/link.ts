/**
 * The lasting link to the bus: connects, tries every socket path in turn, comes back after a loss, and notices a broker
 * that is there but does not answer. Everything above it sees `open`, `request` and `post`, and is told when a fresh
 * connection must be set up.
 *
 * A call that times out may be its provider's fault, so the broker itself is asked (PING); silence there means the
 * broker is stuck, and the connection is given up.
 */
import { AutonomyError } from "../platform/error.ts";
import type { Logger } from "../platform/log.ts";
import type { Closable, Streams, Timers } from "../platform/platform.ts";
import { type Connection, openConnection, type Traffic } from "./connection.ts";
import { FrameWriter, type Message, MSG } from "./message.ts";
import { createRequests, type RequestSpec } from "./requests.ts";

/** Limit for requests the broker answers by itself. */
export const BROKER_LIMIT_MS = 3000;

export interface LinkCounters extends Traffic {
	connects: number;
	timeouts: number;
	malformed: number;
	strays: number;
}

export interface LinkEvents {
	/** HELLO has come: requests may be sent. */
	onOpen(): void;
	/** A connection that had been open is gone; pending requests have already failed. */
	onLost(reason: string): void;
	/** INVOKE, NOTIFY, UNSUBSCRIBE; valid during the call only. */
	onMessage(message: Message): void;
}

export interface Link extends Closable {
	readonly open: boolean;
	/** Goes up with every connection; what belongs to an older one is worthless. */
	readonly generation: number;
	readonly path: string | null;
	readonly clientId: number | null;
	readonly counters: Readonly<LinkCounters>;
	readonly pending: number;
	readonly pendingBytes: number;
	/** Frames for request() and post() are built here, one at a time. */
	readonly writer: FrameWriter;
	request(spec: RequestSpec): Promise<number>;
	/** Sends what gets no answer. Throws connection_failed, queue_full. */
	post(frame: Uint8Array): void;
	failPeer(peer: number, reason: string): void;
	/** Gives the connection up and starts over. */
	drop(reason: string): void;
}

export interface LinkOptions {
	readonly platform: { readonly streams: Streams; readonly timers: Timers };
	readonly log: Logger;
	readonly paths: readonly string[];
	readonly reconnectMs: number;
}

export function createLink(options: LinkOptions, events: LinkEvents): Link {
	const { platform, log, paths, reconnectMs } = options;
	const writer = new FrameWriter();
	const counters: LinkCounters = {
		connects: 0,
		timeouts: 0,
		malformed: 0,
		strays: 0,
		framesIn: 0,
		framesOut: 0,
		bytesIn: 0,
		bytesOut: 0,
	};
	let connection: Connection | null = null;
	let clientId: number | null = null;
	let path: string | null = null;
	let nextPath = 0;
	let retry: Closable | null = null;
	let closed = false;
	let pinging = false;
	let silent = false;

	const requests = createRequests(platform.timers, post, onTimeout);

	function post(frame: Uint8Array): void {
		if (connection === null || clientId === null) {
			throw new AutonomyError("connection_failed", "not connected to ubus; is ubusd running?", { paths });
		}
		connection.write(frame);
	}

	function onTimeout(spec: RequestSpec): void {
		counters.timeouts++;
		// A caller in a hurry proves nothing about the broker.
		if (spec.peer === 0 && spec.timeoutMs >= BROKER_LIMIT_MS) drop("the broker does not answer");
		else checkBroker();
	}

	function checkBroker(): void {
		if (pinging || clientId === null) return;
		pinging = true;
		const frame = writer.begin(MSG.ping, 0, 0).end();
		requests
			.start({ frame, peer: 0, what: "ping", timeoutMs: BROKER_LIMIT_MS })
			// Its time-out drops the connection by way of onTimeout; every other outcome is fine here.
			.catch((error: unknown) => log.debug("ping failed", { error: String(error) }))
			.finally(() => {
				pinging = false;
			});
	}

	function drop(reason: string): void {
		connection?.fail(reason);
	}

	function onMessage(message: Message): void {
		if (message.malformed !== null) counters.malformed++;
		if (message.type === MSG.status || message.type === MSG.data) {
			if (!requests.answer(message)) counters.strays++;
		} else if (message.malformed === null) {
			events.onMessage(message);
		} else {
			log.warn("unreadable ubus message ignored", { type: message.type, error: message.malformed });
		}
	}

	function onClose(reason: string): void {
		const wasOpen = clientId !== null;
		connection = null;
		clientId = null;
		requests.failAll("connection_failed", `connection lost (${reason})`);
		if (wasOpen) events.onLost(reason);
		if (closed) return;
		// Every path once, then a pause.
		const again = !wasOpen && nextPath < paths.length;
		if (!again) {
			nextPath = 0;
			if (!wasOpen && !silent) {
				silent = true;
				log.warn("ubus not reachable, trying again", { paths, reason, retry_ms: reconnectMs });
			}
		}
		retry = platform.timers.after(again ? 0 : reconnectMs, connect);
	}

	function connect(): void {
		retry = null;
		const chosen = paths[nextPath++];
		if (closed || chosen === undefined) return;
		path = chosen;
		connection = openConnection(platform, chosen, counters, {
			onHello(id) {
				clientId = id;
				nextPath = 0;
				silent = false;
				counters.connects++;
				events.onOpen();
			},
			onMessage,
			onClose,
		});
	}

	retry = platform.timers.after(0, connect);

	return {
		get open() {
			return clientId !== null;
		},
		get generation() {
			return counters.connects;
		},
		get path() {
			return path;
		},
		get clientId() {
			return clientId;
		},
		get pending() {
			return requests.pending;
		},
		get pendingBytes() {
			return connection?.pendingBytes ?? 0;
		},
		counters,
		writer,
		request: (spec) => requests.start(spec),
		post,
		failPeer: (peer, reason) => requests.failPeer(peer, "connection_closed", reason),
		drop,
		close() {
			if (closed) return;
			closed = true;
			retry?.close();
			connection?.close();
			connection = null;
			clientId = null;
			requests.failAll("connection_closed", "the bus client is closed");
		},
	};
}
