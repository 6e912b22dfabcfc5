/**
 * Logging in where the web server has no /ubus: RutOS' own REST API, whose sessions end after five idle minutes; the
 * app's questions keep them. What is asked after that travels as in its own pages (web/rutos.ts).
 */
import { ApiError, type Transport } from "../api.ts";
import { createRutosTransport } from "../rutos.ts";
import { ask, HttpStatus, post } from "./http.ts";

interface Body {
	readonly success?: unknown;
	readonly data?: {
		readonly token?: unknown;
		readonly group?: unknown;
		readonly "access-group"?: Readonly<Record<string, unknown>>;
	};
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
	return { id: token, ...(await rightsOf(token, body.data?.group)) };
}

/** The rights of our package, as the router's own pages ask for them; where that is not told, what refuses will say so. */
async function rightsOf(id: string, group: unknown): Promise<{ readonly read: boolean; readonly write: boolean }> {
	try {
		const told = (await ask("/api/users/acls/options", { headers: bearer(id) })) as Body | null;
		const groups = told?.data?.["access-group"] ?? {};
		const kinds = Object.entries(groups).flatMap(([name, list]) =>
			name.includes("autonomy") && Array.isArray(list) ? list.map(String) : [],
		);
		return { read: kinds.includes("read"), write: kinds.includes("write") };
	} catch {
		return { read: true, write: group !== "user" };
	}
}

export async function isRutosAlive(id: string): Promise<boolean> {
	try {
		await ask("/api/session/status", { headers: bearer(id) });
		return true;
	} catch (error) {
		return !(error instanceof HttpStatus && error.code === "denied");
	}
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
