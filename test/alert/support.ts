/** Real servers on loopback that answer as told, and letters to send them. */
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import type { Letter } from "../../daemon/alert/channels/channel.ts";
import { createPost } from "../../daemon/alert/post.ts";
import type { Alert, AlertLevel, Message, Notice } from "../../daemon/alert/types.ts";
import { wordsOf } from "../../daemon/alert/words.ts";
import { UTC } from "../../daemon/alert/zone.ts";
import { readConfig } from "../../daemon/config/read.ts";
import type { Config } from "../../daemon/config/types.ts";
import { createNodePlatform } from "../../daemon/platform/node/platform.ts";
import { parseUci } from "../../daemon/uci/parse.ts";

export const HOSTILE = 'wa"n\\ <b>&amp; *_`~ @everyone $x{y} %00 {{title}} \u0007\u202e\n$(reboot)';
export const NOW_UNIX_MS = 1_790_000_000_000;

export interface Seen {
	readonly method: string;
	readonly path: string;
	readonly headers: IncomingHttpHeaders;
	readonly body: string;
}

export interface Reply {
	readonly status?: number;
	readonly headers?: Readonly<Record<string, string>>;
	readonly body?: string | object;
	/** Never answers. */
	readonly hang?: true;
}

export interface Service {
	readonly base: string;
	readonly seen: Seen[];
	json(index?: number): Record<string, unknown>;
}

/** Answers one after the other, the last for ever; a function decides by request. */
export async function service(t: TestContext, ...replies: (Reply | ((seen: Seen) => Reply))[]): Promise<Service> {
	const seen: Seen[] = [];
	const server = createServer((request, response) => {
		const chunks: Buffer[] = [];
		request.on("data", (chunk: Buffer) => chunks.push(chunk));
		request.on("end", () => {
			const one: Seen = {
				method: request.method ?? "",
				path: request.url ?? "",
				headers: request.headers,
				body: Buffer.concat(chunks).toString("utf8"),
			};
			const next = replies[Math.min(seen.length, replies.length - 1)] ?? {};
			seen.push(one);
			const reply = typeof next === "function" ? next(one) : next;
			if (reply.hang) return;
			const { status = 200, headers = {}, body = "" } = reply;
			response.writeHead(status, headers);
			response.end(typeof body === "string" ? body : JSON.stringify(body));
		});
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	t.after(() => {
		server.closeAllConnections();
		server.close();
	});
	const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	return { base, seen, json: (index = -1) => JSON.parse(seen.at(index)?.body ?? "null") as Record<string, unknown> };
}

export const platform = createNodePlatform();
export const post = createPost(platform.http, () => [null]);

export function config(text: string): Config {
	return readConfig(parseUci(text, { file: "test" }), "test").config;
}

export function notice(
	change: Notice["change"] = "raised",
	level: AlertLevel = "critical",
	more: Partial<Alert> = {},
): Notice {
	const alert: Alert = {
		id: "a1",
		key: "member_down:wan",
		kind: "member_down",
		uplink: "wan",
		level,
		text: "wan: no answer",
		state: change === "cleared" ? "cleared" : "active",
		raisedAtMs: 0,
		changedAtMs: 0,
		clearedAtMs: null,
		acknowledgedAtMs: null,
		acknowledgedBy: null,
		count: 1,
		quiet: false,
		endsAtMs: null,
		...more,
	};
	return { change, alert, atMs: 0, silent: false };
}

export function letter(notices: readonly Notice[] = [notice()], more: Partial<Message> = {}): Letter {
	const level = notices[0]?.alert.level ?? "info";
	const message: Message = { id: "m1", kind: "alert", atMs: 0, level, notices, lead: null, ...more };
	const toUnixMs = (atMs: number) => NOW_UNIX_MS + atMs;
	return {
		message,
		words: wordsOf(message, { device: "boat", zone: UTC, nowMs: 5_000, toUnixMs }),
		device: "boat",
		happenedUnixMs: NOW_UNIX_MS,
		nowUnixMs: NOW_UNIX_MS + 5_000,
		version: "1.2.3",
		toUnixMs,
		isOpen: (id) => notices.some(({ alert }) => alert.id === id && alert.state === "active"),
	};
}

export const hostile = () => letter([notice("raised", "critical", { uplink: HOSTILE, text: HOSTILE })]);
