/**
 * The same over RutOS' REST API, for firmware whose web server has no /ubus: POST /api/login, then the methods of the
 * package vuci-app-autonomy-api as actions. Its sessions end after five idle minutes; the app's own questions keep them.
 */
import { ApiError, type ApiErrorCode, type Transport } from "../api.ts";
import { post } from "./ubus.ts";

interface Body {
	readonly success?: boolean;
	readonly data?: unknown;
	readonly errors?: readonly { readonly code?: unknown; readonly error?: unknown }[];
}

const CODES: readonly ApiErrorCode[] = ["absent", "denied", "timeout", "not_found", "bad_argument", "busy", "refused"];

function dataOf(body: unknown, what: string): unknown {
	const { success, data, errors } = (body ?? {}) as Body;
	if (success === true) return data ?? {};
	const first = errors?.[0];
	const text = typeof first?.error === "string" ? first.error : `${what}: no reason was given`;
	throw new ApiError(CODES.find((code) => code === first?.code) ?? "failed", text);
}

const bearer = (id: string): Readonly<Record<string, string>> => ({ Authorization: `Bearer ${id}` });

export async function loginRutos(
	username: string,
	password: string,
): Promise<{ readonly id: string; readonly read: boolean; readonly write: boolean }> {
	const body = (await post("/api/login", { username, password })) as Body | null;
	if (body?.success !== true) throw new ApiError("denied", "RutOS refuses name or password");
	const { token, group } = (body.data ?? {}) as { readonly token?: unknown; readonly group?: unknown };
	if (typeof token !== "string") throw new ApiError("failed", "login: no token came back");
	// Which page a group may see is RutOS' own matter: what it refuses is told when it does.
	return { id: token, read: true, write: group !== "user" };
}

export function logoutRutos(id: string): Promise<unknown> {
	return post("/api/logout", {}, bearer(id));
}

export function createRutos(id: string): Transport {
	return {
		async call(object, method, args) {
			const url = `/api/autonomy/actions/${method.replaceAll(".", "_")}`;
			if (object !== "autonomy") throw new ApiError("absent", `${object} is not offered here`);
			return dataOf(await post(url, { data: args }, bearer(id)), method);
		},
	};
}
