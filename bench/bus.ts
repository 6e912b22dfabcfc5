/**
 * The bus client under load: client, broker and called object in three processes over a real socket. One call at a time
 * for the latency, 32 in flight for the rate; memory is what client and provider hold more after 100 000 calls, garbage
 * collected. Against the stand-in broker, or a real ubusd when UBUSD names one. Option --calls N.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bus } from "../daemon/bus/bus.ts";
import { createBus } from "../daemon/bus/client.ts";
import { createNodePlatform } from "../daemon/platform/node/platform.ts";
import { percentile, quiet, usedBytes } from "./bus/measure.ts";

const CALLS = 100_000;
const WARM_UP = 10_000;
const IN_FLIGHT = 32;
const START_LIMIT_MS = 20_000;

interface Latency {
	readonly p50: number;
	readonly p99: number;
}

function script(name: string): string {
	return new URL(name, import.meta.url).pathname;
}

/** Starts a TypeScript process and waits until it says it is ready. */
function startScript(file: string, path: string): Promise<ChildProcess> {
	const child = spawn(process.execPath, ["--import", "tsx", file, path], { stdio: ["ignore", "pipe", "inherit"] });
	return new Promise((resolve, reject) => {
		const limit = setTimeout(() => reject(new Error(`${file} did not start`)), START_LIMIT_MS);
		child.once("exit", () => reject(new Error(`${file} ended`)));
		child.stdout.once("data", () => {
			clearTimeout(limit);
			resolve(child);
		});
	});
}

async function latencyOf(bus: Bus, method: string, count: number): Promise<Latency> {
	const taken = new Float64Array(count);
	for (let n = 0; n < count; n++) {
		const startedMs = performance.now();
		await bus.call("bench", method, method === "echo" ? { n, text: "hello" } : {});
		taken[n] = (performance.now() - startedMs) * 1000;
	}
	taken.sort();
	return { p50: Math.round(percentile(taken, 0.5)), p99: Math.round(percentile(taken, 0.99)) };
}

/** Calls per second with a fixed number in flight. */
async function rateOf(bus: Bus, count: number): Promise<number> {
	let next = 0;
	const worker = async (): Promise<void> => {
		while (next < count) {
			const n = next++;
			const answer = await bus.call("bench", "echo", { n, text: "hello" });
			if (answer.n !== n) throw new Error(`call ${n} got the answer of ${String(answer.n)}`);
		}
	};
	const startedMs = performance.now();
	await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
	return Math.round((count * 1000) / (performance.now() - startedMs));
}

async function held(bus: Bus): Promise<number> {
	const { bytes } = await bus.call("bench", "memory", {});
	return (await usedBytes()) + Number(bytes);
}

function callsWanted(args: readonly string[]): number {
	const at = args.indexOf("--calls");
	const count = at < 0 ? CALLS : Number(args[at + 1]);
	if (!Number.isInteger(count) || count < 100) throw new Error("--calls wants a whole number of at least 100");
	return count;
}

export async function run(args: string[]): Promise<object> {
	const calls = callsWanted(args);
	const folder = mkdtempSync(join(tmpdir(), "bench-bus-"));
	const path = join(folder, "ubus.sock");
	const real = process.env.UBUSD;
	const children: ChildProcess[] = [];
	const bus = createBus({ platform: createNodePlatform(), log: quiet, paths: [path], reconnectMs: 20 });
	try {
		if (real === undefined) children.push(await startScript(script("../lab/ubusd/main.ts"), path));
		else children.push(spawn(real, ["-s", path], { stdio: "ignore" }));
		await bus.whenConnected(START_LIMIT_MS);
		children.push(await startScript(script("bus/provider.ts"), path));
		await rateOf(bus, WARM_UP);
		await latencyOf(bus, "status", 1000);
		const before = await held(bus);
		const rate = await rateOf(bus, calls);
		const growthKb = Math.round(((await held(bus)) - before) / 1024);
		const echo = await latencyOf(bus, "echo", Math.ceil(calls / 5));
		const status = await latencyOf(bus, "status", Math.ceil(calls / 20));
		const rows = [
			`broker                        ${real ?? "stand-in (UBUSD=path takes a real ubusd)"}`,
			`${calls} calls, ${IN_FLIGHT} in flight    ${rate} calls/s`,
			`one at a time, small answer   p50 ${echo.p50} us, p99 ${echo.p99} us`,
			`one at a time, 8 uplinks      p50 ${status.p50} us, p99 ${status.p99} us`,
			`memory held more afterwards   ${growthKb} KiB (client and provider)`,
		];
		process.stderr.write(`${rows.join("\n")}\n`);
		return { calls_per_s: rate, p50_us: echo.p50, p99_us: echo.p99, growth_kb: growthKb };
	} finally {
		bus.close();
		for (const child of children.reverse()) child.kill();
		rmSync(folder, { recursive: true, force: true });
	}
}
