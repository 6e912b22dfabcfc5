/**
 * Requests in flight: hands out sequence numbers, matches answers by (seq, peer), ends every request exactly once: by
 * its STATUS, its time limit, the loss of the connection or the departure of the object it was sent to.
 *
 * ubusd never times a request out, and a caller is told nothing when the provider dies (measured), so the time limit
 * here is what keeps callers from waiting for ever. A sequence number whose request ended without a STATUS is not used
 * again while a late answer could still come.
 */
import { AutonomyError, type ErrorCode } from "../platform/error.ts";
import type { Closable, Timers } from "../platform/platform.ts";
import { type Message, MSG, setSeq } from "./message.ts";

/** More than this many at once are refused with queue_full. */
export const MAX_PENDING = 1024;
/** Late answers are expected for at most this many given-up requests; then the oldest is forgotten. */
const MAX_ABANDONED = 4096;
const MAX_TIMEOUT_MS = 600_000;

export interface RequestSpec {
	/** A finished frame; its seq is filled in here. */
	readonly frame: Uint8Array;
	/** The peer answers carry: the object id of an INVOKE, 0 for requests to the broker. */
	readonly peer: number;
	/** For error texts: "call network.interface dump". */
	readonly what: string;
	readonly timeoutMs: number;
	/** Called for every DATA message, in order; what it throws ends the request. */
	onData?(message: Message): void;
}

export interface Requests {
	/** Resolves with the STATUS number, whatever it is. Rejects with timeout, connection_*, queue_full, bus_protocol. */
	start(spec: RequestSpec): Promise<number>;
	/** Takes a STATUS or DATA message; false when nobody waits for it. */
	answer(message: Message): boolean;
	failPeer(peer: number, code: ErrorCode, reason: string): void;
	failAll(code: ErrorCode, reason: string): void;
	readonly pending: number;
}

interface Pending {
	readonly spec: RequestSpec;
	readonly timer: Closable;
	readonly resolve: (status: number) => void;
	readonly reject: (error: unknown) => void;
}

export function createRequests(
	timers: Timers,
	write: (frame: Uint8Array) => void,
	onTimeout: (spec: RequestSpec) => void,
): Requests {
	const pending = new Map<number, Pending>();
	const abandoned = new Set<number>();
	let lastSeq = 0;

	function nextSeq(what: string): number {
		if (pending.size >= MAX_PENDING) {
			throw new AutonomyError("queue_full", `ubus ${what}: ${pending.size} requests already wait for an answer`);
		}
		do {
			lastSeq = (lastSeq + 1) & 0xffff;
		} while (pending.has(lastSeq) || abandoned.has(lastSeq));
		return lastSeq;
	}

	function abandon(seq: number): void {
		abandoned.add(seq);
		if (abandoned.size <= MAX_ABANDONED) return;
		const [oldest] = abandoned;
		if (oldest !== undefined) abandoned.delete(oldest);
	}

	/** Ends a request before its STATUS came. */
	function fail(seq: number, request: Pending, error: unknown): void {
		pending.delete(seq);
		request.timer.close();
		abandon(seq);
		request.reject(error);
	}

	function failWhere(chosen: (spec: RequestSpec) => boolean, code: ErrorCode, reason: string): void {
		for (const [seq, request] of [...pending]) {
			if (!chosen(request.spec)) continue;
			fail(seq, request, new AutonomyError(code, `ubus ${request.spec.what}: ${reason}`, { reason }));
		}
	}

	function expire(seq: number): void {
		const request = pending.get(seq);
		if (request === undefined) return;
		const { what, timeoutMs } = request.spec;
		fail(seq, request, new AutonomyError("timeout", `ubus ${what}: no answer within ${timeoutMs} ms`, { timeoutMs }));
		onTimeout(request.spec);
	}

	return {
		start(spec) {
			return new Promise((resolve, reject) => {
				const seq = nextSeq(spec.what);
				setSeq(spec.frame, seq);
				write(spec.frame);
				const limitMs = Math.min(Math.max(1, spec.timeoutMs), MAX_TIMEOUT_MS);
				const timer = timers.after(limitMs, () => expire(seq));
				pending.set(seq, { spec, timer, resolve, reject });
			});
		},
		answer(message) {
			const request = pending.get(message.seq);
			if (request === undefined || request.spec.peer !== message.peer) {
				if (message.type === MSG.status) abandoned.delete(message.seq);
				return false;
			}
			try {
				if (message.malformed !== null) {
					throw new AutonomyError("bus_protocol", `unreadable answer: ${message.malformed}`, {
						what: request.spec.what,
					});
				}
				if (message.type === MSG.data) {
					request.spec.onData?.(message);
					return true;
				}
				if (message.status === null) {
					throw new AutonomyError("bus_protocol", "answer without a status", { what: request.spec.what });
				}
			} catch (error) {
				fail(message.seq, request, error);
				if (message.type === MSG.status) abandoned.delete(message.seq);
				return true;
			}
			pending.delete(message.seq);
			request.timer.close();
			request.resolve(message.status);
			return true;
		},
		failPeer(peer, code, reason) {
			failWhere((spec) => spec.peer === peer, code, reason);
		},
		failAll(code, reason) {
			failWhere(() => true, code, reason);
			// A new connection gets no answers to old questions.
			abandoned.clear();
		},
		get pending() {
			return pending.size;
		},
	};
}
