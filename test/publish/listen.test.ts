/** The small web server, on both engines. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import http from "node:http";
import { connect, createServer, type Socket } from "node:net";
import { after, before, describe, type TestContext, test } from "node:test";
import { nodeOutlets } from "../../daemon/platform/node/outlets.ts";
import { createNodePlatform } from "../../daemon/platform/node/platform.ts";
import { answer } from "../../daemon/platform/qjs/http-answer.ts";
import { createQjsOutlets } from "../../daemon/platform/qjs/outlets.ts";
import { ORPHAN_MS } from "../../daemon/platform/web-orphans.ts";
import type { Pages } from "../engines/inside/outlets.ts";
import { type QjsOutlets, startQjsOutlets, withoutQjs } from "../support/qjs-outlets.ts";
import { freePort, until } from "./broker.ts";

type Listen = (port: number, pages: Pages, idleMs?: number) => Promise<{ readonly port: number; close(): void }>;

const BIG = "ü".repeat(200_000);
const PAGES: Pages = {
	"/metrics": { status: 200, type: "text/plain; version=0.0.4", body: "a 1\n" },
	"/readyz": { status: 503, type: "application/json", body: "{}\n" },
};

const onNode: Listen = (port, pages, idleMs) =>
	createNodePlatform().outlets.listen({
		host: "127.0.0.1",
		port,
		...(idleMs === undefined ? {} : { idleMs }),
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

/** A connection on which more than one thing is asked. */
interface Kept {
	readonly socket: Socket;
	readonly over: boolean;
	readonly ended: Promise<void>;
	/** Sends a request; its whole answer. */
	ask(path: string): Promise<string>;
	/** What came since the last call, as soon as it ends with these words. */
	heard(end: string): Promise<string>;
}

async function keep(t: TestContext, port: number): Promise<Kept> {
	const socket = connect(port, "127.0.0.1");
	t.after(() => socket.destroy());
	let text = "";
	let over = false;
	socket.setEncoding("utf8").on("data", (part: string) => {
		text += part;
	});
	socket.on("error", () => undefined);
	const ended = once(socket, "close").then(() => {
		over = true;
	});
	socket.on("end", () => socket.end());
	await once(socket, "connect");
	const take = (length: number): string => {
		const taken = text.slice(0, length);
		text = text.slice(length);
		return taken;
	};
	return {
		socket,
		ended,
		get over() {
			return over;
		},
		async ask(path) {
			socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
			const whole = (): number | null => {
				const head = text.indexOf("\r\n\r\n") + 4;
				const bytes = /content-length: (\d+)/i.exec(text.slice(0, head))?.[1];
				if (head < 4 || bytes === undefined) return null;
				const body = Buffer.from(text.slice(head));
				return body.length < Number(bytes) ? null : head + body.subarray(0, Number(bytes)).toString().length;
			};
			await until(`an answer for ${path}`, () => whole() !== null || over);
			return take(whole() ?? 0);
		},
		async heard(end) {
			await until(JSON.stringify(end), () => text.endsWith(end) || over);
			return take(text.length);
		},
	};
}

function suite(name: string, skip: string | false, listen: () => Listen): void {
	describe(`web server on ${name}`, { skip }, () => {
		async function open(t: TestContext, port = 0, idleMs?: number) {
			const server = await listen()(port, PAGES, idleMs);
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

		test("half a request does not keep its place for long: there are few", async (t) => {
			const { port } = await open(t);
			const beganMs = performance.now();
			const half = connect(port, "127.0.0.1", () => half.write("GET /metrics HTTP/1.1\r\nHost: x\r\nX: "));
			t.after(() => half.destroy());
			half.on("error", () => undefined).resume();
			await once(half, "close");
			assert.ok(performance.now() - beganMs < 20_000, `${performance.now() - beganMs} ms`);
			assert.equal((await get(port, "/metrics")).status, 200);
		});

		test("who asks and does not read the answers does not keep the others from theirs", async (t) => {
			const { port } = await open(t);
			// So many are taken; more would wait in the kernel.
			const places = name === "Node" ? 16 : 6;
			for (let i = 0; i < places; i++) {
				const deaf = connect(port, "127.0.0.1", () => deaf.write("GET /big HTTP/1.1\r\nHost: x\r\n\r\n".repeat(100)));
				deaf.on("error", () => undefined);
				t.after(() => deaf.destroy());
				await once(deaf, "data");
				deaf.pause();
			}
			await until("an answer", () =>
				get(port, "/metrics").then(
					({ status }) => status === 200,
					() => false,
				),
			);
		});

		test("a header in any language does not get into the next request", async (t) => {
			const { port } = await open(t);
			const one = await keep(t, port);
			one.socket.write("GET /metrics HTTP/1.1\r\nHost: x\r\nX-Boat: Bücher ⛵\r\n\r\n");
			assert.match(await one.heard("a 1\n"), /^HTTP\/1\.1 200 /);
			assert.match(await one.ask("/metrics"), /^HTTP\/1\.1 200 /);
		});

		test("a connection is kept for the next request, also for some sent at once, and ends after its idle time", async (t) => {
			const { port } = await open(t);
			const one = await keep(t, port);
			const answers = [
				await one.ask("/metrics"),
				await one.ask("/readyz"),
				await one.ask("/big"),
				await one.ask("/metrics"),
			];
			assert.deepEqual(
				answers.map((text) => [text.slice(9, 12), text.includes("\r\nConnection: close"), text.length > 1000]),
				[
					["200", false, false],
					["503", false, false],
					["200", false, true],
					["200", false, false],
				],
			);
			one.socket.write("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\nGET /readyz HTTP/1.1\r\nHost: x\r\n\r\nGET /metrics");
			assert.match(await one.heard("{}\n"), /a 1\n[\s\S]* 503 [\s\S]*{}\n$/);
			one.socket.write(" HTTP/1.1\r\nHost: x\r\n\r\n");
			assert.match(await one.heard("a 1\n"), /^HTTP\/1\.1 200 /);
			const last = await keep(t, port);
			last.socket.write("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
			assert.match(await last.heard("a 1\n"), /Connection: close/i);
			await last.ended;
			// Where the test itself is held up for so long, the connection ends before it has asked.
			const short = await open(t, 0, 500);
			await until("an answer before the idle time is over, and then the end", async () => {
				const idle = await keep(t, short.port);
				const said = await idle.ask("/metrics");
				await idle.ended;
				return said.endsWith("a 1\n");
			});
		});

		test("more connections than can be kept: newcomers are served, those that were idle for long end", async (t) => {
			const { port } = await open(t);
			const all: Kept[] = [];
			for (let i = 0; i < 12; i++) {
				const one = await keep(t, port);
				assert.match(await one.ask("/metrics"), /a 1\n$/, `connection ${i}`);
				all.push(one);
			}
			await until("few are left", () => all.filter((one) => !one.over).length <= 8);
			assert.ok(all.at(-1)?.over === false, "the last one is kept");
			assert.match((await all.at(-1)?.ask("/metrics")) ?? "", /a 1\n$/);
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
suite("QuickJS", withoutQjs(), () => (port, pages, idleMs) => {
	if (quickjs === null) throw new Error("not started");
	return quickjs.listen("127.0.0.1", port, pages, idleMs);
});

/** As a bit of the signals that wait in /proc. */
const SIGTERM = 1 << 14;

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

/** The one that started it has ended, and the kernel has said so to all. */
async function orphaned(pid: number | undefined): Promise<void> {
	await until("an orphan", () => /\) \S 1 /.test(readFileSync(`/proc/${pid}/stat`, "utf8")));
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
	await orphaned(before);
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

test("Node ends the helper of a killed QuickJS daemon, and leaves that of a living one alone", {
	skip: withoutQjs(),
}, async (t) => {
	const first = await startQjsOutlets();
	t.after(() => first.kill());
	const port = await freePort();
	await first.listen("127.0.0.1", port, PAGES);
	const before = listeners(port);
	assert.equal(before.length, 1);
	await assert.rejects(onNode(port, PAGES), { code: "connection_failed", message: /EADDRINUSE/ });
	assert.deepEqual(listeners(port), before);
	assert.equal((await get(port, "/metrics")).status, 200);
	first.kill();
	await orphaned(before[0]);
	const server = await onNode(port, PAGES);
	t.after(() => server.close());
	assert.equal((await get(port, "/metrics")).body, "a 1\n");
	await until("nobody left", () => listeners(port).length === 0);
});

for (const engine of ["Node", "QuickJS"]) {
	test(`${engine} waits for a helper of a killed daemon that takes its time to end`, {
		skip: withoutQjs(),
	}, async (t) => {
		const first = await startQjsOutlets();
		t.after(() => first.kill());
		const second = await startQjsOutlets();
		t.after(() => second.stop());
		const port = await freePort();
		await first.listen("127.0.0.1", port, PAGES);
		const [helper = 0] = listeners(port);
		first.kill();
		await orphaned(helper);
		process.kill(helper, "SIGSTOP");
		t.after(() => listeners(port).includes(helper) && process.kill(helper, "SIGKILL"));
		const opened = engine === "Node" ? onNode(port, PAGES) : second.listen("127.0.0.1", port, PAGES);
		const status = (): string => readFileSync(`/proc/${helper}/status`, "utf8");
		await until(
			"it is asked to end",
			() => (Number.parseInt(/^ShdPnd:\t.*(.{4})$/m.exec(status())?.[1] ?? "", 16) & SIGTERM) > 0,
		);
		await new Promise((resolve) => setTimeout(resolve, 3 * ORPHAN_MS));
		process.kill(helper, "SIGCONT");
		const server = await opened;
		t.after(() => server.close());
		assert.equal((await get(port, "/metrics")).body, "a 1\n");
	});
}

test("what is answered to a request, whole or not", () => {
	const say = (text: string) => {
		const reply = answer(Buffer.from(text, "latin1"), (path) => ({ status: 200, type: "t", body: path }));
		if (reply === null) return null;
		return `${Buffer.from(reply.bytes).toString("utf8")} ${reply.keep} ${text.slice(reply.used)}`;
	};
	const kept = "HTTP/1.1 200 OK\r\nContent-Type: t\r\nContent-Length: 2\r\n\r\n/a true ";
	const last = kept.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n").replace("true", "false");
	for (const [request, wanted] of [
		["", null],
		["GET /a HTTP/1.1\r\nHost: x\r\n", null],
		["GET /a HTTP/1.1\r\nHost: x\r\n\r\n", kept],
		["GET /a HTTP/1.1\r\n\r\nGET /b", `${kept}GET /b`],
		["GET /a?b=c HTTP/1.0\r\n\r\n", last],
		["GET /a HTTP/1.1\r\nHost: x\r\nconnection: Close\r\n\r\n", last],
		["GET /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", `${last}abc`],
		["GET /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0", `${last}0`],
		["HEAD /a HTTP/1.1\r\n\r\n", kept.replace("/a", "")],
	] as const) {
		assert.equal(say(request), wanted, request);
	}
	for (const request of [
		"get /a HTTP/1.1\r\n\r\n",
		"GET /a\r\n\r\n",
		"GET /a HTTP/2\r\n\r\n",
		"\r\n\r\n",
		"x".repeat(8192),
		// Nor is what is left of it taken for the next one.
		`${"A".repeat(5000)} / HTTP/1.1\r\nX: ${"y".repeat(20_000)}`,
	]) {
		assert.match(say(request) ?? "", /^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*not HTTP\/1\n false/, request.slice(0, 30));
	}
});

test("nothing of the router can be asked from outside", async () => {
	for (const outlets of [nodeOutlets, createQjsOutlets(() => null)])
		for (const host of ["0.0.0.0", "::", "192.168.1.1", "127.0.0.1.example.org", ""])
			await assert.rejects(outlets.listen({ host: host as "::1", port: 0, handle: () => null }), {
				code: "refused",
				message: "only on loopback addresses",
			});
});
