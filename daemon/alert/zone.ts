/**
 * Time of day where the router is. OpenWrt keeps the zone as a POSIX TZ rule in /etc/TZ ("CET-1CEST,M3.5.0,M10.5.0/3"),
 * which JavaScript engines do not read. Pure. Known: names of letters or <...>, offsets, rules of the form Mm.w.d/time
 * (POSIX.1-2017, 8.3); what cannot be read counts as UTC.
 */
interface Rule {
	readonly month: number;
	/** 1-4, or 5 for the last. */
	readonly week: number;
	/** 0 is Sunday. */
	readonly day: number;
	readonly atS: number;
}

export interface Zone {
	/** Seconds to add to UTC. */
	readonly offsetS: number;
	readonly summer: { readonly offsetS: number; readonly from: Rule; readonly to: Rule } | null;
}

export const UTC: Zone = { offsetS: 0, summer: null };

const NAME = "(?:<[A-Za-z0-9+-]{3,}>|[A-Za-z]{3,})";
const TIME = "([+-]?\\d{1,3}(?::\\d{1,2}){0,2})";
const RULE = `M(\\d{1,2})\\.([1-5])\\.([0-6])(?:\\/${TIME})?`;
const SHAPE = new RegExp(`^${NAME}${TIME}(?:${NAME}${TIME}?,${RULE},${RULE})?$`);

export function parseZone(text: string): Zone {
	const found = SHAPE.exec(text.trim());
	if (found === null) return UTC;
	const [, winter = "0", summer, m1, w1, d1, t1, m2, w2, d2, t2] = found;
	const offsetS = -seconds(winter);
	if (m1 === undefined || m2 === undefined) return { offsetS, summer: null };
	const rule = (month: string, week = "1", day = "0", at = "2"): Rule => ({
		month: Number(month),
		week: Number(week),
		day: Number(day),
		atS: seconds(at),
	});
	const from = rule(m1, w1, d1, t1);
	const to = rule(m2, w2, d2, t2);
	if ([from, to].some(({ month }) => month < 1 || month > 12)) return { offsetS, summer: null };
	return { offsetS, summer: { offsetS: summer === undefined ? offsetS + 3600 : -seconds(summer), from, to } };
}

/** The local date and time as if it were UTC: for Date's UTC getters. */
export function localMs(zone: Zone, unixMs: number): number {
	return unixMs + offsetAt(zone, unixMs) * 1000;
}

/** False: the router has not heard the time yet; its clock began somewhere in the past. */
export function isTimeKnown(unixMs: number): boolean {
	return unixMs >= Date.UTC(2024, 0);
}

/** Minutes since local midnight, 0-1439. */
export function minuteOfDay(zone: Zone, unixMs: number): number {
	const minutes = Math.floor(localMs(zone, unixMs) / 60_000) % 1440;
	return (minutes + 1440) % 1440;
}

/** 2026-11-21 08:15:03, in this zone. */
export function localText(zone: Zone, unixMs: number): string {
	const date = new Date(localMs(zone, unixMs));
	return Number.isNaN(date.getTime()) ? "at an unknown time" : date.toISOString().slice(0, 19).replace("T", " ");
}

function offsetAt(zone: Zone, unixMs: number): number {
	const { summer, offsetS } = zone;
	if (summer === null) return offsetS;
	const year = new Date(unixMs + offsetS * 1000).getUTCFullYear();
	const begins = moment(summer.from, year) - offsetS * 1000;
	const ends = moment(summer.to, year) - summer.offsetS * 1000;
	// In the south summer spans the new year.
	const isSummer = begins < ends ? unixMs >= begins && unixMs < ends : unixMs >= begins || unixMs < ends;
	return isSummer ? summer.offsetS : offsetS;
}

/** When the rule applies in this year, local time as if it were UTC. */
function moment(rule: Rule, year: number): number {
	const first = new Date(Date.UTC(year, rule.month - 1, 1)).getUTCDay();
	let day = 1 + ((rule.day - first + 7) % 7) + (rule.week - 1) * 7;
	const last = new Date(Date.UTC(year, rule.month, 0)).getUTCDate();
	while (day > last) day -= 7;
	return Date.UTC(year, rule.month - 1, day) + rule.atS * 1000;
}

function seconds(text: string): number {
	const [hours = "0", minutes = "0", rest = "0"] = text.replace(/^[+-]/, "").split(":");
	const all = Number(hours) * 3600 + Number(minutes) * 60 + Number(rest);
	return text.startsWith("-") ? -all : all;
}
