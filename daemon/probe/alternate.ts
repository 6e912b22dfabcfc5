/**
 * Probes over the daemon's own sockets, for links on which ping is filtered: TCP connects to the targets, or DNS
 * questions to them (the default targets are resolvers; an answer comes from the internet, not from the ISP's own
 * server). `look` finds out which of the two works; `watch` then asks one target after the other. Owns its timers and
 * sockets; at most MAX_OPEN are open at once.
 */
import type { Family } from "../health/types.ts";
import type { Closable, Platform } from "../platform/platform.ts";
import type { Series } from "./detector-types.ts";
import { askDns } from "./dns.ts";
import { tryTcp } from "./tcp.ts";

export type SocketMethod = "tcp" | "dns";

export interface AlternateOptions {
	readonly family: Family;
	readonly address: string;
	readonly targets: readonly string[];
	readonly tcpPorts: readonly number[];
	readonly dnsName: string;
	onSent(method: SocketMethod, series: Series, target: string, seq: number): void;
	onReply(series: Series, target: string, seq: number, rttMs: number): void;
}

export interface Alternate {
	/**
	 * Asks all targets once by both methods; tells which one two of them (or the only one) answered first, or null; and
	 * before that when all questions have left or failed. False when it is asking already.
	 */
	look(done: (method: SocketMethod | null) => void, onAsked?: () => void): boolean;
	watch(method: SocketMethod, spacingMs: number): void;
	burst(method: SocketMethod, rounds: number): void;
	/** Ends the watch; `look` may be used again. */
	stop(): void;
	close(): void;
}

const TIMEOUT_MS = 2000;
/** No quicker than this: each probe costs a socket and six packets. */
const MIN_SPACING_MS = 500;
const MAX_OPEN = 24;
const MAX_ROUNDS = 3;

export function createAlternate(platform: Platform, options: AlternateOptions): Alternate {
	const { targets, family, address } = options;
	const open = new Set<Closable>();
	let timer: Closable | null = null;
	let looking = false;
	let seq = 0;
	let closed = false;

	function ask(
		method: SocketMethod,
		target: string,
		round: number,
		done: (rttMs: number | null) => void,
		onBegin: () => void = () => undefined,
	): boolean {
		if (closed || open.size >= MAX_OPEN) return false;
		let handle: Closable | null = null;
		let begun = false;
		const begin = (): void => {
			begun = true;
			if (handle !== null) onBegin();
		};
		const end = (outcome: { rttMs: number | null }): void => {
			if (handle) open.delete(handle);
			if (!closed) done(outcome.rttMs);
		};
		const port = options.tcpPorts[round % Math.max(1, options.tcpPorts.length)] ?? 443;
		if (method === "tcp") handle = tryTcp(platform, { address, target, port, timeoutMs: TIMEOUT_MS }, end, begin);
		else {
			const question = { family, address, server: target, name: options.dnsName, timeoutMs: TIMEOUT_MS };
			handle = askDns(platform, question, end);
			begun = true;
		}
		open.add(handle);
		if (begun) onBegin();
		return true;
	}

	function probe(method: SocketMethod, series: Series, target: string, round: number): void {
		const mine = seq++;
		const replied = (rttMs: number | null): void => {
			if (rttMs !== null) options.onReply(series, target, mine, rttMs);
		};
		ask(method, target, round, replied, () => !closed && options.onSent(method, series, target, mine));
	}

	function stop(): void {
		timer?.close();
		timer = null;
	}

	return {
		look(done, onAsked = () => undefined) {
			if (looking || closed || targets.length === 0) return false;
			looking = true;
			const methods: readonly SocketMethod[] = options.dnsName === "" ? ["tcp"] : ["tcp", "dns"];
			const answers = { tcp: 0, dns: 0 };
			const need = Math.min(2, targets.length);
			let waiting = 1;
			let leaving = 1;
			let told = false;
			const left = (): void => {
				leaving--;
				if (leaving === 0 && !closed && !told) onAsked();
			};
			const ended = (): void => {
				waiting--;
				const found = methods.find((method) => answers[method] >= need) ?? null;
				if (waiting === 0) looking = false;
				if (told || (found === null && waiting > 0)) return;
				told = true;
				done(found);
			};
			for (const method of methods) {
				for (const [index, target] of targets.entries()) {
					let gone = false;
					const leave = (): void => {
						if (!gone) left();
						gone = true;
					};
					waiting++;
					leaving++;
					const asked = ask(
						method,
						target,
						index,
						(rttMs) => {
							if (rttMs !== null) answers[method]++;
							leave();
							ended();
						},
						leave,
					);
					if (asked) continue;
					waiting--;
					leaving--;
				}
			}
			// Tells even when nothing could be asked, and never before look has returned.
			platform.timers.after(0, () => {
				left();
				ended();
			});
			return true;
		},
		watch(method, spacingMs) {
			stop();
			let next = 0;
			const ms = Math.max(MIN_SPACING_MS, spacingMs);
			const turn = (): void => {
				const target = targets[next++ % targets.length];
				if (target !== undefined) probe(method, "steady", target, 0);
			};
			if (targets.length === 0) return;
			timer = platform.timers.every(ms, turn);
			for (let i = 0; i < 3; i++) turn();
		},
		burst(method, rounds) {
			for (let round = 0; round < Math.min(MAX_ROUNDS, rounds); round++) {
				for (const target of targets) probe(method, "burst", target, round);
			}
		},
		stop,
		close() {
			closed = true;
			stop();
			for (const one of open) one.close();
			open.clear();
		},
	};
}
