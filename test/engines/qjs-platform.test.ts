/** The platform on QuickJS. Here are the servers and a curl that tells what it was given; the tests are inside/platform.ts. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import dgram from "node:dgram";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { findQjs } from "../../lab/autonomyd.ts";
import { bundleTests, reportLines, runOnQjs } from "./qjs.ts";

const { path: qjs, why } = findQjs();

function curl(folder: string): void {
	// A body in a file is kept, with what others may do with that.
	const body = `f=$(sed -n 's/^data-binary = "@\\(.*\\)"$/\\1/p' '${folder}/curl.log')\nif [ -n "$f" ]; then cat "$f" >'${folder}/curl.body'; ls -l "$f" | cut -c1-10 >'${folder}/curl.mode'; fi`;
	// The real one writes its complaints letter by letter.
	const late = `if grep -q late.example '${folder}/curl.log'; then for c in c u r l : ' ' '(' 28 ')' ' ' Connect ion ' ' timed ' ' out; do printf %s "$c" >&2; sleep 0.02; done; exit 28; fi`;
	const text = `#!/bin/sh\n{ echo "$*"; cat; } >'${folder}/curl.log'\n${late}\n${body}\nprintf 'HTTP/1.1 100 Continue\\r\\n\\r\\nHTTP/1.1 202 Accepted\\r\\nX-A: b\\r\\n\\r\\ntaken'\n`;
	writeFileSync(join(folder, "curl"), text);
	chmodSync(join(folder, "curl"), 0o755);
}

/** A program that is QuickJS with other hosts in /etc/hosts; null where that cannot be had. */
function withHosts(folder: string, hosts: string): string | null {
	writeFileSync(join(folder, "hosts"), hosts);
	const inside = `mount --bind '${folder}/hosts' /etc/hosts && exec "$@"`;
	const run = ["-m", "sh", "-c", inside, "-"];
	if (spawnSync("unshare", [...run, "true"]).status !== 0) return null;
	const program = join(folder, "qjs-with-hosts");
	writeFileSync(program, `#!/bin/sh\nexec unshare -m sh -c '${inside.replaceAll("'", "'\\''")}' - '${qjs}' "$@"\n`);
	chmodSync(program, 0o755);
	return program;
}

test("the platform on QuickJS", { skip: qjs === null ? why : false }, async (t) => {
	const folder = mkdtempSync(join(tmpdir(), "autonomy-qjs-"));
	t.after(() => rmSync(folder, { recursive: true }));
	curl(folder);
	const sockets = new Set<net.Socket>();
	for (const [name, serve] of [
		["echo.sock", (socket: net.Socket) => void socket.pipe(socket)],
		["short.sock", (socket: net.Socket) => void socket.end()],
		["deaf.sock", (socket: net.Socket) => void socket.pause()],
	] as const) {
		const server = net.createServer((socket) => {
			sockets.add(socket);
			socket.on("error", () => undefined);
			serve(socket);
		});
		await new Promise<void>((resolve) => server.listen(join(folder, name), resolve));
		t.after(() => server.close());
	}
	let connections = 0;
	const web = http.createServer((request, response) => {
		if (request.url === "/slow") return;
		if (request.url === "/connections") return void response.end(String(connections));
		if (request.url === "/chunked") {
			for (let i = 0; i < 1000; i++) response.write(i % 2 === 0 ? "onetwo" : "onetwo");
			return void response.end();
		}
		if (request.url === "/cut") {
			response.writeHead(200, { "content-length": "100" });
			response.write("only this");
			setTimeout(() => request.socket.destroy(), 50);
			return;
		}
		response.writeHead(201, { "x-seen": `${request.method} ${request.url} ${request.headers["x-a"]}` });
		request.pipe(response);
	});
	// A test that is held up finds its connection as it left it.
	web.keepAliveTimeout = 600_000;
	web.on("connection", (socket) => {
		connections++;
		sockets.add(socket);
	});
	await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
	const web6 = http.createServer((_, response) => response.end("by IPv6"));
	const named = withHosts(folder, "::1 six.test\n127.0.0.1 both.test\n::1 both.test\n");
	const has6 =
		named !== null &&
		(await new Promise((resolve) => {
			web6.once("error", () => resolve(false));
			web6.listen(0, "::1", () => resolve(true));
		}));
	t.after(() => web6.close());
	const udp = dgram.createSocket("udp4");
	udp.on("message", (bytes, from) => udp.send(bytes, from.port, from.address));
	await new Promise<void>((resolve) => udp.bind(0, "127.0.0.1", resolve));
	t.after(() => {
		for (const socket of sockets) socket.destroy();
		web.close();
		udp.close();
	});
	const pathOf = await bundleTests(["test/engines/inside/platform.ts"], `${folder}/bundles`);
	const outcome = await runOnQjs(named ?? qjs ?? "", pathOf("test/engines/inside/platform.ts"), 600_000, {
		FOLDER: folder,
		PATH: `${folder}:${process.env.PATH}`,
		HTTP_PORT: String((web.address() as net.AddressInfo).port),
		HTTP6_PORT: has6 ? String((web6.address() as net.AddressInfo).port) : "",
		UDP_PORT: String(udp.address().port),
		LONG_HMAC: createHmac("sha256", "k".repeat(131)).update("x".repeat(1000)).digest("hex"),
	});
	assert.ok(outcome.lines.length > 15, outcome.stderr);
	await reportLines(t, outcome);
});

test("at its memory limit the process tells and ends", { skip: qjs === null ? why : false }, async (t) => {
	const folder = mkdtempSync(join(tmpdir(), "autonomy-qjs-"));
	t.after(() => rmSync(folder, { recursive: true }));
	const pathOf = await bundleTests(["test/engines/inside/memory.ts"], folder);
	const flags = ["--memory-limit", "8M"];
	const outcome = await runOnQjs(qjs ?? "", pathOf("test/engines/inside/memory.ts"), 300_000, {}, flags);
	assert.equal(outcome.code, 1, outcome.stderr);
	assert.ok(outcome.lines.some((line) => line.name === "told") || /out of memory/.test(outcome.stderr), outcome.stderr);
});
