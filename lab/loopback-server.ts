/** The web servers of the lab's stand-ins: on a free port of the loopback address, and out of reach when they are told so. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

/** What files are, by their ending. */
export const FILE_TYPES: Readonly<Record<string, string>> = {
	".js": "text/javascript; charset=utf-8",
	".css": "text/css; charset=utf-8",
	".json": "application/json",
	".html": "text/html; charset=utf-8",
	".svg": "image/svg+xml",
	".png": "image/png",
	".woff2": "font/woff2",
};

export interface LoopbackServer {
	readonly url: string;
	/** An answer that was being made must not go out when it is false by then. */
	up(): boolean;
	/** False: connections are dropped, as when the cable is pulled. */
	reachable(yes: boolean): void;
	close(): void;
}

/** What `handle` rejects with ends the connection. */
export async function serveLoopback(
	handle: (request: IncomingMessage, response: ServerResponse) => Promise<void> | void,
): Promise<LoopbackServer> {
	let up = true;
	const server = createServer((request, response) => {
		if (!up) {
			request.socket.destroy();
			return;
		}
		Promise.resolve()
			.then(() => handle(request, response))
			.catch(() => response.destroy());
	});
	const port = await new Promise<number>((done, fail) => {
		server.on("error", fail);
		server.listen(0, "127.0.0.1", () => {
			const address = server.address();
			done(typeof address === "object" && address !== null ? address.port : 0);
		});
	});
	return {
		url: `http://127.0.0.1:${port}`,
		up: () => up,
		reachable(yes) {
			up = yes;
			if (!yes) server.closeAllConnections();
		},
		close() {
			server.closeAllConnections();
			server.close();
		},
	};
}
