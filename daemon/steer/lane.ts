/**
 * One thing at a time: tasks run in the order they came, never interleaved. A task that fails does not stop the lane.
 * Bounded by its users: each keeps at most one task waiting (steerer.ts coalesces).
 */
export interface Lane {
	run<T>(task: () => Promise<T>): Promise<T>;
}

export function createLane(): Lane {
	let tail: Promise<unknown> = Promise.resolve();
	return {
		run(task) {
			const result = tail.then(task);
			tail = result.catch(() => undefined); // the caller of run() has the error
			return result;
		},
	};
}
