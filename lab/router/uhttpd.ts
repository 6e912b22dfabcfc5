/**
 * uhttpd's /ubus for the lab: JSON-RPC over POST, single or batch, with the error numbers a real one gives (a failed call
 * is a result with its status, a denied one an error -32002, an unknown object -32000), 64 KiB at most. Also serves files
 * below a folder, with the headers uhttpd's file.c writes.
 */
import { readFileSync, type Stats, statSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { BlobInputTable, BlobTable } from "../../daemon/bus/blobmsg.ts";
import type { Bus } from "../../daemon/bus/bus.ts";
import { isAutonomyError } from "../../daemon/platform/error.ts";
import type { Sessions } from "./session.ts";

const LIMIT = 65_536;
const WIRE_WORDS = ["unknown", "array", "object", "string", "number", "number", "number", "boolean", "number"];

const ERRORS = {
	parse: [-32700, "Parse error"],
	request: [-32600, "Invalid request"],
	method: [-32601, "Method not found"],
	params: [-32602, "Invalid parameters"],
	internal: [-32603, "Internal error"],
	object: [-32000, "Object not found"],
	denied: [-32002, "Access denied"],
	timeout: [-32003, "ubus request timed out"],
} as const;

type Answer = { jsonrpc: "2.0"; id: unknown; result?: unknown; error?: { code: number; message: string } };

function failed(id: unknown, which: keyof typeof ERRORS): Answer {
	const [code, message] = ERRORS[which];
	return { jsonrpc: "2.0", id, error: { code, message } };
}

/** Six decimals for what is no whole number, as blobmsg prints doubles. */
function printable(_: string, value: unknown): unknown {
	if (typeof value === "bigint") return Number(value);
	return typeof value === "number" && !Number.isInteger(value) ? Number(value.toFixed(6)) : value;
}

/** Of uhttpd's mimetypes.h what we serve; it names no character set, and calls all else a stream of bytes. */
const TYPES: Readonly<Record<string, string>> = {
	html: "text/html",
	js: "text/javascript",
	css: "text/css",
	png: "image/png",
	svg: "image/svg+xml",
};

export interface Uhttpd {
	/** The folder whose files GET answers; null: none. */
	setRoot(folder: string | null): void;
	listen(where: number | string): Promise<void>;
}

function statOf(path: string): Stats | null {
	try {
		return statSync(path);
	} catch {
		return null;
	}
}

export function createUhttpd(bus: Bus, sessions: Sessions): Uhttpd {
	let root: string | null = null;

	async function call(id: unknown, params: unknown): Promise<Answer> {
		if (!Array.isArray(params) || params.length < 4) return failed(id, "parse");
		const [sid, object, method, args] = params as [unknown, unknown, unknown, unknown];
		if (typeof sid !== "string" || typeof object !== "string" || typeof method !== "string") return failed(id, "parse");
		if (typeof args !== "object" || args === null || Array.isArray(args)) return failed(id, "parse");
		if ("ubus_rpc_session" in args) return failed(id, "params");
		try {
			await bus.lookup(object);
		} catch (error) {
			return failed(id, isAutonomyError(error, "timeout") ? "timeout" : "object");
		}
		// Logging in needs no rights.
		if (!(object === "session" && method === "login") && !sessions.access(sid, "ubus", object, method)) {
			return failed(id, "denied");
		}
		try {
			const data: BlobTable = await bus.call(
				object,
				method,
				{ ...(args as BlobInputTable), ubus_rpc_session: sid },
				{ timeoutMs: 60_000 },
			);
			return { jsonrpc: "2.0", id, result: Object.keys(data).length > 0 ? [0, data] : [0] };
		} catch (error) {
			if (!isAutonomyError(error)) return failed(id, "internal");
			if (error.code === "timeout") return failed(id, "timeout");
			const status = error.context.status;
			return {
				jsonrpc: "2.0",
				id,
				result: [typeof status === "number" ? status : error.code === "bus_not_found" ? 4 : 9],
			};
		}
	}

	async function list(id: unknown, params: unknown): Promise<Answer> {
		const patterns = Array.isArray(params) ? params.filter((p): p is string => typeof p === "string") : [];
		// LuCI puts the session first; patterns that match nothing are silently empty.
		const wanted = patterns.filter((pattern) => !/^[0-9a-f]{32}$/.test(pattern));
		if (wanted.length === 0) return { jsonrpc: "2.0", id, result: (await bus.list()).map((o) => o.path).sort() };
		const result: Record<string, Record<string, Record<string, string>>> = {};
		for (const pattern of wanted) {
			for (const object of await bus.list(pattern)) {
				result[object.path] = Object.fromEntries(
					Object.entries(object.methods).map(([name, args]) => [
						name,
						Object.fromEntries(Object.entries(args).map(([arg, type]) => [arg, WIRE_WORDS[type] ?? "unknown"])),
					]),
				);
			}
		}
		return { jsonrpc: "2.0", id, result };
	}

	async function one(request: unknown): Promise<Answer> {
		if (typeof request !== "object" || request === null || Array.isArray(request)) return failed(null, "parse");
		const { jsonrpc, id = null, method, params } = request as Record<string, unknown>;
		if (jsonrpc !== "2.0" || typeof method !== "string") return failed(id, "parse");
		if (method === "call") return call(id, params);
		if (method === "list") return list(id, params);
		return failed(id, "method");
	}

	function reply(response: ServerResponse, answer: unknown): void {
		response.writeHead(200, { "Content-Type": "application/json" });
		response.end(JSON.stringify(answer, printable));
	}

	function post(request: IncomingMessage, response: ServerResponse): void {
		let body = "";
		let tooLong = false;
		request.setEncoding("utf8").on("data", (text: string) => {
			tooLong ||= body.length + text.length > LIMIT;
			if (!tooLong) body += text;
		});
		request.on("end", () => {
			let parsed: unknown;
			try {
				parsed = tooLong ? undefined : JSON.parse(body);
			} catch {
				parsed = undefined;
			}
			const work = async (): Promise<unknown> => {
				if (!Array.isArray(parsed)) return one(parsed);
				const answers: Answer[] = [];
				for (const entry of parsed) answers.push(await one(entry));
				return answers;
			};
			work().then(
				(answer) => reply(response, answer),
				() => reply(response, failed(null, "internal")),
			);
		});
	}

	const handle = (request: IncomingMessage, response: ServerResponse): void => {
		const path = (request.url ?? "/").split("?")[0] ?? "/";
		if (path === "/ubus" || path === "/ubus/") {
			if (request.method === "POST") post(request, response);
			else response.writeHead(request.method === "OPTIONS" ? 200 : 400).end();
			return;
		}
		file(path, request, response);
	};

	/** A folder without the slash at its end is a redirect, with it its index.html. */
	function file(path: string, request: IncomingMessage, response: ServerResponse): void {
		const found = root === null || path.includes("..") ? null : statOf(`${root}${path}`);
		if (found === null || (request.method !== "GET" && request.method !== "HEAD")) {
			response.writeHead(404, { "Content-Type": "text/plain" }).end("Not found\n");
			return;
		}
		if (found.isDirectory()) {
			if (path.endsWith("/")) file(`${path}index.html`, request, response);
			else response.writeHead(302, { Location: `${path}/` }).end();
			return;
		}
		const tag = `"${found.ino.toString(16)}-${found.size.toString(16)}-${Math.floor(found.mtimeMs / 1000).toString(16)}"`;
		const headers = { ETag: tag, "Last-Modified": found.mtime.toUTCString() };
		if (request.headers["if-none-match"] === tag) {
			response.writeHead(304, headers).end();
			return;
		}
		const type = TYPES[path.slice(path.lastIndexOf(".") + 1)] ?? "application/octet-stream";
		response.writeHead(200, { ...headers, "Content-Type": type, "Content-Length": found.size });
		response.end(request.method === "HEAD" ? undefined : readFileSync(`${root}${path}`));
	}

	return {
		setRoot(folder) {
			root = folder;
		},
		listen: (where) =>
			new Promise((resolve, reject) => {
				const server = createServer(handle);
				server.on("error", reject);
				server.listen(where, () => resolve());
			}),
	};
}
