/** What a small web server says to one request of HTTP/1: GET and HEAD. Pure but for what its pages do. */
import { errorText } from "../error.ts";
import type { ListenOptions } from "../outlets.ts";
import { concat, decodeText, encodeText } from "../text.ts";

const MAX_REQUEST = 8192;
const STATUS: Readonly<Record<number, string>> = {
	200: "OK",
	400: "Bad Request",
	404: "Not Found",
	405: "Method Not Allowed",
	500: "Internal Server Error",
	503: "Service Unavailable",
};

export interface Answer {
	readonly bytes: Uint8Array;
	/** So much of what came is answered. */
	readonly used: number;
	/** The connection can carry another request. */
	readonly keep: boolean;
}

/** What to say to the first request in what came; null: it is not whole yet. */
export function answer(request: Uint8Array, handle: ListenOptions["handle"]): Answer | null {
	const end = endOfHead(request);
	if (end === -1 && request.length < MAX_REQUEST) return null;
	const text = decodeText(request.subarray(0, end === -1 ? MAX_REQUEST : end + 4));
	const [line = "", method = "", target = "", version] = /^([A-Z]+) (\S+) HTTP\/1\.([01])\r\n/.exec(text) ?? [];
	const isWhole = end !== -1 && method !== "";
	const reply = isWhole ? replyTo(method, target, handle) : plain(400, "not HTTP/1");
	const headers = text.slice(line.length);
	// A body would be taken for the next request.
	const bodyOrEnd = /^(content-length|transfer-encoding|connection:.*close)/im.test(headers);
	const keep = isWhole && version === "1" && reply.status !== 405 && !bodyOrEnd;
	const body = encodeText(reply.body);
	const head = [
		`HTTP/1.1 ${reply.status} ${STATUS[reply.status] ?? "Status"}`,
		`Content-Type: ${reply.type}`,
		`Content-Length: ${body.length}`,
		...(keep ? [] : ["Connection: close"]),
		"\r\n",
	];
	const bytes = concat([encodeText(head.join("\r\n")), ...(method === "HEAD" ? [] : [body])]);
	return { bytes, used: end === -1 ? request.length : end + 4, keep };
}

/** Counted in bytes: a header may hold what is more than one of them. -1: it is not there, or too far away. */
function endOfHead(request: Uint8Array): number {
	const most = Math.min(request.length, MAX_REQUEST) - 3;
	for (let at = request.indexOf(13); at !== -1 && at < most; at = request.indexOf(13, at + 1)) {
		if (request[at + 1] === 10 && request[at + 2] === 13 && request[at + 3] === 10) return at;
	}
	return -1;
}

type Reply = NonNullable<ReturnType<ListenOptions["handle"]>>;

function plain(status: number, words: string): Reply {
	return { status, type: "text/plain", body: `${words}\n` };
}

function replyTo(method: string, target: string, handle: ListenOptions["handle"]): Reply {
	if (method !== "GET" && method !== "HEAD") return plain(405, "GET only");
	try {
		return handle(target.split("?")[0] ?? "") ?? plain(404, "not found");
	} catch (error) {
		return plain(500, errorText(error));
	}
}
