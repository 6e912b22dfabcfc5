/**
 * Starting programs somewhere in a lab: in a namespace, for the router also in its root directory, with a real userland
 * in all of its namespaces. Used by the keeper only, which is the parent of all of them.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { ROOT } from "./build.ts";
import { ROUTER_PATH, type RunParams, type RunResult, type Where } from "./run.ts";

const HOST_PATH = `${process.env.PATH ?? ""}:/usr/sbin:/usr/bin:/sbin:/bin`;
let nextProcess = 1;
const processes = new Map<number, ChildProcess>();

/** The whole environment: nothing of the host's leaks in. */
function environment(where: Where, extra: Readonly<Record<string, string>> = {}): Record<string, string> {
	return { PATH: where === "router" ? ROUTER_PATH : HOST_PATH, HOME: "/root", LANG: "C", ...extra };
}

/** PID 1 of a real userland, as seen from here; null with the stand-ins. */
let procd: number | null = null;

export function enterUserland(pid: number): void {
	procd = pid;
}

function enter(where: Where, argv: readonly string[]): string[] {
	if (where === "internet") return [...argv];
	if (where === "router" && procd !== null) {
		return [
			"nsenter",
			`--target=${procd}`,
			"--mount",
			"--uts",
			"--ipc",
			"--net",
			"--pid",
			"--root",
			"--wd",
			"--",
			...argv,
		];
	}
	const root = where === "router" ? [`--root=${ROOT}`, `--wd=${ROOT}`] : [];
	return ["nsenter", `--net=/run/netns/${where}`, ...root, "--", ...argv];
}

export function start(params: RunParams): ChildProcess {
	const [program, ...args] = enter(params.where, params.argv);
	return spawn(program ?? "false", args, { env: environment(params.where, params.env), stdio: "pipe" });
}

export function command(params: RunParams): Promise<RunResult> {
	return new Promise((resolve, reject) => {
		const child = start(params);
		const timer = setTimeout(() => child.kill("SIGKILL"), params.timeoutMs ?? 20_000);
		let stdout = "";
		let stderr = "";
		child.stdout?.setEncoding("utf8").on("data", (text: string) => {
			stdout += text;
		});
		child.stderr?.setEncoding("utf8").on("data", (text: string) => {
			stderr += text;
		});
		child.stdin?.on("error", () => {});
		child.stdin?.end(params.stdin ?? "");
		child.on("error", reject);
		child.on("close", (code) => {
			clearTimeout(timer);
			resolve({ code, stdout, stderr });
		});
	});
}

export async function must(params: RunParams): Promise<string> {
	const result = await command(params);
	if (result.code === 0) return result.stdout;
	throw new Error(`${params.argv.slice(0, 3).join(" ")} in ${params.where}: ${result.code} ${result.stderr.trim()}`);
}

/**
 * With a real userland nsenter stands between us and the program, and the signal is for its child. The kernel's list of
 * children may miss one for a moment, so it is looked at until it does not: nsenter itself must never be hit, the program
 * would live on without a master.
 */
export async function signalProcess(id: number, signal: NodeJS.Signals): Promise<boolean> {
	const child = processes.get(id);
	if (!child?.pid) return false;
	const entered = (): boolean => orNull(() => readFileSync(`/proc/${child.pid}/comm`, "utf8"))?.trim() === "nsenter";
	if (procd === null || !entered()) return child.kill(signal);
	for (let tries = 0; tries < 200 && processes.has(id); tries++) {
		const list = orNull(() => readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8")) ?? "";
		const inner = Number(list.split(" ")[0] ?? 0);
		if (inner > 0) return orNull(() => process.kill(inner, signal)) ?? false;
		await new Promise((resolve) => setTimeout(resolve, 5));
	}
	return false;
}

/** Starts a long-lived program; its lines and its end are told to `emit`. */
export function startProcess(
	params: RunParams,
	emit: (event: "line" | "exit", data: Record<string, unknown>) => void,
): { id: number; pid: number | null } {
	const id = nextProcess++;
	const child = start(params);
	processes.set(id, child);
	for (const stream of ["stdout", "stderr"] as const) {
		const source = child[stream];
		if (source) createInterface({ input: source }).on("line", (line) => emit("line", { id, stream, line }));
	}
	child.stdin?.on("error", () => {});
	child.on("error", (error) => emit("line", { id, stream: "stderr", line: error.message }));
	child.on("close", (code, signal) => {
		processes.delete(id);
		emit("exit", { id, code, signal });
	});
	return { id, pid: child.pid ?? null };
}

export function writeTo(id: number, text: string): boolean {
	return processes.get(id)?.stdin?.write(text) ?? false;
}

export function orNull<T>(read: () => T): T | null {
	try {
		return read();
	} catch {
		return null;
	}
}
