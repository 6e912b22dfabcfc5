/** The small web server, on both engines. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import http from "node:http";
import { connect, createServer } from "node:net";
import { after, before, describe, type TestContext, test } from "node:test";
import { nodeOutlets } from "../../daemon/platform/node/outlets.ts";
import { createNodePlatform } from "../../daemon/platform/node/platform.ts";
import { answer } from "../../daemon/platform/qjs/http-answer.ts";
import { qjsOutlets } from "../../daemon/platform/qjs/outlets.ts";
import type { Pages } from "../engines/inside/outlets.ts";
import { type QjsOutlets, startQjsOutlets, withoutQjs } from "../support/qjs-outlets.ts";
import { freePort, until } from "./broker.ts";

type Listen = (port: number, pages: Pages) => Promise<{ readonly port: number; close(): void }>;

const BIG = "ü".repeat(200_000);
const PAGES: Pages = {
	"/metrics": { status: 200, type: "text/plain; version=0.0.4", body: "a 1\n" },
	"/readyz": { status: 503, type: "application/json", body: "{}\n" },
};

const onNode: Listen = (port, pages) =>
	createNodePlatform().outlets.listen({
		host: "127.0.0.1",
		port,
		handle(path) {
			if (path === "/fails") throw new Error("no figures");
			if (path === "/big") return { status: 200, type: "text/plain", body: BIG };
			return pages[path] ?? null;
		},
	});

/** One connection each, as a scrape is. */
function get(port: number, path: string, method = "GET"): Promise<{ status: number; type: string; body: string }> {
	return new Promise((resolve, reject) => {
		const request = http.request({ host: "127.0.0.1", port, path, method, agent: false }, (reply) => {
			let body = "";
			reply.setEncoding("utf8");
			reply.on("data", (text: string) => {
				body += text;
			});
			reply.on("end", () =>
				resolve({ status: reply.statusCode ?? 0, type: reply.headers["content-type"] ?? "", body }),
			);
			reply.on("error", reject);
		});
		request.on("error", reject);
		request.end();
	});
}

/** All that comes back, until the other side ends. */
function raw(port: number, text: string): Promise<string> {
	return new Promise((resolve, reject) => {
		const socket = connect(port, "127.0.0.1", () => socket.write(text));
		let heard = "";
		socket.setEncoding("utf8").on("data", (part: string) => {
			heard += part;
		});
		socket.on("error", reject);
		socket.on("end", () => {
			socket.end();
			resolve(heard);
		});
	});
}

function suite(name: string, skip: string | false, listen: () => Listen): void {
	describe(`web server on ${name}`, { skip }, () => {
		async function open(t: TestContext, port = 0) {
			const server = await listen()(port, PAGES);
			t.after(() => server.close());
			return server;
		}

		test("pages, what is not there, what fails, what is not asked for with GET", async (t) => {
			const { port } = await open(t);
			assert.deepEqual(await get(port, "/metrics?x=1"), {
				status: 200,
				type: "text/plain; version=0.0.4",
				body: "a 1\n",
			});
			const rest = [];
			for (const [path, method] of [
				["/readyz", "GET"],
				["/", "GET"],
				["/__proto__", "GET"],
				["/fails", "GET"],
				["/metrics", "POST"],
				["/metrics", "HEAD"],
			] as const) {
				const { status, body } = await get(port, path, method);
				rest.push([status, body]);
			}
			assert.deepEqual(rest, [
				[503, "{}\n"],
				[404, "not found\n"],
				[404, "not found\n"],
				[500, "no figures\n"],
				[405, "GET only\n"],
				[200, ""],
			]);
			assert.equal((await get(port, "/big")).body, BIG);
			assert.match(await raw(port, "nonsense\r\n\r\n"), /^HTTP\/1\.1 400 /);
		});

		test("many at once are all served; one that says nothing, one that goes away, do no harm", async (t) => {
			const { port } = await open(t);
			const gone = connect(port, "127.0.0.1", () => gone.destroy());
			const silent = connect(port, "127.0.0.1");
			silent.on("error", () => undefined);
			t.after(() => silent.destroy());
			const replies = await Promise.all(Array.from({ length: 8 }, () => get(port, "/metrics")));
			assert.deepEqual(new Set(replies.map(({ body }) => body)), new Set(["a 1\n"]));
		});

		test("a port that is taken is said; after close nobody answers, and the port is free", async (t) => {
			const other = createServer();
			await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
			t.after(() => other.close());
			const { port: taken } = other.address() as { port: number };
			const words = new RegExp(`^cannot listen on 127.0.0.1:${taken}: .*(in use)`);
			await assert.rejects(listen()(taken, PAGES), { code: "connection_failed", message: words });
			const server = await open(t);
			assert.equal((await get(server.port, "/metrics")).status, 200);
			server.close();
			await until("closed", () =>
				get(server.port, "/metrics").then(
					() => false,
					() => true,
				),
			);
			const again = await open(t, server.port);
			assert.equal((await get(again.port, "/metrics")).status, 200);
		});
	});
}

suite("Node", false, () => onNode);

let quickjs: QjsOutlets | null = null;
before(async () => {
	if (withoutQjs() === false) quickjs = await startQjsOutlets();
});
after(() => quickjs?.stop());
suite("QuickJS", withoutQjs(), () => (port, pages) => {
	if (quickjs === null) throw new Error("not started");
	return quickjs.listen("127.0.0.1", port, pages);
});

/** Programs named socat whose arguments name this port. */
function listeners(port: number): number[] {
	return readdirSync("/proc")
		.filter((name) => /^\d+$/.test(name))
		.filter((name) => {
			try {
				const words = readFileSync(`/proc/${name}/cmdline`, "utf8");
				return words.startsWith("socat\0") && words.includes(`-LISTEN:${port},`);
			} catch {
				return false;
			}
		})
		.map(Number);
}

test("one helper waits while nobody asks; one of a killed daemon is ended by the next", {
	skip: withoutQjs(),
}, async (t) => {
	const first = await startQjsOutlets();
	t.after(() => first.kill());
	const port = await freePort();
	await first.listen("127.0.0.1", port, PAGES);
	assert.equal((await get(port, "/metrics")).status, 200);
	await until("one helper", () => listeners(port).length === 1);
	const [before] = listeners(port);
	const second = await startQjsOutlets();
	t.after(() => second.stop());
	await assert.rejects(second.listen("127.0.0.1", port, PAGES), /in use/);
	assert.deepEqual(listeners(port), [before], "that of a living daemon is left alone");
	first.kill();
	const server = await second.listen("127.0.0.1", port, PAGES);
	t.after(() => server.close());
	assert.equal((await get(port, "/metrics")).body, "a 1\n");
	assert.ok(!listeners(port).includes(before ?? 0));
	// Its helper is killed: another takes its place.
	for (const pid of listeners(port)) process.kill(pid, "SIGKILL");
	await until("served again", () =>
		get(port, "/metrics").then(
			() => true,
			() => false,
		),
	);
});

test("what is answered to a request, whole or not", () => {
	const say = (text: string) => {
		const reply = answer(Buffer.from(text, "latin1"), (path) => ({ status: 200, type: "t", body: path }));
		return reply === null ? null : Buffer.from(reply).toString("utf8");
	};
	const whole = "HTTP/1.1 200 OK\r\nContent-Type: t\r\nContent-Length: 2\r\nConnection: close\r\n\r\n/a";
	for (const [request, wanted] of [
		["", null],
		["GET /a HTTP/1.1\r\nHost: x\r\n", null],
		["GET /a HTTP/1.1\r\nHost: x\r\n\r\n", whole],
		["GET /a?b=c HTTP/1.0\r\n\r\n", whole],
		["HEAD /a HTTP/1.1\r\n\r\n", whole.slice(0, -2)],
	] as const) {
		assert.equal(say(request), wanted, request);
	}
	for (const request of [
		"get /a HTTP/1.1\r\n\r\n",
		"GET /a\r\n\r\n",
		"GET /a HTTP/2\r\n\r\n",
		"\r\n\r\n",
		"x".repeat(8192),
	]) {
		assert.match(say(request) ?? "", /^HTTP\/1\.1 400 Bad Request\r\n/, request.slice(0, 30));
	}
});

test("nothing of the router can be asked from outside", async () => {
	for (const outlets of [nodeOutlets, qjsOutlets])
		for (const host of ["0.0.0.0", "::", "192.168.1.1", "127.0.0.1.example.org", ""])
			await assert.rejects(outlets.listen({ host: host as "::1", port: 0, handle: () => null }), {
				code: "refused",
				message: "only on loopback addresses",
			});
});
