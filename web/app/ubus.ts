/**
 * web/api.ts over uhttpd's /ubus: JSON-RPC by fetch. Calls of one moment travel as one request, answered in order. A
 * failed call is a result with its ubus status, a denied one an error -32002 (uhttpd, ubus.c).
 */
import { ApiError, type ApiErrorCode, type Transport } from "../api.ts";

export const ANONYMOUS = "0".repeat(32);
const LIMIT_MS = 15_000;
/** uhttpd takes 64 KiB. */
const MOST_CALLS = 24;

const STATUS: Readonly<Record<number, ApiErrorCode>> = {
	2: "bad_argument",
	3: "absent",
	4: "not_found",
	6: "denied",
	7: "timeout",
	10: "absent",
	11: "busy",
};

const FAULT: Readonly<Record<number, ApiErrorCode>> = { [-32000]: "absent", [-32002]: "denied", [-32003]: "timeout" };

interface Waiting {
	readonly params: readonly unknown[];
	resolve(value: unknown): void;
	reject(error: ApiError): void;
}

/** The answer as JSON. Rejects with offline, timeout, or absent when this address is not served. */
export async function ask(url: string, init: RequestInit): Promise<unknown> {
	const stop = new AbortController();
	const timer = setTimeout(() => stop.abort(), LIMIT_MS);
	try {
		const response = await fetch(url, { cache: "no-store", credentials: "same-origin", ...init, signal: stop.signal });
		if (response.status === 404 || response.status === 405) throw new ApiError("absent", `${url}: ${response.status}`);
		if (response.status === 403) throw new ApiError("denied", `${url}: ${response.status}`);
		return await response.json();
	} catch (error) {
		if (error instanceof ApiError) throw error;
		if (stop.signal.aborted) throw new ApiError("timeout", `no answer within ${LIMIT_MS / 1000} s`);
		throw new ApiError("offline", error instanceof Error ? error.message : String(error));
	} finally {
		clearTimeout(timer);
	}
}

export function post(url: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<unknown> {
	return ask(url, {
		method: "POST",
		headers: { "Content-Type": "application/json", ...headers },
		body: JSON.stringify(body),
	});
}

type Answer = {
	readonly result?: readonly [number, unknown?];
	readonly error?: { readonly code: number; readonly message: string };
};

function settle(one: Waiting, answer: Answer | undefined): void {
	const { result, error } = answer ?? {};
	const what = String(one.params.slice(1, 3).join(" "));
	if (result?.[0] === 0) one.resolve(result[1] ?? {});
	else if (result) one.reject(new ApiError(STATUS[result[0]] ?? "failed", `${what}: ubus status ${result[0]}`));
	else if (error) one.reject(new ApiError(FAULT[error.code] ?? "failed", `${what}: ${error.message}`));
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
