/** The pure parts of data use: periods, the clock that is believed, counters, the book. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
	addBytes,
	type Book,
	bookOf,
	bookText,
	MAX_DAYS,
	mergeBooks,
	readBook,
	sumOf,
} from "../../../daemon/sense/usage/book.ts";
import { dayOf, dayText, periodOf } from "../../../daemon/sense/usage/calendar.ts";
import { createTrustedClock } from "../../../daemon/sense/usage/clock.ts";
import { passed } from "../../../daemon/sense/usage/counter.ts";
import { parseCollected, parseQuota } from "../../../daemon/sense/usage/rutos.ts";
import { parseBytes } from "../../../daemon/sense/usage/usage.ts";
import { fakeRandom, fakeTime } from "../../support/fake-platform.ts";
import { sample } from "../cellular/support.ts";
import { mutate } from "../mutate.ts";

const day = (text: string): number => dayOf(Date.parse(text));
const span = (text: string, period: "day" | "week" | "month", resetDay: number): string[] => {
	const { from, to } = periodOf(day(text), period, resetDay);
	return [dayText(from), dayText(to)];
};

test("periods: days, weeks from any weekday, months with any reset day, short months, leap years", () => {
	const rows: [string, "day" | "week" | "month", number, string, string][] = [
		["2026-11-21", "day", 1, "2026-11-21", "2026-11-22"],
		["2026-11-21", "week", 1, "2026-11-16", "2026-11-23"],
		["2026-11-21", "week", 6, "2026-11-21", "2026-11-28"],
		["2026-11-21", "week", 7, "2026-11-15", "2026-11-22"],
		["2026-11-21", "month", 1, "2026-11-01", "2026-12-01"],
		["2026-11-21", "month", 22, "2026-10-22", "2026-11-22"],
		["2026-11-21", "month", 21, "2026-11-21", "2026-12-21"],
		["2026-02-28", "month", 31, "2026-02-28", "2026-03-31"],
		["2026-02-27", "month", 31, "2026-01-31", "2026-02-28"],
		["2028-02-29", "month", 30, "2028-02-29", "2028-03-30"],
		["2026-12-31", "month", 5, "2026-12-05", "2027-01-05"],
		["2026-01-03", "month", 5, "2025-12-05", "2026-01-05"],
		["1970-01-01", "week", 4, "1970-01-01", "1970-01-08"],
	];
	for (const [text, period, reset, from, to] of rows) assert.deepEqual(span(text, period, reset), [from, to], text);
});

test("every day is in exactly one period, and periods follow one another without a gap", () => {
	fc.assert(
		fc.property(
			fc.integer({ min: 0, max: 60_000 }),
			fc.constantFrom("day", "week", "month"),
			fc.integer({ min: 1, max: 31 }),
			(one, period, reset) => {
				const resetDay = period === "week" ? 1 + (reset % 7) : reset;
				const { from, to } = periodOf(one, period, resetDay);
				assert.ok(from <= one && one < to && to - from <= 31);
				assert.deepEqual(periodOf(from, period, resetDay), { from, to });
				assert.equal(periodOf(to, period, resetDay).from, to);
			},
		),
	);
});

test("the clock: nothing before NTP, what was saved before that; jumps are believed when they last", async () => {
	const boot = fakeTime(5_000, 60_000); // 1970
	const fresh = createTrustedClock(boot.clock, null);
	assert.equal(fresh.unixMs(), null);
	const saved = createTrustedClock(boot.clock, Date.parse("2026-11-21"));
	assert.equal(saved.unixMs(), Date.parse("2026-11-21"));
	boot.jumpWall(Date.parse("2026-11-25") - 60_000);
	assert.equal(dayText(dayOf(fresh.unixMs() ?? 0)), "2026-11-25");
	assert.equal(dayText(dayOf(saved.unixMs() ?? 0)), "2026-11-21", "four days later may be true: not at once");
	await boot.advance(599_000);
	assert.equal(dayText(dayOf(saved.unixMs() ?? 0)), "2026-11-21");
	await boot.advance(2_000);
	assert.equal(dayText(dayOf(saved.unixMs() ?? 0)), "2026-11-25");
	// A jump into another decade and back within minutes changes nothing.
	boot.jumpWall(30 * 365 * 86_400_000);
	assert.equal(dayText(dayOf(saved.unixMs() ?? 0)), "2026-11-25");
	await boot.advance(300_000);
	boot.jumpWall(-30 * 365 * 86_400_000);
	saved.unixMs();
	await boot.advance(400_000);
	assert.equal(dayText(dayOf(saved.unixMs() ?? 0)), "2026-11-25");
	// A wrong year that lasts is taken back, too.
	boot.jumpWall(-40 * 86_400_000);
	saved.unixMs();
	await boot.advance(601_000);
	assert.equal(dayText(dayOf(saved.unixMs() ?? 0)), "2026-10-16");
	// 1970 is never believed.
	boot.jumpWall(-56 * 365 * 86_400_000);
	saved.unixMs();
	await boot.advance(1_201_000);
	assert.equal(dayText(dayOf(saved.unixMs() ?? 0)), "2026-10-16");
});

test("counters: growth, reset, a device made anew, a wrap of 32 bits and what only looks like one", () => {
	const at = (rxBytes: number, atMs: number, ifindex: number | null = 3) => ({ rxBytes, txBytes: 0, ifindex, atMs });
	const rows: [string, ReturnType<typeof at>, ReturnType<typeof at>, number][] = [
		["growth", at(1_000, 0), at(5_000, 10_000), 4_000],
		["nothing", at(1_000, 0), at(1_000, 10_000), 0],
		["reset", at(1_000_000, 0), at(700, 10_000), 700],
		["made anew with more", at(1_000, 0), at(5_000, 10_000, 9), 5_000],
		["wrap", at(2 ** 32 - 100, 0), at(900, 10_000), 1_000],
		["a wrap that could not have passed", at(3.5e9, 0), at(900, 1_000), 900],
		["beyond 32 bits there is no wrap", at(2 ** 33, 0), at(900, 10_000), 900],
		["near the end, but made anew", at(2 ** 32 - 100, 0), at(900, 10_000, 9), 900],
		["no ifindex", at(1_000, 0, null), at(900, 10_000, null), 900],
	];
	for (const [name, from, to, rxBytes] of rows) assert.deepEqual(passed(from, to), { rxBytes, txBytes: 0 }, name);
});

test("what is counted never exceeds what the counter can have shown, and is never negative", () => {
	const count = fc.integer({ min: 0, max: 2 ** 40 });
	fc.assert(
		fc.property(count, count, fc.integer({ min: 0, max: 1e7 }), (before, now, ms) => {
			const { rxBytes } = passed(
				{ rxBytes: before, txBytes: 0, ifindex: 1, atMs: 0 },
				{ rxBytes: now, txBytes: 0, ifindex: 1, atMs: ms },
			);
			assert.ok(rxBytes >= 0 && rxBytes <= Math.max(now, ms * 125_000));
		}),
	);
});

test("the book: there and back, old days forgotten, two copies merged to the larger of each day", () => {
	const book: Book = new Map();
	const one = bookOf(book, "wan");
	for (let n = 0; n < 80; n++) addBytes(one, 20_000 + n, { rxBytes: n, txBytes: 1 });
	addBytes(one, 20_079, { rxBytes: 1, txBytes: 1 });
	assert.equal(one.days.size, MAX_DAYS);
	assert.deepEqual(sumOf(one, 20_078, 20_080), { rxBytes: 78 + 80, txBytes: 3 });
	one.last = { rxBytes: 7, txBytes: 8, ifindex: 3, device: "eth1", bootId: "b", atMs: 5 };
	const read = readBook(bookText(book, null, 1_760_000_000_000));
	assert.equal(read?.unixMs, 1_760_000_000_000);
	assert.deepEqual(read?.book.get("wan")?.days, one.days);
	assert.deepEqual({ ...read?.book.get("wan")?.last, atMs: 5 }, one.last);
	assert.equal(readBook(bookText(book, new Set(["wanb"]), null))?.book.size, 0);
	const other: Book = new Map();
	addBytes(bookOf(other, "wan"), 20_079, { rxBytes: 500, txBytes: 0 });
	addBytes(bookOf(other, "wan"), 20_050, { rxBytes: 1, txBytes: 0 });
	const merged = mergeBooks(book, other).get("wan");
	assert.deepEqual(merged?.days.get(20_079), { rxBytes: 500, txBytes: 0 });
	assert.deepEqual(merged?.days.get(20_050), { rxBytes: 50, txBytes: 1 });
	assert.equal(merged?.last?.device, "eth1");
});

test("a book that is none, and rows that make no sense", () => {
	for (const text of ["", "{", "null", "[]", "7", '{"version":2}', '{"uplinks":{}}'])
		assert.equal(readBook(text), null, text);
	const rows = [
		[20_000, -1, 0],
		[20_001, 1.5, 0],
		[20_002, "7", 0],
		"x",
		null,
		[20_003, 4, 5],
		[-1, 1, 1],
		[20_004, 1e19, 0],
	];
	const text = JSON.stringify({
		version: 1,
		unix_ms: "now",
		uplinks: { wan: { days: rows, last: { rxBytes: 1 } }, wanb: 3 },
	});
	const read = readBook(text);
	assert.deepEqual([...(read?.book.get("wan")?.days ?? [])], [[20_003, { rxBytes: 4, txBytes: 5 }]]);
	assert.deepEqual([read?.unixMs, read?.book.get("wan")?.last, read?.book.get("wanb")?.days.size], [null, null, 0]);
});

test("quota_limit of RutOS and mdcollect: samples and malformed replies", () => {
	const status = sample("rutos/ubus_quota_limit_mob1s1a1_status.shape.json") as object;
	assert.deepEqual(parseQuota(status, 500), {
		usedBytes: 524_288_000,
		limitBytes: 524_288_000,
		reached: true,
		resetUnixMs: 1_796_083_200_000,
	});
	const half = { ...status, data_used: 100, remaining_bytes: 300, event_sent: 0 };
	assert.deepEqual([parseQuota(half, null)?.limitBytes, parseQuota(half, null)?.reached], [400, false]);
	assert.equal(parseQuota({ ...status, running: false }, 500), null);
	assert.equal(parseQuota({ ...half, remaining_bytes: 0, data_left: 0 }, null), null);
	for (const reply of [null, 3, [], {}, { data_used: -1 }, { data_used: "much" }])
		assert.equal(parseQuota(reply, 500), null);
	assert.equal(parseCollected(sample("rutos/mdcollect_get.real.json")), 941_741_055 + 4_730_135_753);
	for (const reply of [null, {}, { rx: 1 }, { rx: -1, tx: 2 }, { rx: "many", tx: 1 }])
		assert.equal(parseCollected(reply), null);
});

test("100 000 mutated books, replies and tables: none throws, nothing negative or endless comes out", () => {
	const random = fakeRandom(3);
	const text = bookText(
		new Map([["wan", { days: new Map([[20_000, { rxBytes: 4, txBytes: 5 }]]), last: null }]]),
		null,
		1,
	);
	const status = sample("rutos/ubus_quota_limit_mob1s1a1_status.shape.json");
	const collected = sample("rutos/mdcollect_get.real.json");
	const table = "  eth1: 1000 2 0 0 0 0 0 0 500 3 0 0 0 0 0 0\n";
	const fine = (value: number | undefined): boolean => value === undefined || (value >= 0 && value <= 2e18);
	for (let n = 0; n < 100_000; n++) {
		const broken = mutate(text, random);
		const read = typeof broken === "string" ? readBook(broken) : null;
		for (const one of read?.book.values() ?? []) {
			for (const { rxBytes, txBytes } of one.days.values()) assert.ok(fine(rxBytes) && fine(txBytes));
		}
		const quota = parseQuota(mutate(status, random), n % 2 === 0 ? 500 : null);
		const line = mutate(table, random);
		const bytes = typeof line === "string" ? parseBytes(line, "eth1") : null;
		const all = [quota?.usedBytes, quota?.limitBytes, parseCollected(mutate(collected, random)) ?? 0, bytes?.rxBytes];
		if (!all.every(fine) || quota?.limitBytes === 0) assert.fail(JSON.stringify({ quota, bytes }));
	}
});
