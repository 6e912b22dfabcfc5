/**
 * One DNS question from the uplink's own address to one of its own servers, over a socket of its own (so the kernel
 * picks a fresh port). Ends exactly once: with an answer, a failure, or after the time limit.
 */
import type { Family } from "../health/types.ts";
import { errorText } from "../platform/error.ts";
import type { Closable, DatagramSocket, Platform } from "../platform/platform.ts";
import { encodeDnsQuery, judgeDnsAnswer } from "./dns-message.ts";

export interface DnsQuestion {
	readonly family: Family;
	readonly address: string;
	readonly server: string;
	readonly name: string;
	readonly timeoutMs: number;
	/** 53, except in tests. */
	readonly port?: number;
}

export interface DnsOutcome {
	/** Null: no answer in time, or the server could not resolve. */
	readonly rttMs: number | null;
	readonly text: string;
}

/** Forged answers are thrown away, but only so many are read. */
const MAX_FOREIGN = 16;

export function askDns(
	platform: Pick<Platform, "clock" | "timers" | "datagrams" | "random">,
	question: DnsQuestion,
	done: (outcome: DnsOutcome) => void,
): Closable {
	const { clock, timers } = platform;
	const startedMs = clock.monotonicMs();
	let socket: DatagramSocket | null = null;
	let over = false;
	let foreign = 0;
	const end = (rttMs: number | null, text: string): void => {
		if (over) return;
		close();
		done({ rttMs, text });
	};
	const close = (): void => {
		over = true;
		timer.close();
		socket?.close();
	};
	const timer = timers.after(question.timeoutMs, () => end(null, `no answer within ${question.timeoutMs} ms`));
	const query = encodeDnsQuery(platform.random.uint32() & 0xffff, question.name);
	if (query === null) {
		later(() => end(null, "the name cannot be asked for; check dns_name in section probe"));
		return { close };
	}
	try {
		socket = platform.datagrams.open(
			{ family: question.family, localAddress: question.address },
			{
				onMessage(bytes, host, port) {
					if (over || host.toLowerCase() !== question.server.toLowerCase() || port !== (question.port ?? 53)) return;
					const verdict = judgeDnsAnswer(query, bytes);
					if (verdict === "answered") end(clock.monotonicMs() - startedMs, "answered");
					else if (verdict === "failed") end(null, "the server could not resolve");
					else if (++foreign >= MAX_FOREIGN) end(null, "answers to questions never asked");
				},
				onError: (error) => end(null, error),
			},
		);
		socket.send(query, question.server, question.port ?? 53);
	} catch (error) {
		const text = errorText(error);
		later(() => end(null, text));
	}
	return { close };

	/** Never calls back before askDns has returned. */
	function later(run: () => void): void {
		timers.after(0, () => {
			if (!over) run();
		});
	}
}
