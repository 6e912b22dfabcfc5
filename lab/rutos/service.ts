/**
 * The Lua service of /api/autonomy in a process of its own, as uhttpd runs it: one request after the other. What it calls
 * on ubus goes to `bus`; without one nothing is there.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import type { BlobInputTable } from "../../daemon/bus/blobmsg.ts";
import type { Bus } from "../../daemon/bus/bus.ts";
import { isAutonomyError } from "../../daemon/platform/error.ts";

export interface ServiceRequest {
	readonly http: string;
	/** What comes after /api/autonomy/. */
	readonly group: string;
	readonly sid?: string;
	readonly query?: Readonly<Record<string, string>>;
	readonly body?: unknown;
}

export interface ServiceAnswer {
	readonly code: number;
	readonly body: unknown;
}

/** A call of ubus: its status, and the reply when that is 0. */
export type UbusCall = (
	object: string,
	method: string,
	args: Record<string, unknown>,
) => Promise<{ readonly status: number; readonly reply?: unknown }>;

export interface Service {
	ask(request: ServiceRequest): Promise<ServiceAnswer>;
	close(): void;
}

export interface Ubus {
	readonly call: UbusCall;
	/** The object is on the bus. */
	has(object: string): Promise<boolean>;
}

/** Null with the reason: there is no Lua 5.1 here. */
export function findLua(): { readonly path: string | null; readonly why: string } {
	for (const path of ["lua5.1", "lua"]) {
		const { stdout, stderr } = spawnSync(path, ["-v"], { encoding: "utf8" });
		if (/Lua 5\.1/.test(`${stdout}${stderr}`)) return { path, why: "" };
	}
	return { path: null, why: "no Lua 5.1 here: install lua5.1" };
}

const UBUS_UNKNOWN = 9;
const UBUS_NOT_FOUND = 4;
const UBUS_TIMEOUT = 7;

/** Numbers of 64 bits are doubles in Lua. */
function printable(_: string, value: unknown): unknown {
	return typeof value === "bigint" ? Number(value) : value;
}

export function ubusOf(bus: Bus): Ubus {
	return {
		async call(object, method, args) {
			try {
				return { status: 0, reply: await bus.call(object, method, args as BlobInputTable, { timeoutMs: 30_000 }) };
			} catch (error) {
				if (!isAutonomyError(error)) return { status: UBUS_UNKNOWN };
				if (error.code === "timeout") return { status: UBUS_TIMEOUT };
				const { status } = error.context;
				return { status: typeof status === "number" ? status : UBUS_NOT_FOUND };
			}
		},
		has: (object) =>
			bus.lookup(object).then(
				() => true,
				() => false,
			),
	};
}

interface Question {
	readonly call?: readonly [string, string, string];
	readonly lookup?: string;
	readonly connect?: boolean;
	readonly code?: number;
	readonly body?: unknown;
}

export function startService(lua: string, file: string, ubus: Ubus): Service {
	const child: ChildProcess = spawn(lua, [new URL("service.lua", import.meta.url).pathname, file], {
		stdio: ["pipe", "pipe", "inherit"],
	});
	const { stdin, stdout } = child;
	if (stdin === null || stdout === null) throw new Error("a service without pipes");
	// An answer of the bus may come when the service has been closed.
	stdin.on("error", () => undefined);
	let queue: Promise<unknown> = Promise.resolve();
	let finish: ((answer: ServiceAnswer) => void) | null = null;
	const say = (value: unknown): void => {
		stdin.write(`${JSON.stringify(value, printable)}\n`);
	};

	createInterface({ input: stdout }).on("line", (line) => {
		const told = JSON.parse(line) as Question;
		if (told.connect) say({ ok: true });
		else if (told.lookup !== undefined) void ubus.has(told.lookup).then((ok) => say({ ok }));
		else if (told.call !== undefined) {
			const [object, method, args] = told.call;
			void ubus.call(object, method, JSON.parse(args) as Record<string, unknown>).then(say);
		} else finish?.({ code: told.code ?? 500, body: told.body });
	});

	return {
		ask(request) {
			const mine = queue.then(
				() =>
					new Promise<ServiceAnswer>((done) => {
						finish = done;
						say(request);
					}),
			);
			queue = mine;
			return mine;
		},
		close() {
			stdin.end();
			child.kill();
		},
	};
}
