/** A small web server for loopback: GET and HEAD, few connections, short waits. */
import { createServer } from "node:http";
import { AutonomyError, errorText } from "../error.ts";
import type { ListenOptions } from "../outlets.ts";
import type { Closable } from "../platform.ts";

export function listen(options: ListenOptions): Promise<Closable & { readonly port: number }> {
	const server = createServer(
		{ requestTimeout: 5_000, headersTimeout: 5_000, keepAliveTimeout: 5_000 },
		(request, response) => {
			const send = (status: number, type: string, body: string): void => {
				response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) });
				response.end(request.method === "HEAD" ? undefined : body);
			};
			request.resume();
			if (request.method !== "GET" && request.method !== "HEAD") {
				send(405, "text/plain", "GET only\n");
				return;
			}
			try {
				const reply = options.handle((request.url ?? "").split("?")[0] ?? "");
				if (reply === null) send(404, "text/plain", "not found\n");
				else send(reply.status, reply.type, reply.body);
			} catch (error) {
				send(500, "text/plain", `${errorText(error)}\n`);
			}
		},
	);
	server.maxConnections = 16;
	return new Promise((resolve, reject) => {
		server.once("error", (error) => {
			reject(
				new AutonomyError("connection_failed", `cannot listen on ${options.host}:${options.port}: ${error.message}`),
			);
		});
		server.listen({ host: options.host, port: options.port }, () => {
			const address = server.address();
			resolve({
				port: typeof address === "object" && address !== null ? address.port : options.port,
				close() {
					server.close();
					server.closeAllConnections();
				},
			});
		});
	});
}
