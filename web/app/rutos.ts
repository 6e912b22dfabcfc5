/**
 * Logging in where the web server has no /ubus: RutOS' own REST API, whose sessions end after five idle minutes; the
 * app's questions keep them. What is asked after that travels as in its own pages (web/rutos.ts).
 */
import { ApiError, type Transport } from "../api.ts";
import { createRutosTransport } from "../rutos.ts";
import { ask, HttpStatus, post } from "./http.ts";

interface Body {
	readonly success?: unknown;
	readonly data?: { readonly token?: unknown; readonly group?: unknown };
}

const bearer = (id: string): Readonly<Record<string, string>> => ({ Authorization: `Bearer ${id}` });

export async function loginRutos(
	username: string,
	password: string,
): Promise<{ readonly id: string; readonly read: boolean; readonly write: boolean }> {
	let body: Body | null;
	try {
		body = (await post("/api/login", { username, password })) as Body | null;
	} catch (error) {
		if (error instanceof HttpStatus && error.status < 500)
			throw new ApiError("denied", "RutOS refuses name or password");
		throw error;
	}
	const token = body?.data?.token;
	if (body?.success !== true || typeof token !== "string")
		throw new ApiError("denied", "RutOS refuses name or password");
	// What a group may do is RutOS' own matter: what it refuses is told when it does. The group user may only look.
	return { id: token, read: true, write: body.data?.group !== "user" };
}

export function logoutRutos(id: string): Promise<unknown> {
	return post("/api/logout", {}, bearer(id));
}

export function createRutos(id: string): Transport {
	return createRutosTransport({
		get: (path) => ask(path, { headers: bearer(id) }),
		post: (path, body) => post(path, body, bearer(id)),
		statusOf: (error) => (error instanceof HttpStatus ? error.status : null),
	});
}
