/**
 * The host's end of a lab: starts the keeper in namespaces of its own and offers what tests, benches and the demo need.
 * `close()` takes everything away; so does the death of this process, because the keeper lives only while its stdin does.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import type { Tally } from "../client/tally.ts";
import { bundlePrograms, REPO } from "./bundle.ts";
import type { Faults } from "./faults.ts";
import { type LabOptions, makePlan, type Plan } from "./plan.ts";
import { missing, unshareArgs } from "./possible.ts";
import { RPC_LIMIT_MS, type RpcPeer, rpcPeer } from "./rpc.ts";
import type { RunParams, RunResult } from "./run.ts";

export interface LabProcess {
	readonly pid: number | null;
	/** Lines not yet taken by onLine handlers are not kept; the last 400 are here for error texts. */
	readonly tail: readonly string[];
	readonly exited: Promise<{ code: number | null; signal: string | null }>;
	/** Set once the process has ended. */
	readonly ended: boolean;
	kill(signal: NodeJS.Signals): Promise<void>;
	write(text: string): Promise<void>;
}

export interface TrafficReport {
	readonly fresh: Tally;
	readonly open: Tally;
	/** When the last packet by the `leaving` ISP was followed only by others; null when it was not. */
	readonly freshLeftMs: number | null;
	readonly openLeftMs: number | null;
	/** ICMP "unreachable" messages the client received. */
	readonly rejected: number;
}

interface Peek {
	readonly isp: number | null;
	readonly atMs: number | null;
	readonly lostInRow: number;
}

export interface Traffic {
	readonly startedMs: number;
	peek(): Promise<{ nowMs: number; fresh: Peek; open: Peek }>;
	report(options?: { sinceMs?: number; untilMs?: number; leaving?: number }): Promise<TrafficReport>;
	stop(): Promise<void>;
}

export interface TrafficOptions {
	readonly family?: "ipv4" | "ipv6";
	readonly intervalMs?: number;
	readonly newFlows?: boolean;
	readonly openFlow?: boolean;
}

export interface Lab {
	readonly plan: Plan;
	/** Directory shared with the router: `ubus/ubus.sock`, `lab/http.sock`. */
	readonly shared: string;
	/** How long building took, ms. */
	readonly buildMs: number;
	run(params: RunParams): Promise<RunResult>;
	spawn(params: RunParams, onLine?: (line: string, stream: "stdout" | "stderr") => void): Promise<LabProcess>;
	faults(isp: number, faults: Faults): Promise<void>;
	carrier(isp: number, up: boolean): Promise<void>;
	/** Rejects with the reason where neither netem nor a relay is possible. */
	latency(isp: number, ms: number, jitterMs?: number): Promise<{ method: string }>;
	/** Targets of the internet that answer nobody; an empty list heals. */
	deadEverywhere(targets: readonly string[]): Promise<void>;
	/** Packets (and bytes: `<name>_bytes`) seen at an ISP, see faults.ts. */
	counters(isp: number): Promise<Readonly<Record<string, number>>>;
	/** Files inside the router. */
	read(path: string): Promise<string | null>;
	put(path: string, text: string, mode?: number): Promise<void>;
	remove(path: string): Promise<void>;
	list(path: string): Promise<string[]>;
	hide(path: string): Promise<void>;
	unhide(path: string): Promise<void>;
	traffic(options?: TrafficOptions): Promise<Traffic>;
	/** Asks a program of the lab: "router" is labd. */
	helper<T>(name: string, method: string, params?: unknown, timeoutMs?: number): Promise<T>;
	onEvent(listener: (event: string, data: Record<string, unknown>) => void): () => void;
	close(): Promise<void>;
}

/** Milliseconds of the clock that all times of a lab are in. */
export function nowMs(): number {
	return Number(process.hrtime.bigint()) / 1e6;
}

const PREFIX = "autonomy-lab-";

/** Removes directories of labs whose owner is dead (killed together with its keeper). */
function sweep(): void {
	for (const name of readdirSync(tmpdir())) {
		const pid = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length).split("-")[0]) : 0;
		if (!pid) continue;
		try {
			process.kill(pid, 0);
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code === "ESRCH")
				rmSync(`${tmpdir()}/${name}`, { recursive: true, force: true });
		}
	}
}

export class LabImpossible extends Error {}

export interface StartOptions extends LabOptions {
	/** A real OpenWrt root directory to boot instead of the stand-ins. */
	readonly openwrtRoot?: string;
}

export async function startNetwork(options: StartOptions = {}): Promise<Lab> {
	const lacking = missing();
	if (lacking.length > 0) throw new LabImpossible(`no lab on this machine: ${lacking.join("; ")}`);
	sweep();
	await bundlePrograms();
	const shared = mkdtempSync(`${tmpdir()}/${PREFIX}${process.pid}-`);
	for (const name of ["ubus", "lab"]) mkdirSync(`${shared}/${name}`, { mode: 0o755 });
	// A session of its own: Ctrl-C at the terminal must not reach the programs of the lab before we say so.
	const child = spawn("unshare", [...unshareArgs(), "--", process.execPath, `${REPO}/build/lab/keeper.mjs`], {
		stdio: ["pipe", "pipe", options.verbose ? "inherit" : "pipe"],
		detached: true,
	});
	let complaints = "";
	child.stderr?.setEncoding("utf8").on("data", (text: string) => {
		complaints = (complaints + text).slice(-4000);
	});
	try {
		return await hostEnd(child, options, shared);
	} catch (error) {
		child.stdin?.end();
		child.kill("SIGKILL");
		rmSync(shared, { recursive: true, force: true });
		throw new Error(`${error instanceof Error ? error.message : error}${complaints ? `\n${complaints}` : ""}`);
	}
}

async function hostEnd(child: ChildProcess, options: StartOptions, shared: string): Promise<Lab> {
	if (!child.stdin || !child.stdout) throw new Error("unshare: no pipes");
	const listeners = new Set<(event: string, data: Record<string, unknown>) => void>();
	const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
	const keeper: RpcPeer = rpcPeer({
		input: child.stdout,
		output: child.stdin,
		name: "keeper",
		onEvent: (event, data: Record<string, unknown>) => {
			for (const listener of listeners) listener(event, data);
		},
	});
	const { openwrtRoot, ...labOptions } = options;
	const params = { options: labOptions, shared, repo: REPO, node: process.execPath, openwrtRoot };
	const { ms } = await keeper.call<{ ms: number }>("build", params, 180_000);
	const tell = (method: string, p: unknown): Promise<void> => keeper.call<unknown>(method, p).then(() => undefined);

	const lab: Lab = {
		plan: makePlan(options),
		shared,
		buildMs: ms,
		run: (p) => keeper.call("run", p, (p.timeoutMs ?? 20_000) + 5000),
		spawn: (p, onLine) => startProcess(keeper, listeners, p, onLine),
		faults: (isp, faults) => tell("faults", { isp, faults }),
		carrier: (isp, up) => tell("carrier", { isp, up }),
		latency: (isp, latencyMs, jitterMs) => keeper.call("latency", { isp, ms: latencyMs, jitterMs }),
		deadEverywhere: (targets) => tell("deadEverywhere", { targets }),
		counters: (isp) => keeper.call("counters", { isp }),
		read: (path) => keeper.call("read", { path }),
		put: (path, text, mode) => tell("put", { path, text, mode }),
		remove: (path) => tell("remove", { path }),
		list: (path) => keeper.call("list", { path }),
		hide: (path) => tell("hide", { path }),
		unhide: (path) => tell("unhide", { path }),
		async traffic(trafficOptions = {}) {
			const helper = <T>(method: string, p: unknown): Promise<T> =>
				keeper.call("helper", { name: "client", method, params: p });
			const { id, atMs } = await helper<{ id: number; atMs: number }>("start", trafficOptions);
			return {
				startedMs: atMs,
				peek: () => helper("peek", { id }),
				report: (o = {}) => helper("report", { id, ...o }),
				stop: () => helper<unknown>("stop", { id }).then(() => undefined),
			};
		},
		helper: (name, method, p = {}, timeoutMs = RPC_LIMIT_MS) =>
			keeper.call(
				name === "keeper" ? method : "helper",
				name === "keeper" ? p : { name, method, params: p, timeoutMs },
				timeoutMs + 2000,
			),
		onEvent(listener) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
		async close() {
			child.stdin?.end();
			const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
			await gone;
			clearTimeout(timer);
			keeper.close();
			// After a kill the last of its programs may still be writing there.
			rmSync(shared, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
		},
	};
	return lab;
}

async function startProcess(
	keeper: RpcPeer,
	listeners: Set<(event: string, data: Record<string, unknown>) => void>,
	params: RunParams,
	onLine?: (line: string, stream: "stdout" | "stderr") => void,
): Promise<LabProcess> {
	const tail: string[] = [];
	let ended = false;
	let id: number | null = null;
	const early: [string, Record<string, unknown>][] = [];
	let finish: (end: { code: number | null; signal: string | null }) => void = () => {};
	const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
		finish = resolve;
	});
	function listener(event: string, data: Record<string, unknown>): void {
		if (id === null) {
			early.push([event, data]);
			return;
		}
		if (data.id !== id) return;
		if (event === "line") {
			tail.push(String(data.line));
			if (tail.length > 400) tail.shift();
			onLine?.(String(data.line), data.stream === "stderr" ? "stderr" : "stdout");
		} else if (event === "exit") {
			ended = true;
			listeners.delete(listener);
			finish({ code: (data.code as number | null) ?? null, signal: (data.signal as string | null) ?? null });
		}
	}
	listeners.add(listener);
	const started = await keeper.call<{ id: number; pid: number | null }>("spawn", params);
	id = started.id;
	for (const [event, data] of early) listener(event, data);
	return {
		pid: started.pid,
		tail,
		exited,
		get ended() {
			return ended;
		},
		kill: (signal) => keeper.call<unknown>("kill", { id, signal }).then(() => undefined),
		write: (text) => keeper.call<unknown>("write", { id, text }).then(() => undefined),
	};
}
