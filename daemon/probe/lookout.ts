/**
 * When the pipes of one uplink's fpings are looked at, while what they say can wait: when a reply may be missing. If another may
 * be within half a spacing the look waits for that one, so that one wake-up of the processor serves both families. Where
 * nothing is in a hurry it comes a little after a whole multiple of some seconds: mostly the engine's tick has read all by then. Owns one timer
 * while a pipe waits.
 */
import type { Child, Closable, Platform } from "../platform/platform.ts";

/** Later than this a timer of ours means that we stood still. */
export const STALL_MS = 200;
/** So long a look waits for another one at most: half a spacing, and what fping may be late. */
const COMPANY_JITTER_MS = 5;
const MAX_COMPANY_MS = 130;
const AFTER_TICK_MS = 15;

export interface HeldPipe {
	readonly child: Pick<Child, "waiting" | "read">;
	/** Between two probes of one family. */
	readonly spacingMs: number;
	/** When the n-th of these (rising, monotonic ms) is over n replies must have come; null: it is read as it comes. */
	dues(): readonly number[] | null;
	/** All has been read, and a reply is missing, or no more moments are known. `late`: we stood still. */
	onMissing(late: boolean): void;
}

export interface Lookout {
	add(pipe: HeldPipe): void;
	remove(pipe: HeldPipe): void;
	/** Its dues are others now. `everyMs`: no hurry, whole multiples of this will do; 0: at once. */
	changed(pipe: HeldPipe, everyMs: number): void;
	/** What is changed meanwhile is looked at in the end. */
	together(change: () => void): void;
	read(): void;
}

interface Entry {
	readonly pipe: HeldPipe;
	dues: readonly number[];
	isOld: boolean;
	/** Nothing can be missing before. */
	nextMs: number;
}

const NONE: readonly number[] = [];
const NEVER = Number.POSITIVE_INFINITY;

export function createLookout({ clock, timers }: Pick<Platform, "clock" | "timers">): Lookout {
	/** One, or one of each family. */
	let entries: readonly Entry[] = [];
	let everyMs = 0;
	let timer: Closable | null = null;
	let timerAtMs = NEVER;
	let depth = 0;

	function arrange(): void {
		if (depth > 0) return;
		let firstMs = NEVER;
		let lastMs = NEVER;
		for (const entry of entries) {
			if (entry.isOld) renew(entry);
			firstMs = Math.min(firstMs, entry.nextMs);
			const companyMs = Math.min(MAX_COMPANY_MS, entry.pipe.spacingMs / 2 + COMPANY_JITTER_MS);
			lastMs = Math.min(lastMs, entry.nextMs + companyMs);
		}
		setTimer(everyMs > 0 ? Math.ceil(firstMs / everyMs) * everyMs + AFTER_TICK_MS : lastDue(firstMs, lastMs));
	}

	function renew(entry: Entry): void {
		const dues = entry.pipe.dues();
		entry.isOld = false;
		entry.dues = dues ?? NONE;
		entry.nextMs = dues === null ? NEVER : (dues[0] ?? 0);
	}

	/** `firstMs`, or a later one of all up to `lastMs`. */
	function lastDue(firstMs: number, lastMs: number): number {
		let last = firstMs;
		for (const { dues } of entries) {
			for (const due of dues) {
				if (due > lastMs) break;
				if (due > last) last = due;
			}
		}
		return last;
	}

	function setTimer(atMs: number): void {
		if (atMs === timerAtMs) return;
		timer?.close();
		timerAtMs = atMs;
		timer = atMs === NEVER ? null : timers.after(Math.max(0, atMs - clock.monotonicMs()), onTimer);
	}

	function onTimer(): void {
		const nowMs = clock.monotonicMs();
		const late = nowMs - timerAtMs > STALL_MS;
		timer = null;
		timerAtMs = NEVER;
		together(() => look(nowMs, late));
	}

	/** Has every reply come that must be there by now? */
	function look(nowMs: number, late: boolean): void {
		for (const entry of entries) {
			if (entry.isOld || entry.nextMs > nowMs) continue;
			const { pipe } = entry;
			entry.nextMs = entry.dues[pipe.child.waiting()] ?? 0;
			if (entry.nextMs > nowMs) continue;
			pipe.child.read();
			pipe.onMissing(late);
		}
	}

	function together(change: () => void): void {
		depth++;
		try {
			change();
		} finally {
			depth--;
		}
		arrange();
	}

	return {
		add(pipe) {
			entries = [...entries, { pipe, dues: NONE, isOld: false, nextMs: NEVER }];
		},
		remove(pipe) {
			entries = entries.filter((one) => one.pipe !== pipe);
			arrange();
		},
		changed(pipe, noticeEveryMs) {
			everyMs = noticeEveryMs;
			const entry = entries.find((one) => one.pipe === pipe);
			if (entry !== undefined) entry.isOld = true;
			arrange();
		},
		together,
		read() {
			for (const { pipe } of entries) pipe.child.read();
		},
	};
}
