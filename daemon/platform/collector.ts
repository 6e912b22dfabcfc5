/** Collects output of a program up to a limit; what comes after is counted as truncated and thrown away. */
export interface Collector {
	add(chunk: Uint8Array): void;
	chunks(): readonly Uint8Array[];
	truncated(): boolean;
}

export function createCollector(limit: number): Collector {
	const chunks: Uint8Array[] = [];
	let size = 0;
	let cut = false;
	return {
		add(chunk) {
			const room = limit - size;
			if (chunk.length > room) cut = true;
			if (room <= 0) return;
			const part = chunk.subarray(0, room);
			chunks.push(part);
			size += part.length;
		},
		chunks: () => chunks,
		truncated: () => cut,
	};
}
