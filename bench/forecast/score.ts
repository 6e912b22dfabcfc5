/**
 * How good a forecast is. Moments are ticks at which the link was usable. Precision: of the moments with an alarm, how many
 * were followed by what was foretold. Recall: of the events, how many had an alarm in the time before that the forecast
 * speaks of. Lead: from the start of the unbroken alarm to the event. A false alarm is a run of alarms, pauses of three
 * seconds included, with no event after any of them. AP: area under precision over recall of all moments in the order of
 * their risk. ECE: mean distance between risk and what came true, over ten bins, by their size.
 */
export interface Moment {
	readonly atMs: number;
	readonly score: number;
	/** 1, 0 or NaN: not known. */
	readonly label: number;
}

export interface Series {
	readonly moments: readonly Moment[];
	/** Start of each event that could have been foreseen. */
	readonly eventsMs: readonly number[];
	readonly withinMs: number;
	readonly hours: number;
}

export interface Score {
	readonly precision: number | null;
	readonly recall: number | null;
	readonly lead_s: { readonly median: number | null; readonly p10: number | null };
	readonly false_per_h: number;
	readonly ap: number | null;
	readonly ece: number;
	readonly events: number;
	/** Share of moments that were followed by an event: what a coin would score. */
	readonly base: number;
}

const PAUSE_MS = 3000;
const BINS = 10;

export function averagePrecision(moments: readonly Moment[]): number | null {
	const known = moments.filter((one) => !Number.isNaN(one.label));
	const positives = known.reduce((sum, one) => sum + one.label, 0);
	if (positives === 0) return null;
	const sorted = known.slice().sort((a, b) => b.score - a.score);
	let sum = 0;
	let hits = 0;
	for (let i = 0; i < sorted.length; ) {
		// Moments of one score come together: their order means nothing.
		let end = i;
		let found = 0;
		while (end < sorted.length && sorted[end]?.score === sorted[i]?.score) found += sorted[end++]?.label ?? 0;
		hits += found;
		sum += (found / positives) * (hits / end);
		i = end;
	}
	return sum;
}

export function score(all: readonly Series[], alarm: number): Score {
	const moments = all.flatMap((one) => one.moments);
	const known = moments.filter((one) => !Number.isNaN(one.label));
	const alarms = known.filter((one) => one.score >= alarm);
	const hits = alarms.reduce((sum, one) => sum + one.label, 0);
	const leads: number[] = [];
	let events = 0;
	let wrong = 0;
	for (const series of all) {
		events += series.eventsMs.length;
		wrong += falseAlarms(series, alarm);
		for (const eventMs of series.eventsMs) {
			const lead = leadOf(series, eventMs, alarm);
			if (lead !== null) leads.push(lead / 1000);
		}
	}
	leads.sort((a, b) => a - b);
	const hours = all.reduce((sum, one) => sum + one.hours, 0);
	return {
		precision: alarms.length === 0 ? null : round(hits / alarms.length, 3),
		recall: events === 0 ? null : round(leads.length / events, 3),
		lead_s: { median: leads[leads.length >> 1] ?? null, p10: leads[Math.floor(leads.length / 10)] ?? null },
		false_per_h: round(wrong / hours, 2),
		ap: maybeRound(averagePrecision(moments)),
		ece: round(calibrationError(known), 4),
		events,
		base: round(known.reduce((sum, one) => sum + one.label, 0) / Math.max(1, known.length), 5),
	};
}

/** Null: no alarm at any moment of the time before. */
function leadOf({ moments, withinMs }: Series, eventMs: number, alarm: number): number | null {
	const from = firstAfter(moments, eventMs - withinMs);
	const before = moments[from - 1];
	// An alarm that was on already, in the moments the forecast does not speak of this event yet, is worth the whole time.
	const within = (moments[from]?.atMs ?? Number.POSITIVE_INFINITY) < eventMs;
	const on = within && before !== undefined && before.score >= alarm && eventMs - withinMs - before.atMs <= PAUSE_MS;
	let first: number | null = on ? eventMs - withinMs : null;
	for (let i = from; i < moments.length; i++) {
		const one = moments[i] as Moment;
		if (one.atMs >= eventMs) break;
		if (one.score < alarm) first = null;
		else first ??= one.atMs;
	}
	if (first !== null) return Math.round(eventMs - first);
	// The alarm ended before: it was given all the same, its lead counts from its last moment.
	let last: number | null = null;
	for (let i = firstAfter(moments, eventMs - withinMs); i < moments.length; i++) {
		const one = moments[i] as Moment;
		if (one.atMs >= eventMs) break;
		if (one.score >= alarm) last = one.atMs;
	}
	return last === null ? null : Math.round(eventMs - last);
}

function firstAfter(moments: readonly Moment[], atMs: number): number {
	let low = 0;
	let high = moments.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if ((moments[middle]?.atMs ?? 0) < atMs) low = middle + 1;
		else high = middle;
	}
	return low;
}

function falseAlarms({ moments }: Series, alarm: number): number {
	let wrong = 0;
	let open = false;
	let right = false;
	let lastMs = 0;
	const end = (): void => {
		if (open && !right) wrong++;
		open = false;
		right = false;
	};
	for (const one of moments) {
		if (one.score < alarm) continue;
		if (open && one.atMs - lastMs > PAUSE_MS) end();
		open = true;
		lastMs = one.atMs;
		// What cannot be said is not held against it.
		if (one.label !== 0) right = true;
	}
	end();
	return wrong;
}

function calibrationError(known: readonly Moment[]): number {
	const bins = Array.from({ length: BINS }, () => ({ n: 0, said: 0, came: 0 }));
	for (const one of known) {
		const bin = bins[Math.min(BINS - 1, Math.floor(one.score * BINS))];
		if (bin === undefined) continue;
		bin.n++;
		bin.said += one.score;
		bin.came += one.label;
	}
	return bins.reduce((sum, bin) => sum + Math.abs(bin.said - bin.came), 0) / Math.max(1, known.length);
}

function round(value: number, digits: number): number {
	return Math.round(value * 10 ** digits) / 10 ** digits;
}

function maybeRound(value: number | null): number | null {
	return value === null ? null : round(value, 4);
}
