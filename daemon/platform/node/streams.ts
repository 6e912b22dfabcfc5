/** Byte streams (unix, tcp) and datagrams on Node. */
import dgram from "node:dgram";
import net, { type SocketConstructorOpts, type TcpSocketConnectOpts } from "node:net";
import type { ByteStream, Datagrams, Streams } from "../platform.ts";

const HIGH_WATER = 65_536;
/** What is read lies here until it is copied: all sockets take turns. Without, Node makes 64 KiB for each read. */
const incoming = Buffer.allocUnsafeSlow(65_536);

export const nodeStreams: Streams = {
	connect(target, handlers): ByteStream {
		let closed = false;
		let failure: string | null = null;
		const options: SocketConstructorOpts & Pick<TcpSocketConnectOpts, "onread"> = {
			onread: {
				buffer: incoming,
				callback(count) {
					if (!closed) handlers.onData(Buffer.from(incoming.subarray(0, count)));
					return true;
				},
			},
		};
		const socket = new net.Socket(options);
		socket.on("connect", () => !closed && handlers.onOpen());
		socket.on("drain", () => !closed && handlers.onDrain?.());
		socket.on("error", (error) => {
			failure = error.message;
		});
		socket.on("close", () => {
			if (closed) return;
			closed = true;
			handlers.onClose(failure);
		});
		if (target.kind === "unix") socket.connect({ path: target.path });
		else {
			const local = target.localAddress === undefined ? {} : { localAddress: target.localAddress };
			socket.connect({ host: target.host, port: target.port, ...local });
		}
		return {
			write: (bytes) => {
				if (closed) return false;
				socket.write(bytes);
				return socket.writableLength < HIGH_WATER;
			},
			get pendingBytes() {
				return socket.writableLength;
			},
			pause: () => void socket.pause(),
			resume: () => void socket.resume(),
			close() {
				closed = true;
				socket.destroy();
			},
		};
	},
};

export const nodeDatagrams: Datagrams = {
	open(options, handlers) {
		let closed = false;
		const socket = dgram.createSocket(options.family === "ipv6" ? "udp6" : "udp4");
		const fail = (error: Error): void => {
			if (!closed) handlers.onError(error.message);
		};
		socket.on("error", fail);
		socket.on("message", (bytes, from) => !closed && handlers.onMessage(bytes, from.address, from.port));
		socket.bind({ port: 0, ...(options.localAddress === undefined ? {} : { address: options.localAddress }) });
		return {
			send(bytes, host, port) {
				if (closed) return;
				socket.send(bytes, port, host, (error) => error && fail(error));
			},
			close() {
				if (closed) return;
				closed = true;
				socket.close();
			},
		};
	},
};
