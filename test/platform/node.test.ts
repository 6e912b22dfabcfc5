/** The Node platform against the real machine: files, processes, timers, streams, datagrams, http. */
import assert from "node:assert/strict";
import dgram from "node:dgram";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { isAutonomyError } from "../../daemon/platform/error.ts";
import { createNodePlatform } from "../../daemon/platform/node/platform.ts";
import { HELD, heldOutput } from "./held-suite.ts";

const platform = createNodePlatform();
const folder = mkdtempSync(join(tmpdir(), "autonomy-platform-"));
after(() => rmSync(folder, { recursive: true }));

test("files: atomic write keeps mode, read back, missing file has its code", () => {
	const path = join(folder, "a");
	platform.files.writeAtomic(path, "one\n", 0o600);
	assert.equal(platform.files.readText(path), "one\n");
	assert.equal(statSync(path).mode & 0o777, 0o600);
	assert.deepEqual(platform.files.list(folder), ["a"]);
	assert.equal(platform.files.readTextIfAny(join(folder, "none")), null);
	assert.throws(
		() => platform.files.readText(join(folder, "none")),
		(error) => isAutonomyError(error, "file_not_found"),
	);
	assert.throws(
		() => platform.files.writeAtomic("/proc/none/x", "y"),
		(error) => isAutonomyError(error),
	);
	platform.files.remove(path);
	platform.files.remove(path);
	assert.equal(platform.files.stat(path), null);
});

test("run: output, exit code, stdin, no shell", async () => {
	const result = await platform.processes.run(["cat"], { stdin: "a;b $(id)\n" });
	assert.deepEqual([result.code, result.stdout], [0, "a;b $(id)\n"]);
	const echo = await platform.processes.run(["echo", "$(id)", ";", "x"]);
	assert.equal(echo.stdout, "$(id) ; x\n");
	const failing = await platform.processes.run(["ls", "/nonexistent-autonomy"]);
	assert.notEqual(failing.code, 0);
	assert.match(failing.stderr, /nonexistent/);
});

test("run: a program that ignores everything is killed at its time limit", async () => {
	const result = await platform.processes.run(["sh", "-c", "trap '' TERM; while :; do sleep 0.05; done"], {
		timeoutMs: 100,
	});
	assert.equal(result.timedOut, true);
	assert.equal(result.code, null);
});

test("run: output beyond the limit is cut and said", async () => {
	const result = await platform.processes.run(["head", "-c", "100000", "/dev/zero"], { maxOutputBytes: 1000 });
	assert.equal(result.stdout.length, 1000);
	assert.equal(result.truncated, true);
});

test("run: a missing program is spawn_failed", async () => {
	await assert.rejects(platform.processes.run(["/no/such/program"]), (error) => isAutonomyError(error, "spawn_failed"));
});

test("what the kernel refuses at once (no memory, too much) is told as the rest, and nothing stays open", async () => {
	const long = "x".repeat(200_000);
	const open = (): number => readdirSync("/proc/self/fd").length;
	const before = open();
	await assert.rejects(platform.processes.run(["echo", long]), (error) => isAutonomyError(error, "spawn_failed"));
	for (let round = 0; round < 20; round++) {
		const onDemand = round % 2 === 1;
		const events: string[] = [];
		const end = new Promise<void>((resolve) => {
			const onExit = (code: number | null, error: string | null): void => {
				events.push(`${code} ${error}`);
				resolve();
			};
			const child = platform.processes.start(["echo", long], { onExit }, { onDemand });
			assert.deepEqual([events.length, child.pid, child.write("x")], [0, null, false], "told later");
			child.signal("SIGTERM");
		});
		await end;
		assert.deepEqual(events, ["null spawn E2BIG"]);
	}
	// What earlier tests left may have been closed meanwhile.
	assert.ok(open() < before + 10, `${before} before, ${open()} now`);
});

test("start: lines arrive whole, exit once, a missing program tells why", async () => {
	const lines: string[] = [];
	const code = await new Promise((resolve) => {
		platform.processes.start(["printf", "one\\ntwo\\r\\nlast"], {
			onStdoutLine: (line) => lines.push(line),
			onExit: (exitCode) => resolve(exitCode),
		});
	});
	assert.equal(code, 0);
	assert.deepEqual(lines, ["one", "two", "last"]);
	const error = await new Promise((resolve) => {
		platform.processes.start(["/no/such/program"], { onExit: (_code, why) => resolve(why) });
	});
	assert.match(String(error), /ENOENT/);
});

async function until(what: string, condition: () => boolean): Promise<void> {
	const deadline = performance.now() + 60_000;
	while (!condition()) {
		if (performance.now() > deadline) assert.fail(`not within 60 s: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 5));
	}
}

test(HELD, () => heldOutput(platform.processes, until));

test("start: close kills and is silent", async () => {
	let called = false;
	const child = platform.processes.start(["sleep", "60"], { onExit: () => (called = true) });
	const pid = child.pid;
	assert.ok(pid);
	child.close();
	const alive = (): boolean => {
		try {
			process.kill(pid, 0);
			return true;
		} catch {
			return false;
		}
	};
	await until("its end", () => !alive());
	assert.equal(called, false);
});

test("find: looks through PATH and sbin", () => {
	assert.match(platform.processes.find("sh") ?? "", /\/sh$/);
	assert.equal(platform.processes.find("no-such-program-autonomy"), null);
	assert.equal(platform.processes.find("/etc/passwd"), null);
});

test("timers: every is closed by its owner, and what a stall kept it from is not made up for", async () => {
	let count = 0;
	const timer = platform.timers.every(5, () => count++);
	await until("a tick", () => count > 0);
	const before = count;
	Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
	await until("the next", () => count > before);
	assert.ok(count - before < 100, `${count - before} ticks after a stall of 200`);
	timer.close();
	const last = count;
	await new Promise((resolve) => setTimeout(resolve, 20));
	assert.equal(count, last);
});

test("streams: echo over a unix socket, then the peer's close", async () => {
	const path = join(folder, "sock");
	const server = net.createServer((socket) => socket.on("data", (bytes) => socket.end(bytes))).listen(path);
	const got: string[] = [];
	const error = await new Promise((resolve) => {
		const stream = platform.streams.connect(
			{ kind: "unix", path },
			{
				onOpen: () => stream.write(new Uint8Array([104, 105])),
				onData: (bytes) => got.push(Buffer.from(bytes).toString()),
				onClose: resolve,
			},
		);
	});
	server.close();
	assert.equal(error, null);
	assert.deepEqual(got, ["hi"]);
	const refused = await new Promise((resolve) => {
		platform.streams.connect(
			{ kind: "unix", path: join(folder, "nothing") },
			{ onOpen: () => undefined, onData: () => undefined, onClose: resolve },
		);
	});
	assert.match(String(refused), /ENOENT/);
});

test("datagrams: a question goes out and its answer comes back", async () => {
	const server = dgram.createSocket("udp4");
	server.on("message", (bytes, from) => server.send(bytes, from.port, from.address));
	await new Promise<void>((resolve) => server.bind(0, "127.0.0.1", resolve));
	const answer = await new Promise<string>((resolve, reject) => {
		const socket = platform.datagrams.open(
			{ family: "ipv4", localAddress: "127.0.0.1" },
			{
				onMessage(bytes, host) {
					socket.close();
					resolve(`${Buffer.from(bytes).toString()} from ${host}`);
				},
				onError: reject,
			},
		);
		socket.send(new Uint8Array([104, 105]), "127.0.0.1", server.address().port);
	});
	server.close();
	assert.equal(answer, "hi from 127.0.0.1");
});

test("http: status, headers and body; too long and too slow are errors with codes", async () => {
	const server = http.createServer((request, response) => {
		if (request.url === "/slow") return;
		response.setHeader("x-a", "b");
		response.end(request.url === "/long" ? "x".repeat(5000) : "fine");
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const address = server.address();
	assert.ok(address && typeof address === "object");
	const base = `http://127.0.0.1:${address.port}`;
	const reply = await platform.http.request({ url: `${base}/` });
	assert.deepEqual([reply.status, reply.headers["x-a"], reply.body], [200, "b", "fine"]);
	await assert.rejects(platform.http.request({ url: `${base}/long`, maxBytes: 100 }), (error) =>
		isAutonomyError(error, "queue_full"),
	);
	await assert.rejects(platform.http.request({ url: `${base}/slow`, timeoutMs: 50 }), (error) =>
		isAutonomyError(error, "timeout"),
	);
	server.closeAllConnections();
	server.close();
});

test("log: one JSON object a line, every key once, a child's child goes by its own component, levels reach all, nothing a terminal obeys", async () => {
	const code = `
		import { createLogger } from "./daemon/platform/node/log.ts";
		const log = createLogger("info");
		const inner = log.child("outer").child("inner");
		inner.info("said", { member: "w\\u001b[2Jan\\u009b\\u202e" });
		log.setLevel("error");
		inner.warn("not said");`;
	const { stdout, stderr } = await platform.processes.run(
		[process.execPath, "--import", "tsx", "--input-type=module", "-e", code],
		{ timeoutMs: 120_000 },
	);
	const lines = stdout.trimEnd().split("\n");
	assert.equal(lines.length, 1, stderr);
	assert.match(
		lines[0] ?? "",
		/^\{"level":"info","ts":"[0-9TZ:.-]+","component":"inner","member":"w\\u001b\[2Jan\\u009b\\u202e","msg":"said"\}$/,
	);
});
