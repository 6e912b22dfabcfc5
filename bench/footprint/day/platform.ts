/**
 * What the daemon sees in virtual time: links, programs and targets of the soak (bench/soak/net.ts), a kernel, a bus and a
 * dish. The engine is the real one, and so is everything of the platform that needs no outside world.
 */
import { AutonomyError } from "../../../daemon/platform/error.ts";
import type { Files, Platform, Streams } from "../../../daemon/platform/platform.ts";
import { seeded } from "../../detectors/link.ts";
import { createNet, type Link, type Truth, WELL } from "../../soak/net.ts";
import { memoryBus } from "./bus.ts";
import { answer, type Marks } from "./dish.ts";
import { createKernel } from "./kernel.ts";
import type { VirtualTime } from "./time.ts";

export interface World {
	readonly platform: Platform;
	readonly links: readonly Link[];
}

export interface WorldOptions {
	readonly real: Platform;
	readonly time: VirtualTime;
	readonly uplinks: number;
	/** Of /etc/config/autonomy. */
	readonly config: string;
	readonly dishFolder: string;
	readonly dishMarks: Marks;
	readonly dishBootS: number;
}

const DISH = "192.168.100.1";
/** Bigger files would lie in the router's /tmp, not in the daemon. */
const KEPT_BYTES = 16_384;
const NAMES = ["wan", "wanb", "wanc", "wand"];

function makeLink(index: number): Link {
	const truth: Truth = { ...WELL };
	return {
		id: NAMES[index] ?? `wan${index + 1}`,
		device: `eth${index + 1}`,
		families: ["ipv4", "ipv6"],
		address: { ipv4: `100.64.${index + 1}.50`, ipv6: `2001:db8:${index + 1}::50` },
		gateway: { ipv4: `100.64.${index + 1}.1`, ipv6: `2001:db8:${index + 1}::1` },
		rttMs: 12 + 9 * index,
		usualLossPct: index === 0 ? 0.1 : 0,
		truth,
		busy: index === 0,
	};
}

/** Small files are kept, large ones let go: those of a router lie in tmpfs. The process's own figures are the real ones. */
function files(real: Files, base: Files, config: string, links: readonly Link[]): Files {
	const kept = new Map<string, string>([["/etc/config/autonomy", config]]);
	const devices = new Set(links.map((link) => `/sys/class/net/${link.device}`));
	for (const [index, folder] of [...devices].entries()) {
		const facts = {
			carrier: "1",
			operstate: "up",
			ifindex: String(index + 2),
			speed: "1000",
			duplex: "full",
			type: "1",
		};
		for (const [name, text] of Object.entries(facts)) kept.set(`${folder}/${name}`, `${text}\n`);
	}
	const read = (path: string): string | null =>
		path.startsWith("/proc/self/") ? real.readTextIfAny(path) : (kept.get(path) ?? base.readTextIfAny(path));
	return {
		...base,
		readTextIfAny: read,
		readText(path) {
			const text = read(path);
			if (text === null) throw new AutonomyError("file_not_found", `cannot read ${path}: ENOENT`, { path });
			return text;
		},
		readBytes(path) {
			throw new AutonomyError("file_not_found", `cannot read ${path}: ENOENT`, { path });
		},
		writeAtomic(path, content) {
			if (typeof content === "string" && content.length <= KEPT_BYTES) kept.set(path, content);
		},
		stat: (path) => {
			if (devices.has(path)) return { size: 0, modifiedMs: 0, isDirectory: true };
			const text = read(path);
			return text === null ? null : { size: text.length, modifiedMs: 0, isDirectory: false };
		},
		list: () => [],
		remove: (path) => void kept.delete(path),
	};
}

export function createDayWorld(options: WorldOptions): World {
	const { real, time } = options;
	const { clock, timers } = time;
	const links = Array.from({ length: options.uplinks }, (_, index) => makeLink(index));
	const notHere = (): never => {
		throw new Error("virtual time is moved by liveUntil alone");
	};
	const fake = { ...time, advance: notHere, advanceSync: notHere, jumpWall: notHere, pending: () => 0 };
	const net = createNet(fake, links, seeded(7));
	const ip = createKernel(links);
	const bus = memoryBus(timers);
	const there = new Set(["fping", "ping", "ip"]);
	const soon = <T>(ms: number, make: () => T): Promise<T> =>
		new Promise((resolve) => {
			timers.after(ms, () => resolve(make()));
		});
	const connect: Streams["connect"] = (target, handlers) => {
		if (target.kind === "unix") return bus(target, handlers);
		const stream = net.platform.streams.connect(target, handlers);
		// There is one dish, at the first uplink.
		if (target.host !== DISH || target.localAddress === links[0]?.address.ipv4) return stream;
		stream.close();
		timers.after(1, () => handlers.onClose("refused"));
		return { ...stream, close: () => undefined };
	};
	const platform: Platform = {
		...real,
		clock,
		timers,
		files: files(real.files, net.platform.files, options.config, links),
		datagrams: net.platform.datagrams,
		streams: { connect },
		processes: {
			...net.platform.processes,
			...(real.processes.dear === undefined ? {} : { dear: real.processes.dear }),
			find: (name) => (there.has(name) ? `/usr/sbin/${name}` : null),
			run(argv, how) {
				const [program] = argv;
				if (program === "ip") return soon(3, () => ip(argv, how));
				return Promise.reject(new AutonomyError("spawn_failed", `cannot start ${program}: ENOENT`, { program }));
			},
		},
		http: {
			request(request) {
				if (!request.url.includes(DISH))
					return soon(40, () => ({ status: 200, headers: {}, body: "", bytes: new Uint8Array(0) }));
				const seconds = options.dishBootS + Math.floor(clock.monotonicMs() / 1000);
				return soon(25, () => answer(real.files, options.dishFolder, request, options.dishMarks, seconds));
			},
		},
		rpc: { open: () => Promise.reject(new AutonomyError("rpc_unsupported", "no HTTP/2 here", {})) },
	};
	return { platform, links };
}
