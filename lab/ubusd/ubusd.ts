/**
 * The stand-in broker on a Unix socket. Like ubusd it removes what is at the path first, makes the socket mode 0666,
 * reads without limit, closes on a message that is too long or too short, and drops what a slow client's queue of 1 MiB
 * cannot take.
 */
import { chmodSync, rmSync } from "node:fs";
import net from "node:net";
import { createFrameReader } from "../../daemon/bus/frame.ts";
import { parseMessage } from "../../daemon/bus/message.ts";
import { createBroker } from "./broker.ts";
import type { Client } from "./state.ts";
import { createTxQueue } from "./tx-queue.ts";

export interface UbusdOptions {
	readonly path: string;
	/** Names ubusd would find for the peers' uid and gid; Node cannot ask for them. Default root, root. */
	readonly user?: string;
	readonly group?: string;
}

export interface Ubusd {
	/** Ends all connections and removes the socket. */
	close(): Promise<void>;
	readonly clientCount: number;
	readonly objectCount: number;
	/** Messages dropped because a client did not read. */
	readonly dropped: number;
}

export async function startUbusd(options: UbusdOptions): Promise<Ubusd> {
	const { path, user = "root", group = "root" } = options;
	const broker = createBroker();
	const sockets = new Set<net.Socket>();
	let dropped = 0;

	function accept(socket: net.Socket): void {
		let client: Client | null = null;
		const queue = createTxQueue(socket, () => {
			if (client !== null) broker.drained(client);
		});
		const wire = {
			send(frame: Uint8Array): void {
				if (!queue.send(frame)) dropped++;
			},
			idle: () => queue.empty,
		};
		const leave = (): void => {
			sockets.delete(socket);
			if (client !== null) broker.disconnect(client);
			client = null;
		};
		const reader = createFrameReader((frame) => {
			if (client !== null) broker.receive(client, parseMessage(frame), frame);
		});
		socket.on("data", (bytes) => {
			try {
				reader.push(bytes);
			} catch {
				socket.destroy();
				leave();
			}
		});
		socket.on("end", leave);
		socket.on("close", leave);
		socket.on("error", () => undefined);
		sockets.add(socket);
		client = broker.connect(wire, { user, group });
	}

	const server = net.createServer(accept);
	rmSync(path, { force: true });
	await new Promise<void>((resolve, reject) => {
		server.once("error", reject);
		server.listen(path, resolve);
	});
	chmodSync(path, 0o666);

	return {
		close() {
			for (const socket of sockets) socket.destroy();
			return new Promise((resolve) => {
				server.close(() => resolve());
			});
		},
		get clientCount() {
			return broker.clientCount;
		},
		get objectCount() {
			return broker.objectCount;
		},
		get dropped() {
			return dropped;
		},
	};
}
