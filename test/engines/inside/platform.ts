/** The QuickJS platform against the real machine; runs on QuickJS, started by ../qjs-platform.test.ts, which has the servers. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { isAutonomyError } from "../../../daemon/platform/error.ts";
import type { ByteStream } from "../../../daemon/platform/platform.ts";
import { os } from "../../../daemon/platform/qjs/engine.ts";
import { createLogger } from "../../../daemon/platform/qjs/log.ts";
import { readPipe } from "../../../daemon/platform/qjs/pipe.ts";
import { createQjsPlatform } from "../../../daemon/platform/qjs/platform.ts";
import { inSlices } from "../../../daemon/platform/qjs/slices.ts";
import { connectAny } from "../../../daemon/platform/qjs/streams.ts";
import { encodeText } from "../../../daemon/platform/text.ts";
import { HELD, heldOutput } from "../../platform/held-suite.ts";

const platform = createQjsPlatform();
const { files, processes, streams } = platform;
const folder = platform.host.env("FOLDER") ?? "";
const port = Number(platform.host.env("HTTP_PORT"));
/** Of a server on ::1 alone; empty where there is none. */
const six = platform.host.env("HTTP6_PORT") ?? "";
const LIMIT_MS = 60_000;

async function until(what: string, condition: () => boolean): Promise<void> {
	const end = Date.now() + LIMIT_MS;
	while (!condition()) {
		if (Date.now() > end) assert.fail(`not within ${LIMIT_MS} ms: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 5));
	}
}

const code =
	(name: Parameters<typeof isAutonomyError>[1]) =>
	(error: unknown): boolean =>
		isAutonomyError(error, name);

/** Our children: number, name, state. */
function children(): { pid: number; name: string; state: string }[] {
	return files.list("/proc").flatMap((name) => {
		const stat = /^\d+$/.test(name) ? files.readTextIfAny(`/proc/${name}/stat`) : null;
		const match = /^(\d+) \((.*)\) (\S) (\d+) /.exec(stat ?? "");
		return match && Number(match[4]) === platform.host.pid
			? [{ pid: Number(match[1]), name: match[2] ?? "", state: match[3] ?? "" }]
			: [];
	});
}

after(() => until("no child and no zombie is left", () => children().length === 0));

test("files: atomic write keeps mode, files of procfs, folders, links, what is missing", () => {
	const path = `${folder}/a`;
	files.writeAtomic(path, "one ü\n", 0o600);
	assert.equal(files.readText(path), "one ü\n");
	assert.equal(os.stat(path)[0].mode & 0o777, 0o600);
	files.writeAtomic(path, new Uint8Array([1, 255]).subarray(1));
	assert.deepEqual([...files.readBytes(path)], [255]);
	assert.equal(files.readText(path), "\ufffd");
	files.makeDirectory(`${folder}/deep/er`);
	files.makeDirectory(`${folder}/deep/er`);
	assert.deepEqual(files.list(`${folder}/deep`), ["er"]);
	assert.equal(files.stat(`${folder}/deep`)?.isDirectory, true);
	assert.deepEqual(files.list(`${folder}/none`), []);
	assert.throws(() => files.readText(`/proc/self/status\0${folder}`), code("file_not_found"));
	assert.match(files.readText("/proc/self/status"), /^Name:/);
	assert.match(files.readLink("/proc/self/cwd") ?? "", /^\//);
	assert.equal(files.readLink(path), null);
	assert.equal(files.readTextIfAny(`${folder}/none`), null);
	assert.throws(() => files.readText(`${folder}/none`), code("file_not_found"));
	assert.throws(() => files.writeAtomic("/proc/none/x", "y"), code("file_not_found"));
	assert.throws(() => files.makeDirectory(`${path}/below`), code("file_not_found"));
	files.remove(path);
	files.remove(path);
	assert.equal(files.stat(path), null);
});

test("run: output, exit code, stdin, no shell, nothing left behind", async () => {
	const result = await processes.run(["cat"], { stdin: "a;b $(id) ü\n" });
	assert.deepEqual([result.code, result.stdout], [0, "a;b $(id) ü\n"]);
	const failing = await processes.run(["ls", "/nonexistent-autonomy"]);
	assert.notEqual(failing.code, 0);
	assert.match(failing.stderr, /nonexistent/);
	assert.deepEqual((await processes.run(["sh", "-c", "kill -9 $$"])).code, null);
	assert.equal((await processes.run(["env"], { env: { A: "b" } })).stdout, "A=b\n");
	await assert.rejects(processes.run(["autonomy-no-such-program"]), code("spawn_failed"));
	await assert.rejects(processes.run(["echo", "a\0b"]), code("spawn_failed"));
	assert.equal(children().length, 0);
});

test("run: more than a pipe holds goes through both ways", async () => {
	const text = "0123456789abcdef".repeat(40_000);
	const result = await processes.run(["cat"], { stdin: text });
	assert.equal(result.stdout.length, text.length);
	assert.ok(result.stdout === text);
});

test("run: who does not read its input does no harm (EPIPE)", async () => {
	const result = await processes.run(["true"], { stdin: "x".repeat(300_000) });
	assert.equal(result.code, 0);
});

test("run: killed at its time limit, also when a grandchild holds the pipes; cut beyond its limit", async () => {
	const result = await processes.run(["sh", "-c", `sleep 60 & echo $! >'${folder}/grandchild'; sleep 60`], {
		timeoutMs: 500,
	});
	assert.deepEqual([result.timedOut, result.code], [true, null]);
	assert.ok(result.durationMs < 50_000, "the grandchild is not waited for");
	const grandchild = Number(files.readTextIfAny(`${folder}/grandchild`) ?? 0);
	if (grandchild > 0) os.kill(grandchild, 9);
	const cut = await processes.run(["head", "-c", "200000", "/dev/zero"], { maxOutputBytes: 1000 });
	assert.deepEqual([cut.stdout.length, cut.truncated], [1000, true]);
});

/** Where a process may have so many that it does not come to an end of them: not at all. */
async function withoutDescriptors(run: () => Promise<void>): Promise<void> {
	const taken: number[] = [];
	for (let fd = 0; fd >= 0 && taken.length < 5000; ) {
		fd = os.open("/dev/null", os.O_RDONLY);
		if (fd >= 0) taken.push(fd);
	}
	try {
		if (taken.length < 5000) await run();
	} finally {
		for (const fd of taken) os.close(fd);
	}
}

test("run: no descriptors to be had is spawn_failed, and later it works again", async () => {
	await withoutDescriptors(() => assert.rejects(processes.run(["true"]), code("spawn_failed")));
	assert.equal((await processes.run(["true"])).code, 0);
});

test("start: lines arrive whole, long ones cut, exit once, a missing program tells why", async () => {
	const lines: string[] = [];
	let exits = 0;
	const script =
		"printf 'one\\ntw'; sleep 0.1; printf 'o\\n'; head -c 70000 /dev/zero | tr '\\0' y; echo; echo e >&2; exit 3";
	processes.start(["sh", "-c", script], {
		onStdoutLine: (line) => lines.push(line),
		onStderrLine: (line) => lines.push(`err ${line}`),
		onExit(code) {
			exits++;
			assert.equal(code, 3);
		},
	});
	await until("its end", () => exits > 0);
	assert.deepEqual(lines.map((line) => line.slice(0, 5)).toSorted(), ["err e", "one", "two", "yyyyy"]);
	assert.equal(lines.find((line) => line.startsWith("y"))?.length, 65_536);
	const told: (string | null)[] = [];
	processes.start(["autonomy-no-such-program"], { onExit: (_code, error) => told.push(error) });
	assert.equal(told.length, 0, "not before start has returned");
	await until("its reason", () => told.length > 0);
	assert.match(told[0] ?? "", /cannot start autonomy-no-such-program/);
});

test("start: close kills what ignores SIGTERM, and is silent; write says when the pipe is full", async () => {
	let exits = 0;
	const child = processes.start(["sh", "-c", "trap '' TERM; while :; do sleep 0.05; done"], { onExit: () => exits++ });
	assert.equal(child.write("x".repeat(70_000)), true);
	assert.equal(child.write("x".repeat(70_000)), false, "nobody reads");
	child.close();
	await until("it is gone", () => children().every((one) => one.pid !== child.pid));
	assert.equal(exits, 0);
});

function connectUnix(name: string, onData: (bytes: Uint8Array) => void = () => undefined) {
	const events: string[] = [];
	const stream: ByteStream = streams.connect(
		{ kind: "unix", path: `${folder}/${name}` },
		{
			onOpen: () => events.push("open"),
			onData,
			onDrain: () => events.push("drain"),
			onClose: (error) => events.push(`close ${error}`),
		},
	);
	assert.equal(events.length, 0);
	return { stream, events };
}

test(HELD, () => heldOutput(processes, until));

test("streams: a megabyte there and back, in order, with backpressure", async () => {
	let got = 0;
	let wrong = 0;
	const { stream, events } = connectUnix("echo.sock", (bytes) => {
		for (const byte of bytes) if (byte !== got++ % 251) wrong++;
	});
	const size = 1 << 20;
	const all = new Uint8Array(size).map((_, at) => at % 251);
	let full = 0;
	for (let at = 0; at < size; at += 65_536) if (!stream.write(all.subarray(at, at + 65_536))) full++;
	assert.ok(full > 0 && stream.pendingBytes > 0);
	await until("all of it", () => got === size);
	assert.equal(wrong, 0);
	assert.equal(stream.pendingBytes, 0);
	assert.deepEqual(events.slice(0, 2).toSorted(), ["drain", "open"]);
	stream.close();
	stream.close();
	assert.ok(!events.some((one) => one.startsWith("close")));
});

test("streams: nobody there, the peer's close, a killed helper: each told once", async () => {
	const nobody = connectUnix("none.sock");
	await until("its end", () => nobody.events.length > 0);
	assert.deepEqual(nobody.events, ["close connect: No such file or directory"]);
	const short = connectUnix("short.sock");
	await until("its end", () => short.events.length > 1);
	assert.deepEqual(short.events, ["open", "close null"]);
	const killed = connectUnix("echo.sock");
	await until("it is open", () => killed.events.length > 0);
	for (const one of children()) if (one.name === "socat") os.kill(one.pid, 9);
	await until("its end", () => killed.events.length > 1);
	assert.deepEqual(killed.events, ["open", "close its socat was killed"]);
	assert.equal(killed.stream.write(new Uint8Array(1)), false);
	const refused: (string | null)[] = [];
	streams.connect(
		{ kind: "tcp", host: "127.0.0.1", port: 1, localAddress: "127.0.0.1" },
		{
			onBegin: () => refused.push("begun"),
			onOpen: () => undefined,
			onData: () => undefined,
			onClose: (error) => refused.push(error),
		},
	);
	await until("the refusal", () => refused.length > 1);
	assert.deepEqual(refused, ["begun", "connect: Connection refused"]);
});

test("streams: a peer that does not read fills the pipe; closing is clean; pause holds data back", async () => {
	const { stream } = connectUnix("deaf.sock");
	let last = true;
	for (let i = 0; i < 64; i++) last = stream.write(new Uint8Array(65_536));
	assert.equal(last, false);
	await platform.processes.run(["sleep", "0.2"]);
	assert.ok(stream.pendingBytes > 1 << 20, "most of it waits here");
	stream.close();
	let got = 0;
	const echo = connectUnix("echo.sock", (bytes) => {
		got += bytes.length;
	});
	echo.stream.pause();
	echo.stream.write(new Uint8Array(100));
	await platform.processes.run(["sleep", "0.2"]);
	assert.equal(got, 0);
	echo.stream.resume();
	await until("the echo", () => got === 100);
	echo.stream.close();
});

test("datagrams: a question goes out and its answer comes back", async () => {
	const got: string[] = [];
	const socket = platform.datagrams.open(
		{ family: "ipv4", localAddress: "127.0.0.1" },
		{
			onMessage: (bytes, host, from) => got.push(`${bytes.length} ${host} ${from}`),
			onError: (error) => got.push(error),
		},
	);
	const udp = Number(platform.host.env("UDP_PORT"));
	socket.send(new Uint8Array([1, 0, 255]), "127.0.0.1", udp);
	await until("the answer", () => got.length > 0);
	assert.deepEqual(got, [`3 127.0.0.1 ${udp}`]);
	socket.close();
	socket.close();
});

test("http: status, headers, body, chunks; too long, too slow and nobody there are errors with codes", async () => {
	const url = `http://127.0.0.1:${port}`;
	const reply = await platform.http.request({
		url: `${url}/echo?a=ü`,
		method: "POST",
		body: "é",
		headers: { "x-a": "b" },
	});
	assert.deepEqual([reply.status, reply.headers["x-seen"], reply.body], [201, "POST /echo?a=%C3%BC b", "é"]);
	const binary = await platform.http.request({
		url: `${url}/echo`,
		method: "POST",
		body: new Uint8Array([0, 255, 10]),
	});
	assert.deepEqual([...binary.bytes], [0, 255, 10]);
	assert.equal((await platform.http.request({ url: `${url}/chunked` })).body, "onetwo".repeat(1000));
	const { body } = await platform.http.request({ url: `${url}/connections` });
	assert.equal(body, "1", "one connection for all of them");
	await assert.rejects(platform.http.request({ url: `${url}/chunked`, maxBytes: 100 }), code("queue_full"));
	await assert.rejects(platform.http.request({ url: `${url}/slow`, timeoutMs: 200 }), code("timeout"));
	await assert.rejects(platform.http.request({ url: `${url}/cut` }), code("connection_failed"));
	await assert.rejects(platform.http.request({ url: "http://127.0.0.1:1/" }), code("connection_failed"));
	await assert.rejects(platform.http.request({ url, headers: { a: "b\r\nc: d" } }), code("bad_argument"));
	await assert.rejects(platform.http.request({ url: "ftp://x/" }), code("connection_failed"));
	await assert.rejects(platform.http.request({ url, publicOnly: true }), code("refused"));
});

test("streams: what cannot be reached is followed by the next address, and gets what was written before", async () => {
	const events: string[] = [];
	const handlers = {
		onBegin: () => void events.push("begun"),
		onOpen: () => void events.push("open"),
		onData: (bytes: Uint8Array) => void events.push(String.fromCharCode(...bytes).slice(0, 12)),
		onClose: (error: string | null) => void events.push(`close ${error}`),
	};
	const to = (host: string) => ({ kind: "tcp", host, port }) as const;
	const stream = connectAny([to("127.0.0.7"), to("::ffff:127.0.0.8"), to("127.0.0.1"), to("127.0.0.9")], handlers);
	stream.write(encodeText("GET /connections HTTP/1.1\r\nHost: x\r\n\r\n"));
	await until("an answer", () => events.length > 2);
	assert.deepEqual(events, ["begun", "open", "HTTP/1.1 200"]);
	stream.close();
	events.length = 0;
	connectAny([to("127.0.0.7"), to("127.0.0.8")], handlers);
	await until("its end", () => events.length > 1);
	assert.deepEqual(events, ["begun", "close connect: Connection refused"]);
	events.length = 0;
	connectAny([to("127.0.0.7"), to("127.0.0.8")], handlers).close();
	assert.throws(() => connectAny([], handlers), code("connection_failed"));
});

test("streams: a name with an IPv6 address alone, with one of each kind, with none", async (t) => {
	if (six === "") return t.skip("no IPv6 on loopback, or no mount namespaces for a file of hosts");
	for (const host of ["six.test", "both.test"]) {
		const reply = await platform.http.request({ url: `http://${host}:${six}/` });
		assert.deepEqual([reply.status, reply.body], [200, "by IPv6"], host);
	}
	const url = `http://both.test:${port}/connections`;
	assert.equal((await platform.http.request({ url })).status, 200, "IPv4 first");
	const local = { localAddress: "127.0.0.1" };
	await assert.rejects(platform.http.request({ url: `http://six.test:${six}/`, ...local }), code("connection_failed"));
	await assert.rejects(platform.http.request({ url: "http://both.test:1/" }), /: Connection refused$/);
	await assert.rejects(platform.http.request({ url: "http://none.test:1/" }), code("connection_failed"));
});

/** Those who listen know what they listen to, as everywhere in the daemon. */
const LISTENERS: Readonly<Record<string, () => Promise<WeakRef<object>>>> = {
	async "a request"() {
		const request = { url: `http://127.0.0.1:${port}/`, headers: { "x-a": "1" } };
		await platform.http.request(request);
		return new WeakRef(request);
	},
	async "a request without an answer"() {
		const request = { url: `http://127.0.0.1:${port}/slow`, timeoutMs: 50 };
		await platform.http.request(request).catch(() => undefined);
		return new WeakRef(request);
	},
	async "a stream"() {
		let got = 0;
		const handlers = {
			onOpen: () => stream.write(new Uint8Array(10)),
			onData(bytes: Uint8Array) {
				got += bytes.length;
				if (got === 10) stream.close();
			},
			onClose: () => stream.close(),
		};
		const stream = streams.connect({ kind: "unix", path: `${folder}/echo.sock` }, handlers);
		await until("the echo", () => got === 10);
		return new WeakRef(handlers);
	},
	async "a stream that its peer ended"() {
		let ended = false;
		const handlers = {
			onOpen: () => undefined,
			onData: () => undefined,
			onClose() {
				ended = true;
				stream.close();
			},
		};
		const stream = streams.connect({ kind: "unix", path: `${folder}/short.sock` }, handlers);
		await until("the end", () => ended);
		return new WeakRef(handlers);
	},
	async "a pipe"() {
		const [from, to] = os.pipe() ?? [-1, -1];
		let ended = false;
		const listener = (): void => reader.resume();
		const reader = readPipe(from, listener, () => {
			ended = true;
		});
		os.close(to);
		await until("the end", () => ended);
		return new WeakRef(listener);
	},
	async "a datagram"() {
		let answered = false;
		const handlers = {
			onMessage() {
				answered = true;
				socket.close();
			},
			onError: () => socket.close(),
		};
		const socket = platform.datagrams.open({ family: "ipv4", localAddress: "127.0.0.1" }, handlers);
		socket.send(new Uint8Array(3), "127.0.0.1", Number(platform.host.env("UDP_PORT")));
		await until("the answer", () => answered);
		return new WeakRef(handlers);
	},
};

test("what has ended is gone without the collector: it leaves no circles", async () => {
	for (const [name, listen] of Object.entries(LISTENERS)) {
		const listener = await listen();
		await until(`${name} is let go of`, () => listener.deref() === undefined);
	}
});

test("https by curl: everything by stdin, nothing in its arguments", async () => {
	const reply = await platform.http.request({
		url: "https://push.example/bot123:SECRET/send",
		method: "POST",
		headers: { authorization: "Bearer SECRET" },
		body: '{"text":"a\\n\\"b\\""}\n@x',
	});
	assert.deepEqual([reply.status, reply.headers["x-a"], reply.body], [202, "b", "taken"]);
	const [argv = "", ...config] = files.readText(`${folder}/curl.log`).split("\n");
	assert.equal(argv, "-q -K -");
	assert.ok(config.includes('url = "https://push.example/bot123:SECRET/send"'));
	assert.ok(config.includes('header = "authorization: Bearer SECRET"'));
	assert.ok(config.includes('data-raw = "{\\"text\\":\\"a\\\\n\\\\\\"b\\\\\\"\\"}\\n@x"'));
	assert.ok(config.includes('proto = "=https"'));
});

test("https by curl: its whole complaint is told, however it comes; one that cannot be started now is not missing", async () => {
	const url = "https://late.example/";
	await assert.rejects(platform.http.request({ url }), {
		code: "connection_failed",
		message: "the connection broke: (28) Connection timed out",
	});
	await withoutDescriptors(() =>
		assert.rejects(platform.http.request({ url }), {
			code: "connection_failed",
			message: "cannot start curl: no more file descriptors",
		}),
	);
});

test("https by curl: bytes go by a file that is gone afterwards", async () => {
	const body = Uint8Array.from({ length: 600 }, (_, at) => at & 255);
	assert.equal((await platform.http.request({ url: "https://push.example/a", method: "POST", body })).status, 202);
	const [, path = ""] = /\ndata-binary = "@([^"]+)"\n/.exec(files.readText(`${folder}/curl.log`)) ?? [];
	assert.match(path, /^\/tmp\/autonomy\/post-\d+-\d+$/);
	assert.deepEqual([...files.readBytes(`${folder}/curl.body`)], [...body]);
	assert.equal(files.readText(`${folder}/curl.mode`), "-rw-------\n");
	assert.equal(files.stat(path), null);
});

test("https on the public internet alone: curl is told the address that was checked", async () => {
	const url = "https://93.184.216.34:8443/hook";
	assert.equal((await platform.http.request({ url, publicOnly: true })).status, 202);
	assert.ok(files.readText(`${folder}/curl.log`).includes('\nresolve = "93.184.216.34:8443:93.184.216.34"\n'));
	for (const host of ["192.168.1.1", "[::ffff:10.0.0.1]", "2130706433", "localhost."]) {
		await assert.rejects(platform.http.request({ url: `https://${host}/`, publicOnly: true }), code("refused"), host);
	}
	assert.ok(files.readText(`${folder}/curl.log`).includes(":8443/hook"), "curl was not even started");
});

test("what needs HTTP/2 says that there is none", async () => {
	await assert.rejects(platform.rpc.open({ host: "192.0.2.1", port: 1 }), code("rpc_unsupported"));
});

test("outlets: HMAC-SHA256 (RFC 4231) and base64 (RFC 4648)", async () => {
	const { hmacSha256, base64 } = platform.outlets;
	const jefe = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
	assert.equal(await hmacSha256("Jefe", "what do ya want for nothing?"), jefe);
	const long = await hmacSha256("k".repeat(131), "x".repeat(1000));
	assert.equal(long, platform.host.env("LONG_HMAC"));
	const coded = ["", "f", "fo", "foo", "foob", "fooba", "foobar"].map(base64);
	assert.deepEqual(coded, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"]);
});

test("long reckoning: others get their turns, one work at a time, an error ends only its own", async () => {
	const told: string[] = [];
	/** Steps of a millisecond and more. */
	function* work(name: string, count: number): Generator<undefined, string, undefined> {
		told.push(`${name} begins`);
		for (let i = 0; i < count; i++) {
			for (const end = os.now() + 1; os.now() < end; ) Math.sqrt(2);
			yield;
		}
		if (name === "bad") throw new Error("no result");
		told.push(`${name} ends`);
		return name;
	}
	let turns = 0;
	const timer = platform.timers.every(1, () => turns++);
	const all = await Promise.allSettled([inSlices(work("a", 40)), inSlices(work("bad", 1)), inSlices(work("c", 2))]);
	timer.close();
	assert.deepEqual(told, ["a begins", "a ends", "bad begins", "c begins", "c ends"]);
	assert.deepEqual(
		all.map((one) => (one.status === "fulfilled" ? one.value : (one.reason as Error).message)),
		["a", "no result", "c"],
	);
	assert.ok(turns >= 5, `${turns} turns in 40 ms of work`);
});

test("timers: never early, drift-free, closed by their owner; errors in handlers reach onFatal", async () => {
	const startedAt = platform.clock.monotonicMs();
	const passedMs = (): number => platform.clock.monotonicMs() - startedAt;
	let early = false;
	let ticks = 0;
	const every = platform.timers.every(10, () => ticks++);
	await new Promise<void>((resolve) => {
		platform.timers.after(55.5, () => {
			early = passedMs() < 55.5;
			resolve();
		});
	});
	assert.equal(early, false);
	await until("a tick", () => ticks > 0);
	every.close();
	assert.ok(ticks <= passedMs() / 10 + 1, `${ticks} ticks of 10 ms in ${passedMs()} ms`);
	const seen = ticks;
	const fatal: unknown[] = [];
	const listener = platform.host.onFatal((error) => fatal.push(error));
	platform.timers.after(0, () => {
		throw new Error("nobody expected this");
	});
	const never = platform.timers.after(20, () => ticks++);
	never.close();
	await until("it is told", () => fatal.length === 1);
	listener.close();
	assert.equal(ticks, seen);
});

test("host: signals to all who listen, memory, random numbers", async () => {
	let count = 0;
	const one = platform.host.onSignal("SIGUSR1", () => count++);
	const two = platform.host.onSignal("SIGUSR1", () => count++);
	os.kill(platform.host.pid, os.SIGUSR1);
	await until("both", () => count === 2);
	one.close();
	os.kill(platform.host.pid, os.SIGUSR1);
	await until("the other", () => count === 3);
	two.close();
	const memory = platform.host.memory();
	assert.ok(memory.rssBytes > memory.heapBytes && memory.heapBytes > 100_000);
	const numbers = new Set(Array.from({ length: 200 }, () => platform.random.uint32()));
	assert.ok(numbers.size > 190 && [...numbers].every((n) => Number.isInteger(n) && n >= 0 && n < 2 ** 32));
});

test("log: pino's lines: to stdout and a file, levels reach all, nothing a terminal obeys", () => {
	const path = `${folder}/log`;
	const log = createLogger("info");
	const child = log.child("bus");
	log.alsoTo(path);
	child.info("said", { a: 1, b: undefined, c: "\u001b[2J\u009b\u202e", d: null });
	child.debug("not said");
	log.setLevel("debug");
	child.child("uci").debug("now");
	const [first = "", second = ""] = files.readText(path).split("\n");
	assert.match(
		first,
		/^\{"level":"info","ts":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z","component":"bus","a":1,"c":"\\u001b\[2J\\u009b\\u202e","d":null,"msg":"said"\}$/,
	);
	assert.match(second, /"component":"uci","msg":"now"\}$/);
	assert.equal(child.isDebug(), true);
});

test("after a stall what has come in is read before a time limit is over", async () => {
	const order: string[] = [];
	const said = `${folder}/said`;
	const child = processes.start(["sh", "-c", `sleep 0.05; echo answer; : >'${said}'; sleep 5`], {
		onStdoutLine: (line) => order.push(line),
		onExit: () => undefined,
	});
	platform.timers.after(100, () => order.push("too late"));
	const start = platform.clock.monotonicMs();
	const stalledMs = (): number => platform.clock.monotonicMs() - start;
	while (stalledMs() < 300 || (files.stat(said) === null && stalledMs() < LIMIT_MS));
	await until("both", () => order.length === 2);
	assert.deepEqual(order, ["answer", "too late"]);
	child.close();
});

test("nobody is served twice while another waits", async () => {
	const lines: string[] = [];
	const chatter = processes.start(["sh", "-c", "yes a"], { onStdoutLine: () => undefined, onExit: () => undefined });
	await platform.processes.run(["sleep", "0.1"]);
	const startedAt = platform.clock.monotonicMs();
	for (let i = 0; i < 5; i++) lines.push((await processes.run(["echo", String(i)])).stdout.trim());
	chatter.close();
	assert.deepEqual(lines, ["0", "1", "2", "3", "4"]);
	assert.ok(platform.clock.monotonicMs() - startedAt < LIMIT_MS);
});
