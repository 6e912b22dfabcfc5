/**
 * gRPC-Web over HTTP/1.1, the dish's second door (port 9201): one POST per call, each message behind a flag byte and its
 * length (big-endian, 4 bytes); flag 0x80 marks the trailers. A refusal may come in the headers, without a body.
 */
import { AutonomyError } from "../../platform/error.ts";
import type { HttpClient, RpcChannel, RpcTarget } from "../../platform/platform.ts";
import { rpcError } from "../../platform/rpc-status.ts";

const HEAD = 5;
const TRAILERS = 0x80;
const MAX_REPLY_BYTES = 1 << 20;

function frame(message: Uint8Array): Uint8Array {
	const bytes = new Uint8Array(HEAD + message.length);
	new DataView(bytes.buffer).setUint32(1, message.length);
	bytes.set(message, HEAD);
	return bytes;
}

function ascii(bytes: Uint8Array): string {
	return String.fromCharCode(...bytes.subarray(0, 1000));
}

function check(status: string | undefined, message: string | undefined): void {
	const code = Number(status ?? "0");
	if (code !== 0) throw rpcError(Number.isInteger(code) ? code : 2, message ?? "");
}

/** The first message of a reply; throws what its trailers say, or rpc_bad_reply. */
export function unframe(bytes: Uint8Array): Uint8Array {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	let message: Uint8Array | null = null;
	let at = 0;
	while (at + HEAD <= bytes.length) {
		const flags = view.getUint8(at);
		const length = view.getUint32(at + 1);
		const end = at + HEAD + length;
		if (end > bytes.length) break;
		const inner = bytes.subarray(at + HEAD, end);
		if (flags === TRAILERS) {
			const words = ascii(inner);
			check(/^grpc-status: ?(\d+)/im.exec(words)?.[1], /^grpc-message: ?(.*?)\r?$/im.exec(words)?.[1]);
		} else if (flags === 0) message ??= inner;
		at = end;
	}
	if (message === null || at !== bytes.length)
		throw new AutonomyError("rpc_bad_reply", "its reply is cut or no gRPC-Web");
	return message;
}

const HEADERS = { "content-type": "application/grpc-web+proto", "x-grpc-web": "1" };

export function openWebChannel(http: HttpClient, target: RpcTarget): RpcChannel {
	return {
		async call(path, message, timeoutMs) {
			const reply = await http.request({
				url: `http://${target.host}:${target.port}${path}`,
				method: "POST",
				headers: HEADERS,
				body: frame(message),
				timeoutMs,
				maxBytes: MAX_REPLY_BYTES,
				...(target.localAddress === undefined ? {} : { localAddress: target.localAddress }),
			});
			if (reply.status !== 200) throw new AutonomyError("rpc_failed", `HTTP status ${reply.status}`);
			check(reply.headers["grpc-status"], reply.headers["grpc-message"]);
			return unframe(reply.bytes);
		},
		close() {},
	};
}
