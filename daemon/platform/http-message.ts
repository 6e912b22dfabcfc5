/** HTTP/1.1 messages: writes requests, reads replies from bytes as they come. Pure. RFC 9112. */
import { AutonomyError } from "./error.ts";
import type { HttpRequest, HttpResponse } from "./platform.ts";
import { concat, decodeText, encodeText } from "./text.ts";

const MAX_HEAD_BYTES = 65_536;

export interface Url {
	readonly secure: boolean;
	/** Without brackets. */
	readonly host: string;
	readonly port: number;
	readonly authority: string;
	readonly path: string;
}

export function parseUrl(text: string): Url {
	const match = /^(https?):\/\/((\[[0-9a-fA-F:.%]+\]|[^/?#:@[\]\s]+)(?::(\d{1,5}))?)([/?][^#\s]*)?(?:#.*)?$/.exec(text);
	if (!match) throw new AutonomyError("connection_failed", "not an address of http:// or https://");
	const [, scheme, authority = "", host = "", port, path = "/"] = match;
	const secure = scheme === "https";
	return {
		secure,
		host: host.replace(/^\[|\]$/g, ""),
		port: port === undefined ? (secure ? 443 : 80) : Number(port),
		authority,
		path: path.startsWith("?") ? `/${path}` : path,
	};
}

/** Throws for a name or value that would end its line: it comes from outside. */
function headerLine(name: string, value: string): string {
	if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || /[\r\n\0]/.test(value)) {
		throw new AutonomyError("bad_argument", `the header ${JSON.stringify(name)} cannot be sent`);
	}
	return `${name}: ${value}`;
}

export function headerLines(request: HttpRequest): string[] {
	return Object.entries(request.headers ?? {}).map(([name, value]) => headerLine(name, value));
}

export function encodeRequest(request: HttpRequest, url: Url): Uint8Array {
	const body = typeof request.body === "string" ? encodeText(request.body) : request.body;
	const method = request.method ?? "GET";
	if (!/^[A-Z]+$/.test(method)) throw new AutonomyError("bad_argument", `no method: ${method}`);
	const lines = [`${method} ${asciiPath(url.path)} HTTP/1.1`, `host: ${url.authority}`, ...headerLines(request)];
	if (body !== undefined || method !== "GET") lines.push(`content-length: ${body?.length ?? 0}`);
	return concat([encodeText(`${lines.join("\r\n")}\r\n\r\n`), body ?? new Uint8Array(0)]);
}

/** What goes beyond ASCII is encoded; what is encoded already stays. */
function asciiPath(path: string): string {
	return path.replace(/[^\x21-\x7e]+/g, (text) => encodeURI(text));
}

export interface Head {
	readonly status: number;
	readonly headers: Record<string, string>;
	/** Where the body begins. */
	readonly end: number;
}

/** Null: not whole yet. Interim replies (1xx) are passed over. Throws connection_failed for what is no HTTP. */
export function parseHead(bytes: Uint8Array, from = 0): Head | null {
	const end = endOfHead(bytes, from);
	if (end === -1) {
		if (bytes.length - from > MAX_HEAD_BYTES) throw new AutonomyError("connection_failed", "headers without an end");
		return null;
	}
	const [first = "", ...rest] = linesOf(decodeText(bytes.subarray(from, end)));
	const status = Number(/^HTTP\/[\d.]+ (\d{3})(?: |$)/.exec(first)?.[1] ?? 0);
	if (status === 0) throw new AutonomyError("connection_failed", "its answer is no HTTP");
	if (status >= 100 && status < 200) return parseHead(bytes, end);
	const headers: Record<string, string> = {};
	for (const line of rest) {
		const match = /^([^\s:]+):[ \t]*(.*?)[ \t]*$/.exec(line);
		if (match === null) continue;
		const [, name = "", value = ""] = match;
		const key = name.toLowerCase();
		headers[key] = headers[key] === undefined ? value : `${headers[key]}, ${value}`;
	}
	return { status, headers, end };
}

/** Not split() by an expression: it is tried at every character (measured: two thirds of all expressions at rest, and of their memory). */
function linesOf(head: string): string[] {
	return head.split("\n").map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
}

/** The text is made when somebody wants it: a dish's answer is none, and making one takes longer than all the rest of it. */
export function httpResponse({ status, headers }: Head, bytes: Uint8Array): HttpResponse {
	return {
		status,
		headers,
		bytes,
		get body() {
			return decodeText(bytes);
		},
	};
}

/** Behind the empty line, -1 when there is none yet. */
function endOfHead(bytes: Uint8Array, from: number): number {
	for (let at = bytes.indexOf(10, from); at !== -1; at = bytes.indexOf(10, at + 1)) {
		if (bytes[at + 1] === 10) return at + 2;
		if (bytes[at + 1] === 13 && bytes[at + 2] === 10) return at + 3;
	}
	return -1;
}

export interface ReplyReader {
	/** The reply, once it is whole. Throws connection_failed, or queue_full when its body is longer than `maxBytes`. */
	push(bytes: Uint8Array): HttpResponse | null;
	/** The peer has closed: the reply, when that was its end. */
	end(): HttpResponse | null;
}

export function createReplyReader(method: string, maxBytes: number): ReplyReader {
	let bytes: Uint8Array = new Uint8Array(0);
	let head: Head | null = null;

	const reply = (body: Uint8Array): HttpResponse | null => head && httpResponse(head, body);
	const limit = (size: number): void => {
		if (size > maxBytes) throw new AutonomyError("queue_full", `answer beyond ${maxBytes} bytes`);
	};
	const whole = (): HttpResponse | null => {
		head ??= parseHead(bytes);
		if (head === null) return null;
		const { status, headers, end } = head;
		if (method === "HEAD" || status === 204 || status === 304) return reply(new Uint8Array(0));
		const body = bytes.subarray(end);
		if (headers["transfer-encoding"]?.toLowerCase().includes("chunked")) {
			const parts = chunks(body, limit);
			return parts === null ? null : reply(concat(parts));
		}
		const length = headers["content-length"];
		if (length === undefined) {
			limit(body.length);
			return null;
		}
		if (!/^\d{1,15}$/.test(length)) throw new AutonomyError("connection_failed", "its answer has no sensible length");
		limit(Number(length));
		return body.length >= Number(length) ? reply(body.slice(0, Number(length))) : null;
	};
	return {
		push(more) {
			bytes = bytes.length === 0 ? more : concat([bytes, more]);
			return whole();
		},
		end() {
			if (head === null || "transfer-encoding" in head.headers || "content-length" in head.headers) return null;
			return reply(bytes.slice(head.end));
		},
	};
}

/** Null: the last one has not come. */
function chunks(body: Uint8Array, limit: (size: number) => void): Uint8Array[] | null {
	const parts: Uint8Array[] = [];
	let size = 0;
	for (let at = 0; ; ) {
		const lineEnd = body.indexOf(10, at);
		if (lineEnd === -1) {
			if (body.length - at > 1024) throw new AutonomyError("connection_failed", "its answer is cut into no chunks");
			return null;
		}
		const text = /^([0-9a-fA-F]{1,8})[ \t]*(?:;.*)?\r?$/.exec(decodeText(body.subarray(at, lineEnd)))?.[1];
		if (text === undefined) throw new AutonomyError("connection_failed", "its answer is cut into no chunks");
		const length = Number.parseInt(text, 16);
		size += length;
		limit(size);
		const start = lineEnd + 1;
		if (length === 0) return endOfHead(body, lineEnd) !== -1 || body.length >= start + 2 ? parts : null;
		if (body.length < start + length + 2) return null;
		parts.push(body.subarray(start, start + length));
		at = start + length + 2;
	}
}
