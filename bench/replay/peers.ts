/**
 * What others would have done with the same links: their detectors as models (bench/detectors/peers.ts), and above them
 * the choice their manuals describe. `order` lists the uplinks as the owner prefers them.
 *
 * mwan3: the first online member of the policy; with none online the traffic is rejected (last_resort unreachable).
 * Gateway group of pfSense or OPNsense over dpinger: the first one without an alarm; with an alarm on all, the first.
 */
import { type Mwan3Settings, runDpinger, runMwan3, type Verdicts } from "../detectors/peers.ts";
import { createTraceLink } from "../traces/link.ts";
import type { Trace } from "../traces/types.ts";
import type { Turn } from "./score.ts";

/** Echo request and reply with 56 bytes of data, as ping and dpinger (0 bytes of data) send them. */
const PING_BYTES = 168;
const DPINGER_BYTES = 56;

export interface Played {
	readonly turns: readonly Turn[];
	/** Switches because of a forecast. */
	readonly predicted?: number;
	/** On metered uplinks. */
	readonly probeBytes: number;
}

export function stay(order: readonly number[]): Played {
	return { turns: [{ atMs: 0, uplink: order[0] ?? null }], probeBytes: 0 };
}

/** Rules and routes follow a verdict of mwan3track that late: measured 350-440 ms on x86. */
const APPLY_MS = 400;

export function mwan3(trace: Trace, order: readonly number[], settings: Mwan3Settings): Played {
	const verdicts = trace.tracks.map((track) => runMwan3(createTraceLink(track), settings, trace.lengthMs, 0));
	const perProbe = settings.intervalMs / Math.max(1, settings.reliability);
	return {
		turns: follow(verdicts, order, null, APPLY_MS),
		probeBytes: bytes(trace, perProbe, PING_BYTES),
	};
}

export function dpinger(trace: Trace, order: readonly number[]): Played {
	const verdicts = trace.tracks.map((track) => runDpinger(createTraceLink(track), trace.lengthMs, 0));
	return { turns: follow(verdicts, order, order[0] ?? null, APPLY_MS), probeBytes: bytes(trace, 500, DPINGER_BYTES) };
}

function bytes(trace: Trace, everyMs: number, each: number): number {
	return trace.tracks.filter((track) => track.metered).length * (trace.lengthMs / everyMs) * each;
}

function follow(verdicts: readonly Verdicts[], order: readonly number[], none: number | null, applyMs: number): Turn[] {
	const changes = verdicts.flatMap(({ dead, back }, uplink) => [
		...dead.map((atMs) => ({ atMs, uplink, up: false })),
		...back.map((atMs) => ({ atMs, uplink, up: true })),
	]);
	changes.sort((a, b) => a.atMs - b.atMs);
	const down = new Set<number>();
	const turns: Turn[] = [{ atMs: 0, uplink: order[0] ?? null }];
	for (const { atMs, uplink, up } of changes) {
		if (up) down.delete(uplink);
		else down.add(uplink);
		const now = order.find((one) => !down.has(one)) ?? none;
		if (now !== turns[turns.length - 1]?.uplink) turns.push({ atMs: atMs + applyMs, uplink: now });
	}
	return turns;
}
