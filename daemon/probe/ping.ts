/**
 * The poor man's way when there is no fping: busybox or iputils `ping`, one process per target, whole seconds apart (old
 * busybox knows no fractions), started one after the other so that replies come spread out. Both print each reply at
 * once, also into a pipe (measured). 16 data bytes: iputils prints no time for less.
 */
import type { Argv, Child, Closable, Platform } from "../platform/platform.ts";
import { parsePingLine } from "./ping-line.ts";
import { type BurstOrder, backOffMs, type Pinger, type PingerEvents, type PingPath } from "./pinger.ts";

export const POOR_PING_DATA_BYTES = 16;
const START_MS = 15;
const MAX_BURST_CHILDREN = 16;

export function pingArgv(program: string, path: PingPath, target: string, tail: readonly string[]): Argv {
	const family = path.family === "ipv4" ? "-4" : "-6";
	return [program, family, "-I", path.device, "-s", String(POOR_PING_DATA_BYTES), ...tail, target];
}

export function createPing(platform: Platform, program: string, path: PingPath, events: PingerEvents): Pinger {
	const { clock, processes, timers } = platform;
	const steady = new Map<string, Child>();
	const starts = new Map<string, Closable>();
	const failures = new Map<string, number>();
	const bursts = new Set<Child>();
	let periodS = 0;
	let plan: { target: string; firstSentMs: number; periodMs: number }[] = [];
	let burstNumber = 0;
	let closed = false;

	function start(target: string): void {
		starts.delete(target);
		let first: number | null = null;
		let words = "";
		let lastSeq = -1;
		const onLine = (line: string): void => {
			const parsed = parsePingLine(line);
			if (parsed.kind === "reply") {
				first ??= Math.min(1, parsed.seq); // iputils counts from 1
				if ((failures.get(target) ?? 0) > 0) events.onProblem(null, 0);
				failures.set(target, 0);
				events.onSent(Math.max(1, Math.min(100, parsed.seq - lastSeq)));
				lastSeq = parsed.seq;
				events.onReply("steady", target, parsed.seq - first, parsed.rttMs, clock.monotonicMs());
			} else if (parsed.kind === "error") events.onError(target, parsed.text);
			else if (parsed.kind === "other") words = parsed.text;
		};
		const child: Child = processes.start(pingArgv(program, path, target, ["-i", String(periodS)]), {
			onStdoutLine: onLine,
			onStderrLine: onLine,
			onExit(code, error) {
				if (steady.get(target) !== child) return;
				steady.delete(target);
				const count = (failures.get(target) ?? 0) + 1;
				failures.set(target, count);
				const why = error ?? (code === null ? "it was killed" : `exit code ${code}`);
				events.onProblem(
					`ping ended (${why}${words ? `: ${words}` : ""}); started again in ${backOffMs(count) / 1000} s`,
					count,
				);
				starts.set(
					target,
					timers.after(backOffMs(count), () => start(target)),
				);
				announce(target, null);
			},
		});
		steady.set(target, child);
		announce(target, clock.monotonicMs() + START_MS);
	}

	/** Tells the whole schedule whenever one process starts or ends. */
	function announce(target: string, firstSentMs: number | null): void {
		plan = plan.filter((slot) => slot.target !== target);
		if (firstSentMs !== null) plan.push({ target, firstSentMs, periodMs: periodS * 1000 });
		events.onPlan(plan);
	}

	function stop(): void {
		for (const timer of starts.values()) timer.close();
		starts.clear();
		const children = [...steady.values()];
		steady.clear();
		for (const child of children) child.close();
		plan = [];
	}

	return {
		program: "ping",
		watch(targets, spacingMs) {
			stop();
			periodS = Math.max(1, Math.round((spacingMs * targets.length) / 1000));
			for (const [index, target] of targets.entries()) {
				starts.set(
					target,
					timers.after((index * periodS * 1000) / targets.length, () => start(target)),
				);
			}
		},
		burst(order: BurstOrder) {
			if (closed) return;
			const base = 1000 * ++burstNumber;
			const seconds = String(Math.max(1, Math.ceil(order.waitMs / 1000)));
			const asked = order.gateway === null ? order.targets : [...order.targets, order.gateway];
			for (const target of asked) {
				if (bursts.size >= MAX_BURST_CHILDREN) break;
				const isGateway = !order.targets.includes(target);
				let answered = false;
				const child: Child = processes.start(pingArgv(program, path, target, ["-c", "1", "-W", seconds]), {
					onStdoutLine(line) {
						const parsed = parsePingLine(line);
						if (parsed.kind !== "reply") return;
						answered = true;
						if (isGateway) events.onGateway(true);
						else events.onReply("burst", target, base, parsed.rttMs, clock.monotonicMs());
					},
					onExit(_code, error) {
						bursts.delete(child);
						if (isGateway && !answered) events.onGateway(false);
						else if (error !== null) events.onBurstFailed();
					},
				});
				bursts.add(child);
			}
			const sentAtMs = clock.monotonicMs() + START_MS;
			events.onBurst(order.targets.map((target) => ({ target, seq: base, sentAtMs })));
		},
		hold: () => false, // busybox tells no times
		read: () => undefined,
		close() {
			closed = true;
			stop();
			for (const child of bursts) child.close();
			bursts.clear();
		},
	};
}
