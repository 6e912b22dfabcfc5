/**
 * One connection to a broker, from connect to its end: waits (with a limit) for the broker's HELLO, cuts the stream into
 * messages, bounds what waits to be sent. Reads eagerly and never pauses: a broker drops what a slow reader does not
 * take, and tells nobody (measured). Who reconnects is link.ts.
 */
import { AutonomyError, errorText } from "../platform/error.ts";
import type { ByteStream, Closable, Streams, Timers } from "../platform/platform.ts";
import { createFrameReader } from "./frame.ts";
import { type Message, MSG, parseMessage } from "./message.ts";

/** More than this many bytes not taken by the kernel: what comes next is refused. Fits one message of full size. */
export const MAX_OUTGOING_BYTES = 2 * 1024 * 1024;
const HELLO_LIMIT_MS = 3000;

export interface ConnectionHandlers {
	onHello(clientId: number): void;
	/** The message is valid during the call only. */
	onMessage(message: Message): void;
	/** Exactly once, unless close() was called before. */
	onClose(reason: string): void;
}

export interface Traffic {
	framesIn: number;
	framesOut: number;
	bytesIn: number;
	bytesOut: number;
}

export interface Connection extends Closable {
	/** Throws queue_full. */
	write(frame: Uint8Array): void;
	readonly pendingBytes: number;
	/** Ends it as if the broker had: onClose is called with the reason. */
	fail(reason: string): void;
}

export function openConnection(
	platform: { readonly streams: Streams; readonly timers: Timers },
	path: string,
	traffic: Traffic,
	handlers: ConnectionHandlers,
): Connection {
	let closed = false;
	let greeted = false;
	let stream: ByteStream | null = null;

	function end(): void {
		closed = true;
		helloTimer.close();
		stream?.close();
	}

	function fail(reason: string): void {
		if (closed) return;
		end();
		handlers.onClose(reason);
	}

	function take(frame: Uint8Array): void {
		if (closed) return;
		traffic.framesIn++;
		// libubus refuses other versions, and so must we: we would not know what they mean.
		if (frame[0] !== 0) {
			throw new AutonomyError("bus_protocol", `ubus message of version ${frame[0]}; only 0 is known`);
		}
		const message = parseMessage(frame);
		if (greeted) {
			handlers.onMessage(message);
		} else if (message.type === MSG.hello) {
			greeted = true;
			helloTimer.close();
			handlers.onHello(message.peer);
		} else {
			throw new AutonomyError("bus_protocol", `message of type ${message.type} before the broker's greeting`);
		}
	}

	const helloTimer = platform.timers.after(HELLO_LIMIT_MS, () => fail(`no greeting within ${HELLO_LIMIT_MS} ms`));
	const reader = createFrameReader(take);
	stream = platform.streams.connect(
		{ kind: "unix", path },
		{
			onOpen() {
				// Nothing to say before the broker's HELLO.
			},
			onData(bytes) {
				if (closed) return;
				traffic.bytesIn += bytes.length;
				try {
					reader.push(bytes);
				} catch (error) {
					fail(errorText(error));
				}
			},
			onClose: (error) => fail(error ?? "closed by the broker"),
		},
	);

	return {
		write(frame) {
			if (closed || stream === null)
				throw new AutonomyError("connection_failed", "ubus connection is closed", { path });
			const waiting = stream.pendingBytes;
			if (waiting + frame.length > MAX_OUTGOING_BYTES) {
				throw new AutonomyError("queue_full", `ubus takes no more: ${waiting} bytes already wait to be sent`, {
					pendingBytes: waiting,
					limitBytes: MAX_OUTGOING_BYTES,
				});
			}
			traffic.framesOut++;
			traffic.bytesOut += frame.length;
			stream.write(frame);
		},
		get pendingBytes() {
			return stream?.pendingBytes ?? 0;
		},
		fail,
		close() {
			if (!closed) end();
		},
	};
}
