/**
 * One TCP probe: connect from the uplink's own address, measure, hang up. A refused connection is no answer: any firewall
 * on the way, ours too, can refuse in the name of the target. Ends exactly once. Only to be trusted where the source rule of steer/ is in place, since without it
 * the kernel sends these packets by the preferred uplink.
 */
import { errorText } from "../platform/error.ts";
import type { ByteStream, Closable, Platform } from "../platform/platform.ts";

export interface TcpQuestion {
	readonly address: string;
	readonly target: string;
	readonly port: number;
	readonly timeoutMs: number;
}

export interface TcpOutcome {
	/** Null: not connected in time. */
	readonly rttMs: number | null;
	readonly text: string;
}

export function tryTcp(
	platform: Pick<Platform, "clock" | "timers" | "streams">,
	question: TcpQuestion,
	done: (outcome: TcpOutcome) => void,
): Closable {
	const { clock, timers } = platform;
	const startedMs = clock.monotonicMs();
	let stream: ByteStream | null = null;
	let over = false;
	const close = (): void => {
		over = true;
		timer.close();
		stream?.close();
	};
	const end = (answered: boolean, text: string): void => {
		if (over) return;
		const rttMs = answered ? clock.monotonicMs() - startedMs : null;
		close();
		done({ rttMs, text });
	};
	const timer = timers.after(question.timeoutMs, () => end(false, `no answer within ${question.timeoutMs} ms`));
	try {
		stream = platform.streams.connect(
			{ kind: "tcp", host: question.target, port: question.port, localAddress: question.address },
			{
				onOpen: () => end(true, "connected"),
				onData: () => undefined,
				onClose: (error) => end(false, error ?? "closed"),
			},
		);
	} catch (error) {
		const text = errorText(error);
		timers.after(0, () => end(false, text));
	}
	return { close };
}
