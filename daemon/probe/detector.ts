/**
 * Is this uplink alive, for one address family? A pure state machine: no clock, no I/O, no randomness. It is told what
 * was sent, what came back and what else was seen; it answers with effects (a verdict, a probe's result, a wish for a
 * burst) and with the next moment at which it wants to be asked again. In prose (figures in docs/probing.md):
 *
 * - up: when a reply is overdue beyond its target's own history and nothing sent since was answered either, the link is
 *   suspect. On a link known to lose packets two or three must be overdue in a row, or every lost packet would cost a
 *   burst. A hint from the interface counters (bytes leave, none arrive) makes it suspect at once.
 *   So does the silence of the other family: mostly the link itself is gone, and both shall be convicted at once.
 * - suspect: a burst of quick probes goes to all targets. Any reply at all: up again. When the whole burst is overdue,
 *   and so many in all that random loss at the link's own rate explains it less than once in ten million times, it is
 *   dead; with too few, one more burst. A link that was called dead twice within ten minutes and was back at once (1.5 s)
 *   gets more patience (0.25, 0.5, 0.7 s): satellites and cells hand over in silence. A kind of link that is known for it
 *   gets some from the start.
 *   When TCP or DNS was answered meanwhile (a witness), it is not the link but ping that is filtered: up, by that method.
 * - dead: the first reply asks for a burst; up again after three replies that are three in five of what was due since
 *   (comeback.ts). One lucky packet is no link.
 * - unknown: just started, or the link came up. Two replies make it up, two silent bursts make it dead.
 * - Carrier loss or ifdown is dead at once. The gateway's reply is evidence for people and never counts as life.
 * - When we ourselves stood still (suspend, starved CPU) nothing due meanwhile is held against the link; and neither silence
 *   nor loss is judged while the replies that came are still being read.
 */
import type { ProbeMethod, ReachEvidence, ReachVerdict } from "../health/types.ts";
import { lateNeeded, unansweredNeeded } from "./chance.ts";
import { createComeback } from "./comeback.ts";
import type { Detector, DetectorEffect, DetectorInput, DetectorOptions, TrafficState } from "./detector-types.ts";
import { createFlight, MIN_BURST_WAIT_MS } from "./flight.ts";

const MIN_ROUNDS = 2;
const MAX_ROUNDS = 8;
/** The same verdict is repeated at this pace, so that the engine's evidence stays fresh. */
export const REPEAT_MS = 5000;
const UP_REPLIES = 2;
/** A burst whose probes were never reported as sent. */
const BURST_START_MS = 1000;
/** dead -> up faster than this was a blip, not an outage. */
const BLIP_MS = 1500;
const PATIENCE_STEP_MS = 250;
const PATIENCE_MAX_MS = 700;
const PATIENCE_FOR_MS = 600_000;
const NEVER = Number.NEGATIVE_INFINITY;

export function createDetector(options: DetectorOptions): Detector {
	const { targets } = options;
	const flight = createFlight(targets);
	let method = options.method;
	let effects: DetectorEffect[] = [];
	let now = options.nowMs;

	let verdict: ReachVerdict = "unknown";
	let linkUp = true;
	let reason = "just started";
	let lastReachMs = NEVER;
	let lastAliveMs = NEVER;
	/** Steady probes sent before this are not held against the link any more. */
	let judgeFromMs = NEVER;
	let forgivenOnce = false;

	// One episode: a suspicion, the start, or a dead link's attempt to come back.
	let sent = 0;
	let answered = 0;
	let unanswered = 0;
	const answeredBy = new Set<string>();
	const comeback = createComeback();
	let burstAtMs: number | null = null;
	let burstWasSent = false;
	let bursts = 0;

	let witness: ProbeMethod | null = null;
	let asking = false;

	let suspectAtMs = NEVER;
	let deadAtMs = NEVER;
	let patienceMs = 0;
	let patienceUntilMs = NEVER;
	/** Before anything was learnt. */
	let bornPatienceMs = 0;
	let gateway: ReachEvidence["gateway"] = "unknown";
	let traffic: TrafficState = "unknown";

	function reach(text: string): void {
		lastReachMs = now;
		const evidence: ReachEvidence = {
			silentMs: Math.max(0, Math.round(now - Math.max(lastAliveMs, options.nowMs))),
			expectedMs: Math.round(flight.rtoMs()),
			sent,
			answered,
			targets: targets.length,
			targetsAnswered: answeredBy.size,
			gateway,
			traffic,
			method: linkUp ? (targets.length === 0 ? "none" : method) : "carrier",
			text,
		};
		effects.push({ kind: "reach", atMs: now, verdict, evidence });
	}

	function become(next: ReachVerdict, text: string): void {
		verdict = next;
		reason = text;
		reach(text);
	}

	function beginEpisode(): void {
		sent = 0;
		comeback.begin();
		answered = 0;
		unanswered = 0;
		answeredBy.clear();
		burstAtMs = null;
		bursts = 0;
		witness = null;
		asking = false;
	}

	function noteSent(targets: readonly { readonly target: string }[]): void {
		if (verdict === "up") return;
		for (const { target } of targets) {
			sent++;
			comeback.sent(target);
		}
	}

	function burst(): void {
		if (!linkUp || burstAtMs !== null || targets.length === 0) return;
		burstAtMs = now;
		burstWasSent = false;
		bursts++;
		const rounds = Math.ceil(unansweredNeeded(flight.lossRate()) / targets.length);
		effects.push({ kind: "burst", rounds: Math.min(MAX_ROUNDS, Math.max(MIN_ROUNDS, rounds)) });
	}

	function suspect(why: string, late: number): void {
		beginEpisode();
		sent = late;
		gateway = "unknown";
		suspectAtMs = now;
		become("suspect", why);
		burst();
	}

	function rise(text: string): void {
		flight.settle(true);
		judgeFromMs = now;
		burstAtMs = null;
		become("up", text);
	}

	function die(): void {
		comeback.trust(targets.filter(flight.counts));
		effects.push(...flight.expire(now, true));
		flight.settle(false);
		deadAtMs = now;
		const extra = `${gateway === "answers" ? ", the gateway answers" : ""}${traffic === "one_way" ? ", bytes leave and none arrive" : ""}`;
		become("dead", `${sent} probes to ${targets.length} target${targets.length === 1 ? "" : "s"} unanswered${extra}`);
		beginEpisode();
	}

	function filtered(by: ProbeMethod): void {
		flight.forget(now);
		effects.push({ kind: "filtered", method: by });
		lastAliveMs = now;
		rise(`ping is not answered, ${by === "tcp" ? "TCP" : "DNS"} is`);
	}

	function onReply(target: string): void {
		lastAliveMs = now;
		forgivenOnce = false;
		if (!linkUp) return;
		if (verdict === "dead" && answered === 0) {
			beginEpisode();
			sent = 1;
			comeback.sent(target);
		}
		answered++;
		answeredBy.add(target);
		comeback.answered(target);
		if (verdict === "up") {
			flight.settle(true);
			if (burstAtMs !== null) {
				burstAtMs = null;
				reach(`${target} answered a recheck`);
			}
		} else if (verdict === "suspect") rise(`${target} answered after all`);
		else if (verdict === "unknown") {
			if (answered >= UP_REPLIES) rise(`${answered} replies`);
		} else if (comeback.isBack(burstAtMs !== null)) comeBack();
		else if (answered === 1) burst();
	}

	function comeBack(): void {
		if (now - deadAtMs < BLIP_MS) {
			if (now >= patienceUntilMs) patienceMs = 0;
			else patienceMs = Math.min(PATIENCE_MAX_MS, Math.max(PATIENCE_STEP_MS, patienceMs * 2));
			patienceUntilMs = now + PATIENCE_FOR_MS;
		}
		flight.settle(false);
		rise(`answers again: ${answered} of ${sent} probes`);
	}

	/**
	 * What is known at `now`, turned into verdicts. `allRead`: whatever came has been taken. While one reply after the other
	 * is read, the next one may wait behind it: after a standstill the silence up to now says nothing yet.
	 */
	function judge(allRead: boolean): void {
		noteSent(flight.advance(now));
		if (allRead && linkUp && verdict === "up") {
			const late = flight.late(now, judgeFromMs);
			const checked = burstAtMs !== null && burstIsOver();
			if (checked) suspect("a recheck went unanswered", flight.silent(now).overdue);
			else if (late.length >= lateNeeded(flight.lossRate()))
				suspect(`no reply from ${late.join(", ")} in time`, late.length);
		} else if (allRead && linkUp) judgeSilence();
		const lost = allRead ? flight.expire(now) : flight.judged();
		if (verdict !== "up") unanswered += lost.length;
		for (const one of lost) effects.push(one);
		if (lastReachMs !== NEVER && now >= lastReachMs + REPEAT_MS) reach(verdict === "up" ? "replies in time" : reason);
	}

	function burstIsOver(): boolean {
		if (burstAtMs === null) return true;
		if (!burstWasSent) return now >= burstAtMs + BURST_START_MS;
		return (flight.burstDueMs() ?? now) <= now;
	}

	function judgeSilence(): void {
		if (!burstIsOver()) return;
		const burstEnded = burstAtMs !== null;
		burstAtMs = null;
		if (verdict === "dead") {
			if (burstEnded && comeback.isBack(false)) comeBack();
			else if (burstEnded && comeback.isLikely()) burst();
			else if (burstEnded) beginEpisode(); // a lone reply led to nothing
			return;
		}
		if (verdict === "unknown" && burstEnded && answered > 0) {
			answered = 0; // one reply was not enough; ask once more
			burst();
			return;
		}
		const overdue = unanswered + flight.silent(now).overdue;
		const patience = Math.max(bornPatienceMs, now < patienceUntilMs ? patienceMs : 0);
		const early = patience > 0 && now - suspectAtMs < MIN_BURST_WAIT_MS + patience;
		const again = overdue < unansweredNeeded(flight.lossRate()) || early || (verdict === "unknown" && bursts < 2);
		if (!again && witness !== null) filtered(witness);
		else if (!again && !asking) die();
		else if (!again)
			return; // what is being asked will be known in a moment
		else if (burstEnded) burst();
	}

	function setLink(up: boolean, text: string): void {
		if (up === linkUp) return;
		linkUp = up;
		flight.setPlan([], now);
		flight.forget(now);
		flight.settle(false);
		beginEpisode();
		deadAtMs = NEVER; // a pulled cable is no blip
		become(up ? "unknown" : "dead", text);
	}

	/** Replies may have been missed because we, or the ping program, stood still. */
	function stall(): void {
		if (forgivenOnce) return; // once per silence, or a starved router never gets a verdict
		forgivenOnce = true;
		flight.forget(now);
		const again = burstAtMs !== null;
		burstAtMs = null;
		if (again) burst();
	}

	function take(input: DetectorInput): void {
		if (input.kind === "plan") {
			flight.setPlan(input.slots, now);
			if (lastReachMs === NEVER) reach(reason);
			if (verdict === "unknown" && bursts === 0) burst();
		} else if (input.kind === "sent") {
			flight.send(input.series, input.target, input.seq, input.sentAtMs);
			noteSent([input]);
			if (input.series === "burst") burstWasSent = true;
		} else if (input.kind === "reply") {
			noteSent(flight.advance(now));
			const effect = flight.reply(input.series, input.target, input.seq, input.rttMs, input.atMs);
			if (effect) effects.push(effect);
			onReply(input.target);
		} else if (input.kind === "refused") flight.refuse(input.target);
		else if (input.kind === "burst_failed") {
			const unsent = flight.unsendBursts();
			if (verdict !== "up") sent = Math.max(0, sent - unsent);
			burstAtMs = null;
			bursts++; // silence of the steady probes must do
		} else if (input.kind === "gateway")
			gateway = input.answers ? "answers" : gateway === "answers" ? gateway : "silent";
		else if (input.kind === "traffic") {
			traffic = input.state;
			if (input.hint && verdict === "up" && linkUp && burstAtMs === null) suspect("bytes leave and none arrive", 0);
		} else if (input.kind === "doubt") {
			if (verdict === "up" && linkUp && burstAtMs === null) suspect("the other family is silent", 0);
		} else if (input.kind === "method") method = input.method;
		else if (input.kind === "witness") {
			if (verdict === "suspect") witness = input.method;
		} else if (input.kind === "asking") asking = input.on && verdict === "suspect";
		else if (input.kind === "link") setLink(input.up, input.text);
		else if (input.kind === "patience") bornPatienceMs = input.ms;
		else if (input.kind === "recheck") burst();
		else if (input.kind === "stall") stall();
	}

	return {
		step(input) {
			effects = [];
			now = Math.max(now, input.atMs);
			take(input);
			judge(input.kind !== "reply" && input.kind !== "gateway");
			return effects;
		},
		deadlineMs() {
			let next = flight.nextLossMs();
			if (lastReachMs !== NEVER && verdict !== "up") next = Math.min(next, lastReachMs + REPEAT_MS);
			if (burstAtMs !== null) {
				const due = burstWasSent ? (flight.burstDueMs() ?? now) : burstAtMs + BURST_START_MS;
				next = Math.min(next, due);
			} else if (linkUp && verdict === "suspect") next = Math.min(next, flight.nextLateMs(now));
			if (linkUp && verdict === "up")
				next = Math.min(next, flight.lateAtMs(lateNeeded(flight.lossRate()), judgeFromMs));
			return next === Number.POSITIVE_INFINITY ? null : Math.max(next, now);
		},
		calmDues() {
			if (verdict !== "up" || !linkUp || burstAtMs !== null) return null;
			return flight.calmDues(lateNeeded(flight.lossRate()), judgeFromMs);
		},
		verdict: () => verdict,
		rtoMs: () => flight.rtoMs(),
		lossPct: () => Math.round(flight.lossRate() * 1000) / 10,
		srttMs: () => flight.srttMs(),
		targets: () => flight.report(),
	};
}
