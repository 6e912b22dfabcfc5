/** The outlets of QuickJS for a test on Node: a QuickJS of its own does what is asked, over its standard input and output. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { AutonomyError, type ErrorCode } from "../../daemon/platform/error.ts";
import { createNodePlatform } from "../../daemon/platform/node/platform.ts";
import type { MqttHandlers, Outlets, PushKeys, SealedPush } from "../../daemon/platform/outlets.ts";
import { engineFlags, findQjs } from "../../lab/autonomyd.ts";
import type { Order, Pages } from "../engines/inside/outlets.ts";
import { bundleTests } from "../engines/qjs.ts";

export interface QjsOutlets {
	readonly outlets: Outlets;
	readonly pid: number;
	/** Like outlets.listen; what a page says is settled beforehand. */
	listen(host: string, port: number, pages: Pages, idleMs?: number): Promise<{ readonly port: number; close(): void }>;
	memory(): Promise<{ readonly rssBytes: number; readonly heapBytes: number }>;
	/** As a daemon ends. */
	stop(): Promise<void>;
	/** At once, as when somebody kills the daemon. */
	kill(): void;
}

export interface Line {
	readonly id?: number;
	readonly value?: unknown;
	readonly code?: string;
	readonly text?: string;
	readonly link?: number;
	readonly event?: "open" | "message" | "close";
	readonly message?: readonly [string, string, boolean];
	readonly reason?: string;
}

const FILE = "test/engines/inside/outlets.ts";
let bundled: Promise<string> | null = null;

function bundle(): Promise<string> {
	bundled ??= (async () => {
		const folder = mkdtempSync(join(tmpdir(), "autonomy-qjs-outlets-"));
		process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
		return (await bundleTests([FILE], folder))(FILE);
	})();
	return bundled;
}

/** With `path` as its PATH. Whoever starts it ends it by `stop`. */
export async function startQjsOutlets(path?: string): Promise<QjsOutlets> {
	const program = findQjs().path ?? "";
	const env = { ...process.env, PATH: path === undefined ? process.env.PATH : path };
	const child = spawn(program, ["-m", ...engineFlags("quickjs").filter((one) => one !== "-m"), await bundle()], {
		env,
		stdio: ["pipe", "pipe", "pipe"],
	});
	let stderr = "";
	child.stderr.setEncoding("utf8").on("data", (text: string) => {
		stderr = (stderr + text).slice(-2000);
	});
	child.stdin.on("error", () => undefined);
	const asked = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>();
	const links = new Map<number, MqttHandlers>();
	let lastId = 0;
	createInterface({ input: child.stdout }).on("line", (line) => {
		const { id, value, code, text, link, event, message, reason } = JSON.parse(line) as Line;
		const handlers = links.get(link ?? 0);
		if (event === "open") handlers?.onOpen();
		else if (event === "message" && message !== undefined) handlers?.onMessage(...message);
		else if (event === "close") handlers?.onClose(reason ?? "");
		const one = asked.get(id ?? 0);
		asked.delete(id ?? 0);
		if (code === undefined) one?.resolve(value);
		else one?.reject(new AutonomyError(code as ErrorCode, text ?? ""));
	});
	let end: Error | null = null;
	child.on("close", (code, signal) => {
		end = new Error(`QuickJS ended (${code ?? signal}): ${stderr}`);
		for (const one of asked.values()) one.reject(end);
	});

	function ask(order: Order): Promise<unknown> {
		return new Promise((resolve, reject) => {
			if (end !== null) throw end;
			asked.set(++lastId, { resolve, reject });
			child.stdin.write(`${JSON.stringify({ id: lastId, order })}\n`);
		});
	}
	const tell = (order: Order): void => void ask(order).catch(() => undefined);
	const own = createNodePlatform().outlets;
	let lastLink = 0;
	return {
		pid: child.pid ?? 0,
		outlets: {
			...own,
			certificateEndUnixMs: (pem) => ask({ call: "certificateEndUnixMs", pem }) as Promise<number | null>,
			sendMail: (mail) => ask({ call: "sendMail", mail }) as Promise<void>,
			newPushKeys: () => ask({ call: "newPushKeys" }) as Promise<PushKeys>,
			async sealPush(push) {
				const { headers, body } = (await ask({ call: "sealPush", push })) as SealedPush;
				return { headers, body: Uint8Array.from(body) };
			},
			async openMqtt(options, handlers) {
				const link = ++lastLink;
				links.set(link, handlers);
				await ask({ call: "openMqtt", link, options });
				return {
					publish: (topic, payload, how) =>
						ask({ call: "publish", link, topic, payload, options: how }) as Promise<never>,
					subscribe: (topics) => ask({ call: "subscribe", link, topics }) as Promise<never>,
					end: () => tell({ call: "end", link }),
					close() {
						links.delete(link);
						tell({ call: "close", link });
					},
				};
			},
		},
		async listen(host, port, pages, idleMs) {
			const link = ++lastLink;
			const taken = await ask({ call: "listen", link, host, port, pages, idleMs: idleMs ?? null });
			return { port: Number(taken), close: () => tell({ call: "close", link }) };
		},
		memory: () => ask({ call: "memory" }) as ReturnType<QjsOutlets["memory"]>,
		async stop() {
			child.stdin.end();
			if (end === null) await new Promise((resolve) => child.once("close", resolve));
		},
		kill: () => void child.kill("SIGKILL"),
	};
}

/** The reason why not, or false. */
export function withoutQjs(): string | false {
	const { path, why } = findQjs();
	return path === null ? why : false;
}
