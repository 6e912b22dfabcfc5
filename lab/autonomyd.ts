/**
 * The real daemon on a router of the lab, as a child process from its bundle: started, listened to, called, stopped.
 * Tests, benches and the demo all go through here.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import type { Reply } from "../contract/api.ts";
import type { BlobInputTable } from "../daemon/bus/blobmsg.ts";
import type { Bus } from "../daemon/bus/bus.ts";
import { createBus } from "../daemon/bus/client.ts";
import type { Logger } from "../daemon/platform/log.ts";
import { createNodePlatform } from "../daemon/platform/node/platform.ts";
import { REPO } from "./net/bundle.ts";
import { type LabProcess, nowMs } from "./net/lab.ts";
import { defaultRuntime, type Runtime, routerPath, STATIC_FOLDER, staticRuntimeMissing } from "./runtime.ts";
import type { RouterUnderTest } from "./under-test.ts";

export const BUNDLE = "build/autonomyd.node.mjs";
export const QJS_BUNDLE = "build/autonomyd.qjs.js";

export type Engine = "node" | "quickjs";

/** What the environment says (AUTONOMY_ENGINE), else Node. */
export function defaultEngine(): Engine {
	return process.env.AUTONOMY_ENGINE === "quickjs" ? "quickjs" : "node";
}

let qjs: { readonly path: string | null; readonly why: string } | null = null;

/** The qjs of this machine; null with the reason when there is none. */
export function findQjs(): { readonly path: string | null; readonly why: string } {
	if (qjs !== null) return qjs;
	const { stdout, stderr, status } = spawnSync("sh", [`${REPO}/scripts/qjs.sh`], { encoding: "utf8" });
	qjs = { path: status === 0 ? stdout.trim() : null, why: stderr.trim() };
	return qjs;
}

/** The flags in the wrapper, so that what runs here is what is installed. */
export function engineFlags(engine: Engine): string[] {
	const wrapper = readFileSync(`${REPO}/package/files/usr/sbin/autonomyd`, "utf8");
	const name = engine === "node" ? "NODE_FLAGS" : "QJS_FLAGS";
	const line = new RegExp(`^${name}=["']([^"']*)["']`, "m").exec(wrapper);
	return line?.[1]?.split(/\s+/).filter(Boolean) ?? [];
}

export interface LogLine {
	readonly atMs: number;
	readonly level: string;
	readonly msg: string;
	readonly component: string;
	readonly fields: Readonly<Record<string, unknown>>;
}

export interface Autonomyd {
	readonly process: LabProcess;
	/** Since the first line that could be read; the last 20 000. */
	readonly log: readonly LogLine[];
	call<T>(method: string, args?: BlobInputTable, timeoutMs?: number): Promise<T>;
	/** A call that tells the daemon to do something; throws its words when it did not. */
	order(method: string, args?: BlobInputTable): Promise<Reply<"failover">>;
	status(): Promise<Reply<"status">>;
	members(): Promise<Reply<"members">["members"]>;
	/** Waits until the wanted state is reached; its error tells the last status and the last log lines. */
	until(what: string, condition: () => Promise<boolean>, limitMs: number): Promise<void>;
	/** SIGTERM, and waits for the end; the exit code. */
	stop(limitMs?: number): Promise<number | null>;
	kill(signal: NodeJS.Signals): Promise<void>;
	/** Makes the wall clock jump; null when it did, else why it cannot. */
	clockJump(seconds: number): Promise<string | null>;
	/** Why the daemon failed, for error texts. */
	describe(): string;
}

export interface DaemonOptions {
	readonly env?: Readonly<Record<string, string>>;
	readonly args?: readonly string[];
	/** Start it under libfaketime, so that clockJump works. */
	readonly movableClock?: boolean;
	/** How Node is called; default as the init script would, see package/. */
	readonly nodeArgs?: readonly string[];
	/** Default: what defaultEngine says. QuickJS is called with the flags of the wrapper, and these. */
	readonly engine?: Engine;
	readonly qjsArgs?: readonly string[];
	/** Where qjs, socat and fping come from; default: what defaultRuntime says. */
	readonly runtime?: Runtime;
	/** Another build of the daemon, by its path in the repository. */
	readonly bundle?: string;
	onLine?(line: LogLine): void;
}

const QUIET: Logger = {
	debug: () => {},
	info: () => {},
	warn: () => {},
	error: () => {},
	child: () => QUIET,
	setLevel: () => {},
	level: () => "error",
	isDebug: () => false,
	alsoTo: () => {},
};

const FAKETIME = [
	"/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
	"/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
	"/usr/lib64/faketime/libfaketimeMT.so.1",
	"/usr/lib/faketime/libfaketimeMT.so.1",
];
/** Read by libfaketime at every look at the clock. */
const CLOCK_FILE = "/root/faketime";

/** What is ordered is given once: it must not be given up on a machine that is slow. */
const ORDER_MS = 60_000;

/** Null when clocks can be moved here. */
export function cannotMoveClock(): string | null {
	if (FAKETIME.some((path) => existsSync(path))) return null;
	return "libfaketime is not installed, and Linux has no wall clock per namespace";
}

export function bundleMissing(
	repo: string,
	engine: Engine = defaultEngine(),
	runtime: Runtime = defaultRuntime(),
): string | null {
	if (runtime === "static" && staticRuntimeMissing() !== null) return staticRuntimeMissing();
	if (engine === "quickjs" && runtime === "system" && findQjs().path === null) return findQjs().why;
	const bundle = engine === "node" ? BUNDLE : QJS_BUNDLE;
	const path = `${repo}/${bundle}`;
	return existsSync(path) && statSync(path).size > 0 ? null : `${bundle} is not built: npm run build`;
}

function command(router: RouterUnderTest, options: DaemonOptions, engine: Engine, runtime: Runtime): string[] {
	if (engine === "node") {
		return [router.node, ...(options.nodeArgs ?? []), `${router.repo}/${options.bundle ?? BUNDLE}`];
	}
	const path = runtime === "static" ? `${REPO}/${STATIC_FOLDER}/qjs` : (findQjs().path ?? "");
	// The checkout is elsewhere inside.
	const inside = path.startsWith(`${REPO}/`) ? `${router.repo}/${path.slice(REPO.length + 1)}` : path;
	return [
		inside,
		...engineFlags("quickjs"),
		...(options.qjsArgs ?? []),
		`${router.repo}/${options.bundle ?? QJS_BUNDLE}`,
	];
}

function parseLine(line: string): LogLine | null {
	try {
		const { level, msg, component, ...fields } = JSON.parse(line) as Record<string, unknown>;
		return { atMs: nowMs(), level: String(level), msg: String(msg), component: String(component ?? ""), fields };
	} catch {
		return null;
	}
}

/** A bus client of the host on the router's broker. */
export function hostBus(router: RouterUnderTest): Bus {
	if (router.socket === null) throw new Error("this router's broker cannot be reached from outside");
	return createBus({ platform: createNodePlatform(), log: QUIET, paths: [router.socket], reconnectMs: 50 });
}

export async function startAutonomyd(
	router: RouterUnderTest,
	bus: Bus,
	options: DaemonOptions = {},
): Promise<Autonomyd> {
	const engine = options.engine ?? defaultEngine();
	const runtime = options.runtime ?? defaultRuntime();
	const why = bundleMissing(REPO, engine, runtime);
	if (why !== null) throw new Error(why);
	const env: Record<string, string> = { ...routerPath(runtime, router.repo), ...options.env };
	if (options.movableClock) {
		const library = FAKETIME.find((path) => existsSync(path));
		if (library === undefined) throw new Error(cannotMoveClock() ?? "");
		await router.put(CLOCK_FILE, "+0\n");
		// Not for them: they compare with time stamps of the kernel, which libfaketime does not move.
		for (const name of ["fping", "ping"]) {
			await router.put(`/lab/bin/${name}`, `#!/bin/sh\nunset LD_PRELOAD\nexec /usr/bin/${name} "$@"\n`, 0o755);
		}
		Object.assign(env, {
			LD_PRELOAD: library,
			FAKETIME_TIMESTAMP_FILE: CLOCK_FILE,
			FAKETIME_NO_CACHE: "1",
			FAKETIME_DONT_FAKE_MONOTONIC: "1",
		});
	}
	const log: LogLine[] = [];
	const argv = [...command(router, options, engine, runtime), ...(options.args ?? [])];
	const child = await router.spawn(argv, {
		env,
		onLine: (text) => {
			const line = parseLine(text);
			if (!line) return;
			log.push(line);
			if (log.length > 20_000) log.shift();
			options.onLine?.(line);
		},
	});
	const call = async <T>(method: string, args: BlobInputTable = {}, timeoutMs = 10_000): Promise<T> =>
		(await bus.call("autonomy", method, args, { timeoutMs })) as unknown as T;
	let lastStatus = "";
	const daemon: Autonomyd = {
		process: child,
		log,
		call,
		async order(method, args = {}) {
			const answer = await call<Reply<"failover">>(method, args, ORDER_MS);
			if (!answer.ok) throw new Error(`${method}: ${answer.text}`);
			return answer;
		},
		async status() {
			const status = await call<Reply<"status">>("status");
			lastStatus = JSON.stringify({
				state: status.state,
				current: status.current,
				rank: status.rank,
				text: status.text,
			});
			return status;
		},
		members: async () => (await call<Reply<"members">>("members")).members,
		async until(what, condition, limitMs) {
			const deadline = nowMs() + limitMs;
			let reason = "";
			for (;;) {
				try {
					if (await condition()) return;
					reason = "";
				} catch (error) {
					reason = error instanceof Error ? error.message : String(error);
				}
				if (nowMs() > deadline) break;
				if (child.ended) throw new Error(`waiting for "${what}": the daemon ended\n${daemon.describe()}`);
				await new Promise((resolve) => setTimeout(resolve, 50));
			}
			throw new Error(`not within ${limitMs} ms: ${what}${reason ? ` (${reason})` : ""}\n${daemon.describe()}`);
		},
		async stop(limitMs = 60_000) {
			await child.kill("SIGTERM");
			const timer = setTimeout(() => void child.kill("SIGKILL"), limitMs);
			const { code } = await child.exited;
			clearTimeout(timer);
			return code;
		},
		kill: (signal) => child.kill(signal),
		async clockJump(seconds) {
			if (!options.movableClock) return "the daemon was not started with a movable clock";
			await router.put(CLOCK_FILE, `${seconds < 0 ? "" : "+"}${Math.round(seconds)}\n`);
			return null;
		},
		describe: () => `last status: ${lastStatus}\n${child.tail.slice(-25).join("\n")}`,
	};
	return daemon;
}
