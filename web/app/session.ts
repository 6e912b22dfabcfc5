/**
 * Who uses the app: a session of the router itself, of rpcd (OpenWrt: session login over /ubus) or of RutOS' REST API.
 * Which of the two is found out at log-in. The id is kept in this tab, or on this phone when its owner says so.
 */
import { ApiError, errorCode, type Transport } from "../api.ts";
import { post } from "./http.ts";
import { keep, kept } from "./keep.ts";
import { createRutos, isRutosAlive, loginRutos, logoutRutos } from "./rutos.ts";
import { ANONYMOUS, createUbus } from "./ubus.ts";

export interface Rights {
	readonly read: boolean;
	readonly write: boolean;
}

export interface Session extends Rights {
	readonly kind: "ubus" | "rutos";
	readonly id: string;
	readonly user: string;
	/** Kept on this phone. */
	readonly lasting: boolean;
}

const HOUR_S = 3600;
/** rpcd counts in ms within 32 bits: about 24 days at most. */
const LONG_S = 14 * 24 * HOUR_S;

export function readSession(): Session | null {
	for (const lasting of [true, false]) {
		const found = kept("session", lasting);
		if (found === null || typeof found.id !== "string" || typeof found.user !== "string") continue;
		const { id, user, read, write } = found;
		return {
			kind: found.kind === "rutos" ? "rutos" : "ubus",
			id,
			user,
			read: read === true,
			write: write === true,
			lasting,
		};
	}
	return null;
}

export function forgetSession(): void {
	keep("session", null, true);
	keep("session", null, false);
}

/** Rejects with denied (wrong name or password), absent (this web server offers neither way) or offline. */
export async function login(user: string, password: string, lasting: boolean): Promise<Session> {
	const session = await loginUbus(user, password, lasting).catch((error: unknown) => {
		if (errorCode(error) !== "absent") throw error;
		return loginRutos(user, password).then(
			({ id, ...rights }): Session => ({ kind: "rutos", id, user, lasting, ...rights }),
		);
	});
	keep("session", session, lasting);
	return session;
}

async function loginUbus(user: string, password: string, lasting: boolean): Promise<Session> {
	const anyone = createUbus(() => ANONYMOUS);
	const timeout = lasting ? LONG_S : HOUR_S;
	const reply = (await anyone.call("session", "login", { username: user, password, timeout })) as {
		readonly ubus_rpc_session?: unknown;
		readonly acls?: unknown;
	};
	if (typeof reply.ubus_rpc_session !== "string") throw new ApiError("failed", "session login: no session came back");
	return { kind: "ubus", id: reply.ubus_rpc_session, user, lasting, ...rightsIn(reply.acls) };
}

/** The session's rights as login tells them: scope -> object pattern -> method patterns. */
export function rightsIn(acls: unknown): Rights {
	const objects = (acls as { readonly ubus?: Readonly<Record<string, unknown>> } | null | undefined)?.ubus ?? {};
	const methods = Object.entries(objects).flatMap(([object, names]) =>
		matches(object, "autonomy") && Array.isArray(names) ? names.map(String) : [],
	);
	const may = (method: string): boolean => methods.some((pattern) => matches(pattern, method));
	return { read: may("status"), write: may("action") };
}

/** fnmatch as rpcd uses it, as far as access lists do. */
function matches(pattern: string, text: string): boolean {
	const source = pattern
		.replace(/[.+^${}()|\\[\]]/g, "\\$&")
		.replaceAll("*", ".*")
		.replaceAll("?", ".");
	return new RegExp(`^${source}$`, "s").test(text);
}

export function transportOf(session: Session): Transport {
	return session.kind === "rutos" ? createRutos(session.id) : createUbus(() => session.id);
}

/** Denied may mean two things: the session is over, or it lacks a right. */
export async function isAlive(session: Session): Promise<boolean> {
	if (session.kind === "rutos") return isRutosAlive(session.id);
	try {
		await createUbus(() => session.id).call("session", "access", {
			scope: "ubus",
			object: "session",
			function: "access",
		});
		return true;
	} catch (error) {
		return errorCode(error) !== "denied";
	}
}

export async function logout(session: Session): Promise<void> {
	forgetSession();
	const params = [session.id, "session", "destroy", {}];
	const ended =
		session.kind === "rutos"
			? logoutRutos(session.id)
			: post("/ubus", { jsonrpc: "2.0", id: 1, method: "call", params });
	// Without the router it ends by itself when its time is over.
	await ended.catch(() => undefined);
}
