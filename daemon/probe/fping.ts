/**
 * fping: one long-lived process per uplink for the steady watch (fping-pair.ts), one short process per burst. Facts from its
 * source and from running 5.1 (Debian, OpenWrt): output is line-buffered; with -i = period / targets the probes come
 * evenly spaced and do not drift; a send error (no route, link down) prints nothing at all and the numbers go on; a
 * timeout (-t) may be longer than the period; it schedules by the wall clock, so a jump of the clock needs a restart
 * (prober.ts watches for one).
 *
 * A process that ends, prints nothing that can be understood, or prints nothing at all while bursts of other processes
 * to the same targets are answered (stopped by somebody, wedged), is started again after 1, 2, 4 ... 60 s.
 */
import type { Child, Closable, Platform } from "../platform/platform.ts";
import { parseFpingLine } from "./fping-line.ts";
import { type FpingPair, fpingArgv, REPLY_LIMIT_MS, START_MS } from "./fping-pair.ts";
import { type BurstOrder, backOffMs, type Pinger, type PingerEvents, type PingPath } from "./pinger.ts";

/** Between the rounds of a burst; fping refuses less than 10 ms for unprivileged users. */
export const BURST_ROUND_MS = 30;
/** Between the targets of one round. */
export const BURST_GAP_MS = 1;
const NONSENSE_LIMIT = 20;
const STABLE_MS = 30_000;
const MAX_BURSTS = 4;
/** Silent for so many spacings and half a second, with two bursts answered meanwhile: not the link, the process. */
const MUTE_SPACINGS = 5;
const MUTE_MIN_MS = 500;
const MUTE_BURSTS = 2;
/** Nothing waits longer to be read. */
const MAX_WAIT_MS = 60_000;
/** From this exit code on fping has sent nothing: it could not bind to an address that has just gone, or is not there yet. */
const NOT_SENT_CODE = 3;
/** A sequence number cannot leap further than this between two lines. */
const MAX_GAP = 100;

export function burstArgs(targets: readonly string[], rounds: number, waitMs: number): string[] {
	const limit = String(Math.min(REPLY_LIMIT_MS, Math.ceil(waitMs)));
	return ["-c", String(rounds), "-p", String(BURST_ROUND_MS), "-i", String(BURST_GAP_MS), "-t", limit, ...targets];
}

export function createFping(
	platform: Platform,
	program: string,
	path: PingPath,
	pair: FpingPair,
	events: PingerEvents,
): Pinger {
	const { clock, processes, timers } = platform;
	let running = false;
	let retry: Closable | null = null;
	let wanted: { targets: readonly string[]; spacingMs: number } | null = null;
	let failures = 0;
	let closed = false;
	let burstNumber = 0;
	const bursts = new Set<Child>();
	/** Last sign of life of the steady process, and the bursts answered since. */
	let heardMs = 0;
	let answeredBursts = 0;
	let lastAnswered = 0;
	let startedMs = 0;
	let nonsense = 0;
	let lastWords = "";
	const lastSeq = new Map<string, number>();

	function count(target: string, seq: number): void {
		const before = lastSeq.get(target) ?? -1;
		if (seq <= before || !wanted?.targets.includes(target)) return;
		lastSeq.set(target, seq);
		events.onSent(Math.min(MAX_GAP, seq - before));
	}

	const steady = pair.seat(program, path, {
		onStart(slots) {
			running = true;
			startedMs = clock.monotonicMs();
			heard(startedMs);
			nonsense = 0;
			lastWords = "";
			lastSeq.clear();
			events.onPlan(slots);
		},
		onLine(line) {
			const nowMs = clock.monotonicMs();
			heard(nowMs);
			if (line.kind === "reply") {
				nonsense = 0;
				if (failures > 0) events.onProblem(null, 0);
				failures = 0;
				count(line.target, line.seq);
				events.onReply("steady", line.target, line.seq, line.rttMs, cameAt(line.atUnixMs, nowMs));
			} else if (line.kind === "timeout") count(line.target, line.seq);
			else if (line.kind === "error") events.onError(line.target, line.text);
			else if (line.kind === "other") {
				lastWords = line.text;
				if (++nonsense === NONSENSE_LIMIT) {
					steady.stop();
					fail(`fping prints nothing that can be understood, such as "${lastWords}"`);
				}
			}
		},
		onDue: (late) => events.onDue(late),
		onHeld: () => events.onHeld(),
		onExit(code, error) {
			if (clock.monotonicMs() - startedMs > STABLE_MS) failures = 0;
			const why = error ?? (code === null ? "it was killed" : `exit code ${code}`);
			fail(`fping ended (${why}${lastWords ? `: ${lastWords}` : ""})`);
		},
	});

	function start(): void {
		if (closed || wanted === null || wanted.targets.length === 0) return;
		steady.run(wanted.targets, wanted.spacingMs);
	}

	/** By its own word, unless the wall clock has just been set. */
	function cameAt(atUnixMs: number | null, nowMs: number): number {
		if (atUnixMs === null) return nowMs;
		const agoMs = clock.wallMs() - atUnixMs;
		return agoMs > 0 && agoMs < MAX_WAIT_MS ? nowMs - agoMs : nowMs;
	}

	function heard(nowMs: number): void {
		heardMs = nowMs;
		answeredBursts = 0;
	}

	/** A target answered burst number `burst`. */
	function answered(burst: number): void {
		if (!running || wanted === null || burst === lastAnswered) return;
		lastAnswered = burst;
		answeredBursts++;
		const silentMs = clock.monotonicMs() - heardMs;
		if (answeredBursts < MUTE_BURSTS || silentMs < MUTE_MIN_MS + MUTE_SPACINGS * wanted.spacingMs) return;
		steady.stop();
		fail(`fping printed nothing for ${Math.round(silentMs / 100) / 10} s while its targets answered`);
	}

	function fail(text: string): void {
		running = false;
		if (closed) return;
		failures++;
		const pauseMs = backOffMs(failures);
		retry?.close();
		retry = timers.after(pauseMs, start);
		events.onPlan([]);
		events.onProblem(`${text}; started again in ${pauseMs / 1000} s`, failures);
	}

	function stopSteady(): void {
		retry?.close();
		retry = null;
		running = false;
		steady.stop();
	}

	return {
		program: "fping",
		watch(targets, spacingMs) {
			stopSteady();
			wanted = { targets, spacingMs };
			if (targets.length === 0) events.onPlan([]);
			else start();
		},
		burst(order: BurstOrder) {
			if (closed || order.targets.length === 0) return;
			for (const old of bursts) {
				if (bursts.size < MAX_BURSTS) break;
				old.close();
				bursts.delete(old);
			}
			const base = 1000 * ++burstNumber;
			const asked = order.gateway === null ? order.targets : [...order.targets, order.gateway];
			const atMs = clock.monotonicMs() + START_MS;
			let gatewayTold = false;
			const onLine = (line: string): void => {
				const parsed = parseFpingLine(line);
				if (parsed.kind === "error" && parsed.target !== order.gateway) events.onError(parsed.target, parsed.text);
				if (parsed.kind !== "reply") return;
				if (!order.targets.includes(parsed.target)) {
					gatewayTold = true;
					events.onGateway(true);
				} else {
					answered(base);
					events.onReply("burst", parsed.target, base + parsed.seq, parsed.rttMs, clock.monotonicMs());
				}
			};
			const child: Child = processes.start(fpingArgv(program, [path], burstArgs(asked, order.rounds, order.waitMs)), {
				onStdoutLine: onLine,
				onStderrLine: onLine,
				onExit(code, error) {
					bursts.delete(child);
					if (error !== null || (code ?? 0) >= NOT_SENT_CODE) events.onBurstFailed();
					else if (order.gateway !== null && !gatewayTold) events.onGateway(false);
				},
			});
			bursts.add(child);
			const probes = [];
			for (let round = 0; round < order.rounds; round++) {
				for (const [index, target] of order.targets.entries()) {
					probes.push({ target, seq: base + round, sentAtMs: atMs + round * BURST_ROUND_MS + index * BURST_GAP_MS });
				}
			}
			events.onBurst(probes);
		},
		hold: (dues, everyMs) => running && steady.hold(dues, everyMs),
		read: () => steady.read(),
		close() {
			closed = true;
			stopSteady();
			for (const child of bursts) child.close();
			bursts.clear();
		},
	};
}
