/**
 * The watch over one family of one uplink: the pure detector and the edges that feed it. Steady pings by fping (or ping),
 * bursts when the detector wishes one, TCP or DNS probes when ping is filtered, questions to the uplink's own DNS
 * servers. Owns its processes, sockets and timers until close().
 *
 * While the detector is calm, steady replies change nothing: they stay in the pipe, and nobody wakes up for them. When the
 * oldest probe that can be without an answer is due, those that came are counted; if it is among them, the same is done for
 * the next one. Whatever else the detector is told, it is told all waiting replies before, each at the time it came: it
 * decides as if it had been told at once.
 */
import type { ProbeMethod } from "../health/types.ts";
import { type Alternate, createAlternate, type SocketMethod } from "./alternate.ts";
import { probeBytes } from "./budget.ts";
import { createDeadline } from "./deadline.ts";
import { createDetector } from "./detector.ts";
import type { Detector, DetectorInput } from "./detector-types.ts";
import { createDnsWatch } from "./dns-watch.ts";
import { POOR_PING_DATA_BYTES } from "./ping.ts";
import { createPingDoubt } from "./ping-doubt.ts";
import type { PingerEvents } from "./pinger.ts";
import { createPingerChoice } from "./pinger-choice.ts";
import type { Watch, WatchOptions } from "./watch-types.ts";

/** While TCP stands in, ping is still tried, slowly; three replies bring it back. */
const PING_BACK_SPACING_MS = 10_000;
const PING_BACK_REPLIES = 3;
/** More replies do not wait. */
const MAX_WAITING = 32;
/** Waiting time of a burst's replies, so that late ones still teach the link's round trip time. */
const BURST_LISTEN_MS = 1000;

export function createWatch(options: WatchOptions): Watch {
	const { platform, family, targets, uplink } = options;
	const { clock } = platform;
	const detector: Detector = createDetector({ targets, method: "icmp", nowMs: clock.monotonicMs() });
	let method: ProbeMethod = "icmp";
	let pace = options.pace;
	let up = true;
	let closed = false;
	let pingReplies = 0;
	let methodProblem: string | null = null;
	/** Steady replies wait, those that were read already here. */
	let quiet = false;
	let waiting: (DetectorInput & { readonly kind: "reply" })[] = [];
	/** Without another reply one is missing then. */
	let missingAtMs = 0;
	const dataBytes = (): number | undefined => (pings.current()?.program === "ping" ? POOR_PING_DATA_BYTES : undefined);
	const spendPings = (count: number): void => options.spend(count * probeBytes("icmp", family, dataBytes()), count);

	function step(input: DetectorInput): void {
		if (closed) return;
		takeWaiting();
		take(input);
		settled();
	}

	function takeWaiting(): void {
		if (quiet) pings.current()?.read();
		if (waiting.length > 0) takeRead();
	}

	function takeRead(): void {
		const replies = waiting;
		waiting = [];
		for (const reply of replies) take(reply);
	}

	/** All that was to be told has been told. */
	function settled(): void {
		const dues = method === "icmp" ? detector.calmDues() : null;
		if (dues === null) quiet = false;
		quiet = pings.current()?.hold(dues, pace.noticeEveryMs) === true && dues !== null;
		missingAtMs = dues?.[0] ?? 0;
		arm();
	}

	function take(input: DetectorInput): void {
		const before = detector.verdict();
		let next: ProbeMethod | null = null;
		for (const effect of detector.step(input)) {
			if (effect.kind === "burst") sendBurst(effect.rounds);
			else if (effect.kind === "filtered") next = effect.method;
			else if (effect.kind === "reach") options.emit({ ...effect, atMs: clock.monotonicMs(), uplink, family });
			else {
				const { kind, atMs, target, rttMs, excused } = effect;
				options.emit({ kind, atMs, target, rttMs, excused, uplink, family, method });
			}
		}
		if (next !== null) switchTo(next);
		else if (detector.verdict() !== before) doubt.onVerdict();
	}

	const deadline = createDeadline(platform, {
		otherMs: () => (detector.verdict() === "suspect" ? options.otherJudgedAtMs() : null),
		onOver: (late) => step({ kind: late ? "stall" : "tick", atMs: clock.monotonicMs() }),
	});

	function arm(): void {
		deadline.set(closed || quiet ? null : detector.deadlineMs());
	}

	function sendBurst(rounds: number): void {
		if (method !== "icmp") alternate.burst(method, rounds);
		else {
			const waitMs = Math.max(BURST_LISTEN_MS, 2 * detector.rtoMs());
			pings.current()?.burst({ targets, gateway: options.gateway, rounds, waitMs });
		}
	}

	function switchTo(next: ProbeMethod): void {
		const was = method;
		method = next;
		pingReplies = 0;
		doubt.close();
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
		if (pings.current() === null && method === "icmp") doubt.soon();
	}

	const events: Omit<PingerEvents, "onProblem"> = {
		onPlan(slots) {
			if (method === "icmp") step({ kind: "plan", atMs: clock.monotonicMs(), slots });
		},
		onSent: spendPings,
		onReply(series, target, seq, rttMs, heardMs) {
			const reply = { kind: "reply", atMs: heardMs, series, target, seq, rttMs } as const;
			if (quiet && series === "steady" && waiting.length < MAX_WAITING) waiting.push(reply);
			else if (method === "icmp") step(reply);
			else if (++pingReplies >= PING_BACK_REPLIES) switchTo("icmp");
		},
		onDue(late) {
			if (!quiet) return;
			takeWaiting();
			const nowMs = clock.monotonicMs();
			const isMissing = (detector.deadlineMs() ?? Number.POSITIVE_INFINITY) <= nowMs;
			if (isMissing) step({ kind: late ? "stall" : "tick", atMs: nowMs });
			else settled();
		},
		onHeld() {
			quiet = true;
			arm();
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
	const doubt = createPingDoubt({
		watch: options,
		detector,
		alternate,
		isByPing: () => up && !closed && method === "icmp",
		hasPinger: () => pings.current() !== null,
		step,
		switchTo,
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
			doubt.onVerdict();
			run();
		},
		recheck: () => step({ kind: "recheck", atMs: clock.monotonicMs() }),
		catchUp() {
			if (!quiet) return;
			if (waiting.length > 0) {
				takeRead();
				settled();
			}
			const nowMs = clock.monotonicMs();
			if (quiet && missingAtMs <= nowMs) step({ kind: "tick", atMs: nowMs });
		},
		doubt: () => step({ kind: "doubt", atMs: clock.monotonicMs() }),
		judgedAtMs: () => (detector.verdict() === "suspect" ? deadline.atMs() : null),
		join: () => deadline.join(),
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
			deadline.close();
			doubt.close();
			pings.close();
			alternate.close();
			dns.close();
		},
	};
}
