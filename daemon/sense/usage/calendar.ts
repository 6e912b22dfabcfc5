/**
 * Days and periods of a data plan, in universal time: the daemon knows no time zone on every engine, and a bill does not
 * turn on an hour. Pure.
 */
const DAY_MS = 86_400_000;

export type Period = "day" | "week" | "month";

/** Days since 1970-01-01. */
export function dayOf(unixMs: number): number {
	return Math.floor(unixMs / DAY_MS);
}

export function unixMsOf(day: number): number {
	return day * DAY_MS;
}

interface Civil {
	readonly year: number;
	/** 1-12. */
	readonly month: number;
	/** 1-31. */
	readonly date: number;
}

export function civil(day: number): Civil {
	const iso = new Date(unixMsOf(day)).toISOString();
	const [year = 1970, month = 1, date = 1] = iso.slice(0, 10).split("-").map(Number);
	return { year, month, date };
}

function dayOfCivil(year: number, month: number, date: number): number {
	return Math.floor(Date.UTC(year, month - 1, date) / DAY_MS);
}

function daysIn(year: number, month: number): number {
	return dayOfCivil(year, month + 1, 1) - dayOfCivil(year, month, 1);
}

/** First day of a plan's month; in short months the last day stands for those that are missing. */
function monthStart(year: number, month: number, resetDay: number): number {
	const first = dayOfCivil(year, month, 1);
	const { year: y, month: m } = civil(first);
	return first + Math.min(resetDay, daysIn(y, m)) - 1;
}

interface Span {
	/** First day. */
	readonly from: number;
	/** First day of the next one. */
	readonly to: number;
}

/** Asked several times a minute for each uplink, and the same all day; dates are dear in QuickJS. */
const known = new Map<string, Span>();
const MOST_KNOWN = 32;

/** The period that `day` is in. */
export function periodOf(day: number, period: Period, resetDay: number): Span {
	const key = `${day} ${period} ${resetDay}`;
	const before = known.get(key);
	if (before !== undefined) return before;
	if (known.size >= MOST_KNOWN) known.clear();
	const span = makePeriod(day, period, resetDay);
	known.set(key, span);
	return span;
}

function makePeriod(day: number, period: Period, resetDay: number): Span {
	if (period === "day") return { from: day, to: day + 1 };
	if (period === "week") {
		// 1970-01-01 was a Thursday: with Monday as 1, day 0 is 4.
		const weekday = ((((day + 3) % 7) + 7) % 7) + 1;
		const from = day - ((weekday - resetDay + 7) % 7);
		return { from, to: from + 7 };
	}
	const { year, month } = civil(day);
	const here = monthStart(year, month, resetDay);
	if (day >= here) return { from: here, to: monthStart(year, month + 1, resetDay) };
	return { from: monthStart(year, month - 1, resetDay), to: here };
}

/** "2026-11-21". */
export function dayText(day: number): string {
	return new Date(unixMsOf(day)).toISOString().slice(0, 10);
}
