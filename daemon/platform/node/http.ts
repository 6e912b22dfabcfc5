/**
 * HTTP(S) requests on Node. An address of http:// is asked over a stream of ours, as on QuickJS: the dish, once a second, for
 * a third of what the library takes (measured); names, https:// and all that has rules of its own by the library. Both are
 * loaded on first use: most routers never need them.
 */
import type { ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import { isIP } from "node:net";
import { AutonomyError } from "../error.ts";
import type { HttpClient, HttpRequest, HttpResponse } from "../platform.ts";
import { nodeTimers } from "./clock.ts";
import { nodeStreams } from "./streams.ts";

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_BYTES = 1 << 20;

async function optionsOf(request: HttpRequest): Promise<RequestOptions> {
	return {
		method: request.method ?? "GET",
		headers: { ...request.headers },
		...(request.publicOnly === true ? await publicOnly(request.url) : {}),
		...(request.localAddress === undefined ? {} : { localAddress: request.localAddress }),
	};
}

/** Names are checked when they are resolved; addresses are never resolved. */
async function publicOnly(url: string): Promise<RequestOptions> {
	const { isPrivateAddress, publicLookup } = await import("./addresses.ts");
	const host = new URL(url).hostname.replace(/^\[|\]$/g, "");
	if (isIP(host) !== 0 && isPrivateAddress(host)) throw new AutonomyError("refused", `${host} is a private address`);
	return { lookup: publicLookup };
}

function headersOf(response: IncomingMessage): Record<string, string> {
	const headers: Record<string, string> = {};
	for (const [name, value] of Object.entries(response.headers)) {
		if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
	}
	return headers;
}

/** What a refused certificate may come from: nothing was sent, and another way may lead to the right server. */
function certificateWords({ code = "" }: NodeJS.ErrnoException): string {
	if (/CERT_(NOT_YET_VALID|HAS_EXPIRED)/.test(code))
		return "the server's certificate is out of date, or this clock is wrong: ";
	const refused = /CERT|SELF_SIGNED|ALTNAME|UNABLE_TO_/.test(code);
	return refused ? "the server's certificate is not accepted (is a login page in between?): " : "";
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
		const { connectTimeoutMs } = request;
		const connecting =
			connectTimeoutMs === undefined
				? undefined
				: setTimeout(
						() => fail(new AutonomyError("connection_failed", `no connection within ${connectTimeoutMs} ms`)),
						connectTimeoutMs,
					);
		const ready = request.url.startsWith("https:") ? "secureConnect" : "connect";
		client.on("socket", (socket) => {
			// A connection kept from before is ready at once.
			if (socket.connecting) socket.once(ready, () => clearTimeout(connecting));
			else clearTimeout(connecting);
		});
		client.on("close", () => clearTimeout(connecting));
		client.on("error", (error: NodeJS.ErrnoException) => {
			if (error.code === "EPRIVATE") fail(new AutonomyError("refused", error.message));
			else
				fail(
					new AutonomyError("connection_failed", `${certificateWords(error)}${error.message}`, { url: request.url }),
				);
		});
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

async function exchangeByLibrary(request: HttpRequest): Promise<HttpResponse> {
	const library = request.url.startsWith("https:") ? await import("node:https") : await import("node:http");
	return exchange(request, library.request(request.url, await optionsOf(request)));
}

/** Only an IPv4 address, and a way without anything a URL can have beside it. */
const PLAIN = /^http:\/\/\d+\.\d+\.\d+\.\d+(:\d+)?\/[\w./-]*$/;

let plain: Promise<HttpClient["request"]> | null = null;

async function loadPlain(): Promise<HttpClient["request"]> {
	const { parseUrl } = await import("../http-message.ts");
	const { createPlainHttp } = await import("../http-plain.ts");
	const ask = createPlainHttp(
		([host = ""], port, localAddress, handlers) =>
			nodeStreams.connect(
				{ kind: "tcp", host, port, ...(localAddress === undefined ? {} : { localAddress }) },
				handlers,
			),
		nodeTimers,
	);
	return (request) => ask(request, parseUrl(request.url), null);
}

export const nodeHttp: HttpClient = {
	async request(request) {
		if (!PLAIN.test(request.url) || request.publicOnly === true) return exchangeByLibrary(request);
		plain ??= loadPlain();
		return (await plain)(request);
	},
};
