/**
 * A bounded list of records (events, decisions, actions), newest last. Records are kept as JSON text: about a third of
 * the memory of the objects, an exact measure of it, and the snapshot only has to join them. Bounded by number and bytes.
 */
export interface Entry {
	readonly id: string;
	readonly atMs: number;
	/** What the list can be filtered by: type of an event, kind of a decision or action. */
	readonly type: string;
	readonly json: string;
}

export interface RecordList {
	add(entry: Entry): void;
	/** Newest entry with this id. */
	find(id: string): Entry | null;
	/** Newest first, at most `limit`, only of this type when one is given. */
	latest(limit: number, type?: string): readonly Entry[];
	all(): readonly Entry[];
	setBudget(maxBytes: number): void;
	/** Drops entries older than this. */
	expire(olderThanMs: number): void;
	stats(): { readonly count: number; readonly bytes: number; readonly droppedBySize: number };
}

/** Bytes of bookkeeping per entry: object, strings' headers, slot. Measured in test/record/memory.test.ts. */
const OVERHEAD = 160;

export function createRecordList(maxCount: number, budgetBytes: number): RecordList {
	let maxBytes = budgetBytes;
	const entries: Entry[] = [];
	let bytes = 0;
	let droppedBySize = 0;

	function size(entry: Entry): number {
		return OVERHEAD + textBytes(entry.json);
	}

	function dropOldest(): void {
		const gone = entries.shift();
		if (gone !== undefined) {
			bytes -= size(gone);
		}
	}

	function trim(): void {
		while (entries.length > maxCount || bytes > maxBytes) {
			dropOldest();
		}
	}

	return {
		setBudget(next) {
			maxBytes = next;
			trim();
		},
		add(entry) {
			const needed = size(entry);
			if (needed > maxBytes / 4) {
				droppedBySize++;
				return;
			}
			entries.push(entry);
			bytes += needed;
			trim();
		},
		find: (id) => entries.findLast((entry) => entry.id === id) ?? null,
		latest(limit, type) {
			const found: Entry[] = [];
			for (let i = entries.length - 1; i >= 0 && found.length < limit; i--) {
				const entry = entries[i];
				if (entry !== undefined && (type === undefined || entry.type === type)) {
					found.push(entry);
				}
			}
			return found;
		},
		all: () => entries,
		expire(olderThanMs) {
			while (entries.length > 0 && (entries[0]?.atMs ?? 0) < olderThanMs) {
				dropOldest();
			}
		},
		stats: () => ({ count: entries.length, bytes, droppedBySize }),
	};
}

const BEYOND_LATIN_1 = /[\u0100-\uffff]/;

/** Engines keep a string in one byte per character as long as all fit Latin-1, else in two. */
export function textBytes(text: string): number {
	return BEYOND_LATIN_1.test(text) ? text.length * 2 : text.length;
}
