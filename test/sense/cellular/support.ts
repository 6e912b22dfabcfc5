/** A modem on a fake bus, under manual time, and everything the sensor says about it. */
import { readFileSync } from "node:fs";
import type { Bus } from "../../../daemon/bus/bus.ts";
import { readConfig } from "../../../daemon/config/read.ts";
import type { SenseValues } from "../../../daemon/health/senses.ts";
import { AutonomyError } from "../../../daemon/platform/error.ts";
import type { Platform } from "../../../daemon/platform/platform.ts";
import { createCellular } from "../../../daemon/sense/cellular/cellular.ts";
import { createSimSwitcher } from "../../../daemon/sense/cellular/sim-switch.ts";
import type { Sensor, SensorContext } from "../../../daemon/sense/sensor.ts";
import { parseUci } from "../../../daemon/uci/parse.ts";
import type { Uplink } from "../../../daemon/uplink/types.ts";
import { fakeFiles, fakeLog, fakeProcesses, fakeTime, type RunScript } from "../../support/fake-platform.ts";

export function sample(path: string): unknown {
	return JSON.parse(readFileSync(new URL(`../../samples/${path}`, import.meta.url), "utf8"));
}

export type Rows = readonly Readonly<Record<string, string>>[];

export function csv(path: string): Rows {
	const [head = "", ...lines] = readFileSync(new URL(`../../samples/${path}`, import.meta.url), "utf8")
		.trim()
		.split("\n");
	const names = head.split(",");
	return lines.map((line) => {
		const cells = line.split(",");
		return Object.fromEntries(names.map((name, at) => [name, cells[at] ?? ""]));
	});
}

export function uplink(more: Partial<Uplink> = {}): Uplink {
	return {
		id: "mob1s1a1",
		class: "cellular",
		classReason: "netifd names its modem",
		proto: "wwan",
		device: "wwan0",
		lowerDevice: "wwan0",
		present: true,
		up: true,
		carrier: true,
		ipv4: null,
		ipv6: null,
		mwan3: { ipv4: null, ipv6: null },
		metered: true,
		weight: 80,
		order: 0,
		disabled: false,
		minUptimeMs: 0,
		cooldownMs: 0,
		preferRoaming: false,
		tunnel: false,
		...more,
	};
}

export type Answer = unknown | ((args: unknown) => unknown);

export interface FakeBus {
	readonly bus: Bus;
	/** "object method" -> answer; a thrown error is the answer, too. */
	readonly answers: Map<string, Answer>;
	readonly calls: string[];
	emit(type: string): void;
}

export function fakeBus(): FakeBus {
	const answers = new Map<string, Answer>();
	const calls: string[] = [];
	const listeners = new Map<string, () => void>();
	const bus = {
		async call(object: string, method: string, args: unknown) {
			calls.push(`${object} ${method} ${JSON.stringify(args)}`);
			const answer = answers.get(`${object} ${method}`);
			if (answer === undefined) throw new AutonomyError("bus_not_found", `no ${object} ${method}`);
			const value = typeof answer === "function" ? answer(args) : answer;
			if (value instanceof Error) throw value;
			return value;
		},
		async list(pattern: string) {
			const prefix = pattern.replace("*", "");
			const paths = [...answers.keys()].map((key) => key.split(" ")[0] ?? "");
			return [...new Set(paths)].filter((path) => path.startsWith(prefix)).map((path) => ({ path }));
		},
		listen(pattern: string, handler: () => void) {
			listeners.set(pattern, handler);
			return { close: () => void listeners.delete(pattern) };
		},
	};
	return {
		bus: bus as unknown as Bus,
		answers,
		calls,
		emit(type) {
			for (const [pattern, handler] of listeners) if (type.startsWith(pattern.replace("*", ""))) handler();
		},
	};
}

export interface Told {
	readonly classes: (string | null)[];
	readonly values: SenseValues[];
	readonly risks: { atMs: number; risk: number; confidence: number; horizonMs: number; cause: string; text: string }[];
	readonly suspects: string[];
	readonly events: string[];
}

export interface WorldOptions {
	readonly config?: string;
	readonly script?: RunScript;
	readonly programs?: readonly string[];
	readonly files?: Readonly<Record<string, string>>;
	readonly links?: Readonly<Record<string, string>>;
	readonly uplink?: Uplink;
	readonly startMs?: number;
}

export interface World extends FakeBus {
	readonly time: ReturnType<typeof fakeTime>;
	readonly log: ReturnType<typeof fakeLog>;
	readonly processes: ReturnType<typeof fakeProcesses>;
	readonly files: ReturnType<typeof fakeFiles>;
	readonly told: Told;
	readonly context: SensorContext;
	sensor(one?: Uplink): Sensor;
	/** The figures that hold now: what was told, later ones over earlier. */
	now(): SenseValues;
}

const PROGRAMS = ["mmcli", "uqmi"] as const;

export function world(options: WorldOptions = {}): World {
	const time = fakeTime(options.startMs ?? 1000);
	const log = fakeLog();
	const processes = fakeProcesses(options.script);
	for (const name of PROGRAMS) if (!options.programs?.includes(name)) processes.missing.add(name);
	const files = fakeFiles(options.files);
	for (const [path, target] of Object.entries(options.links ?? {})) files.links.set(path, target);
	const fake = fakeBus();
	const told: Told = { values: [], risks: [], suspects: [], events: [], classes: [] };
	const { config } = readConfig(parseUci(options.config ?? "", { file: "test" }), "test");
	const platform = { ...time, processes, files } as unknown as Platform;
	const context: SensorContext = {
		platform,
		bus: fake.bus,
		log,
		uplink: options.uplink ?? uplink(),
		config: () => config,
		observe: (values) => void told.values.push(values),
		risk: (risk) => void told.risks.push({ atMs: time.clock.monotonicMs(), ...risk }),
		suspect: (reason) => void told.suspects.push(reason),
		reach: () => undefined,
		classify: (found) => void told.classes.push(found?.class ?? null),
		event: (type, reason) => void told.events.push(`${type}: ${reason}`),
	};
	const switcher = createSimSwitcher(files);
	return {
		...fake,
		time,
		log,
		processes,
		files,
		told,
		context,
		sensor: (one = context.uplink) => createCellular({ ...context, uplink: one }, switcher),
		now: () => Object.assign({}, ...told.values),
	};
}

/** gsm.modem0 of a RutOS router, with what the test wants to be different in its cache. */
export function rutosInfo(cache: Readonly<Record<string, unknown>> = {}, top: Readonly<Record<string, unknown>> = {}) {
	const info = sample("rutos/ubus_gsm_modem0_info.shape.json") as { cache: object };
	return { ...info, ...top, cache: { ...info.cache, ...cache } };
}
