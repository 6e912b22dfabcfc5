/**
 * web/api.ts over LuCI's rpc: calls of one animation frame travel as one request, and LuCI notices itself when the
 * session is over. Its errors carry the code only in their text (rpc.js of luci-base), so that is where it is read from.
 */
import { ApiError, JSON_RPC_CODES, type Transport, UBUS_CODES } from "../api.ts";

export function apiError(error: unknown): ApiError {
	// Under another shell than LuCI's the code is known already.
	if (error instanceof ApiError) return error;
	const text = error instanceof Error ? error.message : String(error);
	const status = /failed with ubus code (\d+)/.exec(text)?.[1];
	if (status !== undefined) return new ApiError(UBUS_CODES[status] ?? "failed", text);
	const fault = /failed with error (-?\d+)/.exec(text)?.[1];
	if (fault !== undefined) return new ApiError(JSON_RPC_CODES[fault] ?? "failed", text);
	// 403: the web server wants a new login; LuCI says so itself.
	if (/failed with HTTP error 403/.test(text)) return new ApiError("denied", text);
	return new ApiError(
		error instanceof SyntaxError || /XHR|HTTP error|timed? ?out|abort/i.test(text) ? "offline" : "failed",
		text,
	);
}

export const transport: Transport = {
	async call(object, method, args) {
		const names = Object.keys(args);
		try {
			return await rpc.declare({ object, method, params: names, reject: true })(...names.map((name) => args[name]));
		} catch (error) {
			throw apiError(error);
		}
	},
};
