/**
 * LuCI's rpc: calls of one animation frame are one POST; failures are Errors whose text holds the code; access denied asks
 * whether the session lives and shows the dialog when it does not.
 */
interface Declared {
	readonly object: string;
	readonly method: string;
	readonly params?: readonly string[];
	readonly expect?: Readonly<Record<string, unknown>>;
	readonly reject?: boolean;
}

interface Message {
	readonly id: number;
	readonly jsonrpc: "2.0";
	readonly method: "call";
	readonly params: readonly [string, string, string, Readonly<Record<string, unknown>>];
}

interface Waiting {
	readonly message: Message;
	settle(answer: unknown): void;
	fail(error: Error): void;
}

function post(url: string, body: unknown, timeoutMs: number): Promise<unknown> {
	return new Promise((resolve, reject) => {
		const xhr = new XMLHttpRequest();
		xhr.open("POST", url);
		xhr.timeout = timeoutMs;
		xhr.setRequestHeader("Content-Type", "application/json");
		xhr.onload = () => {
			if (xhr.status !== 200)
				return reject(new Error(`RPC call failed with HTTP error ${xhr.status}: ${xhr.statusText || "?"}`));
			try {
				resolve(JSON.parse(xhr.responseText));
			} catch (error) {
				reject(error instanceof Error ? error : new SyntaxError(String(error)));
			}
		};
		xhr.ontimeout = () => reject(new Error("XHR request timed out"));
		xhr.onerror = () => reject(new Error("XHR request aborted by browser"));
		xhr.send(JSON.stringify(body));
	});
}

const STATUS = ["Command OK", "Invalid command", "Invalid argument", "Method not found", "Resource not found"];

export function createRpc(url: string, session: () => string, onExpired: () => void) {
	let queue: Waiting[] = [];
	let id = 0;

	async function flush(): Promise<void> {
		const batch = queue;
		queue = [];
		try {
			const answers = (await post(
				url,
				batch.length === 1 ? batch[0]?.message : batch.map((one) => one.message),
				20_000,
			)) as unknown;
			const list = Array.isArray(answers) ? answers : [answers];
			for (const [index, one] of batch.entries()) one.settle(list[index]);
		} catch (error) {
			for (const one of batch) one.fail(error as Error);
		}
	}

	function send(message: Message): Promise<unknown> {
		return new Promise((settle, fail) => {
			if (queue.length === 0) requestAnimationFrame(() => void flush());
			queue.push({ message, settle, fail });
		});
	}

	function declare(options: Declared): (...args: readonly unknown[]) => Promise<unknown> {
		return async (...args) => {
			const given = Object.fromEntries((options.params ?? []).map((name, index) => [name, args[index]]));
			const { object, method } = options;
			const message = { jsonrpc: "2.0", id: ++id, method: "call", params: [session(), object, method, given] } as const;
			const answer = (await send(message)) as {
				error?: { code: number; message: string };
				result?: [number, unknown?];
			};
			if (answer.error?.code === -32002 && object !== "session") {
				const asked = { scope: "uci", object: "luci", function: "read" };
				const alive = {
					jsonrpc: "2.0",
					id: ++id,
					method: "call",
					params: [session(), "session", "access", asked],
				} as const;
				const told = (await send(alive)) as { error?: unknown };
				if (told.error) onExpired();
			}
			if (answer.error) {
				throw new Error(
					`RPC call to ${object}/${method} failed with error ${answer.error.code}: ${answer.error.message}`,
				);
			}
			const [code, data] = answer.result ?? [9];
			if (options.reject && code !== 0) {
				throw new Error(`RPC call to ${object}/${method} failed with ubus code ${code}: ${STATUS[code] ?? "?"}`);
			}
			const reply = data === undefined ? code : data;
			const [wanted] = Object.entries(options.expect ?? {});
			if (wanted === undefined) return reply;
			const found: unknown = wanted[0] === "" ? reply : (reply as Record<string, unknown> | null)?.[wanted[0]];
			const kind = (value: unknown): string => Object.prototype.toString.call(value);
			return kind(found) === kind(wanted[1]) ? found : wanted[1];
		};
	}

	return { declare, getSessionID: session };
}
