/**
 * Every input the engine was given, so that its decisions can be made again later. Kept in chunks; each starts with a
 * checkpoint, the engine's state as it was before the first input of the chunk. When the budget is used up the oldest
 * chunk goes with its checkpoint, so whatever is left can still be replayed from its beginning, exactly.
 *
 * The loop gives an input to the log before it gives it to the engine; the checkpoint is asked for at that moment.
 */
import type { Input } from "../decide/types.ts";
import { createLogReader, createLogWriter, type OwnedLogWriter } from "./codec.ts";
import { decodeInput, encodeInput, type StringTable } from "./input-codec.ts";
import { textBytes } from "./list.ts";

export interface Replay {
	/** Engine state before the first input; null when the engine had none yet: start it empty. */
	readonly checkpoint: unknown;
	/** Time of the first input; null when nothing is recorded. */
	readonly fromMs: number | null;
	readonly count: number;
	readonly inputs: Iterable<Input>;
}

export interface InputLog {
	add(input: Input): void;
	setBudget(budgetBytes: number): void;
	/** Inputs at or after this time, oldest first. */
	since(sinceMs: number): Iterable<Input>;
	/** Everything needed to decide again from the last checkpoint before `sinceMs` (or the oldest there is). */
	replay(sinceMs: number): Replay;
	stats(): {
		readonly inputs: number;
		readonly bytes: number;
		readonly budgetBytes: number;
		readonly oldestMs: number | null;
	};
}

interface Chunk {
	readonly checkpoint: string | null;
	readonly checkpointBytes: number;
	readonly firstMs: number;
	readonly table: StringTable & { bytes(): number };
	readonly writer: OwnedLogWriter;
	lastMs: number;
	inputs: number;
}

const FIRST_BYTES = 2_048;
const MIN_CHUNK = 16_384;
const MAX_CHUNK = 262_144;
/** Map entry, array slot and string header of one string of the table. */
const STRING_OVERHEAD = 80;

/** Knows nothing of its chunk: a chunk that goes must leave no circle, or its 50 kB wait for the collector. */
function createTable(): Chunk["table"] {
	const strings: string[] = [];
	const index = new Map<string, number>();
	let bytes = 0;
	return {
		put(text) {
			const known = index.get(text);
			if (known !== undefined) {
				return known;
			}
			const at = strings.push(text) - 1;
			index.set(text, at);
			bytes += textBytes(text) + STRING_OVERHEAD;
			return at;
		},
		get: (at) => strings[at] ?? "",
		bytes: () => bytes,
	};
}

/** `stateJson` gives the engine's state as JSON, or null before the engine has one. */
export function createInputLog(initialBudget: number, stateJson: () => string | null): InputLog {
	let budgetBytes = initialBudget;
	const chunks: Chunk[] = [];

	function chunkBytes(chunk: Chunk): number {
		return chunk.writer.capacity() + chunk.table.bytes() + chunk.checkpointBytes;
	}

	function total(): number {
		return chunks.reduce((sum, chunk) => sum + chunkBytes(chunk), 0);
	}

	/** A chunk is full when it dwarfs its checkpoint, so that checkpoints cost a fifth of the log where the budget allows. */
	function isFull(chunk: Chunk): boolean {
		const limit = Math.min(budgetBytes / 4, Math.max(MIN_CHUNK, Math.min(MAX_CHUNK, 4 * chunk.checkpointBytes)));
		return chunk.writer.length + chunk.table.bytes() >= limit;
	}

	function open(firstMs: number): Chunk {
		const checkpoint = stateJson();
		const chunk: Chunk = {
			checkpoint,
			checkpointBytes: checkpoint === null ? 0 : textBytes(checkpoint),
			firstMs,
			table: createTable(),
			writer: createLogWriter(FIRST_BYTES),
			lastMs: firstMs,
			inputs: 0,
		};
		chunks.push(chunk);
		return chunk;
	}

	function* read(part: readonly { chunk: Chunk; inputs: number }[], sinceMs: number): Generator<Input> {
		for (const { chunk, inputs } of part) {
			const reader = createLogReader(chunk.writer.bytes());
			let previousMs = chunk.firstMs;
			for (let i = 0; i < inputs; i++) {
				const input = decodeInput(reader, chunk.table, previousMs);
				previousMs = input.atMs;
				if (input.atMs >= sinceMs) {
					yield input;
				}
			}
		}
	}

	/** What is recorded at this moment, from this chunk on: an iteration is not disturbed by what comes or goes later. */
	function frozen(first: number): { chunk: Chunk; inputs: number }[] {
		return chunks.slice(first).map((chunk) => ({ chunk, inputs: chunk.inputs }));
	}

	function trim(): void {
		while (chunks.length > 1 && total() > budgetBytes) {
			chunks.shift();
		}
	}

	return {
		add(input) {
			let chunk = chunks[chunks.length - 1];
			let before = 0;
			if (chunk === undefined || isFull(chunk)) {
				chunk?.writer.fit();
				chunk = open(input.atMs);
			} else {
				before = chunkBytes(chunk);
			}
			encodeInput(chunk.writer, chunk.table, input, chunk.lastMs);
			chunk.lastMs = input.atMs;
			chunk.inputs++;
			if (chunkBytes(chunk) !== before) {
				trim();
			}
		},
		setBudget(next) {
			budgetBytes = next;
			trim();
		},
		since: (sinceMs) => ({ [Symbol.iterator]: () => read(frozen(0), sinceMs) }),
		replay(sinceMs) {
			// Not "at": the chunk before may end with inputs of that very moment.
			let first = chunks.findLastIndex((chunk) => chunk.firstMs < sinceMs);
			first = Math.max(0, first);
			const part = frozen(first);
			const checkpoint = chunks[first]?.checkpoint ?? null;
			return {
				checkpoint: checkpoint === null ? null : (JSON.parse(checkpoint) as unknown),
				fromMs: chunks[first]?.firstMs ?? null,
				count: part.reduce((sum, { inputs }) => sum + inputs, 0),
				inputs: { [Symbol.iterator]: () => read(part, Number.NEGATIVE_INFINITY) },
			};
		},
		stats: () => ({
			inputs: chunks.reduce((sum, chunk) => sum + chunk.inputs, 0),
			bytes: total(),
			budgetBytes,
			oldestMs: chunks[0]?.firstMs ?? null,
		}),
	};
}
