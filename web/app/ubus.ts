/**
 * web/api.ts over uhttpd's /ubus: JSON-RPC by fetch. Calls of one moment travel as one request, answered in order. A
 * failed call is a result with its ubus status, a denied one an error -32002 (uhttpd, ubus.c).
 */
import { ApiError, JSON_RPC_CODES, type Transport, UBUS_CODES } from "../api.ts";
import { post } from "./http.ts";

export const ANONYMOUS = "0".repeat(32);
/** uhttpd takes 64 KiB. */
const MOST_CALLS = 24;

interface Waiting {
	readonly params: readonly unknown[];
	resolve(value: unknown): void;
	reject(error: ApiError): void;
}

type Answer = {
	readonly result?: readonly [number, unknown?];
	readonly error?: { readonly code: number; readonly message: string };
};

function settle(one: Waiting, answer: Answer | undefined): void {
	const { result, error } = answer ?? {};
	const what = String(one.params.slice(1, 3).join(" "));
	if (result?.[0] === 0) one.resolve(result[1] ?? {});
	else if (result) one.reject(new ApiError(UBUS_CODES[result[0]] ?? "failed", `${what}: ubus status ${result[0]}`));
	else if (error) one.reject(new ApiError(JSON_RPC_CODES[error.code] ?? "failed", `${what}: ${error.message}`));
	else one.reject(new ApiError("failed", `${what}: no answer`));
}

export function createUbus(session: () => string, url = "/ubus"): Transport {
	let waiting: Waiting[] = [];

	async function send(batch: readonly Waiting[]): Promise<void> {
		try {
			const calls = batch.map(({ params }, id) => ({ jsonrpc: "2.0", id, method: "call", params }));
			const answers = await post(url, calls);
			if (!Array.isArray(answers)) throw new ApiError("failed", "the answer is no list");
			const byId = new Map((answers as ({ id?: unknown } & Answer)[]).map((answer) => [answer?.id, answer]));
			for (const [id, one] of batch.entries()) settle(one, byId.get(id));
		} catch (error) {
			const told = error instanceof ApiError ? error : new ApiError("failed", String(error));
			for (const one of batch) one.reject(told);
		}
	}

	return {
		call(object, method, args) {
			return new Promise((resolve, reject) => {
				if (waiting.length === 0) {
					setTimeout(() => {
						const all = waiting;
						waiting = [];
						for (let at = 0; at < all.length; at += MOST_CALLS) void send(all.slice(at, at + MOST_CALLS));
					}, 0);
				}
				waiting.push({ params: [session(), object, method, args], resolve, reject });
			});
		},
	};
}
