/** Our real detector over a link in virtual time, with the steady schedule and the bursts as fping sends them. */
import type { ReachObservation } from "../../daemon/health/types.ts";
import { createDetector } from "../../daemon/probe/detector.ts";
import type { Detector, DetectorEffect, DetectorInput } from "../../daemon/probe/detector-types.ts";
import type { Link } from "./link.ts";

export const TARGETS = ["1.1.1.1", "8.8.8.8", "9.9.9.9"];
/** From the wish for a burst to its first packet: measured start of fping by Node, x86. */
export const SPAWN_MS = 15;
/** The shape of a burst (daemon/probe/fping.ts): rounds this far apart, targets 1 ms apart. */
const ROUND_MS = 30;

export interface Change {
	readonly atMs: number;
	readonly verdict: ReachObservation["verdict"];
	readonly text: string;
}

export interface OursOptions {
	readonly targets?: readonly string[];
	/** Between two steady probes to any target. */
	readonly spacingMs: number;
	readonly untilMs: number;
	/** Where in its period the schedule starts. */
	readonly phaseMs?: number;
	/** Further inputs (stall, traffic, link), each at its time. */
	readonly inputs?: readonly DetectorInput[];
	/** While true at that time, timers of ours and of the ping program do not run. */
	readonly stopped?: readonly (readonly [number, number])[];
	onEffect?(effect: DetectorEffect, detector: Detector): void;
}

export interface OursResult {
	readonly changes: Change[];
	readonly detector: Detector;
	readonly probes: { sent: number; bursts: number; lost: number; excused: number };
}

type Event = { atMs: number; order: number; run: () => void };

export function runOurs(link: Link, options: OursOptions): OursResult {
	const targets = options.targets ?? TARGETS;
	const detector = createDetector({ targets, method: "icmp", nowMs: 0 });
	const changes: Change[] = [];
	const probes = { sent: 0, bursts: 0, lost: 0, excused: 0 };
	const queue: Event[] = [];
	let order = 0;
	let now = 0;
	let burstRun = 0;

	const frozenUntil = (atMs: number): number =>
		options.stopped?.find(([from, to]) => atMs >= from && atMs < to)?.[1] ?? atMs;
	const at = (atMs: number, run: () => void): void => {
		const event = { atMs: frozenUntil(atMs), order: order++, run };
		let index = queue.length;
		while (index > 0 && (queue[index - 1]?.atMs ?? 0) > event.atMs) index--;
		queue.splice(index, 0, event);
	};
	const send = (series: "steady" | "burst", target: string, seq: number): void => {
		probes.sent++;
		const answer = link.answerAt(target, now);
		const rttMs = answer === null ? 0 : answer - now;
		if (answer !== null) at(answer, () => step({ kind: "reply", atMs: now, series, target, seq, rttMs }));
	};
	const step = (input: DetectorInput): void => {
		for (const effect of detector.step(input)) {
			options.onEffect?.(effect, detector);
			if (effect.kind === "reach") {
				if (changes.at(-1)?.verdict !== effect.verdict) {
					changes.push({ atMs: effect.atMs, verdict: effect.verdict, text: effect.evidence.text });
				}
			} else if (effect.kind === "burst") startBurst(effect.rounds);
			else if (effect.kind === "probe" && effect.rttMs === null) {
				probes.lost++;
				if (effect.excused) probes.excused++;
			}
		}
	};
	const startBurst = (rounds: number): void => {
		probes.bursts++;
		const base = 1000 * ++burstRun;
		for (let round = 0; round < rounds; round++) {
			for (const [index, target] of targets.entries()) {
				const sentAtMs = now + SPAWN_MS + round * ROUND_MS + index;
				at(sentAtMs, () => send("burst", target, base + round));
				at(now, () => step({ kind: "sent", atMs: now, series: "burst", target, seq: base + round, sentAtMs }));
			}
		}
	};

	const periodMs = options.spacingMs * targets.length;
	const phase = options.phaseMs ?? 0;
	const slots = targets.map((target, index) => ({ target, firstSentMs: phase + index * options.spacingMs, periodMs }));
	for (const slot of slots) {
		const loop = (seq: number): void => {
			send("steady", slot.target, seq);
			at(slot.firstSentMs + (seq + 1) * periodMs, () => loop(seq + 1));
		};
		at(slot.firstSentMs, () => loop(0));
	}
	for (const input of options.inputs ?? []) at(input.atMs, () => step(input));
	step({ kind: "plan", atMs: 0, slots });

	while (now < options.untilMs) {
		const next = queue[0];
		const deadline = detector.deadlineMs() ?? Number.POSITIVE_INFINITY;
		const wake = frozenUntil(deadline);
		if (next && next.atMs <= wake) {
			queue.shift();
			now = Math.max(now, next.atMs);
			next.run();
		} else if (wake < options.untilMs) {
			const late = wake - deadline > 200;
			now = Math.max(now, wake);
			step(late ? { kind: "stall", atMs: now } : { kind: "tick", atMs: now });
		} else break;
	}
	return { changes, detector, probes };
}
