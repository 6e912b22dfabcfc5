/** Events in virtual time: a binary heap, in order of time, then of arrival. */
export interface Queue {
	at(atMs: number, run: () => void): void;
	nextMs(): number;
	/** Runs the next event and returns its time. */
	step(): number;
}

interface Event {
	readonly atMs: number;
	readonly order: number;
	readonly run: () => void;
}

export function createQueue(): Queue {
	const heap: Event[] = [];
	let order = 0;
	const before = (a: Event, b: Event): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
	return {
		at(atMs, run) {
			const event = { atMs, order: order++, run };
			let index = heap.length;
			heap.push(event);
			while (index > 0) {
				const parent = (index - 1) >> 1;
				const above = heap[parent] as Event;
				if (!before(event, above)) break;
				heap[index] = above;
				index = parent;
			}
			heap[index] = event;
		},
		nextMs: () => heap[0]?.atMs ?? Number.POSITIVE_INFINITY,
		step() {
			const top = heap[0] as Event;
			const last = heap.pop() as Event;
			if (heap.length > 0) {
				let index = 0;
				for (;;) {
					let child = 2 * index + 1;
					if (child >= heap.length) break;
					if (child + 1 < heap.length && before(heap[child + 1] as Event, heap[child] as Event)) child++;
					if (!before(heap[child] as Event, last)) break;
					heap[index] = heap[child] as Event;
					index = child;
				}
				heap[index] = last;
			}
			top.run();
			return top.atMs;
		},
	};
}
