/** One request with a time limit, its answer as JSON. */
import { ApiError } from "../api.ts";

const LIMIT_MS = 15_000;

/** The router answered, but not with what was asked for. */
export class HttpStatus extends ApiError {
	readonly status: number;

	constructor(url: string, status: number) {
		const absent = status === 404 || status === 405 || status === 501;
		super(absent ? "absent" : status === 401 || status === 403 ? "denied" : "failed", `${url}: HTTP ${status}`);
		this.status = status;
	}
}

/** Rejects with HttpStatus, or an ApiError offline or timeout. */
export async function ask(url: string, init: RequestInit): Promise<unknown> {
	const stop = new AbortController();
	const timer = setTimeout(() => stop.abort(), LIMIT_MS);
	try {
		const response = await fetch(url, { cache: "no-store", credentials: "same-origin", ...init, signal: stop.signal });
		if (!response.ok) throw new HttpStatus(url, response.status);
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
