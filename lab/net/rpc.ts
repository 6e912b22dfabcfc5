/**
 * JSON lines between the processes of a lab: calls with answers both ways, and events. Every call has a time limit, and
 * all that is pending fails when the other side goes. One line is one message; nothing else may be written to the stream.
 */
import type { Readable, Writable } from "node:stream";

export type Handler = (params: never) => unknown;

export interface RpcPeer {
	call<T>(method: string, params?: unknown, timeoutMs?: number): Promise<T>;
	emit(event: string, data: unknown): void;
	close(): void;
}

interface Message {
	readonly id?: number;
	readonly method?: string;
	readonly params?: unknown;
	readonly result?: unknown;
	readonly error?: string;
	readonly event?: string;
	readonly data?: unknown;
}

interface Pending {
	readonly resolve: (value: unknown) => void;
	readonly reject: (error: Error) => void;
	readonly timer: NodeJS.Timeout;
}

/** Bounds hanging only: a busy machine takes its time. */
export const RPC_LIMIT_MS = 90_000;

export interface RpcOptions {
	readonly input: Readable;
	readonly output: Writable;
	/** For error texts: who is at the other end. */
	readonly name: string;
	readonly handlers?: Readonly<Record<string, Handler>>;
	onEvent?(event: string, data: never): void;
	onEnd?(): void;
}

export function rpcPeer(options: RpcOptions): RpcPeer {
	const pending = new Map<number, Pending>();
	let next = 1;
	let rest = "";
	let closed = false;

	function send(message: Message): void {
		if (!closed && options.output.writable) options.output.write(`${JSON.stringify(message)}\n`);
	}

	function end(): void {
		if (closed) return;
		closed = true;
		for (const wait of pending.values()) {
			clearTimeout(wait.timer);
			wait.reject(new Error(`${options.name} has gone`));
		}
		pending.clear();
		options.onEnd?.();
	}

	async function serve(id: number, method: string, params: unknown): Promise<void> {
		try {
			const handler = options.handlers?.[method];
			if (!handler) throw new Error(`${options.name}: no method ${method}`);
			send({ id, result: (await handler(params as never)) ?? null });
		} catch (error) {
			send({ id, error: error instanceof Error ? error.message : String(error) });
		}
	}

	function receive(line: string): void {
		let message: Message;
		try {
			message = JSON.parse(line) as Message;
		} catch {
			process.stderr.write(`${options.name}: ${line}\n`);
			return;
		}
		if (message.event !== undefined) options.onEvent?.(message.event, message.data as never);
		else if (message.id !== undefined && message.method !== undefined) {
			void serve(message.id, message.method, message.params);
		} else if (message.id !== undefined) {
			const wait = pending.get(message.id);
			if (!wait) return;
			pending.delete(message.id);
			clearTimeout(wait.timer);
			if (message.error === undefined) wait.resolve(message.result);
			else wait.reject(new Error(message.error));
		}
	}

	options.input.setEncoding("utf8");
	options.input.on("data", (chunk: string) => {
		const lines = (rest + chunk).split("\n");
		rest = lines.pop() ?? "";
		for (const line of lines) if (line !== "") receive(line);
	});
	options.input.on("end", end);
	options.input.on("close", end);
	options.input.on("error", end);
	options.output.on("error", end);

	return {
		call<T>(method: string, params: unknown = {}, timeoutMs = RPC_LIMIT_MS): Promise<T> {
			if (closed) return Promise.reject(new Error(`${options.name} has gone`));
			const id = next++;
			return new Promise<T>((resolve, reject) => {
				const timer = setTimeout(() => {
					pending.delete(id);
					reject(new Error(`${options.name}: ${method} took longer than ${timeoutMs} ms`));
				}, timeoutMs);
				pending.set(id, { resolve: resolve as (value: unknown) => void, reject, timer });
				send({ id, method, params });
			});
		},
		emit: (event, data) => send({ event, data }),
		close: end,
	};
}
