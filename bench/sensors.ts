/**
 * What the sensors cost and whether they leave a healthy link alone: decoding a dish's replies, CPU and memory beside the
 * same daemon without sensors, 32 recorded hours of a healthy dish, and 10 000 lost connections. docs/bench.md tells how
 * each is measured.
 *
 * Options: --seconds N (measured, default 120), --warm-up N (default 120), --pairs N (of routers, default 3), --connects N
 * (default 10000), --seeds N (default 3: draws of the probes' fate; the worst counts), --only decode,load,ship,reconnect,
 * --quick.
 * SHIP_DATA=folder plays the whole recording as published instead of this repository's excerpt.
 */
import { execFile } from "node:child_process";
import { parseArgs, promisify } from "node:util";
import { engineFlags } from "../lab/autonomyd.ts";
import type { DecodeFigures } from "./sensors/decode.ts";
import { loads } from "./sensors/load.ts";
import type { ReconnectFigures } from "./sensors/reconnect.ts";
import { readShip, sail, shipFiles, type Voyage } from "./sensors/ship.ts";

const WORKER = new URL("sensors/worker.ts", import.meta.url).pathname;
const WORKER_LIMIT_MS = 900_000;
const DECODES = 1000;
/** Compiled code comes and goes by hundreds of kilobytes and would hide what is held. */
const NO_COMPILER = ["--single-threaded", "--max-semi-space-size=1", "--no-opt", "--no-sparkplug"];
const PARTS = ["decode", "load", "ship", "reconnect"] as const;

const say = (text: string): void => console.error(text);
const round = (value: number, digits = 2): number => Math.round(value * 10 ** digits) / 10 ** digits;

/** A part in a process of its own. */
async function worker<T>(flags: readonly string[], ...args: readonly (string | number)[]): Promise<T> {
	const argv = [...flags, "--import", "tsx", WORKER, ...args.map(String)];
	const { stdout } = await promisify(execFile)(process.execPath, argv, { timeout: WORKER_LIMIT_MS });
	return JSON.parse(stdout) as T;
}

async function decode(): Promise<object> {
	const times = await worker<Record<"status" | "history" | "map", DecodeFigures>>(
		engineFlags("node"),
		"decode",
		DECODES,
	);
	for (const [name, one] of Object.entries(times)) {
		const [median, first] = [one.medianMs.toFixed(3), one.firstMs.toFixed(1)];
		say(`decode ${name.padEnd(8)} ${one.bytes} bytes: median ${median} ms, the first one ${first} ms`);
	}
	const ms = ({ medianMs }: DecodeFigures): number => round(medianMs, 3);
	return { decode_ms: { status: ms(times.status), history: ms(times.history) } };
}

async function load(warmUpS: number, seconds: number, pairs: number): Promise<object> {
	const { with: all, without: bare, added } = await loads(warmUpS, seconds, pairs);
	for (const [name, list] of [
		["with sensors", all],
		["without", bare],
	] as const) {
		for (const { cpuPct, anonMb } of list) {
			say(`load   ${name.padEnd(16)} ${cpuPct.toFixed(2)} % CPU, ${anonMb.toFixed(1)} MB anonymous`);
		}
	}
	say(`       answering: ${all[0]?.sensors.join(", ")}`);
	return { cpu_pct_added: round(added.cpuPct), mem_mb_added: round(added.anonMb) };
}

function ship(seeds: number): object {
	const recordings = shipFiles().map((path) => ({ path, seconds: readShip(path) }));
	let hours = 0;
	let worst = 0;
	for (let seed = 1; seed <= seeds; seed++) {
		const voyages = recordings.map(({ path, seconds }) => ({ path, ...sail(seconds, seed) }));
		const sum = (of: (voyage: Voyage) => number): number => voyages.reduce((total, one) => total + of(one), 0);
		hours = sum((one) => one.hours);
		const left = sum((one) => one.left.length);
		worst = Math.max(worst, left);
		const doubts = `${sum((one) => one.doubts)} doubts of the prober, ${sum((one) => one.deaths)} of them confirmed`;
		const told = `${sum((one) => one.risks.length)} risks and ${sum((one) => one.suspects)} suspicions of the dish`;
		say(`ship   ${hours.toFixed(1)} h, seed ${seed}: left ${left} times; ${doubts}; ${told}`);
		for (const one of voyages) for (const text of one.left) say(`       ${one.path} ${text}`);
		for (const one of voyages) for (const text of one.impossible) say(`       ${one.path} impossible: ${text}`);
	}
	return { ship_hours: round(hours, 1), ship_switches: worst };
}

async function reconnect(connects: number): Promise<object> {
	const line = (name: string, { warm, end, answered, failed }: ReconnectFigures): number => {
		const grown = Math.round((end.bytes - warm.bytes) / 1024);
		const held = (of: "handles" | "files"): string => `${warm[of]} -> ${end[of]} ${of}`;
		say(
			`${name} ${end.connects} connections, ${answered} answers, ${failed} failures: ${held("handles")}, ${held("files")}`,
		);
		say(`       memory from ${warm.connects} on: ${grown} kB, resident ${end.rssKb - warm.rssKb} kB`);
		if (end.handles > warm.handles || end.files > warm.files) process.exitCode = 1;
		return grown;
	};
	const grpc = await worker<ReconnectFigures>(NO_COMPILER, "reconnect", connects / 10, connects);
	const growth = line("gRPC  ", grpc);
	const web = Math.ceil(connects / 5);
	line("Web   ", await worker<ReconnectFigures>(NO_COMPILER, "reconnect-web", web / 5, web));
	return { reconnects: grpc.end.connects, growth_kb: growth };
}

export async function run(args: string[]): Promise<object> {
	const { values } = parseArgs({
		args,
		options: {
			json: { type: "boolean" },
			quick: { type: "boolean", default: false },
			seconds: { type: "string" },
			"warm-up": { type: "string" },
			pairs: { type: "string" },
			connects: { type: "string" },
			seeds: { type: "string" },
			only: { type: "string", default: PARTS.join(",") },
		},
	});
	const number = (
		name: "seconds" | "warm-up" | "pairs" | "connects" | "seeds",
		usual: number,
		quick: number,
	): number => {
		const value = Number(values[name] ?? (values.quick ? quick : usual));
		if (!(value >= 1)) throw new Error(`--${name} wants a number of at least 1`);
		return value;
	};
	const only = values.only.split(",");
	const unknown = only.filter((one) => !PARTS.some((part) => part === one));
	if (unknown.length > 0) throw new Error(`--only knows ${PARTS.join(", ")}, not ${unknown.join(", ")}`);
	return {
		...(only.includes("decode") ? await decode() : {}),
		...(only.includes("load")
			? await load(number("warm-up", 120, 10), number("seconds", 120, 20), number("pairs", 3, 1))
			: {}),
		...(only.includes("ship") ? ship(number("seeds", 3, 1)) : {}),
		...(only.includes("reconnect") ? await reconnect(number("connects", 10_000, 1000)) : {}),
	};
}
