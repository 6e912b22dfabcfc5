/**
 * Typed client of the ubus objects declared in contract/. How a call travels is the business of a Transport (LuCI's rpc,
 * fetch, a fake in tests); what went wrong comes as one error with a stable code.
 */
import type { API_OBJECT, CallArgs, MethodName, Reply } from "../contract/api.ts";

/** Only types come from the contract: the table itself would be the largest part of every page. */
const OBJECT: typeof API_OBJECT = "autonomy";

/**
 * absent: the object is not on the bus (the daemon does not run); denied: no right, or the session is over; offline: the
 * router does not answer at all; the rest as the daemon says it.
 */
export type ApiErrorCode =
	| "absent"
	| "denied"
	| "offline"
	| "timeout"
	| "not_found"
	| "bad_argument"
	| "busy"
	| "refused"
	| "failed";

/** Status of ubus (libubus.h) -> what the pages branch on; every other is "failed". */
export const UBUS_CODES: Readonly<Record<string, ApiErrorCode>> = {
	"2": "bad_argument",
	"3": "absent",
	"4": "not_found",
	"6": "denied",
	"7": "timeout",
	"10": "absent",
	"11": "busy",
};

/** The same for errors of JSON-RPC, as uhttpd's ubus module and rpcd's have them. */
export const JSON_RPC_CODES: Readonly<Record<string, ApiErrorCode>> = {
	"-32000": "absent",
	"-32002": "denied",
	"-32003": "timeout",
};

export class ApiError extends Error {
	readonly code: ApiErrorCode;

	constructor(code: ApiErrorCode, message: string) {
		super(message);
		this.name = "ApiError";
		this.code = code;
	}
}

export interface Transport {
	/** Rejects with an ApiError. Calls made in the same moment should travel as one request. */
	call(object: string, method: string, args: Readonly<Record<string, unknown>>): Promise<unknown>;
}

export type Given<M extends MethodName> = { readonly [K in keyof CallArgs<M>]?: CallArgs<M>[K] };

export interface Api {
	call<M extends MethodName>(method: M, args?: Given<M>): Promise<Reply<M>>;
	/** A call that changes something: rejects with code "refused" and the daemon's words when it did not. */
	order<M extends "action" | "failover" | "restore" | "recheck" | "reload" | "config.set">(
		method: M,
		args?: Given<M>,
	): Promise<Reply<M>>;
}

/** Every reply is a table; anything else did not come from the daemon. */
export async function callTable(
	transport: Transport,
	object: string,
	method: string,
	args: Readonly<Record<string, unknown>>,
): Promise<Readonly<Record<string, unknown>>> {
	const known = Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined));
	const reply = await transport.call(object, method, known);
	if (typeof reply !== "object" || reply === null || Array.isArray(reply)) {
		throw new ApiError("failed", `${object} ${method}: the answer is no table`);
	}
	return reply as Readonly<Record<string, unknown>>;
}

export function createApi(transport: Transport): Api {
	const api: Api = {
		async call(method, args = {}) {
			return (await callTable(transport, OBJECT, method, args)) as Reply<typeof method>;
		},
		async order(method, args) {
			const reply = await api.call(method, args);
			const { ok, text } = reply as Reply<"action">;
			if (!ok) throw new ApiError("refused", text);
			return reply;
		},
	};
	return api;
}

export function errorCode(error: unknown): ApiErrorCode {
	return error instanceof ApiError ? error.code : "failed";
}

export function errorText(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
