/**
 * The book of bytes: per uplink and day, 62 days back, and the last counters seen, so that bytes that pass while the daemon
 * is not running are counted too. As text it is one small JSON; reading it checks everything, since it comes from a file. Pure.
 */
import type { Reading } from "./counter.ts";

export const MAX_DAYS = 62;
const MAX_UPLINKS = 64;
/** An exabyte: more is a fault of the file. */
const MOST_BYTES = 1e18;

export interface Bytes {
	readonly rxBytes: number;
	readonly txBytes: number;
}

/** What one device had counted when it was last looked at; `bootId` tells whether it still does. */
export interface LastSeen extends Reading {
	readonly device: string;
	readonly bootId: string | null;
}

export interface UplinkBook {
	/** Days since 1970 -> bytes. */
	readonly days: Map<number, Bytes>;
	last: LastSeen | null;
}

export type Book = Map<string, UplinkBook>;

export function bookOf(book: Book, uplink: string): UplinkBook {
	const known = book.get(uplink);
	if (known !== undefined) return known;
	const made: UplinkBook = { days: new Map(), last: null };
	if (book.size < MAX_UPLINKS) book.set(uplink, made);
	return made;
}

export function addBytes(one: UplinkBook, day: number, { rxBytes, txBytes }: Bytes): void {
	const before = one.days.get(day) ?? { rxBytes: 0, txBytes: 0 };
	one.days.set(day, { rxBytes: before.rxBytes + rxBytes, txBytes: before.txBytes + txBytes });
	while (one.days.size > MAX_DAYS) one.days.delete(Math.min(...one.days.keys()));
}

/** `to` is the first day that does not count any more. */
export function sumOf(one: UplinkBook, from: number, to: number): Bytes {
	let rxBytes = 0;
	let txBytes = 0;
	for (const [day, bytes] of one.days) {
		if (day < from || day >= to) continue;
		rxBytes += bytes.rxBytes;
		txBytes += bytes.txBytes;
	}
	return { rxBytes, txBytes };
}

export function bookText(book: Book, uplinks: ReadonlySet<string> | null, unixMs: number | null): string {
	const kept = [...book].filter(([id]) => uplinks === null || uplinks.has(id));
	const rows = kept.map(([id, { days, last }]) => {
		const list = [...days].sort(([a], [b]) => a - b).map(([day, { rxBytes, txBytes }]) => [day, rxBytes, txBytes]);
		return [id, { days: list, ...(last === null ? {} : { last }) }];
	});
	return `${JSON.stringify({ version: 1, unix_ms: unixMs, uplinks: Object.fromEntries(rows) })}\n`;
}

export interface ReadBook {
	readonly book: Book;
	readonly unixMs: number | null;
}

/** Null when the text is no book; rows that make no sense are left out. */
export function readBook(text: string): ReadBook | null {
	let parsed: unknown;
	try {
		parsed = JSON.parse(text);
	} catch {
		return null;
	}
	const { version, unix_ms, uplinks } = table(parsed);
	if (version !== 1) return null;
	const book: Book = new Map();
	for (const [id, value] of Object.entries(table(uplinks)).slice(0, MAX_UPLINKS)) {
		const { days, last } = table(value);
		const one: UplinkBook = { days: new Map(), last: lastOf(last) };
		for (const row of Array.isArray(days) ? days.slice(0, MAX_DAYS) : []) {
			const [day, rxBytes, txBytes] = Array.isArray(row) ? row : [];
			if (whole(day, 0, 100_000) && whole(rxBytes, 0, MOST_BYTES) && whole(txBytes, 0, MOST_BYTES)) {
				one.days.set(day, { rxBytes, txBytes });
			}
		}
		book.set(id, one);
	}
	return { book, unixMs: whole(unix_ms, 0, 1e14) ? unix_ms : null };
}

/** Two books of the same days: of each day the larger, of the counters those of `newer`. */
export function mergeBooks(older: Book, newer: Book): Book {
	const merged: Book = new Map();
	for (const id of new Set([...older.keys(), ...newer.keys()])) {
		const [a, b] = [older.get(id), newer.get(id)];
		const days = new Map(a?.days ?? []);
		for (const [day, bytes] of b?.days ?? []) {
			const known = days.get(day);
			const more = known === undefined || bytes.rxBytes + bytes.txBytes >= known.rxBytes + known.txBytes;
			if (more) days.set(day, bytes);
		}
		merged.set(id, { days, last: b?.last ?? a?.last ?? null });
	}
	return merged;
}

function table(value: unknown): Readonly<Record<string, unknown>> {
	return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function whole(value: unknown, low: number, high: number): value is number {
	return typeof value === "number" && Number.isInteger(value) && value >= low && value <= high;
}

function lastOf(value: unknown): LastSeen | null {
	const { rxBytes, txBytes, ifindex, device, bootId } = table(value);
	if (!whole(rxBytes, 0, MOST_BYTES) || !whole(txBytes, 0, MOST_BYTES) || typeof device !== "string") return null;
	return {
		rxBytes,
		txBytes,
		ifindex: whole(ifindex, 0, 2 ** 31) ? ifindex : null,
		device,
		bootId: typeof bootId === "string" ? bootId : null,
		// Time since then is not known: long enough for anything.
		atMs: Number.NEGATIVE_INFINITY,
	};
}
