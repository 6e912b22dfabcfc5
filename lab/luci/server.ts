/**
 * A web server with LuCI's pages for tests: the modules of build/luci, a theme, a frame around them, strict headers, and
 * /ubus passed on to the router of the lab. The framework is our stand-in, or LuCI's own files when LUCI_ROOT names a
 * checkout of them (modules/luci-base, themes/). Counts what goes over the wire.
 */
import { existsSync, readFileSync } from "node:fs";
import { type IncomingMessage, request, type ServerResponse } from "node:http";
import { dirname, extname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { FILE_TYPES, serveLoopback } from "../loopback-server.ts";
import { framePage } from "./frame.ts";

export const REPO = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
/** What luci-plugin-csp calls strict, without the address of a foreign server. */
export const STRICT_CSP =
	"default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; connect-src 'self'; font-src 'self'";

export interface Wire {
	readonly atMs: number;
	readonly calls: readonly string[];
	readonly sentBytes: number;
	receivedBytes: number;
}

export interface Theme {
	readonly name: "bootstrap" | "material" | "openwrt2020" | "plain";
	readonly dark?: boolean;
}

export interface LuciServer {
	readonly url: string;
	/** Address of a page for this session. */
	page(path: string, sid: string, options?: { readOnly?: boolean; theme?: Theme; lang?: string }): string;
	/** What was asked of /ubus, oldest first. */
	readonly wire: Wire[];
	/** False: connections are dropped, as when the cable is pulled. */
	reachable(yes: boolean): void;
	/** Answers in place of the router, by "object method"; null passes them on again. */
	answer(call: string, instead: ((args: Record<string, unknown>) => unknown) | null): void;
	/** Logs in; the session id. */
	login(username: string, password: string): Promise<string>;
	close(): void;
}

interface Options {
	/** Directory that scripts/build-luci.mjs made. */
	readonly app: string;
	/** Socket of uhttpd in the lab; null: only what `answer` was given answers. */
	readonly ubus: string | null;
	/** The stand-in for luci.js. */
	readonly framework: string;
	/** After a configuration was committed: what procd's reload trigger does. */
	onApply?(config: string): Promise<void>;
	/** Texts by language. */
	readonly translations?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

type Call = { id: unknown; params: [string, string, string, Record<string, unknown>] };

/** What uhttpd says of objects that are not there. */
function nobody(body: string): string {
	const answer = ({ id }: Call): unknown => ({
		jsonrpc: "2.0",
		id,
		error: { code: -32000, message: "Object not found" },
	});
	const parsed = JSON.parse(body) as Call | Call[];
	return JSON.stringify(Array.isArray(parsed) ? parsed.map(answer) : answer(parsed));
}

export async function startLuciServer({
	app,
	ubus,
	framework,
	translations = {},
	onApply = async () => {},
}: Options): Promise<LuciServer> {
	const root = process.env.LUCI_ROOT ?? "";
	const wire: Wire[] = [];
	const instead = new Map<string, (args: Record<string, unknown>) => unknown>();
	// LuCI's own framework asks these of every router when it starts.
	if (root !== "") instead.set("luci getFeatures", () => ({ result: [0, { features: {} }] }));

	function file(path: string): string | null {
		const folders = [
			`${app}/htdocs`,
			...(root === ""
				? []
				: [
						`${root}/modules/luci-base/htdocs`,
						`${root}/modules/luci-mod-status/htdocs`,
						...["bootstrap", "material", "openwrt-2020"].map((theme) => `${root}/themes/luci-theme-${theme}/htdocs`),
					]),
		];
		for (const folder of folders) {
			const full = resolve(folder, `.${path}`);
			if (full.startsWith(`${folder}/`) && existsSync(full)) return full;
		}
		return null;
	}

	function pass(body: string): Promise<string> {
		return new Promise((done, fail) => {
			if (ubus === null) return done(nobody(body));
			const onward = request({ socketPath: ubus, path: "/ubus", method: "POST" }, (answer) => {
				let text = "";
				answer.setEncoding("utf8").on("data", (part: string) => {
					text += part;
				});
				answer.on("end", () => done(text));
			});
			onward.on("error", fail);
			onward.end(body);
		});
	}

	/** Each call is answered by the test or by the router; the order stays. */
	async function batch(body: string): Promise<string> {
		const parsed = JSON.parse(body) as Call | Call[];
		const one = async (call: Call): Promise<unknown> => {
			const own = instead.get(`${call.params?.[1]} ${call.params?.[2]}`);
			if (own === undefined) return JSON.parse(await pass(JSON.stringify(call)));
			const answer = own(call.params[3]);
			return { jsonrpc: "2.0", id: call.id, ...(answer as object) };
		};
		if (!Array.isArray(parsed)) return JSON.stringify(await one(parsed));
		if (!parsed.some((call) => instead.has(`${call.params?.[1]} ${call.params?.[2]}`))) return pass(body);
		const answers: unknown[] = [];
		for (const call of parsed) answers.push(await one(call));
		return JSON.stringify(answers);
	}

	async function ask(sid: string, object: string, method: string, args: object): Promise<unknown> {
		const text = await pass(
			JSON.stringify({ jsonrpc: "2.0", id: 1, method: "call", params: [sid, object, method, args] }),
		);
		const { result } = JSON.parse(text) as { result?: [number, unknown?] };
		if (result?.[0] !== 0) throw new Error(`${object} ${method}: ${text}`);
		return result[1];
	}

	/** What LuCI's dispatcher does: commits what this session has staged, and the services hear of it. */
	async function apply(sid: string): Promise<void> {
		const { changes = {} } = (await ask(sid, "uci", "changes", {})) as { changes?: Record<string, unknown> };
		for (const config of Object.keys(changes)) {
			await ask(sid, "uci", "commit", { config });
			await onApply(config);
		}
	}

	function post(incoming: IncomingMessage, response: ServerResponse): void {
		let body = "";
		incoming.setEncoding("utf8").on("data", (part: string) => {
			body += part;
		});
		incoming.on("end", () => {
			const calls = [JSON.parse(body) as Call | Call[]].flat();
			const entry: Wire = {
				atMs: performance.now(),
				calls: calls.map((call) => `${call.params?.[1]} ${call.params?.[2]}`),
				sentBytes: body.length,
				receivedBytes: 0,
			};
			wire.push(entry);
			batch(body).then(
				(text) => {
					entry.receivedBytes = text.length;
					response.writeHead(200, { "Content-Type": "application/json" }).end(text);
				},
				() => response.destroy(),
			);
		});
	}

	const handle = (incoming: IncomingMessage, response: ServerResponse): void => {
		const url = new URL(incoming.url ?? "/", "http://router");
		response.setHeader("Content-Security-Policy", STRICT_CSP);
		response.setHeader("X-Content-Type-Options", "nosniff");
		response.setHeader("X-Frame-Options", "SAMEORIGIN");
		response.setHeader("Cache-Control", "no-store");
		if (url.pathname.startsWith("/ubus")) {
			post(incoming, response);
			return;
		}
		if (url.pathname.startsWith("/cgi-bin/luci/admin/translations/")) {
			const texts = translations[url.pathname.split("/").at(-1) ?? ""] ?? {};
			response.writeHead(200, { "Content-Type": FILE_TYPES[".js"] }).end(`window.TR=${JSON.stringify(texts)};`);
			return;
		}
		const applied = /^\/cgi-bin\/luci\/admin\/uci\/(apply_rollback|apply_unchecked|confirm)$/.exec(url.pathname)?.[1];
		if (applied !== undefined) {
			const work = applied === "confirm" ? Promise.resolve() : apply(url.searchParams.get("sid") ?? "");
			work.then(
				() => response.writeHead(200, { "Content-Type": "application/json" }).end('{"token":"lab"}'),
				() => response.writeHead(500).end(),
			);
			return;
		}
		if (url.pathname.startsWith("/cgi-bin/luci/")) {
			response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end(framePage(url, root !== ""));
			return;
		}
		if (root === "" && url.pathname === "/luci-static/resources/luci.js") {
			response.writeHead(200, { "Content-Type": FILE_TYPES[".js"] }).end(framework);
			return;
		}
		const found = file(url.pathname);
		if (found === null) {
			response.writeHead(404, { "Content-Type": "text/plain" }).end("Not found\n");
			return;
		}
		response
			.writeHead(200, { "Content-Type": FILE_TYPES[extname(found)] ?? "application/octet-stream" })
			.end(readFileSync(found));
	};

	const server = await serveLoopback(handle);
	const { url } = server;
	return {
		url,
		wire,
		page(path, sid, { readOnly = false, theme = { name: "plain" }, lang = "en" } = {}) {
			const query = new URLSearchParams({
				sid,
				theme: theme.name,
				lang,
				...(readOnly ? { ro: "1" } : {}),
				...(theme.dark ? { dark: "1" } : {}),
			});
			const [place = "", hash] = path.split("#");
			return `${url}/cgi-bin/luci/${place}?${query.toString()}${hash === undefined ? "" : `#${hash}`}`;
		},
		reachable: server.reachable,
		answer(call, own) {
			if (own === null) instead.delete(call);
			else instead.set(call, own);
		},
		async login(username, password) {
			const params = ["0".repeat(32), "session", "login", { username, password }];
			const text = await pass(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "call", params }));
			const { result } = JSON.parse(text) as { result?: [number, { ubus_rpc_session: string }?] };
			const sid = result?.[1]?.ubus_rpc_session;
			if (sid === undefined) throw new Error(`login as ${username}: ${text}`);
			return sid;
		},
		close: server.close,
	};
}
