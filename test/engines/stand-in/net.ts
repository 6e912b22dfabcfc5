/** node:net's client half over the daemon's own streams on QuickJS; programs are not started from tests there. */
import { qjsStreams } from "../../../daemon/platform/qjs/streams.ts";

type Listener = (value?: unknown) => void;

export function createConnection(target: string | { path?: string; port?: number; host?: string }): object {
	const listeners = new Map<string, Listener[]>();
	const emit = (event: string, value?: unknown): void => {
		for (const one of [...(listeners.get(event) ?? [])]) one(value);
	};
	const given = typeof target === "string" ? { path: target } : target;
	const stream = qjsStreams.connect(
		given.path === undefined
			? { kind: "tcp", host: given.host ?? "127.0.0.1", port: given.port ?? 0 }
			: { kind: "unix", path: given.path },
		{
			onOpen: () => emit("connect"),
			onData: (bytes) => emit("data", Buffer.from(bytes)),
			onDrain: () => emit("drain"),
			onClose(error) {
				if (error !== null) emit("error", new Error(error));
				emit("close");
			},
		},
	);
	const on = (event: string, listener: Listener): object => {
		listeners.set(event, [...(listeners.get(event) ?? []), listener]);
		return socket;
	};
	const socket = {
		on,
		once: on,
		write: (bytes: Uint8Array) => stream.write(bytes),
		pause: () => stream.pause(),
		resume: () => stream.resume(),
		destroy: () => stream.close(),
		end: () => stream.close(),
		setNoDelay: () => socket,
	};
	return socket;
}

function refuse(): never {
	throw new Error("not on QuickJS");
}
export const createServer = refuse;
export const spawn = refuse;
export const spawnSync = refuse;
export const execFileSync = refuse;
export default { createConnection, createServer };
