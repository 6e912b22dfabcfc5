/**
 * One TCP probe: connect from the uplink's own address, measure, hang up. A refused connection is no answer: any firewall
 * on the way, ours too, can refuse in the name of the target. Ends exactly once. Time counts from when it begins to connect:
 * where a program does so, its start is no part of the way. Only to be trusted where the source rule of steer/ is in
 * place, since without it the kernel sends these packets by the preferred uplink.
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
	onBegin?: () => void,
): Closable {
	const { clock, timers } = platform;
	let begunMs: number | null = null;
	let stream: ByteStream | null = null;
	let over = false;
	const close = (): void => {
		over = true;
		timer.close();
		stream?.close();
	};
	const begin = (): void => {
		if (over || begunMs !== null) return;
		begunMs = clock.monotonicMs();
		onBegin?.();
	};
	const end = (answered: boolean, text: string): void => {
		if (over) return;
		const rttMs = answered ? clock.monotonicMs() - (begunMs ?? clock.monotonicMs()) : null;
		close();
		done({ rttMs, text });
	};
	const timer = timers.after(question.timeoutMs, () => {
		begin(); // a program that says nothing must not make a dead link a live one
		end(false, `no answer within ${question.timeoutMs} ms`);
	});
	try {
		stream = platform.streams.connect(
			{ kind: "tcp", host: question.target, port: question.port, localAddress: question.address },
			{
				onBegin: begin,
				onOpen: () => end(true, "connected"),
				onData: () => undefined,
				onClose: (error) => end(false, error ?? "closed"),
			},
		);
		if (platform.streams.beginsLater !== true) begin();
	} catch (error) {
		const text = errorText(error);
		timers.after(0, () => end(false, text));
	}
	return { close };
}
