/** procd's and logd's corner of the lab's bus: system, service, log. */
import { readFileSync } from "node:fs";
import { freemem, hostname, loadavg, release, totalmem, uptime } from "node:os";
import type { BlobInputTable, BlobTable } from "../../daemon/bus/blobmsg.ts";
import type { Bus } from "../../daemon/bus/bus.ts";
import { statusError } from "../../daemon/bus/status.ts";

export interface LogBuffer {
	add(msg: string, priority?: number): void;
	lines(count: number): BlobInputTable[];
}

const KEPT = 500;

export function createLogBuffer(): LogBuffer {
	const entries: { msg: string; id: number; priority: number; time: number }[] = [];
	let next = 0;
	return {
		add(msg, priority = 29) {
			entries.push({ msg, id: next++, priority, time: Date.now() });
			if (entries.length > KEPT) entries.shift();
		},
		lines: (count) => entries.slice(count > 0 ? -count : 0).map((entry) => ({ ...entry, source: 1 })),
	};
}

export interface Service {
	readonly name: string;
	instances(): BlobInputTable;
}

export interface System {
	/** As `service event {type:"config.change"}`: tells subscribers and those who wait here. */
	configChange(config: string): void;
	onConfigChange(listener: (config: string) => void): void;
	notifyService(type: string, data: BlobInputTable): void;
}

function board(): BlobInputTable {
	let cpu = "virtual";
	try {
		cpu = /model name\s*:\s*(.+)/.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? cpu;
	} catch {
		// Not every machine tells.
	}
	return {
		kernel: release(),
		hostname: hostname(),
		system: cpu,
		model: "autonomy lab router",
		board_name: "autonomy,lab",
		release: {
			distribution: "OpenWrt",
			version: "SNAPSHOT",
			revision: "r0-lab",
			target: "x86/64",
			description: "OpenWrt SNAPSHOT r0-lab",
		},
	};
}

export function serveSystem(bus: Bus, log: LogBuffer, services: readonly Service[]): System {
	const listeners: ((config: string) => void)[] = [];
	bus.serve({
		path: "system",
		methods: {
			board: { args: {}, handle: board },
			info: {
				args: {},
				handle: () => ({
					localtime: Math.floor(Date.now() / 1000),
					uptime: Math.floor(uptime()),
					load: loadavg().map((value) => Math.round(value * 65536)),
					memory: { total: totalmem(), free: freemem(), shared: 0, buffered: 0, available: freemem(), cached: 0 },
					swap: { total: 0, free: 0 },
				}),
			},
		},
	});
	bus.serve({
		path: "log",
		methods: {
			read: {
				args: { lines: "int32", stream: "bool", oneshot: "bool" },
				handle: ({ lines }) => ({ log: log.lines(typeof lines === "number" ? lines : 0) }),
			},
			write: {
				args: { event: "string" },
				handle: ({ event }) => {
					log.add(String(event));
					return null;
				},
			},
		},
	});
	const service = bus.serve({
		path: "service",
		methods: {
			list: {
				args: { name: "string", verbose: "bool" },
				handle: ({ name }) => {
					const out: Record<string, BlobInputTable> = {};
					for (const one of services) {
						if (name === undefined || name === one.name) out[one.name] = { instances: one.instances() };
					}
					return out;
				},
			},
			event: {
				args: { type: "string", data: "table" },
				handle: ({ type, data }) => {
					if (typeof type !== "string") throw statusError(2, "service event");
					const table = (typeof data === "object" && data !== null && !Array.isArray(data) ? data : {}) as BlobTable;
					service.notify("event.trigger", { type, data: table });
					const config = table.package;
					if (type === "config.change" && typeof config === "string") changed(config);
					return null;
				},
			},
		},
	});
	function changed(config: string): void {
		service.notify("config.change", { config });
		for (const listener of listeners) listener(config);
	}
	return {
		configChange(config) {
			service.notify("event.trigger", { type: "config.change", data: { package: config } });
			changed(config);
		},
		onConfigChange: (listener) => listeners.push(listener),
		notifyService: (type, data) => void service.notify(type, data),
	};
}
