/**
 * How long a silence of a radio link goes on, once it has begun: the table of daemon/forecast/silence.ts.
 * `npx tsx bench/train/silences.ts --data DIR [--folder NAME] [--but NAME]`. Each link is watched by the daemon's own detector, as
 * one in use, once probed closely and once as bytes cost money; a silence is a suspicion and all until the first reply.
 * Prints, for each time since the suspicion, how many silences went on and the share of them that lasted LASTS_MS.
 */
import { LASTS_MS, SILENCE_TABLE } from "../../daemon/forecast/silence.ts";
import { values } from "../replay/options.ts";
import { createQueue } from "../replay/queue.ts";
import { createTrackWatch } from "../replay/watch.ts";
import { blackouts, type Span } from "../traces/link.ts";
import { OWN_DATA, readTraces } from "../traces/read.ts";
import type { Trace, Track } from "../traces/types.ts";

interface Silence {
	/** From the suspicion to the first reply, ms. */
	readonly lastedMs: number;
	readonly darkMs: number;
}

/** A recorded blackout belongs to a suspicion that came up to so long after it began. */
const BEFORE_MS = 30_000;

function silencesOf(trace: Trace, track: Track): Silence[] {
	const queue = createQueue();
	const dark = blackouts(track, 0);
	const found: Silence[] = [];
	let now = 0;
	let since: number | null = null;
	const end = (): void => {
		if (since === null) return;
		const start = since;
		const of = dark.find(
			([from, to]: Span) => to > start - LASTS_MS && from <= start + 100 && from > start - BEFORE_MS,
		);
		found.push({ lastedMs: now - start, darkMs: of === undefined ? 0 : of[1] - of[0] });
		since = null;
	};
	createTrackWatch({
		track,
		queue,
		role: "active",
		untilMs: trace.lengthMs,
		now: () => now,
		observe(o) {
			if (o.kind === "reach" && o.verdict === "suspect") since ??= now;
			else if ((o.kind === "probe" && o.rttMs !== null) || (o.kind === "reach" && o.verdict === "up")) end();
		},
	});
	while (queue.nextMs() <= trace.lengthMs) {
		now = Math.max(now, queue.nextMs());
		queue.step();
	}
	end();
	return found;
}

const args = process.argv.slice(2);
const [only, but] = [values(args, "--folder"), values(args, "--but")];
const found: Silence[] = [];
for (const trace of readTraces(values(args, "--data")[0] ?? OWN_DATA, only)) {
	// Only round trips that were measured: probes made from frames or signal say nothing of parts of a second.
	if (but.includes(trace.folder) || /probes made/.test(trace.note ?? "")) continue;
	for (const track of trace.tracks) {
		if (track.class !== "cellular" && track.class !== "wifi") continue;
		for (const metered of [true, false]) found.push(...silencesOf(trace, { ...track, metered }));
	}
}
for (const [sinceMs, share] of SILENCE_TABLE) {
	const on = found.filter((one) => one.lastedMs > sinceMs);
	const lasted = on.filter((one) => one.darkMs >= LASTS_MS).length;
	console.log(`${sinceMs} ms: ${on.length} silences, ${(lasted / Math.max(1, on.length)).toFixed(3)} (table ${share})`);
}
