/**
 * Reads one reply of HTTP/1.1 from bytes as they come, each byte once: the peer may send them in drops, and much that is no
 * body (interim replies, extensions of chunks). Keeps no more than a head, or `maxBytes` of body. Pure. RFC 9112.
 */
import { AutonomyError } from "./error.ts";
import { endOfHead, type Head, httpResponse, isInterim, MAX_HEAD_BYTES, nextHead } from "./http-message.ts";
import type { HttpResponse } from "./platform.ts";
import { concat, decodeText } from "./text.ts";

/** A line before a chunk, with its extensions. */
const MAX_LINE = 1024;
const NOTHING = new Uint8Array(0);

export interface ReplyReader {
	/** The reply, once it is whole. Throws connection_failed, or queue_full when its body is longer than `maxBytes`. */
	push(bytes: Uint8Array): HttpResponse | null;
	/** The peer has closed: the reply, when that was its end. */
	end(): HttpResponse | null;
}

/** Room that grows by doubling: many small pieces are copied seldom. */
function createGathering() {
	let room = NOTHING;
	let used = 0;
	return {
		get length() {
			return used;
		},
		add(part: Uint8Array): void {
			if (used + part.length > room.length) {
				const larger = new Uint8Array(Math.max(used + part.length, 2 * room.length));
				larger.set(room.subarray(0, used));
				room = larger;
			}
			room.set(part, used);
			used += part.length;
		},
		/** A view. */
		bytes: () => room.subarray(0, used),
	};
}

/** Takes the next bytes of a body; true when it is whole. */
type Body = (bytes: Uint8Array) => boolean;

export function createReplyReader(method: string, maxBytes: number): ReplyReader {
	const gathered = createGathering();
	const content = createGathering();
	let head: Head | null = null;
	/** Of the head, behind those of interim replies. */
	let begin = 0;
	let body: Body = () => true;

	const keep = (bytes: Uint8Array): void => {
		limit(content.length + bytes.length);
		content.add(bytes);
	};
	const limit = (size: number): void => {
		if (size > maxBytes) throw new AutonomyError("queue_full", `answer beyond ${maxBytes} bytes`);
	};
	const bodyOf = ({ status, headers }: Head): Body => {
		if (method === "HEAD" || status === 204 || status === 304) return () => true;
		if (headers["transfer-encoding"]?.toLowerCase().includes("chunked"))
			return chunked(keep, (more) => limit(content.length + more));
		const length = headers["content-length"];
		if (length === undefined) {
			return (bytes) => {
				keep(bytes);
				return false;
			};
		}
		if (!/^\d{1,15}$/.test(length)) throw new AutonomyError("connection_failed", "its answer has no sensible length");
		const wanted = Number(length);
		limit(wanted);
		return (bytes) => {
			keep(bytes.subarray(0, wanted - content.length));
			return content.length === wanted;
		};
	};
	/** What follows the head, once that is whole. */
	const afterHead = (bytes: Uint8Array): Uint8Array | null => {
		if (head !== null) return bytes;
		// The end of a head may have begun in the piece before.
		let looked = Math.max(begin, gathered.length - 3);
		gathered.add(bytes);
		const all = gathered.bytes();
		while (endOfHead(all, looked) !== -1) {
			const next = nextHead(all, begin);
			if (next === null) break;
			if (!isInterim(next)) {
				head = next;
				body = bodyOf(next);
				return all.subarray(next.end);
			}
			begin = next.end;
			looked = begin;
		}
		if (all.length > MAX_HEAD_BYTES) throw new AutonomyError("connection_failed", "headers without an end");
		return null;
	};
	const reply = (): HttpResponse | null => head && httpResponse(head, content.bytes().slice());

	return {
		push(more) {
			const rest = afterHead(more);
			return rest !== null && body(rest) ? reply() : null;
		},
		end() {
			if (head === null || "transfer-encoding" in head.headers || "content-length" in head.headers) return null;
			return reply();
		},
	};
}

/** The line before a chunk, the chunk, the end of its line; at last, after one of no length, lines up to an empty one. */
function chunked(keep: (bytes: Uint8Array) => void, announced: (more: number) => void): Body {
	let state: "size" | "data" | "end" | "trailer" = "size";
	/** Of the chunk, or of the end of its line. */
	let left = 0;
	let line: Uint8Array = NOTHING;
	let trailing = 0;
	const broken = (): AutonomyError => new AutonomyError("connection_failed", "its answer is cut into no chunks");

	function takeLine(): boolean {
		const text = decodeText(line).replace(/\r$/, "");
		line = NOTHING;
		if (state === "trailer") return text === "";
		const size = /^([0-9a-fA-F]{1,8})[ \t]*(?:;.*)?$/.exec(text)?.[1];
		if (size === undefined) throw broken();
		left = Number.parseInt(size, 16);
		announced(left);
		state = left === 0 ? "trailer" : "data";
		return false;
	}

	return (bytes) => {
		for (let at = 0; at < bytes.length; ) {
			if (state === "data" || state === "end") {
				const part = bytes.subarray(at, at + left);
				if (state === "data") keep(part);
				at += part.length;
				left -= part.length;
				if (left > 0) continue;
				state = state === "data" ? "end" : "size";
				left = state === "end" ? 2 : 0;
				continue;
			}
			const end = bytes.indexOf(10, at);
			const part = bytes.subarray(at, end === -1 ? bytes.length : end);
			if (line.length + part.length > MAX_LINE || trailing > MAX_HEAD_BYTES) throw broken();
			if (state === "trailer") trailing += part.length + 1;
			line = line.length === 0 ? part.slice() : concat([line, part]);
			at += part.length + (end === -1 ? 0 : 1);
			if (end !== -1 && takeLine()) return true;
		}
		return false;
	};
}
