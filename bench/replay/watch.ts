/**
 * The daemon's eyes on one recorded uplink in virtual time: its real detector, probes at the daemon's own pace, bursts as
 * fping sends them, and the counters of the traffic it carries. What it observes goes to `observe` at the time at which it
 * is known.
 */
import type { Observation } from "../../daemon/health/types.ts";
import { type PaceInput, pace, probeBytes, type Role } from "../../daemon/probe/budget.ts";
import { createDetector } from "../../daemon/probe/detector.ts";
import type { DetectorInput } from "../../daemon/probe/detector-types.ts";
import { createTrafficJudge } from "../../daemon/probe/passive.ts";
import { patienceMs } from "../../daemon/probe/patience.ts";
import { SPAWN_MS, TARGETS } from "../detectors/ours.ts";
import { createTraceLink } from "../traces/link.ts";
import type { Track } from "../traces/types.ts";
import type { Queue } from "./queue.ts";

const ROUND_MS = 30;
/** Packets a second of a user who does something. */
const USER_PPS = 20;
/** From here on the prober looks at the counters itself; quicker probes need no such help. */
const QUICK_SPACING_MS = 500;
const LOOK_MS = 250;

export interface TrackWatch {
	setRole(role: Role): void;
	recheck(): void;
	bytes(): number;
}

export function spacingOf(track: Track, role: Role, mode: PaceInput["mode"] = "balanced"): number {
	const families = [{ family: "ipv4", method: "icmp" }] as const;
	const rest = { families, overBudget: false, intervalMs: null, bytesPerDay: null };
	return pace({ mode, metered: track.metered, role, ...rest }).spacingMs;
}

export function createTrackWatch(options: {
	readonly track: Track;
	readonly queue: Queue;
	readonly now: () => number;
	readonly role: Role;
	readonly untilMs: number;
	readonly observe: (observation: Observation) => void;
}): TrackWatch {
	const { track, queue, now, observe } = options;
	const uplink = track.uplink;
	const link = createTraceLink(track);
	const detector = createDetector({ targets: TARGETS, method: "icmp", nowMs: 0 });
	detector.step({ kind: "patience", ms: patienceMs(track.class), atMs: 0 });
	const traffic = createTrafficJudge();
	let role = options.role;
	let spacingMs = 0;
	let generation = 0;
	let burstRun = 0;
	let sent = 0;
	let own = 0;
	let deadlineMs = Number.POSITIVE_INFINITY;
	let hinted = false;
	const counters = { rxBytes: 0, rxPackets: 0, txBytes: 0, txPackets: 0 };

	function step(input: DetectorInput): void {
		for (const effect of detector.step(input)) {
			if (effect.kind === "reach") {
				if (hinted && effect.verdict !== "suspect") {
					hinted = false;
					if (effect.verdict === "up") traffic.falseAlarm(effect.atMs);
				}
				observe({ ...effect, uplink, family: "ipv4" });
			} else if (effect.kind === "probe") observe({ ...effect, uplink, family: "ipv4", method: "icmp" });
			else if (effect.kind === "burst") burst(effect.rounds);
		}
		arm();
	}

	function arm(): void {
		const next = detector.deadlineMs() ?? Number.POSITIVE_INFINITY;
		if (next === deadlineMs || next > options.untilMs) return;
		deadlineMs = next;
		// A millisecond to read what waits in the pipes, as the daemon does.
		queue.at(Math.max(now(), next) + 1, () => {
			if (deadlineMs !== next) return;
			deadlineMs = Number.POSITIVE_INFINITY;
			step({ kind: "tick", atMs: now() });
		});
	}

	function send(series: "steady" | "burst", target: string, seq: number, run: number): void {
		sent++;
		own++;
		counters.txPackets++;
		counters.txBytes += 36;
		const answer = link.answerAt(target, now());
		if (answer === null || answer > options.untilMs) return;
		const rttMs = answer - now();
		queue.at(answer, () => {
			counters.rxPackets++;
			counters.rxBytes += 36;
			if (series === "burst" || run === generation) step({ kind: "reply", atMs: now(), series, target, seq, rttMs });
		});
	}

	function burst(rounds: number): void {
		const base = 1000 * ++burstRun;
		for (let round = 0; round < rounds; round++) {
			for (const [index, target] of TARGETS.entries()) {
				const seq = base + round;
				const sentAtMs = now() + SPAWN_MS + round * ROUND_MS + index;
				queue.at(sentAtMs, () => send("burst", target, seq, 0));
				queue.at(now(), () => step({ kind: "sent", atMs: now(), series: "burst", target, seq, sentAtMs }));
			}
		}
	}

	function start(): void {
		spacingMs = spacingOf(track, role);
		const run = ++generation;
		const periodMs = spacingMs * TARGETS.length;
		const slots = TARGETS.map((target, index) => {
			const firstSentMs = now() + SPAWN_MS + index * spacingMs;
			const loop = (seq: number): void => {
				if (run !== generation || now() > options.untilMs) return;
				send("steady", target, seq, run);
				queue.at(firstSentMs + (seq + 1) * periodMs, () => loop(seq + 1));
			};
			queue.at(firstSentMs, () => loop(0));
			return { target, firstSentMs, periodMs };
		});
		step({ kind: "plan", atMs: now(), slots });
		look(run);
	}

	/** Somebody uses the uplink that carries the traffic: the counters tell sooner than slow probes. */
	function look(run: number): void {
		if (run !== generation || now() > options.untilMs || spacingMs < QUICK_SPACING_MS || role !== "active") return;
		const seen = traffic.look({ ...counters }, own, now());
		own = 0;
		if (seen !== null) {
			if (seen.hint) hinted = true;
			step({ kind: "traffic", atMs: now(), state: seen.state, hint: seen.hint });
		}
		for (let n = 0; n < (USER_PPS * LOOK_MS) / 1000; n++) {
			const at = now() + (n * 1000) / USER_PPS;
			counters.txPackets++;
			counters.txBytes += 200;
			const rtt = link.rttAt(at);
			if (rtt === null) continue;
			queue.at(at + rtt, () => {
				counters.rxPackets++;
				counters.rxBytes += 1000;
			});
		}
		queue.at(now() + LOOK_MS, () => look(run));
	}

	queue.at(0, start);
	return {
		setRole(next) {
			if (next === role) return;
			role = next;
			start();
		},
		recheck: () => step({ kind: "recheck", atMs: now() }),
		bytes: () => sent * probeBytes("icmp", "ipv4"),
	};
}
