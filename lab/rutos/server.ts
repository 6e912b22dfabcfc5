/**
 * A web server as RutOS has one, for tests: its content policy (from 7.8 on), `.gz` files handed out for the name without
 * it from both document roots, sessions and REST under /api, a shell of ours around the views. Menu and rights are read
 * from the payloads of our packages; /api/autonomy is answered by the Lua service. No code of RutOS is in it.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join, resolve } from "node:path";
import { build } from "esbuild";
import { FILE_TYPES, serveLoopback } from "../loopback-server.ts";
import type { Service } from "./service.ts";

export type Release = "7.7" | "7.8" | "7.16" | "7.20";

/** As uhttpd of 7.20 sends it, but for the address of a foreign server. */
export const RUTOS_CSP =
	"default-src 'self'; script-src 'self' 'wasm-unsafe-eval' blob:; style-src 'self' 'unsafe-hashes'; connect-src 'self'; img-src * data:; worker-src 'self' blob:";

export type User = "admin" | "viewer" | "stranger";

const PASSWORDS: Readonly<Record<User, string>> = { admin: "Admin123", viewer: "Viewer123", stranger: "Stranger123" };
const KINDS: Readonly<Record<User, readonly string[]>> = { admin: ["read", "write"], viewer: ["read"], stranger: [] };

export interface RutosServer {
	readonly url: string;
	/** Requests of /api/autonomy, oldest first. */
	readonly asked: { readonly http: string; readonly url: string; readonly calls: readonly string[] }[];
	page(release: Release, options?: { readonly dark?: boolean; readonly lang?: string }): string;
	/** All sessions are over, as after five idle minutes. */
	expire(): void;
	/** False: connections are dropped, as when the cable is pulled. */
	reachable(yes: boolean): void;
	close(): void;
}

interface Options {
	/** What build-vuci.mjs made. */
	readonly built: string;
	readonly service: Service;
	/** The packages lie below /usr/local, as from 7.14 on. */
	readonly local?: boolean;
}

interface Answer {
	readonly code: number;
	readonly body: unknown;
	readonly headers?: Readonly<Record<string, string>>;
}

const refusal = (code: number, error: string, source: string): Answer => ({
	code,
	body: { success: false, errors: [{ code: code === 404 ? 122 : 120, error, source }] },
});

const fine = (data: unknown, headers: Readonly<Record<string, string>> = {}): Answer => ({
	code: 200,
	body: { success: true, data },
	headers,
});

interface MenuEntry {
	readonly title: string;
	readonly index: number;
	readonly view: string;
	readonly acls: readonly string[];
}

function jsonIn<T>(folder: string): readonly T[] {
	return readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as T);
}

export async function startRutosServer({ built, service }: Options): Promise<RutosServer> {
	const sessions = new Map<string, User>();
	const asked: { http: string; url: string; calls: readonly string[] }[] = [];
	const shell = await build({
		entryPoints: [new URL("../../vuci-app-autonomy/stand-in/shell.ts", import.meta.url).pathname],
		bundle: true,
		write: false,
		format: "iife",
		target: "es2020",
	});
	const files: Readonly<Record<string, string>> = {
		"/shell.js": shell.outputFiles[0]?.text ?? "",
		"/shell.css": readFileSync(new URL("shell.css", import.meta.url), "utf8"),
	};
	const acl = Object.entries(
		Object.assign({}, ...jsonIn<object>(`${built}/api/usr/share/rpcd/acl.d`)) as Record<
			string,
			Readonly<Record<"read" | "write", { readonly api: readonly string[] }>>
		>,
	);
	let number = 0;

	/** rpcd's session access for scope api: the groups of the user, by pattern. */
	function allowed(user: User, http: string, path: string): boolean {
		const kind = http === "GET" ? "read" : "write";
		return (
			KINDS[user].includes(kind) &&
			acl.some(([, sides]) => sides[kind].api.some((one) => path.startsWith(one.replace(/\*$/, ""))))
		);
	}

	/** A copy of the menu of 7.5 to 7.7 is what the postinst puts in place there. */
	function menu(release: Release): Answer {
		const folder = release === "7.7" ? "usr/share/autonomy/vuci" : "usr/share/vuci/menu.d";
		const entries = Object.assign({}, ...jsonIn<object>(`${built}/ui/${folder}`)) as Record<string, MenuEntry>;
		const children = Object.entries(entries).map(([path, { title, index, view, acls }]) => ({
			path: `/${path}`,
			title,
			index,
			view,
			acls,
			css_exists: false,
			read_access: true,
			write_access: true,
		}));
		return fine({ menu: [[{ path: "/services", title: "Services", index: 30, children }], {}] });
	}

	async function api(request: IncomingMessage, path: string, url: URL, body: unknown): Promise<Answer> {
		const release = (request.headers.referer ?? "").match(/release=([\d.]+)/)?.[1] as Release;
		if (path === "/login") {
			const { username, password } = (body ?? {}) as { readonly username?: User; readonly password?: string };
			if (username === undefined || PASSWORDS[username] === undefined || PASSWORDS[username] !== password)
				return refusal(401, "Invalid username and/or password! Please try again.", "Authorization");
			const token = String(++number).padStart(32, "0");
			sessions.set(token, username);
			const cookie = release === "7.20" ? { "Set-Cookie": `token=${token}; HttpOnly; SameSite=Strict; Path=/` } : {};
			return fine({ username, token, expires: 299 }, cookie);
		}
		const bearer = /^Bearer (\w+)$/.exec(request.headers.authorization ?? "")?.[1];
		// A cookie counts only with the header that no form can send.
		const cookie =
			request.headers["x-csrf-protection"] === "1" ? /token=(\w+)/.exec(request.headers.cookie ?? "")?.[1] : undefined;
		const user = sessions.get(bearer ?? cookie ?? "");
		if (user === undefined) return refusal(401, "Expired bearer token", "Authorization");
		if (path === "/session/status") return fine({ active: true });
		if (path === "/ui/config/menu") return menu(release);
		if (path === "/users/acls/options")
			return fine({ "access-group": Object.fromEntries(acl.map(([id]) => [id, KINDS[user]])) });
		const http = request.method ?? "GET";
		if (!allowed(user, http, path)) return refusal(403, "Unauthorized access", "Authorization");
		const [, base, group = "", sid] = path.split("/");
		if (base !== "autonomy") return refusal(404, "Service does not exist in device", "Request");
		const query = Object.fromEntries(url.searchParams);
		asked.push({ http, url: url.href, calls: namesOf(query.q, body) });
		return service.ask({ http, group, query, body, ...(sid === undefined ? {} : { sid }) });
	}

	function file(path: string): { readonly bytes: Buffer; readonly packed: boolean } | null {
		const own = files[path];
		if (own !== undefined) return { bytes: Buffer.from(own), packed: false };
		const root = resolve(`${built}/ui/www`);
		for (const ending of ["", ".gz"]) {
			const full = resolve(root, `.${path}${ending}`);
			if (full.startsWith(`${root}/`) && existsSync(full)) return { bytes: readFileSync(full), packed: ending !== "" };
		}
		return null;
	}

	async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const url = new URL(request.url ?? "/", "http://router");
		const release = url.searchParams.get("release") ?? request.headers.referer?.match(/release=([\d.]+)/)?.[1];
		if (release !== "7.7") response.setHeader("Content-Security-Policy", RUTOS_CSP);
		response.setHeader("Cache-Control", "no-store");
		if (url.pathname.startsWith("/api/")) {
			let text = "";
			for await (const part of request.setEncoding("utf8")) text += part as string;
			const body: unknown = text === "" ? undefined : JSON.parse(text);
			const answer = await api(request, url.pathname.slice("/api".length), url, body);
			if (!server.up()) {
				request.socket.destroy();
				return;
			}
			response
				.writeHead(answer.code, { "Content-Type": "application/json", ...answer.headers })
				.end(JSON.stringify(answer.body));
			return;
		}
		if (url.pathname === "/") {
			response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end(shellPage(url));
			return;
		}
		const path = url.pathname.endsWith("/") ? `${url.pathname}index.html` : url.pathname;
		const found = file(path);
		if (found === null) {
			response.writeHead(404, { "Content-Type": "text/plain" }).end("Not found\n");
			return;
		}
		response
			.writeHead(200, {
				"Content-Type": FILE_TYPES[extname(path)] ?? "application/octet-stream",
				...(found.packed ? { "Content-Encoding": "gzip" } : {}),
			})
			.end(found.bytes);
	}

	const server = await serveLoopback(handle);
	const { url } = server;
	return {
		url,
		asked,
		page: (release, { dark = false, lang = "en" } = {}) =>
			`${url}/?release=${release}&lang=${lang}${dark ? "&dark=1" : ""}`,
		expire: () => sessions.clear(),
		reachable: server.reachable,
		close() {
			server.close();
			service.close();
		},
	};
}

/** Names of the methods in a request. */
function namesOf(hex: string | undefined, body: unknown): readonly string[] {
	if (hex !== undefined) {
		const calls = JSON.parse(Buffer.from(hex, "hex").toString("utf8")) as readonly (readonly [string])[];
		return calls.map(([name]) => name);
	}
	const { data } = (body ?? {}) as { readonly data?: { readonly call?: string } };
	return data?.call === undefined ? [] : [(JSON.parse(data.call) as readonly [string])[0]];
}

function shellPage(url: URL): string {
	const shell = { release: url.searchParams.get("release"), lang: url.searchParams.get("lang") };
	const text = JSON.stringify(shell).replaceAll("<", "\\u003c");
	return `<!doctype html>
<html lang="en"${url.searchParams.has("dark") ? ' data-theme="dark"' : ""}><head><meta charset="utf-8"><title>lab</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/shell.css">
</head><body><script type="application/json" id="shell">${text}</script><div id="app"></div><script src="/shell.js"></script>
</body></html>`;
}
