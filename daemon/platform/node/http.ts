/** One HTTP(S) request at a time, on Node. The modules are loaded on first use: most routers never need them. */
import type { ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import { AutonomyError } from "../error.ts";
import type { HttpClient, HttpRequest, HttpResponse } from "../platform.ts";

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_BYTES = 1 << 20;

function optionsOf(request: HttpRequest): RequestOptions {
	return {
		method: request.method ?? "GET",
		headers: { ...request.headers },
		...(request.localAddress === undefined ? {} : { localAddress: request.localAddress }),
	};
}

function headersOf(response: IncomingMessage): Record<string, string> {
	const headers: Record<string, string> = {};
	for (const [name, value] of Object.entries(response.headers)) {
		if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
	}
	return headers;
}

function exchange(request: HttpRequest, client: ClientRequest): Promise<HttpResponse> {
	const timeoutMs = request.timeoutMs ?? DEFAULT_TIMEOUT_MS;
	const maxBytes = request.maxBytes ?? DEFAULT_MAX_BYTES;
	return new Promise((resolve, reject) => {
		const fail = (error: AutonomyError): void => {
			clearTimeout(timer);
			client.destroy();
			reject(error);
		};
		const timer = setTimeout(
			() => fail(new AutonomyError("timeout", `no complete answer within ${timeoutMs} ms`, { url: request.url })),
			timeoutMs,
		);
		client.on("error", (error) => fail(new AutonomyError("connection_failed", error.message, { url: request.url })));
		client.on("response", (response) => {
			const chunks: Buffer[] = [];
			let size = 0;
			response.on("data", (chunk: Buffer) => {
				size += chunk.length;
				if (size > maxBytes)
					fail(new AutonomyError("queue_full", `answer beyond ${maxBytes} bytes`, { url: request.url }));
				else chunks.push(chunk);
			});
			response.on("error", (error) =>
				fail(new AutonomyError("connection_failed", error.message, { url: request.url })),
			);
			response.on("end", () => {
				clearTimeout(timer);
				const bytes = Buffer.concat(chunks);
				const status = response.statusCode ?? 0;
				resolve({ status, headers: headersOf(response), bytes, body: bytes.toString("utf8") });
			});
		});
		client.end(request.body ?? "");
	});
}

export const nodeHttp: HttpClient = {
	async request(request) {
		const library = request.url.startsWith("https:") ? await import("node:https") : await import("node:http");
		return exchange(request, library.request(request.url, optionsOf(request)));
	},
};
