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

/**
 * Waits for all, also when one fails (Promise.all does not): what still runs would work beside the next task, which may
 * be the one that gives the router back. The first failure is thrown.
 */
export async function together<T extends readonly unknown[] | []>(
	tasks: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
	await Promise.allSettled(tasks);
	return Promise.all(tasks);
}
