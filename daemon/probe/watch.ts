/**
 * The watch over one family of one uplink: the pure detector and the edges that feed it. Steady pings by fping (or ping),
 * bursts when the detector wishes one, TCP or DNS probes when ping is filtered, questions to the uplink's own DNS
 * servers. Owns its processes, sockets and timers until close().
 *
 * Timers of ours that fire late mean that we stood still: the detector is told to forgive. Even on time, a tick first
 * lets the event loop read what waits in the pipes, so that no reply is overlooked for being unread.
 */
import type { ProbeMethod } from "../health/types.ts";
import type { Closable } from "../platform/platform.ts";
import { type Alternate, createAlternate, type SocketMethod } from "./alternate.ts";
import { probeBytes } from "./budget.ts";
import { createDetector } from "./detector.ts";
import type { Detector, DetectorInput } from "./detector-types.ts";
import { createDnsWatch } from "./dns-watch.ts";
import { POOR_PING_DATA_BYTES } from "./ping.ts";
import type { PingerEvents } from "./pinger.ts";
import { createPingerChoice } from "./pinger-choice.ts";
import type { Watch, WatchOptions } from "./watch-types.ts";

/** Later than this a timer of ours means that we stood still. */
const STALL_MS = 200;
/** Ping stays silent: is it only ping? While it is in doubt, when the link is called dead, then at this pace. */
const LOOK_FIRST_MS = 300;
const LOOK_EVERY_MS = { unmetered: 15_000, metered: 120_000 };
/** A look in doubt that was not needed holds the next one back: 10 s, doubling to 10 minutes while doubts go on. */
const DOUBT_PAUSE_MS = 10_000;
/** So long programs that ask may take to start before the verdict is made without them. */
const ASKING_MAX_MS = 1500;
const DOUBT_PAUSE_MAX_MS = 600_000;
/** While TCP stands in, ping is still tried, slowly; three replies bring it back. */
const PING_BACK_SPACING_MS = 10_000;
const PING_BACK_REPLIES = 3;
/** Waiting time of a burst's replies, so that late ones still teach the link's round trip time. */
const BURST_LISTEN_MS = 1000;

export function createWatch(options: WatchOptions): Watch {
	const { platform, family, targets, uplink } = options;
	const { clock, timers } = platform;
	const detector: Detector = createDetector({ targets, method: "icmp", nowMs: clock.monotonicMs() });
	let method: ProbeMethod = "icmp";
	let pace = options.pace;
	let up = true;
	let closed = false;
	let tick: Closable | null = null;
	let settle: Closable | null = null;
	let tickAtMs = 0;
	let look: Closable | null = null;
	let doubtPauseMs = 0;
	let nextDoubtMs = Number.NEGATIVE_INFINITY;
	let pingReplies = 0;
	let methodProblem: string | null = null;
	const dataBytes = (): number | undefined => (pings.current()?.program === "ping" ? POOR_PING_DATA_BYTES : undefined);
	const spendPings = (count: number): void => options.spend(count * probeBytes("icmp", family, dataBytes()), count);

	function step(input: DetectorInput): void {
		if (closed) return;
		const before = detector.verdict();
		let next: ProbeMethod | null = null;
		for (const effect of detector.step(input)) {
			if (effect.kind === "burst") sendBurst(effect.rounds);
			else if (effect.kind === "filtered") next = effect.method;
			else if (effect.kind === "reach") options.emit({ ...effect, uplink, family });
			else options.emit({ ...effect, uplink, family, method });
		}
		if (next !== null) switchTo(next);
		else if (detector.verdict() !== before) onVerdict();
		arm();
	}

	function arm(): void {
		const deadline = closed ? null : detector.deadlineMs();
		if (tick !== null && deadline === tickAtMs) return;
		tick?.close();
		tick = null;
		if (deadline === null) return;
		tickAtMs = deadline;
		tick = timers.after(Math.max(0, deadline - clock.monotonicMs()), onDeadline);
	}

	function onDeadline(): void {
		tick = null;
		const late = clock.monotonicMs() - tickAtMs > STALL_MS;
		settle?.close();
		settle = timers.after(1, () => step({ kind: late ? "stall" : "tick", atMs: clock.monotonicMs() }));
	}

	function sendBurst(rounds: number): void {
		if (method !== "icmp") alternate.burst(method, rounds);
		else {
			const waitMs = Math.max(BURST_LISTEN_MS, 2 * detector.rtoMs());
			pings.current()?.burst({ targets, gateway: options.gateway, rounds, waitMs });
		}
	}

	function onVerdict(): void {
		look?.close();
		look = null;
		if (!up || method !== "icmp") return;
		if (detector.verdict() === "dead") look = timers.after(LOOK_FIRST_MS, tryOthers);
		else if (detector.verdict() === "suspect") lookInDoubt();
	}

	/** Is it the link, or ping? Asked before the verdict, so that a filter costs no switch. */
	function lookInDoubt(): void {
		const nowMs = clock.monotonicMs();
		if (nowMs < nextDoubtMs || pings.current() === null || !options.pathProven()) return;
		doubtPauseMs = nowMs < nextDoubtMs + doubtPauseMs ? Math.min(DOUBT_PAUSE_MAX_MS, doubtPauseMs * 2) : DOUBT_PAUSE_MS;
		nextDoubtMs = nowMs + doubtPauseMs;
		const asking = (on: boolean): void => step({ kind: "asking", atMs: clock.monotonicMs(), on });
		const asked = (waitMs: number): void => {
			if (detector.verdict() !== "suspect") return;
			look?.close();
			look = timers.after(waitMs, () => asking(false));
		};
		const witness = (found: SocketMethod): void => step({ kind: "witness", atMs: clock.monotonicMs(), method: found });
		const started = askOthers(witness, () => platform.streams.beginsLater && asked(detector.rtoMs()));
		if (!started || platform.streams.beginsLater !== true) return;
		asked(ASKING_MAX_MS);
		asking(true);
	}

	function askOthers(onFound: (found: SocketMethod) => void, onAsked?: () => void): boolean {
		options.spend(targets.length * (probeBytes("tcp", family) + probeBytes("dns", family)), 0);
		return alternate.look((found) => {
			if (found === null || closed || !up || method !== "icmp") return;
			if (pings.current() === null) switchTo(found);
			else if (detector.verdict() === "dead") confirm(found);
			else onFound(found);
		}, onAsked);
	}

	/** The link may have come back for pings too: they get one more burst before they are given up. */
	function confirm(found: SocketMethod): void {
		look?.close();
		look = timers.after(Math.max(LOOK_FIRST_MS, 2 * detector.rtoMs()), () => {
			look = null;
			if (!closed && up && method === "icmp" && detector.verdict() === "dead") switchTo(found);
		});
		step({ kind: "recheck", atMs: clock.monotonicMs() });
	}

	/** Ping is silent; if two targets answer otherwise, it is ping that is filtered. */
	function tryOthers(): void {
		look = null;
		if (closed || !up || method !== "icmp") return;
		if (detector.verdict() !== "dead" && pings.current() !== null) return;
		const pause = options.metered ? LOOK_EVERY_MS.metered : LOOK_EVERY_MS.unmetered;
		look = timers.after(pause, tryOthers);
		if (options.pathProven()) askOthers(() => undefined);
	}

	function switchTo(next: ProbeMethod): void {
		const was = method;
		method = next;
		pingReplies = 0;
		look?.close();
		look = null;
		methodProblem =
			next === "icmp"
				? null
				: `ping is not answered here but ${next === "tcp" ? "TCP" : "DNS"} is: watched by that instead`;
		options.log.warn("probe method changed", {
			uplink,
			family,
			from: was,
			to: next,
			reason: methodProblem ?? "ping is answered again",
		});
		step({ kind: "method", atMs: clock.monotonicMs(), method: next });
		options.onMethod();
		run();
	}

	/** Starts what the method in force needs. */
	function run(): void {
		alternate.stop();
		if (!up || closed) {
			pings.current()?.watch([], pace.spacingMs);
			return;
		}
		if (method === "icmp") pings.current()?.watch(targets, pace.spacingMs);
		else {
			step({ kind: "plan", atMs: clock.monotonicMs(), slots: [] });
			alternate.watch(method, pace.spacingMs);
			pings.current()?.watch(targets, Math.max(PING_BACK_SPACING_MS, pace.spacingMs));
		}
		if (pings.current() === null && method === "icmp") look ??= timers.after(0, tryOthers);
	}

	const events: Omit<PingerEvents, "onProblem"> = {
		onPlan(slots) {
			if (method === "icmp") step({ kind: "plan", atMs: clock.monotonicMs(), slots });
		},
		onSent: spendPings,
		onReply(series, target, seq, rttMs) {
			if (method === "icmp") step({ kind: "reply", atMs: clock.monotonicMs(), series, target, seq, rttMs });
			else if (++pingReplies >= PING_BACK_REPLIES) switchTo("icmp");
		},
		onError(target, text) {
			if (options.log.isDebug()) options.log.debug("probe refused", { uplink, family, target, reason: text });
			if (method === "icmp") step({ kind: "refused", atMs: clock.monotonicMs(), target });
		},
		onBurst(probes) {
			spendPings(probes.length);
			const atMs = clock.monotonicMs();
			for (const probe of probes) step({ kind: "sent", atMs, series: "burst", ...probe });
		},
		onBurstFailed: () => step({ kind: "burst_failed", atMs: clock.monotonicMs() }),
		onGateway: (answers) => step({ kind: "gateway", atMs: clock.monotonicMs(), answers }),
	};

	const alternate: Alternate = createAlternate(platform, {
		family,
		address: options.address,
		targets,
		tcpPorts: options.tcpPorts,
		dnsName: options.dnsName,
		onSent(by: SocketMethod, series, target, seq) {
			const atMs = clock.monotonicMs();
			options.spend(probeBytes(by, family), by === "tcp" ? 3 : 1);
			step({ kind: "sent", atMs, series, target, seq, sentAtMs: atMs });
		},
		onReply: (series, target, seq, rttMs) =>
			step({ kind: "reply", atMs: clock.monotonicMs(), series, target, seq, rttMs }),
	});
	const dns = createDnsWatch(platform, {
		uplink,
		family,
		address: options.address,
		servers: options.dnsServers,
		name: options.dnsName,
		everyMs: pace.dnsEveryMs,
		wanted: () => up && options.pathProven(),
		emit: options.emit,
		spend: () => options.spend(probeBytes("dns", family), 1),
	});
	const pings = createPingerChoice({
		platform,
		log: options.log,
		uplink,
		path: { family, device: options.device, address: options.address },
		pair: options.pair,
		events,
		// What the one before has sent and cannot report any more is nobody's loss.
		onChange() {
			step({ kind: "stall", atMs: clock.monotonicMs() });
			run();
		},
	});
	run();

	return {
		setPatience: (ms) => step({ kind: "patience", ms, atMs: clock.monotonicMs() }),
		setPace(next) {
			const changed = next.spacingMs !== pace.spacingMs;
			if (next.dnsEveryMs !== pace.dnsEveryMs) dns.setEvery(next.dnsEveryMs);
			pace = next;
			if (changed) run();
		},
		link(nowUp, text) {
			if (nowUp === up || closed) return;
			up = nowUp;
			step({ kind: "link", atMs: clock.monotonicMs(), up: nowUp, text });
			onVerdict();
			run();
		},
		recheck: () => step({ kind: "recheck", atMs: clock.monotonicMs() }),
		doubt: () => step({ kind: "doubt", atMs: clock.monotonicMs() }),
		traffic: (state, hint) => step({ kind: "traffic", atMs: clock.monotonicMs(), state, hint }),
		restart() {
			step({ kind: "stall", atMs: clock.monotonicMs() });
			run();
		},
		verdict: () => detector.verdict(),
		method: () => method,
		status: () => ({
			family,
			verdict: detector.verdict(),
			method,
			program: pings.current()?.program ?? null,
			spacingMs: pace.spacingMs,
			rtoMs: Math.round(detector.rtoMs()),
			srttMs: detector.srttMs(),
			lossPct: detector.lossPct(),
			targets: detector.targets(),
			problems: [pings.problem(), methodProblem].filter((text) => text !== null),
		}),
		close() {
			closed = true;
			tick?.close();
			settle?.close();
			look?.close();
			pings.close();
			alternate.close();
			dns.close();
		},
	};
}
