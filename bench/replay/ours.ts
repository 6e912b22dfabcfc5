/**
 * The daemon over a recording in virtual time: its detector on each uplink, its engine above, switches that take as long as
 * they do. Reactive is the same with the forecast switched off.
 */
import { readConfig } from "../../daemon/config/read.ts";
import { toSettings } from "../../daemon/config/settings.ts";
import { step } from "../../daemon/decide/engine.ts";
import type { Settings } from "../../daemon/decide/settings.ts";
import { initialState } from "../../daemon/decide/state.ts";
import type { Decision, Input, UplinkFacts } from "../../daemon/decide/types.ts";
import { parseUci } from "../../daemon/uci/parse.ts";
import type { Trace, Track } from "../traces/types.ts";
import type { Played } from "./peers.ts";
import { createQueue } from "./queue.ts";
import type { Turn } from "./score.ts";
import { createTrackWatch } from "./watch.ts";

/** Measured on x86 with mwan3: bench steer. */
const APPLY_MS = 40;

export const DEFAULTS: Settings = toSettings(readConfig(parseUci("", { file: "bench" }), "bench").config);

export interface OursPlayed extends Played {
	readonly decisions: readonly Decision[];
}

export interface OursOptions {
	readonly settings: Settings;
	/** Hears all that the engine hears, before it; what it answers is fed after it. */
	readonly listen?: (input: Input, state: { readonly primary: string | null }) => readonly Input[];
	readonly tickMs?: number;
}

function factsOf(track: Track, order: number): UplinkFacts {
	return {
		id: track.uplink,
		order,
		class: track.class,
		present: true,
		up: true,
		carrier: null,
		families: ["ipv4"],
		metered: track.metered,
		weight: Math.round(100 * 0.8 ** order),
		disabled: false,
		minUptimeMs: DEFAULTS.minUptimeMs,
		cooldownMs: DEFAULTS.cooldownMs,
		preferRoaming: false,
	};
}

export function ours(trace: Trace, order: readonly number[], options: OursOptions): OursPlayed {
	const queue = createQueue();
	const untilMs = trace.lengthMs;
	const tickMs = options.tickMs ?? 1000;
	const turns: Turn[] = [{ atMs: 0, uplink: order[0] ?? null }];
	const decisions: Decision[] = [];
	let now = 0;
	let state = initialState(options.settings);
	let wakeMs = Number.POSITIVE_INFINITY;
	const waiting: Input[] = [];
	let busy = false;

	const watches = trace.tracks.map((track, index) =>
		createTrackWatch({
			track,
			queue,
			untilMs,
			now: () => now,
			role: index === order[0] ? "active" : "standby",
			observe: feed,
		}),
	);

	function feed(input: Input): void {
		waiting.push(input);
		if (busy) return;
		busy = true;
		for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) one(next);
		busy = false;
	}

	function one(input: Input): void {
		for (const more of options.listen?.(input, state) ?? []) waiting.push(more);
		const result = step(state, input);
		state = result.state;
		decisions.push(...result.decisions);
		for (const action of result.actions) {
			if (action.kind === "recheck") {
				for (const id of action.uplinks) watches[trace.tracks.findIndex((one) => one.uplink === id)]?.recheck();
			} else {
				const { primary } = action.plan;
				const uplink = trace.tracks.findIndex((one) => one.uplink === primary);
				const { id } = action;
				queue.at(now + APPLY_MS, () => {
					if (uplink >= 0 && turns[turns.length - 1]?.uplink !== uplink) turns.push({ atMs: now, uplink });
					watches.forEach((watch, index) => {
						watch.setRole(index === uplink ? "active" : "standby");
					});
					feed({ kind: "applied", atMs: now, actionId: id, ok: true, method: "bench", durationMs: APPLY_MS, text: "" });
				});
			}
		}
		const { wakeAtMs } = result;
		if (wakeAtMs !== null && wakeAtMs < wakeMs) {
			wakeMs = wakeAtMs;
			queue.at(wakeAtMs, () => {
				if (wakeMs !== wakeAtMs) return;
				wakeMs = Number.POSITIVE_INFINITY;
				feed({ kind: "tick", atMs: now });
			});
		}
	}

	const byOrder = order.map((index, place) => factsOf(trace.tracks[index] as Track, place));
	feed({ kind: "uplinks", atMs: 0, uplinks: byOrder });
	for (const track of trace.tracks) {
		// One at a time in the queue, or hours of signals would fill it.
		const tell = (n: number): void => {
			const signal = track.signals[n];
			if (signal === undefined) return;
			queue.at(signal.atMs, () => {
				feed({ kind: "sense", uplink: track.uplink, atMs: now, values: signal.values });
				tell(n + 1);
			});
		};
		tell(0);
	}
	const tick = (): void => {
		feed({ kind: "tick", atMs: now });
		if (now + tickMs < untilMs) queue.at(now + tickMs, tick);
	};
	queue.at(tickMs, tick);
	while (queue.nextMs() <= untilMs) {
		now = Math.max(now, queue.nextMs());
		queue.step();
	}
	const bytes = watches.reduce((sum, watch, i) => sum + (trace.tracks[i]?.metered ? watch.bytes() : 0), 0);
	const predicted = decisions.filter((one) => one.kind === "predictive").length;
	return { turns, probeBytes: bytes, decisions, predicted };
}
