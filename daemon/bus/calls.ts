/**
 * Calls to other people's objects, and the cache of their ids. An id is looked up once per path; it is forgotten when the
 * object leaves (ubus.object.remove) or when it turns out to be gone. A call is repeated only when the broker's NOT_FOUND
 * came for an id that is no longer the object's: a method that answers NOT_FOUND itself is never run twice.
 */
import { AutonomyError } from "../platform/error.ts";
import type { Clock } from "../platform/platform.ts";
import type { BlobInputTable, BlobTable, BlobValue } from "./blobmsg.ts";
import { decodeTable, setMember } from "./blobmsg-read.ts";
import type { CallOptions, ObjectInfo } from "./bus.ts";
import type { Link } from "./link.ts";
import { ATTR, type Message, MSG } from "./message.ts";
import { STATUS, statusError } from "./status.ts";

const DEFAULT_TIMEOUT_MS = 5000;
/** Together, all pieces of one answer. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

export interface Calls {
	call(object: string, method: string, args: BlobInputTable, options: CallOptions): Promise<BlobTable>;
	callRaw(object: string, method: string, args: BlobInputTable, options: CallOptions): Promise<Uint8Array[]>;
	/** An INVOKE of a known id, the event object for one. */
	invoke(id: number, method: string, args: BlobInputTable, what: string, options?: CallOptions): Promise<void>;
	lookup(path: string, options: CallOptions): Promise<ObjectInfo>;
	list(pattern: string | undefined, options: CallOptions): Promise<ObjectInfo[]>;
	/** Forgets the id and fails what waits for it. */
	objectLeft(path: string, id: number): void;
	clear(): void;
	readonly started: number;
	readonly failed: number;
}

function objectInfo(message: Message): ObjectInfo | null {
	if (message.objPath === null || message.objId === null) return null;
	const methods: Record<string, Record<string, number>> = {};
	const signature = message.signature === null ? {} : decodeTable(message.signature);
	for (const [method, args] of Object.entries(signature)) {
		if (typeof args !== "object" || args === null || Array.isArray(args)) continue;
		const types = Object.entries(args).filter((entry): entry is [string, number] => typeof entry[1] === "number");
		methods[method] = Object.fromEntries(types);
	}
	return { path: message.objPath, id: message.objId, typeId: message.objType, methods };
}

function merged(pieces: readonly BlobTable[]): BlobTable {
	if (pieces.length === 1 && pieces[0] !== undefined) return pieces[0];
	const all: Record<string, BlobValue> = {};
	for (const piece of pieces) {
		for (const [name, value] of Object.entries(piece)) setMember(all, name, value);
	}
	return all;
}

export function createCalls(link: Link, clock: Clock, onSeen: (path: string, id: number) => void): Calls {
	const ids = new Map<string, number>();
	let started = 0;
	let failed = 0;

	async function query(pattern: string | undefined, timeoutMs: number): Promise<ObjectInfo[]> {
		const found: ObjectInfo[] = [];
		const what = `lookup ${pattern ?? "of all objects"}`;
		const writer = link.writer.begin(MSG.lookup, 0, 0);
		if (pattern !== undefined) writer.text(ATTR.objPath, pattern);
		const status = await link.request({
			frame: writer.end(),
			peer: 0,
			what,
			timeoutMs,
			onData(message) {
				const info = objectInfo(message);
				if (info !== null) found.push(info);
			},
		});
		if (status === STATUS.notFound) return [];
		if (status !== 0) throw statusError(status, what);
		// A name without any method for us is answered with OK and nothing else (measured).
		if (found.length === 0 && pattern !== undefined && !pattern.endsWith("*")) {
			throw new AutonomyError("bus_denied", `ubus object ${pattern} has no method this user may call`, {
				object: pattern,
				status: STATUS.permissionDenied,
			});
		}
		return found;
	}

	async function lookup(path: string, timeoutMs: number): Promise<ObjectInfo> {
		// The broker would take these two for a pattern and for a mistake.
		const found = path === "" || path.endsWith("*") ? [] : await query(path, timeoutMs);
		const info = found[0];
		if (info === undefined) {
			ids.delete(path);
			throw new AutonomyError("bus_not_found", `no object ${path} on ubus: its service does not run (yet)`, {
				object: path,
				status: STATUS.notFound,
			});
		}
		ids.set(path, info.id);
		onSeen(path, info.id);
		return info;
	}

	async function request(
		id: number,
		method: string,
		args: BlobInputTable,
		what: string,
		timeoutMs: number,
		onPiece: (data: Uint8Array) => void,
	): Promise<number> {
		let bytes = 0;
		// The header's peer is the object id too: then answers and the broker's own errors carry the same peer.
		const writer = link.writer.begin(MSG.invoke, 0, id).u32(ATTR.objId, id).text(ATTR.method, method);
		return await link.request({
			frame: writer.table(ATTR.data, args).end(),
			peer: id,
			what,
			timeoutMs,
			onData(message) {
				if (message.data === null) return;
				bytes += message.data.length;
				if (bytes > MAX_ANSWER_BYTES) {
					throw new AutonomyError("bus_protocol", `ubus ${what}: answer longer than ${MAX_ANSWER_BYTES} bytes`);
				}
				onPiece(message.data);
			},
		});
	}

	async function attempt(
		object: string,
		method: string,
		args: BlobInputTable,
		options: CallOptions,
		onPiece: (data: Uint8Array) => void,
	): Promise<void> {
		const endMs = clock.monotonicMs() + (options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
		const leftMs = (): number => Math.max(1, Math.ceil(endMs - clock.monotonicMs()));
		const what = `call ${object} ${method}`;
		const cached = ids.get(object);
		let id = cached ?? (await lookup(object, leftMs())).id;
		let status = await request(id, method, args, what, leftMs(), onPiece);
		if (status === STATUS.notFound && cached !== undefined) {
			const fresh = (await lookup(object, leftMs())).id;
			if (fresh !== id) {
				id = fresh;
				status = await request(id, method, args, what, leftMs(), onPiece);
			}
		}
		if (status !== 0) throw statusError(status, what, { object, method });
	}

	async function counted<T>(work: Promise<T>): Promise<T> {
		started++;
		try {
			return await work;
		} catch (error) {
			failed++;
			throw error;
		}
	}

	return {
		async call(object, method, args, options) {
			const pieces: BlobTable[] = [];
			await counted(attempt(object, method, args, options, (data) => pieces.push(decodeTable(data))));
			return merged(pieces);
		},
		async callRaw(object, method, args, options) {
			const pieces: Uint8Array[] = [];
			await counted(attempt(object, method, args, options, (data) => pieces.push(data.slice())));
			return pieces;
		},
		async invoke(id, method, args, what, options = {}) {
			const status = await request(id, method, args, what, options.timeoutMs ?? DEFAULT_TIMEOUT_MS, () => undefined);
			if (status !== 0) throw statusError(status, what);
		},
		lookup: (path, options) => lookup(path, options.timeoutMs ?? DEFAULT_TIMEOUT_MS),
		list: (pattern, options) => query(pattern, options.timeoutMs ?? DEFAULT_TIMEOUT_MS),
		objectLeft(path, id) {
			if (ids.get(path) === id) ids.delete(path);
			link.failPeer(id, "the provider left the bus before it answered");
		},
		clear: () => ids.clear(),
		get started() {
			return started;
		},
		get failed() {
			return failed;
		},
	};
}
