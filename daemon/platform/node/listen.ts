/** A small web server for loopback: GET and HEAD, few connections, short waits. */
import { createServer, type Server } from "node:http";
import { AutonomyError, errorText } from "../error.ts";
import { IDLE_MS, type Listening, type ListenOptions } from "../outlets.ts";
import { ORPHAN_MS, orphanWatch } from "../web-orphans.ts";
import { nodeFiles } from "./files.ts";

const MAX_CONNECTIONS = 16;
/** From there on those on which nobody asks are closed. */
const MANY = 6;
/** For a whole request; the library looks at all of them now and then, by itself only every 30 s. */
const REQUEST_MS = 5_000;
const CHECK_MS = 2_500;

/** A QuickJS daemon may have run before, and been killed. */
const ORPHANS = { files: nodeFiles, end: (pid: number): boolean => process.kill(pid, "SIGTERM") };

function serve({ handle, idleMs = IDLE_MS }: ListenOptions): Server {
	const limits = { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS, connectionsCheckingInterval: CHECK_MS };
	const server = createServer({ ...limits, keepAliveTimeout: idleMs }, (request, response) => {
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
			const reply = handle((request.url ?? "").split("?")[0] ?? "");
			if (reply === null) send(404, "text/plain", "not found\n");
			else send(reply.status, reply.type, reply.body);
		} catch (error) {
			send(500, "text/plain", `${errorText(error)}\n`);
		}
	});
	let open = 0;
	server.on("connection", (socket) => {
		if (++open > MANY) server.closeIdleConnections();
		socket.on("close", () => open--);
	});
	server.maxConnections = MAX_CONNECTIONS;
	return server;
}

export function listen(options: ListenOptions): Promise<Listening> {
	const { host, port } = options;
	const server = serve(options);
	const mayBeFreeSoon = orphanWatch(port, ORPHANS);
	return new Promise((resolve, reject) => {
		const attempt = (): void => void server.listen({ host, port });
		server.on("error", (error: NodeJS.ErrnoException) => {
			if (error.code === "EADDRINUSE" && mayBeFreeSoon()) setTimeout(attempt, ORPHAN_MS);
			else reject(new AutonomyError("connection_failed", `cannot listen on ${host}:${port}: ${error.message}`));
		});
		server.once("listening", () => {
			const address = server.address();
			resolve({
				port: typeof address === "object" && address !== null ? address.port : port,
				close() {
					server.close();
					server.closeAllConnections();
				},
			});
		});
		attempt();
	});
}
