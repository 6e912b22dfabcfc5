/**
 * Requests of http:// over a stream, on both engines. A connection is kept for a while: the dish is asked every second, and
 * each new one starts a program on QuickJS. One that was kept and ends before it has answered anything is replaced once.
 */
import { AutonomyError } from "./error.ts";
import { encodeRequest, type Url } from "./http-message.ts";
import { createReplyReader, type ReplyReader } from "./http-reply.ts";
import type { ByteStream, Closable, HttpRequest, HttpResponse, StreamHandlers, Timers } from "./platform.ts";

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_BYTES = 1 << 20;
const KEEP_MS = 15_000;
const MAX_KEPT = 8;

interface Connection {
	readonly stream: ByteStream;
	readonly key: string;
	/** Of the request under way. */
	onOpen: () => void;
	onData: (bytes: Uint8Array) => void;
	onClose: (error: string | null) => void;
	open: boolean;
	timer: Closable | null;
}

const nothing = (): void => undefined;

function quiet(connection: Connection): void {
	connection.onOpen = nothing;
	connection.onData = nothing;
	connection.onClose = nothing;
}

/** To the first of `hosts` that can be reached. */
export type Connect = (
	hosts: readonly string[],
	port: number,
	localAddress: string | undefined,
	handlers: StreamHandlers,
) => ByteStream;

/** `addresses`: instead of resolving the name. */
export type PlainHttp = (request: HttpRequest, url: Url, addresses: readonly string[] | null) => Promise<HttpResponse>;

export function createPlainHttp(connect: Connect, timers: Timers): PlainHttp {
	const kept = new Map<string, Connection[]>();
	function open(hosts: readonly string[], port: number, localAddress: string | undefined, key: string): Connection {
		const stream = connect(hosts, port, localAddress, {
			onOpen() {
				connection.open = true;
				connection.onOpen();
			},
			onData: (bytes) => connection.onData(bytes),
			onClose: (error) => connection.onClose(error),
		});
		const connection: Connection = {
			stream,
			key,
			onOpen: nothing,
			onData: nothing,
			onClose: nothing,
			open: false,
			timer: null,
		};
		return connection;
	}

	function forget(connection: Connection): void {
		connection.timer?.close();
		connection.timer = null;
		const left = (kept.get(connection.key) ?? []).filter((one) => one !== connection);
		if (left.length === 0) kept.delete(connection.key);
		else kept.set(connection.key, left);
	}

	function keep(connection: Connection): void {
		const drop = (): void => {
			forget(connection);
			connection.stream.close();
		};
		if ([...kept.values()].flat().length >= MAX_KEPT) {
			connection.stream.close();
			return;
		}
		kept.set(connection.key, [...(kept.get(connection.key) ?? []), connection]);
		connection.timer = timers.after(KEEP_MS, drop);
		connection.onOpen = nothing;
		connection.onData = drop; // nobody asked
		connection.onClose = () => forget(connection);
	}

	function take(key: string): Connection | null {
		const connection = kept.get(key)?.[0] ?? null;
		if (connection !== null) forget(connection);
		return connection;
	}

	function ask(request: HttpRequest, url: Url, addresses: readonly string[] | null): Promise<HttpResponse> {
		const hosts = addresses ?? [url.host];
		const timeoutMs = request.timeoutMs ?? DEFAULT_TIMEOUT_MS;
		const maxBytes = request.maxBytes ?? DEFAULT_MAX_BYTES;
		const key = `${hosts.join(",")} ${url.port} ${request.localAddress ?? ""}`;
		const message = encodeRequest(request, url);
		return new Promise((resolve, reject) => {
			let connection: Connection;
			let reader: ReplyReader;
			let over = false;
			const finish = (): void => {
				over = true;
				timer.close();
				connecting?.close();
				// Nothing leads in a circle any more: such garbage only the collector finds, and a dish is asked every second.
				quiet(connection);
				attempt = null;
			};
			const fail = (error: unknown): void => {
				if (over) return;
				finish();
				connection.stream.close();
				reject(error);
			};
			const done = (response: HttpResponse, again: boolean): void => {
				if (over) return;
				finish();
				if (again && response.headers.connection?.toLowerCase() !== "close") keep(connection);
				else connection.stream.close();
				resolve(response);
			};
			let attempt: ((old: Connection | null) => void) | null = (old) => {
				let heard = false;
				connection = old ?? open(hosts, url.port, request.localAddress, key);
				reader = createReplyReader(request.method ?? "GET", maxBytes);
				connection.onOpen = () => connecting?.close();
				connection.onData = (bytes) => {
					heard = true;
					try {
						const response = reader.push(bytes);
						if (response !== null) done(response, true);
					} catch (error) {
						fail(error);
					}
				};
				connection.onClose = (error) => {
					if (over) return;
					const response = error === null ? reader.end() : null;
					if (response !== null) done(response, false);
					else if (old !== null && !heard) attempt?.(null);
					else {
						const text = error ?? "closed before its answer was whole";
						fail(new AutonomyError("connection_failed", text, { url: request.url }));
					}
				};
				if (connection.open) connecting?.close();
				connection.stream.write(message);
			};
			const { connectTimeoutMs } = request;
			const connecting =
				connectTimeoutMs === undefined
					? null
					: timers.after(connectTimeoutMs, () =>
							fail(new AutonomyError("connection_failed", `no connection within ${connectTimeoutMs} ms`)),
						);
			const timer = timers.after(timeoutMs, () =>
				fail(new AutonomyError("timeout", `no complete answer within ${timeoutMs} ms`, { url: request.url })),
			);
			attempt(take(key));
		});
	}

	return ask;
}
