/** Drives the helper processes of a steering world: a steerer inside the router, echo servers, flows. */
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { Plan, SteerAction } from "../../daemon/decide/types.ts";
import type { GiveBackReport, RecoverReport, SteerReport, SteerStatus } from "../../daemon/steer/types.ts";
import type { Discovered } from "../../daemon/uplink/types.ts";
import type { FlowResult } from "./steer-flow.ts";
import type { SteerCommand } from "./steer-inside.ts";
import { FLOW_PORT, TARGET4, TARGET6, type World } from "./steer-world.ts";

const NODE = [process.execPath, "--import", "tsx"];
const LIMIT_MS = 120_000;

interface Lines {
	next(): Promise<string>;
}

function lines(child: ChildProcess): Lines {
	const queue: string[] = [];
	let waiting: { resolve: (line: string) => void; reject: (error: Error) => void } | null = null;
	let ended = false;
	const reader = createInterface({ input: child.stdout! });
	reader.on("line", (line) => {
		if (waiting) waiting.resolve(line);
		else queue.push(line);
		waiting = null;
	});
	reader.on("close", () => {
		ended = true;
		waiting?.reject(new Error("the process ended without an answer"));
	});
	return {
		next() {
			const first = queue.shift();
			if (first !== undefined) return Promise.resolve(first);
			if (ended) return Promise.reject(new Error("the process has ended"));
			return new Promise((resolve, reject) => {
				const timer = setTimeout(() => reject(new Error("no answer in time")), LIMIT_MS);
				waiting = {
					resolve(line) {
						clearTimeout(timer);
						resolve(line);
					},
					reject(error) {
						clearTimeout(timer);
						reject(error);
					},
				};
			});
		},
	};
}

export interface RemoteSteerer {
	recover(): Promise<RecoverReport>;
	discovered(value: Discovered): Promise<void>;
	observe(value: boolean): Promise<void>;
	/** Held: what it would do by itself, some time later, waits until it is let go. */
	hold(value: boolean): Promise<void>;
	apply(...actions: SteerAction[]): Promise<SteerReport[]>;
	reassert(reason: string): Promise<void>;
	status(): Promise<SteerStatus>;
	giveBack(): Promise<GiveBackReport>;
	/** Sends a command and kills the process (SIGKILL) `afterMs` later, in the middle of it. */
	killDuring(command: SteerCommand, afterMs: number): Promise<void>;
	stop(): Promise<void>;
}

/** `bundle`: steer-inside.ts as one JavaScript file, for benches; else it runs from source. */
export function remoteSteerer(world: World, hide: readonly string[] = [], bundle: string | null = null): RemoteSteerer {
	const program = bundle === null ? [...NODE, "test/support/steer-inside.ts"] : [process.execPath, bundle];
	const argv = [...program, JSON.stringify({ folder: world.folder, hide })];
	const child = world.spawn("router", argv, { PATH: `${world.folder}/bin:${process.env.PATH}` });
	const output = lines(child);
	const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()));
	const write = (command: SteerCommand): void => void child.stdin!.write(`${JSON.stringify(command)}\n`);
	const ask = async <T>(command: SteerCommand): Promise<T> => {
		write(command);
		return JSON.parse(await output.next()) as T;
	};
	return {
		recover: () => ask({ do: "recover" }),
		discovered: (value) => ask({ do: "discovered", value }),
		observe: (value) => ask({ do: "observe", value }),
		hold: (value) => ask({ do: "hold", value }),
		apply: (...actions) => ask({ do: "apply", actions }),
		reassert: (reason) => ask({ do: "reassert", reason }),
		status: () => ask({ do: "status" }),
		giveBack: () => ask({ do: "giveBack" }),
		async killDuring(command, afterMs) {
			write(command);
			await new Promise((resolve) => setTimeout(resolve, afterMs));
			child.kill("SIGKILL");
			await ended;
		},
		async stop() {
			child.stdin!.end();
			await ended;
		},
	};
}

export interface Flow {
	/** Some packets sent from now on have come back. */
	more(): Promise<void>;
	stop(): Promise<FlowResult>;
}

export interface FlowWish {
	readonly everyMs: number;
	readonly newFlows?: boolean;
	readonly ipv6?: boolean;
}

export async function startEcho(world: World, ipv6 = false): Promise<void> {
	const options = { mode: "echo", address: ipv6 ? TARGET6 : TARGET4, port: FLOW_PORT };
	const child = world.spawn("internet", [...NODE, "test/support/steer-flow.ts", JSON.stringify(options)]);
	await lines(child).next();
}

export async function startFlow(world: World, wish: FlowWish): Promise<Flow> {
	const options = {
		mode: "send",
		address: wish.ipv6 ? TARGET6 : TARGET4,
		port: FLOW_PORT,
		everyMs: wish.everyMs,
		newFlows: wish.newFlows ?? false,
	};
	const child = world.spawn("client", [...NODE, "test/support/steer-flow.ts", JSON.stringify(options)]);
	const output = lines(child);
	await output.next();
	return {
		async more() {
			child.stdin!.write("5\n");
			await output.next();
		},
		async stop() {
			child.stdin!.end();
			return JSON.parse(await output.next()) as FlowResult;
		},
	};
}

let actionCount = 0;

/** A plan for both families: first of `rank` leads, `avoid` carry nothing. */
export function planOf(rank: readonly string[], avoid: readonly string[] = [], pinned: string | null = null): Plan {
	const family = { rank, avoid };
	return { primary: rank[0] ?? null, pinned, families: { ipv4: family, ipv6: family } };
}

export function steer(plan: Plan, dead: readonly string[] = []): SteerAction {
	actionCount++;
	return {
		kind: "steer",
		id: `a${actionCount}`,
		decisionId: `d${actionCount}`,
		mode: dead.length > 0 ? "dead" : "planned",
		plan,
		release: dead.map((uplink) => ({ uplink, families: ["ipv4", "ipv6"] })),
	};
}
