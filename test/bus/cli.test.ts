/**
 * The small `ubus` command: output, messages and exit codes. With UBUS=path the same table also goes through a real
 * `ubus`, so that it is the real one the table describes.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before, type TestContext } from "node:test";
import { build } from "esbuild";
import { double, int64 } from "../../daemon/bus/blobmsg.ts";
import type { Bus } from "../../daemon/bus/bus.ts";
import { connected, LIMIT_MS, standIn, until } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "ubus-cli-"));
const bundle = join(folder, "ubus.mjs");
after(() => rmSync(folder, { recursive: true, force: true }));
before(async () => {
	const entryPoints = [new URL("../../lab/ubusd/ubus-cli.ts", import.meta.url).pathname];
	// pino is reached by way of the platform, and never used here.
	await build({ entryPoints, outfile: bundle, bundle: true, platform: "node", format: "esm", external: ["pino"] });
});

interface Cli {
	readonly name: string;
	readonly missing: string | null;
	command(): [string, string[]];
}

const realUbus = process.env.UBUS;
const clis: readonly Cli[] = [
	{ name: "stand-in", missing: null, command: () => [process.execPath, [bundle]] },
	{
		name: "real ubus",
		missing: realUbus !== undefined && existsSync(realUbus) ? null : "UBUS does not name a real ubus command",
		command: () => [realUbus ?? "", []],
	},
];

interface Running {
	readonly child: ChildProcess;
	out: string;
	err: string;
	code: number | null;
}

function start(t: TestContext, cli: Cli, path: string, args: readonly string[]): Running {
	const [program, first] = cli.command();
	const child = spawn(program, [...first, "-s", path, ...args], { stdio: ["ignore", "pipe", "pipe"] });
	t.after(() => void child.kill("SIGKILL"));
	const running: Running = { child, out: "", err: "", code: null };
	child.stdout.on("data", (bytes) => {
		running.out += String(bytes);
	});
	child.stderr.on("data", (bytes) => {
		running.err += String(bytes);
	});
	child.on("close", (code) => {
		running.code = code ?? -1;
	});
	return running;
}

async function run(
	t: TestContext,
	cli: Cli,
	path: string,
	...args: string[]
): Promise<[number | null, string, string]> {
	const running = start(t, cli, path, args);
	await until(`ubus ${args.join(" ")} ends`, () => running.code !== null);
	return [running.code, running.out, running.err];
}

async function provider(t: TestContext, path: string): Promise<Bus> {
	const bus = await connected(t, path);
	const served = bus.serve({
		path: "demo.one",
		methods: {
			echo: { args: { a: "any", s: "string", i: "int32", b: "bool" }, handle: (args) => args },
			types: {
				args: { q: "int64", d: "double", l: "array", t: "table" },
				handle: () => ({ d: double(2), q: int64(5) }),
			},
			bare: { args: {}, handle: () => null },
			never: { args: {}, handle: () => new Promise(() => undefined) },
		},
	});
	await served.whenRegistered(LIMIT_MS);
	await bus.serve({ path: "demo.two", methods: {} }).whenRegistered(LIMIT_MS);
	return bus;
}

for (const cli of clis) {
	const rule = (name: string, body: (t: TestContext, path: string) => Promise<void>): void => {
		test(`${cli.name}: ${name}`, async (t) => {
			if (cli.missing !== null) return t.skip(cli.missing);
			await body(t, (await standIn.start(t)).path);
		});
	};

	rule("list and call: output, messages, exit codes", async (t, path) => {
		await provider(t, path);
		const failed = (rest: string): string => `Command failed: ${rest}\n`;
		const table: [string[], number, string, string][] = [
			[["list"], 0, "demo.one\ndemo.two\n", ""],
			[["list", "demo.o*"], 0, "demo.one\n", ""],
			[["list", "none"], 4, "", failed("Not found")],
			[["list", "none*"], 4, "", failed("Not found")],
			[["-S", "list", "none"], 4, "", ""],
			[["call", "demo.one", "bare"], 0, "", ""],
			[["call", "demo.one", "types"], 0, '{\n\t"d": 2.000000,\n\t"q": 5\n}\n', ""],
			[["-S", "call", "demo.one", "types"], 0, '{"d":2.000000,"q":5}\n', ""],
			[
				["call", "demo.one", "echo", '{"a":[1,null],"s":"x","i":-1}'],
				0,
				'{\n\t"a": [\n\t\t1,\n\t\tnull\n\t],\n\t"s": "x",\n\t"i": -1\n}\n',
				"",
			],
			[["call", "demo.one", "echo", "{}"], 0, "{\n\t\n}\n", ""],
			[
				["call", "demo.one", "echo", '{"i":"x"}'],
				254,
				"",
				failed('ubus call demo.one echo {"i":"x"} (Invalid argument)'),
			],
			[["call", "demo.one", "nope"], 253, "", failed("ubus call demo.one nope (Method not found)")],
			[["-S", "call", "demo.one", "nope"], 3, "", ""],
			[["call", "none", "x"], 4, "", failed("Not found")],
			[["call", "demo.one", "echo", "{"], 244, "", failed("ubus call demo.one echo { (Parsing message data failed)")],
			[
				["call", "demo.one", "echo", "[1]"],
				244,
				"",
				failed("ubus call demo.one echo [1] (Parsing message data failed)"),
			],
			[["-t", "1", "call", "demo.one", "never"], 249, "", failed("ubus call demo.one never (Request timed out)")],
			[["send", "x", "{"], 12, "", failed("Parsing message data failed")],
			[["send", "ubus.x"], 6, "", failed("Permission denied")],
			[["send", "x", '{"n":1}'], 0, "", ""],
			[["wait_for", "demo.one", "demo.two"], 0, "", ""],
			[["-t", "1", "wait_for", "demo.one", "none"], 7, "", failed("Request timed out")],
			[["subscribe", "none"], 255, "", "Error while registering for event 'none': Not found\n"],
			[["subscribe"], 255, "", "You need to specify an object to subscribe to\n"],
		];
		for (const [args, code, out, err] of table) {
			const [gotCode, gotOut, gotErr] = await run(t, cli, path, ...args);
			// -2 stands for wrong usage too, so INVALID_ARGUMENT is followed by the usage text.
			assert.deepEqual([gotCode, gotOut, gotErr.split("Usage: ")[0]], [code, out, err], args.join(" "));
		}
		for (const args of [["call"], ["call", "x"], ["list", "a", "b"], ["send"], ["wait_for"], ["nonsense"]]) {
			const [code, out, err] = await run(t, cli, path, ...args);
			assert.deepEqual([code, out, err.startsWith("Usage: ")], [254, "", true], args.join(" "));
		}
		assert.equal((await run(t, cli, path))[0], 1, "no command");
	});

	rule("list -v shows ids and argument types, those without a name as unknown", async (t, path) => {
		const bus = await provider(t, path);
		const hexId = async (name: string): Promise<string> => (await bus.lookup(name)).id.toString(16).padStart(8, "0");
		const [code, out] = await run(t, cli, path, "-v", "list", "demo.*");
		assert.equal(code, 0);
		assert.equal(
			out,
			`'demo.one' @${await hexId("demo.one")}
\t"echo":{"a":"(unknown)","s":"String","i":"Integer","b":"Boolean"}
\t"types":{"q":"(unknown)","d":"(unknown)","l":"Array","t":"Table"}
\t"bare":{}
\t"never":{}
'demo.two' @${await hexId("demo.two")}
`,
		);
	});

	rule("listen and subscribe print one line each, and end when the bus does", async (t, path) => {
		const bus = await connected(t, path);
		const served = bus.serve({ path: "x", methods: {} });
		await served.whenRegistered(LIMIT_MS);
		const listening = start(t, cli, path, ["listen", "demo.*", "demo.tick"]);
		const subscribed = start(t, cli, path, ["subscribe", "x"]);
		await until("subscribed", () => served.hasSubscribers);
		const end = Date.now() + LIMIT_MS;
		while (listening.out === "") {
			await bus.send("demo.tick", { d: double(1), n: 1, s: "a\nb" });
			assert.ok(Date.now() < end, "the listener hears nothing");
			await new Promise((resolve) => setTimeout(resolve, 10));
		}
		served.notify("changed", { up: true });
		await until("the notification", () => subscribed.out !== "");
		assert.equal(listening.out.split("\n")[0], '{ "demo.tick": {"d":1.000000,"n":1,"s":"a\\nb"} }');
		assert.equal(subscribed.out, '{ "changed": {"up":true} }\n');
	});

	rule("wait_for ends when the object comes", async (t, path) => {
		const bus = await connected(t, path);
		const waiting = start(t, cli, path, ["wait_for", "early", "late"]);
		await bus.serve({ path: "early", methods: { go: { args: {}, handle: () => null } } }).whenRegistered(LIMIT_MS);
		await new Promise((resolve) => setTimeout(resolve, 300));
		assert.equal(waiting.code, null, "one of two is not enough");
		await bus.serve({ path: "late", methods: { go: { args: {}, handle: () => null } } }).whenRegistered(LIMIT_MS);
		await until("the end", () => waiting.code !== null);
		assert.equal(waiting.code, 0);
	});

	rule("no broker: said, and 255", async (t, path) => {
		assert.deepEqual(await run(t, cli, `${path}.none`, "list"), [255, "", "Failed to connect to ubus\n"]);
		assert.deepEqual(await run(t, cli, `${path}.none`, "-S", "list"), [255, "", ""]);
	});
}
