/**
 * Keeps the book of bytes of all uplinks over restarts. In RAM always; a copy in /tmp every minute, for a restart of the
 * daemon; a copy on flash only of uplinks with a data plan, at most once an hour and when the daemon stops in order. A
 * power cut loses at most an hour of counting. Files have mode 600: they tell when somebody was at home.
 */
import { errorText } from "../../platform/error.ts";
import type { Logger } from "../../platform/log.ts";
import type { Platform } from "../../platform/platform.ts";
import { addBytes, type Book, type Bytes, bookOf, bookText, mergeBooks, readBook, sumOf } from "./book.ts";
import { dayOf } from "./calendar.ts";
import { createTrustedClock } from "./clock.ts";
import { passed, type Reading } from "./counter.ts";

export const FLASH_FOLDER = "/etc/autonomy";
export const FLASH_FILE = `${FLASH_FOLDER}/usage.json`;
export const TMP_FOLDER = "/tmp/autonomy";
export const TMP_FILE = `${TMP_FOLDER}/usage.json`;
const FLASH_EVERY_MS = 3_600_000;
const TMP_EVERY_MS = 60_000;
const MODE = 0o600;

export interface Keeper {
	/** Counts what passed since the last reading of this uplink's device. */
	count(uplink: string, device: string, reading: Reading): void;
	/** Whether this uplink has a data plan and is worth flash. */
	planned(uplink: string, has: boolean): void;
	/** Null while the day is not known. */
	today(): number | null;
	unixMs(): number | null;
	sum(uplink: string, from: number, to: number): Bytes;
	/** First day in the book of this uplink; null when there is none. */
	since(uplink: string): number | null;
	/** Why nothing is kept; null when all is well. */
	problem(): string | null;
	/** The daemon stops in order. */
	close(): void;
}

export function createKeeper(platform: Pick<Platform, "clock" | "files">, log: Logger): Keeper {
	const { clock, files } = platform;
	const planned = new Set<string>();
	let problem: string | null = null;

	const flash = read(FLASH_FILE);
	const tmp = read(TMP_FILE);
	const book: Book = mergeBooks(flash?.book ?? new Map(), tmp?.book ?? new Map());
	const trusted = createTrustedClock(clock, later(flash?.unixMs ?? null, tmp?.unixMs ?? null));
	const bootId = quietly(() => files.readTextIfAny("/proc/sys/kernel/random/boot_id")?.trim() ?? null);
	let tmpMs = clock.monotonicMs();
	let flashMs = clock.monotonicMs();
	/** Something was counted since the last write to flash. */
	let dirty = false;

	function read(path: string): ReturnType<typeof readBook> {
		try {
			const text = files.readTextIfAny(path);
			if (text === null) return null;
			const found = readBook(text);
			if (found === null) log.warn("provider", { reason: `${path} cannot be read; data use is counted anew` });
			return found;
		} catch (error) {
			log.warn("provider", { reason: `${path}: ${errorText(error)}; data use is counted anew` });
			return null;
		}
	}

	function write(folder: string, path: string, uplinks: ReadonlySet<string> | null): boolean {
		try {
			files.makeDirectory(folder);
			files.writeAtomic(path, bookText(book, uplinks, trusted.unixMs()), MODE);
			problem = null;
			return true;
		} catch (error) {
			const reason = `${path}: ${errorText(error)}; data use is lost with a restart`;
			if (problem !== reason) log.warn("provider", { reason });
			problem = reason;
			return false;
		}
	}

	function writeTmp(): void {
		tmpMs = clock.monotonicMs();
		write(TMP_FOLDER, TMP_FILE, null);
	}

	/** Also a failed try counts as one: flash that is full is not hammered. */
	function writeFlash(): void {
		if (!dirty || planned.size === 0) return;
		flashMs = clock.monotonicMs();
		if (write(FLASH_FOLDER, FLASH_FILE, planned)) dirty = false;
	}

	return {
		count(uplink, device, reading) {
			const unixMs = trusted.unixMs();
			// Without a day there is nothing to count to: the bytes are still in the counters then.
			if (unixMs === null) return;
			const one = bookOf(book, uplink);
			const { last } = one;
			if (last !== null && last.device === device) {
				const sameBoot = last.bootId === bootId;
				const from = sameBoot ? last : { rxBytes: 0, txBytes: 0, ifindex: null, atMs: 0 };
				const bytes = passed(from, reading);
				if (bytes.rxBytes + bytes.txBytes > 0) {
					addBytes(one, dayOf(unixMs), bytes);
					dirty ||= planned.has(uplink);
				}
			}
			one.last = { ...reading, device, bootId };
			const nowMs = clock.monotonicMs();
			if (nowMs - tmpMs >= TMP_EVERY_MS) writeTmp();
			if (nowMs - flashMs >= FLASH_EVERY_MS) writeFlash();
		},
		planned(uplink, has) {
			if (has) planned.add(uplink);
			else planned.delete(uplink);
		},
		today() {
			const unixMs = trusted.unixMs();
			return unixMs === null ? null : dayOf(unixMs);
		},
		unixMs: () => trusted.unixMs(),
		sum: (uplink, from, to) => sumOf(bookOf(book, uplink), from, to),
		since(uplink) {
			const days = [...bookOf(book, uplink).days.keys()];
			return days.length === 0 ? null : Math.min(...days);
		},
		problem: () => problem,
		close() {
			writeTmp();
			writeFlash();
		},
	};
}

function quietly<T>(work: () => T): T | null {
	try {
		return work();
	} catch {
		return null;
	}
}

function later(a: number | null, b: number | null): number | null {
	return a === null ? b : b === null ? a : Math.max(a, b);
}
