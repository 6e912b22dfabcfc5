/**
 * The long-lived fping of one uplink: one for both families while they are watched alike (same device, as many targets, same
 * pace), else one each. Half the processes of a usual router (0.15 MB each with musl, 2 MB with glibc), and each fping, which
 * opens sockets of both families whatever it is told, would wake up for the other's replies, too. A family that leaves, or
 * whose order changes, ends the common process, and the other one is started anew with a schedule of its own. Changes of both
 * at once are made inside together(): what shall run, and when what waits is looked at, is settled at its end.
 *
 * fping of 4.0 and later takes targets of both families, and one -S for each (measured with 5.1). One that ends at once with
 * both without a word about any target is tried with one family each from then on.
 */
import type { Logger } from "../platform/log.ts";
import type { Argv, Child, Platform } from "../platform/platform.ts";
import { PING_DATA_BYTES } from "./budget.ts";
import { type FpingLine, parseFpingLine } from "./fping-line.ts";
import { createLookout, type HeldPipe } from "./lookout.ts";
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
	/** As PingerEvents. */
	onDue(late: boolean): void;
	onHeld(): void;
	/** What it said of this family's targets, or of nothing in particular. */
	onLine(line: FpingLine): void;
	onExit(code: number | null, error: string | null): void;
}

/** One family's part; nothing is told after stop() and before the next run(). */
export interface FpingSeat {
	/** Starts anew. */
	run(targets: readonly string[], spacingMs: number): void;
	stop(): void;
	/** As Pinger.hold. */
	hold(dues: readonly number[] | null, everyMs: number): boolean;
	/** Tells what waits, of the other family, too. */
	read(): void;
}

export interface FpingPair {
	together(change: () => void): void;
	/** Tells what waits, of both families, and then that it is told. */
	read(told: () => void): void;
	seat(program: string, path: PingPath, events: SeatEvents): FpingSeat;
}

interface Seat {
	readonly program: string;
	readonly path: PingPath;
	readonly events: SeatEvents;
	order: { readonly targets: readonly string[]; readonly spacingMs: number } | null;
	process: Running | null;
	/** As it wishes; null: it wants to be told at once. */
	dues: readonly number[] | null;
	/** Its wish is granted: all who share the process have one. */
	held: boolean;
}

interface Running extends HeldPipe {
	readonly seats: readonly Seat[];
	readonly child: Child;
	/** Who shares it can wait, and so can its pipe. */
	held: boolean;
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
	// -D: when a reply came is told, for it may be read later.
	return ["-D", "-l", "-p", String(periodMs), "-i", String(gapMs), "-t", String(REPLY_LIMIT_MS), ...targets];
}

export function createFpingPair(platform: Platform, log: Logger, uplink: string): FpingPair {
	const { clock, processes } = platform;
	const seats = new Set<Seat>();
	const lookout = createLookout(platform);
	let depth = 0;
	let apart = false;

	function alike(a: Seat, b: Seat): boolean {
		if (apart || a.order === null || b.order === null || a.path.family === b.path.family) return false;
		const same = a.program === b.program && a.path.device === b.path.device && a.order.spacingMs === b.order.spacingMs;
		return same && a.order.targets.length === b.order.targets.length;
	}

	/** Ends the process of a seat; whoever shared it waits for another. */
	function leave(seat: Seat): void {
		const { process } = seat;
		if (process === null) return;
		process.child.read();
		forget(process);
		process.child.close();
	}

	function forget(process: Running): void {
		for (const one of process.seats) if (one.process === process) one.process = null;
		lookout.remove(process);
	}

	/** When all who share it can wait, and the program's pipe can. */
	function hold(process: Running, asking: Seat, everyMs: number): boolean {
		const { seats } = process;
		process.held = seats.every((seat) => seat.dues !== null) && process.child.hold(true);
		lookout.changed(process, everyMs);
		if (process.held) {
			for (const seat of seats) {
				if (!seat.held && seat !== asking) seat.events.onHeld();
				seat.held = true;
			}
			return true;
		}
		process.child.hold(false);
		asking.held = false;
		for (const seat of seats) {
			if (!seat.held) continue;
			seat.held = false;
			seat.events.onDue(false);
		}
		return false;
	}

	/** Of all who share a program. */
	function duesOf([a, b]: readonly Seat[]): readonly number[] | null {
		if (a === undefined || a.dues === null || b === undefined) return a?.dues ?? null;
		return b.dues && [...a.dues, ...b.dues].sort((x, y) => x - y);
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
				if (seat.process !== process) continue;
				if (target === null || group.length === 1 || seat.order?.targets.includes(target)) seat.events.onLine(line);
			}
		};
		const onExit = (code: number | null, error: string | null): void => {
			const left = group.filter((seat) => seat.process === process);
			forget(process);
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
		const child = processes.start(argv, { onStdoutLine: onLine, onStderrLine: onLine, onExit }, { onDemand: true });
		const process: Running = {
			seats: group,
			child,
			spacingMs,
			held: false,
			dues: () => (process.held ? duesOf(group) : null),
			onMissing(late) {
				for (const seat of group) if (seat.process === process) seat.events.onDue(late);
			},
		};
		lookout.add(process);
		for (const [at, seat] of group.entries()) {
			seat.process = process;
			seat.dues = null;
			seat.held = false;
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
				lookout.together(change);
			} finally {
				depth--;
			}
			settle();
		},
		read(told) {
			lookout.together(() => {
				lookout.read();
				told();
			});
		},
		seat(program, path, events) {
			const seat: Seat = { program, path, events, order: null, process: null, dues: null, held: false };
			return {
				run(targets, spacingMs) {
					leave(seat);
					seat.order = { targets, spacingMs };
					seats.add(seat);
					settle();
				},
				hold(dues, everyMs) {
					seat.dues = dues;
					return seat.process !== null && hold(seat.process, seat, everyMs);
				},
				read: () => seat.process?.child.read(),
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
