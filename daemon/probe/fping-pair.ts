/**
 * The long-lived fping of one uplink: where processes are dear (platform.ts) one for both families while they are watched
 * alike (same device, as many targets, same pace), else one each: half the processes of a usual router (0.15 MB each with
 * musl, 2 MB with glibc), but on Node the daemon wakes up twice as often, since replies of both families no longer come
 * together (1.5 instead of 1.0 % of CPU, measured; on QuickJS no difference). A family that leaves, or whose order changes,
 * ends the common process, and the other one is started anew with a schedule of its own. Changes of both at once are made
 * inside together(): what shall run is settled at its end.
 *
 * fping of 4.0 and later takes targets of both families, and one -S for each (measured with 5.1). One that ends at once with
 * both without a word about any target is tried with one family each from then on.
 */
import type { Logger } from "../platform/log.ts";
import type { Argv, Child, Platform } from "../platform/platform.ts";
import { PING_DATA_BYTES } from "./budget.ts";
import { type FpingLine, parseFpingLine } from "./fping-line.ts";
import type { PingPath } from "./pinger.ts";
import type { PlanSlot } from "./plan.ts";

/** From start to first packet: the kernel, the loader, our own event loop. */
export const START_MS = 15;
/** Replies later than this are not reported by fping at all. */
export const REPLY_LIMIT_MS = 3000;
/** What it cannot do it says sooner. */
const REFUSED_MS = 1000;

export interface SeatEvents {
	/** A process runs for it from now on, by this schedule. */
	onStart(slots: readonly PlanSlot[]): void;
	/** What it said of this family's targets, or of nothing in particular. */
	onLine(line: FpingLine): void;
	onExit(code: number | null, error: string | null): void;
}

/** One family's part; nothing is told after stop() and before the next run(). */
export interface FpingSeat {
	/** Starts anew. */
	run(targets: readonly string[], spacingMs: number): void;
	stop(): void;
}

export interface FpingPair {
	together(change: () => void): void;
	seat(program: string, path: PingPath, events: SeatEvents): FpingSeat;
}

interface Seat {
	readonly program: string;
	readonly path: PingPath;
	readonly events: SeatEvents;
	order: { readonly targets: readonly string[]; readonly spacingMs: number } | null;
	process: Running | null;
}

interface Running {
	readonly seats: Set<Seat>;
	readonly child: Child;
}

/**
 * -I, -S and the rest that all calls have in common. IPv6's source goes first: fping tries each as IPv4 before, and musl's
 * inet_pton leaves what it read before it gave up in the IPv4 source that it was told already (fping 5.1 as OpenWrt has it).
 */
export function fpingArgv(program: string, paths: readonly PingPath[], tail: readonly string[]): Argv {
	const [first] = paths;
	const only = paths.length > 1 ? [] : [first?.family === "ipv6" ? "-6" : "-4"];
	const inOrder = [...paths].sort((a, b) => Number(b.family === "ipv6") - Number(a.family === "ipv6"));
	const sources = inOrder.flatMap(({ address }) => (address === null ? [] : ["-S", address]));
	return [program, ...only, "-I", first?.device ?? "", ...sources, "-b", String(PING_DATA_BYTES), "-r", "0", ...tail];
}

/** `targets` in the order they are asked; a probe every `gapMs`. */
export function steadyArgs(targets: readonly string[], periodMs: number, gapMs: number): string[] {
	return ["-l", "-p", String(periodMs), "-i", String(gapMs), "-t", String(REPLY_LIMIT_MS), ...targets];
}

export function createFpingPair(platform: Platform, log: Logger, uplink: string): FpingPair {
	const { clock, processes } = platform;
	const seats = new Set<Seat>();
	let depth = 0;
	let apart = processes.dear !== true;

	function alike(a: Seat, b: Seat): boolean {
		if (apart || a.order === null || b.order === null || a.path.family === b.path.family) return false;
		const same = a.program === b.program && a.path.device === b.path.device && a.order.spacingMs === b.order.spacingMs;
		return same && a.order.targets.length === b.order.targets.length;
	}

	/** Ends the process of a seat; whoever shared it waits for another. */
	function leave(seat: Seat): void {
		const { process } = seat;
		if (process === null) return;
		for (const one of process.seats) one.process = null;
		process.child.close();
	}

	function settle(): void {
		if (depth > 0) return;
		const wanting = [...seats].filter((seat) => seat.order !== null);
		const [a, b] = wanting;
		if (wanting.every((seat) => seat.process !== null)) return;
		if (a !== undefined && b !== undefined && wanting.length === 2 && alike(a, b)) {
			leave(a);
			leave(b);
			start(wanting);
			return;
		}
		for (const seat of wanting) if (seat.process === null) start([seat]);
	}

	function start(group: readonly Seat[]): void {
		const [first] = group;
		if (first === undefined || first.order === null) return;
		const { spacingMs, targets } = first.order;
		const periodMs = spacingMs * targets.length;
		const gapMs = Math.max(1, Math.floor(spacingMs / group.length));
		const asked = targets.flatMap((_, i) => group.map((seat) => seat.order?.targets[i] ?? ""));
		const startedMs = clock.monotonicMs();
		let understood = false;
		const onLine = (text: string): void => {
			const line = parseFpingLine(text);
			const target = "target" in line ? line.target : null;
			if (target !== null) understood = true;
			for (const seat of group) {
				if (seat.process !== running) continue;
				if (target === null || group.length === 1 || seat.order?.targets.includes(target)) seat.events.onLine(line);
			}
		};
		const onExit = (code: number | null, error: string | null): void => {
			const left = [...running.seats].filter((seat) => seat.process === running);
			for (const seat of left) seat.process = null;
			if (left.length > 1 && !understood && error === null && clock.monotonicMs() - startedMs < REFUSED_MS) {
				apart = true;
				log.info("probe program", {
					uplink,
					reason: "this fping does not take both families at once: one process each",
				});
				settle();
			} else for (const seat of left) seat.events.onExit(code, error);
		};
		const paths = group.map((seat) => seat.path);
		const argv = fpingArgv(first.program, paths, steadyArgs(asked, periodMs, gapMs));
		const child = processes.start(argv, { onStdoutLine: onLine, onStderrLine: onLine, onExit });
		const running: Running = { seats: new Set(group), child };
		for (const [at, seat] of group.entries()) {
			seat.process = running;
			const own = seat.order?.targets ?? [];
			const slots = own.map((target, i) => ({
				target,
				firstSentMs: startedMs + START_MS + (i * group.length + at) * gapMs,
				periodMs,
			}));
			seat.events.onStart(slots);
		}
	}

	return {
		together(change) {
			depth++;
			try {
				change();
			} finally {
				depth--;
			}
			settle();
		},
		seat(program, path, events) {
			const seat: Seat = { program, path, events, order: null, process: null };
			return {
				run(targets, spacingMs) {
					leave(seat);
					seat.order = { targets, spacingMs };
					seats.add(seat);
					settle();
				},
				stop() {
					seat.order = null;
					seats.delete(seat);
					leave(seat);
					settle();
				},
			};
		},
	};
}
