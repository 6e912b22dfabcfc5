/**
 * Virtual time: jumps from one timer to the next; between two of them everything that was promised settles. Unlike the
 * tests' fake time it is made for millions of timers: a heap, and one turn of the engine's own loop for each.
 */
import type { Clock, Closable, Timers } from "../../../daemon/platform/platform.ts";

export interface VirtualTime {
	readonly clock: Clock;
	readonly timers: Timers;
	/** Lives until then; resolves when everything due has been called and settled. */
	liveUntil(ms: number): Promise<void>;
}

interface Timer {
	dueMs: number;
	order: number;
	readonly everyMs: number | null;
	/** Null: closed, or called and over. Whoever set it is let go of at once, as by a real platform. */
	callback: (() => void) | null;
}

/** `turn`: resolves after all promises of the engine that can settle have. */
export function virtualTime(startMs: number, wallMs: number, turn: () => Promise<void>): VirtualTime {
	let nowMs = startMs;
	let order = 0;
	let closed = 0;
	let heap: Timer[] = [];

	const before = (a: Timer, b: Timer): boolean => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);

	function push(timer: Timer): void {
		timer.order = order++;
		let at = heap.length;
		while (at > 0) {
			const up = (at - 1) >> 1;
			const parent = heap[up] as Timer;
			if (before(parent, timer)) break;
			heap[at] = parent;
			at = up;
		}
		heap[at] = timer;
	}

	function pop(): Timer | undefined {
		const first = heap[0];
		const last = heap.pop();
		if (first === undefined || last === undefined || heap.length === 0) return first;
		let at = 0;
		for (;;) {
			let child = 2 * at + 1;
			if (child >= heap.length) break;
			if (child + 1 < heap.length && before(heap[child + 1] as Timer, heap[child] as Timer)) child++;
			if (before(last, heap[child] as Timer)) break;
			heap[at] = heap[child] as Timer;
			at = child;
		}
		heap[at] = last;
		return first;
	}

	function add(ms: number, everyMs: number | null, callback: () => void): Closable {
		const timer: Timer = { dueMs: nowMs + Math.max(0, ms), order: 0, everyMs, callback };
		push(timer);
		return {
			close() {
				if (timer.callback === null) return;
				timer.callback = null;
				closed++;
				if (closed > heap.length / 2) sweep();
			},
		};
	}

	/** What is closed must not wait here until it would have been due. Sorted is a heap, too. */
	function sweep(): void {
		heap = heap.filter((timer) => timer.callback !== null).sort((a, b) => (before(a, b) ? -1 : 1));
		closed = 0;
	}

	return {
		clock: { monotonicMs: () => nowMs, wallMs: () => Math.round(wallMs + nowMs - startMs) },
		timers: {
			after: (ms, callback) => add(ms, null, callback),
			every: (ms, callback) => add(Math.max(1, ms), Math.max(1, ms), callback),
		},
		async liveUntil(ms) {
			await turn();
			while ((heap[0]?.dueMs ?? Number.POSITIVE_INFINITY) <= ms) {
				const timer = pop();
				const callback = timer?.callback ?? null;
				if (timer === undefined || callback === null) {
					closed--;
					continue;
				}
				nowMs = Math.max(nowMs, timer.dueMs);
				if (timer.everyMs !== null) {
					timer.dueMs += timer.everyMs;
					push(timer);
				} else timer.callback = null;
				callback();
				await turn();
			}
			nowMs = ms;
		},
	};
}
