/** Makes the web server inside the lab reachable at a port of the host's loopback, by way of its unix socket. */
import { connect, createServer, type Server, type Socket } from "node:net";

export interface Relay {
	readonly port: number;
	close(): void;
}

function listen(server: Server, port: number): Promise<number> {
	return new Promise((resolve, reject) => {
		server.once("error", reject);
		server.listen(port, "127.0.0.1", () => {
			server.off("error", reject);
			const address = server.address();
			resolve(typeof address === "object" && address !== null ? address.port : port);
		});
	});
}

/** `port` null: 8080, or any free one when that is taken. */
export async function startRelay(socketPath: string, port: number | null): Promise<Relay> {
	const open = new Set<Socket>();
	const server = createServer((client) => {
		const inside = connect(socketPath);
		for (const [from, to] of [
			[client, inside],
			[inside, client],
		] as const) {
			open.add(from);
			from.pipe(to);
			from.on("error", () => to.destroy());
			from.on("close", () => open.delete(from));
		}
	});
	let bound: number;
	try {
		bound = await listen(server, port ?? 8080);
	} catch (error) {
		if (port !== null || (error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
		bound = await listen(server, 0);
	}
	return {
		port: bound,
		close() {
			server.close();
			for (const socket of open) socket.destroy();
		},
	};
}
