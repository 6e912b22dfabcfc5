/**
 * Recordings of one link each, paired as if a router had both at the same time. They were not taken together: nothing that
 * strikes both at once (a tunnel, a power cut) is in them, so they flatter every policy alike.
 */
import type { Trace, Track } from "../traces/types.ts";

const rename = (part: Trace, track: Track, uplink: string): Track => ({ ...track, uplink, origin: originOf(part) });
/** Played again from its start until it is as long. */
function repeated(trace: Trace, lengthMs: number): Trace {
	const rounds = Math.ceil(lengthMs / trace.lengthMs);
	const tracks = trace.tracks.map((one): Track => {
		const at = (round: number) => round * trace.lengthMs;
		const times = Array.from({ length: rounds }, (_, round) => Array.from(one.sentMs, (sent) => sent + at(round)));
		const signals = Array.from({ length: rounds }, (_, round) =>
			one.signals.map((signal) => ({ ...signal, atMs: signal.atMs + at(round) })),
		);
		const rtts = Array.from({ length: rounds }, () => [...one.rttMs]);
		return {
			...one,
			sentMs: Float64Array.from(times.flat()),
			rttMs: Float64Array.from(rtts.flat()),
			signals: signals.flat(),
		};
	});
	return { ...trace, tracks, lengthMs: rounds * trace.lengthMs };
}

const originOf = (part: Trace): string => `${part.folder}/${part.group}`;

export function composites(all: readonly Trace[]): Trace[] {
	const single = all.filter((trace) => trace.tracks.length === 1);
	const of = (cls: Track["class"]): Trace[] => single.filter((trace) => trace.tracks[0]?.class === cls);
	const modems = of("cellular").filter((trace) => trace.lengthMs > 3_600_000);
	const made: Trace[] = [];
	const pair = (folder: string, parts: readonly Trace[]): void => {
		const tracks = parts.map((part, i) => rename(part, part.tracks[0] as Track, `${part.tracks[0]?.class}${i}`));
		made.push({
			folder,
			name: parts.map((part) => part.name).join(" + "),
			group: parts.map(originOf).join(" + "),
			lengthMs: Math.min(...parts.map((part) => part.lengthMs)),
			tracks,
			seamsMs: [],
			note: "composite: links recorded at different times, paired",
		});
	};
	const [first, second] = modems;
	const sameDay = modems.length === 2 && first && second && first.folder === second.folder;
	if (sameDay) {
		const names = modems.flatMap((one) => one.tracks.map((track) => track.uplink));
		made.push({
			folder: first.folder,
			name: names.join(" + "),
			group: modems.map(originOf).join(" + "),
			lengthMs: Math.min(first.lengthMs, second.lengthMs),
			tracks: modems.flatMap((one) => one.tracks.map((track) => rename(one, track, track.uplink))),
			seamsMs: [],
			note: "two 5G routers of one ship, probes made from their signal",
		});
	}
	const walks = of("wifi");
	for (let i = 0; i + 1 < walks.length; i += 2) pair("composite-wifi-wifi", walks.slice(i, i + 2));
	const dishes = of("starlink");
	if (first) for (const dish of dishes) pair("composite-dish-cellular", [dish, repeated(first, dish.lengthMs)]);
	return made;
}
