/**
 * Figures for people, by the locale of the page and the time zone of the browser. What is not known is a dash. Units are
 * the ones of the contract; bits and bytes count by 1000.
 */
const DASH = "\u2013";
const NBSP = "\u00a0";

let locale: string | undefined;
const numbers = new Map<string, Intl.NumberFormat>();
const times = new Map<string, Intl.DateTimeFormat>();

/** A language tag such as "de"; a wrong one leaves the browser's own. */
export function setLocale(tag: string): void {
	try {
		locale = Intl.getCanonicalLocales(tag.replace("_", "-"))[0];
	} catch {
		locale = undefined;
	}
	numbers.clear();
	times.clear();
}

type Maybe = number | null | undefined;

function known(value: Maybe): value is number {
	return typeof value === "number" && Number.isFinite(value);
}

/** At most `digits` decimals. */
export function number(value: Maybe, digits = 0): string {
	if (!known(value)) return DASH;
	const key = String(digits);
	const format = numbers.get(key) ?? new Intl.NumberFormat(locale, { maximumFractionDigits: digits });
	numbers.set(key, format);
	// -0.2 without decimals is 0, not -0.
	return format.format(Number(value.toFixed(digits)) === 0 ? 0 : value);
}

export function withUnit(value: Maybe, unit: string, digits = 0): string {
	if (!known(value)) return DASH;
	return unit === ""
		? number(value, digits)
		: `${number(value, digits)}${NBSP}${unit === "points" ? _("points") : unit}`;
}

/** Round trip times: one decimal below 10 ms. */
export function ms(value: Maybe): string {
	return withUnit(value, "ms", known(value) && value < 10 ? 1 : 0);
}

export function percent(value: Maybe): string {
	return withUnit(value, "%", known(value) && value > 0 && value < 10 ? 1 : 0);
}

function scaled(value: number, units: readonly string[]): string {
	let rest = value;
	let index = 0;
	while (Math.abs(rest) >= 1000 && index < units.length - 1) {
		rest /= 1000;
		index++;
	}
	return withUnit(rest, units[index] ?? "", index > 0 && Math.abs(rest) < 100 ? 1 : 0);
}

export function bytes(value: Maybe): string {
	return known(value) ? scaled(value, ["B", "kB", "MB", "GB", "TB"]) : DASH;
}

/** Bytes per second, told in bits as providers do. */
export function rate(bytesPerS: Maybe): string {
	return known(bytesPerS) ? scaled(bytesPerS * 8, ["bit/s", "kbit/s", "Mbit/s", "Gbit/s"]) : DASH;
}

/** Two units at most: 45 s, 3 min, 2 h 5 min, 4 d 3 h. */
export function duration(seconds: Maybe): string {
	if (!known(seconds)) return DASH;
	const s = Math.max(0, Math.round(seconds));
	if (s < 60) return withUnit(s, "s");
	const minutes = Math.floor(s / 60);
	if (minutes < 10) return s % 60 === 0 ? withUnit(minutes, "min") : `${minutes}${NBSP}min ${s % 60}${NBSP}s`;
	if (minutes < 60) return withUnit(minutes, "min");
	const hours = Math.floor(minutes / 60);
	if (hours < 24) return minutes % 60 === 0 ? withUnit(hours, "h") : `${hours}${NBSP}h ${minutes % 60}${NBSP}min`;
	const days = Math.floor(hours / 24);
	return hours % 24 === 0 ? withUnit(days, "d") : `${number(days)}${NBSP}d ${hours % 24}${NBSP}h`;
}

function time(atUnixMs: Maybe, name: string, options: Intl.DateTimeFormatOptions): string {
	if (!known(atUnixMs)) return DASH;
	const format = times.get(name) ?? new Intl.DateTimeFormat(locale, options);
	times.set(name, format);
	return format.format(atUnixMs);
}

/** Time of day with seconds. */
export function clock(atUnixMs: Maybe): string {
	return time(atUnixMs, "clock", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

/** Time of day without seconds. */
export function minute(atUnixMs: Maybe): string {
	return time(atUnixMs, "minute", { hour: "2-digit", minute: "2-digit" });
}

export function day(atUnixMs: Maybe): string {
	return time(atUnixMs, "day", { dateStyle: "medium" });
}

export function dateTime(atUnixMs: Maybe): string {
	return time(atUnixMs, "dateTime", { dateStyle: "medium", timeStyle: "medium" });
}

/** The time alone when it was within the last 20 hours, else with its date. */
export function when(atUnixMs: Maybe, nowUnixMs: number): string {
	if (!known(atUnixMs)) return DASH;
	return Math.abs(nowUnixMs - atUnixMs) < 20 * 3_600_000 ? clock(atUnixMs) : dateTime(atUnixMs);
}
