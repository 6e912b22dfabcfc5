/** HTTP/1.1 messages: writes requests, reads the heads of replies (http-reply.ts reads the rest). Pure. RFC 9112. */
import { AutonomyError } from "./error.ts";
import type { HttpRequest, HttpResponse } from "./platform.ts";
import { concat, decodeText, encodeText } from "./text.ts";

export const MAX_HEAD_BYTES = 65_536;

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
export function parseHead(bytes: Uint8Array): Head | null {
	let head = nextHead(bytes, 0);
	while (head !== null && isInterim(head)) head = nextHead(bytes, head.end);
	return head;
}

export function isInterim({ status }: Head): boolean {
	return status >= 100 && status < 200;
}

/** The one that begins at `from`, interim or not. */
export function nextHead(bytes: Uint8Array, from: number): Head | null {
	const end = endOfHead(bytes, from);
	if (end === -1) {
		if (bytes.length - from > MAX_HEAD_BYTES) throw new AutonomyError("connection_failed", "headers without an end");
		return null;
	}
	const [first = "", ...rest] = linesOf(decodeText(bytes.subarray(from, end)));
	const status = Number(/^HTTP\/[\d.]+ (\d{3})(?: |$)/.exec(first)?.[1] ?? 0);
	if (status === 0) throw new AutonomyError("connection_failed", "its answer is no HTTP");
	return { status, headers: headersIn(rest), end };
}

function headersIn(lines: readonly string[]): Record<string, string> {
	const headers: Record<string, string> = {};
	for (const line of lines) {
		const match = /^([^\s:]+):[ \t]*(.*?)[ \t]*$/.exec(line);
		if (match === null) continue;
		const [, name = "", value = ""] = match;
		const key = name.toLowerCase();
		headers[key] = headers[key] === undefined ? value : `${headers[key]}, ${value}`;
	}
	return headers;
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
export function endOfHead(bytes: Uint8Array, from: number): number {
	for (let at = bytes.indexOf(10, from); at !== -1; at = bytes.indexOf(10, at + 1)) {
		if (bytes[at + 1] === 10) return at + 2;
		if (bytes[at + 1] === 13 && bytes[at + 2] === 10) return at + 3;
	}
	return -1;
}
