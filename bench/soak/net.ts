/**
 * The outside world of a router in virtual time: links with a true condition, and the programs and sockets the prober
 * uses, as far as it can tell them from real ones: fping and ping (steady and bursts), TCP connects, DNS answers, interface
 * counters. What happens on a link is decided when a packet is sent and once more when its answer would arrive. What has ended
 * lets go of whoever listened, and of itself: on QuickJS a circle waits for the collector, and what holds the most memory in
 * bench/footprint would be this.
 */
import type { Family } from "../../daemon/health/types.ts";
import { AutonomyError } from "../../daemon/platform/error.ts";
import type {
	Argv,
	Child,
	ChildHandlers,
	Closable,
	Datagrams,
	Files,
	Platform,
	Processes,
	StreamHandlers,
	Streams,
} from "../../daemon/platform/platform.ts";
import { type FakeTime, fakeFiles } from "../../test/support/fake-platform.ts";

/** What is really the case on a link, whatever anybody thinks of it. */
export interface Truth {
	present: boolean;
	carrier: boolean;
	/** netifd has it up. */
	up: boolean;
	/** Still in the owner's configuration. */
	configured: boolean;
	/** Nothing passes, not even to the gateway. */
	dark: boolean;
	/** The gateway answers, nothing behind it. */
	gatewayOnly: boolean;
	darkFamily: Family | null;
	lossPct: number;
	/** Added to the round trip. */
	extraMs: number;
	icmpFiltered: boolean;
	dnsDead: boolean;
	/** One internet target does not answer over this link. */
	deadTarget: string | null;
}

export const WELL: Readonly<Truth> = {
	present: true,
	carrier: true,
	up: true,
	configured: true,
	dark: false,
	gatewayOnly: false,
	darkFamily: null,
	lossPct: 0,
	extraMs: 0,
	icmpFiltered: false,
	dnsDead: false,
	deadTarget: null,
};

export interface Link {
	readonly id: string;
	readonly device: string;
	readonly families: readonly Family[];
	readonly address: Readonly<Record<Family, string>>;
	readonly gateway: Readonly<Record<Family, string>>;
	readonly rttMs: number;
	/** Lost on the best of days, %. */
	readonly usualLossPct: number;
	readonly truth: Truth;
	/** Somebody uses it: bytes leave, and come back if they can. */
	busy: boolean;
}

export type Kind = "icmp" | "tcp" | "dns";

export function hasLink(truth: Truth): boolean {
	return truth.present && truth.carrier && truth.up && truth.configured;
}

/** Packets of this family come and go, more or less. */
export function passes(link: Link, family: Family): boolean {
	const { truth } = link;
	if (!link.families.includes(family) || truth.darkFamily === family) return false;
	return hasLink(truth) && !truth.dark && !truth.gatewayOnly && truth.lossPct < 100;
}

export interface Net {
	readonly platform: Pick<Platform, "files" | "processes" | "streams" | "datagrams">;
	/** Programs alive. */
	children(): number;
	/** Timers of this world, not of the daemon. */
	timers(): number;
	openSockets(): number;
	/** A program dies by itself (kill -9 from outside): the n-th of those alive. */
	killOne(pick: number): void;
}

const START_MS = 4;

export function createNet(time: FakeTime, links: readonly Link[], random: () => number): Net {
	let waiting = 0;
	let sockets = 0;
	const alive = new Set<{ kill(): void }>();
	const counters = new Map(links.map((link) => [link.device, { rx: 0, tx: 0, rxPackets: 0, txPackets: 0, atMs: 0 }]));

	function later(ms: number, run: () => void): Closable {
		let open = true;
		waiting++;
		const end = (): void => {
			if (open) waiting--;
			open = false;
		};
		const timer = time.timers.after(ms, () => {
			end();
			run();
		});
		return {
			close() {
				end();
				timer.close();
			},
		};
	}

	function fate(link: Link, kind: Kind, family: Family, target: string): boolean {
		const { truth } = link;
		if (!hasLink(truth) || truth.dark || truth.darkFamily === family) return false;
		if (target === link.gateway[family]) return true;
		if (truth.gatewayOnly || truth.deadTarget === target) return false;
		if (kind === "icmp" && truth.icmpFiltered) return false;
		return !(kind === "dns" && truth.dnsDead);
	}

	/** Calls `got` with the round trip when an answer arrives; never otherwise. */
	function send(link: Link, kind: Kind, family: Family, target: string, got: (rttMs: number) => void): Closable | null {
		const lost = random() * 100 < link.truth.lossPct + link.usualLossPct;
		const rttMs = link.rttMs * (0.95 + 0.15 * random()) + link.truth.extraMs * (0.9 + 0.2 * random());
		if (lost || !fate(link, kind, family, target)) return null;
		return later(rttMs, () => {
			if (fate(link, kind, family, target)) got(rttMs);
		});
	}

	/** fping (steady with -l, a burst with -c) or ping, told apart by the program's name. */
	function start(argv: Argv, given: ChildHandlers): Child {
		let handlers: ChildHandlers | null = given;
		const option = (name: string): string | undefined => {
			const at = argv.indexOf(name);
			return at < 0 ? undefined : argv[at + 1];
		};
		const link = links.find((one) => one.device === option("-I"));
		const family: Family = argv.includes("-6") ? "ipv6" : "ipv4";
		const poor = argv[0].endsWith("/ping");
		const targets = poor ? argv.slice(-1) : argv.slice(argv.indexOf("-t") + 2);
		const rounds = Number(option("-c") ?? Number.POSITIVE_INFINITY);
		const periodMs = poor ? Number(option("-i") ?? 1) * 1000 : Number(option("-p"));
		const gapMs = poor ? 0 : Number(option("-i"));
		const limitMs = poor ? Number(option("-W") ?? 10) * 1000 : Number(option("-t"));
		const mine = new Set<Closable>();
		let over = false;
		const at = (ms: number, run: () => void): Closable => {
			const timer = later(ms, () => {
				mine.delete(timer);
				run();
			});
			mine.add(timer);
			return timer;
		};
		const forget = (timer: Closable | null): void => {
			if (timer === null) return;
			mine.delete(timer);
			timer.close();
		};
		const end = (): void => {
			over = true;
			held = false;
			for (const timer of mine) timer.close();
			mine.clear();
			if (self !== null) alive.delete(self);
			self = null;
			ask = null;
			handlers = null;
		};
		const exit = (code: number | null): void => {
			const told = handlers;
			end();
			told?.onExit(code, null);
		};
		let self: { kill(): void } | null = { kill: () => exit(null) };
		alive.add(self);
		let held = false;
		let unread: string[] = [];
		const read = (): void => {
			const lines = unread;
			unread = [];
			for (const line of lines) handlers?.onStdoutLine?.(line);
		};
		const say = (line: string): void => {
			const stamp = argv.includes("-D") ? `[${(time.clock.wallMs() / 1000).toFixed(5)}] ` : "";
			unread.push(stamp + line);
			if (!held) read();
		};
		const replyLine = (target: string, seq: number, rttMs: number): string =>
			poor
				? `24 bytes from ${target}: seq=${seq} ttl=56 time=${rttMs.toFixed(3)} ms`
				: `${target} : [${seq}], 16 bytes, ${rttMs.toPrecision(3)} ms (1 avg, 0% loss)`;
		let ask: ((target: string, seq: number) => void) | null = (target, seq) => {
			const heard = link
				? send(link, "icmp", family, target, (rttMs) => {
						if (heard) mine.delete(heard);
						if (over || rttMs > limitMs) return;
						forget(tooLate);
						say(replyLine(target, seq, rttMs));
					})
				: null;
			if (heard) mine.add(heard);
			const tooLate = poor ? null : at(limitMs, () => say(`${target} : [${seq}], timed out (1 avg, 0% loss)`));
			if (seq + 1 < rounds) at(periodMs, () => ask?.(target, seq + 1));
		};
		for (const [index, target] of targets.entries()) at(START_MS + index * gapMs, () => ask?.(target, 0));
		if (Number.isFinite(rounds)) {
			at(START_MS + targets.length * gapMs + (rounds - 1) * periodMs + limitMs + 5, () => exit(0));
		}
		return {
			pid: 4000,
			write: () => false,
			signal: () => undefined,
			hold(on) {
				held = on && !over;
				if (!held) read();
				return held;
			},
			waiting: () => unread.length,
			read,
			close: end,
		};
	}

	const processes: Processes = {
		run: () => Promise.reject(new AutonomyError("spawn_failed", "no program runs to its end here")),
		start,
		find: (name) => `/usr/bin/${name}`,
		started: () => 0,
	};

	function owner(address: string | undefined): { link: Link; family: Family } | null {
		for (const link of links) {
			for (const family of link.families) if (link.address[family] === address) return { link, family };
		}
		return null;
	}

	const streams: Streams = {
		connect(target, given) {
			const from = target.kind === "tcp" ? owner(target.localAddress) : null;
			let handlers: StreamHandlers | null = given;
			sockets++;
			const answer =
				from && target.kind === "tcp"
					? send(from.link, "tcp", from.family, target.host, () => handlers?.onOpen())
					: null;
			return {
				write: () => true,
				pendingBytes: 0,
				pause: () => undefined,
				resume: () => undefined,
				close() {
					if (handlers !== null) sockets--;
					handlers = null;
					answer?.close();
				},
			};
		},
	};

	const datagrams: Datagrams = {
		open(options, given) {
			const from = owner(options.localAddress);
			const answers = new Set<Closable>();
			let handlers: Parameters<Datagrams["open"]>[1] | null = given;
			sockets++;
			return {
				send(bytes, host, port) {
					if (!from) return;
					const answer = send(from.link, "dns", from.family, host, () => {
						// The question itself, marked as an answer without error, is one as far as the prober reads it.
						const reply = Uint8Array.from(bytes);
						reply[2] = (reply[2] ?? 0) | 0x80;
						handlers?.onMessage(reply, host, port);
					});
					if (answer) answers.add(answer);
				},
				close() {
					if (handlers !== null) sockets--;
					handlers = null;
					for (const answer of answers) answer.close();
					answers.clear();
				},
			};
		},
	};

	/** /proc/net/dev: about 100 packets a second where somebody is busy. */
	function netDev(): string {
		const nowMs = time.clock.monotonicMs();
		const lines = links.map((link) => {
			const count = counters.get(link.device);
			if (!count) return "";
			const packets = link.busy ? Math.floor((nowMs - count.atMs) / 10) : 0;
			const back = passes(link, "ipv4") ? packets : 0;
			count.atMs = nowMs;
			count.tx += packets * 200;
			count.txPackets += packets;
			count.rx += back * 1200;
			count.rxPackets += back;
			return `${link.device}: ${count.rx} ${count.rxPackets} 0 0 0 0 0 0 ${count.tx} ${count.txPackets} 0 0 0 0 0 0`;
		});
		return lines.join("\n");
	}

	const base = fakeFiles({ "/proc/sys/kernel/random/boot_id": "soak\n" });
	const read = (path: string): string | null => {
		if (path === "/proc/net/dev") return netDev();
		if (path === "/proc/uptime") return `${(time.clock.monotonicMs() / 1000).toFixed(2)} 0\n`;
		return null;
	};
	const files: Files = {
		...base,
		readText: (path) => read(path) ?? base.readText(path),
		readTextIfAny: (path) => read(path) ?? base.readTextIfAny(path),
	};

	return {
		platform: { files, processes, streams, datagrams },
		children: () => alive.size,
		timers: () => waiting,
		openSockets: () => sockets,
		killOne(pick) {
			const list = [...alive];
			list[Math.floor(pick * list.length)]?.kill();
		},
	};
}
